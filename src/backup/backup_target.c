/* SPDX-License-Identifier: Apache-2.0 */
/* The stored backup location, ready to open its share. */
#include <string.h>

#include "backup_private.h"

static enum status load_password(const struct backup_service *service, struct backup_target *target,
				 struct error *err)
{
	const struct buffer *sealed = &target->row.password_sealed;
	if (sealed->length == 0)
		return STATUS_OK;
	return crypto_unseal(&service->master_key, PURPOSE_SHARE_PASSWORD, sealed->data,
			     sealed->length, &target->password, err);
}

enum status backup_target_prepare(const struct backup_service *service,
				  struct backup_target *target, struct error *err)
{
	enum status status = share_address_parse(
		target->row.path, "properties.externalStoreDefault.path", &target->address, err);
	if (status == STATUS_OK)
		status = load_password(service, target, err);
	return status;
}

enum status backup_target_load(struct backup_service *service, struct db *state,
			       struct backup_target *target, struct error *err)
{
	memset(target, 0, sizeof *target);
	enum status status =
		db_location_get(state, service->config->deployment.location, &target->row, err);
	if (status == STATUS_OK && target->row.path == NULL)
		status = fail(err, STATUS_NOT_CONFIGURED, "read backup location",
			      service->config->deployment.location,
			      "no share is configured; set properties.externalStoreDefault.path of "
			      "the backup location first");
	if (status == STATUS_OK)
		status = backup_target_prepare(service, target, err);
	return status;
}

void backup_target_done(struct backup_target *target)
{
	db_location_done(&target->row);
	secret_free(&target->password);
}

struct share_options backup_target_options(const struct backup_service *service,
					   const struct backup_target *target,
					   const struct cancel *cancel)
{
	return (struct share_options) {
		.address = &target->address,
		.user_name = target->row.user_name,
		.password = secret_is_empty(&target->password) ? NULL : &target->password,
		.cancel = cancel,
		.deadline = service->config->engine.share_deadline,
	};
}

enum status backup_target_open_within(const struct backup_service *service,
				      const struct backup_target *target,
				      const struct cancel *cancel, long deadline,
				      struct share **out, struct error *err)
{
	struct share_options options = backup_target_options(service, target, cancel);
	options.deadline = deadline;
	return share_open(service->shares, &options, out, err);
}

enum status backup_target_open(const struct backup_service *service,
			       const struct backup_target *target, const struct cancel *cancel,
			       struct share **out, struct error *err)
{
	return backup_target_open_within(service, target, cancel,
					 service->config->engine.share_deadline, out, err);
}

/* Allowed, because a backup under an expired certificate is better than none; but somebody should
 * know. */
void backup_target_warn_expired(const struct backup_service *service,
				const struct certificate *certificate)
{
	char since[CLOCK_TEXT_SIZE];
	if (certificate_is_expired(certificate, clock_now(service->clock)))
		log_message(
			LOG_LEVEL_WARNING,
			"the encryption certificate %s has expired on %s; backups go on, their PFX "
			"still opens them; configure a new certificate",
			certificate->thumbprint, clock_text(certificate->not_after, since));
}

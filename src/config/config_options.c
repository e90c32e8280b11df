/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the deployment, the HTTP server and the engine. */
#include <sched.h>
#include <string.h>

#include "infrabackup/config.h"

#include "config_private.h"

#define WORKERS_MAX 64
#define ESCROW_MAX 16
#define VERIFY_GIB_MAX 100000

enum status config_read_deployment(const json_t *json, struct config *config, struct error *err)
{
	__typeof__(config->deployment) *to = &config->deployment;
	const struct json_field fields[] = {
		{ "id", JSON_FIELD_STRING, true, &to->id, NULL, 0, 0, NULL },
		{ "location", JSON_FIELD_STRING, true, &to->location, NULL, 0, 0, NULL },
		{ "externalDomain", JSON_FIELD_STRING, true, &to->external_domain, NULL, 0, 0,
		  NULL },
		{ "subscriptionId", JSON_FIELD_STRING, true, &to->subscription_id, NULL, 0, 0,
		  NULL },
		{ "stampVersion", JSON_FIELD_STRING, true, &to->stamp_version, NULL, 0, 0, NULL },
		{ "oemVersion", JSON_FIELD_STRING, false, &to->oem_version, NULL, 0, 0, NULL },
	};
	enum status status = json_read_fields(json, "$.deployment", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, false, err);

	if (status == STATUS_OK)
		status = config_check_guid("$.deployment.id", to->id, err);
	if (status == STATUS_OK)
		status = config_check_word("$.deployment.location", to->location, 63, "-", err);
	if (status == STATUS_OK)
		status = config_check_domain("$.deployment.externalDomain", to->external_domain,
					     err);
	if (status == STATUS_OK)
		status = config_check_guid("$.deployment.subscriptionId", to->subscription_id, err);
	if (status == STATUS_OK)
		status = config_check_version("$.deployment.stampVersion", to->stamp_version, err);
	if (status == STATUS_OK)
		status = config_check_word("$.deployment.oemVersion", to->oem_version, 64, "._-",
					   err);
	return status;
}

static enum status read_tls(const json_t *json, struct config *config, struct error *err)
{
	static const char *const client_certificates[] = { "request", "require", NULL };
	__typeof__(config->http) *to = &config->http;
	const char *client_certificate = NULL;
	const struct json_field fields[] = {
		{ "certFile", JSON_FIELD_STRING, true, &to->certificate_file, NULL, 0, 0, NULL },
		{ "keyFile", JSON_FIELD_STRING, true, &to->key_file, NULL, 0, 0, NULL },
		{ "clientCaFile", JSON_FIELD_STRING, false, &to->client_ca_file, NULL, 0, 0, NULL },
		{ "clientCertificate", JSON_FIELD_STRING, false, &client_certificate, NULL, 0, 0,
		  client_certificates },
	};
	enum status status = json_read_fields(json, "$.http.tls", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, false, err);

	if (status == STATUS_OK)
		status = config_check_path("$.http.tls.certFile", to->certificate_file, err);
	if (status == STATUS_OK)
		status = config_check_path("$.http.tls.keyFile", to->key_file, err);
	if (status == STATUS_OK)
		status = config_check_path("$.http.tls.clientCaFile", to->client_ca_file, err);
	if (status == STATUS_OK && client_certificate != NULL && to->client_ca_file == NULL)
		status = fail_field(
			err, "$.http.tls.clientCertificate",
			"found \"%.40s\", allowed only with clientCaFile, which says who "
			"may have signed them",
			client_certificate);
	to->client_certificate_required =
		client_certificate != NULL && strcmp(client_certificate, "require") == 0;
	return status;
}

/* Keeps the URL without slashes at its end: paths are put behind it. */
static enum status keep_public_url(const char *url, struct config *config, struct error *err)
{
	size_t length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	config->http.public_url = config_keep_text(config, url, length);
	return config->http.public_url == NULL ? fail_memory(err, "read configuration") : STATUS_OK;
}

enum status config_read_http(const json_t *json, struct config *config, struct error *err)
{
	const char *listen = NULL;
	const char *public_url = NULL;
	json_t *tls = NULL;
	json_t *authentication = NULL;
	json_t *limits = NULL;
	int64_t retry_after = 0;
	const struct json_field fields[] = {
		{ "listen", JSON_FIELD_STRING, true, &listen, NULL, 0, 0, NULL },
		{ "tls", JSON_FIELD_OBJECT, false, &tls, NULL, 0, 0, NULL },
		{ "limits", JSON_FIELD_OBJECT, false, &limits, NULL, 0, 0, NULL },
		{ "publicUrl", JSON_FIELD_STRING, false, &public_url, NULL, 0, 0, NULL },
		{ "retryAfterSeconds", JSON_FIELD_INTEGER, false, &retry_after, NULL, 0, 3600,
		  NULL },
		{ "authentication", JSON_FIELD_OBJECT, false, &authentication, NULL, 0, 0, NULL },
	};
	enum status status = json_read_fields(json, "$.http", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, false, err);

	if (status == STATUS_OK)
		status = config_parse_listen("$.http.listen", listen, config, err);
	if (status == STATUS_OK && tls != NULL)
		status = read_tls(tls, config, err);
	if (status == STATUS_OK)
		status = config_check_url("$.http.publicUrl", public_url, err);
	if (status == STATUS_OK && public_url != NULL)
		status = keep_public_url(public_url, config, err);
	if (status == STATUS_OK)
		status = config_read_http_limits(limits, config, err);
	if (status == STATUS_OK)
		status = config_read_authentication(authentication, config, err);
	config->http.retry_after = (long)retry_after;
	return status;
}

/* One a processor that this process may use: a container's share, not the machine's. */
static unsigned default_workers(void)
{
	cpu_set_t processors;
	unsigned count = 1;

	if (sched_getaffinity(0, sizeof(processors), &processors) == 0)
		count = (unsigned)CPU_COUNT(&processors);
	return count > WORKERS_MAX ? WORKERS_MAX : count;
}

struct engine_options {
	int64_t workers;
	const char *compression;
	int64_t max_memory_mib;
	int64_t share_deadline;
	int64_t generation_backups;
	int64_t lease;
	int64_t share_reserve_mib;
	int64_t trash_grace;
	bool drill_recipient;
	int64_t verify_gib_per_day;
	json_t *escrow;
};

static enum status read_engine_options(const json_t *json, struct engine_options *to,
				       struct error *err)
{
	const struct json_field fields[] = {
		{ "workers", JSON_FIELD_INTEGER, false, &to->workers, NULL, 0, WORKERS_MAX, NULL },
		{ "compression", JSON_FIELD_STRING, false, &to->compression, NULL, 0, 0, NULL },
		{ "maxMemoryMiB", JSON_FIELD_INTEGER, false, &to->max_memory_mib, NULL, 32, 65536,
		  NULL },
		{ "shareDeadlineSeconds", JSON_FIELD_INTEGER, false, &to->share_deadline, NULL, 1,
		  600, NULL },
		{ "generationBackups", JSON_FIELD_INTEGER, false, &to->generation_backups, NULL, 2,
		  100, NULL },
		{ "leaseSeconds", JSON_FIELD_INTEGER, false, &to->lease, NULL, 2, 86400, NULL },
		{ "shareReserveMiB", JSON_FIELD_INTEGER, false, &to->share_reserve_mib, NULL, 0,
		  1024, NULL },
		{ "trashGraceHours", JSON_FIELD_INTEGER, false, &to->trash_grace, NULL, 0, 8760,
		  NULL },
		{ "drillRecipient", JSON_FIELD_BOOLEAN, false, &to->drill_recipient, NULL, 0, 0,
		  NULL },
		{ "verifyGiBPerDay", JSON_FIELD_INTEGER, false, &to->verify_gib_per_day, NULL, 0,
		  VERIFY_GIB_MAX, NULL },
		{ "escrowCertFiles", JSON_FIELD_ARRAY, false, &to->escrow, NULL, 0, 0, NULL },
	};

	if (json == NULL)
		return STATUS_OK;
	return json_read_fields(json, "$.engine", fields, ARRAY_LENGTH(fields), JSON_UNKNOWN_REFUSE,
				false, err);
}

enum status config_read_engine(const json_t *json, struct config *config, struct error *err)
{
	struct engine_options options = {
		.compression = "zstd:1",
		.max_memory_mib = 64,
		.share_deadline = 45,
		.generation_backups = 14,
		.lease = 600,
		.share_reserve_mib = 16,
		.trash_grace = 24,
		.drill_recipient = true,
		.verify_gib_per_day = 50,
	};
	enum status status = read_engine_options(json, &options, err);

	if (status == STATUS_OK)
		status = config_parse_compression("$.engine.compression", options.compression,
						  config, err);
	if (status == STATUS_OK)
		status = config_read_list(options.escrow, "$.engine.escrowCertFiles", ESCROW_MAX,
					  config_check_path,
					  &config->engine.escrow_certificate_files, err);
	config->engine.workers =
		options.workers > 0 ? (unsigned)options.workers : default_workers();
	config->engine.max_memory_mib = (unsigned)options.max_memory_mib;
	config->engine.share_deadline = (long)options.share_deadline * 1000;
	config->engine.generation_backups = (unsigned)options.generation_backups;
	config->engine.lease_duration = (long)options.lease * 1000;
	config->engine.share_reserve = (uint64_t)options.share_reserve_mib << 20;
	config->engine.trash_grace = options.trash_grace * 60 * 60 * 1000;
	config->engine.drill_recipient = options.drill_recipient;
	config->engine.verify_bytes_per_day = (uint64_t)options.verify_gib_per_day << 30;
	return status;
}

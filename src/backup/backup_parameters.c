/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of jobs that concern the share: into the job's JSON, and out of it into a location. */
#include <string.h>

#include "backup_submit.h"

static enum status seal_password(struct backup_service *service, const char *password,
				 struct buffer *text, struct error *err)
{
	AUTO_SECRET plain = SECRET_EMPTY;
	struct buffer sealed;
	buffer_init(&sealed, 1u << 20);
	enum status status = secret_copy(&plain, password, strlen(password), err);
	if (status == STATUS_OK)
		status = crypto_seal(&service->master_key, PURPOSE_SHARE_PASSWORD, &plain, &sealed,
				     err);
	if (status == STATUS_OK)
		status = base64_encode(sealed.data, sealed.length, text, err);
	buffer_done(&sealed);
	return status;
}

enum status backup_parameter_put_text(json_t *object, const char *name, const char *value,
				      struct error *err)
{
	if (value == NULL || json_object_set_new(object, name, json_string(value)) == 0)
		return STATUS_OK;
	return fail_memory(err, "write job parameters");
}

enum status backup_parameter_put_password(struct backup_service *service, json_t *object,
					  const char *password, struct error *err)
{
	if (password == NULL || password[0] == '\0')
		return backup_parameter_put_text(object, PARAMETER_PASSWORD, password, err);
	struct buffer text;
	buffer_init(&text, 2u << 20);
	enum status status = seal_password(service, password, &text, err);
	if (status == STATUS_OK)
		status = backup_parameter_put_text(object, PARAMETER_PASSWORD,
						   (const char *)text.data, err);
	buffer_done(&text);
	return status;
}

enum status backup_parameter_take_text(const json_t *parameters, const char *name, char **value,
				       struct error *err)
{
	const char *text = json_string_value(json_object_get(parameters, name));
	if (text == NULL)
		return STATUS_OK;
	char *copy = text[0] == '\0' ? NULL : strdup(text);
	if (copy == NULL && text[0] != '\0')
		return fail_memory(err, "read job parameters");
	free(*value);
	*value = copy;
	return STATUS_OK;
}

enum status backup_parameter_take_bytes(const json_t *parameters, const char *name,
					struct buffer *value, struct error *err)
{
	const char *text = json_string_value(json_object_get(parameters, name));
	if (text == NULL)
		return STATUS_OK;
	buffer_done(value);
	buffer_init(value, 1u << 20);
	return base64_decode(text, value, err);
}

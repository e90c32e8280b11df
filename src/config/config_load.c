/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the configuration file as a whole, or refuses it with the place and the reason. */
#include <stdio.h>
#include <stdlib.h>

#include "infrabackup/config.h"

#include "config_private.h"

#define CONFIG_SIZE_MAX ((size_t)1024 * 1024)

/* An option that is null would be taken for absent, which is not what somebody meant who wrote it.
 */
static enum status refuse_null(json_t *json, const char *field, struct error *err)
{
	char below[CONFIG_FIELD_MAX];
	enum status status = STATUS_OK;
	const char *key;
	json_t *value;
	size_t i;

	if (json_is_null(json))
		return fail_field(err, field,
				  "found null, allowed is a value, or to leave the key out");
	json_object_foreach(json, key, value)
	{
		(void)snprintf(below, sizeof(below), "%.64s.%.24s", field, key);
		status = refuse_null(value, below, err);
		if (status != STATUS_OK)
			return status;
	}
	json_array_foreach(json, i, value)
	{
		(void)snprintf(below, sizeof(below), "%.64s[%zu]", field, i);
		status = refuse_null(value, below, err);
		if (status != STATUS_OK)
			return status;
	}
	return status;
}

static enum status read_sections(const json_t *json, struct config *config, struct error *err)
{
	json_t *deployment = NULL;
	json_t *http = NULL;
	json_t *engine = NULL;
	json_t *smb = NULL;
	json_t *arm = NULL;
	json_t *audit = NULL;
	json_t *services = NULL;
	const struct json_field fields[] = {
		{ "stateDir", JSON_FIELD_STRING, true, &config->state_directory, NULL, 0, 0, NULL },
		{ "deployment", JSON_FIELD_OBJECT, true, &deployment, NULL, 0, 0, NULL },
		{ "http", JSON_FIELD_OBJECT, true, &http, NULL, 0, 0, NULL },
		{ "engine", JSON_FIELD_OBJECT, false, &engine, NULL, 0, 0, NULL },
		{ "smb", JSON_FIELD_OBJECT, false, &smb, NULL, 0, 0, NULL },
		{ "arm", JSON_FIELD_OBJECT, false, &arm, NULL, 0, 0, NULL },
		{ "audit", JSON_FIELD_OBJECT, false, &audit, NULL, 0, 0, NULL },
		{ "services", JSON_FIELD_ARRAY, true, &services, NULL, 0, 0, NULL },
	};
	enum status status = json_read_fields(json, "$", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, false, err);

	if (status == STATUS_OK)
		status = config_check_path("$.stateDir", config->state_directory, err);
	if (status == STATUS_OK)
		status = config_read_deployment(deployment, config, err);
	if (status == STATUS_OK)
		status = config_read_http(http, config, err);
	if (status == STATUS_OK)
		status = config_read_engine(engine, config, err);
	if (status == STATUS_OK)
		status = config_read_smb(smb, config, err);
	if (status == STATUS_OK)
		status = config_read_arm(arm, config, err);
	if (status == STATUS_OK)
		status = config_read_audit(audit, config, err);
	if (status == STATUS_OK)
		status = config_read_services(services, config, err);
	return status;
}

/* The owner of all strings: an array of the document and of texts derived from it. */
static enum status parse_document(const void *data, size_t length, struct config *config,
				  struct error *err)
{
	json_t *document = NULL;
	enum status status = json_parse(data, length, &document, err);

	if (status != STATUS_OK)
		return status;
	config->json = json_array();
	if (config->json == NULL) {
		json_decref(document);
		return fail_memory(err, "read configuration");
	}
	if (json_array_append_new(config->json, document) != 0)
		return fail_memory(err, "read configuration");
	status = refuse_null(document, "$", err);
	return status == STATUS_OK ? read_sections(document, config, err) : status;
}

enum status config_parse(const void *data, size_t length, const char *path, struct config **out,
			 struct error *err)
{
	struct config *config = calloc(1, sizeof(*config));

	if (config == NULL)
		return fail_memory(err, "read configuration");
	enum status status = parse_document(data, length, config, err);
	if (status != STATUS_OK) {
		config_free(config);
		if (err != NULL)
			(void)snprintf(err->path, sizeof(err->path), "%s", path);
		return status;
	}
	*out = config;
	return STATUS_OK;
}

enum status config_load(const char *path, struct config **out, struct error *err)
{
	struct buffer content = { 0 };
	enum status status = file_read(path, CONFIG_SIZE_MAX, &content, err);

	if (status != STATUS_OK)
		return status;
	status = config_parse(content.data, content.length, path, out, err);
	buffer_done(&content);
	return status;
}

void config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->service_count; i++) {
		config_free_list(config->services[i].exclude);
		config_free_list(config->services[i].command);
		config_free_list(config->services[i].restore_command);
	}
	config_free_list(config->engine.escrow_certificate_files);
	config_free_list(config->smb.unencrypted_servers);
	config_free_list(config->arm.audiences);
	config_free_authentication(config);
	free(config->services);
	json_decref(config->json);
	free(config);
}

const struct config_service *config_find_service(const struct config *config, const char *role)
{
	for (size_t i = 0; i < config->service_count; i++) {
		if (text_equal_ignoring_case(config->services[i].role, role))
			return &config->services[i];
	}
	return NULL;
}

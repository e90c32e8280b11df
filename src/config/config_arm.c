/* SPDX-License-Identifier: Apache-2.0 */
/* What clients that look for a resource manager are told about the cloud around the service. */
#include "infrabackup/config.h"

#include "config_private.h"

#define AUDIENCES_MAX 16

/* A URI, a URN or a GUID: whatever the issuer of tokens calls this service. */
static enum status check_audience(const char *field, const char *text, struct error *err)
{
	return config_check_word(field, text, 512, "-._~:/@%", err);
}

enum status config_read_arm(const json_t *json, struct config *config, struct error *err)
{
	__typeof__(config->arm) *to = &config->arm;
	json_t *audiences = NULL;
	const struct json_field fields[] = {
		{ "loginEndpoint", JSON_FIELD_STRING, false, &to->login_endpoint, NULL, 0, 0,
		  NULL },
		{ "graphEndpoint", JSON_FIELD_STRING, false, &to->graph_endpoint, NULL, 0, 0,
		  NULL },
		{ "portalEndpoint", JSON_FIELD_STRING, false, &to->portal_endpoint, NULL, 0, 0,
		  NULL },
		{ "galleryEndpoint", JSON_FIELD_STRING, false, &to->gallery_endpoint, NULL, 0, 0,
		  NULL },
		{ "audiences", JSON_FIELD_ARRAY, false, &audiences, NULL, 0, 0, NULL },
		{ "tenantId", JSON_FIELD_STRING, false, &to->tenant_id, NULL, 0, 0, NULL },
	};
	const struct {
		const char *field;
		const char *const *value;
	} urls[] = {
		{ "$.arm.loginEndpoint", &to->login_endpoint },
		{ "$.arm.graphEndpoint", &to->graph_endpoint },
		{ "$.arm.portalEndpoint", &to->portal_endpoint },
		{ "$.arm.galleryEndpoint", &to->gallery_endpoint },
	};

	to->tenant_id = config->deployment.id;
	if (json == NULL)
		return STATUS_OK;

	enum status status = json_read_fields(json, "$.arm", fields, ARRAY_LENGTH(fields),
					      JSON_UNKNOWN_REFUSE, false, err);

	for (size_t i = 0; status == STATUS_OK && i < ARRAY_LENGTH(urls); i++)
		status = config_check_url(urls[i].field, *urls[i].value, err);
	if (status == STATUS_OK)
		status = config_check_guid("$.arm.tenantId", to->tenant_id, err);
	if (status == STATUS_OK)
		status = config_read_list(audiences, "$.arm.audiences", AUDIENCES_MAX,
					  check_audience, &to->audiences, err);
	return status;
}

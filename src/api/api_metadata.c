/* SPDX-License-Identifier: Apache-2.0 */
/* Where a client that knows only this address gets its tokens (CONTRACT 12.5). Open to everybody:
 * it is asked before there is a token. */
#include "api_private.h"

/* What is not configured is told as "": there is none. */
static const char *api_endpoint(const char *url)
{
	return url == NULL ? "" : url;
}

/* Clients take the first audience without looking, so there is always one. */
static json_t *api_audiences(const struct api_call *call)
{
	const struct config *config = call->api->settings.config;
	const char *const *configured = config->arm.audiences;
	json_t *audiences = json_array();
	char url[API_ID_SIZE];
	int failed = 0;

	/* A client that follows what it reads here gets a token that is accepted. */
	if (configured == NULL && config->authentication.issuer_count > 0)
		configured = config->authentication.issuers[0].audiences;
	for (size_t i = 0; configured != NULL && configured[i] != NULL; i++)
		failed |= json_array_append_new(audiences, json_string(configured[i]));
	if (json_array_size(audiences) == 0)
		failed |= json_array_append_new(audiences,
						json_sprintf("%s/", api_base_url(call, url)));
	if (failed == 0)
		return audiences;
	json_decref(audiences);
	return NULL;
}

enum status api_metadata_get(struct api_call *call, struct error *err)
{
	const struct config *config = call->api->settings.config;
	enum status status = api_version_check(call, API_PROVIDER_METADATA, err);

	if (status != STATUS_OK)
		return status;
	return api_answer_json(
		call->response, 200, API_JSON_UTF8,
		json_pack("{s:s, s:s, s:s, s:{s:s, s:o}}", "galleryEndpoint",
			  api_endpoint(config->arm.gallery_endpoint), "graphEndpoint",
			  api_endpoint(config->arm.graph_endpoint), "portalEndpoint",
			  api_endpoint(config->arm.portal_endpoint), "authentication",
			  "loginEndpoint", api_endpoint(config->arm.login_endpoint), "audiences",
			  api_audiences(call)),
		err);
}

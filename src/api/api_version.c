/* SPDX-License-Identifier: Apache-2.0 */
/* The api-version parameter: which versions of each provider are served. */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

#define API_VERSION_PARAMETER "api-version"

static const char *const api_version_names[API_VERSION_COUNT] = {
	[API_VERSION_NONE] = "",
	[API_2016_05_01] = "2016-05-01",
	[API_2018_09_01] = "2018-09-01",
	[API_2021_09_01] = "2021-09-01",
};

static const unsigned api_versions[] = {
	[API_PROVIDER_BACKUP] = API_BIT(API_2016_05_01) | API_SINCE_2018,
	[API_PROVIDER_INSIGHTS] = API_BIT(API_2016_05_01),
};

const char *api_version_name(enum api_version version)
{
	return api_version_names[version];
}

unsigned api_provider_versions(enum api_provider provider)
{
	return api_versions[provider];
}

enum api_version api_version_read(const struct http_request *request)
{
	const char *sent = http_request_query(request, API_VERSION_PARAMETER);

	if (sent == NULL || http_request_query_count(request, API_VERSION_PARAMETER) > 1)
		return API_VERSION_NONE;
	/* Literally: "2018-9-1" and "2018-09-01 " are other names. */
	for (int version = API_2016_05_01; version < API_VERSION_COUNT; version++)
		if (strcmp(sent, api_version_names[version]) == 0)
			return (enum api_version)version;
	return API_VERSION_NONE;
}

/* "2016-05-01, 2018-09-01" */
static const char *api_version_list(unsigned versions, char text[64])
{
	size_t length = 0;

	text[0] = '\0';
	for (int version = API_2016_05_01; version < API_VERSION_COUNT; version++)
		if ((versions & API_BIT(version)) != 0)
			length += (size_t)snprintf(text + length, 64 - length, "%s%s",
						   length == 0 ? "" : ", ",
						   api_version_names[version]);
	return text;
}

enum status api_version_check(struct api_call *call, enum api_provider provider, struct error *err)
{
	const char *sent = http_request_query(call->request, API_VERSION_PARAMETER);
	char supported[64];

	if (call->version != API_VERSION_NONE &&
	    (api_versions[provider] & API_BIT(call->version)) != 0)
		return STATUS_OK;
	(void)api_version_list(api_versions[provider], supported);
	if (sent == NULL || sent[0] == '\0')
		return api_fail(
			call, API_FAULT_VERSION_MISSING, STATUS_INVALID, API_VERSION_PARAMETER, err,
			"The query parameter api-version is required; supported: %s", supported);
	if (http_request_query_count(call->request, API_VERSION_PARAMETER) > 1)
		return api_fail(call, API_FAULT_VERSION_UNKNOWN, STATUS_INVALID,
				API_VERSION_PARAMETER, err,
				"The query parameter api-version was sent more than once; send one "
				"of the supported: %s",
				supported);
	return api_fail(call, API_FAULT_VERSION_UNKNOWN, STATUS_INVALID, API_VERSION_PARAMETER, err,
			"The api-version '%.32s' is not supported; supported: %s",
			text_is_printable_utf8(sent) ? sent : "?", supported);
}

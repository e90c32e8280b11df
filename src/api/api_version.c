/* SPDX-License-Identifier: Apache-2.0 */
/* The api-version parameter: which versions of each provider are served. */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

#define API_VERSION_PARAMETER "api-version"
#define API_VERSIONS_TEXT_MAX 512

static const char *const api_version_names[API_VERSION_COUNT] = {
	[API_VERSION_NONE] = "",
	[API_2016_05_01] = "2016-05-01",
	[API_2018_09_01] = "2018-09-01",
	[API_2021_09_01] = "2021-09-01",
};

static const unsigned api_versions[] = {
	[API_PROVIDER_BACKUP] = API_BIT(API_2016_05_01) | API_SINCE_2018,
	[API_PROVIDER_INSIGHTS] = API_BIT(API_2016_05_01),
	/* These have names of their own. */
	[API_PROVIDER_RESOURCES] = 0,
	[API_PROVIDER_METADATA] = 0,
	[API_PROVIDER_LIFE_CYCLE] = 0,
};

/* The resource manager's own, as clients of many years send them; what is answered here reads the
 * same in all of them. */
static const char *const api_resources_names[] = {
	"2014-04-01", "2015-01-01", "2015-11-01", "2016-02-01", "2016-05-01", "2016-06-01",
	"2016-07-01", "2016-09-01", "2017-05-10", "2018-02-01", "2018-05-01", "2018-06-01",
	"2019-03-01", "2019-05-01", "2019-06-01", "2019-08-01", "2019-10-01", "2019-11-01",
	"2020-01-01", "2020-06-01", "2020-10-01", "2021-01-01", "2021-04-01", "2022-09-01",
	"2022-12-01", NULL
};
static const char *const api_metadata_names[] = { "1.0", "2015-01-01", NULL };
static const char *const api_life_cycle_names[] = { "2.0", NULL };

const char *api_version_name(enum api_version version)
{
	return api_version_names[version];
}

unsigned api_provider_versions(enum api_provider provider)
{
	return api_versions[provider];
}

const char *api_provider_version(enum api_provider provider, size_t index)
{
	static const char *const *const names[] = {
		[API_PROVIDER_RESOURCES] = api_resources_names,
		[API_PROVIDER_METADATA] = api_metadata_names,
		[API_PROVIDER_LIFE_CYCLE] = api_life_cycle_names,
	};

	if (names[provider] != NULL)
		return names[provider][index];
	for (int version = API_2016_05_01; version < API_VERSION_COUNT; version++)
		if ((api_versions[provider] & API_BIT(version)) != 0 && index-- == 0)
			return api_version_names[version];
	return NULL;
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
static const char *api_versions_text(enum api_provider provider, char text[API_VERSIONS_TEXT_MAX])
{
	size_t length = 0;
	const char *name;

	text[0] = '\0';
	for (size_t i = 0;
	     (name = api_provider_version(provider, i)) != NULL && length < API_VERSIONS_TEXT_MAX;
	     i++)
		length += (size_t)snprintf(text + length, API_VERSIONS_TEXT_MAX - length, "%s%s",
					   i == 0 ? "" : ", ", name);
	return text;
}

static bool api_version_is_served(enum api_provider provider, const char *sent)
{
	const char *name;

	for (size_t i = 0; (name = api_provider_version(provider, i)) != NULL; i++)
		if (strcmp(sent, name) == 0)
			return true;
	return false;
}

enum status api_version_check(struct api_call *call, enum api_provider provider, struct error *err)
{
	const char *sent = http_request_query(call->request, API_VERSION_PARAMETER);
	size_t count = http_request_query_count(call->request, API_VERSION_PARAMETER);
	char supported[API_VERSIONS_TEXT_MAX];

	if (sent != NULL && count == 1 && api_version_is_served(provider, sent))
		return STATUS_OK;
	(void)api_versions_text(provider, supported);
	if (sent == NULL || sent[0] == '\0')
		return api_fail(
			call, API_FAULT_VERSION_MISSING, STATUS_INVALID, API_VERSION_PARAMETER, err,
			"The query parameter api-version is required; supported: %s", supported);
	if (count > 1)
		return api_fail(call, API_FAULT_VERSION_UNKNOWN, STATUS_INVALID,
				API_VERSION_PARAMETER, err,
				"The query parameter api-version was sent more than once; send one "
				"of the supported: %s",
				supported);
	return api_fail(call, API_FAULT_VERSION_UNKNOWN, STATUS_INVALID, API_VERSION_PARAMETER, err,
			"The api-version '%.32s' is not supported; supported: %s",
			text_is_printable_utf8(sent) ? sent : "?", supported);
}

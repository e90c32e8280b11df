/* SPDX-License-Identifier: Apache-2.0 */
/* The api-version parameter: which versions of each provider are served. */
#include "api_private.h"

static const char *const api_versions[] = {
	[API_PROVIDER_BACKUP] = "2018-09-01",
	[API_PROVIDER_INSIGHTS] = "2016-05-01",
};

enum status api_version_check(struct api_call *call, enum api_provider provider, struct error *err)
{
	const char *version = http_request_query(call->request, "api-version");
	const char *supported = api_versions[provider];

	if (version == NULL || version[0] == '\0')
		return api_fail(call, API_FAULT_VERSION_MISSING, STATUS_INVALID, "api-version", err,
				"The query parameter api-version is required; supported: %s",
				supported);
	if (text_equal_ignoring_case(version, supported))
		return STATUS_OK;
	return api_fail(call, API_FAULT_VERSION_UNKNOWN, STATUS_INVALID, "api-version", err,
			"The api-version '%.32s' is not supported; supported: %s",
			text_is_printable_utf8(version) ? version : "?", supported);
}

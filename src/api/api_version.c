/* SPDX-License-Identifier: Apache-2.0 */
/* The api-version parameter: which versions are served. */
#include "api_private.h"

#define API_VERSIONS "2018-09-01"

static const char *const api_versions[] = { "2018-09-01" };

enum status api_version_check(struct api_call *call, struct error *err)
{
	const char *version = http_request_query(call->request, "api-version");

	if (version == NULL || version[0] == '\0')
		return api_fail(
			call, API_FAULT_VERSION_MISSING, STATUS_INVALID, "api-version", err,
			"The query parameter api-version is required; supported: " API_VERSIONS);
	for (size_t i = 0; i < ARRAY_LENGTH(api_versions); i++)
		if (text_equal_ignoring_case(version, api_versions[i]))
			return STATUS_OK;
	return api_fail(call, API_FAULT_VERSION_UNKNOWN, STATUS_INVALID, "api-version", err,
			"The api-version '%.32s' is not supported; supported: " API_VERSIONS,
			text_is_printable_utf8(version) ? version : "?");
}

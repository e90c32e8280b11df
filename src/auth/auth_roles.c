/* SPDX-License-Identifier: Apache-2.0 */
/* Roles and what they allow, kinds of callers. */
#include "infrabackup/auth.h"

static const char *const names[] = {
	[AUTH_READER] = "Reader",
	[AUTH_OPERATOR] = "Operator",
	[AUTH_ADMINISTRATOR] = "Administrator",
};

static const char *const kinds[] = {
	[AUTH_API_TOKEN] = "apiToken",
	[AUTH_JWT] = "jwt",
	[AUTH_CERTIFICATE] = "clientCertificate",
	[AUTH_FRONT_DOOR] = "frontDoor",
};

const char *auth_kind_name(enum auth_kind kind)
{
	return (size_t)kind < ARRAY_LENGTH(kinds) ? kinds[kind] : "unknown";
}

const char *auth_role_name(enum auth_role role)
{
	return (size_t)role < ARRAY_LENGTH(names) ? names[role] : "unknown";
}

bool auth_role_from_name(const char *name, enum auth_role *out)
{
	for (size_t i = 0; name != NULL && i < ARRAY_LENGTH(names); i++) {
		if (text_equal_ignoring_case(names[i], name)) {
			*out = (enum auth_role)i;
			return true;
		}
	}
	return false;
}

enum status auth_require(const struct auth_caller *caller, enum auth_role needed, struct error *err)
{
	if (caller->role >= needed)
		return STATUS_OK;
	return fail(err, STATUS_FORBIDDEN, "authorize caller", NULL,
		    "this needs the role %s; the caller %s has the role %s", auth_role_name(needed),
		    caller->name, auth_role_name(caller->role));
}

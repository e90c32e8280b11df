/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the interface as the server wants them: from the share's root, with backslashes. */
#include <stdio.h>
#include <string.h>

#include "share_smb_private.h"

/* Windows drops a dot or blank at the end, so that two names would be one. */
static bool has_bad_end(const char *name)
{
	for (const char *at = name; *at != '\0'; at++)
		if ((*at == '.' || *at == ' ') && (at[1] == '/' || at[1] == '\0'))
			return true;
	return false;
}

enum status smb_path(const struct smb_connection *connection, const char *name, unsigned char *out,
		     size_t *length, struct error *err)
{
	const char *root = connection->address->path;
	char path[sizeof(connection->address->path) + SHARE_NAME_SIZE + 2];

	(void)snprintf(path, sizeof(path), "%s%s%s", root,
		       root[0] != '\0' && name[0] != '\0' ? "/" : "", name);
	if (has_bad_end(path))
		return fail(err, STATUS_SHARE_PATH, "use share", NULL,
			    "a name ends in a dot or blank, which servers do not keep");
	for (char *at = path; *at != '\0'; at++)
		if (*at == '/')
			*at = '\\';
	if (!smb_utf16(path, out, SMB_PATH_MAX, length))
		return fail(err, STATUS_SHARE_PATH, "use share", NULL,
			    "the name is not UTF-8 or too long");
	return STATUS_OK;
}

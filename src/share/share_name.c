/* SPDX-License-Identifier: Apache-2.0 */
/* Names below a share's root: the same rules for every driver. */
#include <string.h>

#include "share_private.h"

/* The length of the component at @name, or 0 when it is empty, "." or "..". */
static size_t component_length(const char *name)
{
	size_t length = strcspn(name, "/");

	if ((length == 1 && name[0] == '.') || (length == 2 && name[0] == '.' && name[1] == '.'))
		return 0;
	return length;
}

enum status share_name_check(const char *name, bool root_allowed, const char *step,
			     struct error *err)
{
	if (name[0] == '\0' && root_allowed)
		return STATUS_OK;
	if (strlen(name) >= SHARE_NAME_SIZE)
		return fail(err, STATUS_INVALID, step, name,
			    "the name has %zu bytes, at most %d are allowed", strlen(name),
			    SHARE_NAME_SIZE - 1);
	if (!text_is_printable_utf8(name))
		return fail(err, STATUS_INVALID, step, NULL,
			    "the name is not UTF-8 or has control characters");
	if (strpbrk(name, "\\:*?\"<>|") != NULL)
		return fail(err, STATUS_INVALID, step, name,
			    "the name has one of \\ : * ? \" < > |, which shares do not allow");
	for (const char *at = name;;) {
		size_t length = component_length(at);

		if (length == 0)
			return fail(err, STATUS_INVALID, step, name,
				    "the name has an empty, \".\" or \"..\" component");
		at += length;
		if (*at == '\0')
			return STATUS_OK;
		at++;
	}
}

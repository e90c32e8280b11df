/* SPDX-License-Identifier: Apache-2.0 */
/* What writing and reading members share. */
#include <stdio.h>
#include <string.h>

#include "archive_member.h"

bool member_text_is_good(const struct member *member, const char *text)
{
	if (!text_is_printable_utf8(text))
		return false;
	if (member->is_valid != NULL && !member->is_valid(text))
		return false;
	if (member->allowed == NULL)
		return true;
	for (size_t i = 0; member->allowed[i] != NULL; i++) {
		if (strcmp(member->allowed[i], text) == 0)
			return true;
	}
	return false;
}

enum status member_fault(enum status status, const char *file, struct error *err)
{
	if (status != STATUS_INVALID)
		return status;
	if (err != NULL) {
		err->status = STATUS_INTEGRITY;
		(void)snprintf(err->step, sizeof(err->step), "read %s", file);
	}
	return STATUS_INTEGRITY;
}

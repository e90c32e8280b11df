/* SPDX-License-Identifier: Apache-2.0 */
/* Names of roles, which become folders when a backup is recovered. */
#ifndef ARCHIVE_ROLE_H
#define ARCHIVE_ROLE_H

#include <stdbool.h>
#include <string.h>

#define ARCHIVE_ROLE_NAME_MAX 255

static inline bool archive_role_name_is_valid(const char *name)
{
	return name[0] != '\0' && strlen(name) <= ARCHIVE_ROLE_NAME_MAX &&
	       strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

#endif

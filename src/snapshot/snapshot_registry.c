/* SPDX-License-Identifier: Apache-2.0 */
/* The list of providers. */
#include <string.h>

#include "infrabackup/snapshot.h"

static const struct snapshot_driver *const drivers[] = {
	&snapshot_directory_driver,
	&snapshot_sqlite_driver,
	&snapshot_command_driver,
};

const struct snapshot_driver *snapshot_driver_find(const char *name)
{
	if (name == NULL)
		return NULL;
	for (size_t i = 0; i < ARRAY_LENGTH(drivers); i++) {
		if (strcmp(drivers[i]->name, name) == 0)
			return drivers[i];
	}
	return NULL;
}

const char *snapshot_driver_names(void)
{
	return "directory, sqlite, command";
}

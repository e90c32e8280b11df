/* SPDX-License-Identifier: Apache-2.0 */
/* The state database for commands that need no running service. */
#include <sys/stat.h>

#include "infrabackup/db.h"

#include "app_private.h"

enum status app_state_open(const struct config *config, struct db **out, struct error *err)
{
	AUTO_FREE char *key = file_join(config->state_directory, "master.key");
	AUTO_FREE char *path = file_join(config->state_directory, "state.sqlite");
	struct stat there;
	if (path == NULL || key == NULL)
		return fail_memory(err, "open state database");
	/* db_open() would make a new one. */
	if (stat(key, &there) != 0 || stat(path, &there) != 0)
		return fail(err, STATUS_NOT_FOUND, "open state database", config->state_directory,
			    "it is not initialised; run `infrabackup init -c CONFIG` first");
	return db_open(path, DB_STATE, out, err);
}

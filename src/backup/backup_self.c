/* SPDX-License-Identifier: Apache-2.0 */
/* The service backs itself up: its master key and its state (settings, sealed secrets, identity,
 * history) as of one moment, laid out as they stand in a state directory, so that recovering the
 * role makes one. The archive's encryption protects them. */
#include <string.h>

#include "backup_role.h"

static enum status copy_state(struct backup_session *session, const char *folder, struct error *err)
{
	struct db *state = NULL;
	AUTO_FREE char *path = file_join(folder, STATE_DATABASE);
	if (path == NULL)
		return fail_memory(err, "copy state");
	enum status status = db_pool_take(session->service->state, &state, err);
	if (status == STATUS_OK)
		status = db_copy_to(state, path, err);
	db_pool_give(session->service->state, state);
	return status;
}

static enum status copy_master_key(struct backup_session *session, const char *folder,
				   struct error *err)
{
	const struct secret *key = &session->service->master_key;
	AUTO_FREE char *path = file_join(folder, STATE_MASTER_KEY);
	if (path == NULL)
		return fail_memory(err, "copy state");
	return file_write(path, 0600, false, key->data, key->length, err);
}

enum status backup_self_prepare(struct backup_session *session, char **folder, struct error *err)
{
	AUTO_FREE char *path =
		file_join(session->service->temporary_directory, BACKUP_SERVICE_ROLE);
	if (path == NULL)
		return fail_memory(err, "copy state");
	enum status status = file_remove_tree(path, err);
	if (status == STATUS_OK)
		status = file_make_directories(path, 0700, err);
	if (status == STATUS_OK)
		status = copy_state(session, path, err);
	if (status == STATUS_OK)
		status = copy_master_key(session, path, err);
	if (status == STATUS_OK)
		*folder = TAKE(path);
	else
		status_ignore(file_remove_tree(path, NULL));
	return status;
}

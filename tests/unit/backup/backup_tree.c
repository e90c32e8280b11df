/* SPDX-License-Identifier: Apache-2.0 */
/* Sources for whole backups, and all roles brought back at once. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_tree.h"

#define FILE_MAX (256u << 20)

struct service_fixture *backup_tree_service(const char *services)
{
	struct service_fixture *fixture = service_fixture_new(services, NULL);
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	fixture->clock_offset = 10000;
	return fixture;
}

int backup_tree_setup(void **state)
{
	*state = backup_tree_service(NULL);
	return 0;
}

int backup_tree_teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

char *backup_tree_path(const struct service_fixture *fixture, const char *name)
{
	char *path = file_join(fixture->source_path, name);
	assert_non_null(path);
	return path;
}

void backup_tree_folder(const struct service_fixture *fixture, const char *name)
{
	AUTO_FREE char *path = backup_tree_path(fixture, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

void backup_tree_text(const struct service_fixture *fixture, const char *name, const char *text)
{
	AUTO_FREE char *path = backup_tree_path(fixture, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void backup_tree_back_up_as(struct service_fixture *fixture, const char *state, struct db_job *out)
{
	service_fixture_backup(fixture, out);
	if (strcmp(out->state, state) != 0)
		fail_msg("the backup is %s: %s", out->state,
			 out->error_message != NULL ? out->error_message : "no error");
}

void backup_tree_assert_equal(struct service_fixture *fixture, unsigned flags)
{
	struct db_job job;
	backup_tree_back_up_as(fixture, "Succeeded", &job);
	assert_int_equal(service_fixture_verify(fixture, false), 0);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	assert_int_equal(service_fixture_compare(fixture, flags), 0);
	db_job_done(&job);
}

enum status backup_tree_recover_all(struct service_fixture *fixture, const char *backup,
				    struct recover_result *out, struct error *err)
{
	AUTO_FREE char *folder = file_join(fixture->folder, "all-roles");
	struct recover_source *source = service_fixture_source(fixture);
	struct private_key *key = service_fixture_key(fixture);
	struct recover_options options = { .key = key, .directory = folder };
	memset(out, 0, sizeof *out);
	assert_int_equal(file_remove_tree(folder, NULL), STATUS_OK);
	enum status status = recover_find(source, backup, &options.backup, err);
	if (status == STATUS_OK)
		status = recover_run(source, &options, out, err);
	private_key_free(key);
	recover_source_close(source);
	return status;
}

const struct recover_role_result *backup_tree_role(const struct recover_result *result,
						   const char *role)
{
	for (size_t i = 0; i < result->role_count; i++)
		if (strcmp(result->roles[i].role, role) == 0)
			return &result->roles[i];
	return NULL;
}

bool backup_tree_recovered(const struct service_fixture *fixture, const char *path,
			   struct buffer *out)
{
	AUTO_FREE char *folder = file_join(fixture->folder, "all-roles");
	AUTO_FREE char *full = file_join(folder, path);
	buffer_init(out, FILE_MAX);
	enum status status = file_read(full, FILE_MAX - 1, out, NULL);
	assert_true(status == STATUS_OK || status == STATUS_NOT_FOUND);
	return status == STATUS_OK;
}

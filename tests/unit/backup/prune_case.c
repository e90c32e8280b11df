/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of prunes ask of their fixture. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "prune_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

int prune_case_setup(void **state)
{
	struct prune_fixture *fixture = prune_fixture_new(NULL);
	prune_fixture_save(fixture);
	*state = fixture;
	return 0;
}

int prune_case_teardown(void **state)
{
	prune_fixture_free(*state);
	return 0;
}

int prune_case_restore(void **state)
{
	struct prune_fixture *fixture = *state;
	fixture->service->clock_offset = 0;
	prune_fixture_restore(fixture);
	return 0;
}

json_t *prune_case_result(const struct db_job *job)
{
	json_t *result = NULL;
	assert_non_null(job->result);
	assert_int_equal(json_parse(job->result, strlen(job->result), &result, NULL), STATUS_OK);
	return result;
}

void prune_case_assert_refused(struct prune_fixture *fixture, const char *confirm, const char *text,
			       char plan_id[32])
{
	struct db_job job;
	prune_fixture_run(fixture, false, confirm, &job);
	assert_string_equal(job.state, "Failed");
	assert_non_null(strstr(job.error_message, text));
	AUTO_JSON result = prune_case_result(&job);
	assert_int_equal(json_array_size(json_object_get(result, "pathsToDelete")), 0);
	if (plan_id != NULL)
		(void)snprintf(plan_id, 32, "%s",
			       json_string_value(json_object_get(json_object_get(result, "plan"),
								 "confirm")));
	db_job_done(&job);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
}

char *prune_case_entry(const struct prune_fixture *fixture, const char *folder, const char *pattern)
{
	char *path = NULL, *found = NULL;
	assert_true(asprintf(&path, "%s/MASBackup/%s", fixture->service->share_path, folder) > 0);
	DIR *directory = opendir(path);
	assert_non_null(directory);
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
		if (entry->d_name[0] != '.' && strstr(entry->d_name, pattern) != NULL &&
		    found == NULL)
			assert_true(asprintf(&found, "%s/%s", path, entry->d_name) > 0);
	(void)closedir(directory);
	free(path);
	assert_non_null(found);
	return found;
}

void prune_case_status(const struct prune_fixture *fixture, size_t number, char status[32],
		       int64_t *pinned_until)
{
	struct db *state = NULL;
	struct db_backup row;
	struct db_pool *pool = backup_service_state(fixture->service->service);
	assert_int_equal(db_pool_take(pool, &state, NULL), STATUS_OK);
	assert_int_equal(db_backup_get(state, "north", fixture->ids[number], &row, NULL),
			 STATUS_OK);
	(void)snprintf(status, 32, "%s", row.status);
	*pinned_until = row.pinned_until;
	db_backup_done(&row);
	db_pool_give(pool, state);
}

void prune_case_pin(const struct prune_fixture *fixture, size_t number, int64_t until)
{
	struct db *state = NULL;
	struct db_pool *pool = backup_service_state(fixture->service->service);
	assert_int_equal(db_pool_take(pool, &state, NULL), STATUS_OK);
	assert_int_equal(
		backup_pin(fixture->service->service, state, fixture->ids[number], until, NULL),
		STATUS_OK);
	db_pool_give(pool, state);
}

void prune_case_set_retention(struct prune_fixture *fixture, int64_t days, struct db_job *out)
{
	const struct backup_location_update update = { .retention_days = &days };
	service_fixture_update(fixture->service, &update, out);
	assert_string_equal(out->state, "Succeeded");
}

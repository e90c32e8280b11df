/* SPDX-License-Identifier: Apache-2.0 */
/* A service with one backup, verifications run to their end, damage made to order. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "verify_case.h"

struct service_fixture *verify_case_new(const char *engine_settings)
{
	struct service_fixture *fixture = service_fixture_new(
		NULL, engine_settings != NULL ? engine_settings : "\"verifyGiBPerDay\":50");
	/* Nothing is verified between the steps of the test. */
	fixture->without_tick = true;
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	service_fixture_write(fixture, "one", 3000000, 1);
	service_fixture_write(fixture, "three", 300000, 3);
	service_fixture_write(fixture, "two", 300000, 2);
	/* Unchanged files come from the stat cache. */
	fixture->clock_offset = 10000;
	return fixture;
}

int verify_case_setup(void **state)
{
	*state = verify_case_new(NULL);
	return 0;
}

int verify_case_teardown(void **state)
{
	service_fixture_free(*state);
	return 0;
}

void verify_case_back_up(struct service_fixture *fixture, char id[GUID_TEXT_SIZE])
{
	struct db_job job;
	service_fixture_backup(fixture, &job);
	assert_string_equal(job.state, "Succeeded");
	memcpy(id, job.id, GUID_TEXT_SIZE);
	db_job_done(&job);
	/* The next thing happens later. */
	fixture->clock_offset += 1000;
}

void verify_case_run(struct service_fixture *fixture, const char *backup_id,
		     enum backup_verify_depth depth, struct db_job *out)
{
	char id[GUID_TEXT_SIZE];
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(
		backup_verify_submit(fixture->service, db, backup_id, depth, "test", id, NULL),
		STATUS_OK);
	service_fixture_give(fixture, db);
	service_fixture_wait(fixture, id, out);
	fixture->clock_offset += 1000;
}

void verify_case_expect(struct service_fixture *fixture, const char *backup_id,
			enum backup_verify_depth depth, const char *job_state)
{
	struct db_job job;
	verify_case_run(fixture, backup_id, depth, &job);
	if (strcmp(job.state, job_state) != 0)
		fail_msg("%s, not %s: %s", job.state, job_state,
			 job.error_message != NULL ? job.error_message : "");
	db_job_done(&job);
}

bool verify_case_due(struct service_fixture *fixture, int64_t later, struct db_job *out)
{
	char id[GUID_TEXT_SIZE];
	struct db *db = service_fixture_take(fixture);
	fixture->clock_offset += later;
	assert_int_equal(
		backup_verify_due(fixture->service, db, clock_now(&fixture->clock), id, NULL),
		STATUS_OK);
	service_fixture_give(fixture, db);
	if (id[0] == '\0')
		return false;
	service_fixture_wait(fixture, id, out);
	fixture->clock_offset += 1000;
	return true;
}

long verify_case_figure(const struct db_job *job, const char *name)
{
	AUTO_JSON result = NULL;
	if (job->result == NULL)
		return -1;
	assert_int_equal(json_parse(job->result, strlen(job->result), &result, NULL), STATUS_OK);
	const json_t *value = json_object_get(result, name);
	if (json_is_array(value))
		return (long)json_array_size(value);
	if (json_is_boolean(value))
		return json_is_true(value);
	return json_is_integer(value) ? (long)json_integer_value(value) : -1;
}

void verify_case_get(struct service_fixture *fixture, const char *backup_id,
		     struct db_verification *out)
{
	struct db *db = service_fixture_take(fixture);
	assert_int_equal(db_verification_get(db, backup_id, out, NULL), STATUS_OK);
	service_fixture_give(fixture, db);
}

enum db_verified verify_case_state(struct service_fixture *fixture, const char *backup_id)
{
	struct db_verification row;
	verify_case_get(fixture, backup_id, &row);
	enum db_verified verified = db_verification_state(&row);
	db_verification_done(&row);
	return verified;
}

static void look_into(const char *folder, const char *pattern, char **found, off_t *size)
{
	DIR *open_folder = opendir(folder);
	assert_non_null(open_folder);
	for (struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
		struct stat status;
		if (entry->d_name[0] == '.')
			continue;
		char *path = file_join(folder, entry->d_name);
		assert_int_equal(lstat(path, &status), 0);
		if (S_ISDIR(status.st_mode))
			look_into(path, pattern, found, size);
		if (!S_ISREG(status.st_mode) || strstr(path, pattern) == NULL ||
		    status.st_size <= *size) {
			free(path);
			continue;
		}
		free(*found);
		*found = path;
		*size = status.st_size;
	}
	(void)closedir(open_folder);
}

char *verify_case_find(struct service_fixture *fixture, const char *pattern)
{
	char *found = NULL;
	off_t size = 0;
	look_into(fixture->share_path, pattern, &found, &size);
	assert_non_null(found);
	return found;
}

void verify_case_flip(const char *path)
{
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	long middle = ftell(file) / 2;
	assert_int_equal(fseek(file, middle, SEEK_SET), 0);
	int byte = fgetc(file);
	assert_true(byte != EOF);
	assert_int_equal(fseek(file, middle, SEEK_SET), 0);
	assert_true(fputc(byte ^ 1, file) != EOF);
	assert_int_equal(fclose(file), 0);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Backups that repeat only what failed in an earlier one. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_tree.h"

/* A service with "Data" and two roles whose folders are not there at first. */
struct repeat {
	struct service_fixture *fixture;
	char folder[64];
	char *first, *second; /* the folders */
};

static void start(struct repeat *repeat, const char *engine)
{
	AUTO_FREE char *services = NULL;
	const char *base = getenv("TMPDIR");
	(void)snprintf(repeat->folder, sizeof repeat->folder, "%.32s/infrabackup-XXXXXX",
		       base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(repeat->folder));
	repeat->first = file_join(repeat->folder, "first");
	repeat->second = file_join(repeat->folder, "second");
	assert_true(asprintf(&services,
			     ",{\"role\":\"First\",\"provider\":\"directory\",\"path\":\"%s\"}"
			     ",{\"role\":\"Second\",\"provider\":\"directory\",\"path\":\"%s\"}",
			     repeat->first, repeat->second) > 0);
	repeat->fixture = service_fixture_new(services, engine);
	service_fixture_start(repeat->fixture);
	service_fixture_configure(repeat->fixture);
	service_fixture_write(repeat->fixture, "file", 1000000, 1);
}

static void end(struct repeat *repeat)
{
	service_fixture_free(repeat->fixture);
	status_ignore(file_remove_tree(repeat->folder, NULL));
	free(repeat->first);
	free(repeat->second);
}

static enum status submit(struct repeat *repeat, const char *earlier, char id[GUID_TEXT_SIZE],
			  struct error *err)
{
	struct backup_service *service = repeat->fixture->service;
	struct db *db = NULL;
	assert_int_equal(db_pool_take(backup_service_state(service), &db, err), STATUS_OK);
	enum status status = backup_retry_submit(service, db, earlier, "test", id, err);
	db_pool_give(backup_service_state(service), db);
	return status;
}

/* The job's id into @id; it must end as @state. */
static void repeat_as(struct repeat *repeat, const char *earlier, const char *state,
		      char id[GUID_TEXT_SIZE])
{
	struct db_job job;
	struct error err;
	char text[1024];
	if (submit(repeat, earlier, id, &err) != STATUS_OK)
		fail_msg("%s", error_text(&err, text, sizeof text));
	service_fixture_wait(repeat->fixture, id, &job);
	assert_string_equal(job.state, state);
	db_job_done(&job);
}

static void back_up_as(struct repeat *repeat, const char *state, char id[GUID_TEXT_SIZE])
{
	struct db_job job;
	backup_tree_back_up_as(repeat->fixture, state, &job);
	memcpy(id, job.id, GUID_TEXT_SIZE);
	db_job_done(&job);
}

/* @from: the backup that read the role; NULL: the job itself. */
static void assert_role(struct repeat *repeat, const char *job, const char *name, const char *from)
{
	struct db_job_role role;
	assert_true(service_fixture_role(repeat->fixture, job, name, &role));
	assert_string_equal(role.state, "Succeeded");
	assert_string_equal(role.taken_from, from != NULL ? from : "");
	if (from != NULL) {
		assert_int_equal(role.files_read, 0);
		assert_int_equal(role.new_bytes, 0);
		assert_true(role.files_unchanged > 0);
	}
	db_job_role_done(&role);
}

/* backup.json of @id says the same as the database, with the times of then. */
static void assert_record(struct repeat *repeat, const char *id, const char *name, const char *from)
{
	struct recover_source *source = service_fixture_source(repeat->fixture);
	const struct recover_backup *backup = NULL, *origin = NULL;
	struct error err;
	assert_int_equal(recover_find(source, id, &backup, &err), STATUS_OK);
	if (from != NULL)
		assert_int_equal(recover_find(source, from, &origin, &err), STATUS_OK);
	const struct archive_record_role *found = NULL;
	for (size_t i = 0; i < backup->record->role_count; i++)
		if (strcmp(backup->record->roles[i].name, name) == 0)
			found = &backup->record->roles[i];
	assert_non_null(found);
	assert_int_equal(found->is_taken, from != NULL);
	if (from != NULL) {
		assert_string_equal(found->taken.backup_id, from);
		assert_int_equal(found->taken.started_time, origin->record->started_time);
		assert_int_equal(found->taken.ended_time, origin->record->completed_time);
	}
	recover_source_close(source);
}

static void write_text(const char *folder, const char *text)
{
	AUTO_FREE char *path = file_join(folder, "file");
	struct error err;
	if (access(folder, F_OK) != 0)
		assert_int_equal(mkdir(folder, 0755), 0);
	assert_int_equal(file_write(path, 0644, false, text, strlen(text), &err), STATUS_OK);
}

static void assert_recovered(struct repeat *repeat, const char *id, const char *role,
			     const char *expected)
{
	AUTO_FREE char *folder = NULL;
	struct error err;
	char name[64];
	(void)snprintf(name, sizeof name, "%.36s-%s", id, role);
	assert_int_equal(
		service_fixture_recover_role(repeat->fixture, id, role, name, &folder, &err),
		STATUS_OK);
	assert_int_equal(tree_compare(expected, folder, 0, stderr), 0);
}

static void test_retry_reads_what_failed_and_keeps_the_rest_as_of_then(void **state)
{
	struct repeat repeat;
	char partial[GUID_TEXT_SIZE], again[GUID_TEXT_SIZE], next[GUID_TEXT_SIZE];
	AUTO_FREE char *then = NULL;
	(void)state;
	start(&repeat, NULL);
	write_text(repeat.second, "second");
	back_up_as(&repeat, "PartialSucceeded", partial);
	/* What Data is by then changes after it was read; First is mended. */
	then = file_join(repeat.folder, "then");
	assert_int_equal(rename(repeat.fixture->source_path, then), 0);
	assert_int_equal(mkdir(repeat.fixture->source_path, 0755), 0);
	service_fixture_write(repeat.fixture, "file", 1000000, 2);
	write_text(repeat.first, "first");

	repeat_as(&repeat, partial, "Succeeded", again);
	assert_role(&repeat, again, "Data", partial);
	assert_role(&repeat, again, "Second", partial);
	assert_role(&repeat, again, "First", NULL);
	assert_role(&repeat, again, BACKUP_SERVICE_ROLE, NULL);
	assert_record(&repeat, again, "Data", partial);
	assert_record(&repeat, again, "First", NULL);
	assert_int_equal(service_fixture_verify(repeat.fixture, true), 0);
	assert_recovered(&repeat, again, "Data", then);
	assert_recovered(&repeat, again, "First", repeat.first);
	assert_recovered(&repeat, again, "Second", repeat.second);

	/* An ordinary one after it takes what is there now. */
	back_up_as(&repeat, "Succeeded", next);
	assert_role(&repeat, next, "Data", NULL);
	assert_recovered(&repeat, next, "Data", repeat.fixture->source_path);
	end(&repeat);
}

static void test_retry_of_a_retry_names_the_backup_that_read(void **state)
{
	struct repeat repeat;
	char partial[GUID_TEXT_SIZE], again[GUID_TEXT_SIZE], third[GUID_TEXT_SIZE];
	(void)state;
	start(&repeat, NULL);
	back_up_as(&repeat, "PartialSucceeded", partial);
	write_text(repeat.first, "first");
	repeat_as(&repeat, partial, "PartialSucceeded", again);
	write_text(repeat.second, "second");
	repeat_as(&repeat, again, "Succeeded", third);
	assert_role(&repeat, third, "Data", partial);
	assert_role(&repeat, third, "First", again);
	assert_role(&repeat, third, "Second", NULL);
	assert_record(&repeat, third, "Data", partial);
	assert_int_equal(service_fixture_verify(repeat.fixture, true), 0);
	end(&repeat);
}

static void test_retry_that_fails_again_makes_no_backup(void **state)
{
	struct repeat repeat;
	char partial[GUID_TEXT_SIZE], again[GUID_TEXT_SIZE], third[GUID_TEXT_SIZE];
	(void)state;
	start(&repeat, NULL);
	back_up_as(&repeat, "PartialSucceeded", partial);
	repeat_as(&repeat, partial, "Failed", again);
	/* Both can be repeated: the one that failed as a whole reads everything. */
	write_text(repeat.first, "first");
	write_text(repeat.second, "second");
	repeat_as(&repeat, again, "Succeeded", third);
	assert_role(&repeat, third, "Data", NULL);
	end(&repeat);
}

static void test_retry_without_a_key_of_its_own_reads_everything(void **state)
{
	struct repeat repeat;
	char partial[GUID_TEXT_SIZE], again[GUID_TEXT_SIZE];
	(void)state;
	start(&repeat, "\"drillRecipient\":false");
	back_up_as(&repeat, "PartialSucceeded", partial);
	write_text(repeat.first, "first");
	write_text(repeat.second, "second");
	repeat_as(&repeat, partial, "Succeeded", again);
	assert_role(&repeat, again, "Data", NULL);
	assert_record(&repeat, again, "Data", NULL);
	end(&repeat);
}

static void test_retry_into_a_new_generation_reads_everything(void **state)
{
	struct repeat repeat;
	char id[GUID_TEXT_SIZE], again[GUID_TEXT_SIZE];
	(void)state;
	start(&repeat, "\"generationBackups\":2");
	back_up_as(&repeat, "PartialSucceeded", id);
	back_up_as(&repeat, "PartialSucceeded", id);
	write_text(repeat.first, "first");
	write_text(repeat.second, "second");
	repeat_as(&repeat, id, "Succeeded", again);
	assert_role(&repeat, again, "Data", NULL);
	assert_int_equal(service_fixture_verify(repeat.fixture, true), 0);
	end(&repeat);
}

static void test_retry_is_refused_where_nothing_failed_or_is_newer(void **state)
{
	struct repeat repeat;
	char partial[GUID_TEXT_SIZE], good[GUID_TEXT_SIZE], id[GUID_TEXT_SIZE];
	struct error err;
	(void)state;
	start(&repeat, NULL);
	back_up_as(&repeat, "PartialSucceeded", partial);
	write_text(repeat.first, "first");
	write_text(repeat.second, "second");
	back_up_as(&repeat, "Succeeded", good);
	assert_int_equal(submit(&repeat, good, id, &err), STATUS_CONFLICT);
	assert_non_null(strstr(err.message, "nothing to repeat"));
	assert_int_equal(submit(&repeat, partial, id, &err), STATUS_CONFLICT);
	assert_non_null(strstr(err.message, good));
	assert_int_equal(submit(&repeat, "11111111-0000-4000-8000-000000000000", id, &err),
			 STATUS_NOT_FOUND);
	end(&repeat);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry_reads_what_failed_and_keeps_the_rest_as_of_then),
		cmocka_unit_test(test_retry_of_a_retry_names_the_backup_that_read),
		cmocka_unit_test(test_retry_that_fails_again_makes_no_backup),
		cmocka_unit_test(test_retry_without_a_key_of_its_own_reads_everything),
		cmocka_unit_test(test_retry_into_a_new_generation_reads_everything),
		cmocka_unit_test(test_retry_is_refused_where_nothing_failed_or_is_newer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

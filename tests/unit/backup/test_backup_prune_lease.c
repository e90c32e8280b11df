/* SPDX-License-Identifier: Apache-2.0 */
/* Prunes of two controllers at one folder: one that does not hold it, or lost it while it slept,
 * deletes nothing; and what keeps controllers apart is nobody's garbage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/run_program.h"
#include "prune_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LEASE_MS 60000
#define ENGINE "\"leaseSeconds\":60"

static struct prune_fixture *fixture;
static struct service_fixture *second;

static int setup_all(void **state)
{
	(void)state;
	fixture = prune_fixture_new("," ENGINE);
	prune_fixture_save(fixture);
	second = service_fixture_new(NULL,
				     "\"generationBackups\":3,\"drillRecipient\":false," ENGINE);
	service_fixture_write(second, "file", 1000, 2);
	second->without_tick = true;
	free(second->share_path);
	second->share_path = strdup(fixture->service->share_path);
	return 0;
}

static int teardown_all(void **state)
{
	(void)state;
	service_fixture_free(second);
	prune_fixture_free(fixture);
	return 0;
}

/* The second has a copy of the first one's state directory. */
static int setup(void **state)
{
	(void)state;
	AUTO_FREE char *to = file_join(second->folder, "state");
	AUTO_FREE char *from = file_join(fixture->service->folder, "state-saved");
	service_fixture_stop(second);
	fixture->service->clock_offset = 0;
	second->clock_offset = 0;
	prune_fixture_restore(fixture);
	assert_int_equal(file_remove_tree(to, NULL), STATUS_OK);
	prune_fixture_execute(fixture, (const char *const[]) { "cp", "-a", "--", from, to, NULL });
	service_fixture_start(second);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	share_fake_release(fixture->service->fake);
	share_fake_set(fixture->service->fake, NULL);
	return 0;
}

static void submit_prune(struct service_fixture *service, bool is_dry, char id[GUID_TEXT_SIZE])
{
	struct db *db = NULL;
	struct db_pool *pool = backup_service_state(service->service);
	const struct backup_prune_request request = { .caller = "test", .is_dry = is_dry };
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(backup_prune_submit(service->service, db, &request, id, NULL), STATUS_OK);
	db_pool_give(pool, db);
}

static void expect_failed(struct service_fixture *service, const char *id, const char *reason)
{
	struct db_job job;
	service_fixture_wait(service, id, &job);
	assert_string_equal(job.state, "Failed");
	assert_string_equal(job.error_status, status_name(STATUS_CONFLICT));
	assert_non_null(strstr(job.error_message, reason));
	db_job_done(&job);
}

/* The output of a shell's command in MASBackup; malloc. */
static char *look(const char *command)
{
	char shell[] = "sh", option[] = "-c";
	AUTO_FREE char *script = strdup(command);
	AUTO_FREE char *folder = file_join(fixture->service->share_path, "MASBackup");
	char *words[] = { shell, option, script, NULL };
	struct buffer output;
	buffer_init(&output, 1u << 20);
	assert_int_equal(run_program(folder, words, &output), 0);
	char *text = strndup((const char *)output.data, output.length);
	assert_non_null(text);
	buffer_done(&output);
	return text;
}

static void test_prune_of_whoever_does_not_hold_the_folder_is_refused(void **state)
{
	char id[GUID_TEXT_SIZE];
	(void)state;
	service_fixture_back_up(fixture->service);
	submit_prune(second, false, id);
	expect_failed(second, id, "holds this folder since ");
	/* Even to look it would move away what the other one writes at the moment. */
	submit_prune(second, true, id);
	expect_failed(second, id, "holds this folder since ");
	assert_int_equal(prune_fixture_count(fixture, "backups", ""), PRUNE_BACKUPS + 1);
	assert_int_equal(prune_fixture_count(fixture, "trash", ""), 0);
	assert_int_equal(prune_fixture_prune(fixture), PRUNE_BACKUPS - PRUNE_KEPT + 1);
}

/* Lines of @before that @after lacks. */
static size_t count_gone(const char *before, const char *after)
{
	size_t gone = 0;
	AUTO_FREE char *copy = strdup(before);
	char *rest = copy;
	for (char *line; (line = strsep(&rest, "\n")) != NULL;)
		if (line[0] != '\0' && strstr(after, line) == NULL)
			gone++;
	return gone;
}

/* The first falls asleep in its @nth rename, the second takes over, the first wakes; what went from
 * the share then. False: there are fewer renames, or it ended well. */
static bool sleep_in_rename(size_t nth, size_t *gone)
{
	static const char command[] = "find backups/*/COMMIT trash generations -type f | sort";
	const struct share_fake_plan plan = { .at = nth,
					      .operation = SHARE_FAKE_RENAME_NEW,
					      .fault = SHARE_FAKE_STALL };
	struct service_fixture *first = fixture->service;
	char id[GUID_TEXT_SIZE];
	struct db_job job;
	share_fake_set(first->fake, &plan);
	submit_prune(first, false, id);
	for (;;) {
		struct db *db = NULL;
		struct db_pool *pool = backup_service_state(first->service);
		assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
		assert_int_equal(db_job_get(db, id, &job, NULL), STATUS_OK);
		db_pool_give(pool, db);
		bool ended = strcmp(job.state, "Succeeded") == 0;
		db_job_done(&job);
		if (ended)
			return false;
		if (share_fake_hanging(first->fake) > 0)
			break;
	}
	second->clock_offset = first->clock_offset + LEASE_MS + 1000;
	service_fixture_back_up(second);
	AUTO_FREE char *before = look(command);
	share_fake_resume(first->fake);
	expect_failed(first, id, "no longer holds the folder: deployment ");
	AUTO_FREE char *after = look(command);
	*gone = count_gone(before, after);
	return true;
}

/* Wherever it sleeps once it holds the folder, which is its first rename: what is on its way when
 * it wakes arrives, and is the last. */
static void sleep_everywhere(int64_t offset, size_t step, size_t least)
{
	size_t nth = 2, gone = 0, moved = 0;
	for (;; nth += step, setup(NULL)) {
		if (offset > 0) {
			assert_true(prune_fixture_prune(fixture) > 0);
			fixture->service->clock_offset = offset;
		}
		if (!sleep_in_rename(nth, &gone))
			break;
		assert_true(gone <= 1);
		moved += gone;
		assert_int_equal(service_fixture_verify(fixture->service, false), 0);
		teardown(NULL);
	}
	assert_true(nth > least);
	assert_true(offset == 0 || moved == 0);
}

static void test_prune_that_lost_the_folder_while_it_slept_deletes_nothing_more(void **state)
{
	(void)state;
	sleep_everywhere(0, 3, 5 * 4);
}

/* Of the trash and of packs nothing goes at all. */
static void test_prune_that_lost_the_folder_empties_no_trash(void **state)
{
	(void)state;
	sleep_everywhere(PRUNE_DAY + 2000, 2, 4);
}

static void test_prune_and_verify_leave_what_keeps_controllers_apart(void **state)
{
	static const char command[] = "sha256sum reserve sequence/* service/*";
	(void)state;
	AUTO_FREE char *before = look(command);
	assert_non_null(strstr(before, "  sequence/00000001.json\n"));
	assert_non_null(strstr(before, ".sealed\n"));
	assert_true(prune_fixture_prune(fixture) > 0);
	fixture->service->clock_offset += PRUNE_DAY + 2000;
	assert_true(prune_fixture_prune(fixture) > 0);
	assert_int_equal(prune_fixture_check(fixture, 5, false), 0);
	AUTO_FREE char *after = look(command);
	assert_string_equal(before, after);
	assert_int_equal(prune_fixture_count(fixture, "leases", ".json"), 1);
	service_fixture_back_up(fixture->service);
}

/* A partial upload may be what fills the share. */
static void test_prune_removes_partial_uploads_and_nothing_that_is_like_them(void **state)
{
	(void)state;
	AUTO_FREE char *made = look(
		"old=$(echo generations/0001-*) new=$(echo generations/0004-*); for folder in . "
		"sequence deletions $old/packs $new/packs/00 $new/sessions; do mkdir -p $folder; "
		"echo x >$folder/.temporary-a; echo x >$folder/temporary-a; done");
	assert_string_equal(made, "");
	assert_true(prune_fixture_prune(fixture) > 0);
	AUTO_FREE char *left = look("find . -name '.temporary-*'");
	assert_string_equal(left, "");
	AUTO_FREE char *kept = look("find . -name 'temporary-a' | wc -l");
	assert_string_equal(kept, "6\n");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		CASE(test_prune_of_whoever_does_not_hold_the_folder_is_refused),
		CASE(test_prune_that_lost_the_folder_while_it_slept_deletes_nothing_more),
		CASE(test_prune_that_lost_the_folder_empties_no_trash),
		CASE(test_prune_and_verify_leave_what_keeps_controllers_apart),
		CASE(test_prune_removes_partial_uploads_and_nothing_that_is_like_them),
	};
	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}

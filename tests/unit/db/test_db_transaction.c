/* SPDX-License-Identifier: Apache-2.0 */
/* Transactions: all or nothing, also after a kill, on a full disk and against another process. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "../../../src/db/db_connection.h"

#include "db_fixture.h"

/* In a child there is no cmocka: a failed check ends it with its line as message. */
#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);      \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static enum status set_two(struct db *db, void *context, struct error *err)
{
	enum status status = db_setting_set(db, "one", context, err);
	return status == STATUS_OK ? db_setting_set(db, "two", context, err) : status;
}

static enum status set_two_and_fail(struct db *db, void *context, struct error *err)
{
	assert_int_equal(set_two(db, context, err), STATUS_OK);
	return STATUS_CANCELLED;
}

static enum status set_one_and_fail_inside(struct db *db, void *context, struct error *err)
{
	assert_int_equal(db_setting_set(db, "outer", context, err), STATUS_OK);
	assert_int_equal(db_transaction(db, set_two_and_fail, context, err), STATUS_CANCELLED);
	return STATUS_OK;
}

static int64_t settings(const struct db_fixture *fixture)
{
	return db_fixture_number(fixture->path, "SELECT count(*) FROM setting");
}

static char value[] = "value";

static void test_db_transaction_body_succeeds_keeps_everything(void **state)
{
	struct db_fixture *fixture = *state;
	assert_int_equal(db_transaction(fixture->db, set_two, value, NULL), STATUS_OK);
	assert_int_equal(settings(fixture), 2);
}

static void test_db_transaction_body_fails_keeps_nothing(void **state)
{
	struct db_fixture *fixture = *state;
	assert_int_equal(db_transaction(fixture->db, set_two_and_fail, value, NULL),
			 STATUS_CANCELLED);
	assert_int_equal(settings(fixture), 0);
	assert_int_equal(db_transaction(fixture->db, set_two, value, NULL), STATUS_OK);
}

static void test_db_transaction_inner_one_fails_keeps_the_outer(void **state)
{
	struct db_fixture *fixture = *state;
	assert_int_equal(db_transaction(fixture->db, set_one_and_fail_inside, value, NULL),
			 STATUS_OK);
	assert_int_equal(settings(fixture), 1);
}

static void test_db_transaction_locked_by_another_process_says_busy(void **state)
{
	struct db_fixture *fixture = *state;
	sqlite3 *other = NULL;
	struct error err;
	assert_int_equal(sqlite3_open(fixture->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_busy_timeout(fixture->db->handle, 1);
	assert_int_equal(db_transaction(fixture->db, set_two, value, &err), STATUS_FAILED);
	assert_string_equal(err.cause_name, "SQLITE_BUSY");
	assert_string_equal(err.path, fixture->path);
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_int_equal(db_transaction(fixture->db, set_two, value, &err), STATUS_OK);
}

/* Each transaction moves one unit from one row to the other and says so through the pipe; their sum
 * never changes. */
static enum status move_one(struct db *db, void *context, struct error *err)
{
	int *left = context;
	char text[16];
	(void)snprintf(text, sizeof text, "%d", --*left);
	enum status status = db_setting_set(db, "left", text, err);
	(void)snprintf(text, sizeof text, "%d", 1000000 - *left);
	return status == STATUS_OK ? db_setting_set(db, "right", text, err) : status;
}

static void move_for_ever(const char *path, int report)
{
	struct db *db = NULL;
	int left = 1000000;
	CHECK(db_open(path, DB_STATE, &db, NULL) == STATUS_OK);
	for (;;) {
		CHECK(db_transaction(db, move_one, &left, NULL) == STATUS_OK);
		CHECK(write(report, &left, sizeof left) == (ssize_t)sizeof left);
	}
}

static void test_db_transaction_process_killed_keeps_whole_transactions(void **state)
{
	struct db_fixture *fixture = *state;
	for (int round = 0; round < 10; round++) {
		int pipes[2], reported = 0, left = 0;
		assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
		pid_t child = fork();
		if (child == 0)
			move_for_ever(fixture->path, pipes[1]);
		(void)close(pipes[1]);
		for (int i = 0; i < 20 + round; i++)
			assert_int_equal(read(pipes[0], &reported, sizeof reported),
					 sizeof reported);
		(void)kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		while (read(pipes[0], &left, sizeof left) == (ssize_t)sizeof left)
			reported = left;
		(void)close(pipes[0]);
		assert_int_equal(db_fixture_number(fixture->path, "SELECT sum(value) FROM setting"),
				 1000000);
		/* What was reported was committed; one more may have been on its way. */
		int64_t stored = db_fixture_number(
			fixture->path,
			"SELECT CAST(value AS INT) FROM setting WHERE name = 'left'");
		assert_in_range(reported - stored, 0, 1);
		assert_int_equal(db_fixture_number(fixture->path, "SELECT integrity_check = 'ok'"
								  " FROM pragma_integrity_check"),
				 1);
	}
}

static void write_text(const char *path, const char *text)
{
	AUTO_CLOSE descriptor = open(path, O_WRONLY | O_CLOEXEC);
	CHECK(descriptor >= 0);
	CHECK(write(descriptor, text, strlen(text)) == (ssize_t)strlen(text));
}

/* Everybody may mount in a user namespace; root needs none. */
static void mount_small_disk(const char *folder)
{
	char map[64];
	unsigned user = geteuid(), group = getegid();
	CHECK(unshare(CLONE_NEWNS | (user == 0 ? 0 : CLONE_NEWUSER)) == 0);
	if (user != 0) {
		(void)snprintf(map, sizeof map, "0 %u 1", user);
		write_text("/proc/self/uid_map", map);
		write_text("/proc/self/setgroups", "deny");
		(void)snprintf(map, sizeof map, "0 %u 1", group);
		write_text("/proc/self/gid_map", map);
	}
	CHECK(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0);
	CHECK(mount("none", folder, "tmpfs", 0, "size=1m") == 0);
}

static void fill(const char *folder, bool is_full)
{
	char path[200];
	char page[4096];
	memset(page, 'x', sizeof page);
	(void)snprintf(path, sizeof path, "%s/ballast", folder);
	if (!is_full) {
		CHECK(unlink(path) == 0);
		return;
	}
	AUTO_CLOSE descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(descriptor, page, sizeof page) > 0)
		;
}

/* Says the same whether a row, the WAL or the shared memory beside it does not fit. */
static void check_full(const char *path, enum status status, const struct error *err)
{
	CHECK(status == STATUS_FAILED);
	CHECK(strcmp(err->cause_name, "SQLITE_FULL") == 0);
	CHECK(strcmp(err->path, path) == 0);
	CHECK(strstr(err->message, "free space") != NULL);
}

static void use_full_disk(const char *folder, const char *path)
{
	struct db *db = NULL;
	struct error err = { .message = "" };
	static char big[100000];
	memset(big, 'x', sizeof big - 1);
	mount_small_disk(folder);
	CHECK(db_open(path, DB_STATE, &db, &err) == STATUS_OK);
	CHECK(db_setting_set(db, "kept", "precious", &err) == STATUS_OK);
	fill(folder, true);
	check_full(path, db_transaction(db, set_two, big, &err), &err);
	struct buffer kept;
	buffer_init(&kept, 100);
	CHECK(db_setting_get(db, "one", &kept, NULL) == STATUS_NOT_FOUND);
	CHECK(db_setting_get(db, "kept", &kept, NULL) == STATUS_OK);
	CHECK(strcmp((const char *)kept.data, "precious") == 0);
	buffer_done(&kept);
	db_close(db);
	fill(folder, true);
	CHECK(db_open(path, DB_STATE, &db, &err) == STATUS_OK);
	db_close(db);
	char other[200];
	(void)snprintf(other, sizeof other, "%s/other.sqlite", folder);
	check_full(other, db_open(other, DB_STATE, &db, &err), &err);
	fill(folder, false);
	CHECK(db_open(path, DB_STATE, &db, &err) == STATUS_OK);
	CHECK(db_transaction(db, set_two, big, &err) == STATUS_OK);
	db_close(db);
	_exit(0);
}

static void test_db_transaction_disk_is_full_says_so_and_keeps_the_old(void **state)
{
	struct db_fixture *fixture = *state;
	int result = 0;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		use_full_disk(fixture->folder, fixture->path);
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_true(WIFEXITED(result));
	assert_int_equal(WEXITSTATUS(result), 0);
}

#define WITH(test, setup) cmocka_unit_test_setup_teardown(test, setup, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_transaction_body_succeeds_keeps_everything, db_fixture_state),
		WITH(test_db_transaction_body_fails_keeps_nothing, db_fixture_state),
		WITH(test_db_transaction_inner_one_fails_keeps_the_outer, db_fixture_state),
		WITH(test_db_transaction_locked_by_another_process_says_busy, db_fixture_state),
		WITH(test_db_transaction_process_killed_keeps_whole_transactions,
		     db_fixture_folder),
		WITH(test_db_transaction_disk_is_full_says_so_and_keeps_the_old, db_fixture_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

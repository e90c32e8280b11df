/* SPDX-License-Identifier: Apache-2.0 */
/* Programs as services: output, failures, cancellation, and the way back. */
/* not under valgrind: valgrind 3.19 does not know pidfd_open */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unit/snapshot/snapshot_fixture.h"

static const struct snapshot_driver *const command = &snapshot_command_driver;

/* argv of a shell script; "$0" in it is the fixture's folder. */
struct script {
	const char *arguments[5];
};

static struct script shell(struct snapshot_fixture *fixture, const char *text)
{
	return (struct script) { { "sh", "-c", text, fixture->folder, NULL } };
}

/* Runs the script as a snapshot, reading all. Returns what the first failing member says. */
static enum status run(struct snapshot_fixture *fixture, const char *text, uint64_t *length)
{
	struct script script = shell(fixture, text);
	static char data[65536];
	struct snapshot *snapshot;
	struct snapshot_entry entry;
	struct snapshot_file *file;
	struct error close_error;
	size_t got = 1;
	uint64_t hole;
	bool flag;

	*length = 0;
	fixture->settings.command = script.arguments;

	enum status status =
		command->open(&fixture->settings, fixture->cancel, &snapshot, &fixture->err);

	if (status != STATUS_OK)
		return status;
	assert_int_equal(command->next(snapshot, &entry, &flag, &fixture->err), STATUS_OK);
	assert_false(flag);
	assert_int_equal(entry.type, SNAPSHOT_FILE);
	assert_int_equal(entry.inode, 0);
	assert_int_equal(command->open_file(snapshot, &entry, &file, &fixture->err), STATUS_OK);
	while (status == STATUS_OK && got > 0) {
		status = command->read(file, data, sizeof(data), &got, &hole, &fixture->err);
		if (status == STATUS_OK)
			*length += got;
	}
	command->close_file(file, &flag);

	enum status close_status = command->close(snapshot, &close_error);

	if (status != STATUS_OK) {
		assert_int_equal(close_status, status);
		return status;
	}
	fixture->err = close_error;
	return close_status;
}

static void test_read_output_all_of_it(void **state)
{
	struct snapshot_fixture *fixture = *state;
	uint64_t length;

	assert_int_equal(run(fixture, "head -c 3000000 /dev/zero", &length), STATUS_OK);
	assert_int_equal(length, 3000000);
}

static void test_open_missing_program_not_found(void **state)
{
	static const char *const arguments[] = { "/no/such/program", NULL };
	struct snapshot_fixture *fixture = *state;
	struct snapshot *snapshot = NULL;

	fixture->settings.command = arguments;
	assert_int_equal(command->open(&fixture->settings, NULL, &snapshot, &fixture->err),
			 STATUS_NOT_FOUND);
	assert_string_equal(fixture->err.path, "/no/such/program");
	assert_null(snapshot);
}

static void test_open_without_program_names_field(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct snapshot *snapshot = NULL;

	assert_int_equal(command->open(&fixture->settings, NULL, &snapshot, &fixture->err),
			 STATUS_INVALID);
	assert_string_equal(fixture->err.field, "command");
}

static void test_close_exit_status_and_last_words(void **state)
{
	struct snapshot_fixture *fixture = *state;
	uint64_t length;

	assert_int_equal(run(fixture, "echo data; echo first >&2; echo the disk is sad >&2; exit 7",
			     &length),
			 STATUS_FAILED);
	assert_int_equal(length, 5);
	assert_int_equal(fixture->err.cause, 7);
	assert_non_null(strstr(fixture->err.message, "exit status 7"));
	assert_non_null(strstr(fixture->err.message, "the disk is sad"));
}

static void test_close_ended_by_signal_says_which(void **state)
{
	struct snapshot_fixture *fixture = *state;
	uint64_t length;

	assert_int_equal(run(fixture, "kill -9 $$", &length), STATUS_FAILED);
	assert_non_null(strstr(fixture->err.message, "signal 9"));
}

static void test_close_huge_stderr_keeps_its_end(void **state)
{
	struct snapshot_fixture *fixture = *state;
	uint64_t length;

	assert_int_equal(run(fixture,
			     "i=0; while [ $i -lt 20000 ]; do echo line number $i >&2;"
			     " i=$((i+1)); done; printf '\\377\\033 last\\n' >&2; echo x; exit 1",
			     &length),
			 STATUS_FAILED);
	assert_int_equal(length, 2);
	assert_non_null(strstr(fixture->err.message, "line number 19999 ?  last"));
	assert_true(text_is_printable_utf8(fixture->err.message));
}

static void test_close_output_not_read_failed_and_stopped(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct script script = shell(fixture, "exec cat /dev/zero");
	struct snapshot *snapshot;

	fixture->settings.command = script.arguments;
	assert_int_equal(command->open(&fixture->settings, NULL, &snapshot, &fixture->err),
			 STATUS_OK);
	assert_int_equal(command->close(snapshot, &fixture->err), STATUS_FAILED);
}

static void test_read_hanging_program_times_out(void **state)
{
	struct snapshot_fixture *fixture = *state;
	uint64_t length;

	fixture->settings.timeout = 50;
	assert_int_equal(run(fixture, "sleep 1000", &length), STATUS_FAILED);
	assert_non_null(strstr(fixture->err.message, "50 ms"));
}

static bool is_running(const char *path)
{
	char text[32] = "";
	AUTO_CLOSE file = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(file >= 0);
	assert_true(read(file, text, sizeof(text) - 1) > 0);
	return kill((pid_t)strtol(text, NULL, 10), 0) == 0;
}

static void *cancel_after_output(void *context)
{
	struct snapshot_fixture *fixture = context;
	char path[200];

	(void)snprintf(path, sizeof(path), "%s/ready", fixture->folder);
	/* A FIFO: opens when the program does. */
	AUTO_CLOSE ready = open(path, O_RDONLY | O_CLOEXEC);

	assert_true(ready >= 0);

	cancel_request(fixture->cancel);
	return NULL;
}

/* The script says that it runs by opening the FIFO "ready". */
static enum status run_and_cancel(struct snapshot_fixture *fixture, const char *text)
{
	char path[200];
	uint64_t length;
	pthread_t thread;

	(void)snprintf(path, sizeof(path), "%s/ready", fixture->folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, cancel_after_output, fixture), 0);

	enum status status = run(fixture, text, &length);

	assert_int_equal(pthread_join(thread, NULL), 0);
	return status;
}

static void test_read_cancelled_stops_program_and_its_children(void **state)
{
	struct snapshot_fixture *fixture = *state;
	char path[200];

	assert_int_equal(run_and_cancel(fixture, "sleep 1000 & echo $! > $0/child;"
						 ": > $0/ready; wait"),
			 STATUS_CANCELLED);
	(void)snprintf(path, sizeof(path), "%s/child", fixture->folder);
	/* It is init's to collect; until then it is a zombie, which signals still reach. */
	while (is_running(path)) {
		char stat_path[64];
		char text[512] = "";
		char id[32] = "";
		AUTO_CLOSE id_file = open(path, O_RDONLY | O_CLOEXEC);

		assert_true(read(id_file, id, sizeof(id) - 1) > 0);
		(void)snprintf(stat_path, sizeof(stat_path), "/proc/%ld/stat",
			       strtol(id, NULL, 10));

		AUTO_CLOSE stat_file = open(stat_path, O_RDONLY | O_CLOEXEC);

		if (stat_file < 0 || read(stat_file, text, sizeof(text) - 1) <= 0 ||
		    strstr(text, ") Z ") != NULL)
			break;
	}
}

static void test_read_cancelled_program_ignores_sigterm_is_killed(void **state)
{
	struct snapshot_fixture *fixture = *state;

	assert_int_equal(
		run_and_cancel(fixture, "trap '' TERM; : > $0/ready; while :; do sleep 1000; done"),
		STATUS_CANCELLED);
}

/* Not through a shell: some clear their signal mask themselves. */
static void test_start_child_has_no_signals_blocked(void **state)
{
	static const char *const arguments[] = {
		"grep", "-q", "^SigBlk:\t0000000000000000$", "/proc/self/status", NULL,
	};
	struct snapshot_fixture *fixture = *state;
	sigset_t all;
	sigset_t before;

	fixture->settings.command = arguments;
	(void)sigfillset(&all);
	assert_int_equal(pthread_sigmask(SIG_BLOCK, &all, &before), 0);

	enum status status = pump(fixture, command, &snapshot_directory_driver);

	assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
	assert_int_equal(status, STATUS_OK);
}

static void test_start_child_has_no_secrets_and_descriptors(void **state)
{
	struct snapshot_fixture *fixture = *state;
	uint64_t length;
	/* Without close-on-exec: must not get through all the same. */
	AUTO_CLOSE leak = open("/dev/null", O_RDONLY);

	assert_true(leak >= 0);
	assert_int_equal(setenv("INFRABACKUP_PASSWORD", "x", 1), 0);

	enum status status = run(fixture,
				 "test -z \"$INFRABACKUP_PASSWORD\" || exit 1;"
				 "i=3; while [ $i -lt 100 ]; do test -e /proc/$$/fd/$i && exit 3;"
				 " i=$((i+1)); done",
				 &length);

	assert_int_equal(unsetenv("INFRABACKUP_PASSWORD"), 0);
	assert_int_equal(status, STATUS_OK);
}

static void test_open_file_second_time_conflict(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct script script = shell(fixture, "echo x");
	const struct snapshot_entry entry = { .path = "output", .type = SNAPSHOT_FILE };
	struct snapshot *snapshot;
	struct snapshot_file *file;
	bool changed;

	fixture->settings.command = script.arguments;
	assert_int_equal(command->open(&fixture->settings, NULL, &snapshot, &fixture->err),
			 STATUS_OK);
	assert_int_equal(command->open_file(snapshot, &entry, &file, &fixture->err), STATUS_OK);
	command->close_file(file, &changed);
	assert_int_equal(command->open_file(snapshot, &entry, &file, &fixture->err),
			 STATUS_CONFLICT);
	assert_int_equal(command->close(snapshot, &fixture->err), STATUS_FAILED);
}

static enum status restore_by(struct snapshot_fixture *fixture, const char *snapshot_text,
			      const char *restore_text)
{
	struct script snapshot_script = shell(fixture, snapshot_text);
	struct script restore_script = shell(fixture, restore_text);

	fixture->settings.command = snapshot_script.arguments;
	fixture->target_settings.restore_command = restore_script.arguments;
	return pump(fixture, command, command);
}

static void test_restore_program_gets_the_output(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct stat found;

	assert_int_equal(restore_by(fixture, "seq 1 200000", "cat > $0/fed; cmp $0/fed $0/fed"),
			 STATUS_OK);
	(void)snprintf(fixture->source, sizeof(fixture->source), "%s/fed", fixture->folder);
	assert_int_equal(stat(fixture->source, &found), 0);
	assert_int_equal(found.st_size, 1288895);
	assert_int_equal(fixture->report.entries, 1);
	assert_int_equal(fixture->report.bytes, 1288895);
}

static void test_restore_program_fails_says_why(void **state)
{
	struct snapshot_fixture *fixture = *state;

	/* Also what it writes to stdout. */
	assert_int_equal(restore_by(fixture, "echo x", "cat; echo schema mismatch; exit 3"),
			 STATUS_FAILED);
	assert_int_equal(fixture->err.cause, 3);
	assert_non_null(strstr(fixture->err.message, "schema mismatch"));
}

static void test_restore_program_does_not_read_fails(void **state)
{
	struct snapshot_fixture *fixture = *state;

	assert_int_equal(restore_by(fixture, "head -c 4000000 /dev/zero", "exit 0"), STATUS_FAILED);
	assert_non_null(strstr(fixture->err.message, "before it had read"));
	assert_int_equal(restore_by(fixture, "head -c 4000000 /dev/zero", "exit 9"), STATUS_FAILED);
	assert_int_equal(fixture->err.cause, 9);
}

static void test_restore_without_command_refused(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct restore *restore = NULL;

	assert_int_equal(
		command->restore_open(&fixture->target_settings, NULL, &restore, &fixture->err),
		STATUS_UNSUPPORTED);
	assert_null(restore);
}

static void test_restore_commit_without_content_runs_nothing(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct script script = shell(fixture, ": > $0/ran");
	struct restore *restore;
	char path[200];

	fixture->target_settings.restore_command = script.arguments;
	assert_int_equal(
		command->restore_open(&fixture->target_settings, NULL, &restore, &fixture->err),
		STATUS_OK);
	assert_int_equal(command->commit(restore, &fixture->err), STATUS_CONFLICT);
	command->restore_close(restore);
	(void)snprintf(path, sizeof(path), "%s/ran", fixture->folder);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_snapshot_into_folder_is_one_file(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct script script = shell(fixture, "echo content");
	struct stat found;
	char path[200];

	fixture->settings.command = script.arguments;
	fixture->settings.entry_name = "dump.sql";
	assert_int_equal(pump(fixture, command, &snapshot_directory_driver), STATUS_OK);
	(void)snprintf(path, sizeof(path), "%s/dump.sql", fixture->target);
	assert_int_equal(stat(path, &found), 0);
	assert_int_equal(found.st_size, 8);
	assert_int_equal(found.st_mode & 07777, 0600);
}

int main(void)
{
#define COMMAND_TEST(name)                                                                         \
	cmocka_unit_test_setup_teardown(name, snapshot_fixture_setup, snapshot_fixture_teardown)
	const struct CMUnitTest tests[] = {
		COMMAND_TEST(test_read_output_all_of_it),
		COMMAND_TEST(test_open_missing_program_not_found),
		COMMAND_TEST(test_open_without_program_names_field),
		COMMAND_TEST(test_close_exit_status_and_last_words),
		COMMAND_TEST(test_close_ended_by_signal_says_which),
		COMMAND_TEST(test_close_huge_stderr_keeps_its_end),
		COMMAND_TEST(test_close_output_not_read_failed_and_stopped),
		COMMAND_TEST(test_read_hanging_program_times_out),
		COMMAND_TEST(test_read_cancelled_stops_program_and_its_children),
		COMMAND_TEST(test_read_cancelled_program_ignores_sigterm_is_killed),
		COMMAND_TEST(test_start_child_has_no_signals_blocked),
		COMMAND_TEST(test_start_child_has_no_secrets_and_descriptors),
		COMMAND_TEST(test_open_file_second_time_conflict),
		COMMAND_TEST(test_restore_program_gets_the_output),
		COMMAND_TEST(test_restore_program_fails_says_why),
		COMMAND_TEST(test_restore_program_does_not_read_fails),
		COMMAND_TEST(test_restore_without_command_refused),
		COMMAND_TEST(test_restore_commit_without_content_runs_nothing),
		COMMAND_TEST(test_snapshot_into_folder_is_one_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The walk: order, completeness, problems, and what it must not do. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "unit/snapshot/snapshot_fixture.h"

static void test_next_ten_thousand_files_come_in_path_order(void **state)
{
	static const char *const folders[] = { "a", "a.b", "a-b", "a b", "ab", "b", "a/c", "a/c!" };
	struct snapshot_fixture *fixture = *state;
	char name[64];
	char previous[4096] = "";
	struct snapshot_entry entry;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_LENGTH(folders); i++)
		make_folder(fixture, folders[i]);
	for (unsigned i = 0; i < 10000; i++) {
		const char *folder = folders[i % ARRAY_LENGTH(folders)];
		char first = (char)(0x20 + i % 0xC0);

		(void)snprintf(name, sizeof(name), "%s/%c%u", folder, first == '/' ? '0' : first,
			       i * 2654435761U);
		make_file(fixture, name, "");
	}

	struct snapshot *snapshot = open_directory(fixture);

	assert_true(next_entry(fixture, snapshot, &entry));
	assert_string_equal(entry.path, "");
	assert_int_equal(entry.type, SNAPSHOT_DIRECTORY);
	while (next_entry(fixture, snapshot, &entry)) {
		assert_true(snapshot_path_compare(previous, entry.path) < 0);
		(void)snprintf(previous, sizeof(previous), "%s", entry.path);
		count++;
	}
	assert_int_equal(count, 10000 + ARRAY_LENGTH(folders));
	close_directory(fixture, snapshot);
}

static void test_next_opens_no_file(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct snapshot_entry entry;
	char events[4096];

	make_file(fixture, "plain", "content");
	assert_int_equal(mkfifo(source_path(fixture, "fifo"), 0600), 0);
	assert_int_equal(symlink("plain", source_path(fixture, "link")), 0);

	AUTO_CLOSE watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	assert_true(inotify_add_watch(watch, source_path(fixture, "plain"), IN_OPEN) >= 0);
	assert_true(inotify_add_watch(watch, source_path(fixture, "fifo"), IN_OPEN) >= 0);

	struct snapshot *snapshot = open_directory(fixture);

	while (next_entry(fixture, snapshot, &entry))
		;
	close_directory(fixture, snapshot);
	assert_int_equal(read(watch, events, sizeof(events)), -1);
	assert_int_equal(errno, EAGAIN);
}

static void test_next_hard_links_refer_to_first_name(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_folder(fixture, "z");
	make_file(fixture, "m", "shared");
	assert_int_equal(link(source_path(fixture, "m"), source_path(fixture, "z/n")), 0);
	assert_int_equal(link(source_path(fixture, "m"), source_path(fixture, "b")), 0);

	struct snapshot_entry *first = find_entry(fixture, "b");
	struct snapshot_entry *second = find_entry(fixture, "m");
	struct snapshot_entry *third = find_entry(fixture, "z/n");

	assert_int_equal(first->type, SNAPSHOT_FILE);
	assert_int_equal(second->type, SNAPSHOT_HARD_LINK);
	assert_string_equal(second->link_target, "b");
	assert_int_equal(third->type, SNAPSHOT_HARD_LINK);
	assert_string_equal(third->link_target, "b");
	snapshot_entry_free(first);
	snapshot_entry_free(second);
	snapshot_entry_free(third);
}

static void test_next_excluded_patterns_are_not_listed(void **state)
{
	static const char *const exclude[] = { "*.tmp", "cache", "logs/*.log", NULL };
	struct snapshot_fixture *fixture = *state;

	make_folder(fixture, "cache");
	make_folder(fixture, "logs");
	make_file(fixture, "cache/kept?", "");
	make_file(fixture, "a.tmp", "");
	make_file(fixture, "logs/b.tmp", "");
	make_file(fixture, "logs/c.log", "");
	fixture->settings.exclude = exclude;
	assert_null(find_entry(fixture, "a.tmp"));
	assert_null(find_entry(fixture, "cache"));
	assert_null(find_entry(fixture, "cache/kept?"));
	assert_null(find_entry(fixture, "logs/c.log"));

	struct snapshot_entry *kept = find_entry(fixture, "logs/b.tmp");

	assert_non_null(kept);
	snapshot_entry_free(kept);
}

static void test_next_cancelled_stops(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct snapshot *snapshot = open_directory(fixture);
	struct snapshot_entry entry;
	bool end;

	make_file(fixture, "a", "");
	assert_true(next_entry(fixture, snapshot, &entry));
	make_file(fixture, "b", "");
	cancel_request(fixture->cancel);

	enum status status = snapshot_directory_driver.next(snapshot, &entry, &end, &fixture->err);

	assert_true(status == STATUS_CANCELLED);
	close_directory(fixture, snapshot);
}

static void test_next_file_removed_after_listing_is_not_there(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct snapshot_entry entry;

	make_file(fixture, "a", "");
	make_file(fixture, "b", "");
	make_folder(fixture, "c");

	struct snapshot *snapshot = open_directory(fixture);

	assert_true(next_entry(fixture, snapshot, &entry));
	assert_int_equal(unlink(source_path(fixture, "a")), 0);
	assert_int_equal(rmdir(source_path(fixture, "c")), 0);
	assert_true(next_entry(fixture, snapshot, &entry));
	assert_string_equal(entry.path, "b");
	assert_false(next_entry(fixture, snapshot, &entry));
	close_directory(fixture, snapshot);
}

/* Runs @check as somebody who is not root; its result is the number of failed expectations. */
static void run_unprivileged(struct snapshot_fixture *fixture,
			     int (*check)(struct snapshot_fixture *fixture))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		if (geteuid() == 0 &&
		    (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
			_exit(100);
		_exit(check(fixture));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int check_unreadable(struct snapshot_fixture *fixture)
{
	const struct snapshot_driver *driver = &snapshot_directory_driver;
	struct snapshot *snapshot;
	struct snapshot_entry entry;
	struct snapshot_file *file;
	bool end;
	int failures = 0;
	unsigned seen = 0;

	if (driver->open(&fixture->settings, NULL, &snapshot, NULL) != STATUS_OK)
		return 50;
	while (driver->next(snapshot, &entry, &end, NULL) == STATUS_OK && !end) {
		if (strcmp(entry.path, "closed") == 0) {
			seen |= 1;
			failures += entry.type != SNAPSHOT_DIRECTORY;
			failures += entry.problem != SNAPSHOT_PROBLEM_UNREADABLE;
			failures += entry.cause != EACCES;
		}
		if (strcmp(entry.path, "secret") == 0) {
			seen |= 2;
			failures += driver->open_file(snapshot, &entry, &file, &fixture->err) !=
				    STATUS_FAILED;
			failures += fixture->err.cause != EACCES;
		}
		if (strcmp(entry.path, "unsearchable/inside") == 0) {
			seen |= 4;
			failures += entry.problem != SNAPSHOT_PROBLEM_UNREADABLE;
			failures += entry.type != SNAPSHOT_FILE;
		}
		failures += strcmp(entry.path, "closed/hidden") == 0;
	}
	failures += driver->close(snapshot, NULL) != STATUS_OK;
	return failures + (seen == 7 ? 0 : 20);
}

static void test_next_unreadable_things_are_entries_with_problem(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_folder(fixture, "closed");
	make_file(fixture, "closed/hidden", "");
	make_file(fixture, "secret", "x");
	make_folder(fixture, "unsearchable");
	make_file(fixture, "unsearchable/inside", "");
	assert_int_equal(chmod(fixture->folder, 0755), 0);
	assert_int_equal(chmod(source_path(fixture, "closed"), 0), 0);
	assert_int_equal(chmod(source_path(fixture, "secret"), 0), 0);
	assert_int_equal(chmod(source_path(fixture, "unsearchable"), 0444), 0);
	run_unprivileged(fixture, check_unreadable);
	assert_int_equal(chmod(source_path(fixture, "closed"), 0700), 0);
	assert_int_equal(chmod(source_path(fixture, "unsearchable"), 0700), 0);
}

static void test_open_missing_folder_not_found(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct snapshot *snapshot = NULL;

	fixture->settings.path = fixture->target;
	assert_int_equal(
		snapshot_directory_driver.open(&fixture->settings, NULL, &snapshot, &fixture->err),
		STATUS_NOT_FOUND);
	assert_null(snapshot);
	assert_string_equal(fixture->err.path, fixture->target);
}

/* @depth folders called 255 x 'd' (or short ones), one file in each. */
static void make_deep(struct snapshot_fixture *fixture, int depth, size_t name_length)
{
	char name[256];
	int folder = open(fixture->source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	memset(name, 'd', name_length);
	name[name_length] = '\0';
	for (int i = 0; i < depth; i++) {
		assert_true(folder >= 0);
		assert_int_equal(mkdirat(folder, name, 0755), 0);

		int next = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		AUTO_CLOSE file = openat(next, "z", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		assert_int_equal(write(file, name, 1), 1);
		(void)close(folder);
		folder = next;
	}
	(void)close(folder);
}

static void test_round_trip_thousand_levels_few_descriptors(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct rlimit before;
	struct rlimit few;

	make_deep(fixture, 1000, 20);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_int_equal(pump(fixture, &snapshot_directory_driver, &snapshot_directory_driver),
			 STATUS_OK);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(fixture->problems, 0);
	assert_int_equal(fixture->report.entries, 2001);
	assert_int_equal(tree_compare(fixture->source, fixture->target, 0, stderr), 0);
}

static void test_round_trip_longest_names_past_path_max(void **state)
{
	struct snapshot_fixture *fixture = *state;

	make_deep(fixture, 100, 255);
	assert_round_trip(fixture, 0);
	assert_int_equal(fixture->problems, 0);
	assert_int_equal(fixture->report.entries, 201);
}

static void test_next_too_long_path_is_entry_with_problem(void **state)
{
	struct snapshot_fixture *fixture = *state;
	struct snapshot *snapshot;
	struct snapshot_entry entry;
	bool reported = false;

	make_deep(fixture, 1700, 255);
	snapshot = open_directory(fixture);
	while (next_entry(fixture, snapshot, &entry))
		reported = reported || (entry.problem == SNAPSHOT_PROBLEM_UNREADABLE &&
					entry.cause == ENAMETOOLONG);
	assert_true(reported);
	close_directory(fixture, snapshot);
}

int main(void)
{
#define WALK_TEST(name)                                                                            \
	cmocka_unit_test_setup_teardown(name, snapshot_fixture_setup, snapshot_fixture_teardown)
	const struct CMUnitTest tests[] = {
		WALK_TEST(test_next_ten_thousand_files_come_in_path_order),
		WALK_TEST(test_next_opens_no_file),
		WALK_TEST(test_next_hard_links_refer_to_first_name),
		WALK_TEST(test_next_excluded_patterns_are_not_listed),
		WALK_TEST(test_next_cancelled_stops),
		WALK_TEST(test_next_file_removed_after_listing_is_not_there),
		WALK_TEST(test_next_unreadable_things_are_entries_with_problem),
		WALK_TEST(test_open_missing_folder_not_found),
		WALK_TEST(test_round_trip_thousand_levels_few_descriptors),
		WALK_TEST(test_round_trip_longest_names_past_path_max),
		WALK_TEST(test_next_too_long_path_is_entry_with_problem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Trees that are large in one way or another. */
/* not under valgrind: gigabytes of holes are hashed, which takes it many minutes */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_tree.h"

#define FILES 20000
#define FOLDERS 50
#define GIB (1ll << 30)
#define PIECES 5000 /* with the holes between them more extents than a reader keeps */
#define PIECE_DISTANCE (128 << 10)

static int create(const struct service_fixture *fixture, const char *name)
{
	AUTO_FREE char *path = backup_tree_path(fixture, name);
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(file >= 0);
	return file;
}

static void put(int file, off_t at, const char *text)
{
	assert_int_equal(pwrite(file, text, strlen(text), at), (ssize_t)strlen(text));
}

static void test_backup_of_a_sparse_file_of_three_gibibytes_restores_equal(void **state)
{
	AUTO_CLOSE file = create(*state, "sparse");
	put(file, 5, "at the beginning");
	put(file, GIB + 12345, "somewhere in the middle");
	put(file, 3 * GIB - 100000, "near the end");
	assert_int_equal(ftruncate(file, 3 * GIB + 17), 0);
	backup_tree_assert_equal(*state, 0);
	backup_tree_assert_equal(*state, 0);
}

static void test_backup_of_a_file_with_many_holes_restores_equal_twice(void **state)
{
	AUTO_CLOSE file = create(*state, "pieces");
	char text[32];
	for (int i = 0; i < PIECES; i++) {
		(void)snprintf(text, sizeof text, "piece %d", i);
		put(file, (off_t)i * PIECE_DISTANCE, text);
	}
	backup_tree_assert_equal(*state, 0);
	/* From the stat cache. */
	backup_tree_assert_equal(*state, 0);
}

static size_t file_count(void)
{
	const char *text = getenv("INFRABACKUP_TEST_FILES");
	return text != NULL ? strtoul(text, NULL, 10) : FILES;
}

static void test_backup_of_many_small_files_restores_equal_and_then_reads_none(void **state)
{
	struct service_fixture *fixture = *state;
	size_t count = file_count();
	char name[64];
	for (size_t i = 0; i < FOLDERS; i++) {
		(void)snprintf(name, sizeof name, "folder-%zu", i);
		backup_tree_folder(fixture, name);
	}
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(name, sizeof name, "folder-%zu/file-%zu", i % FOLDERS, i);
		backup_tree_text(fixture, name, name);
	}
	fixture->clock_offset = 60000;
	backup_tree_assert_equal(fixture, 0);
	struct db_job job;
	struct db_job_role role;
	backup_tree_back_up_as(fixture, "Succeeded", &job);
	assert_true(service_fixture_role(fixture, job.id, "Data", &role));
	assert_int_equal(role.files_read, 0);
	assert_int_equal(role.files_unchanged, count);
	assert_int_equal(role.new_bytes, 0);
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
	db_job_role_done(&role);
	db_job_done(&job);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, backup_tree_setup, backup_tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_backup_of_a_sparse_file_of_three_gibibytes_restores_equal),
		CASE(test_backup_of_a_file_with_many_holes_restores_equal_twice),
		CASE(test_backup_of_many_small_files_restores_equal_and_then_reads_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

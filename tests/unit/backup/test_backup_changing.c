/* SPDX-License-Identifier: Apache-2.0 */
/* Files that change while they are backed up: what comes back is one of their states or a piece of
 * it, and nothing else suffers. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_tree.h"

#define BACKUPS 6
#define STEADY 40
#define LENGTH (3u << 20)
#define VANISHING 200

struct writer {
	struct service_fixture *fixture;
	pthread_t thread;
	atomic_bool stop;
	int source;
	/* One turn of the change; @turn counts from 0. */
	void (*change)(const struct writer *writer, unsigned turn);
};

static void *writer_thread(void *argument)
{
	struct writer *writer = argument;
	for (unsigned turn = 0; !atomic_load(&writer->stop); turn++)
		writer->change(writer, turn);
	return NULL;
}

/* A byte that tells where it stands. */
static unsigned char byte_at(size_t position)
{
	return (unsigned char)(position * 31 + position / 251);
}

static void fill(unsigned char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = byte_at(i);
}

static void make_steady(struct service_fixture *fixture)
{
	char name[32];
	backup_tree_folder(fixture, "steady");
	for (unsigned i = 0; i < STEADY; i++) {
		(void)snprintf(name, sizeof name, "steady/%u", i);
		service_fixture_write(fixture, name, 30000, i);
	}
}

static void start(struct writer *writer, struct service_fixture *fixture,
		  void (*change)(const struct writer *, unsigned))
{
	memset(writer, 0, sizeof *writer);
	writer->fixture = fixture;
	writer->change = change;
	writer->source = open(fixture->source_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(writer->source >= 0);
	assert_int_equal(pthread_create(&writer->thread, NULL, writer_thread, writer), 0);
}

static void stop(struct writer *writer)
{
	atomic_store(&writer->stop, true);
	assert_int_equal(pthread_join(writer->thread, NULL), 0);
	(void)close(writer->source);
}

/* One backup beside the writer: sound, its state as its problems say, what is steady equal. Whether
 * it says that files changed. */
static bool back_up_beside(struct service_fixture *fixture)
{
	struct db_job job;
	struct db_job_role role;
	struct recover_result result;
	struct error err;
	service_fixture_backup(fixture, &job);
	assert_true(service_fixture_role(fixture, job.id, "Data", &role));
	assert_string_equal(job.state, role.problems > 0 ? "PartialSucceeded" : "Succeeded");
	assert_string_equal(role.state, job.state);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	enum status status = backup_tree_recover_all(fixture, job.id, &result, &err);
	assert_int_equal(status, role.problems > 0 ? STATUS_PARTIAL : STATUS_OK);
	assert_int_equal(backup_tree_role(&result, "Data")->status, STATUS_OK);
	AUTO_FREE char *steady = backup_tree_path(fixture, "steady");
	AUTO_FREE char *recovered = file_join(fixture->folder, "all-roles/Data/steady");
	assert_int_equal(tree_compare(steady, recovered, 0, stderr), 0);
	bool changed = role.problems > 0;
	recover_result_done(&result);
	db_job_role_done(&role);
	db_job_done(&job);
	return changed;
}

/* What came back is a beginning of what is there in the end, at most @at_most bytes of it. @torn:
 * the backup says that the file changed, and then the kernel may have handed out zeros that a
 * truncation was about to cut off. */
static void assert_beginning(struct service_fixture *fixture, const char *name, size_t at_most,
			     bool torn)
{
	struct buffer bytes;
	assert_true(backup_tree_recovered(fixture, name, &bytes));
	assert_in_range(bytes.length, 0, at_most);
	for (size_t i = 0; i < bytes.length; i++)
		if (bytes.data[i] != byte_at(i) && !(torn && bytes.data[i] == 0))
			fail_msg("byte %zu of %zu is another", i, bytes.length);
	buffer_done(&bytes);
}

/* --- a file that grows --- */

static void grow(const struct writer *writer, unsigned turn)
{
	unsigned char piece[1000];
	AUTO_CLOSE file =
		openat(writer->source, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	struct stat now;
	if (file < 0 || fstat(file, &now) != 0 || now.st_size > (off_t)LENGTH)
		return;
	(void)turn;
	for (size_t i = 0; i < sizeof piece; i++)
		piece[i] = byte_at((size_t)now.st_size + i);
	if (write(file, piece, sizeof piece) != (ssize_t)sizeof piece)
		return;
}

static void test_backup_of_a_growing_file_restores_a_beginning_of_it(void **state)
{
	struct service_fixture *fixture = *state;
	struct writer writer;
	make_steady(fixture);
	backup_tree_text(fixture, "log", "");
	start(&writer, fixture, grow);
	for (int i = 0; i < BACKUPS; i++) {
		back_up_beside(fixture);
		assert_beginning(fixture, "Data/log", LENGTH + 1000, false);
	}
	stop(&writer);
	backup_tree_assert_equal(fixture, 0);
}

/* --- a file that shrinks and is filled again with the same bytes --- */

static void shrink(const struct writer *writer, unsigned turn)
{
	static unsigned char bytes[LENGTH];
	AUTO_CLOSE file = openat(writer->source, "shrinking", O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return;
	if (turn == 0)
		fill(bytes, sizeof bytes);
	if (turn % 8 != 7)
		(void)!ftruncate(file, (off_t)(LENGTH - (turn % 8 + 1) * (LENGTH / 8)));
	else
		(void)!pwrite(file, bytes, sizeof bytes, 0);
}

static void test_backup_of_a_shrinking_file_restores_a_beginning_of_it(void **state)
{
	struct service_fixture *fixture = *state;
	struct writer writer;
	AUTO_FREE unsigned char *bytes = malloc(LENGTH);
	struct error err;
	AUTO_FREE char *path = backup_tree_path(fixture, "shrinking");
	fill(bytes, LENGTH);
	assert_int_equal(file_write(path, 0644, true, bytes, LENGTH, &err), STATUS_OK);
	make_steady(fixture);
	start(&writer, fixture, shrink);
	for (int i = 0; i < BACKUPS; i++) {
		bool changed = back_up_beside(fixture);
		assert_beginning(fixture, "Data/shrinking", LENGTH, changed);
	}
	stop(&writer);
	backup_tree_assert_equal(fixture, 0);
}

/* --- a file that is replaced, by rename, with the next version --- */

static void replace(const struct writer *writer, unsigned turn)
{
	static unsigned char bytes[LENGTH / 8];
	memset(bytes, (int)(turn % 256), sizeof bytes);
	AUTO_CLOSE file =
		openat(writer->source, "next", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (file < 0 || write(file, bytes, sizeof bytes) != (ssize_t)sizeof bytes)
		return;
	(void)!renameat(writer->source, "next", writer->source, "replaced");
}

/* Who replaces files by renaming them never has a mixture in the backup. */
static void test_backup_of_a_replaced_file_restores_one_version(void **state)
{
	struct service_fixture *fixture = *state;
	struct writer writer;
	make_steady(fixture);
	start(&writer, fixture, replace);
	for (int i = 0; i < BACKUPS; i++) {
		struct buffer bytes;
		back_up_beside(fixture);
		if (!backup_tree_recovered(fixture, "Data/replaced", &bytes))
			continue;
		assert_int_equal(bytes.length, LENGTH / 8);
		for (size_t k = 1; k < bytes.length; k++)
			if (bytes.data[k] != bytes.data[0])
				fail_msg("byte %zu is of another version", k);
		buffer_done(&bytes);
	}
	stop(&writer);
	backup_tree_assert_equal(fixture, 0);
}

/* --- files that come and go --- */

static void vanish(const struct writer *writer, unsigned turn)
{
	char name[32];
	(void)snprintf(name, sizeof name, "v-%u", turn % VANISHING);
	if (turn / VANISHING % 2 == 1) {
		(void)!unlinkat(writer->source, name, 0);
		return;
	}
	AUTO_CLOSE file = openat(writer->source, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (file >= 0)
		(void)!write(file, name, strlen(name));
}

static void test_backup_of_vanishing_files_restores_whole_ones_only(void **state)
{
	struct service_fixture *fixture = *state;
	struct writer writer;
	make_steady(fixture);
	start(&writer, fixture, vanish);
	for (int i = 0; i < BACKUPS; i++) {
		back_up_beside(fixture);
		for (unsigned k = 0; k < VANISHING; k++) {
			char name[32];
			struct buffer bytes;
			(void)snprintf(name, sizeof name, "Data/v-%u", k);
			if (!backup_tree_recovered(fixture, name, &bytes))
				continue;
			/* Between its making and its writing it is empty. */
			if (bytes.length > 0)
				assert_string_equal((const char *)bytes.data,
						    name + strlen("Data/"));
			buffer_done(&bytes);
		}
	}
	stop(&writer);
	backup_tree_assert_equal(fixture, 0);
}

/* --- folders that come and go, and change places with files --- */

static void turn_over(const struct writer *writer, unsigned turn)
{
	if (turn % 2 == 0) {
		(void)!mkdirat(writer->source, "either", 0755);
		(void)!symlinkat("nowhere", writer->source, "either/link");
		(void)!unlinkat(writer->source, "either/link", 0);
		(void)!unlinkat(writer->source, "either", AT_REMOVEDIR);
	} else {
		(void)!mkfifoat(writer->source, "either", 0644);
		(void)!unlinkat(writer->source, "either", 0);
	}
}

static void test_backup_beside_names_that_change_their_type_goes_through(void **state)
{
	struct service_fixture *fixture = *state;
	struct writer writer;
	make_steady(fixture);
	start(&writer, fixture, turn_over);
	for (int i = 0; i < BACKUPS; i++)
		back_up_beside(fixture);
	stop(&writer);
	backup_tree_assert_equal(fixture, 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, backup_tree_setup, backup_tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_backup_of_a_growing_file_restores_a_beginning_of_it),
		CASE(test_backup_of_a_shrinking_file_restores_a_beginning_of_it),
		CASE(test_backup_of_a_replaced_file_restores_one_version),
		CASE(test_backup_of_vanishing_files_restores_whole_ones_only),
		CASE(test_backup_beside_names_that_change_their_type_goes_through),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Backups of the service read by tests/reader, which was written from api/FORMAT.md alone. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake/run_program.h"
#include "fake/tree_compare.h"

#include "recover_fixture.h"

#define PYTHON "/usr/bin/python3"
#define NOBODY 65534
#define READER "tests/reader/infrabackup_reader.py"

/* Below the project's folder, where every test is started. */
static char *reader_path(void)
{
	char *path = realpath(READER, NULL);
	if (path == NULL)
		fail_msg("%s is not there: tests are run from the project's folder", READER);
	return path;
}

static void put_key(const struct service_fixture *service)
{
	AUTO_FREE char *pfx = file_join(service->folder, "key.pfx");
	AUTO_FREE char *password = file_join(service->folder, "password");
	assert_int_equal(file_write(pfx, 0600, true, service->pfx.data, service->pfx.length, NULL),
			 STATUS_OK);
	assert_int_equal(file_write(password, 0600, true, service->pfx_password.data,
				    service->pfx_password.length, NULL),
			 STATUS_OK);
}

/* Restores @backup (NULL: the newest) below folder/read; the reader's exit status. */
static int read_back(const struct service_fixture *service, const char *backup,
		     struct buffer *output)
{
	AUTO_FREE char *reader = reader_path();
	AUTO_FREE char *id = strdup(backup != NULL ? backup : "");
	char python[] = PYTHON, share[] = "share", pfx[] = "key.pfx";
	char password[] = "password", folder[] = "read", option[] = "--backup";
	char signer_option[] = "--signer";
	AUTO_FREE char *signer = strdup(backup_service_signer(service->service));
	AUTO_FREE char *target = file_join(service->folder, "read");
	char *const arguments[] = { python,
				    reader,
				    share,
				    pfx,
				    password,
				    folder,
				    signer_option,
				    signer,
				    backup != NULL ? option : NULL,
				    id,
				    NULL };
	put_key(service);
	assert_int_equal(file_remove_tree(target, NULL), STATUS_OK);
	buffer_init(output, 1u << 20);
	return run_program(service->folder, arguments, output);
}

static void assert_read_back(const struct service_fixture *service, const char *backup,
			     const char *source, unsigned flags)
{
	struct buffer output;
	int result = read_back(service, backup, &output);
	if (result != 0)
		fail_msg("the reader: %s", (const char *)output.data);
	buffer_done(&output);
	AUTO_FREE char *left = file_join(service->folder, source);
	AUTO_FREE char *right = file_join(service->folder, "read/Data");
	assert_int_equal(tree_compare(left, right, flags, stderr), 0);
}

static void test_reader_restores_every_backup_of_a_chain_equal(void **state)
{
	struct recover_fixture *fixture = recover_fixture_new(RECOVER_BACKUPS, NULL);
	(void)state;
	for (size_t i = 0; i < RECOVER_BACKUPS; i++) {
		char source[32];
		(void)snprintf(source, sizeof source, "source-%zu", i);
		assert_read_back(fixture->service, fixture->backups[i].backup_id, source, 0);
	}
	recover_fixture_free(fixture);
}

static void make_tree(struct service_fixture *service)
{
	AUTO_CLOSE source = open(service->source_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *sparse = file_join(service->source_path, "sparse");
	service_fixture_write(service, "large", 5u << 20, 1);
	service_fixture_write(service, "name\nwith \xff bytes", 10, 2);
	assert_int_equal(mkdirat(source, "folder", 0750), 0);
	service_fixture_write(service, "folder/small", 10, 3);
	assert_int_equal(linkat(source, "large", source, "folder/large-again", 0), 0);
	assert_int_equal(symlinkat("nowhere", source, "dangling"), 0);
	assert_int_equal(mkfifoat(source, "fifo", 0600), 0);
	assert_int_equal(close(openat(source, "sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	assert_int_equal(truncate(sparse, 10 << 20), 0);
	assert_int_equal(fchmodat(source, "folder/small", 04755, 0), 0);
}

static void check_compression(const char *settings)
{
	struct recover_fixture *fixture = recover_fixture_new(1, settings);
	make_tree(fixture->service);
	service_fixture_back_up(fixture->service);
	assert_read_back(fixture->service, NULL, "source", 0);
	recover_fixture_free(fixture);
}

static void test_reader_restores_trees_of_every_codec_equal(void **state)
{
	(void)state;
	check_compression("\"compression\":\"zstd:3\"");
	check_compression("\"compression\":\"zlib:6\"");
	check_compression("\"compression\":\"none\"");
}

/* Root reads everything, so this is done as nobody. */
static void check_partial(void)
{
	struct recover_fixture *fixture = recover_fixture_new(1, NULL);
	struct service_fixture *service = fixture->service;
	struct db_job job;
	struct buffer output;
	struct stat found;
	AUTO_CLOSE source = open(service->source_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AUTO_FREE char *closed = file_join(service->folder, "read/Data/closed");
	service_fixture_write(service, "closed", 1000, 1);
	assert_int_equal(linkat(source, "closed", source, "closed-again", 0), 0);
	assert_int_equal(fchmodat(source, "closed", 0, 0), 0);
	service_fixture_backup(service, &job);
	assert_string_equal(job.state, "PartialSucceeded");
	if (read_back(service, job.id, &output) != 0)
		fail_msg("the reader: %s", (const char *)output.data);
	assert_non_null(strstr((const char *)output.data, "Data/closed: problem 1 (EACCES)"));
	assert_int_not_equal(lstat(closed, &found), 0);
	assert_int_equal(unlinkat(source, "closed", 0), 0);
	assert_int_equal(unlinkat(source, "closed-again", 0), 0);
	AUTO_FREE char *read = file_join(service->folder, "read/Data");
	assert_int_equal(tree_compare(service->source_path, read, TREE_COMPARE_NO_ROOT, stderr), 0);
	buffer_done(&output);
	db_job_done(&job);
	recover_fixture_free(fixture);
}

static void test_reader_restores_a_partial_backup_without_what_was_unreadable(void **state)
{
	int result = 0;
	(void)state;
	if (geteuid() != 0) {
		check_partial();
		return;
	}
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
		    setresuid(NOBODY, NOBODY, NOBODY) != 0)
			_exit(1);
		const struct CMUnitTest tests[] = { cmocka_unit_test(
			test_reader_restores_a_partial_backup_without_what_was_unreadable) };
		_exit(cmocka_run_group_tests_name("as nobody", tests, NULL, NULL));
	}
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_int_equal(result, 0);
}

static void test_reader_refuses_what_was_tampered_with(void **state)
{
	struct recover_fixture *fixture = recover_fixture_new(1, NULL);
	struct recover_paths paths;
	(void)state;
	recover_paths_list(fixture, &paths);
	for (size_t i = 0; i < paths.count; i++) {
		struct buffer bytes, output;
		/* A reader needs no certificates, and one of the two markers. */
		if (strstr(paths.items[i], "/certificates/") != NULL ||
		    strstr(paths.items[i], "repository.json") != NULL)
			continue;
		recover_file_get(fixture, paths.items[i], &bytes);
		bytes.data[bytes.length / 2] ^= 0x10;
		recover_file_put(fixture, paths.items[i], &bytes);
		if (read_back(fixture->service, NULL, &output) == 0)
			fail_msg("%s changed: %s", paths.items[i], (const char *)output.data);
		buffer_done(&output);
		bytes.data[bytes.length / 2] ^= 0x10;
		recover_file_put(fixture, paths.items[i], &bytes);
		buffer_done(&bytes);
	}
	assert_read_back(fixture->service, NULL, "source", 0);
	recover_paths_done(&paths);
	recover_fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader_restores_a_partial_backup_without_what_was_unreadable),
		cmocka_unit_test(test_reader_restores_every_backup_of_a_chain_equal),
		cmocka_unit_test(test_reader_restores_trees_of_every_codec_equal),
		cmocka_unit_test(test_reader_refuses_what_was_tampered_with),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Verification in steps: packs one by one, files from where an earlier check stopped. */
#include <stdio.h>
#include <string.h>

#include "recover_fixture.h"

struct check_case {
	struct recover_fixture *fixture;
	struct recover_source *source;
	const struct recover_backup *backup;
	struct recover_check *check;
	/* what callbacks saw */
	size_t verdicts, sound, opened, stop_after;
	char problem[512];
	uint64_t files, bytes, broken;
	char role[64], path[64], broken_text[512];
	bool suspects_all;
};

static void open_case(struct check_case *test, const struct private_key *key)
{
	test->source = service_fixture_source(test->fixture->service);
	assert_int_equal(recover_find(test->source, "latest", &test->backup, NULL), STATUS_OK);
	assert_int_equal(recover_check_open(test->source, test->backup, key, &test->check, NULL),
			 STATUS_OK);
}

static void close_case(struct check_case *test)
{
	recover_check_close(test->check);
	recover_source_close(test->source);
	test->check = NULL;
	test->source = NULL;
}

static int setup(void **state)
{
	struct check_case *test = calloc(1, sizeof *test);
	assert_non_null(test);
	test->fixture = recover_fixture_new(1, NULL);
	*state = test;
	return 0;
}

static int teardown(void **state)
{
	struct check_case *test = *state;
	close_case(test);
	recover_fixture_free(test->fixture);
	free(test);
	return 0;
}

static enum status see_pack(const struct recover_pack_verdict *verdict, void *context,
			    struct error *err)
{
	struct check_case *test = context;
	test->verdicts++;
	test->sound += verdict->is_sound;
	test->opened += verdict->is_opened;
	if (!verdict->is_sound)
		(void)snprintf(test->problem, sizeof test->problem, "%s", verdict->problem);
	if (test->verdicts == test->stop_after)
		return (fail)(err, STATUS_CANCELLED, "test", NULL, "enough");
	return STATUS_OK;
}

/* The same pack @count times over, so that one backup is enough for many verdicts. */
static enum status check_packs(struct check_case *test, size_t count)
{
	struct recover_pack_choice choices[8];
	assert_true(count <= ARRAY_LENGTH(choices));
	for (size_t i = 0; i < count; i++)
		choices[i] = (struct recover_pack_choice) { test->check, 0 };
	test->verdicts = test->sound = test->opened = 0;
	return recover_check_packs(test->source, choices, count, see_pack, test, NULL);
}

static void flip(struct check_case *test, uint64_t at)
{
	struct buffer bytes;
	char name[ARCHIVE_NAME_SIZE];
	const struct archive_record *record = test->backup->record;
	archive_pack_name(record->generation, record->packs[0].sha256, name);
	recover_file_get(test->fixture, name, &bytes);
	assert_true(bytes.length > at);
	bytes.data[at] ^= 1;
	recover_file_put(test->fixture, name, &bytes);
	buffer_done(&bytes);
}

static void test_recover_check_packs_without_key_does_not_claim_to_have_opened(void **state)
{
	struct check_case *test = *state;
	open_case(test, NULL);
	assert_false(recover_check_is_open(test->check));
	assert_int_equal(check_packs(test, 1), STATUS_OK);
	assert_int_equal(test->sound, 1);
	assert_int_equal(test->opened, 0);
	close_case(test);
	open_case(test, test->fixture->key);
	assert_true(recover_check_is_open(test->check));
	assert_int_equal(check_packs(test, 1), STATUS_OK);
	assert_int_equal(test->opened, 1);
}

static void test_recover_check_packs_stops_when_told(void **state)
{
	struct check_case *test = *state;
	open_case(test, test->fixture->key);
	test->stop_after = 1;
	assert_int_equal(check_packs(test, 8), STATUS_CANCELLED);
	/* Beside the one that stops, each other thread may have one under way. */
	assert_true(test->verdicts < 8);
}

static void test_recover_check_packs_flipped_byte_is_a_verdict(void **state)
{
	struct check_case *test = *state;
	open_case(test, test->fixture->key);
	flip(test, 1000);
	assert_int_equal(check_packs(test, 1), STATUS_OK);
	assert_int_equal(test->verdicts, 1);
	assert_int_equal(test->sound, 0);
	assert_non_null(strstr(test->problem, "SHA-256"));
}

static enum status see_files(uint64_t files, uint64_t bytes, void *context, struct error *err)
{
	struct check_case *test = context;
	test->files = files;
	test->bytes = bytes;
	if (files == test->stop_after)
		return (fail)(err, STATUS_CANCELLED, "test", NULL, "enough");
	return STATUS_OK;
}

static enum status see_broken(const char *role, const char *path, const char *problem,
			      void *context, struct error *err)
{
	struct check_case *test = context;
	(void)err;
	test->broken++;
	(void)snprintf(test->role, sizeof test->role, "%s", role);
	(void)snprintf(test->path, sizeof test->path, "%s", path);
	(void)snprintf(test->broken_text, sizeof test->broken_text, "%s", problem);
	return STATUS_OK;
}

static bool is_suspect(const unsigned char sha256[SHA256_SIZE], void *context)
{
	const struct check_case *test = context;
	(void)sha256;
	return test->suspects_all;
}

static enum status check_files(struct check_case *test, uint64_t files_done, bool read)
{
	const struct recover_files_check files = {
		.read = read,
		.files_done = files_done,
		.progress = see_files,
		.broken = see_broken,
		.context = test,
	};
	struct error err;
	test->files = test->bytes = test->broken = 0;
	return recover_check_files(test->check, &files, &err);
}

static void test_recover_check_files_goes_on_where_it_stopped(void **state)
{
	struct check_case *test = *state;
	open_case(test, test->fixture->key);
	assert_int_equal(check_files(test, 0, true), STATUS_OK);
	uint64_t files = test->files, bytes = test->bytes;
	assert_true(files > 3);
	assert_int_equal(test->broken, 0);
	test->stop_after = 2;
	assert_int_equal(check_files(test, 0, true), STATUS_CANCELLED);
	uint64_t first = test->bytes;
	test->stop_after = 0;
	assert_int_equal(check_files(test, 2, true), STATUS_OK);
	assert_int_equal(test->files, files);
	assert_int_equal(first + test->bytes, bytes);
	assert_int_equal(check_files(test, 0, false), STATUS_OK);
	assert_int_equal(test->files, files);
	assert_int_equal(test->bytes, 0);
}

static void test_recover_check_files_names_role_and_file(void **state)
{
	struct check_case *test = *state;
	open_case(test, test->fixture->key);
	flip(test, 1000);
	assert_int_equal(check_files(test, 0, true), STATUS_OK);
	assert_true(test->broken > 0);
	assert_true(test->role[0] != '\0' && test->path[0] != '\0');
	/* Looked up only, the index still says that the block is there. */
	assert_int_equal(check_files(test, 0, false), STATUS_OK);
	assert_int_equal(test->broken, 0);
}

static void test_recover_check_files_of_suspects_only(void **state)
{
	struct check_case *test = *state;
	open_case(test, test->fixture->key);
	flip(test, 1000);
	struct error err;
	struct recover_files_check files = {
		.read = true,
		.is_suspect = is_suspect,
		.progress = see_files,
		.broken = see_broken,
		.context = test,
	};
	assert_int_equal(recover_check_files(test->check, &files, &err), STATUS_OK);
	assert_int_equal(test->broken, 0);
	assert_int_equal(test->bytes, 0);
	test->suspects_all = true;
	assert_int_equal(recover_check_files(test->check, &files, &err), STATUS_OK);
	assert_true(test->broken > 0);
}

static void test_recover_check_open_damaged_manifest_is_a_finding(void **state)
{
	struct check_case *test = *state;
	struct buffer bytes;
	char *name = recover_folder_file(test->fixture, 0, "manifest.bin");
	recover_file_get(test->fixture, name, &bytes);
	bytes.data[bytes.length / 2] ^= 1;
	recover_file_put(test->fixture, name, &bytes);
	buffer_done(&bytes);
	open_case(test, test->fixture->key);
	assert_int_equal(recover_check_findings(test->check)->fatal_count, 1);
	assert_string_equal(recover_check_findings(test->check)->items[0].path, name);
	assert_false(recover_check_is_open(test->check));
	free(name);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_recover_check_packs_without_key_does_not_claim_to_have_opened),
		WITH(test_recover_check_packs_stops_when_told),
		WITH(test_recover_check_packs_flipped_byte_is_a_verdict),
		WITH(test_recover_check_files_goes_on_where_it_stopped),
		WITH(test_recover_check_files_names_role_and_file),
		WITH(test_recover_check_files_of_suspects_only),
		WITH(test_recover_check_open_damaged_manifest_is_a_finding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

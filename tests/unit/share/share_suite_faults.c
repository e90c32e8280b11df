/* SPDX-License-Identifier: Apache-2.0 */
/* Suite: deadline and cancel, with the driver under test wrapped by one that hangs. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fake/share_fake.h"
#include "share_suite.h"
#include "share_suite_private.h"

#define SOON 50
#define NEVER (60L * 60 * 1000)

/* The driver under test behind a fake. */
struct faults {
	struct share_suite_fixture *fixture;
	struct share_registry registry;
	struct share_fake *fake;
	struct share *share;
	struct cancel *cancel;
};

static void begin(struct faults *faults, struct share_suite_fixture *fixture)
{
	struct share_options options = fixture->options;
	size_t i = 0;

	*faults = (struct faults) { .fixture = fixture, .registry = *fixture->registry };
	while (strcmp(faults->registry.entries[i].driver->scheme, options.address->scheme) != 0)
		i++;
	faults->fake = share_fake_new(faults->registry.entries[i].driver,
				      faults->registry.entries[i].state);
	share_registry_set(&faults->registry, share_fake_driver(faults->fake), faults->fake);
	faults->cancel = cancel_new();
	assert_non_null(faults->cancel);
	options.cancel = faults->cancel;
	EXPECT(STATUS_OK, share_open(&faults->registry, &options, &faults->share, &fixture->err));
}

static void end(struct faults *faults)
{
	share_close(faults->share);
	cancel_free(faults->cancel);
	share_fake_free(faults->fake);
}

static void hang_at(struct faults *faults, enum share_fake_operation operation,
		    enum share_fake_fault fault)
{
	share_fake_set(faults->fake, &(struct share_fake_plan) {
					     .at = 1, .operation = operation, .fault = fault });
}

static enum status ignore(const struct share_entry *entry, void *context, struct error *err)
{
	(void)entry;
	(void)context;
	(void)err;
	return STATUS_OK;
}

/* Every call on a handle, until one fails otherwise than expected. */
static void expect_all(struct faults *faults, struct share_file *file, enum status expected)
{
	struct share_suite_fixture *fixture = faults->fixture;
	struct share *share = faults->share;
	struct share_file *other = NULL;
	struct share_space space;
	struct error *err = &fixture->err;
	char byte;
	size_t got;

	EXPECT(expected, share_write(file, "x", 1, err));
	EXPECT(expected, share_flush(file, err));
	EXPECT(expected, share_read(file, 0, &byte, 1, &got, err));
	EXPECT(expected, share_create(share, "other", &other, err));
	EXPECT(expected, share_open_read(share, "other", &other, NULL, err));
	EXPECT(expected, share_list(share, "", ignore, NULL, err));
	EXPECT(expected, share_make_directory(share, "other", err));
	EXPECT(expected, share_rename_new(share, "other", "another", err));
	EXPECT(expected, share_remove(share, "other", err));
	EXPECT(expected, share_put(share, "other", "x", 1, err));
	if ((share_features(share) & SHARE_FEATURE_FREE_SPACE) != 0)
		EXPECT(expected, share_free_space(share, &space, err));
}

static void test_share_hung_write_is_abandoned_with_its_handle(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct faults faults;
	struct share_file *file;

	begin(&faults, fixture);
	EXPECT(STATUS_OK, share_create(faults.share, share_suite_at(fixture, "file").text, &file,
				       &fixture->err));
	hang_at(&faults, SHARE_FAKE_WRITE, SHARE_FAKE_HANG);
	share_set_deadline(faults.share, SOON);
	/* The data is gone before the driver returns. */
	char *data = strdup("some data");
	EXPECT(STATUS_SHARE_CONNECTION, share_write(file, data, 9, &fixture->err));
	free(data);
	assert_string_equal(fixture->err.cause_name, "ETIMEDOUT");
	assert_string_equal(fixture->err.path, share_suite_at(fixture, "file").text);
	assert_int_equal(share_fake_hanging(faults.fake), 1);

	share_set_deadline(faults.share, NEVER);
	expect_all(&faults, file, STATUS_SHARE_CONNECTION);
	assert_non_null(strstr(fixture->err.message, "abandoned after 50 ms"));
	EXPECT(STATUS_SHARE_CONNECTION, share_close_file(file, &fixture->err));
	assert_int_equal(share_fake_calls(faults.fake), 1);
	assert_int_equal(share_fake_hanging(faults.fake), 1);
	end(&faults);
}

static void test_share_hung_read_does_not_touch_callers_buffer_later(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct faults faults;
	struct share_file *file;
	char *data = calloc(1, 4);
	size_t got = 77;

	begin(&faults, fixture);
	share_suite_write(fixture, "file", "data", 4);
	EXPECT(STATUS_OK, share_open_read(faults.share, share_suite_at(fixture, "file").text, &file,
					  NULL, &fixture->err));
	hang_at(&faults, SHARE_FAKE_READ, SHARE_FAKE_STALL);
	share_set_deadline(faults.share, SOON);
	EXPECT(STATUS_SHARE_CONNECTION, share_read(file, 0, data, 4, &got, &fixture->err));
	assert_int_equal(got, 77);
	EXPECT(STATUS_SHARE_CONNECTION, share_close_file(file, &fixture->err));
	share_close(faults.share);
	faults.share = NULL;
	share_fake_release(faults.fake);
	assert_memory_equal(data, "\0\0\0\0", 4);
	free(data);
	end(&faults);
}

static enum status run_operation(struct faults *faults, enum share_fake_operation operation)
{
	struct share_suite_fixture *fixture = faults->fixture;
	struct share *share = faults->share;
	struct share_file *file = NULL;
	struct share_space space;
	struct share_suite_path name = share_suite_at(fixture, "new");

	switch (operation) {
	case SHARE_FAKE_CREATE:
		return share_create(share, name.text, &file, &fixture->err);
	case SHARE_FAKE_OPEN_READ:
		return share_open_read(share, name.text, &file, NULL, &fixture->err);
	case SHARE_FAKE_LIST:
		return share_list(share, fixture->folder, ignore, NULL, &fixture->err);
	case SHARE_FAKE_MAKE_DIRECTORY:
		return share_make_directory(share, name.text, &fixture->err);
	case SHARE_FAKE_RENAME_NEW:
		return share_rename_new(share, name.text, share_suite_at(fixture, "b").text,
					&fixture->err);
	case SHARE_FAKE_REMOVE:
		return share_remove(share, name.text, &fixture->err);
	case SHARE_FAKE_FREE_SPACE:
		return share_free_space(share, &space, &fixture->err);
	default:
		return STATUS_FAILED;
	}
}

static const enum share_fake_operation name_operations[] = {
	SHARE_FAKE_CREATE,         SHARE_FAKE_OPEN_READ,  SHARE_FAKE_LIST,
	SHARE_FAKE_MAKE_DIRECTORY, SHARE_FAKE_RENAME_NEW, SHARE_FAKE_REMOVE,
	SHARE_FAKE_FREE_SPACE,
};

static void test_share_hung_operations_all_end_at_their_deadline(void **state)
{
	struct share_suite_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(name_operations); i++) {
		struct faults faults;

		if (name_operations[i] == SHARE_FAKE_FREE_SPACE &&
		    (share_features(fixture->share) & SHARE_FEATURE_FREE_SPACE) == 0)
			continue;
		begin(&faults, fixture);
		hang_at(&faults, name_operations[i], SHARE_FAKE_HANG);
		share_set_deadline(faults.share, SOON);
		EXPECT(STATUS_SHARE_CONNECTION, run_operation(&faults, name_operations[i]));
		assert_int_equal(share_fake_hanging(faults.fake), 1);
		end(&faults);
	}
}

static void test_share_hung_open_is_abandoned(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_options options = fixture->options;
	struct share *share = NULL;
	struct faults faults;

	begin(&faults, fixture);
	hang_at(&faults, SHARE_FAKE_OPEN, SHARE_FAKE_STALL);
	options.deadline = SOON;
	EXPECT(STATUS_SHARE_CONNECTION,
	       share_open(&faults.registry, &options, &share, &fixture->err));
	assert_null(share);
	assert_int_equal(share_fake_hanging(faults.fake), 1);
	share_fake_release(faults.fake);
	/* What was opened too late is closed again. */
	assert_int_equal(share_fake_call_operation(faults.fake, share_fake_calls(faults.fake)),
			 SHARE_FAKE_CLOSE);
	end(&faults);
}

static void test_share_hung_close_does_not_block(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_file *file;
	struct faults faults;

	begin(&faults, fixture);
	EXPECT(STATUS_OK, share_create(faults.share, share_suite_at(fixture, "file").text, &file,
				       &fixture->err));
	hang_at(&faults, SHARE_FAKE_CLOSE_FILE, SHARE_FAKE_HANG);
	share_set_deadline(faults.share, SOON);
	EXPECT(STATUS_SHARE_CONNECTION, share_close_file(file, &fixture->err));
	share_close(faults.share);
	faults.share = NULL;
	share_fake_release(faults.fake);

	hang_at(&faults, SHARE_FAKE_CLOSE, SHARE_FAKE_HANG);
	EXPECT(STATUS_OK,
	       share_open(&faults.registry, &fixture->options, &faults.share, &fixture->err));
	share_set_deadline(faults.share, SOON);
	share_close(faults.share);
	faults.share = NULL;
	assert_int_equal(share_fake_hanging(faults.fake), 1);
	end(&faults);
}

/* Requests cancel as soon as a call hangs. */
static void *cancel_when_hanging(void *argument)
{
	struct faults *faults = argument;

	share_fake_wait_hanging(faults->fake, 1);
	cancel_request(faults->cancel);
	return NULL;
}

static void cancel_during(struct faults *faults, enum share_fake_operation operation,
			  enum share_fake_fault fault)
{
	struct share_suite_fixture *fixture = faults->fixture;
	pthread_t thread;

	hang_at(faults, operation, fault);
	share_set_deadline(faults->share, NEVER);
	assert_int_equal(pthread_create(&thread, NULL, cancel_when_hanging, faults), 0);
	EXPECT(STATUS_CANCELLED, run_operation(faults, operation));
	assert_int_equal(share_fake_hanging(faults->fake), 1);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_share_cancel_wakes_hung_calls(void **state)
{
	struct share_suite_fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_LENGTH(name_operations); i++) {
		struct faults faults;

		if (name_operations[i] == SHARE_FAKE_FREE_SPACE &&
		    (share_features(fixture->share) & SHARE_FEATURE_FREE_SPACE) == 0)
			continue;
		begin(&faults, fixture);
		cancel_during(&faults, name_operations[i], SHARE_FAKE_HANG);
		EXPECT(STATUS_CANCELLED, run_operation(&faults, name_operations[i]));
		assert_int_equal(share_fake_calls(faults.fake), 1);
		end(&faults);
	}
}

static void test_share_cancel_file_created_too_late_is_closed_and_discarded(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct faults faults;

	begin(&faults, fixture);
	cancel_during(&faults, SHARE_FAKE_CREATE, SHARE_FAKE_STALL);
	share_fake_resume(faults.fake);
	share_discard(faults.share, share_suite_at(fixture, "new").text);
	assert_int_equal(share_fake_calls(faults.fake), 3);
	assert_int_equal(share_fake_call_operation(faults.fake, 2), SHARE_FAKE_CLOSE_FILE);
	assert_int_equal(share_fake_call_operation(faults.fake, 3), SHARE_FAKE_REMOVE);
	assert_false(share_suite_exists(fixture, "new"));
	end(&faults);
}

static void test_share_cancel_before_a_call_refuses_all_but_clean_up(void **state)
{
	struct share_suite_fixture *fixture = *state;
	struct share_options options = fixture->options;
	struct share *share = NULL;
	struct share_file *file;
	struct faults faults;

	begin(&faults, fixture);
	EXPECT(STATUS_OK, share_create(faults.share, share_suite_at(fixture, "file").text, &file,
				       &fixture->err));
	share_fake_set(faults.fake, NULL);
	cancel_request(faults.cancel);
	expect_all(&faults, file, STATUS_CANCELLED);
	options.cancel = faults.cancel;
	EXPECT(STATUS_CANCELLED, share_open(&faults.registry, &options, &share, &fixture->err));
	assert_int_equal(share_fake_calls(faults.fake), 1); /* the clean-up of share_put() */
	EXPECT(STATUS_OK, share_close_file(file, &fixture->err));
	share_discard(faults.share, share_suite_at(fixture, "file").text);
	assert_false(share_suite_exists(fixture, "file"));
	end(&faults);
}

static const struct CMUnitTest tests[] = {
	SHARE_SUITE_TEST(test_share_hung_write_is_abandoned_with_its_handle),
	SHARE_SUITE_TEST(test_share_hung_read_does_not_touch_callers_buffer_later),
	SHARE_SUITE_TEST(test_share_hung_operations_all_end_at_their_deadline),
	SHARE_SUITE_TEST(test_share_hung_open_is_abandoned),
	SHARE_SUITE_TEST(test_share_hung_close_does_not_block),
	SHARE_SUITE_TEST(test_share_cancel_wakes_hung_calls),
	SHARE_SUITE_TEST(test_share_cancel_file_created_too_late_is_closed_and_discarded),
	SHARE_SUITE_TEST(test_share_cancel_before_a_call_refuses_all_but_clean_up),
};

const struct share_suite_part share_suite_faults = SHARE_SUITE_PART(tests);

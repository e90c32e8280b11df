/* SPDX-License-Identifier: Apache-2.0 */
/* What a driver is given, and when a slow one is not taken for a dead one. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/share.h"

#include "share_folder.h"
#include "share_cmocka.h"

#define DEADLINE 1000

/* A driver that records its options and lists without hurry. */
struct probe {
	struct share_options options;
	char user_name[32];
	size_t closed;
	const char *listed; /* NULL: many names, for longer than the deadline */
};

static enum status probe_open(void *state, const struct share_options *options, void **out,
			      struct error *err)
{
	struct probe *probe = state;

	(void)err;
	probe->options = *options;
	if (options->user_name != NULL)
		(void)snprintf(probe->user_name, sizeof(probe->user_name), "%s/%s",
			       options->user_name, (const char *)options->password->data);
	*out = probe;
	return STATUS_OK;
}

static enum status probe_list(void *share, const char *name, share_each each, void *context,
			      struct error *err)
{
	const struct probe *probe = share;
	const struct share_entry entry = { .name = probe->listed == NULL ? "x" : probe->listed };
	int64_t end = clock_monotonic(&system_clock) + DEADLINE + DEADLINE / 2;
	enum status status = each(&entry, context, err);

	(void)name;
	while (status == STATUS_OK && probe->listed == NULL &&
	       clock_monotonic(&system_clock) < end) {
		(void)poll(NULL, 0, 1);
		status = each(&entry, context, err);
	}
	return status;
}

static void probe_close(void *share)
{
	struct probe *probe = share;

	probe->closed++;
}

static struct share *open_probe(struct probe *probe, unsigned features,
				const struct share_options *options)
{
	struct share_registry registry;
	struct share *share = NULL;
	const struct share_driver driver = {
		.scheme = "file",
		.features = features,
		.open = probe_open,
		.list = probe_list,
		.close = probe_close,
	};
	/* The driver outlives the handle, unlike this function. */
	static struct share_driver kept;

	kept = driver;
	share_registry_init(&registry);
	share_registry_set(&registry, &kept, probe);
	assert_int_equal(share_open(&registry, options, &share, NULL), STATUS_OK);
	return share;
}

static void test_share_open_gives_the_driver_copies(void **state)
{
	struct probe probe = { .closed = 0 };
	struct share_folder_options options;
	AUTO_SECRET password = SECRET_EMPTY;
	char user_name[] = "DOMAIN\\user";

	(void)state;
	share_folder_options(&options, "/folder");
	assert_int_equal(secret_copy(&password, "pass", 4, NULL), STATUS_OK);
	options.options.user_name = user_name;
	options.options.password = &password;
	struct cancel *cancel = cancel_new();
	options.options.cancel = cancel;
	struct share *share = open_probe(&probe, 0, &options.options);
	assert_string_equal(probe.user_name, "DOMAIN\\user/pass");
	assert_ptr_not_equal(probe.options.user_name, user_name);
	assert_ptr_not_equal(probe.options.password, &password);
	assert_ptr_not_equal(probe.options.address, &options.address);
	assert_string_equal(probe.options.address->path, "/folder");
	/* It could outlive the caller's. */
	assert_null(probe.options.cancel);
	share_close(share);

	share = open_probe(&probe, SHARE_FEATURE_OWN_DEADLINE, &options.options);
	assert_ptr_equal(probe.options.cancel, cancel);
	assert_int_equal(probe.options.deadline, options.options.deadline);
	share_close(share);
	assert_int_equal(probe.closed, 2);
	cancel_free(cancel);
}

static enum status count_entry(const struct share_entry *entry, void *context, struct error *err)
{
	(void)entry;
	(void)err;
	++*(size_t *)context;
	return STATUS_OK;
}

static void test_share_list_that_goes_on_is_not_overdue(void **state)
{
	struct probe probe = { .closed = 0 };
	struct share_folder_options options;
	size_t entries = 0;

	(void)state;
	share_folder_options(&options, "/folder");
	struct share *share = open_probe(&probe, 0, &options.options);
	share_set_deadline(share, DEADLINE);
	assert_int_equal(share_list(share, "", count_entry, &entries, NULL), STATUS_OK);
	assert_true(entries > 1);
	share_close(share);
}

static void test_share_list_hostile_names_are_refused(void **state)
{
	static const char *const names[] = { "", "a/b", "/", "../x" };
	struct share_folder_options options;
	size_t entries = 0;

	(void)state;
	share_folder_options(&options, "/folder");
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct probe probe = { .listed = names[i] };
		struct share *share = open_probe(&probe, 0, &options.options);

		assert_int_equal(share_list(share, "", count_entry, &entries, NULL),
				 STATUS_SHARE_READ_WRITE);
		share_close(share);
	}
	assert_int_equal(entries, 0);
}

static void test_share_list_dots_are_dropped(void **state)
{
	static const char *const names[] = { ".", ".." };
	struct share_folder_options options;
	size_t entries = 0;

	(void)state;
	share_folder_options(&options, "/folder");
	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		struct probe probe = { .listed = names[i] };
		struct share *share = open_probe(&probe, 0, &options.options);

		assert_int_equal(share_list(share, "", count_entry, &entries, NULL), STATUS_OK);
		share_close(share);
	}
	assert_int_equal(entries, 0);
}

static void test_share_free_space_unknown_to_the_driver_is_unsupported(void **state)
{
	struct probe probe = { .listed = "x" };
	struct share_folder_options options;
	struct share_space space;

	(void)state;
	share_folder_options(&options, "/folder");
	struct share *share = open_probe(&probe, 0, &options.options);
	assert_int_equal(share_free_space(share, &space, NULL), STATUS_UNSUPPORTED);
	share_close(share);
}

static void test_share_describe_unknown_to_the_driver_is_unsupported(void **state)
{
	struct probe probe = { .listed = "x" };
	struct share_folder_options options;
	struct share_transport transport;
	enum share_stage reached = SHARE_STAGE_NONE;

	(void)state;
	share_folder_options(&options, "/folder");
	options.options.reached = &reached;
	struct share *share = open_probe(&probe, 0, &options.options);
	assert_int_equal(reached, SHARE_STAGE_OPEN);
	assert_int_equal(share_describe(share, &transport, NULL), STATUS_UNSUPPORTED);
	share_close(share);
}

static void test_share_close_null_is_legal(void **state)
{
	(void)state;
	share_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share_open_gives_the_driver_copies),
		cmocka_unit_test(test_share_list_that_goes_on_is_not_overdue),
		cmocka_unit_test(test_share_list_hostile_names_are_refused),
		cmocka_unit_test(test_share_list_dots_are_dropped),
		cmocka_unit_test(test_share_free_space_unknown_to_the_driver_is_unsupported),
		cmocka_unit_test(test_share_describe_unknown_to_the_driver_is_unsupported),
		cmocka_unit_test(test_share_close_null_is_legal),
	};

	return cmocka_run_group_tests_name("share_call", tests, NULL, NULL);
}

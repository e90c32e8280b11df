/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers by scheme. */
#include <string.h>

#include "infrabackup/share.h"

#include "share_folder.h"
#include "share_cmocka.h"

static enum status refuse(void *state, const struct share_options *options, void **out,
			  struct error *err)
{
	(void)options;
	(void)out;
	(void)err;
	*(unsigned *)state += 1;
	return STATUS_SHARE_AUTHENTICATION;
}

static const struct share_driver refusing = {
	.scheme = "test",
	.features = SHARE_FEATURE_OWN_DEADLINE,
	.open = refuse,
};

static void test_share_registry_set_same_scheme_replaces(void **state)
{
	struct share_folder_options options;
	struct share_registry registry;
	struct share *share = NULL;
	unsigned first = 0;
	unsigned second = 0;

	share_folder_options(&options, *state);
	memcpy(options.address.scheme, "test", 5);
	share_registry_init(&registry);
	size_t before = registry.count;
	share_registry_set(&registry, &refusing, &first);
	share_registry_set(&registry, &refusing, &second);
	assert_int_equal(registry.count, before + 1);
	assert_int_equal(share_open(&registry, &options.options, &share, NULL),
			 STATUS_SHARE_AUTHENTICATION);
	assert_null(share);
	assert_int_equal(first, 0);
	assert_int_equal(second, 1);
}

static void test_share_open_unknown_scheme_says_unsupported(void **state)
{
	struct share_folder_options options;
	struct share_registry registry;
	struct share *share = NULL;
	struct error err;

	share_folder_options(&options, *state);
	memcpy(options.address.scheme, "nfs", 4);
	share_registry_init(&registry);
	assert_int_equal(share_open(&registry, &options.options, &share, &err), STATUS_UNSUPPORTED);
	assert_non_null(strstr(err.message, "\"nfs\""));
	assert_null(share);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_share_registry_set_same_scheme_replaces,
						share_folder_setup, share_folder_teardown),
		cmocka_unit_test_setup_teardown(test_share_open_unknown_scheme_says_unsupported,
						share_folder_setup, share_folder_teardown),
	};

	return cmocka_run_group_tests_name("share_registry", tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* When issuers are asked for their keys, and what their tokens are worth meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "unit/auth/auth_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

static enum status check(struct auth_fixture *fixture, const char *name)
{
	return auth_fixture_check(fixture, auth_fixture_token(fixture, name));
}

static void test_issuers_before_the_first_keys_a_caller_is_told_to_come_again(void **state)
{
	struct auth_fixture *fixture = *state;

	assert_int_equal(check(fixture, "rs256"), STATUS_CONFLICT);
	assert_true(fixture->retry_after > 0 && fixture->retry_after <= 5);
	assert_int_equal(fixture->fetches, 0);
	assert_int_equal(auth_issuers_refresh(fixture->issuers), 60000);
	assert_int_equal(fixture->fetches, 1);
	assert_int_equal(check(fixture, "rs256"), STATUS_OK);
}

static void test_issuers_keys_are_fetched_anew_after_their_lifetime(void **state)
{
	struct auth_fixture *fixture = *state;

	(void)auth_issuers_refresh(fixture->issuers);
	fixture->monotonic += 3599999;
	assert_int_equal(auth_issuers_refresh(fixture->issuers), 1);
	assert_int_equal(fixture->fetches, 1);
	fixture->monotonic += 1;
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(fixture->fetches, 2);
}

static void test_issuers_rotation_an_unknown_key_is_asked_for_once_an_interval(void **state)
{
	struct auth_fixture *fixture = *state;
	AUTO_JSON first = auth_fixture_only_key(fixture, "rsa-1");
	AUTO_JSON second = auth_fixture_only_key(fixture, "rsa-2");

	fixture->keys = first;
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(check(fixture, "rs256"), STATUS_OK);
	fixture->keys = second;
	/* The issuer was asked a moment ago: it has no such key. */
	fixture->monotonic += 29999;
	assert_int_equal(check(fixture, "second key"), STATUS_AUTHENTICATION);
	assert_int_equal(fixture->err.status, STATUS_AUTHENTICATION);
	assert_int_equal(fixture->retry_after, 0);
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(fixture->fetches, 1);
	/* Now it is asked, however many ask for it. */
	fixture->monotonic += 1;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(check(fixture, "second key"), STATUS_CONFLICT);
		assert_true(fixture->retry_after > 0);
	}
	assert_int_equal(check(fixture, "rs256"), STATUS_OK);
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(fixture->fetches, 2);
	assert_int_equal(check(fixture, "second key"), STATUS_OK);
	/* The key that is gone is worth nothing. */
	assert_int_equal(check(fixture, "rs256"), STATUS_AUTHENTICATION);
	fixture->monotonic += 15000;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(check(fixture, "unknown key"), STATUS_AUTHENTICATION);
		(void)auth_issuers_refresh(fixture->issuers);
	}
	assert_int_equal(fixture->fetches, 2);
}

static void test_issuers_bad_tokens_cause_no_fetch(void **state)
{
	struct auth_fixture *fixture = *state;

	(void)auth_issuers_refresh(fixture->issuers);
	fixture->monotonic += 60000;
	assert_int_equal(check(fixture, "signed by a foreign key"), STATUS_AUTHENTICATION);
	assert_int_equal(check(fixture, "HS256 with the public key"), STATUS_AUTHENTICATION);
	assert_int_equal(check(fixture, "another issuer"), STATUS_AUTHENTICATION);
	assert_int_equal(check(fixture, "expired"), STATUS_AUTHENTICATION);
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(fixture->fetches, 1);
}

static void test_issuers_down_old_keys_serve_for_a_while(void **state)
{
	struct auth_fixture *fixture = *state;
	const json_t *keys = fixture->keys;

	(void)auth_issuers_refresh(fixture->issuers);
	fixture->keys = NULL;
	fixture->monotonic += 3600000;
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(fixture->fetches, 2);
	assert_int_equal(check(fixture, "rs256"), STATUS_OK);
	/* It is tried again every interval. */
	fixture->monotonic += 29999;
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(fixture->fetches, 2);
	fixture->monotonic += 1;
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(fixture->fetches, 3);

	fixture->monotonic += 86400000 - 30000;
	assert_int_equal(check(fixture, "rs256"), STATUS_OK);
	fixture->monotonic += 1;
	assert_int_equal(check(fixture, "rs256"), STATUS_CONFLICT);
	assert_true(fixture->retry_after > 0);
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(check(fixture, "rs256"), STATUS_CONFLICT);
	assert_int_equal(fixture->retry_after, 30);
	assert_non_null(strstr(fixture->err.message, "does not answer"));

	fixture->keys = keys;
	fixture->monotonic += 30000;
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(check(fixture, "rs256"), STATUS_OK);
}

static void test_issuers_document_without_keys_leaves_the_old_ones(void **state)
{
	struct auth_fixture *fixture = *state;
	AUTO_JSON nothing = json_pack("{s:[]}", "keys");

	(void)auth_issuers_refresh(fixture->issuers);
	fixture->keys = nothing;
	fixture->monotonic += 3600000;
	(void)auth_issuers_refresh(fixture->issuers);
	assert_int_equal(fixture->fetches, 2);
	assert_int_equal(check(fixture, "rs256"), STATUS_OK);
}

static void test_issuers_start_reads_files_at_once(void **state)
{
	struct auth_fixture *fixture = *state;
	struct auth_issuers *issuers = NULL;
	struct error err;

	fixture->issuer.jwks_file = "/nonexistent/jwks.json";
	assert_int_equal(
		auth_issuers_new(&fixture->config, &system_clock, NULL, NULL, &issuers, NULL),
		STATUS_OK);
	assert_int_equal(auth_issuers_start(issuers, &err), STATUS_NOT_FOUND);
	assert_non_null(strstr(err.message, "adfs.north.contoso.com"));
	auth_issuers_free(issuers);
}

static void test_issuers_thread_fetches_by_itself(void **state)
{
	struct auth_fixture *fixture = *state;

	assert_int_equal(auth_issuers_start(fixture->issuers, NULL), STATUS_OK);
	/* Ends because the thread fetches; a hang is the test runner's to end. */
	while (check(fixture, "rs256") == STATUS_CONFLICT)
		assert_true(fixture->retry_after > 0);
	assert_int_equal(check(fixture, "rs256"), STATUS_OK);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, auth_fixture_start, auth_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_issuers_before_the_first_keys_a_caller_is_told_to_come_again),
		WITH(test_issuers_keys_are_fetched_anew_after_their_lifetime),
		WITH(test_issuers_rotation_an_unknown_key_is_asked_for_once_an_interval),
		WITH(test_issuers_bad_tokens_cause_no_fetch),
		WITH(test_issuers_down_old_keys_serve_for_a_while),
		WITH(test_issuers_document_without_keys_leaves_the_old_ones),
		WITH(test_issuers_start_reads_files_at_once),
		WITH(test_issuers_thread_fetches_by_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

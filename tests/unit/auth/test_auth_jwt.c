/* SPDX-License-Identifier: Apache-2.0 */
/* The verdicts of jwt_cases.json, and key sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "unit/auth/auth_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

static const char *text_of(const json_t *row, const char *name)
{
	return json_string_value(json_object_get(row, name));
}

static void check_accepted(const struct auth_fixture *fixture, const json_t *row)
{
	enum auth_role role = AUTH_READER;
	const char *identity = text_of(row, "identity");

	assert_true(auth_role_from_name(text_of(row, "role"), &role));
	assert_int_equal(fixture->caller.role, role);
	assert_int_equal(fixture->caller.kind, AUTH_JWT);
	assert_string_equal(fixture->caller.name, text_of(row, "caller"));
	if (identity != NULL)
		assert_string_equal(fixture->caller.identity, identity);
}

static void check_case(struct auth_fixture *fixture, const json_t *row)
{
	const char *verdict = text_of(row, "verdict");
	enum status expected = strcmp(verdict, "accepted") == 0  ? STATUS_OK
			       : strcmp(verdict, "no role") == 0 ? STATUS_FORBIDDEN
								 : STATUS_AUTHENTICATION;
	enum status status = auth_fixture_check(fixture, text_of(row, "token"));

	if (status != expected ||
	    (status != STATUS_OK && strstr(fixture->err.message, text_of(row, "why")) == NULL))
		fail_msg("%s: %s: %s", text_of(row, "name"), status_name(status),
			 fixture->err.message);
	assert_int_equal(fixture->retry_after, 0);
	if (status == STATUS_OK)
		check_accepted(fixture, row);
	else
		assert_int_equal(fixture->err.status, status);
}

static void test_jwt_cases_get_their_verdicts(void **state)
{
	struct auth_fixture *fixture = *state;
	const json_t *row;
	size_t i;

	(void)auth_issuers_refresh(fixture->issuers);
	json_array_foreach(json_object_get(fixture->document, "cases"), i, row)
		check_case(fixture, row);
	assert_true(i >= 100);
	assert_int_equal(fixture->fetches, 1);
}

/* Whatever bit of a good token is changed, it is good no longer. */
static void test_jwt_every_changed_character_is_refused(void **state)
{
	static const char *const names[] = { "rs256", "es256" };
	struct auth_fixture *fixture = *state;

	(void)auth_issuers_refresh(fixture->issuers);
	for (size_t n = 0; n < ARRAY_LENGTH(names); n++) {
		AUTO_FREE char *token = strdup(auth_fixture_token(fixture, names[n]));

		/* The last one has bits that no byte is made of. */
		for (size_t i = 0; i + 1 < strlen(token); i++) {
			char before = token[i];

			token[i] = before == 'A' ? 'B' : 'A';
			assert_int_not_equal(auth_fixture_check(fixture, token), STATUS_OK);
			assert_int_not_equal(fixture->err.status, STATUS_FORBIDDEN);
			token[i] = before;
		}
		assert_int_equal(auth_fixture_check(fixture, token), STATUS_OK);
	}
}

static enum status parse(const char *text, struct error *err)
{
	struct auth_keys *keys = NULL;
	enum status status = auth_keys_parse(text, strlen(text), &keys, err);

	auth_keys_free(keys);
	return status;
}

static void test_keys_only_those_for_our_signatures_count(void **state)
{
	struct auth_fixture *fixture = *state;
	AUTO_FREE char *text = json_dumps(json_object_get(fixture->document, "jwks"), JSON_COMPACT);
	struct auth_keys *keys = NULL;

	assert_int_equal(auth_keys_parse(text, strlen(text), &keys, NULL), STATUS_OK);
	assert_int_equal(auth_keys_count(keys), 3);
	auth_keys_free(keys);
}

static void test_keys_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"{}",
		"{\"keys\":{}}",
		"{\"keys\":[]}",
		"{\"keys\":[1,null,\"a\",[]]}",
		"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\"}]}",
		"{\"keys\":[{\"kty\":1}]}",
		/* The second ends the process in libcjose, were it handed over. */
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AAAAA\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"A===\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"A\",\"y\":\"A\"}]}",
		"{\"keys\":[],\"keys\":[]}",
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_int_equal(parse(bad[i], &err), STATUS_INVALID);
}

static void test_keys_too_many_are_refused(void **state)
{
	struct buffer text;
	struct error err;

	(void)state;
	buffer_init(&text, 1u << 16);
	assert_int_equal(buffer_append_text(&text, "{\"keys\":[1", NULL), STATUS_OK);
	for (int i = 0; i < 64; i++)
		assert_int_equal(buffer_append_text(&text, ",1", NULL), STATUS_OK);
	assert_int_equal(buffer_append_text(&text, "]}", NULL), STATUS_OK);
	assert_int_equal(buffer_terminate(&text, NULL), STATUS_OK);
	assert_int_equal(parse((const char *)text.data, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "at most 64"));
	buffer_done(&text);
}

static void test_claims_name_claim_is_the_configured_one(void **state)
{
	struct auth_fixture *fixture = *state;

	(void)auth_issuers_refresh(fixture->issuers);
	fixture->issuer.name_claim = "sub";
	assert_int_equal(auth_fixture_check(fixture, auth_fixture_token(fixture, "rs256")),
			 STATUS_OK);
	assert_string_equal(fixture->caller.name, "subject-1");
	fixture->issuer.name_claim = "email";
	assert_int_equal(auth_fixture_check(fixture, auth_fixture_token(fixture, "rs256")),
			 STATUS_AUTHENTICATION);
	assert_non_null(strstr(fixture->err.message, "email"));
}

static void test_claims_of_another_issuer_are_refused(void **state)
{
	struct auth_fixture *fixture = *state;
	struct auth_jwt *jwt = NULL;

	assert_int_equal(auth_jwt_parse(auth_fixture_token(fixture, "another issuer"), &jwt, NULL),
			 STATUS_OK);
	assert_int_equal(auth_claims_check(auth_jwt_claims(jwt), &fixture->issuer, 0, fixture->now,
					   &fixture->caller, &fixture->err),
			 STATUS_AUTHENTICATION);
	assert_non_null(strstr(fixture->err.message, "(iss)"));
	auth_jwt_free(jwt);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, auth_fixture_start, auth_fixture_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_jwt_cases_get_their_verdicts),
		WITH(test_jwt_every_changed_character_is_refused),
		WITH(test_keys_only_those_for_our_signatures_count),
		cmocka_unit_test(test_keys_that_are_none_are_refused),
		cmocka_unit_test(test_keys_too_many_are_refused),
		WITH(test_claims_of_another_issuer_are_refused),
		WITH(test_claims_name_claim_is_the_configured_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

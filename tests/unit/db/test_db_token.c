/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens. */
#include <string.h>

#include "db_fixture.h"

static char reader[] = "Reader", monitoring[] = "monitoring";

static struct db_token make_token(char *name, unsigned char first)
{
	struct db_token token = {
		.name = name, .hash = { first }, .role = reader, .created_time = first
	};
	guid_generate(token.id);
	return token;
}

static void test_db_token_find_by_hash(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_token token = make_token(monitoring, 1), got;
	unsigned char other[32] = { 2 };
	assert_int_equal(db_token_add(fixture->db, &token, NULL), STATUS_OK);
	assert_int_equal(db_token_find(fixture->db, token.hash, &got, NULL), STATUS_OK);
	assert_string_equal(got.id, token.id);
	assert_string_equal(got.name, "monitoring");
	assert_string_equal(got.role, "Reader");
	assert_int_equal(got.revoked_time, 0);
	db_token_done(&got);
	assert_int_equal(db_token_find(fixture->db, other, &got, NULL), STATUS_NOT_FOUND);
}

static void test_db_token_add_same_name_exists_until_revoked(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_token first = make_token(monitoring, 1), second = make_token(monitoring, 2), got;
	struct error err;
	assert_int_equal(db_token_add(fixture->db, &first, NULL), STATUS_OK);
	assert_int_equal(db_token_add(fixture->db, &second, &err), STATUS_EXISTS);
	assert_string_equal(err.path, "monitoring");
	assert_int_equal(db_token_revoke(fixture->db, "monitoring", 50, NULL), STATUS_OK);
	assert_int_equal(db_token_add(fixture->db, &second, NULL), STATUS_OK);
	assert_int_equal(db_token_find(fixture->db, first.hash, &got, NULL), STATUS_OK);
	assert_int_equal(got.revoked_time, 50);
	db_token_done(&got);
	assert_int_equal(db_token_revoke(fixture->db, first.id, 60, NULL), STATUS_NOT_FOUND);
	assert_int_equal(db_token_revoke(fixture->db, second.id, 60, NULL), STATUS_OK);
	assert_int_equal(db_token_revoke(fixture->db, "nobody", 60, NULL), STATUS_NOT_FOUND);
}

static void test_db_token_used_is_kept(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_token token = make_token(monitoring, 1), got;
	assert_int_equal(db_token_add(fixture->db, &token, NULL), STATUS_OK);
	assert_int_equal(db_token_find(fixture->db, token.hash, &got, NULL), STATUS_OK);
	assert_int_equal(got.last_used_time, 0);
	db_token_done(&got);
	assert_int_equal(db_token_used(fixture->db, token.id, 70, NULL), STATUS_OK);
	assert_int_equal(db_token_find(fixture->db, token.hash, &got, NULL), STATUS_OK);
	assert_int_equal(got.last_used_time, 70);
	db_token_done(&got);
}

static void test_db_token_add_unknown_role_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_token token = make_token(monitoring, 1);
	struct error err;
	token.role = monitoring;
	assert_int_equal(db_token_add(fixture->db, &token, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "token_role_known"));
}

static enum status count(const struct db_token *token, void *context, struct error *err)
{
	int64_t *last = context;
	(void)err;
	assert_true(token->created_time > *last);
	*last = token->created_time;
	return STATUS_OK;
}

static void test_db_token_list_oldest_first(void **state)
{
	struct db_fixture *fixture = *state;
	static char names[3][2] = { "a", "b", "c" };
	int64_t last = 0;
	for (unsigned char i = 3; i > 0; i--) {
		struct db_token token = make_token(names[i - 1], i);
		assert_int_equal(db_token_add(fixture->db, &token, NULL), STATUS_OK);
	}
	assert_int_equal(db_token_list(fixture->db, count, &last, NULL), STATUS_OK);
	assert_int_equal(last, 3);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_token_find_by_hash),
		WITH(test_db_token_add_same_name_exists_until_revoked),
		WITH(test_db_token_used_is_kept),
		WITH(test_db_token_add_unknown_role_is_refused),
		WITH(test_db_token_list_oldest_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens: form, who they belong to, and everything that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../../../src/auth/auth_private.h"
#include "infrabackup/crypto.h"

#include <cmocka.h>

struct fixture {
	char folder[128];
	char path[160];
	struct db *db;
};

static int setup(void **state)
{
	const char *parent = getenv("TMPDIR");
	struct fixture *fixture = calloc(1, sizeof *fixture);
	if (fixture == NULL)
		return -1;
	(void)snprintf(fixture->folder, sizeof fixture->folder, "%s/auth-XXXXXX",
		       parent == NULL ? "/tmp" : parent);
	if (mkdtemp(fixture->folder) == NULL)
		return -1;
	(void)snprintf(fixture->path, sizeof fixture->path, "%s/state.sqlite", fixture->folder);
	*state = fixture;
	return db_open(fixture->path, DB_STATE, &fixture->db, NULL) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	db_close(fixture->db);
	enum status status = file_remove_tree(fixture->folder, NULL);
	free(fixture);
	return status == STATUS_OK ? 0 : -1;
}

static void make_header(struct db *db, const char *name, enum auth_role role, int64_t expires,
			char header[64])
{
	AUTO_SECRET token = SECRET_EMPTY;
	assert_int_equal(auth_token_create(db, name, role, 1000, expires, &token, NULL), STATUS_OK);
	(void)snprintf(header, 64, "Bearer %s", (const char *)token.data);
}

static enum status check(struct db *db, const char *header, int64_t now, struct error *err)
{
	struct auth_caller caller = { .name = "untouched", .role = AUTH_OPERATOR };
	enum status status = auth_token_check(db, header + 7, now, &caller, err);
	if (status != STATUS_OK) {
		assert_string_equal(caller.name, "untouched");
		assert_int_equal(caller.role, AUTH_OPERATOR);
	}
	return status;
}

static void test_auth_token_create_has_the_documented_form_and_is_not_stored(void **state)
{
	struct fixture *fixture = *state;
	AUTO_SECRET first = SECRET_EMPTY, second = SECRET_EMPTY;
	struct buffer file;
	assert_int_equal(auth_token_create(fixture->db, "a", AUTH_READER, 1, 0, &first, NULL),
			 STATUS_OK);
	assert_int_equal(auth_token_create(fixture->db, "b", AUTH_READER, 1, 0, &second, NULL),
			 STATUS_OK);
	assert_int_equal(first.length, 46);
	assert_true(text_starts_with((const char *)first.data, "ib_"));
	assert_int_equal(strspn((const char *)first.data + 3,
				"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
			 43);
	assert_false(secret_equal(&first, &second));
	db_close(fixture->db);
	fixture->db = NULL;
	buffer_init(&file, 1u << 22);
	assert_int_equal(file_read(fixture->path, 1u << 21, &file, NULL), STATUS_OK);
	assert_null(memmem(file.data, file.length, first.data, first.length));
	buffer_done(&file);
}

static void test_auth_check_valid_token_is_its_caller(void **state)
{
	struct fixture *fixture = *state;
	char header[64];
	struct auth_caller caller;
	make_header(fixture->db, "monitoring", AUTH_OPERATOR, 0, header);
	assert_int_equal(auth_token_check(fixture->db, header + 7, 5000, &caller, NULL), STATUS_OK);
	assert_string_equal(caller.name, "monitoring");
	assert_int_equal(caller.role, AUTH_OPERATOR);
	assert_int_equal(caller.kind, AUTH_API_TOKEN);
	assert_true(guid_is_valid(caller.identity));
}

static int64_t last_used(struct db *db, const char *header)
{
	unsigned char hash[32];
	struct db_token row;
	hash_sha256(header + 7, strlen(header + 7), hash);
	assert_int_equal(db_token_find(db, hash, &row, NULL), STATUS_OK);
	int64_t time = row.last_used_time;
	db_token_done(&row);
	return time;
}

static void test_auth_check_notes_the_use_once_a_minute(void **state)
{
	struct fixture *fixture = *state;
	char header[64];
	make_header(fixture->db, "monitoring", AUTH_OPERATOR, 0, header);
	assert_int_equal(last_used(fixture->db, header), 0);
	assert_int_equal(check(fixture->db, header, 100000, NULL), STATUS_OK);
	assert_int_equal(last_used(fixture->db, header), 100000);
	assert_int_equal(check(fixture->db, header, 159999, NULL), STATUS_OK);
	assert_int_equal(last_used(fixture->db, header), 100000);
	assert_int_equal(check(fixture->db, header, 160000, NULL), STATUS_OK);
	assert_int_equal(last_used(fixture->db, header), 160000);
	/* A clock that was set back must not stop it for good. */
	assert_int_equal(check(fixture->db, header, 110000, NULL), STATUS_OK);
	assert_int_equal(last_used(fixture->db, header), 110000);
	assert_int_equal(db_token_revoke(fixture->db, "monitoring", 200000, NULL), STATUS_OK);
	assert_int_equal(check(fixture->db, header, 300000, NULL), STATUS_AUTHENTICATION);
	assert_int_equal(last_used(fixture->db, header), 110000);
}

static void test_auth_check_malformed_token_is_refused(void **state)
{
	struct fixture *fixture = *state;
	char header[64], longer[80], shorter[64];
	struct error err;
	make_header(fixture->db, "monitoring", AUTH_OPERATOR, 0, header);
	(void)snprintf(longer, sizeof longer, "%sA", header);
	(void)snprintf(shorter, sizeof shorter, "%s", header);
	shorter[strlen(shorter) - 1] = '\0';
	const char *const bad[] = { "Bearer ib_", longer, shorter };
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		assert_int_equal(check(fixture->db, bad[i], 5000, &err), STATUS_AUTHENTICATION);
		assert_non_null(strstr(err.message, "malformed"));
		assert_null(strstr(err.message, header + 10));
	}
}

static void test_auth_check_unknown_expired_revoked_get_the_same_words(void **state)
{
	struct fixture *fixture = *state;
	char expiring[64], revoked[64], unknown[64];
	struct error first, second, third;
	make_header(fixture->db, "expiring", AUTH_READER, 6000, expiring);
	make_header(fixture->db, "revoked", AUTH_READER, 0, revoked);
	(void)snprintf(unknown, sizeof unknown, "%s", expiring);
	unknown[20] = unknown[20] == 'A' ? 'B' : 'A';
	assert_int_equal(check(fixture->db, expiring, 5999, NULL), STATUS_OK);
	assert_int_equal(check(fixture->db, expiring, 6000, &first), STATUS_AUTHENTICATION);
	assert_int_equal(check(fixture->db, revoked, 5000, NULL), STATUS_OK);
	assert_int_equal(db_token_revoke(fixture->db, "revoked", 5500, NULL), STATUS_OK);
	assert_int_equal(check(fixture->db, revoked, 5000, &second), STATUS_AUTHENTICATION);
	assert_int_equal(check(fixture->db, unknown, 5000, &third), STATUS_AUTHENTICATION);
	assert_string_equal(first.message, second.message);
	assert_string_equal(first.message, third.message);
	assert_null(strstr(first.message, "ib_"));
}

static void test_auth_token_create_bad_name_is_refused(void **state)
{
	struct fixture *fixture = *state;
	AUTO_SECRET token = SECRET_EMPTY;
	struct error err;
	char too_long[66];
	memset(too_long, 'x', sizeof too_long - 1);
	too_long[65] = '\0';
	const char *const bad[] = { NULL, "", "tab\tname", "\xff", too_long };
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		assert_int_equal(
			auth_token_create(fixture->db, bad[i], AUTH_READER, 1, 0, &token, &err),
			STATUS_INVALID);
		assert_string_equal(err.field, "name");
		assert_true(secret_is_empty(&token));
	}
	too_long[64] = '\0';
	assert_int_equal(auth_token_create(fixture->db, too_long, AUTH_READER, 1, 0, &token, &err),
			 STATUS_OK);
}

static void test_auth_token_create_same_name_exists(void **state)
{
	struct fixture *fixture = *state;
	char header[64];
	AUTO_SECRET token = SECRET_EMPTY;
	make_header(fixture->db, "a", AUTH_READER, 0, header);
	assert_int_equal(auth_token_create(fixture->db, "a", AUTH_READER, 1, 0, &token, NULL),
			 STATUS_EXISTS);
	assert_true(secret_is_empty(&token));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_auth_token_create_has_the_documented_form_and_is_not_stored),
		WITH(test_auth_check_valid_token_is_its_caller),
		WITH(test_auth_check_notes_the_use_once_a_minute),
		WITH(test_auth_check_malformed_token_is_refused),
		WITH(test_auth_check_unknown_expired_revoked_get_the_same_words),
		WITH(test_auth_token_create_bad_name_is_refused),
		WITH(test_auth_token_create_same_name_exists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

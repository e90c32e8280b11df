/* SPDX-License-Identifier: Apache-2.0 */
/* The key inventory. */
#include <string.h>

#include "db_fixture.h"

static char location[] = "location", escrow[] = "escrow", subject[] = "CN=backup";

static struct db_key make_key(const char *thumbprint, char *purpose, int64_t time)
{
	struct db_key key = { .purpose = purpose,
			      .subject = subject,
			      .not_after = 99,
			      .first_used = time,
			      .last_used = time };
	memcpy(key.thumbprint, thumbprint, sizeof key.thumbprint);
	return key;
}

#define KEY_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

struct seen {
	struct db_key keys[4];
	size_t count;
};

static enum status see(const struct db_key *key, void *context, struct error *err)
{
	struct seen *seen = context;
	(void)err;
	assert_true(seen->count < ARRAY_LENGTH(seen->keys));
	seen->keys[seen->count] = *key;
	seen->keys[seen->count].purpose = NULL;
	seen->keys[seen->count++].subject = NULL;
	return STATUS_OK;
}

static void test_db_key_note_use_again_counts_and_moves_the_end(void **state)
{
	struct db_fixture *fixture = *state;
	struct seen seen = { .count = 0 };
	const struct db_key uses[] = {
		make_key(KEY_A, location, 10), make_key(KEY_B, location, 20),
		make_key(KEY_A, location, 30), make_key(KEY_A, escrow, 5),
		make_key(KEY_A, location, 25),
	};
	for (size_t i = 0; i < ARRAY_LENGTH(uses); i++)
		assert_int_equal(db_key_note_use(fixture->db, &uses[i], NULL), STATUS_OK);
	assert_int_equal(db_key_list(fixture->db, see, &seen, NULL), STATUS_OK);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.keys[0].thumbprint, KEY_A);
	assert_int_equal(seen.keys[0].backups, 3);
	assert_int_equal(seen.keys[0].first_used, 10);
	assert_int_equal(seen.keys[0].last_used, 30);
	assert_string_equal(seen.keys[1].thumbprint, KEY_B);
	assert_int_equal(seen.keys[1].backups, 1);
	assert_int_equal(seen.keys[2].last_used, 5);
}

static void test_db_key_note_use_unknown_purpose_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	struct error err;
	struct db_key key = make_key(KEY_A, subject, 10);
	assert_int_equal(db_key_note_use(fixture->db, &key, &err), STATUS_INVALID);
	assert_non_null(strstr(err.message, "key_purpose_known"));
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_key_note_use_again_counts_and_moves_the_end),
		WITH(test_db_key_note_use_unknown_purpose_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

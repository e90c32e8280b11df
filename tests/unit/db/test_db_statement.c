/* SPDX-License-Identifier: Apache-2.0 */
/* Statements: our own mistakes are reported, not run; a query may run inside itself. */
#include <string.h>

#include "../../../src/db/db_statement.h"

#include "db_fixture.h"

struct pair {
	char *name;
	char *value;
};

static const struct db_column pair_items[] = {
	DB_COLUMN(DB_TEXT, pair, name),
	DB_COLUMN(DB_TEXT, pair, value),
};
static const struct db_columns pair_columns = DB_COLUMNS(pair_items);

static const struct db_query query_all = { "test",
					   "SELECT name, value FROM setting ORDER BY name" };
static const struct db_query query_swapped = { "test", "SELECT value, name FROM setting" };
static const struct db_query query_fewer = { "test", "SELECT name FROM setting" };
static const struct db_query query_insert = { "test", "INSERT INTO setting (name, value)"
						      " VALUES (:name, :value)" };

static void add(struct db *db, const char *name, const char *text)
{
	assert_int_equal(db_setting_set(db, name, text, NULL), STATUS_OK);
}

static void test_db_statement_step_parameter_without_value_fails(void **state)
{
	struct db_fixture *fixture = *state;
	struct error err;
	AUTO_STATEMENT statement = db_statement_begin(fixture->db, &query_insert);
	db_bind_text(&statement, ":name", "a");
	assert_int_equal(db_statement_run(&statement, NULL, &err), STATUS_FAILED);
	assert_non_null(strstr(err.message, "a parameter has no value"));
}

static void test_db_bind_unknown_parameter_fails_at_the_step(void **state)
{
	struct db_fixture *fixture = *state;
	struct error err;
	AUTO_STATEMENT statement = db_statement_begin(fixture->db, &query_insert);
	db_bind_text(&statement, ":name", "a");
	db_bind_text(&statement, ":valeu", "b");
	db_bind_text(&statement, ":value", "c");
	assert_int_equal(db_statement_run(&statement, NULL, &err), STATUS_FAILED);
	assert_non_null(strstr(err.message, ":valeu"));
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM setting"), 0);
}

static void test_db_bind_unsigned_beyond_signed_is_refused(void **state)
{
	struct db_fixture *fixture = *state;
	AUTO_STATEMENT statement = db_statement_begin(fixture->db, &query_insert);
	db_bind_text(&statement, ":name", "a");
	db_bind_unsigned(&statement, ":value", UINT64_MAX);
	assert_int_equal(db_statement_run(&statement, NULL, NULL), STATUS_TOO_LARGE);
}

static void test_db_statement_next_other_columns_are_refused(void **state)
{
	struct db_fixture *fixture = *state;
	add(fixture->db, "a", "1");
	const struct db_query *const queries[] = { &query_swapped, &query_fewer };
	for (size_t i = 0; i < ARRAY_LENGTH(queries); i++) {
		struct pair pair = { NULL, NULL };
		bool more = false;
		AUTO_STATEMENT statement = db_statement_begin(fixture->db, queries[i]);
		assert_int_equal(db_statement_next(&statement, &pair_columns, &pair, &more, NULL),
				 STATUS_FAILED);
		assert_null(pair.name);
	}
}

static size_t count_all(struct db *db)
{
	size_t count = 0;
	AUTO_STATEMENT statement = db_statement_begin(db, &query_all);
	for (;;) {
		struct pair pair = { NULL, NULL };
		bool more = false;
		assert_int_equal(db_statement_next(&statement, &pair_columns, &pair, &more, NULL),
				 STATUS_OK);
		if (!more)
			return count;
		count++;
		db_row_done(&pair_columns, &pair);
	}
}

static void test_db_statement_query_inside_itself_does_not_disturb_the_outer(void **state)
{
	struct db_fixture *fixture = *state;
	size_t outer = 0;
	add(fixture->db, "a", "1");
	add(fixture->db, "b", "2");
	add(fixture->db, "c", "3");
	AUTO_STATEMENT statement = db_statement_begin(fixture->db, &query_all);
	for (;;) {
		struct pair pair = { NULL, NULL };
		bool more = false;
		assert_int_equal(db_statement_next(&statement, &pair_columns, &pair, &more, NULL),
				 STATUS_OK);
		if (!more)
			break;
		assert_int_equal(pair.name[0], 'a' + (char)outer);
		assert_int_equal(count_all(fixture->db), 3);
		outer++;
		db_row_done(&pair_columns, &pair);
	}
	assert_int_equal(outer, 3);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_statement_step_parameter_without_value_fails),
		WITH(test_db_bind_unknown_parameter_fails_at_the_step),
		WITH(test_db_bind_unsigned_beyond_signed_is_refused),
		WITH(test_db_statement_next_other_columns_are_refused),
		WITH(test_db_statement_query_inside_itself_does_not_disturb_the_outer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

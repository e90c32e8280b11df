/* SPDX-License-Identifier: Apache-2.0 */
/* The pool of connections. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../../../src/db/db_connection.h"

#include "db_fixture.h"

static void test_db_pool_take_after_give_is_the_same_connection(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_pool *pool = NULL;
	struct db *first = NULL, *second = NULL;
	assert_int_equal(db_pool_new(fixture->path, DB_STATE, 4, &pool, NULL), STATUS_OK);
	assert_int_equal(db_pool_take(pool, &first, NULL), STATUS_OK);
	db_pool_give(pool, first);
	assert_int_equal(db_pool_take(pool, &second, NULL), STATUS_OK);
	assert_ptr_equal(first, second);
	db_pool_give(pool, second);
	db_pool_give(pool, NULL);
	db_pool_free(pool);
	db_pool_free(NULL);
}

static void test_db_pool_give_open_transaction_is_rolled_back(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_pool *pool = NULL;
	struct db *db = NULL;
	assert_int_equal(db_pool_new(fixture->path, DB_STATE, 1, &pool, NULL), STATUS_OK);
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(db_execute(db, "BEGIN IMMEDIATE", "test", NULL), STATUS_OK);
	assert_int_equal(db_setting_set(db, "a", "1", NULL), STATUS_OK);
	db_pool_give(pool, db);
	assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_OK);
	assert_int_equal(sqlite3_get_autocommit(db->handle), 1);
	db_pool_give(pool, db);
	db_pool_free(pool);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM setting"), 0);
}

static void test_db_pool_take_database_cannot_be_opened_fails_each_time(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_pool *pool = NULL;
	struct db *db = NULL;
	assert_true(db_fixture_sql(fixture->path, "CREATE TABLE theirs (x)"));
	assert_int_equal(db_pool_new(fixture->path, DB_STATE, 1, &pool, NULL), STATUS_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(db_pool_take(pool, &db, NULL), STATUS_UNSUPPORTED);
	assert_null(db);
	db_pool_free(pool);
}

#define THREADS 8
#define ROUNDS 25

struct user {
	struct db_pool *pool;
	int number;
	int failures;
};

static void *use_pool(void *argument)
{
	struct user *user = argument;
	for (int i = 0; i < ROUNDS; i++) {
		char name[32];
		struct db *db = NULL;
		(void)snprintf(name, sizeof name, "%d-%d", user->number, i);
		if (db_pool_take(user->pool, &db, NULL) != STATUS_OK ||
		    db_setting_set(db, name, "x", NULL) != STATUS_OK)
			user->failures++;
		db_pool_give(user->pool, db);
	}
	return NULL;
}

static void test_db_pool_more_threads_than_connections_lose_nothing(void **state)
{
	struct db_fixture *fixture = *state;
	struct db_pool *pool = NULL;
	struct user users[THREADS];
	pthread_t threads[THREADS];
	assert_int_equal(db_pool_new(fixture->path, DB_STATE, 3, &pool, NULL), STATUS_OK);
	for (int i = 0; i < THREADS; i++) {
		users[i] = (struct user) { .pool = pool, .number = i };
		assert_int_equal(pthread_create(&threads[i], NULL, use_pool, &users[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(users[i].failures, 0);
	}
	db_pool_free(pool);
	assert_int_equal(db_fixture_number(fixture->path, "SELECT count(*) FROM setting"),
			 THREADS * ROUNDS);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_folder, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_pool_take_after_give_is_the_same_connection),
		WITH(test_db_pool_give_open_transaction_is_rolled_back),
		WITH(test_db_pool_take_database_cannot_be_opened_fails_each_time),
		WITH(test_db_pool_more_threads_than_connections_lose_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

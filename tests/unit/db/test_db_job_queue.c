/* SPDX-License-Identifier: Apache-2.0 */
/* Which jobs of a location may stand in the queue together, and which of them is claimed. */
#include <string.h>

#include "db_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum status add(struct db *db, const char *kind, bool is_automatic, char id[GUID_TEXT_SIZE])
{
	struct db_job job = db_fixture_job(kind, "north");
	struct error err;
	job.is_automatic = is_automatic;
	if (id != NULL)
		memcpy(id, job.id, GUID_TEXT_SIZE);
	return db_job_add(db, &job, &err);
}

/* NULL: nothing is there to be claimed. */
static void expect_claim(struct db *db, const char *id)
{
	struct db_job job;
	enum status status = db_job_claim(db, 1000, 2000, &job, NULL);
	assert_int_equal(status, id != NULL ? STATUS_OK : STATUS_NOT_FOUND);
	if (id == NULL)
		return;
	assert_string_equal(job.id, id);
	db_job_done(&job);
}

static void finish(struct db *db, const char *id)
{
	assert_int_equal(db_job_finish(db, id, "Succeeded", 3000, NULL, NULL, NULL), STATUS_OK);
}

static void test_db_job_behind_an_automatic_prune_waits_for_its_end(void **state)
{
	struct db *db = ((struct db_fixture *)*state)->db;
	static const char *const kinds[] = { "backup", "locationUpdate", "prune", "restore" };
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		char prune[GUID_TEXT_SIZE], asked[GUID_TEXT_SIZE], other[GUID_TEXT_SIZE];
		bool is_running = true;
		assert_int_equal(add(db, "prune", true, prune), STATUS_OK);
		assert_int_equal(db_job_is_running(db, "north", "prune", &is_running, NULL),
				 STATUS_OK);
		assert_false(is_running);
		expect_claim(db, prune);
		assert_int_equal(add(db, kinds[i], false, asked), STATUS_OK);
		/* One of the others waits, as ever. */
		assert_int_equal(add(db, "backup", true, NULL), STATUS_CONFLICT);
		assert_int_equal(db_job_is_running(db, "north", "prune", &is_running, NULL),
				 STATUS_OK);
		assert_true(is_running);
		expect_claim(db, NULL);
		/* What does not write does not wait, nor does another location. */
		assert_int_equal(add(db, "verify", false, other), STATUS_OK);
		expect_claim(db, other);
		finish(db, other);
		db_fixture_add_job(db, kinds[i], "south", other);
		expect_claim(db, other);
		expect_claim(db, NULL);
		finish(db, other);
		finish(db, prune);
		expect_claim(db, asked);
		finish(db, asked);
	}
}

static void test_db_job_automatic_prune_comes_when_there_is_nothing_else(void **state)
{
	struct db *db = ((struct db_fixture *)*state)->db;
	char id[GUID_TEXT_SIZE];
	assert_int_equal(add(db, "backup", false, id), STATUS_OK);
	assert_int_equal(add(db, "prune", true, NULL), STATUS_CONFLICT);
	expect_claim(db, id);
	assert_int_equal(add(db, "prune", true, NULL), STATUS_CONFLICT);
	finish(db, id);
	assert_int_equal(add(db, "prune", true, id), STATUS_OK);
	assert_int_equal(add(db, "prune", true, NULL), STATUS_CONFLICT);
	expect_claim(db, id);
	assert_int_equal(add(db, "prune", true, NULL), STATUS_CONFLICT);
	finish(db, id);
	/* One that was asked for is in the way as before. */
	assert_int_equal(add(db, "prune", false, id), STATUS_OK);
	assert_int_equal(add(db, "backup", false, NULL), STATUS_CONFLICT);
	assert_int_equal(add(db, "prune", true, NULL), STATUS_CONFLICT);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, db_fixture_state, db_fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_db_job_behind_an_automatic_prune_waits_for_its_end),
		WITH(test_db_job_automatic_prune_comes_when_there_is_nothing_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

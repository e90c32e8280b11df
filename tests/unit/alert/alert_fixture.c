/* SPDX-License-Identifier: Apache-2.0 */
/* A book of alerts over an empty state database, with a clock that the test turns. */
#include <stdio.h>
#include <string.h>

#include "unit/alert/alert_fixture.h"

static int64_t read_clock(void *context)
{
	return ((struct alert_fixture *)context)->now;
}

int alert_fixture_start(void **state)
{
	struct alert_fixture *fixture = calloc(1, sizeof *fixture);
	log_set_level(LOG_LEVEL_ERROR);
	if (fixture == NULL || db_fixture_state(&fixture->folder) != 0)
		return -1;
	fixture->db = ((struct db_fixture *)fixture->folder)->db;
	fixture->now = 1772396467440;
	fixture->clock = (struct clock) { read_clock, read_clock, fixture };
	*state = fixture;
	return alert_book_new("north", &fixture->clock, &fixture->book, NULL) == STATUS_OK ? 0 : -1;
}

int alert_fixture_stop(void **state)
{
	struct alert_fixture *fixture = *state;
	alert_book_free(fixture->book);
	int result = db_fixture_teardown(&fixture->folder);
	free(fixture);
	return result;
}

void alert_fixture_raise(struct alert_fixture *fixture, enum alert_fault fault,
			 const char *occurrence)
{
	const struct alert_report report = { .fault = fault, .occurrence = occurrence };
	struct error err = { .message = "" };
	enum status status = alert_raise(fixture->book, fixture->db, &report, &err);
	assert_string_equal(err.message, "");
	assert_int_equal(status, STATUS_OK);
}

void alert_fixture_clear(struct alert_fixture *fixture, enum alert_fault fault)
{
	assert_int_equal(alert_clear(fixture->book, fixture->db, fault, "it is gone", NULL),
			 STATUS_OK);
}

int64_t alert_fixture_rows(struct alert_fixture *fixture, const char *where)
{
	char sql[256];
	(void)snprintf(sql, sizeof sql, "SELECT count(*) FROM alert WHERE %s", where);
	return db_fixture_number(((struct db_fixture *)fixture->folder)->path, sql);
}

struct search {
	const char *fault;
	struct db_alert found;
};

static enum status look(const struct db_alert *row, void *context, struct error *err)
{
	struct search *search = context;
	(void)err;
	if (row->closed_time != 0 || strcmp(row->fault, search->fault) != 0)
		return STATUS_OK;
	memcpy(search->found.id, row->id, sizeof row->id);
	return STATUS_OK;
}

struct db_alert alert_fixture_open(struct alert_fixture *fixture, enum alert_fault fault)
{
	struct search search = { .fault = alert_fault_name(fault) };
	struct db_alert row = { .id = "" };
	assert_int_equal(db_alert_list(fixture->db, "north", 0, look, &search, NULL), STATUS_OK);
	assert_string_not_equal(search.found.id, "");
	assert_int_equal(db_alert_get(fixture->db, "north", search.found.id, &row, NULL),
			 STATUS_OK);
	return row;
}

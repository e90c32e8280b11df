/* SPDX-License-Identifier: Apache-2.0 */
/* A configured service whose clock the test moves, and its state database behind its back. */
#ifndef TESTS_UNIT_BACKUP_SCHEDULE_FIXTURE_H
#define TESTS_UNIT_BACKUP_SCHEDULE_FIXTURE_H

#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HOUR (60 * 60 * 1000LL)

int schedule_setup(void **state);
int schedule_teardown(void **state);

/* The first number of the first row, -1 without one. */
int64_t schedule_sql(struct service_fixture *fixture, const char *text);
int64_t schedule_next_time(struct service_fixture *fixture);
/* Scheduled jobs, those that were skipped not counted. */
int64_t schedule_automatic(struct service_fixture *fixture);
void schedule_set(struct service_fixture *fixture, bool enabled, int64_t hours);
/* The look of a moment, made by the test itself; the engine's thread looks when it likes. */
void schedule_look(struct service_fixture *fixture);
/* Moves the clock and looks. */
void schedule_advance(struct service_fixture *fixture, int64_t time);
/* To a moment that is @after ms after the point to come. */
void schedule_advance_to_next(struct service_fixture *fixture, int64_t after);
/* Until all jobs are over. */
void schedule_settle(struct service_fixture *fixture);

/* Open alerts of that name. */
int64_t schedule_alerts(struct service_fixture *fixture, enum alert_fault fault);

#endif

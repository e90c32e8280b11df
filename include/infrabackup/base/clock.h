/* SPDX-License-Identifier: Apache-2.0 */
/* The clock as something that is passed in: tests bring their own. Times are int64_t milliseconds
 * since 1970 UTC unless a name says otherwise. */
#ifndef INFRABACKUP_BASE_CLOCK_H
#define INFRABACKUP_BASE_CLOCK_H

#include "infrabackup/base/error.h"

#include <stdint.h>

struct clock {
	int64_t (*now)(void *context);       /* wall clock, ms since 1970 UTC */
	int64_t (*monotonic)(void *context); /* ms since some start; never goes back */
	void *context;
};

/* The system's clocks; a constant, valid for ever, for all threads. */
extern const struct clock system_clock;

int64_t clock_now(const struct clock *clock);
int64_t clock_monotonic(const struct clock *clock);

#define CLOCK_TEXT_SIZE 32

/* "2026-03-01T20:21:07.44Z": UTC, trailing zeros of the fraction cut, no dot when it is zero. */
const char *clock_text(int64_t time, char text[CLOCK_TEXT_SIZE]);
/* "20260301T202107Z", for names on the share. */
const char *clock_compact_text(int64_t time, char text[CLOCK_TEXT_SIZE]);
/* The reverse of clock_text(), up to seven fraction digits read. */
MUST_CHECK enum status clock_parse(const char *text, int64_t *out, struct error *err);
/* ISO 8601 duration as .NET writes it: "PT6M35.345S", "PT1H21M55.394S", "PT0S"; days become
 * "P1DT2H".*/
const char *clock_duration_text(int64_t milliseconds, char text[CLOCK_TEXT_SIZE]);

#endif

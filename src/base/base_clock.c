/* SPDX-License-Identifier: Apache-2.0 */
/* The system's clocks, and times and durations as text. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "infrabackup/base/clock.h"

/* 0001-01-01 and 9999-12-31: years of four digits, so that every text has the same shape. */
#define CLOCK_TIME_MIN INT64_C(-62135596800000)
#define CLOCK_TIME_MAX INT64_C(253402300799999)
#define SECONDS_TEXT_LENGTH 19

static int64_t read_clock(clockid_t id)
{
	struct timespec time = { 0 };

	(void)clock_gettime(id, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int64_t system_now(void *context)
{
	(void)context;
	return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic(void *context)
{
	(void)context;
	return read_clock(CLOCK_MONOTONIC);
}

const struct clock system_clock = { system_now, system_monotonic, NULL };

int64_t clock_now(const struct clock *clock)
{
	return clock->now(clock->context);
}

int64_t clock_monotonic(const struct clock *clock)
{
	return clock->monotonic(clock->context);
}

/* Splits into calendar parts and milliseconds, also before 1970. */
static int clock_split(int64_t time, struct tm *parts)
{
	if (time < CLOCK_TIME_MIN)
		time = CLOCK_TIME_MIN;
	if (time > CLOCK_TIME_MAX)
		time = CLOCK_TIME_MAX;
	int milliseconds = (int)(time % 1000);
	if (milliseconds < 0)
		milliseconds += 1000;
	time_t seconds = (time_t)((time - milliseconds) / 1000);
	(void)gmtime_r(&seconds, parts);
	return milliseconds;
}

/* ".44" for 440, "" for 0. */
static void fraction_text(int milliseconds, char text[8])
{
	text[0] = '\0';
	if (milliseconds == 0)
		return;
	(void)snprintf(text, 8, ".%03d", milliseconds % 1000);
	for (size_t last = 3; text[last] == '0'; last--)
		text[last] = '\0';
}

static void seconds_text(const struct tm *parts, char text[CLOCK_TEXT_SIZE])
{
	(void)snprintf(text, CLOCK_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d",
		       (parts->tm_year + 1900) % 10000, parts->tm_mon + 1, parts->tm_mday,
		       parts->tm_hour, parts->tm_min, parts->tm_sec);
}

const char *clock_text(int64_t time, char text[CLOCK_TEXT_SIZE])
{
	struct tm parts;
	int milliseconds = clock_split(time, &parts);
	char fraction[8];

	fraction_text(milliseconds, fraction);
	seconds_text(&parts, text);
	(void)snprintf(text + SECONDS_TEXT_LENGTH, CLOCK_TEXT_SIZE - SECONDS_TEXT_LENGTH, "%sZ",
		       fraction);
	return text;
}

const char *clock_compact_text(int64_t time, char text[CLOCK_TEXT_SIZE])
{
	struct tm parts;

	(void)clock_split(time, &parts);
	if (strftime(text, CLOCK_TEXT_SIZE, "%Y%m%dT%H%M%SZ", &parts) == 0)
		text[0] = '\0';
	return text;
}

/* Reads ".4412345Z" or "Z"; -1 when it is anything else. */
static int parse_fraction(const char *text)
{
	int milliseconds = 0;
	int digits = 0;

	if (*text == '.') {
		for (text++; *text >= '0' && *text <= '9'; text++, digits++) {
			if (digits < 3)
				milliseconds = milliseconds * 10 + (*text - '0');
		}
		if (digits == 0 || digits > 7)
			return -1;
		for (; digits < 3; digits++)
			milliseconds *= 10;
	}
	return strcmp(text, "Z") == 0 ? milliseconds : -1;
}

enum status clock_parse(const char *text, int64_t *out, struct error *err)
{
	struct tm parts = { 0 };
	char again[CLOCK_TEXT_SIZE] = "";
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
	int milliseconds = rest == NULL ? -1 : parse_fraction(rest);

	if (milliseconds >= 0) {
		struct tm normal = parts;
		time_t seconds = timegm(&normal);

		/* strptime is lenient (blanks, single digits, 31 February): only what would be
		 * written the same way is a time. */
		seconds_text(&normal, again);
		if (strncmp(again, text, SECONDS_TEXT_LENGTH) == 0) {
			*out = (int64_t)seconds * 1000 + milliseconds;
			return STATUS_OK;
		}
	}
	return fail(err, STATUS_INVALID, "parse time", NULL,
		    "found \"%.40s\", allowed is a UTC time such as 2026-03-01T20:21:07.44Z", text);
}

const char *clock_duration_text(int64_t milliseconds, char text[CLOCK_TEXT_SIZE])
{
	uint64_t left = milliseconds < 0 ? 0 - (uint64_t)milliseconds : (uint64_t)milliseconds;
	const struct {
		uint64_t milliseconds;
		char letter;
	} units[] = { { 86400000, 'D' }, { 3600000, 'H' }, { 60000, 'M' } };
	size_t used = (size_t)snprintf(text, CLOCK_TEXT_SIZE, milliseconds < 0 ? "-P" : "P");
	bool in_time = false;
	char fraction[8];

	for (size_t i = 0; i < 3; i++) {
		uint64_t count = left / units[i].milliseconds;

		left %= units[i].milliseconds;
		if (i == 1 && (left > 0 || count > 0 || milliseconds == 0)) {
			text[used++] = 'T';
			in_time = true;
		}
		if (count > 0)
			used += (size_t)snprintf(text + used, CLOCK_TEXT_SIZE - used,
						 "%" PRIu64 "%c", count, units[i].letter);
	}
	text[used] = '\0';
	if (in_time && (left > 0 || milliseconds == 0)) {
		fraction_text((int)(left % 1000), fraction);
		(void)snprintf(text + used, CLOCK_TEXT_SIZE - used, "%" PRIu64 "%sS", left / 1000,
			       fraction);
	}
	return text;
}

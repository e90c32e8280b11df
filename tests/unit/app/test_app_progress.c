/* SPDX-License-Identifier: Apache-2.0 */
/* What progress looks like, and how often it is shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "infrabackup/app.h"

#undef fail
#include <cmocka.h>

static int64_t fake_now(void *context)
{
	return *(int64_t *)context;
}

struct screen {
	char *text;
	size_t size;
	FILE *stream;
	int64_t time;
	struct clock clock;
	struct app_progress progress;
};

static void screen_open(struct screen *screen, bool is_terminal)
{
	memset(screen, 0, sizeof *screen);
	screen->time = 1000000;
	screen->clock = (struct clock) { fake_now, fake_now, &screen->time };
	screen->stream = open_memstream(&screen->text, &screen->size);
	assert_non_null(screen->stream);
	app_progress_init(&screen->progress, screen->stream, is_terminal, &screen->clock);
}

static void screen_close(struct screen *screen)
{
	(void)fclose(screen->stream);
	free(screen->text);
}

static size_t count_of(const char *text, char byte)
{
	size_t count = 0;
	for (; *text != '\0'; text++)
		count += *text == byte;
	return count;
}

static void test_app_progress_bar_half_done_shows_half_a_bar(void **state)
{
	const struct app_progress_view view = { .phase = "upload",
						.done = 50u << 20,
						.total = 100u << 20,
						.rate = 10 << 20,
						.seconds_left = 65 };
	char text[256];
	(void)state;
	assert_string_equal(app_progress_bar(&view, 200, text, sizeof text),
			    "upload         [########........]  50%  50.0 MB of 100 MB  10.0 "
			    "MB/s  1:05 left");
}

static void test_app_progress_bar_narrow_terminal_is_not_passed(void **state)
{
	const struct app_progress_view view = {
		.phase = "upload", .done = 1, .total = 2, .rate = 1, .seconds_left = 1
	};
	char text[256];
	(void)state;
	assert_int_equal(strlen(app_progress_bar(&view, 30, text, sizeof text)), 30);
}

static void test_app_progress_bar_more_than_expected_stays_at_hundred(void **state)
{
	const struct app_progress_view view = {
		.phase = "upload", .done = 300, .total = 100, .rate = -1, .seconds_left = -1
	};
	char text[256];
	(void)state;
	assert_non_null(strstr(app_progress_bar(&view, 200, text, sizeof text), "] 100%"));
}

static void test_app_progress_names_what_is_worked_on_last(void **state)
{
	const struct app_progress_view view = {
		.phase = "snapshot", .detail = "Files", .done = 2048, .rate = -1, .seconds_left = -1
	};
	char text[128];
	(void)state;
	assert_string_equal(app_progress_line(&view, text, sizeof text),
			    "snapshot: 2.00 KB, Files");
	assert_string_equal(app_progress_bar(&view, 200, text, sizeof text),
			    "snapshot       2.00 KB  Files");
}

static void test_app_progress_line_unknown_total_shows_no_share(void **state)
{
	const struct app_progress_view view = {
		.phase = "snapshot", .done = 2048, .total = 0, .rate = -1, .seconds_left = -1
	};
	char text[256];
	(void)state;
	assert_string_equal(app_progress_line(&view, text, sizeof text), "snapshot: 2.00 KB");
}

static void test_app_progress_line_known_total_shows_all_figures(void **state)
{
	const struct app_progress_view view = {
		.phase = "upload", .done = 25, .total = 100, .rate = 5, .seconds_left = 15
	};
	char text[256];
	(void)state;
	assert_string_equal(app_progress_line(&view, text, sizeof text),
			    "upload: 25 B of 100 B (25%), 5 B/s, 0:15 left");
}

static void test_app_progress_show_terminal_redraws_ten_times_a_second(void **state)
{
	struct screen screen;
	(void)state;
	screen_open(&screen, true);
	for (int i = 0; i < 1000; i++) {
		app_progress_show(&screen.progress, "upload", (uint64_t)i, 1000);
		screen.time += 1;
	}
	(void)fflush(screen.stream);
	assert_int_equal(count_of(screen.text, '\r'), 10);
	assert_int_equal(count_of(screen.text, '\n'), 0);
	screen_close(&screen);
}

static void test_app_progress_show_elsewhere_a_line_every_five_seconds(void **state)
{
	struct screen screen;
	(void)state;
	screen_open(&screen, false);
	for (int i = 0; i < 200; i++) {
		app_progress_show(&screen.progress, "upload", (uint64_t)i, 200);
		screen.time += 100;
	}
	(void)fflush(screen.stream);
	assert_int_equal(count_of(screen.text, '\n'), 4);
	assert_int_equal(count_of(screen.text, '\r'), 0);
	screen_close(&screen);
}

static void test_app_progress_show_rate_is_that_of_the_phase(void **state)
{
	struct screen screen;
	(void)state;
	screen_open(&screen, true);
	app_progress_show(&screen.progress, "check", 0, 0);
	screen.time += 60000;
	app_progress_show(&screen.progress, "upload", 100u << 20, 200u << 20);
	screen.time += 10000;
	app_progress_show(&screen.progress, "upload", 150u << 20, 200u << 20);
	(void)fflush(screen.stream);
	assert_non_null(strstr(screen.text, "5.00 MB/s"));
	assert_non_null(strstr(screen.text, "0:10 left"));
	screen_close(&screen);
}

static void test_app_progress_end_takes_the_bar_away(void **state)
{
	struct screen screen;
	(void)state;
	screen_open(&screen, true);
	app_progress_end(&screen.progress);
	(void)fflush(screen.stream);
	assert_int_equal(screen.size, 0);
	app_progress_show(&screen.progress, "upload", 1, 2);
	app_progress_end(&screen.progress);
	app_progress_end(&screen.progress);
	(void)fflush(screen.stream);
	assert_int_equal(count_of(screen.text, '\r'), 2);
	screen_close(&screen);
}

static void test_app_progress_show_quiet_shows_nothing(void **state)
{
	struct screen screen;
	(void)state;
	screen_open(&screen, false);
	screen.progress.is_quiet = true;
	app_progress_show(&screen.progress, "upload", 1, 2);
	(void)fflush(screen.stream);
	assert_int_equal(screen.size, 0);
	screen_close(&screen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_app_progress_bar_half_done_shows_half_a_bar),
		cmocka_unit_test(test_app_progress_bar_narrow_terminal_is_not_passed),
		cmocka_unit_test(test_app_progress_bar_more_than_expected_stays_at_hundred),
		cmocka_unit_test(test_app_progress_names_what_is_worked_on_last),
		cmocka_unit_test(test_app_progress_line_unknown_total_shows_no_share),
		cmocka_unit_test(test_app_progress_line_known_total_shows_all_figures),
		cmocka_unit_test(test_app_progress_show_terminal_redraws_ten_times_a_second),
		cmocka_unit_test(test_app_progress_show_elsewhere_a_line_every_five_seconds),
		cmocka_unit_test(test_app_progress_show_rate_is_that_of_the_phase),
		cmocka_unit_test(test_app_progress_end_takes_the_bar_away),
		cmocka_unit_test(test_app_progress_show_quiet_shows_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

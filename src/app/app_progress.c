/* SPDX-License-Identifier: Apache-2.0 */
/* Progress: a bar on a terminal, plain lines elsewhere. */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "infrabackup/app.h"

#define BAR_INTERVAL 100
#define LINE_INTERVAL 5000
#define BAR_CELLS 16
#define DEFAULT_WIDTH 80

static unsigned percent_of(const struct app_progress_view *view)
{
	if (view->total == 0)
		return 0;
	return view->done >= view->total
		       ? 100
		       : (unsigned)((double)view->done * 100.0 / (double)view->total);
}

static void append(char *text, size_t size, const char *more)
{
	size_t length = strlen(text);
	(void)snprintf(text + length, size - length, "%s", more);
}

static void append_amount(const struct app_progress_view *view, char *text, size_t size)
{
	char done[16], total[16], amount[64];
	(void)capacity_text(view->done, done);
	if (view->total > 0)
		(void)snprintf(amount, sizeof amount, "%s of %s", done,
			       capacity_text(view->total, total));
	else
		(void)snprintf(amount, sizeof amount, "%s", done);
	append(text, size, amount);
}

static void append_rate(const struct app_progress_view *view, const char *between, char *text,
			size_t size)
{
	char rate[16], line[64];
	if (view->rate >= 0) {
		(void)snprintf(line, sizeof line, "%s%s/s", between,
			       capacity_text((uint64_t)view->rate, rate));
		append(text, size, line);
	}
	if (view->seconds_left >= 0) {
		(void)snprintf(line, sizeof line, "%s%lld:%02lld left", between,
			       (long long)(view->seconds_left / 60),
			       (long long)(view->seconds_left % 60));
		append(text, size, line);
	}
}

static void append_detail(const struct app_progress_view *view, const char *between, char *text,
			  size_t size)
{
	char line[128];
	if (view->detail == NULL)
		return;
	(void)snprintf(line, sizeof line, "%s%.96s", between, view->detail);
	append(text, size, line);
}

static void append_cells(const struct app_progress_view *view, char *text, size_t size)
{
	char bar[BAR_CELLS + 16];
	size_t full = (size_t)percent_of(view) * BAR_CELLS / 100;
	if (view->total == 0)
		return;
	bar[0] = '[';
	for (size_t i = 0; i < BAR_CELLS; i++)
		bar[1 + i] = i < full ? '#' : '.';
	(void)snprintf(bar + 1 + BAR_CELLS, sizeof bar - 1 - BAR_CELLS, "] %3u%%  ",
		       percent_of(view));
	append(text, size, bar);
}

const char *app_progress_bar(const struct app_progress_view *view, size_t width, char *text,
			     size_t text_size)
{
	(void)snprintf(text, text_size, "%-14s ", view->phase);
	append_cells(view, text, text_size);
	append_amount(view, text, text_size);
	append_rate(view, "  ", text, text_size);
	append_detail(view, "  ", text, text_size);
	/* A line that wraps cannot be redrawn. All of it is ASCII but a role's name, which is the
	 * last and may lose half a character. */
	if (strlen(text) > width)
		text[width] = '\0';
	return text;
}

const char *app_progress_line(const struct app_progress_view *view, char *text, size_t text_size)
{
	char percent[16];
	(void)snprintf(text, text_size, "%s: ", view->phase);
	append_amount(view, text, text_size);
	if (view->total > 0) {
		(void)snprintf(percent, sizeof percent, " (%u%%)", percent_of(view));
		append(text, text_size, percent);
	}
	append_rate(view, ", ", text, text_size);
	append_detail(view, ", ", text, text_size);
	return text;
}

void app_progress_init(struct app_progress *progress, FILE *stream, bool is_terminal,
		       const struct clock *clock)
{
	*progress = (struct app_progress) { .stream = stream,
					    .clock = clock,
					    .is_terminal = is_terminal };
}

static size_t terminal_width(FILE *stream)
{
	struct winsize size;
	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
		return size.ws_col - 1u;
	return DEFAULT_WIDTH - 1;
}

static void draw(struct app_progress *progress, const struct app_progress_view *view)
{
	char text[512];
	if (progress->is_terminal) {
		(void)app_progress_bar(view, terminal_width(progress->stream), text, sizeof text);
		(void)fprintf(progress->stream, "\r%s\033[K", text);
		progress->is_drawn = true;
	} else {
		(void)fprintf(progress->stream, "%s\n", app_progress_line(view, text, sizeof text));
	}
	(void)fflush(progress->stream);
}

static void measure(const struct app_progress *progress, int64_t now,
		    struct app_progress_view *view)
{
	int64_t elapsed = now - progress->phase_start;
	if (elapsed < 500 || view->done <= progress->phase_first)
		return;
	double rate = (double)(view->done - progress->phase_first) * 1000.0 / (double)elapsed;
	view->rate = (int64_t)rate;
	if (view->total >= view->done && view->total > 0 && rate >= 1.0)
		view->seconds_left = (int64_t)((double)(view->total - view->done) / rate);
}

void app_progress_show(struct app_progress *progress, const char *phase, uint64_t done,
		       uint64_t total)
{
	struct app_progress_view view = {
		.phase = phase,
		.detail = progress->detail,
		.done = done,
		.total = total,
		.rate = -1,
		.seconds_left = -1,
	};
	int64_t now = clock_monotonic(progress->clock);
	int64_t interval = progress->is_terminal ? BAR_INTERVAL : LINE_INTERVAL;
	if (progress->is_quiet)
		return;
	if (strncmp(progress->phase, phase, sizeof progress->phase - 1) != 0) {
		(void)snprintf(progress->phase, sizeof progress->phase, "%s", phase);
		progress->phase_start = now;
		progress->phase_first = done;
	}
	if (progress->has_shown && now - progress->last_shown < interval)
		return;
	progress->has_shown = true;
	progress->last_shown = now;
	measure(progress, now, &view);
	draw(progress, &view);
}

void app_progress_end(struct app_progress *progress)
{
	if (!progress->is_drawn)
		return;
	(void)fprintf(progress->stream, "\r\033[K");
	(void)fflush(progress->stream);
	progress->is_drawn = false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the checks in order, within the time limit, and says what became of each. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "share_conformance_private.h"

/* Of the time limit, kept for the clean-up: a quarter, at most this many ms. */
#define CLEANUP_TIME 10000L
/* Who cancels does not wait for a share that hangs. */
#define CLEANUP_TIME_CANCELLED 3000L

static const char *const result_names[SHARE_CHECK_RESULT_COUNT] = {
	[SHARE_CHECK_PASSED] = "passed",   [SHARE_CHECK_WARNING] = "warning",
	[SHARE_CHECK_FAILED] = "failed",   [SHARE_CHECK_NOT_APPLICABLE] = "not-applicable",
	[SHARE_CHECK_NOT_RUN] = "not-run",
};

const char *share_check_result_name(enum share_check_result result)
{
	return result_names[result];
}

/* --- what a check says --- */

static PRINTF_LIKE(3, 0) enum status say(struct share_check *check, enum share_check_result result,
					 const char *format, va_list arguments)
{
	check->result = result;
	(void)vsnprintf(check->found, sizeof(check->found), format, arguments);
	return STATUS_OK;
}

enum status conformance_pass(struct share_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	enum status status = say(check, SHARE_CHECK_PASSED, format, arguments);
	va_end(arguments);
	return status;
}

enum status conformance_warn(struct share_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	enum status status = say(check, SHARE_CHECK_WARNING, format, arguments);
	va_end(arguments);
	return status;
}

enum status conformance_skip(struct share_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	enum status status = say(check, SHARE_CHECK_NOT_APPLICABLE, format, arguments);
	va_end(arguments);
	return status;
}

static PRINTF_LIKE(2, 3) void leave_out(struct share_check *check, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)say(check, SHARE_CHECK_NOT_RUN, format, arguments);
	va_end(arguments);
}

enum status conformance_refused(enum status status, enum status wanted, const char *path,
				const char *what, struct error *err)
{
	if (status == wanted)
		return STATUS_OK;
	if (status == STATUS_OK)
		return fail(err, STATUS_SHARE_READ_WRITE, CONFORMANCE_STEP, path, "%s", what);
	return status;
}

bool conformance_is_fatal(enum status status)
{
	return status == STATUS_SHARE_CONNECTION || status == STATUS_CANCELLED ||
	       status == STATUS_NO_MEMORY;
}

/* --- running them --- */

struct outcome {
	struct error failure; /* of the first check that failed */
	const char *lost;     /* the check in which the connection was lost */
	bool cut_short;       /* cancelled, or time was over, before the clean-up */
};

static const struct share_check *find_check(const struct share_conformance *report, const char *id)
{
	for (size_t i = 0; i < report->count; i++)
		if (strcmp(report->checks[i].id, id) == 0)
			return &report->checks[i];
	return NULL;
}

/* True with the reason in @check when it cannot be run. */
static bool is_left_out(const struct conformance *run, const struct conformance_check *row,
			const struct outcome *outcome, struct share_check *check)
{
	if (row->is_always_run)
		return false;
	if (cancel_is_requested(run->settings->share->cancel)) {
		leave_out(check, "the test was cancelled");
		return true;
	}
	if (cancel_is_requested(run->options.cancel)) {
		leave_out(check, "the time for the test was over");
		return true;
	}
	if (outcome->lost != NULL) {
		leave_out(check, "the connection was lost in \"%s\"", outcome->lost);
		return true;
	}
	for (size_t i = 0; i < ARRAY_LENGTH(row->needs) && row->needs[i] != NULL; i++) {
		const struct share_check *needed = find_check(run->report, row->needs[i]);

		if (needed->result != SHARE_CHECK_FAILED && needed->result != SHARE_CHECK_NOT_RUN)
			continue;
		leave_out(check, "it needs \"%s\"", needed->id);
		return true;
	}
	return false;
}

/* A failure that the check itself found has no step worth naming. */
static void describe_failure(const struct error *err, struct share_check *check)
{
	if (strcmp(err->step, CONFORMANCE_STEP) != 0)
		(void)error_text(err, check->found, sizeof(check->found));
	else
		(void)snprintf(check->found, sizeof(check->found), "%.120s%s%.270s", err->path,
			       err->path[0] == '\0' ? "" : ": ", err->message);
}

static void take_failure(const struct conformance *run, const struct conformance_check *row,
			 struct share_check *check, const struct error *err)
{
	/* Cut short by what ends the whole test: no fault of the share. */
	if (err->status == STATUS_CANCELLED && cancel_is_requested(run->options.cancel)) {
		leave_out(check, cancel_is_requested(run->settings->share->cancel)
					 ? "the test was cancelled meanwhile"
					 : "the time for the test was over meanwhile");
		return;
	}
	/* What was left behind is there whatever the reason. */
	const char *remedy = row->is_always_run ? NULL : conformance_remedy(err->status);
	check->result = row->is_advisory && !conformance_is_fatal(err->status) ? SHARE_CHECK_WARNING
									       : SHARE_CHECK_FAILED;
	check->status = err->status;
	check->remedy = remedy != NULL ? remedy : row->remedy;
	(void)snprintf(check->cause, sizeof(check->cause), "%s", err->cause_name);
	describe_failure(err, check);
}

static void run_check(struct conformance *run, const struct conformance_check *row,
		      struct share_check *check, struct outcome *outcome)
{
	struct error err = { .status = STATUS_OK };
	int64_t start = clock_monotonic(run->clock);
	enum status status = row->run(run, check, &err);

	check->milliseconds = clock_monotonic(run->clock) - start;
	if (status == STATUS_OK) {
		check->remedy = check->result == SHARE_CHECK_WARNING ? row->remedy : NULL;
		return;
	}
	take_failure(run, row, check, &err);
	if (check->result != SHARE_CHECK_FAILED)
		return;
	if (status == STATUS_SHARE_CONNECTION && !row->uses_own_handle)
		outcome->lost = row->id;
	if (outcome->failure.status == STATUS_OK) {
		outcome->failure = err;
		error_add_context(&outcome->failure, "check \"%s\"", row->id);
	}
}

static void finish_check(struct conformance *run, struct share_check *check)
{
	run->report->results[check->result]++;
	if (run->settings->each != NULL)
		run->settings->each(check, run->settings->context);
}

static void close_shares(struct conformance *run)
{
	share_close(TAKE(run->second));
	share_close(TAKE(run->first));
}

/* From here on neither the caller's cancel nor the test's limit counts, only @milliseconds. */
static enum status begin_cleanup(struct conformance *run, long milliseconds, struct error *err)
{
	close_shares(run);
	conformance_limit_end(TAKE(run->limit));
	enum status status = conformance_limit_start(NULL, milliseconds, &run->limit, err);
	if (status == STATUS_OK)
		run->options.cancel = conformance_limit_cancel(run->limit);
	return status;
}

static enum status run_all(struct conformance *run, long cleanup_time, struct outcome *outcome,
			   struct error *err)
{
	struct share_conformance *report = run->report;
	enum status status = STATUS_OK;

	for (size_t i = 0; i < conformance_check_count && status == STATUS_OK; i++) {
		const struct conformance_check *row = &conformance_checks[i];
		struct share_check *check = &report->checks[report->count];

		if (row->is_thorough && run->settings->scope != SHARE_CONFORMANCE_WHOLE)
			continue;
		*check = (struct share_check) { .id = row->id, .title = row->title };
		if (row->is_always_run) {
			outcome->cut_short = cancel_is_requested(run->options.cancel) ||
					     cancel_is_requested(run->settings->share->cancel);
			if (cancel_is_requested(run->settings->share->cancel) &&
			    cleanup_time > CLEANUP_TIME_CANCELLED)
				cleanup_time = CLEANUP_TIME_CANCELLED;
			status = begin_cleanup(run, cleanup_time, err);
			if (status != STATUS_OK)
				break;
		}
		report->count++;
		if (!is_left_out(run, row, outcome, check))
			run_check(run, row, check, outcome);
		finish_check(run, check);
	}
	return status;
}

/* What a missing or taken name of the test's own means to the caller. */
static enum status failure_status(enum status status)
{
	switch (status) {
	case STATUS_NOT_FOUND:
	case STATUS_EXISTS:
	case STATUS_CONFLICT:
	case STATUS_INVALID:
		return STATUS_SHARE_READ_WRITE;
	default:
		return status;
	}
}

static enum status judge(const struct conformance *run, const struct outcome *outcome,
			 struct error *err)
{
	const struct share_conformance *report = run->report;

	if (outcome->failure.status != STATUS_OK) {
		if (err != NULL) {
			*err = outcome->failure;
			err->status = failure_status(err->status);
		}
		return failure_status(outcome->failure.status);
	}
	if (!outcome->cut_short || report->results[SHARE_CHECK_NOT_RUN] == 0)
		return STATUS_OK;
	enum status status = cancel_check(run->settings->share->cancel, CONFORMANCE_STEP, err);
	if (status != STATUS_OK)
		return status;
	return fail(err, STATUS_SHARE_CONNECTION, CONFORMANCE_STEP, NULL,
		    "the time for the test was over before all checks were done");
}

/* A folder that nobody else has, and content that nobody else wrote. */
static void choose_names(struct conformance *run)
{
	char guid[GUID_TEXT_SIZE];
	unsigned char bytes[GUID_SIZE];

	guid_generate(guid);
	(void)snprintf(run->report->folder, sizeof(run->report->folder), "%s%s",
		       SHARE_CONFORMANCE_PREFIX, guid);
	if (guid_to_bytes(guid, bytes))
		run->seed = load_u64(bytes) ^ load_u64(bytes + 8);
}

enum status share_conformance_run(const struct share_conformance_settings *settings,
				  struct share_conformance *out, struct error *err)
{
	struct conformance run = {
		.settings = settings,
		.clock = settings->clock == NULL ? &system_clock : settings->clock,
		.report = out,
		.options = *settings->share,
	};
	struct outcome outcome = { .lost = NULL };
	long cleanup_time = settings->limit / 4 < CLEANUP_TIME ? settings->limit / 4 : CLEANUP_TIME;
	int64_t start = clock_monotonic(run.clock);

	run.options.reached = NULL;
	memset(out, 0, sizeof(*out));
	choose_names(&run);
	enum status status = conformance_limit_start(
		settings->share->cancel, settings->limit - cleanup_time, &run.limit, err);
	if (status != STATUS_OK)
		return status;
	run.options.cancel = conformance_limit_cancel(run.limit);
	status = run_all(&run, cleanup_time, &outcome, err);
	close_shares(&run);
	conformance_limit_end(run.limit);
	out->milliseconds = clock_monotonic(run.clock) - start;
	return status == STATUS_OK ? judge(&run, &outcome, err) : status;
}

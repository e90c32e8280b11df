/* SPDX-License-Identifier: Apache-2.0 */
/* Following an operation of the service until it is over. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "infrabackup/jobs.h"

#include "app_private.h"

#define POLL_INTERVAL 250
/* Polls that may fail in a row: a service that is restarted is back by then. */
#define POLL_FAILURES_MAX 20

/* True when Ctrl-C came. The signals stay pending while a call is under way. */
static bool wait_or_interrupt(const sigset_t *set)
{
	const struct timespec interval = { 0, POLL_INTERVAL * 1000000L };
	return sigtimedwait(set, NULL, &interval) > 0;
}

static bool is_over(const json_t *operation)
{
	enum job_state state;
	const json_t *properties = json_object_get(operation, "properties");
	return job_state_from_name(app_json_text(properties, "state"), &state) &&
	       job_state_is_final(state);
}

static uint64_t count_of(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));
	return value < 0 ? 0 : (uint64_t)value;
}

static int64_t number_or_unknown(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return json_is_integer(value) ? json_integer_value(value) : -1;
}

struct app_progress_view app_progress_view_of(const json_t *properties)
{
	const char *phase = json_string_value(json_object_get(properties, "phase"));
	return (struct app_progress_view) {
		.phase = phase != NULL ? phase : "queued",
		.detail = json_string_value(json_object_get(properties, "currentRole")),
		.done = count_of(properties, "bytesDone"),
		.total = count_of(properties, "bytesTotal"),
		.rate = number_or_unknown(properties, "bytesPerSecond"),
		.seconds_left = number_or_unknown(properties, "secondsLeft"),
	};
}

static void show(struct app_progress *progress, const json_t *operation)
{
	struct app_progress_view view =
		app_progress_view_of(json_object_get(operation, "properties"));
	progress->detail = view.detail;
	app_progress_show(progress, view.phase, view.done, view.total);
	/* It belongs to the operation. */
	progress->detail = NULL;
}

static enum status poll_once(struct app_client *client, const char *id, json_t **out,
			     struct error *err)
{
	struct client_answer answer = { 0 };
	char path[96];
	(void)snprintf(path, sizeof path, "/operations/%s", id);
	enum status status = app_client_call(client, "GET", path, NULL, &answer, err);
	if (status == STATUS_OK)
		*out = json_incref(answer.body);
	client_answer_done(&answer);
	return status;
}

static enum status poll_until_over(struct app_client *client, const char *id, const sigset_t *set,
				   struct app_progress *progress, json_t **out, struct error *err)
{
	unsigned failures = 0;
	for (;;) {
		AUTO_JSON operation = NULL;
		enum status status = poll_once(client, id, &operation, err);
		failures = status == STATUS_OK ? 0 : failures + 1;
		if (status != STATUS_OK &&
		    (status != STATUS_FAILED || failures > POLL_FAILURES_MAX))
			return status;
		if (operation != NULL) {
			show(progress, operation);
			if (is_over(operation)) {
				*out = TAKE(operation);
				return STATUS_OK;
			}
		}
		if (wait_or_interrupt(set))
			return fail(err, STATUS_CANCELLED, "wait", NULL,
				    "no longer waiting; operation %s goes on in the service", id);
	}
}

enum status app_wait(struct app_client *client, const char *id, bool is_quiet, json_t **out,
		     struct error *err)
{
	struct app_progress progress;
	sigset_t set, before;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &set, &before);
	app_progress_init(&progress, stderr, isatty(STDERR_FILENO) == 1, &system_clock);
	progress.is_quiet = is_quiet;
	enum status status = poll_until_over(client, id, &set, &progress, out, err);
	app_progress_end(&progress);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return status;
}

enum status app_wait_judge(const json_t *operation, struct error *err)
{
	const json_t *properties = json_object_get(operation, "properties");
	const json_t *error = json_object_get(properties, "error");
	const char *state = app_json_text(properties, "state");
	if (strcmp(state, "Succeeded") == 0 || strcmp(state, "Skipped") == 0)
		return STATUS_OK;
	if (strcmp(state, "PartialSucceeded") == 0)
		return fail(err, STATUS_PARTIAL, "backup", NULL, "not everything is in the backup");
	if (json_is_object(error))
		return fail(err, STATUS_FAILED, app_json_text(properties, "kind"), NULL, "%s: %s",
			    app_json_text(error, "failureClass"), app_json_text(error, "message"));
	return fail(err, STATUS_FAILED, app_json_text(properties, "kind"), NULL, "it ended as %s",
		    state);
}

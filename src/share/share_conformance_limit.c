/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a conformance test: its time is over, or the caller cancels. One thread watches both,
 * because a driver can be stopped only through the cancel it was opened with. */
#include <poll.h>

#include "share_conformance_private.h"

struct conformance_limit {
	const struct cancel *asked; /* NULL: nobody can */
	struct cancel *stop;
	struct cancel *ended; /* wakes the thread when the test is over */
	int64_t at;           /* monotonic ms */
	pthread_t thread;
};

static void *watch(void *argument)
{
	struct conformance_limit *limit = argument;
	struct pollfd events[] = {
		{ .fd = cancel_descriptor(limit->ended), .events = POLLIN },
		{ .fd = limit->asked == NULL ? -1 : cancel_descriptor(limit->asked),
		  .events = POLLIN },
	};

	for (;;) {
		int64_t left = limit->at - clock_monotonic(&system_clock);

		if (cancel_is_requested(limit->ended))
			return NULL;
		if (left <= 0 || cancel_is_requested(limit->asked)) {
			cancel_request(limit->stop);
			return NULL;
		}
		(void)poll(events, ARRAY_LENGTH(events), left > INT32_MAX ? INT32_MAX : (int)left);
	}
}

static void limit_free(struct conformance_limit *limit)
{
	cancel_free(limit->stop);
	cancel_free(limit->ended);
	free(limit);
}

enum status conformance_limit_start(const struct cancel *asked, long milliseconds,
				    struct conformance_limit **out, struct error *err)
{
	struct conformance_limit *limit = calloc(1, sizeof(*limit));

	if (limit == NULL)
		return fail_memory(err, CONFORMANCE_STEP);
	limit->asked = asked;
	limit->at = clock_monotonic(&system_clock) + milliseconds;
	limit->stop = cancel_new();
	limit->ended = cancel_new();
	enum status status =
		limit->stop == NULL || limit->ended == NULL
			? fail_memory(err, CONFORMANCE_STEP)
			: thread_start(&limit->thread, "share-limit", watch, limit, err);
	if (status != STATUS_OK)
		limit_free(limit);
	else
		*out = limit;
	return status;
}

const struct cancel *conformance_limit_cancel(const struct conformance_limit *limit)
{
	return limit->stop;
}

void conformance_limit_end(struct conformance_limit *limit)
{
	if (limit == NULL)
		return;
	cancel_request(limit->ended);
	(void)pthread_join(limit->thread, NULL);
	limit_free(limit);
}

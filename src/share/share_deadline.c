/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for a call that runs on another thread, with an end to it. */
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include "share_private.h"

static bool is_finished(struct share_worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	bool finished = worker->finished;
	pthread_mutex_unlock(&worker->mutex);
	return finished;
}

static int64_t sooner(int64_t left, int64_t right)
{
	return left < right ? left : right;
}

/* What poll() takes for "until @limit". */
static int poll_time(int64_t limit, int64_t now)
{
	return limit <= now ? 0 : (int)sooner(limit - now, INT32_MAX);
}

enum share_wait share_deadline_wait(struct share_worker *worker, const struct cancel *cancel,
				    long deadline, bool cleanup)
{
	unsigned progress = atomic_load(&worker->progress);
	int64_t limit = clock_monotonic(&system_clock) + deadline;
	struct pollfd events[] = {
		{ .fd = worker->done, .events = POLLIN },
		{ .fd = cancel == NULL ? -1 : cancel_descriptor(cancel), .events = POLLIN },
	};

	while (!is_finished(worker)) {
		int64_t now = clock_monotonic(&system_clock);

		if (events[1].fd >= 0 && cancel_is_requested(cancel)) {
			if (!cleanup)
				return SHARE_WAIT_CANCELLED;
			limit = sooner(limit, now + SHARE_CLEANUP_GRACE);
			events[1].fd = -1;
		}
		if (now >= limit) {
			unsigned seen = atomic_load(&worker->progress);

			if (seen == progress)
				return SHARE_WAIT_OVERDUE;
			progress = seen;
			limit = now + deadline;
		}
		if (poll(events, ARRAY_LENGTH(events), poll_time(limit, now)) > 0 &&
		    events[0].revents != 0) {
			/* The event is only a hint, and may be of a call that was seen finished
			 * before it. */
			eventfd_t count;
			(void)eventfd_read(worker->done, &count);
		}
	}
	return SHARE_WAIT_FINISHED;
}

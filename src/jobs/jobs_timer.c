/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that asks when something is to be queued next. It sleeps on the monotonic clock and
 * looks at the wall clock again every so often, because that one may be set. */
#include "jobs_private.h"

#define RECHECK_MS 10000
/* Work that is due at once comes around no faster. */
#define PAUSE_MS 50

static long clamp(int64_t wait)
{
	if (wait < PAUSE_MS)
		return PAUSE_MS;
	return wait > RECHECK_MS ? RECHECK_MS : (long)wait;
}

/* With the mutex held; false when the engine stops. */
static bool wait_for_turn(struct jobs_engine *engine, uint64_t seen, int64_t wait)
{
	int64_t until = clock_monotonic(&system_clock) + clamp(wait);
	while (!engine->is_stopping && engine->wakes == seen) {
		int64_t left = until - clock_monotonic(&system_clock);
		if (left <= 0)
			break;
		(void)thread_condition_wait(&engine->changed, &engine->mutex, (long)left);
	}
	return !engine->is_stopping;
}

void *jobs_timer_main(void *argument)
{
	struct jobs_engine *engine = argument;
	const struct jobs_settings *settings = &engine->settings;
	bool go_on = true;
	pthread_mutex_lock(&engine->mutex);
	go_on = !engine->is_stopping;
	while (go_on) {
		uint64_t seen = engine->wakes;
		pthread_mutex_unlock(&engine->mutex);
		int64_t wait = settings->tick(settings->tick_context);
		pthread_mutex_lock(&engine->mutex);
		go_on = wait_for_turn(engine, seen, wait);
	}
	pthread_mutex_unlock(&engine->mutex);
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* SIGINT and SIGTERM, taken by one thread that waits for nothing else. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "app_private.h"

struct app_signals {
	pthread_t thread;
	sigset_t set;
	sigset_t before;
	struct cancel *cancel;
	long grace;
	atomic_bool is_ending;
};

/* Of the set, or -1 when @milliseconds (0: no limit) have passed. */
static int wait_for_signal(const sigset_t *set, long milliseconds)
{
	const struct timespec limit = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
	int number;
	do
		number = sigtimedwait(set, NULL, milliseconds == 0 ? NULL : &limit);
	while (number < 0 && errno == EINTR);
	return number;
}

static void *run(void *argument)
{
	struct app_signals *signals = argument;
	if (wait_for_signal(&signals->set, 0) == SIGUSR1 || atomic_load(&signals->is_ending))
		return NULL;
	cancel_request(signals->cancel);
	int number = wait_for_signal(&signals->set, signals->grace);
	if (number == SIGUSR1 || atomic_load(&signals->is_ending))
		return NULL;
	/* Whatever is being written is written so that it may end here. */
	log_message(LOG_LEVEL_ERROR, number < 0 ? "the stop takes too long: ending at once"
						: "asked to stop again: ending at once");
	_exit(APP_EXIT_FAILED);
}

enum status app_signals_start(struct cancel *cancel, long grace, struct app_signals **out,
			      struct error *err)
{
	struct app_signals *signals = calloc(1, sizeof *signals);
	if (signals == NULL)
		return fail_memory(err, "start signal thread");
	signals->cancel = cancel;
	signals->grace = grace;
	(void)sigemptyset(&signals->set);
	(void)sigaddset(&signals->set, SIGINT);
	(void)sigaddset(&signals->set, SIGTERM);
	(void)sigaddset(&signals->set, SIGUSR1);
	(void)pthread_sigmask(SIG_BLOCK, &signals->set, &signals->before);
	enum status status = thread_start(&signals->thread, "signals", run, signals, err);
	if (status != STATUS_OK) {
		(void)pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
		free(signals);
		return status;
	}
	*out = signals;
	return STATUS_OK;
}

void app_signals_stop(struct app_signals *signals)
{
	if (signals == NULL)
		return;
	atomic_store(&signals->is_ending, true);
	(void)pthread_kill(signals->thread, SIGUSR1);
	(void)pthread_join(signals->thread, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
	free(signals);
}

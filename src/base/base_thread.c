/* SPDX-License-Identifier: Apache-2.0 */
/* Starting threads, idle priority and waiting on a clock that cannot jump. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "infrabackup/base/thread.h"

/* Signals belong to the main thread; faults of the thread itself must still end the process. */
static void signals_to_block(sigset_t *set)
{
	static const int own_faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP };

	(void)sigfillset(set);
	for (size_t i = 0; i < sizeof(own_faults) / sizeof(own_faults[0]); i++)
		(void)sigdelset(set, own_faults[i]);
}

static int create_blocked(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
			  void *argument)
{
	sigset_t blocked;
	sigset_t before;

	signals_to_block(&blocked);
	(void)pthread_sigmask(SIG_SETMASK, &blocked, &before);
	int cause = pthread_create(thread, attributes, run, argument);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return cause;
}

enum status thread_start(pthread_t *out, const char *name, void *(*run)(void *), void *argument,
			 struct error *err)
{
	char short_name[16];
	pthread_attr_t attributes;
	pthread_t thread;

	errno = pthread_attr_init(&attributes);
	if (errno != 0)
		return fail_errno(err, STATUS_NO_MEMORY, "start thread", name);
	int cause = create_blocked(&thread, &attributes, run, argument);
	(void)pthread_attr_destroy(&attributes);
	if (cause != 0) {
		errno = cause;
		return fail_errno(err, STATUS_FAILED, "start thread", name);
	}
	(void)snprintf(short_name, sizeof(short_name), "%s", name);
	(void)pthread_setname_np(thread, short_name);
	*out = thread;
	return STATUS_OK;
}

void thread_set_idle_priority(void)
{
	const struct sched_param priority = { .sched_priority = 0 };

	(void)pthread_setschedparam(pthread_self(), SCHED_IDLE, &priority);
}

void thread_condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	/* On Linux none of these can fail with these arguments. */
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(condition, &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

bool thread_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, long milliseconds)
{
	struct timespec until = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	if (milliseconds > 0) {
		until.tv_sec += milliseconds / 1000;
		until.tv_nsec += milliseconds % 1000 * 1000000;
	}
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	return pthread_cond_timedwait(condition, mutex, &until) != ETIMEDOUT;
}

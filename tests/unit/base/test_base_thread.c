/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: signals, names, priority and timed waits. */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

struct seen {
	sigset_t signals;
	char name[16];
	int policy;
	pthread_mutex_t named; /* held by the test until the name is set */
};

static void *look_around(void *argument)
{
	struct seen *seen = argument;
	struct sched_param priority;

	(void)pthread_mutex_lock(&seen->named);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &seen->signals);
	(void)pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
	thread_set_idle_priority();
	(void)pthread_getschedparam(pthread_self(), &seen->policy, &priority);
	(void)pthread_mutex_unlock(&seen->named);
	return seen;
}

static void test_thread_start_blocks_signals_and_cuts_the_name(void **state)
{
	struct seen seen = { .named = PTHREAD_MUTEX_INITIALIZER };
	struct error err;
	pthread_t thread;
	sigset_t before;
	sigset_t after;
	void *result = NULL;

	(void)state;
	(void)pthread_sigmask(SIG_SETMASK, NULL, &before);
	(void)pthread_mutex_lock(&seen.named);
	assert_int_equal(thread_start(&thread, "a-name-that-is-too-long", look_around, &seen, &err),
			 STATUS_OK);
	(void)pthread_mutex_unlock(&seen.named);
	(void)pthread_join(thread, &result);
	assert_ptr_equal(result, &seen);
	assert_string_equal(seen.name, "a-name-that-is-");
	assert_int_equal(sigismember(&seen.signals, SIGTERM), 1);
	assert_int_equal(sigismember(&seen.signals, SIGINT), 1);
	assert_int_equal(sigismember(&seen.signals, SIGSEGV), 0);
	assert_int_equal(seen.policy, SCHED_IDLE);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &after);
	assert_int_equal(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
}

static void test_thread_condition_wait_without_signal_runs_out(void **state)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t condition;
	bool signalled = true;

	(void)state;
	thread_condition_init(&condition);
	(void)pthread_mutex_lock(&mutex);
	int64_t start = clock_monotonic(&system_clock);
	/* A spurious wake-up is allowed, running out is what must come. */
	for (int i = 0; i < 100 && signalled; i++)
		signalled = thread_condition_wait(&condition, &mutex, 20);
	assert_false(signalled);
	assert_true(clock_monotonic(&system_clock) - start >= 19);
	assert_false(thread_condition_wait(&condition, &mutex, -5));
	(void)pthread_mutex_unlock(&mutex);
	(void)pthread_cond_destroy(&condition);
}

struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t condition;
	bool open;
};

static void *open_gate(void *argument)
{
	struct gate *gate = argument;

	(void)pthread_mutex_lock(&gate->mutex);
	gate->open = true;
	(void)pthread_cond_signal(&gate->condition);
	(void)pthread_mutex_unlock(&gate->mutex);
	return NULL;
}

static void test_thread_condition_wait_with_signal_returns_before(void **state)
{
	struct gate gate = { .mutex = PTHREAD_MUTEX_INITIALIZER };
	struct error err;
	pthread_t thread;
	bool in_time = true;

	(void)state;
	thread_condition_init(&gate.condition);
	(void)pthread_mutex_lock(&gate.mutex);
	assert_int_equal(thread_start(&thread, "gate", open_gate, &gate, &err), STATUS_OK);
	while (!gate.open && in_time)
		in_time = thread_condition_wait(&gate.condition, &gate.mutex, 3600 * 1000);
	(void)pthread_mutex_unlock(&gate.mutex);
	assert_true(gate.open);
	assert_true(in_time);
	(void)pthread_join(thread, NULL);
	(void)pthread_cond_destroy(&gate.condition);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thread_start_blocks_signals_and_cuts_the_name),
		cmocka_unit_test(test_thread_condition_wait_without_signal_runs_out),
		cmocka_unit_test(test_thread_condition_wait_with_signal_returns_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

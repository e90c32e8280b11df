/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to stop, seen from loops and from poll(). */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

static int readable(const struct cancel *cancel)
{
	struct pollfd poll_for = { .fd = cancel_descriptor(cancel), .events = POLLIN };

	return poll(&poll_for, 1, 0);
}

static void test_cancel_request_is_seen_and_stays(void **state)
{
	struct cancel *cancel = cancel_new();
	struct error err;

	(void)state;
	assert_non_null(cancel);
	assert_false(cancel_is_requested(cancel));
	assert_int_equal(readable(cancel), 0);
	assert_int_equal(cancel_check(cancel, "copy", &err), STATUS_OK);
	cancel_request(cancel);
	cancel_request(cancel);
	assert_true(cancel_is_requested(cancel));
	assert_int_equal(readable(cancel), 1);
	assert_int_equal(readable(cancel), 1);
	assert_int_equal(cancel_check(cancel, "copy", &err), STATUS_CANCELLED);
	assert_string_equal(err.step, "copy");
	cancel_free(cancel);
}

static void test_cancel_null_is_never_requested(void **state)
{
	struct error err;

	(void)state;
	assert_false(cancel_is_requested(NULL));
	assert_int_equal(cancel_descriptor(NULL), -1);
	assert_int_equal(cancel_check(NULL, "copy", &err), STATUS_OK);
	cancel_free(NULL);
}

static void *wait_for_request(void *argument)
{
	struct pollfd poll_for = { .fd = cancel_descriptor(argument), .events = POLLIN };

	return poll(&poll_for, 1, -1) == 1 ? argument : NULL;
}

static void test_cancel_request_wakes_a_poll_in_another_thread(void **state)
{
	struct cancel *cancel = cancel_new();
	struct error err;
	pthread_t thread;
	void *result = NULL;

	(void)state;
	assert_int_equal(thread_start(&thread, "waiter", wait_for_request, cancel, &err),
			 STATUS_OK);
	cancel_request(cancel);
	(void)pthread_join(thread, &result);
	assert_ptr_equal(result, cancel);
	cancel_free(cancel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cancel_request_is_seen_and_stays),
		cmocka_unit_test(test_cancel_null_is_never_requested),
		cmocka_unit_test(test_cancel_request_wakes_a_poll_in_another_thread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded hand-over between threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

#define ITEM_COUNT 10000

static void test_queue_pop_keeps_the_order_around_the_end(void **state)
{
	struct queue *queue = queue_new(3);
	int items[10];

	(void)state;
	assert_non_null(queue);
	assert_true(queue_push(queue, &items[0]));
	assert_true(queue_push(queue, &items[1]));
	for (size_t i = 2; i < ARRAY_LENGTH(items); i++) {
		assert_true(queue_push(queue, &items[i]));
		assert_ptr_equal(queue_pop(queue), &items[i - 2]);
	}
	assert_ptr_equal(queue_pop(queue), &items[8]);
	assert_ptr_equal(queue_pop(queue), &items[9]);
	queue_free(queue);
	queue_free(NULL);
}

static void test_queue_close_refuses_pushes_and_drains(void **state)
{
	struct queue *queue = queue_new(2);
	int item;

	(void)state;
	assert_true(queue_push(queue, &item));
	queue_close(queue);
	assert_false(queue_push(queue, &item));
	assert_ptr_equal(queue_pop(queue), &item);
	assert_null(queue_pop(queue));
	assert_null(queue_pop(queue));
	queue_free(queue);
}

static void *consume(void *argument)
{
	uintptr_t sum = 0;

	for (const char *item; (item = queue_pop(argument)) != NULL;)
		sum += (uintptr_t)(unsigned char)*item;
	return (void *)sum;
}

static void test_queue_every_item_arrives_once_at_one_of_the_threads(void **state)
{
	struct queue *queue = queue_new(4);
	pthread_t threads[3];
	struct error err;
	char ones[1] = { 1 };
	uintptr_t sum = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(threads); i++)
		assert_int_equal(thread_start(&threads[i], "consumer", consume, queue, &err),
				 STATUS_OK);
	for (size_t i = 0; i < ITEM_COUNT; i++)
		assert_true(queue_push(queue, ones));
	queue_close(queue);
	for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
		void *part = NULL;

		(void)pthread_join(threads[i], &part);
		sum += (uintptr_t)part;
	}
	assert_int_equal(sum, ITEM_COUNT);
	queue_free(queue);
}

static void *push_until_closed(void *argument)
{
	static char item;

	while (queue_push(argument, &item))
		continue;
	return argument;
}

static void test_queue_close_wakes_a_push_that_waits_for_room(void **state)
{
	struct queue *queue = queue_new(1);
	struct error err;
	pthread_t thread;
	void *result = NULL;

	(void)state;
	assert_int_equal(thread_start(&thread, "producer", push_until_closed, queue, &err),
			 STATUS_OK);
	assert_non_null(queue_pop(queue));
	queue_close(queue);
	(void)pthread_join(thread, &result);
	assert_ptr_equal(result, queue);
	while (queue_pop(queue) != NULL)
		continue;
	queue_free(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue_pop_keeps_the_order_around_the_end),
		cmocka_unit_test(test_queue_close_refuses_pushes_and_drains),
		cmocka_unit_test(test_queue_every_item_arrives_once_at_one_of_the_threads),
		cmocka_unit_test(test_queue_close_wakes_a_push_that_waits_for_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

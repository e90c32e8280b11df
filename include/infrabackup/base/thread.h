/* SPDX-License-Identifier: Apache-2.0 */
/* Threads: start with signals blocked, idle priority for bulk work, a bounded hand-over queue. */
#ifndef INFRABACKUP_BASE_THREAD_H
#define INFRABACKUP_BASE_THREAD_H

#include "infrabackup/base/error.h"

#include <pthread.h>

/* A joinable thread with all signals blocked and @name (at most 15 characters) shown by ps.
 * @stack_size 0: the default. */
MUST_CHECK enum status thread_start(pthread_t *out, const char *name, void *(*run)(void *),
				    void *argument, struct error *err);
/* SCHED_IDLE for the calling thread, so that bulk work yields to requests (PERF 6). Failure to set
 * it is not an error. */
void thread_set_idle_priority(void);
/* pthread_cond_timedwait on CLOCK_MONOTONIC; false when @milliseconds have passed. The condition
 * must come from thread_condition_init(). */
void thread_condition_init(pthread_cond_t *condition);
bool thread_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, long milliseconds);

/* A bounded queue of pointers between threads. */
struct queue;

struct queue *queue_new(size_t capacity);
/* Must be empty or its items owned elsewhere. NULL is legal. */
void queue_free(struct queue *queue);
/* Waits for room; false when closed (the item stays the caller's). */
MUST_CHECK bool queue_push(struct queue *queue, void *item);
/* Waits for an item; NULL when closed and empty. */
void *queue_pop(struct queue *queue);
/* No more pushes; pops drain what is there. */
void queue_close(struct queue *queue);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A bounded first-in first-out hand-over of pointers between threads. */
#include <stdlib.h>

#include "infrabackup/base/thread.h"

struct queue {
	pthread_mutex_t mutex; /* guards everything below */
	pthread_cond_t not_empty;
	pthread_cond_t not_full;
	void **items;
	size_t capacity;
	size_t first;
	size_t count;
	bool closed;
};

struct queue *queue_new(size_t capacity)
{
	struct queue *queue = calloc(1, sizeof(*queue));

	if (queue == NULL)
		return NULL;
	queue->capacity = capacity > 0 ? capacity : 1;
	queue->items = calloc(queue->capacity, sizeof(*queue->items));
	if (queue->items == NULL) {
		free(queue);
		return NULL;
	}
	(void)pthread_mutex_init(&queue->mutex, NULL);
	thread_condition_init(&queue->not_empty);
	thread_condition_init(&queue->not_full);
	return queue;
}

void queue_free(struct queue *queue)
{
	if (queue == NULL)
		return;
	(void)pthread_cond_destroy(&queue->not_full);
	(void)pthread_cond_destroy(&queue->not_empty);
	(void)pthread_mutex_destroy(&queue->mutex);
	free(queue->items);
	free(queue);
}

bool queue_push(struct queue *queue, void *item)
{
	(void)pthread_mutex_lock(&queue->mutex);
	while (queue->count == queue->capacity && !queue->closed)
		(void)pthread_cond_wait(&queue->not_full, &queue->mutex);
	bool taken = !queue->closed;
	if (taken) {
		queue->items[(queue->first + queue->count) % queue->capacity] = item;
		queue->count++;
		(void)pthread_cond_signal(&queue->not_empty);
	}
	(void)pthread_mutex_unlock(&queue->mutex);
	return taken;
}

void *queue_pop(struct queue *queue)
{
	void *item = NULL;

	(void)pthread_mutex_lock(&queue->mutex);
	while (queue->count == 0 && !queue->closed)
		(void)pthread_cond_wait(&queue->not_empty, &queue->mutex);
	if (queue->count > 0) {
		item = queue->items[queue->first];
		queue->first = (queue->first + 1) % queue->capacity;
		queue->count--;
		(void)pthread_cond_signal(&queue->not_full);
	}
	(void)pthread_mutex_unlock(&queue->mutex);
	return item;
}

void queue_close(struct queue *queue)
{
	(void)pthread_mutex_lock(&queue->mutex);
	queue->closed = true;
	(void)pthread_cond_broadcast(&queue->not_empty);
	(void)pthread_cond_broadcast(&queue->not_full);
	(void)pthread_mutex_unlock(&queue->mutex);
}

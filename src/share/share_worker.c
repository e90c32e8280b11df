/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of a share handle and the memory that a driver may touch. */
#include <assert.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "share_private.h"

static void *worker_main(void *argument)
{
	struct share_worker *worker = argument;

	for (;;) {
		pthread_mutex_lock(&worker->mutex);
		while (!worker->posted)
			pthread_cond_wait(&worker->posted_condition, &worker->mutex);
		worker->posted = false;
		pthread_mutex_unlock(&worker->mutex);

		bool last = worker->call.operation == SHARE_OPERATION_CLOSE;
		share_worker_execute(worker);

		pthread_mutex_lock(&worker->mutex);
		if (worker->unclaimed && worker->call.opened != NULL) {
			/* Nobody will ask for this file. */
			pthread_mutex_unlock(&worker->mutex);
			worker->call.file = worker->call.opened;
			worker->call.operation = SHARE_OPERATION_CLOSE_FILE;
			share_worker_execute(worker);
			pthread_mutex_lock(&worker->mutex);
		}
		worker->finished = true;
		bool abandoned = worker->abandoned;
		pthread_mutex_unlock(&worker->mutex);
		if (abandoned) {
			share_worker_dispose(worker);
			return NULL;
		}
		(void)eventfd_write(worker->done, 1);
		if (last)
			return NULL;
	}
}

static void free_memory(struct share_worker *worker)
{
	if (worker->done >= 0)
		(void)close(worker->done);
	buffer_done(&worker->data);
	buffer_done(&worker->entries);
	secret_free(&worker->password);
	free(worker->user_name);
	free(worker->files);
	pthread_cond_destroy(&worker->posted_condition);
	pthread_mutex_destroy(&worker->mutex);
	free(worker);
}

static enum status copy_options(struct share_worker *worker, const struct share_options *options,
				struct error *err)
{
	const char *step = share_operation_step(SHARE_OPERATION_OPEN);

	worker->options = *options;
	worker->address = *options->address;
	worker->options.address = &worker->address;
	worker->options.reached = &worker->reached;
	if (options->user_name != NULL) {
		worker->user_name = strdup(options->user_name);
		if (worker->user_name == NULL)
			return fail_memory(err, step);
		worker->options.user_name = worker->user_name;
	}
	if (options->password != NULL) {
		enum status status = secret_copy(&worker->password, options->password->data,
						 options->password->length, err);

		if (status != STATUS_OK)
			return status;
		worker->options.password = &worker->password;
	}
	/* The caller may free its cancel while an abandoned call still runs. */
	if (worker->threaded)
		worker->options.cancel = NULL;
	return STATUS_OK;
}

static enum status start(struct share_worker *worker, struct error *err)
{
	worker->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->done < 0)
		return fail_errno(err, STATUS_FAILED, "make event descriptor", NULL);
	return thread_start(&worker->thread, "share", worker_main, worker, err);
}

enum status share_worker_new(const struct share_driver *driver, void *state,
			     const struct share_options *options, struct share_worker **out,
			     struct error *err)
{
	struct share_worker *worker = calloc(1, sizeof(*worker));

	if (worker == NULL)
		return fail_memory(err, share_operation_step(SHARE_OPERATION_OPEN));
	worker->driver = driver;
	worker->state = state;
	worker->threaded = (driver->features & SHARE_FEATURE_OWN_DEADLINE) == 0;
	worker->done = -1;
	worker->finished = true;
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->posted_condition, NULL);
	buffer_init(&worker->data, SHARE_PART_MAX);
	buffer_init(&worker->entries, SHARE_LISTING_MAX);
	enum status status = copy_options(worker, options, err);
	if (status == STATUS_OK && worker->threaded)
		status = start(worker, err);
	if (status != STATUS_OK) {
		free_memory(worker);
		return status;
	}
	*out = worker;
	return STATUS_OK;
}

void share_worker_post(struct share_worker *worker)
{
	if (!worker->threaded) {
		share_worker_execute(worker);
		return;
	}
	pthread_mutex_lock(&worker->mutex);
	assert(worker->finished);
	worker->finished = false;
	worker->unclaimed = false;
	worker->posted = true;
	pthread_cond_signal(&worker->posted_condition);
	pthread_mutex_unlock(&worker->mutex);
}

bool share_worker_abandon(struct share_worker *worker)
{
	pthread_t thread = worker->thread;

	pthread_mutex_lock(&worker->mutex);
	bool running = !worker->finished;
	if (running)
		worker->abandoned = true;
	pthread_mutex_unlock(&worker->mutex);
	/* From here on the worker may be gone, its thread not before it is detached or joined. */
	if (running)
		(void)pthread_detach(thread);
	return running;
}

bool share_worker_leave(struct share_worker *worker)
{
	pthread_mutex_lock(&worker->mutex);
	bool running = !worker->finished;
	worker->unclaimed = running;
	pthread_mutex_unlock(&worker->mutex);
	return running;
}

void share_worker_dispose(struct share_worker *worker)
{
	worker->call.operation = SHARE_OPERATION_CLOSE;
	share_worker_execute(worker);
	free_memory(worker);
}

void share_worker_free(struct share_worker *worker)
{
	if (worker->threaded)
		(void)pthread_join(worker->thread, NULL);
	free_memory(worker);
}

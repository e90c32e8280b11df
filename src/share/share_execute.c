/* SPDX-License-Identifier: Apache-2.0 */
/* A request to a driver, carried out on whichever thread may block. */
#include <assert.h>

#include "share_private.h"

static enum status run_open(struct share_worker *worker, struct share_call *call)
{
	enum status status = worker->driver->open(worker->state, &worker->options, &worker->handle,
						  &call->error);

	if (status == STATUS_OK)
		worker->reached = SHARE_STAGE_OPEN;
	return status;
}

/* Room to remember one more file is made first, so that an opened file is never lost. */
static enum status files_reserve(struct share_worker *worker, struct share_call *call)
{
	if (worker->file_count < worker->file_capacity)
		return STATUS_OK;

	size_t capacity = worker->file_capacity * 2 + 4;
	void **files = reallocarray(worker->files, capacity, sizeof(*files));
	if (files == NULL)
		return fail_memory(&call->error, share_operation_step(call->operation));
	worker->files = files;
	worker->file_capacity = capacity;
	return STATUS_OK;
}

static void files_forget(struct share_worker *worker, const void *file)
{
	for (size_t i = 0; i < worker->file_count; i++) {
		if (worker->files[i] == file) {
			worker->files[i] = worker->files[--worker->file_count];
			return;
		}
	}
}

static enum status run_create(struct share_worker *worker, struct share_call *call)
{
	enum status status = files_reserve(worker, call);

	if (status == STATUS_OK)
		status = worker->driver->create(worker->handle, call->name, &call->opened,
						&call->error);
	if (status == STATUS_OK)
		worker->files[worker->file_count++] = call->opened;
	return status;
}

static enum status run_write(struct share_worker *worker, struct share_call *call)
{
	return worker->driver->write(call->file, call->data, call->length, &call->error);
}

static enum status run_flush(struct share_worker *worker, struct share_call *call)
{
	return worker->driver->flush(call->file, &call->error);
}

static enum status run_open_read(struct share_worker *worker, struct share_call *call)
{
	enum status status = files_reserve(worker, call);

	if (status == STATUS_OK)
		status = worker->driver->open_read(worker->handle, call->name, &call->opened,
						   &call->size, &call->error);
	if (status == STATUS_OK)
		worker->files[worker->file_count++] = call->opened;
	return status;
}

static enum status run_read(struct share_worker *worker, struct share_call *call)
{
	enum status status = worker->driver->read(call->file, call->offset, call->into,
						  call->length, &call->got, &call->error);

	assert(status != STATUS_OK || call->got <= call->length);
	return status;
}

static enum status run_close_file(struct share_worker *worker, struct share_call *call)
{
	files_forget(worker, call->file);
	return worker->driver->close_file(call->file, &call->error);
}

static enum status run_list(struct share_worker *worker, struct share_call *call)
{
	buffer_clear(&worker->entries);
	return worker->driver->list(worker->handle, call->name, share_listing_collect, worker,
				    &call->error);
}

static enum status run_make_directory(struct share_worker *worker, struct share_call *call)
{
	return worker->driver->make_directory(worker->handle, call->name, &call->error);
}

static enum status run_rename_new(struct share_worker *worker, struct share_call *call)
{
	return worker->driver->rename_new(worker->handle, call->name, call->to, &call->error);
}

static enum status run_remove(struct share_worker *worker, struct share_call *call)
{
	return worker->driver->remove(worker->handle, call->name, &call->error);
}

static enum status run_free_space(struct share_worker *worker, struct share_call *call)
{
	return worker->driver->free_space(worker->handle, &call->space, &call->error);
}

static enum status run_describe(struct share_worker *worker, struct share_call *call)
{
	call->transport = (struct share_transport) { .storage = SHARE_STORAGE_SERVER };
	return worker->driver->describe(worker->handle, &call->transport, &call->error);
}

static enum status run_close(struct share_worker *worker, struct share_call *call)
{
	while (worker->file_count > 0)
		(void)worker->driver->close_file(worker->files[--worker->file_count], &call->error);
	if (worker->handle != NULL)
		worker->driver->close(worker->handle);
	worker->handle = NULL;
	return STATUS_OK;
}

static const struct {
	const char *step;
	enum status (*run)(struct share_worker *worker, struct share_call *call);
} operations[SHARE_OPERATION_COUNT] = {
	[SHARE_OPERATION_OPEN] = { "open share", run_open },
	[SHARE_OPERATION_CREATE] = { "create file", run_create },
	[SHARE_OPERATION_WRITE] = { "write file", run_write },
	[SHARE_OPERATION_FLUSH] = { "flush file", run_flush },
	[SHARE_OPERATION_OPEN_READ] = { "open file", run_open_read },
	[SHARE_OPERATION_READ] = { "read file", run_read },
	[SHARE_OPERATION_CLOSE_FILE] = { "close file", run_close_file },
	[SHARE_OPERATION_LIST] = { "list folder", run_list },
	[SHARE_OPERATION_MAKE_DIRECTORY] = { "make folder", run_make_directory },
	[SHARE_OPERATION_RENAME_NEW] = { "rename file", run_rename_new },
	[SHARE_OPERATION_REMOVE] = { "remove file", run_remove },
	[SHARE_OPERATION_FREE_SPACE] = { "read free space", run_free_space },
	[SHARE_OPERATION_DESCRIBE] = { "describe share", run_describe },
	[SHARE_OPERATION_CLOSE] = { "close share", run_close },
};

const char *share_operation_step(enum share_operation operation)
{
	return operations[operation].step;
}

void share_worker_execute(struct share_worker *worker)
{
	struct share_call *call = &worker->call;

	call->opened = NULL;
	call->got = 0;
	call->error = (struct error) { .status = STATUS_OK };
	call->status = operations[call->operation].run(worker, call);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's operations on open files, in parts of bounded size. */
#include <string.h>

#include "share_private.h"

static size_t part_length(size_t length)
{
	return length < SHARE_PART_MAX ? length : SHARE_PART_MAX;
}

/* Opens by either operation; on success *@call is the answer. */
static enum status open_file(struct share *share, enum share_operation operation, const char *name,
			     struct share_file **out, struct share_call **call, struct error *err)
{
	const char *step = share_operation_step(operation);
	struct error local;
	struct error *into = err == NULL ? &local : err;
	enum status status = share_name_check(name, false, step, into);

	if (status != STATUS_OK)
		return status;

	size_t size = strlen(name) + 1;
	AUTO_FREE struct share_file *file = malloc(sizeof(*file) + size);
	if (file == NULL)
		return fail_memory(into, step);
	memcpy(file->name, name, size);
	*call = share_call_begin(share, operation, name, false, into);
	if (*call == NULL)
		return into->status;
	status = share_call_run(share, false, into);
	if (status != STATUS_OK)
		return status;
	file->share = share;
	file->file = (*call)->opened;
	*out = TAKE(file);
	return STATUS_OK;
}

enum status share_create(struct share *share, const char *name, struct share_file **out,
			 struct error *err)
{
	struct share_call *call;

	return open_file(share, SHARE_OPERATION_CREATE, name, out, &call, err);
}

enum status share_open_read(struct share *share, const char *name, struct share_file **out,
			    uint64_t *size, struct error *err)
{
	struct share_call *call;
	enum status status = open_file(share, SHARE_OPERATION_OPEN_READ, name, out, &call, err);

	if (status == STATUS_OK && size != NULL)
		*size = call->size;
	return status;
}

static enum status write_part(struct share_file *file, const void *data, size_t length,
			      struct error *err)
{
	struct share_call *call =
		share_call_begin(file->share, SHARE_OPERATION_WRITE, file->name, false, err);
	if (call == NULL)
		return err->status;

	struct share_worker *worker = file->share->worker;
	call->file = file->file;
	call->data = data;
	call->length = length;
	if (worker->threaded) {
		buffer_clear(&worker->data);
		enum status status = buffer_append(&worker->data, data, length, err);
		if (status != STATUS_OK)
			return status;
		call->data = worker->data.data;
	}
	return share_call_run(file->share, false, err);
}

enum status share_write(struct share_file *file, const void *data, size_t length, struct error *err)
{
	struct error local;
	const unsigned char *from = data;

	while (length > 0) {
		size_t part = part_length(length);
		enum status status = write_part(file, from, part, err == NULL ? &local : err);

		if (status != STATUS_OK)
			return status;
		from += part;
		length -= part;
	}
	return STATUS_OK;
}

static enum status read_part(struct share_file *file, uint64_t offset, void *data, size_t length,
			     size_t *got, struct error *err)
{
	struct share_call *call =
		share_call_begin(file->share, SHARE_OPERATION_READ, file->name, false, err);
	if (call == NULL)
		return err->status;

	struct share_worker *worker = file->share->worker;
	call->file = file->file;
	call->offset = offset;
	call->into = data;
	call->length = length;
	enum status status = STATUS_OK;
	if (worker->threaded) {
		buffer_clear(&worker->data);
		status = buffer_reserve(&worker->data, length, err);
		call->into = worker->data.data;
	}
	if (status == STATUS_OK)
		status = share_call_run(file->share, false, err);
	if (status != STATUS_OK)
		return status;
	if (worker->threaded && call->got > 0)
		memcpy(data, call->into, call->got);
	*got = call->got;
	return STATUS_OK;
}

enum status share_read(struct share_file *file, uint64_t offset, void *data, size_t length,
		       size_t *got, struct error *err)
{
	struct error local;
	unsigned char *into = data;
	size_t total = 0;

	while (total < length) {
		size_t part = part_length(length - total);
		size_t part_got = 0;
		enum status status = read_part(file, offset + total, into + total, part, &part_got,
					       err == NULL ? &local : err);

		if (status != STATUS_OK)
			return status;
		total += part_got;
		if (part_got < part)
			break;
	}
	*got = total;
	return STATUS_OK;
}

/* Runs @operation, which concerns nothing but the open file. */
static enum status run_on_file(struct share_file *file, enum share_operation operation,
			       bool cleanup, struct error *err)
{
	struct error local;
	struct error *into = err == NULL ? &local : err;
	struct share_call *call =
		share_call_begin(file->share, operation, file->name, cleanup, into);

	if (call == NULL)
		return into->status;
	call->file = file->file;
	return share_call_run(file->share, cleanup, into);
}

enum status share_flush(struct share_file *file, struct error *err)
{
	return run_on_file(file, SHARE_OPERATION_FLUSH, false, err);
}

enum status share_close_file(struct share_file *file, struct error *err)
{
	enum status status = run_on_file(file, SHARE_OPERATION_CLOSE_FILE, true, err);

	free(file);
	return status;
}

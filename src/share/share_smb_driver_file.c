/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's operations on files. */
#include <stdio.h>
#include <string.h>

#include "share_smb_operation.h"

static const struct smb_open open_new_file = {
	ACCESS_WRITE_DATA | ACCESS_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE,
	DISPOSITION_CREATE,
	OPTION_NOT_DIRECTORY,
	SHARING_READ_DELETE,
};
static const struct smb_open open_to_read = {
	ACCESS_READ_DATA | ACCESS_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE,
	DISPOSITION_OPEN,
	OPTION_NOT_DIRECTORY,
	SHARING_ALL,
};

static enum status run_open_file(struct smb_connection *connection, void *arguments,
				 struct error *err)
{
	struct smb_names *names = arguments;
	enum status status =
		smb_file_create(connection, names->name, names->how, names->id, &names->size, err);

	/* A new file where a folder is: the name is taken. */
	if (status == STATUS_NOT_FOUND && names->how->disposition == DISPOSITION_CREATE &&
	    (uint32_t)err->cause == NT_FILE_IS_A_DIRECTORY)
		status = err->status = STATUS_EXISTS;
	return status;
}

static enum status open_file(struct smb_connection *connection, struct smb_names *names,
			     enum share_operation kind, void **out, struct error *err)
{
	const struct smb_operation operation = { .operation = kind,
						 .name = names->name,
						 .repeatable = kind == SHARE_OPERATION_OPEN_READ,
						 .run = run_open_file,
						 .arguments = names };
	AUTO_FREE struct smb_file *file = calloc(1, sizeof(*file));

	if (file == NULL)
		return fail_memory(err, share_operation_step(kind));
	enum status status = smb_operation_run(connection, &operation, err);
	if (status != STATUS_OK)
		return status;
	file->connection = connection;
	file->generation = connection->generation;
	memcpy(file->id, names->id, sizeof(file->id));
	(void)snprintf(file->name, sizeof(file->name), "%s", names->name);
	*out = TAKE(file);
	return STATUS_OK;
}

enum status smb_driver_create(void *share, const char *name, void **file, struct error *err)
{
	struct smb_names names = { .name = name, .how = &open_new_file };

	return open_file(share, &names, SHARE_OPERATION_CREATE, file, err);
}

enum status smb_driver_open_read(void *share, const char *name, void **file, uint64_t *size,
				 struct error *err)
{
	struct smb_names names = { .name = name, .how = &open_to_read };
	enum status status = open_file(share, &names, SHARE_OPERATION_OPEN_READ, file, err);

	if (status == STATUS_OK)
		*size = ((struct smb_file *)*file)->size = names.size;
	return status;
}

struct transfer {
	struct smb_file *file;
	const void *data;
	void *into;
	uint64_t offset;
	size_t length;
	size_t got;
};

static enum status on_file(struct transfer *transfer, enum share_operation kind,
			   enum status (*run)(struct smb_connection *connection, void *arguments,
					      struct error *err),
			   struct error *err)
{
	const struct smb_operation operation = { .operation = kind,
						 .name = transfer->file->name,
						 .file = transfer->file,
						 .cleanup = kind == SHARE_OPERATION_CLOSE_FILE,
						 .run = run,
						 .arguments = transfer };

	return smb_operation_run(transfer->file->connection, &operation, err);
}

static enum status run_write(struct smb_connection *connection, void *arguments, struct error *err)
{
	const struct transfer *transfer = arguments;

	(void)connection;
	return smb_file_write(transfer->file, transfer->data, transfer->length, err);
}

enum status smb_driver_write(void *file, const void *data, size_t length, struct error *err)
{
	struct transfer transfer = { .file = file, .data = data, .length = length };

	return on_file(&transfer, SHARE_OPERATION_WRITE, run_write, err);
}

static enum status run_flush(struct smb_connection *connection, void *arguments, struct error *err)
{
	const struct transfer *transfer = arguments;

	(void)connection;
	return smb_file_flush(transfer->file, err);
}

enum status smb_driver_flush(void *file, struct error *err)
{
	struct transfer transfer = { .file = file };

	return on_file(&transfer, SHARE_OPERATION_FLUSH, run_flush, err);
}

static enum status run_read(struct smb_connection *connection, void *arguments, struct error *err)
{
	struct transfer *transfer = arguments;

	(void)connection;
	return smb_file_read(transfer->file, transfer->offset, transfer->into, transfer->length,
			     &transfer->got, err);
}

enum status smb_driver_read(void *file, uint64_t offset, void *data, size_t length, size_t *got,
			    struct error *err)
{
	struct transfer transfer = {
		.file = file, .into = data, .offset = offset, .length = length
	};
	enum status status = on_file(&transfer, SHARE_OPERATION_READ, run_read, err);

	if (status == STATUS_OK)
		*got = transfer.got;
	return status;
}

/* The first failure counts: that of a write before that of the close. */
static enum status run_close(struct smb_connection *connection, void *arguments, struct error *err)
{
	const struct transfer *transfer = arguments;
	enum status status = smb_file_drain(transfer->file, err);

	if (status == STATUS_SHARE_CONNECTION || status == STATUS_CANCELLED)
		return status;
	enum status closed =
		smb_file_close_id(connection, transfer->file->id, status == STATUS_OK ? err : NULL);
	return status == STATUS_OK ? closed : status;
}

enum status smb_driver_close_file(void *file, struct error *err)
{
	struct transfer transfer = { .file = file };
	enum status status = on_file(&transfer, SHARE_OPERATION_CLOSE_FILE, run_close, err);

	smb_ahead_done(&transfer.file->ahead);
	free(file);
	return status;
}

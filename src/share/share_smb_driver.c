/* SPDX-License-Identifier: Apache-2.0 */
/* The "smb" driver: the interface's operations as exchanges with the server. */
#include <stdio.h>
#include <string.h>

#include "share_smb_operation.h"

/* MS-SMB2 2.2.13.1 */
#define ACCESS_READ_DATA 0x00000001u
#define ACCESS_WRITE_DATA 0x00000002u
#define ACCESS_READ_ATTRIBUTES 0x00000080u
#define ACCESS_DELETE 0x00010000u
#define ACCESS_SYNCHRONIZE 0x00100000u

#define SHARING_ALL 7u
#define SHARING_READ_DELETE 5u

/* 2.2.13 */
#define DISPOSITION_OPEN 1u
#define DISPOSITION_CREATE 2u
#define OPTION_DIRECTORY 0x01u
#define OPTION_NOT_DIRECTORY 0x40u
#define OPTION_OPEN_REPARSE_POINT 0x200000u

static const struct smb_open open_folder = {
	ACCESS_READ_DATA | ACCESS_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE,
	DISPOSITION_OPEN,
	OPTION_DIRECTORY,
	SHARING_ALL,
};
static const struct smb_open open_new_folder = {
	ACCESS_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE,
	DISPOSITION_CREATE,
	OPTION_DIRECTORY,
	SHARING_ALL,
};
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
/* Not what a link leads to. */
static const struct smb_open open_entry = {
	ACCESS_DELETE | ACCESS_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE,
	DISPOSITION_OPEN,
	OPTION_OPEN_REPARSE_POINT,
	SHARING_ALL,
};

struct names {
	const char *name;
	const char *to;
	const struct smb_open *how;
	unsigned char id[SMB_FILE_ID_SIZE];
	uint64_t size;
	share_each each;
	void *context;
	struct share_space space;
};

/* Opens @names->name, uses the handle, closes it; the first failure counts. */
static enum status with_handle(struct smb_connection *connection, struct names *names,
			       enum status (*use)(struct smb_connection *connection,
						  struct names *names, struct error *err),
			       struct error *err)
{
	enum status status =
		smb_file_create(connection, names->name, names->how, names->id, &names->size, err);
	if (status != STATUS_OK)
		return status;
	if (use != NULL)
		status = use(connection, names, err);
	if (status == STATUS_SHARE_CONNECTION || status == STATUS_CANCELLED)
		return status;
	enum status closed =
		smb_file_close_id(connection, names->id, status == STATUS_OK ? err : NULL);
	return status == STATUS_OK ? closed : status;
}

/* --- the share --- */

static enum status run_open(struct smb_connection *connection, void *arguments, struct error *err)
{
	return with_handle(connection, arguments, NULL, err);
}

static enum status smb_driver_open(void *state, const struct share_options *options, void **out,
				   struct error *err)
{
	struct names names = { .name = "", .how = &open_folder };
	struct smb_connection *connection = NULL;
	enum status status = smb_connection_new(state, options, &connection, err);

	if (status != STATUS_OK)
		return status;
	const struct smb_operation operation = {
		.operation = SHARE_OPERATION_OPEN, .name = "", .run = run_open, .arguments = &names
	};
	connection->access = SMB_ACCESS_ROOT;
	status = smb_operation_run(connection, &operation, err);
	connection->access = SMB_ACCESS_FILE;
	if (status != STATUS_OK)
		smb_connection_free(connection);
	else
		*out = connection;
	return status;
}

static void smb_driver_close(void *share)
{
	struct smb_connection *connection = share;

	smb_begin(connection, true);
	smb_session_end(connection);
	smb_connection_free(connection);
}

static enum status use_space(struct smb_connection *connection, struct names *names,
			     struct error *err)
{
	return smb_free_space(connection, names->id, &names->space, err);
}

static enum status run_space(struct smb_connection *connection, void *arguments, struct error *err)
{
	return with_handle(connection, arguments, use_space, err);
}

static enum status smb_driver_free_space(void *share, struct share_space *out, struct error *err)
{
	struct names names = { .name = "", .how = &open_folder };
	const struct smb_operation operation = { .operation = SHARE_OPERATION_FREE_SPACE,
						 .name = "",
						 .repeatable = true,
						 .run = run_space,
						 .arguments = &names };
	enum status status = smb_operation_run(share, &operation, err);

	if (status == STATUS_OK)
		*out = names.space;
	return status;
}

/* --- names --- */

static enum status use_list(struct smb_connection *connection, struct names *names,
			    struct error *err)
{
	return smb_directory_list(connection, names->id, names->each, names->context, err);
}

static enum status run_list(struct smb_connection *connection, void *arguments, struct error *err)
{
	return with_handle(connection, arguments, use_list, err);
}

static enum status smb_driver_list(void *share, const char *name, share_each each, void *context,
				   struct error *err)
{
	struct names names = {
		.name = name, .how = &open_folder, .each = each, .context = context
	};
	const struct smb_operation operation = { .operation = SHARE_OPERATION_LIST,
						 .name = name,
						 .run = run_list,
						 .arguments = &names };

	return smb_operation_run(share, &operation, err);
}

static enum status run_make(struct smb_connection *connection, void *arguments, struct error *err)
{
	return with_handle(connection, arguments, NULL, err);
}

static enum status smb_driver_make_directory(void *share, const char *name, struct error *err)
{
	struct names names = { .name = name, .how = &open_new_folder };
	const struct smb_operation operation = { .operation = SHARE_OPERATION_MAKE_DIRECTORY,
						 .name = name,
						 .run = run_make,
						 .arguments = &names };

	return smb_operation_run(share, &operation, err);
}

static enum status use_rename(struct smb_connection *connection, struct names *names,
			      struct error *err)
{
	return smb_rename_new(connection, names->id, names->to, err);
}

static enum status run_rename(struct smb_connection *connection, void *arguments, struct error *err)
{
	return with_handle(connection, arguments, use_rename, err);
}

static enum status smb_driver_rename_new(void *share, const char *from, const char *to,
					 struct error *err)
{
	struct names names = { .name = from, .to = to, .how = &open_entry };
	const struct smb_operation operation = { .operation = SHARE_OPERATION_RENAME_NEW,
						 .name = from,
						 .run = run_rename,
						 .arguments = &names };

	return smb_operation_run(share, &operation, err);
}

static enum status use_remove(struct smb_connection *connection, struct names *names,
			      struct error *err)
{
	return smb_mark_deleted(connection, names->id, err);
}

static enum status run_remove(struct smb_connection *connection, void *arguments, struct error *err)
{
	return with_handle(connection, arguments, use_remove, err);
}

static enum status smb_driver_remove(void *share, const char *name, struct error *err)
{
	struct names names = { .name = name, .how = &open_entry };
	const struct smb_operation operation = { .operation = SHARE_OPERATION_REMOVE,
						 .name = name,
						 .run = run_remove,
						 .arguments = &names };

	return smb_operation_run(share, &operation, err);
}

/* --- files --- */

static enum status run_open_file(struct smb_connection *connection, void *arguments,
				 struct error *err)
{
	struct names *names = arguments;
	enum status status =
		smb_file_create(connection, names->name, names->how, names->id, &names->size, err);

	/* A new file where a folder is: the name is taken. */
	if (status == STATUS_NOT_FOUND && names->how->disposition == DISPOSITION_CREATE &&
	    (uint32_t)err->cause == NT_FILE_IS_A_DIRECTORY)
		status = err->status = STATUS_EXISTS;
	return status;
}

static enum status open_file(struct smb_connection *connection, struct names *names,
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

static enum status smb_driver_create(void *share, const char *name, void **file, struct error *err)
{
	struct names names = { .name = name, .how = &open_new_file };

	return open_file(share, &names, SHARE_OPERATION_CREATE, file, err);
}

static enum status smb_driver_open_read(void *share, const char *name, void **file, uint64_t *size,
					struct error *err)
{
	struct names names = { .name = name, .how = &open_to_read };
	enum status status = open_file(share, &names, SHARE_OPERATION_OPEN_READ, file, err);

	if (status == STATUS_OK)
		*size = names.size;
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

static enum status smb_driver_write(void *file, const void *data, size_t length, struct error *err)
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

static enum status smb_driver_flush(void *file, struct error *err)
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

static enum status smb_driver_read(void *file, uint64_t offset, void *data, size_t length,
				   size_t *got, struct error *err)
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

static enum status smb_driver_close_file(void *file, struct error *err)
{
	struct transfer transfer = { .file = file };
	enum status status = on_file(&transfer, SHARE_OPERATION_CLOSE_FILE, run_close, err);

	free(file);
	return status;
}

const struct share_driver share_smb_driver = {
	.scheme = "smb",
	.features = SHARE_FEATURE_FREE_SPACE | SHARE_FEATURE_OWN_DEADLINE,
	.open = smb_driver_open,
	.create = smb_driver_create,
	.write = smb_driver_write,
	.flush = smb_driver_flush,
	.open_read = smb_driver_open_read,
	.read = smb_driver_read,
	.close_file = smb_driver_close_file,
	.list = smb_driver_list,
	.make_directory = smb_driver_make_directory,
	.rename_new = smb_driver_rename_new,
	.remove = smb_driver_remove,
	.free_space = smb_driver_free_space,
	.close = smb_driver_close,
};

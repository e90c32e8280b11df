/* SPDX-License-Identifier: Apache-2.0 */
/* The "smb" driver: the interface's operations as exchanges with the server. */
#include <stdio.h>

#include "share_smb_operation.h"

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
/* Not what a link leads to. */
static const struct smb_open open_entry = {
	ACCESS_DELETE | ACCESS_READ_ATTRIBUTES | ACCESS_SYNCHRONIZE,
	DISPOSITION_OPEN,
	OPTION_OPEN_REPARSE_POINT,
	SHARING_ALL,
};

/* Opens @names->name, uses the handle, closes it; the first failure counts. */
static enum status with_handle(struct smb_connection *connection, struct smb_names *names,
			       enum status (*use)(struct smb_connection *connection,
						  struct smb_names *names, struct error *err),
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
	struct smb_names names = { .name = "", .how = &open_folder };
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
	connection->reached = NULL;
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

static enum status use_space(struct smb_connection *connection, struct smb_names *names,
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
	struct smb_names names = { .name = "", .how = &open_folder };
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

/* --- what protects the way --- */

static enum status run_describe(struct smb_connection *connection, void *arguments,
				struct error *err)
{
	struct share_transport *out = arguments;
	const struct smb_security *security = &connection->security;

	(void)err;
	(void)snprintf(out->protocol, sizeof(out->protocol), "SMB 3.1.1");
	if (security->cipher != SMB_CIPHER_NONE)
		(void)snprintf(out->cipher, sizeof(out->cipher), "%s",
			       security->cipher == SMB_CIPHER_AES256_GCM ? "AES-256-GCM"
									 : "AES-128-GCM");
	(void)snprintf(out->signing, sizeof(out->signing), "%s",
		       security->signing == SMB_SIGNING_GMAC ? "AES-128-GMAC" : "AES-128-CMAC");
	(void)snprintf(out->authentication, sizeof(out->authentication), "%s",
		       connection->kerberos ? "Kerberos" : "NTLMv2");
	out->is_encrypted = security->protection == SMB_SEALED;
	out->storage = SHARE_STORAGE_SERVER;
	return STATUS_OK;
}

static enum status smb_driver_describe(void *share, struct share_transport *out, struct error *err)
{
	const struct smb_operation operation = { .operation = SHARE_OPERATION_DESCRIBE,
						 .name = "",
						 .repeatable = true,
						 .run = run_describe,
						 .arguments = out };

	return smb_operation_run(share, &operation, err);
}

/* --- names --- */

static enum status use_list(struct smb_connection *connection, struct smb_names *names,
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
	struct smb_names names = {
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
	struct smb_names names = { .name = name, .how = &open_new_folder };
	const struct smb_operation operation = { .operation = SHARE_OPERATION_MAKE_DIRECTORY,
						 .name = name,
						 .run = run_make,
						 .arguments = &names };

	return smb_operation_run(share, &operation, err);
}

static enum status use_rename(struct smb_connection *connection, struct smb_names *names,
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
	struct smb_names names = { .name = from, .to = to, .how = &open_entry };
	const struct smb_operation operation = { .operation = SHARE_OPERATION_RENAME_NEW,
						 .name = from,
						 .run = run_rename,
						 .arguments = &names };

	return smb_operation_run(share, &operation, err);
}

static enum status use_remove(struct smb_connection *connection, struct smb_names *names,
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
	struct smb_names names = { .name = name, .how = &open_entry };
	const struct smb_operation operation = { .operation = SHARE_OPERATION_REMOVE,
						 .name = name,
						 .run = run_remove,
						 .arguments = &names };

	return smb_operation_run(share, &operation, err);
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
	.describe = smb_driver_describe,
	.close = smb_driver_close,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* What every operation of the driver has in common. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "share_smb_operation.h"

#define TRANSMIT_SIZE (4 + SMB_TRANSFORM_SIZE + SMB_HEADER_SIZE + 128 + SMB_PAYLOAD_MAX)

enum status smb_connection_new(const struct share_smb_policy *policy,
			       const struct share_options *options, struct smb_connection **out,
			       struct error *err)
{
	struct smb_connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL)
		return fail_memory(err, share_operation_step(SHARE_OPERATION_OPEN));
	if (policy != NULL)
		connection->policy = *policy;
	connection->address = options->address;
	connection->user_name = options->user_name;
	connection->password = options->password;
	connection->cancel = options->cancel;
	connection->deadline = options->deadline;
	connection->reached = options->reached;
	connection->access = SMB_ACCESS_FILE;
	connection->descriptor = -1;
	connection->transmit = malloc(TRANSMIT_SIZE);
	connection->receive = malloc(SMB_FRAME_MAX);
	if (connection->transmit == NULL || connection->receive == NULL) {
		smb_connection_free(connection);
		return fail_memory(err, share_operation_step(SHARE_OPERATION_OPEN));
	}
	*out = connection;
	return STATUS_OK;
}

void smb_connection_free(struct smb_connection *connection)
{
	if (connection == NULL)
		return;
	smb_drop(connection);
	free(connection->transmit);
	free(connection->receive);
	free(connection);
}

/* The connection is not what it should be: the next operation makes a new one. */
static bool ends_connection(enum status status)
{
	return status == STATUS_SHARE_CONNECTION || status == STATUS_CANCELLED ||
	       status == STATUS_FAILED || status == STATUS_NO_MEMORY;
}

static enum status run_once(struct smb_connection *connection,
			    const struct smb_operation *operation, struct error *err)
{
	/* A file is gone with its connection: no new one is made for it. */
	enum status status = operation->file != NULL ? smb_file_check(operation->file, err)
						     : smb_connect(connection, err);

	if (status == STATUS_OK)
		status = smb_session_keep(connection, err);
	if (status == STATUS_OK)
		status = operation->run(connection, operation->arguments, err);
	return status;
}

/* A write is answered later: a flush or close that only brings its fault is not what failed. */
static enum share_operation what_failed(const struct smb_operation *operation)
{
	const struct smb_file *file = operation->file;

	return file != NULL && (file->failure != NT_SUCCESS || file->short_write)
		       ? SHARE_OPERATION_WRITE
		       : operation->operation;
}

/* Step and path as the caller knows them; the message keeps what was found. */
static void complete(const struct smb_connection *connection, const struct smb_operation *operation,
		     struct error *err)
{
	const struct share_address *address = connection->address;

	(void)snprintf(err->step, sizeof(err->step), "%s",
		       share_operation_step(what_failed(operation)));
	if (operation->name[0] != '\0')
		(void)snprintf(err->path, sizeof(err->path), "%.255s", operation->name);
	else
		(void)snprintf(err->path, sizeof(err->path), "\\\\%.90s\\%.60s%s%.90s",
			       address->server, address->share,
			       address->path[0] == '\0' ? "" : "\\", address->path);
	if (err->status != STATUS_CANCELLED && err->status != STATUS_NOT_FOUND &&
	    err->status != STATUS_EXISTS)
		error_add_context(err, "server %.100s", address->server);
}

static void remember_lost(struct smb_connection *connection, const struct smb_operation *operation)
{
	if (connection->lost && connection->lost_text[0] == '\0')
		(void)snprintf(connection->lost_text, sizeof(connection->lost_text),
			       "\"%s\" was abandoned after %ld ms%s%.80s",
			       share_operation_step(operation->operation), connection->deadline,
			       operation->name[0] == '\0' ? "" : ", path ", operation->name);
}

enum status smb_operation_run(struct smb_connection *connection,
			      const struct smb_operation *operation, struct error *err)
{
	struct error local = { .status = STATUS_OK };
	struct error *into = err == NULL ? &local : err;
	enum status status = STATUS_OK;

	smb_begin(connection, operation->cleanup);
	for (unsigned attempt = 1; attempt <= 2; attempt++) {
		status = run_once(connection, operation, into);
		if (ends_connection(status))
			smb_drop(connection);
		if (status != STATUS_SHARE_CONNECTION || !operation->repeatable ||
		    connection->lost || into->cause == EPROTO || into->cause == ECONNREFUSED)
			break;
	}
	remember_lost(connection, operation);
	if (status != STATUS_OK)
		complete(connection, operation, into);
	return status;
}

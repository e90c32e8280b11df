/* SPDX-License-Identifier: Apache-2.0 */
/* From nothing to a connected tree, and when to try that again. */
#include <errno.h>
#include <stdio.h>

#include "share_smb_private.h"

#define ATTEMPTS 2

static enum status fail_lost(const struct smb_connection *connection, struct error *err)
{
	errno = ETIMEDOUT;
	(void)fail_errno(err, STATUS_SHARE_CONNECTION, "use share", NULL);
	if (err != NULL)
		(void)snprintf(err->message, sizeof(err->message), "the share gave no answer: %s",
			       connection->lost_text);
	return STATUS_SHARE_CONNECTION;
}

void smb_reached(const struct smb_connection *connection, enum share_stage stage)
{
	if (connection->reached != NULL)
		*connection->reached = stage;
}

/* @answered: the server spoke, so that a fault is more than an old connection or a lost packet; a
 * logon is not repeated. */
static enum status connect_once(struct smb_connection *connection, bool *answered,
				struct error *err)
{
	enum status status = smb_transport_open(connection, err);

	if (status == STATUS_OK) {
		smb_reached(connection, SHARE_STAGE_CONNECTED);
		status = smb_negotiate(connection, err);
	}
	*answered = status == STATUS_OK;
	if (status == STATUS_OK)
		status = smb_session_setup(connection, err);
	if (status == STATUS_OK) {
		smb_reached(connection, SHARE_STAGE_LOGGED_ON);
		status = smb_tree_connect(connection, err);
	}
	if (status != STATUS_OK)
		smb_drop(connection);
	return status;
}

static bool may_repeat(const struct smb_connection *connection, enum status status,
		       const struct error *err)
{
	return status == STATUS_SHARE_CONNECTION && !connection->lost &&
	       err->cause != ECONNREFUSED && err->cause != EPROTO;
}

enum status smb_connect(struct smb_connection *connection, struct error *err)
{
	if (connection->lost)
		return fail_lost(connection, err);
	if (connection->denied.status != STATUS_OK) {
		*err = connection->denied;
		return connection->denied.status;
	}
	if (connection->descriptor >= 0 && !smb_has_in_flight(connection) &&
	    smb_transport_is_stale(connection))
		smb_drop(connection);
	if (connection->descriptor >= 0)
		return STATUS_OK;

	enum status status = STATUS_OK;
	for (unsigned attempt = 1; attempt <= ATTEMPTS; attempt++) {
		bool answered = false;

		status = connect_once(connection, &answered, err);
		if (answered || !may_repeat(connection, status, err))
			break;
		if (attempt == ATTEMPTS)
			error_add_context(err, "after %d attempts", ATTEMPTS);
	}
	return status;
}

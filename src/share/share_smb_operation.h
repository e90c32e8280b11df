/* SPDX-License-Identifier: Apache-2.0 */
/* One operation of the driver: begun, run on a live connection, repeated where that is safe, its
 * failure completed with step, path and server. */
#ifndef SHARE_SMB_OPERATION_H
#define SHARE_SMB_OPERATION_H

#include "share_smb_private.h"

struct smb_operation {
	enum share_operation operation;
	const char *name;      /* "": the root */
	struct smb_file *file; /* whose connection must still be the same */
	bool repeatable;       /* once more on a new connection harms nothing */
	bool cleanup;
	enum status (*run)(struct smb_connection *connection, void *arguments, struct error *err);
	void *arguments;
};

MUST_CHECK enum status smb_operation_run(struct smb_connection *connection,
					 const struct smb_operation *operation, struct error *err);

/* Not connected yet; @policy may be NULL. */
MUST_CHECK enum status smb_connection_new(const struct share_smb_policy *policy,
					  const struct share_options *options,
					  struct smb_connection **out, struct error *err);
void smb_connection_free(struct smb_connection *connection);

#endif

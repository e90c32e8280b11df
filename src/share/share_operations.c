/* SPDX-License-Identifier: Apache-2.0 */
/* The driver's operations on names, with names checked, deadline and cancel. */
#include <string.h>

#include "share_private.h"

/* An operation that needs only a name and answers only with a status. */
static enum status run_on_name(struct share *share, enum share_operation operation,
			       const char *name, bool cleanup, struct error *err)
{
	struct error local;
	struct error *into = err == NULL ? &local : err;

	if (share_call_begin(share, operation, name, cleanup, into) == NULL)
		return into->status;
	return share_call_run(share, cleanup, into);
}

enum status share_make_directory(struct share *share, const char *name, struct error *err)
{
	enum status status = share_name_check(
		name, false, share_operation_step(SHARE_OPERATION_MAKE_DIRECTORY), err);

	if (status != STATUS_OK)
		return status;
	return run_on_name(share, SHARE_OPERATION_MAKE_DIRECTORY, name, false, err);
}

enum status share_rename_new(struct share *share, const char *from, const char *to,
			     struct error *err)
{
	const char *step = share_operation_step(SHARE_OPERATION_RENAME_NEW);
	struct error local;
	struct error *into = err == NULL ? &local : err;
	enum status status = share_name_check(from, false, step, into);

	if (status == STATUS_OK)
		status = share_name_check(to, false, step, into);
	if (status != STATUS_OK)
		return status;

	struct share_call *call =
		share_call_begin(share, SHARE_OPERATION_RENAME_NEW, from, false, into);
	if (call == NULL)
		return into->status;
	memcpy(call->to, to, strlen(to) + 1);
	return share_call_run(share, false, into);
}

enum status share_operation_remove(struct share *share, const char *name, bool cleanup,
				   struct error *err)
{
	return run_on_name(share, SHARE_OPERATION_REMOVE, name, cleanup, err);
}

enum status share_remove(struct share *share, const char *name, struct error *err)
{
	enum status status =
		share_name_check(name, false, share_operation_step(SHARE_OPERATION_REMOVE), err);

	return status != STATUS_OK ? status : share_operation_remove(share, name, false, err);
}

void share_discard(struct share *share, const char *name)
{
	const char *step = share_operation_step(SHARE_OPERATION_REMOVE);

	enum status status = share_name_check(name, false, step, NULL);
	if (status == STATUS_OK)
		status = share_operation_remove(share, name, true, NULL);
	/* Nobody to tell: what stays behind has a temporary name. */
	(void)status;
}

enum status share_operation_list(struct share *share, const char *name, share_each each,
				 void *context, struct error *err)
{
	enum status status = run_on_name(share, SHARE_OPERATION_LIST, name, false, err);

	if (status != STATUS_OK)
		return status;

	/* Taken out of the worker, because @each may call share functions. */
	struct buffer entries = share->worker->entries;
	buffer_init(&share->worker->entries, SHARE_LISTING_MAX);
	status = share_listing_deliver(&entries, each, context, err);
	buffer_done(&entries);
	return status;
}

enum status share_list(struct share *share, const char *name, share_each each, void *context,
		       struct error *err)
{
	enum status status =
		share_name_check(name, true, share_operation_step(SHARE_OPERATION_LIST), err);

	return status != STATUS_OK ? status : share_operation_list(share, name, each, context, err);
}

enum status share_free_space(struct share *share, struct share_space *out, struct error *err)
{
	if ((share->features & SHARE_FEATURE_FREE_SPACE) == 0)
		return fail(err, STATUS_UNSUPPORTED,
			    share_operation_step(SHARE_OPERATION_FREE_SPACE), NULL,
			    "this kind of share does not tell its free space");

	enum status status = run_on_name(share, SHARE_OPERATION_FREE_SPACE, "", false, err);
	if (status == STATUS_OK)
		*out = share->worker->call.space;
	return status;
}

enum status share_describe(struct share *share, struct share_transport *out, struct error *err)
{
	if (share->worker != NULL && share->worker->driver->describe == NULL)
		return fail(err, STATUS_UNSUPPORTED, share_operation_step(SHARE_OPERATION_DESCRIBE),
			    NULL, "this kind of share does not tell how it is reached");

	enum status status = run_on_name(share, SHARE_OPERATION_DESCRIBE, "", false, err);
	if (status == STATUS_OK)
		*out = share->worker->call.transport;
	return status;
}

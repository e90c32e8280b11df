/* SPDX-License-Identifier: Apache-2.0 */
/* One call of a driver as its caller sees it: with an end, by its result or without. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "share_private.h"

/* After this the worker belongs to its thread, and every later call fails with the text kept here.
 */
static enum status fail_abandoned(struct share *share, const char *step, const char *name,
				  struct error *err)
{
	(void)fail(err, STATUS_SHARE_CONNECTION, step, name, "%s", share->abandoned);
	if (err != NULL) {
		err->cause = ETIMEDOUT;
		(void)snprintf(err->cause_name, sizeof(err->cause_name), "ETIMEDOUT");
	}
	return STATUS_SHARE_CONNECTION;
}

static bool abandon(struct share *share, long deadline)
{
	const struct share_call *call = &share->worker->call;
	const char *step = share_operation_step(call->operation);

	(void)snprintf(share->abandoned, sizeof(share->abandoned),
		       "the share gave no answer: \"%s\" was abandoned after %ld ms%s%.120s", step,
		       deadline, call->name[0] == '\0' ? "" : ", path ", call->name);
	if (!share_worker_abandon(share->worker))
		return false;
	share->worker = NULL;
	return true;
}

/* A cancelled call is given a moment to end, so that what it left can be cleaned up. */
static bool is_usable(struct share *share)
{
	if (share->worker == NULL)
		return false;
	if (!share->busy)
		return true;
	if (share_deadline_wait(share->worker, share->cancel, share->deadline, true) ==
		    SHARE_WAIT_OVERDUE &&
	    abandon(share, SHARE_CLEANUP_GRACE))
		return false;
	share->busy = false;
	return true;
}

struct share_call *share_call_begin(struct share *share, enum share_operation operation,
				    const char *name, bool cleanup, struct error *err)
{
	const char *step = share_operation_step(operation);

	if (!cleanup && share->worker != NULL &&
	    cancel_check(share->cancel, step, err) != STATUS_OK)
		return NULL;
	if (!is_usable(share)) {
		(void)fail_abandoned(share, step, name, err);
		return NULL;
	}

	struct share_call *call = &share->worker->call;
	size_t length = strlen(name);
	assert(length < sizeof(call->name));
	call->operation = operation;
	memcpy(call->name, name, length + 1);
	return call;
}

static enum status fail_cancelled(struct share *share, const char *step, const char *name,
				  struct error *err)
{
	enum status status = cancel_check(share->cancel, step, err);

	assert(status == STATUS_CANCELLED);
	if (err != NULL)
		(void)snprintf(err->path, sizeof(err->path), "%.255s", name);
	return status;
}

enum status share_call_run(struct share *share, bool cleanup, struct error *err)
{
	struct share_worker *worker = share->worker;
	struct share_call *call = &worker->call;
	const char *step = share_operation_step(call->operation);
	char name[sizeof(err->path)];

	share_worker_post(worker);
	if (worker->threaded) {
		enum share_wait wait =
			share_deadline_wait(worker, share->cancel, share->deadline, cleanup);

		if (wait != SHARE_WAIT_FINISHED)
			(void)snprintf(name, sizeof(name), "%.255s", call->name);
		if (wait == SHARE_WAIT_OVERDUE && abandon(share, share->deadline))
			return fail_abandoned(share, step, name, err);
		if (wait == SHARE_WAIT_CANCELLED && share_worker_leave(worker)) {
			share->busy = true;
			return fail_cancelled(share, step, name, err);
		}
	}
	if (call->status != STATUS_OK && err != NULL)
		*err = call->error;
	return call->status;
}

void share_call_end(struct share *share)
{
	struct share_worker *worker = share->worker;

	if (worker == NULL || (share->busy && share_worker_abandon(worker)))
		return;
	worker->call.operation = SHARE_OPERATION_CLOSE;
	worker->call.name[0] = '\0';
	share_worker_post(worker);
	if (worker->threaded &&
	    share_deadline_wait(worker, share->cancel, share->deadline, true) ==
		    SHARE_WAIT_OVERDUE &&
	    share_worker_abandon(worker))
		return;
	share_worker_free(worker);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a share. */
#include <assert.h>
#include <string.h>

#include "share_private.h"

static enum status find_driver(const struct share_registry *registry, const char *scheme,
			       size_t *out, struct error *err)
{
	for (size_t i = 0; i < registry->count; i++) {
		if (strcmp(registry->entries[i].driver->scheme, scheme) == 0) {
			*out = i;
			return STATUS_OK;
		}
	}
	return fail(err, STATUS_UNSUPPORTED, share_operation_step(SHARE_OPERATION_OPEN), NULL,
		    "no driver serves shares of kind \"%s\"", scheme);
}

enum status share_open(const struct share_registry *registry, const struct share_options *options,
		       struct share **out, struct error *err)
{
	const char *step = share_operation_step(SHARE_OPERATION_OPEN);
	size_t entry = 0;

	assert(options->deadline > 0);
	if (options->reached != NULL)
		*options->reached = SHARE_STAGE_NONE;
	enum status status = find_driver(registry, options->address->scheme, &entry, err);
	if (status != STATUS_OK)
		return status;

	const struct share_driver *driver = registry->entries[entry].driver;
	AUTO_FREE struct share *share = calloc(1, sizeof(*share));
	if (share == NULL)
		return fail_memory(err, step);
	share->cancel = options->cancel;
	share->deadline = options->deadline;
	share->features = driver->features;
	status = cancel_check(options->cancel, step, err);
	if (status == STATUS_OK)
		status = share_worker_new(driver, registry->entries[entry].state, options,
					  &share->worker, err);
	if (status != STATUS_OK)
		return status;

	/* Not the path: an error of this call is about the whole share. */
	struct share_call *call = share_call_begin(share, SHARE_OPERATION_OPEN, "", true, err);
	status = call == NULL ? STATUS_SHARE_CONNECTION : share_call_run(share, false, err);
	/* A call that was left behind may still move on. */
	if (options->reached != NULL)
		*options->reached = share->worker == NULL || share->busy ? SHARE_STAGE_NONE
									 : share->worker->reached;
	if (status != STATUS_OK) {
		share_call_end(share);
		return status;
	}
	*out = TAKE(share);
	return STATUS_OK;
}

void share_close(struct share *share)
{
	if (share == NULL)
		return;
	share_call_end(share);
	free(share);
}

void share_set_deadline(struct share *share, long deadline)
{
	assert(deadline > 0);
	share->deadline = deadline;
}

unsigned share_features(const struct share *share)
{
	return share->features;
}

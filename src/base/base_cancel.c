/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to stop: an atomic flag for loops, an event descriptor for poll(). */
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "infrabackup/base/cancel.h"

struct cancel {
	atomic_bool requested;
	int event;
};

struct cancel *cancel_new(void)
{
	struct cancel *cancel = calloc(1, sizeof(*cancel));

	if (cancel == NULL)
		return NULL;
	atomic_init(&cancel->requested, false);
	cancel->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (cancel->event < 0) {
		free(cancel);
		return NULL;
	}
	return cancel;
}

void cancel_free(struct cancel *cancel)
{
	if (cancel == NULL)
		return;
	(void)close(cancel->event);
	free(cancel);
}

void cancel_request(struct cancel *cancel)
{
	/* Only the first request counts up: the descriptor stays readable because nobody reads. */
	if (atomic_exchange(&cancel->requested, true))
		return;
	(void)eventfd_write(cancel->event, 1);
}

bool cancel_is_requested(const struct cancel *cancel)
{
	return cancel != NULL && atomic_load(&cancel->requested);
}

int cancel_descriptor(const struct cancel *cancel)
{
	return cancel == NULL ? -1 : cancel->event;
}

enum status cancel_check(const struct cancel *cancel, const char *step, struct error *err)
{
	if (cancel_is_requested(cancel))
		return fail(err, STATUS_CANCELLED, step, NULL, "cancelled on request");
	return STATUS_OK;
}

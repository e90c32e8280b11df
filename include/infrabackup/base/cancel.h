/* SPDX-License-Identifier: Apache-2.0 */
/* A request to stop, seen by everything that works for the same job. */
#ifndef INFRABACKUP_BASE_CANCEL_H
#define INFRABACKUP_BASE_CANCEL_H

#include "infrabackup/base/error.h"

struct cancel;

/* NULL when memory is out. */
struct cancel *cancel_new(void);
/* Nobody may use it any more. NULL is legal. */
void cancel_free(struct cancel *cancel);
/* From any thread, any number of times; wakes everybody in cancel_wait(). */
void cancel_request(struct cancel *cancel);
/* From any thread; NULL is legal and never requested. */
bool cancel_is_requested(const struct cancel *cancel);
/* An event descriptor that becomes readable (and stays so) when requested: for poll(). */
int cancel_descriptor(const struct cancel *cancel);
/* STATUS_CANCELLED with @step once requested, else STATUS_OK. */
MUST_CHECK enum status cancel_check(const struct cancel *cancel, const char *step,
				    struct error *err);

#endif

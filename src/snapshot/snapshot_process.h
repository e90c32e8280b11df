/* SPDX-License-Identifier: Apache-2.0 */
/* A program that is run for its output, or fed: in a process group of its own, with a deadline, and
 * with the end of what it writes to stderr kept. Used by one thread at a time. */
#ifndef SNAPSHOT_PROCESS_H
#define SNAPSHOT_PROCESS_H

#include "infrabackup/base.h"

struct snapshot_process;

enum snapshot_process_use {
	SNAPSHOT_PROCESS_READ, /* its stdout is read; its stdin is empty */
	SNAPSHOT_PROCESS_FEED, /* its stdin is written; its stdout counts as stderr */
};

/* Starts @argv, found by PATH, with our environment less what starts with INFRABACKUP_, no other
 * descriptors, all signals unblocked and at their defaults. @timeout: ms until it is stopped.
 * STATUS_NOT_FOUND: no such program. Borrows @cancel. */
MUST_CHECK enum status snapshot_process_start(const char *const *argv,
					      enum snapshot_process_use use, long timeout,
					      const struct cancel *cancel,
					      struct snapshot_process **out, struct error *err);
/* *@got 0: end of its output. On failure here and below the program and its group were stopped
 * (SIGTERM, then SIGKILL) unless it had ended. */
MUST_CHECK enum status snapshot_process_read(struct snapshot_process *process, void *data,
					     size_t length, size_t *got, struct error *err);
MUST_CHECK enum status snapshot_process_write(struct snapshot_process *process, const void *data,
					      size_t length, struct error *err);
/* Waits for the end. STATUS_FAILED with exit status or signal and the tail of stderr; also when its
 * output was not read to the end. After a failed read or write: the same failure again. */
MUST_CHECK enum status snapshot_process_finish(struct snapshot_process *process, struct error *err);
/* Stops the program if it still runs. NULL is legal. */
void snapshot_process_free(struct snapshot_process *process);

#endif

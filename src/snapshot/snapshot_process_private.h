/* SPDX-License-Identifier: Apache-2.0 */
/* What starting, talking to and ending a program share. */
#ifndef SNAPSHOT_PROCESS_PRIVATE_H
#define SNAPSHOT_PROCESS_PRIVATE_H

#include <sys/types.h>

#include "snapshot_process.h"

#define SNAPSHOT_PROCESS_TAIL 4096

struct snapshot_process {
	pid_t id;   /* and of its group; -1: has ended and was collected */
	int ended;  /* pidfd: readable when it has ended */
	int data;   /* our end of its stdout or stdin; -1: closed */
	int errors; /* our end of its stderr; -1: at its end */
	enum snapshot_process_use use;
	bool output_ended;
	int wait_status;  /* of waitpid, once collected */
	int64_t deadline; /* monotonic ms */
	long timeout;
	const struct cancel *cancel;
	enum status failure; /* the first one, reported again by finish() */
	struct error failure_error;
	size_t tail_length;
	char tail[SNAPSHOT_PROCESS_TAIL];
	char name[]; /* argv[0] */
};

/* Starts the program; fills id, ended, data and errors. */
MUST_CHECK enum status snapshot_process_spawn(struct snapshot_process *process,
					      const char *const *argv, struct error *err);
/* Takes what is in the stderr pipe now, keeping the end of it. */
void snapshot_process_drain(struct snapshot_process *process);
/* Whether it has ended, which it has not told anybody else yet. */
bool snapshot_process_has_ended(const struct snapshot_process *process);
/* How long to wait in poll() for the end: @left, or less when nothing would wake us. */
int snapshot_process_end_wait(const struct snapshot_process *process, int64_t left);
/* SIGTERM to the group, after a while SIGKILL, and collects it. */
void snapshot_process_stop(struct snapshot_process *process);
/* Collects a program that has ended; with @kill_group nothing of its group stays. */
void snapshot_process_collect(struct snapshot_process *process, bool kill_group);

#endif

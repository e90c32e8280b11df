/* SPDX-License-Identifier: Apache-2.0 */
/* Listens to a program's stderr and ends the program. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "snapshot_process_private.h"

#define ASK_MS 20     /* between two questions whether it has ended */
#define GRACE_MS 2000 /* between SIGTERM and SIGKILL: a cancelled job has to end within 5 s */

static void tail_add(struct snapshot_process *process, const char *text, size_t length)
{
	if (length > sizeof(process->tail)) {
		text += length - sizeof(process->tail);
		length = sizeof(process->tail);
	}

	size_t kept = sizeof(process->tail) - length;

	if (process->tail_length > kept) {
		memmove(process->tail, process->tail + process->tail_length - kept, kept);
		process->tail_length = kept;
	}
	memcpy(process->tail + process->tail_length, text, length);
	process->tail_length += length;
}

void snapshot_process_drain(struct snapshot_process *process)
{
	char text[16384];

	/* Once, not until it is empty: a program that writes on and on may not keep us here. */
	ssize_t count = read(process->errors, text, sizeof(text));

	if (count > 0) {
		tail_add(process, text, (size_t)count);
	} else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
		(void)close(process->errors);
		process->errors = -1;
	}
}

bool snapshot_process_has_ended(const struct snapshot_process *process)
{
	siginfo_t end = { 0 };

	return waitid(P_PID, (id_t)process->id, &end, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       end.si_pid != 0;
}

int snapshot_process_end_wait(const struct snapshot_process *process, int64_t left)
{
	if (process->ended < 0 && left > ASK_MS)
		return ASK_MS;
	return left > INT_MAX ? INT_MAX : (int)left;
}

void snapshot_process_collect(struct snapshot_process *process, bool kill_group)
{
	/* While it is not collected, its number cannot become another group's. */
	if (kill_group)
		(void)kill(-process->id, SIGKILL);
	while (waitpid(process->id, &process->wait_status, 0) < 0 && errno == EINTR)
		;
	process->id = -1;

	/* Its last words; bounded, because what it left behind may still be writing. */
	for (int i = 0; i < 64 && process->errors >= 0; i++) {
		struct pollfd errors = { .fd = process->errors, .events = POLLIN };

		if (poll(&errors, 1, 0) <= 0)
			break;
		snapshot_process_drain(process);
	}
}

void snapshot_process_stop(struct snapshot_process *process)
{
	int64_t until = clock_monotonic(&system_clock) + GRACE_MS;
	int64_t left = GRACE_MS;

	if (process->id < 0)
		return;
	owned_close(&process->data);
	process->data = -1;
	(void)kill(-process->id, SIGTERM);
	while (left > 0 && !snapshot_process_has_ended(process)) {
		struct pollfd polls[] = {
			{ .fd = process->ended, .events = POLLIN },
			{ .fd = process->errors, .events = POLLIN },
		};

		(void)poll(polls, ARRAY_LENGTH(polls), snapshot_process_end_wait(process, left));
		if (polls[1].revents != 0)
			snapshot_process_drain(process);
		left = until - clock_monotonic(&system_clock);
	}
	snapshot_process_collect(process, true);
}

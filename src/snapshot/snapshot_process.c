/* SPDX-License-Identifier: Apache-2.0 */
/* Talks to a running program, watching its stderr, the deadline and cancellation meanwhile. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "snapshot_process_private.h"

#define TAIL_TEXT_SIZE 400 /* of the tail, what an error's message has room for */

enum status snapshot_process_start(const char *const *argv, enum snapshot_process_use use,
				   long timeout, const struct cancel *cancel,
				   struct snapshot_process **out, struct error *err)
{
	size_t name_size = strlen(argv[0]) + 1;
	struct snapshot_process *process = calloc(1, sizeof(*process) + name_size);

	if (process == NULL)
		return fail_memory(err, "start program");
	memcpy(process->name, argv[0], name_size);
	process->id = -1;
	process->ended = process->data = process->errors = -1;
	process->use = use;
	process->timeout = timeout;
	process->cancel = cancel;
	process->deadline = clock_monotonic(&system_clock) + timeout;

	enum status status = cancel_check(cancel, "start program", err);

	if (status == STATUS_OK)
		status = snapshot_process_spawn(process, argv, err);
	if (status != STATUS_OK) {
		snapshot_process_free(process);
		return status;
	}
	*out = process;
	return STATUS_OK;
}

/* Remembers the first failure and makes sure that nothing runs on. */
static enum status process_fail(struct snapshot_process *process, enum status status,
				const struct error *failure, struct error *err)
{
	snapshot_process_stop(process);
	process->failure = status;
	process->failure_error = *failure;
	if (err != NULL)
		*err = *failure;
	return status;
}

static enum status fail_timeout(struct snapshot_process *process, struct error *err)
{
	struct error failure;
	enum status status =
		fail(&failure, STATUS_FAILED, "run program", process->name,
		     "it did not finish within %ld ms and was stopped", process->timeout);

	return process_fail(process, status, &failure, err);
}

static enum status fail_call(struct snapshot_process *process, const char *step, struct error *err)
{
	struct error failure;
	enum status status = fail_errno(&failure, STATUS_FAILED, step, process->name);

	return process_fail(process, status, &failure, err);
}

/* STATUS_OK and *@left ms while the program may go on; it is stopped otherwise. */
static enum status check_time(struct snapshot_process *process, int64_t *left, struct error *err)
{
	struct error failure;
	enum status status = cancel_check(process->cancel, "run program", &failure);

	if (status != STATUS_OK)
		return process_fail(process, status, &failure, err);
	*left = process->deadline - clock_monotonic(&system_clock);
	return *left > 0 ? STATUS_OK : fail_timeout(process, err);
}

/* Waits until @descriptor is ready for @events; with WAIT_FOR_END until the program has ended. */
#define WAIT_FOR_END 0

static enum status process_wait(struct snapshot_process *process, int descriptor, short events,
				struct error *err)
{
	bool for_end = events == WAIT_FOR_END;

	for (;;) {
		struct pollfd polls[] = {
			{ .fd = descriptor, .events = for_end ? POLLIN : events },
			{ .fd = process->errors, .events = POLLIN },
			{ .fd = process->cancel == NULL ? -1 : cancel_descriptor(process->cancel),
			  .events = POLLIN },
		};
		int64_t left = 0;
		enum status status = check_time(process, &left, err);

		if (status != STATUS_OK)
			return status;
		if (for_end && snapshot_process_has_ended(process))
			return STATUS_OK;
		if (poll(polls, ARRAY_LENGTH(polls), snapshot_process_end_wait(process, left)) <
			    0 &&
		    errno != EINTR)
			return fail_call(process, "wait for program", err);
		if (polls[1].revents != 0)
			snapshot_process_drain(process);
		if (!for_end && polls[0].revents != 0)
			return STATUS_OK;
	}
}

static enum status failed_before(const struct snapshot_process *process, struct error *err)
{
	if (process->failure != STATUS_OK && err != NULL)
		*err = process->failure_error;
	return process->failure;
}

enum status snapshot_process_read(struct snapshot_process *process, void *data, size_t length,
				  size_t *got, struct error *err)
{
	enum status status = failed_before(process, err);
	ssize_t count = 0;

	while (status == STATUS_OK && !process->output_ended && length > 0) {
		status = process_wait(process, process->data, POLLIN, err);
		if (status != STATUS_OK)
			break;
		count = read(process->data, data, length);
		if (count > 0)
			break;
		process->output_ended = count == 0;
		if (count < 0 && errno != EINTR && errno != EAGAIN)
			return fail_call(process, "read from program", err);
		count = 0;
	}
	if (status == STATUS_OK)
		*got = (size_t)count;
	return status;
}

/* write(2) whose SIGPIPE does not reach the process, whatever the thread blocks. */
static ssize_t write_quietly(int descriptor, const void *data, size_t length)
{
	const struct timespec now = { 0 };
	sigset_t broken_pipe;
	sigset_t before;

	(void)sigemptyset(&broken_pipe);
	(void)sigaddset(&broken_pipe, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);

	ssize_t count = write(descriptor, data, length);
	int cause = errno;

	if (count < 0 && cause == EPIPE)
		(void)sigtimedwait(&broken_pipe, NULL, &now);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = cause;
	return count;
}

static enum status fail_not_read(struct snapshot_process *process, struct error *err)
{
	struct error failure;
	enum status status = snapshot_process_finish(process, err);

	if (status != STATUS_OK)
		return status;
	status = fail(&failure, STATUS_FAILED, "run program", process->name,
		      "it ended before it had read all of its input");
	return process_fail(process, status, &failure, err);
}

enum status snapshot_process_write(struct snapshot_process *process, const void *data,
				   size_t length, struct error *err)
{
	enum status status = failed_before(process, err);
	const char *at = data;

	while (status == STATUS_OK && length > 0) {
		status = process_wait(process, process->data, POLLOUT, err);
		if (status != STATUS_OK)
			return status;

		ssize_t count = write_quietly(process->data, at, length);

		if (count < 0 && errno == EPIPE)
			return fail_not_read(process, err);
		if (count < 0 && errno != EINTR && errno != EAGAIN)
			return fail_call(process, "write to program", err);
		if (count > 0) {
			at += count;
			length -= (size_t)count;
		}
	}
	return status;
}

/* The end of what it said, from the beginning of a line if there is one, on one line. */
static void tail_text(const struct snapshot_process *process, char text[TAIL_TEXT_SIZE])
{
	size_t length = process->tail_length;
	size_t start = length < TAIL_TEXT_SIZE ? 0 : length - (TAIL_TEXT_SIZE - 1);
	size_t used = 0;

	while (length > start && process->tail[length - 1] == '\n')
		length--;
	if (start > 0 && start < length) {
		const char *line = memchr(process->tail + start, '\n', length - start);

		if (line != NULL)
			start = (size_t)(line - process->tail) + 1;
	}
	for (size_t i = start; i < length; i++) {
		unsigned char byte = (unsigned char)process->tail[i];

		/* It ends up in logs and JSON. */
		text[used++] = byte < ' ' ? ' ' : byte < 0x7F ? (char)byte : '?';
	}
	text[used] = '\0';
}

static enum status fail_exit(struct snapshot_process *process, struct error *err)
{
	int code = process->wait_status;
	bool exited = WIFEXITED(code);
	struct error failure;
	char tail[TAIL_TEXT_SIZE];

	tail_text(process, tail);

	enum status status =
		fail(&failure, STATUS_FAILED, "run program", process->name, "it %s %d%s%s",
		     exited ? "ended with exit status" : "was ended by signal",
		     exited ? WEXITSTATUS(code) : WTERMSIG(code), *tail == '\0' ? "" : ": ", tail);

	failure.cause = exited ? WEXITSTATUS(code) : WTERMSIG(code);
	return process_fail(process, status, &failure, err);
}

/* Of a program that has ended; it is not collected yet. */
static bool has_failed(const struct snapshot_process *process)
{
	siginfo_t end = { 0 };

	return waitid(P_PID, (id_t)process->id, &end, WEXITED | WNOWAIT) != 0 ||
	       end.si_code != CLD_EXITED || end.si_status != 0;
}

enum status snapshot_process_finish(struct snapshot_process *process, struct error *err)
{
	struct error failure;
	enum status status = failed_before(process, err);

	if (status != STATUS_OK || process->id < 0)
		return status;
	if (process->use == SNAPSHOT_PROCESS_READ && !process->output_ended) {
		status = fail(&failure, STATUS_FAILED, "run program", process->name,
			      "its output was not read to the end");
		return process_fail(process, status, &failure, err);
	}
	owned_close(&process->data);
	process->data = -1;
	status = process_wait(process, process->ended, WAIT_FOR_END, err);
	if (status != STATUS_OK)
		return status;

	bool failed = has_failed(process);

	snapshot_process_collect(process, failed);
	return failed ? fail_exit(process, err) : STATUS_OK;
}

void snapshot_process_free(struct snapshot_process *process)
{
	if (process == NULL)
		return;
	snapshot_process_stop(process);
	owned_close(&process->data);
	owned_close(&process->errors);
	owned_close(&process->ended);
	free(process);
}

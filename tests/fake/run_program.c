/* SPDX-License-Identifier: Apache-2.0 */
/* A child process whose output is read through a pipe. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "infrabackup/base/owned.h"

#include "fake/run_program.h"

#define OUTPUT_MAX ((size_t)16 * 1024 * 1024)

static int spawn(pid_t *child, const char *directory, char *const arguments[], int output)
{
	posix_spawn_file_actions_t actions;
	int fault = posix_spawn_file_actions_init(&actions);

	if (fault != 0)
		return fault;
	fault = posix_spawn_file_actions_addchdir_np(&actions, directory);
	if (fault == 0)
		fault = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
							 O_RDONLY, 0);
	if (fault == 0)
		fault = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (fault == 0)
		fault = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	if (fault == 0)
		fault = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	return fault;
}

/* Reads to the end whatever becomes of the bytes, so that the child never waits for room. */
static enum status collect(int input, struct buffer *output)
{
	char part[4096];
	enum status status = STATUS_OK;
	ssize_t got;

	while ((got = read(input, part, sizeof(part))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return STATUS_FAILED;
		if (status == STATUS_OK)
			status = buffer_append(output, part, (size_t)got, NULL);
	}
	return status == STATUS_OK ? buffer_terminate(output, NULL) : status;
}

static int wait_for(pid_t child)
{
	int result;

	while (waitpid(child, &result, 0) < 0) {
		if (errno != EINTR)
			return -1;
	}
	return WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

int run_program(const char *directory, char *const arguments[], struct buffer *output)
{
	struct buffer collected;
	enum status status;
	int ends[2], result;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	AUTO_CLOSE input = ends[0];
	int fault = spawn(&child, directory, arguments, ends[1]);
	(void)close(ends[1]);
	if (fault != 0)
		return -1;
	buffer_init(&collected, OUTPUT_MAX);
	status = collect(input, &collected);
	result = wait_for(child);
	if (status != STATUS_OK || output == NULL) {
		buffer_done(&collected);
		return status == STATUS_OK ? result : -1;
	}
	buffer_done(output);
	*output = collected;
	return result;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a program with nothing of ours but its three descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>

#include "snapshot_process_private.h"

#define PIPE_SIZE (1024 * 1024)

struct child_pipe {
	int ours, theirs;
};

#define CHILD_PIPE_NONE ((struct child_pipe) { -1, -1 })
#define AUTO_PIPE __attribute__((cleanup(pipe_close))) struct child_pipe

static void pipe_close(struct child_pipe *ends)
{
	owned_close(&ends->ours);
	owned_close(&ends->theirs);
}

/* The numbers 0 to 2 are the child's: a pipe end there would be overwritten before it is used. */
static int above_standard(int descriptor)
{
	if (descriptor > STDERR_FILENO)
		return descriptor;

	int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	(void)close(descriptor);
	return moved;
}

static enum status pipe_open(struct child_pipe *out, bool we_read, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail_errno(err, STATUS_FAILED, "make pipe", NULL);
	out->ours = above_standard(ends[we_read ? 0 : 1]);
	out->theirs = above_standard(ends[we_read ? 1 : 0]);
	if (out->ours < 0 || out->theirs < 0 || fcntl(out->ours, F_SETFL, O_NONBLOCK) != 0)
		return fail_errno(err, STATUS_FAILED, "make pipe", NULL);
	return STATUS_OK;
}

/* Copied pointers, not copied strings: environ does not change while we run. */
static char **child_environment(void)
{
	static const char own[] = "INFRABACKUP_";
	size_t count = 0;
	size_t kept = 0;

	while (environ[count] != NULL)
		count++;

	char **list = calloc(count + 1, sizeof(char *));

	for (size_t i = 0; list != NULL && i < count; i++) {
		if (strncmp(environ[i], own, sizeof(own) - 1) != 0)
			list[kept++] = environ[i];
	}
	return list;
}

static int set_descriptors(posix_spawn_file_actions_t *actions,
			   const struct snapshot_process *process, int data, int errors)
{
	bool feeds = process->use == SNAPSHOT_PROCESS_FEED;
	int result = feeds ? posix_spawn_file_actions_adddup2(actions, data, STDIN_FILENO)
			   : posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null",
							      O_RDONLY, 0);

	if (result == 0)
		result = posix_spawn_file_actions_adddup2(actions, feeds ? errors : data,
							  STDOUT_FILENO);
	if (result == 0)
		result = posix_spawn_file_actions_adddup2(actions, errors, STDERR_FILENO);
	if (result == 0)
		result = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
	return result;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none;
	sigset_t all;
	int result = posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	if (result == 0)
		result = posix_spawnattr_setpgroup(attributes, 0);
	if (result == 0)
		result = posix_spawnattr_setsigmask(attributes, &none);
	if (result == 0)
		result = posix_spawnattr_setsigdefault(attributes, &all);
	return result;
}

/* An errno, 0 for success. */
static int spawn(struct snapshot_process *process, const char *const *argv, int data, int errors)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	AUTO_FREE char **environment = child_environment();
	union {
		const char *const *from;
		char *const *to;
	} arguments = { .from = argv };

	if (environment == NULL)
		return ENOMEM;

	int result = posix_spawn_file_actions_init(&actions);

	if (result != 0)
		return result;
	result = posix_spawnattr_init(&attributes);
	if (result == 0) {
		result = set_descriptors(&actions, process, data, errors);
		if (result == 0)
			result = set_attributes(&attributes);
		if (result == 0)
			result = posix_spawnp(&process->id, argv[0], &actions, &attributes,
					      arguments.to, environment);
		(void)posix_spawnattr_destroy(&attributes);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	return result;
}

enum status snapshot_process_spawn(struct snapshot_process *process, const char *const *argv,
				   struct error *err)
{
	AUTO_PIPE data = CHILD_PIPE_NONE;
	AUTO_PIPE errors = CHILD_PIPE_NONE;
	enum status status;

	if (strchr(argv[0], '/') != NULL && access(argv[0], X_OK) != 0)
		return fail_errno(err, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED,
				  "start program", argv[0]);
	status = pipe_open(&data, process->use == SNAPSHOT_PROCESS_READ, err);
	if (status == STATUS_OK)
		status = pipe_open(&errors, true, err);
	if (status != STATUS_OK)
		return status;
	/* Fewer switches between the program and us; a refusal costs only speed. */
	(void)fcntl(data.ours, F_SETPIPE_SZ, PIPE_SIZE);

	int cause = spawn(process, argv, data.theirs, errors.theirs);

	if (cause != 0) {
		process->id = -1;
		errno = cause;
		return fail_errno(err, cause == ENOENT ? STATUS_NOT_FOUND : STATUS_FAILED,
				  "start program", argv[0]);
	}
	process->data = TAKE_DESCRIPTOR(data.ours);
	process->errors = TAKE_DESCRIPTOR(errors.ours);
	/* Before Linux 5.3 there is none: then its end is asked for now and then. */
	process->ended = pidfd_open(process->id, 0);
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Lets system calls of the directory driver fail: a test program that includes this defines the
 * calls itself, in front of the C library's. To be included by one source of a program. */
#ifndef TESTS_SHARE_SYSTEM_H
#define TESTS_SHARE_SYSTEM_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The next @times calls of @function fail with @cause; cause 0: they do half of what was asked. */
static struct {
	const char *function;
	int times;
	int cause;
	unsigned calls; /* of the function, failed or not */
} system_plan;

static inline void system_fail(const char *function, int times, int cause)
{
	system_plan.function = function;
	system_plan.times = times;
	system_plan.cause = cause;
	system_plan.calls = 0;
}

static bool system_strikes(const char *function)
{
	if (system_plan.function == NULL || strcmp(system_plan.function, function) != 0)
		return false;
	system_plan.calls++;
	if (system_plan.times == 0)
		return false;
	system_plan.times--;
	errno = system_plan.cause;
	return true;
}

static inline bool system_is_folder(int descriptor)
{
	struct stat facts;

	return fstat(descriptor, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* A regular file that was opened for writing. */
static inline bool system_is_written(int descriptor)
{
	struct stat facts;

	return fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) &&
	       (fcntl(descriptor, F_GETFL) & O_ACCMODE) == O_WRONLY;
}

#endif

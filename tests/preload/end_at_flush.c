/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: from the moment the file END_AT_FLUSH is there the calls of fdatasync() are
 * counted, and the process ends, as by kill -9, before the one whose number the file holds. */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_long flushes;

int fdatasync(int descriptor)
{
	static int (*next)(int);
	const char *path = getenv("END_AT_FLUSH");
	FILE *file = path == NULL ? NULL : fopen(path, "re");
	char text[24] = "0";

	if (file != NULL) {
		if (fgets(text, sizeof text, file) != NULL &&
		    atomic_fetch_add(&flushes, 1) + 1 == strtol(text, NULL, 10))
			(void)kill(getpid(), SIGKILL);
		(void)fclose(file);
	}
	if (next == NULL)
		*(void **)&next = dlsym(RTLD_NEXT, "fdatasync");
	return next(descriptor);
}

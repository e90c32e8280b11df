/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: the wall clock is off by what the file CLOCK_SHIFT_FILE holds, an int64_t of
 * seconds in the machine's order, which somebody may change at any time. The monotonic clock is
 * right. (libfaketime opens its file for every look at any clock, which makes a backup over SMB
 * several times slower.) */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const _Atomic(int64_t) no_shift;
static const _Atomic(int64_t) *shift = &no_shift;
static int (*real_clock_gettime)(clockid_t id, struct timespec *out);

static void find_real(void)
{
	void *symbol = dlsym(RTLD_NEXT, "clock_gettime");
	memcpy(&real_clock_gettime, &symbol, sizeof symbol);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("CLOCK_SHIFT_FILE");
	find_real();
	if (path == NULL)
		return;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *mapped =
		fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	/* With the right time a test would prove something else. */
	if (mapped == MAP_FAILED) {
		perror(path);
		abort();
	}
	(void)close(fd);
	shift = mapped;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	/* Other libraries' constructors may come first. */
	if (real_clock_gettime == NULL)
		find_real();
	int result = real_clock_gettime(id, out);
	if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		out->tv_sec += atomic_load(shift);
	return result;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;
	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval) { now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (out != NULL)
		*out = now.tv_sec;
	return now.tv_sec;
}

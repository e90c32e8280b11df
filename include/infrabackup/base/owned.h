/* SPDX-License-Identifier: Apache-2.0 */
/* Locals that own what they point to: released on every way out of their scope. */
#ifndef INFRABACKUP_BASE_OWNED_H
#define INFRABACKUP_BASE_OWNED_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

static inline void owned_close(int *descriptor)
{
	if (*descriptor >= 0)
		(void)close(*descriptor);
}

static inline void owned_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void owned_closedir(DIR **directory)
{
	if (*directory != NULL)
		(void)closedir(*directory);
}

#define AUTO_CLOSE __attribute__((cleanup(owned_close))) int
#define AUTO_FREE __attribute__((cleanup(owned_free)))
#define AUTO_CLOSEDIR __attribute__((cleanup(owned_closedir))) DIR *

/* Hands an owned pointer over to the caller: evaluates to it and leaves NULL behind. */
#define TAKE(pointer)                                                                              \
	__extension__({                                                                            \
		__typeof__(pointer) *take_from = &(pointer);                                       \
		__typeof__(pointer) take_value = *take_from;                                       \
		*take_from = NULL;                                                                 \
		take_value;                                                                        \
	})

/* The same for a descriptor: leaves -1 behind. */
#define TAKE_DESCRIPTOR(descriptor)                                                                \
	__extension__({                                                                            \
		int *take_from = &(descriptor);                                                    \
		int take_value = *take_from;                                                       \
		*take_from = -1;                                                                   \
		take_value;                                                                        \
	})

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif

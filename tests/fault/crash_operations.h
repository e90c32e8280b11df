/* SPDX-License-Identifier: Apache-2.0 */
/* What is stopped in its middle. Every function but make() runs in a process of its own. */
#ifndef FAULT_CRASH_OPERATIONS_H
#define FAULT_CRASH_OPERATIONS_H

#include "fault/crash_world.h"

struct crash_operation {
	const char *name;
	void (*make)(struct crash_world *world);     /* the state it begins with; stopped */
	void (*before)(struct crash_world *world);   /* not counted; NULL: nothing */
	void (*run)(struct crash_world *world);      /* must succeed unless it is stopped */
	void (*again)(struct crash_world *world);    /* before the next start; NULL: nothing */
	void (*next)(struct crash_world *world);     /* the same again; must succeed */
	unsigned (*tidy)(struct crash_world *world); /* counts what is left over */
};

extern const struct crash_operation crash_operations[];
extern const size_t crash_operation_count;

#endif

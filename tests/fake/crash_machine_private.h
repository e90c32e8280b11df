/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the machine that crashes. */
#ifndef FAKE_CRASH_MACHINE_PRIVATE_H
#define FAKE_CRASH_MACHINE_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>

#include "fake/crash_machine.h"

/* What is not durable yet, in the order in which it was done. */
enum crash_effect_kind {
	CRASH_EFFECT_DATA, /* data appended to a file of the share: @durable of @length bytes are */
	CRASH_EFFECT_CREATED,  /* a name */
	CRASH_EFFECT_REMOVED,  /* a file, kept as @grave */
	CRASH_EFFECT_EMPTIED,  /* a folder that was removed */
	CRASH_EFFECT_PAGE,     /* of a database: @bytes of before and after at @offset */
	CRASH_EFFECT_TRUNCATED /* of a database: from @length to @offset, @bytes of before */
};

struct crash_effect {
	enum crash_effect_kind kind;
	char *path; /* absolute */
	char *grave;
	uint64_t durable, length; /* length: of a database's file before */
	uint64_t offset;
	size_t before_size, after_size;
	unsigned char *before, *after;
	bool lost; /* at the crash */
};

struct crash_machine {
	pthread_mutex_t mutex; /* guards everything below, and is held for the whole of a call */
	struct crash_plan plan;
	size_t calls[CRASH_CALL_COUNT], count;
	struct crash_effect *effects;
	size_t effect_count, effect_capacity;
	char *grave;
	unsigned grave_number;
	sqlite3_vfs vfs;
};

void crash_enter(struct crash_machine *machine);
/* Counts the call, and ends the process when it was the planned one. */
void crash_leave(struct crash_machine *machine, enum crash_call kind);

/* Between the two: */
struct crash_effect *crash_effect_add(struct crash_machine *machine, enum crash_effect_kind kind,
				      const char *path);
/* The latest; NULL: none. */
struct crash_effect *crash_effect_find(struct crash_machine *machine, enum crash_effect_kind kind,
				       const char *path);
/* Forgets those of one kind and path: they are durable. */
void crash_effect_settle(struct crash_machine *machine, enum crash_effect_kind kind,
			 const char *path);
/* The names in a folder are durable. */
void crash_settle_folder(struct crash_machine *machine, const char *folder);
/* What lies at @from or below it lies at @to. */
void crash_effects_rename(struct crash_machine *machine, const char *from, const char *to);
/* Keeps the file that is about to be removed. */
void crash_effect_bury(struct crash_machine *machine, const char *path);

void crash_database_watch(struct crash_machine *machine);

#endif

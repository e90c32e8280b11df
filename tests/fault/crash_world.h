/* SPDX-License-Identifier: Apache-2.0 */
/* A service with a history whose process is stopped in the middle of something, again and again
 * from the same state: each attempt and each look at what it left is a process of its own. */
#ifndef FAULT_CRASH_WORLD_H
#define FAULT_CRASH_WORLD_H

#include "fake/crash_machine.h"
#include "fake/service_fixture.h"

#define CRASH_BACKUPS_MAX 16

/* What the processes tell each other. */
struct crash_shared {
	size_t count;                                /* backups of the history */
	char ids[CRASH_BACKUPS_MAX][GUID_TEXT_SIZE]; /* the oldest first */
	char running[GUID_TEXT_SIZE];                /* the backup that was stopped; empty: none */
	bool is_recovered;                           /* the recovery came to its end */
	size_t calls[CRASH_CALL_COUNT];              /* of an operation that came to its end */
};

struct crash_world {
	struct service_fixture *service; /* stopped between the operations */
	struct crash_shared *shared;
	size_t first;                     /* backups before this one may go */
	struct buffer second_certificate; /* to change to */
	struct private_key *keys[2];      /* of the first and of the second */
};

/* Takes over @service, which is stopped. */
void crash_world_init(struct crash_world *world, struct service_fixture *service);
void crash_world_done(struct crash_world *world);
/* Opens the service as its program does: what was interrupted is looked at before anything else. */
void crash_world_start(struct crash_world *world);
/* A backup that must succeed, of a source that is changed and remembered before. */
void crash_world_remember(struct crash_world *world);

/* Runs another program in the folder of the world; it must succeed. */
void crash_world_execute(const struct crash_world *world, const char *command);
/* Copies share, state and source away, and puts them back. */
void crash_world_save(const struct crash_world *world);
void crash_world_restore(const struct crash_world *world);

/* Everything that is listed is sound and gives back its own source; what must be there is. The
 * number of faults, which are printed. */
unsigned crash_world_check_share(struct crash_world *world);
/* The service lists what the share holds, no job is left running. @is_settled: a run came to its
 * end since the crash; else those that may go may still be listed. */
unsigned crash_world_check_state(struct crash_world *world, bool is_settled);
/* Nothing is left that nobody needs, as far as the newest generation is not concerned. */
unsigned crash_world_check_leaks(struct crash_world *world);
/* The same after the generation that the crash met was closed, and a prune. */
unsigned crash_world_check_closed(struct crash_world *world);
void crash_world_prune(struct crash_world *world);
/* Entries of a folder below the fixture's. */
size_t crash_world_entries(const struct crash_world *world, const char *folder);
/* Prints what is wrong and counts it. */
unsigned crash_world_wrong(bool is_wrong, const char *format, ...) PRINTF_LIKE(2, 3);

/* Of the running service: */
struct db *crash_world_take(struct crash_world *world);
void crash_world_give(struct crash_world *world, struct db *state);
void crash_world_must(enum status status, const char *what, const struct error *err);
/* Waits for a job that must succeed. */
void crash_world_wait(struct crash_world *world, const char *id);

#endif

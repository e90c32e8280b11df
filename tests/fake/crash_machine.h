/* SPDX-License-Identifier: Apache-2.0 */
/* A machine that loses its power: a folder as a share and SQLite's files, of which it remembers
 * what was changed and not yet made durable. At the planned call it takes that away again and ends
 * the process. A program has one; it serves any number of threads, one call at a time.
 *
 * What is durable is what the directory driver promises: a file's data and its name after flush,
 * a folder once it is made, a new name once a rename returns. Removals are less than it promises:
 * those after some moment are lost together, as on a server's journaling file system, until
 * something else makes their folder durable. Of a database: what xSync has seen. */
#ifndef FAKE_CRASH_MACHINE_H
#define FAKE_CRASH_MACHINE_H

#include "infrabackup/share.h"

#define CRASH_MACHINE_EXIT 77 /* the process's exit status when it crashed */

enum crash_loss {
	CRASH_LOSES_NOTHING, /* a kill */
	CRASH_LOSES_ALL,     /* that is not durable */
	CRASH_LOSES_SOME,    /* of it, drawn from the seed: writes out of order, torn data */
	CRASH_LOSS_COUNT
};

enum crash_call {
	CRASH_CALL_SHARE_READ, /* changes nothing there */
	CRASH_CALL_SHARE_WRITE,
	CRASH_CALL_DATABASE, /* changes one of its files, or syncs it */
	CRASH_CALL_COUNT
};

struct crash_plan {
	size_t at; /* ends the process after this call, from 1, counted from crash_machine_arm() */
	enum crash_loss loss;
	unsigned seed;
};

struct crash_machine;

/* @grave: an existing folder on the file system of the share and the databases. Databases that are
 * opened from now on are watched. */
struct crash_machine *crash_machine_new(const char *grave);
/* Starts counting. */
void crash_machine_arm(struct crash_machine *machine, const struct crash_plan *plan);
/* Calls since then; by kind when @by_kind is not NULL. */
size_t crash_machine_calls(struct crash_machine *machine, size_t by_kind[CRASH_CALL_COUNT]);

/* Scheme "file"; its state in a registry is the machine. */
extern const struct share_driver crash_share_driver;

#endif

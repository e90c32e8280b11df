/* SPDX-License-Identifier: Apache-2.0 */
/* A folder as a share that answers politely and does something else: what servers, caches and
 * gateways have been seen to do. share_fake breaks calls, this one breaks promises. */
#ifndef FAKE_SHARE_LIAR_H
#define FAKE_SHARE_LIAR_H

#include "infrabackup/share.h"

#include <stdatomic.h>

enum share_lie {
	SHARE_LIE_NONE,
	SHARE_LIE_CREATE_REPLACES,
	SHARE_LIE_MAKES_AGAIN,     /* a folder that is there can be made */
	SHARE_LIE_RENAME_REPLACES, /* files and empty folders */
	SHARE_LIE_RENAME_LOSES,    /* what was in the file */
	SHARE_LIE_RENAME_KEEPS,    /* the old name too */
	SHARE_LIE_RENAME_EMPTIES,  /* a renamed folder arrives without its files */
	SHARE_LIE_REMOVE_KEEPS,
	SHARE_LIE_REMOVES_FULL,   /* a folder with what is in it */
	SHARE_LIE_HIDES,          /* from the second handle: its files are not there */
	SHARE_LIE_HIDES_UNCLOSED, /* files that are being written */
	SHARE_LIE_LOCKS,          /* a file that one reads is refused to others */
	SHARE_LIE_LISTS_LATE,     /* an entry is left out */
	SHARE_LIE_LISTS_TWICE,
	SHARE_LIE_LISTS_SIZES,   /* all files are empty */
	SHARE_LIE_LISTS_KINDS,   /* all are files */
	SHARE_LIE_CHANGES_NAMES, /* a listed name has another last letter */
	SHARE_LIE_REFUSES_NAMES, /* nothing of such a name can be created */
	SHARE_LIE_MERGES_NAMES,  /* what is created is found there already */
	SHARE_LIE_SPACE_STANDS,  /* free space never falls */
	SHARE_LIE_SPACE_LITTLE,
	SHARE_LIE_SPACE_SCARCE,
	SHARE_LIE_CLOCK_AHEAD,
	SHARE_LIE_CLOCK_BEHIND,
	SHARE_LIE_CLOCK_NONE,
	SHARE_LIE_SLOW_WRITES, /* by its own clock: a second a write */
	SHARE_LIE_SLOW_READS,
	SHARE_LIE_IN_MEMORY,
	SHARE_LIE_LATE_CANCEL, /* by its own clock: closing takes two seconds */
};

/* The state of share_liar_driver. Constant while handles are open, but for the counters. */
struct share_liar {
	enum share_lie lie;
	const char *about;    /* only names that have this in them; NULL: all */
	atomic_int handles;   /* opened so far */
	atomic_llong time;    /* ms of share_liar_clock() */
	atomic_llong written; /* bytes, by which its free space falls */
	atomic_int writing;   /* files open for writing */
	atomic_int reading;
};

extern const struct share_driver share_liar_driver; /* scheme "file" */
/* The system's wall clock; a monotonic clock that stands but for the slow lies. */
struct clock share_liar_clock(struct share_liar *liar);

#endif

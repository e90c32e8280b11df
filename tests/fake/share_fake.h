/* SPDX-License-Identifier: Apache-2.0 */
/* A share driver that wraps another one and breaks by plan: at the nth call, once or from then on.
 * One fake serves any number of handles and threads; all of them share the plan and the count. */
#ifndef FAKE_SHARE_FAKE_H
#define FAKE_SHARE_FAKE_H

#include "infrabackup/share.h"

struct share_fake;

enum share_fake_operation {
	SHARE_FAKE_ANY, /* in a plan: every operation */
	SHARE_FAKE_OPEN,
	SHARE_FAKE_CREATE,
	SHARE_FAKE_WRITE,
	SHARE_FAKE_FLUSH,
	SHARE_FAKE_OPEN_READ,
	SHARE_FAKE_READ,
	SHARE_FAKE_CLOSE_FILE,
	SHARE_FAKE_LIST,
	SHARE_FAKE_MAKE_DIRECTORY,
	SHARE_FAKE_RENAME_NEW,
	SHARE_FAKE_REMOVE,
	SHARE_FAKE_FREE_SPACE,
	SHARE_FAKE_DESCRIBE,
	SHARE_FAKE_CLOSE,
	SHARE_FAKE_OPERATION_COUNT
};

enum share_fake_fault {
	SHARE_FAKE_NONE,
	SHARE_FAKE_FAIL,        /* the call fails with plan.status and plan.cause */
	SHARE_FAKE_SHORT_WRITE, /* the first half of the data is written, success is reported */
	SHARE_FAKE_LOSE_WRITE,  /* this and all later data of the file is dropped, success is
				   reported */
	SHARE_FAKE_HANG,  /* the call does not return before share_fake_release(), and then fails */
	SHARE_FAKE_STALL, /* as HANG, but then the call goes on as if nothing had been */
	SHARE_FAKE_VANISH,       /* the share is gone: this and every later call fails (ENOTCONN) */
	SHARE_FAKE_FULL,         /* from then on nothing can be created or written (ENOSPC) */
	SHARE_FAKE_REFUSE,       /* from then on every call is refused (EACCES) */
	SHARE_FAKE_CORRUPT_READ, /* one bit of what is read is flipped */
};

/* SHORT_WRITE and LOSE_WRITE strike the first write, CORRUPT_READ the first read, that is the
 * planned call or comes after it. */
struct share_fake_plan {
	size_t at; /* 1-based, counted from share_fake_set() among calls of @operation; 0: never */
	enum share_fake_operation operation;
	enum share_fake_fault fault;
	bool for_ever; /* strikes again at every later call of @operation; VANISH, FULL and REFUSE
			* always last */
	enum status status; /* FAIL and VANISH; 0: a default */
	int cause;          /* errno for FAIL and VANISH; 0: a default */
};

/* Wraps @inner with @inner_state; NULL: the directory driver. Serves the scheme of @inner. */
struct share_fake *share_fake_new(const struct share_driver *inner, void *inner_state);
/* Every handle has been closed. Releases what hangs. */
void share_fake_free(struct share_fake *fake);

/* To be given to share_registry_set() with the fake as state. */
const struct share_driver *share_fake_driver(const struct share_fake *fake);

/* Copies the plan and starts counting anew. NULL: no fault. */
void share_fake_set(struct share_fake *fake, const struct share_fake_plan *plan);
/* Calls of the driver since share_fake_set(). */
size_t share_fake_calls(struct share_fake *fake);
/* Operation and name of the @i-th of them, from 1; valid until the next share_fake_set(). */
const char *share_fake_operation_name(struct share_fake *fake, size_t i);
const char *share_fake_call_path(struct share_fake *fake, size_t i);
enum share_fake_operation share_fake_call_operation(struct share_fake *fake, size_t i);
/* How often the plan has struck. */
size_t share_fake_strikes(struct share_fake *fake);

/* Calls that hang at this moment. */
size_t share_fake_hanging(struct share_fake *fake);
/* Waits until @count calls hang. */
void share_fake_wait_hanging(struct share_fake *fake, size_t count);
/* Ends the hanging calls; nothing hangs any more until share_fake_set(). */
void share_fake_resume(struct share_fake *fake);
/* The same, and waits until their threads are gone: their handles must have been closed. */
void share_fake_release(struct share_fake *fake);

#endif

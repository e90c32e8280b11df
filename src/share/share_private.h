/* SPDX-License-Identifier: Apache-2.0 */
/* How a share call runs: a worker owns everything a driver may touch, the caller waits beside it.
 */
#ifndef SHARE_PRIVATE_H
#define SHARE_PRIVATE_H

#include "infrabackup/share.h"

#include <pthread.h>
#include <stdatomic.h>

#define SHARE_PART_MAX ((size_t)4 << 20)     /* one driver write or read */
#define SHARE_LISTING_MAX ((size_t)64 << 20) /* collected entries of one folder */

enum share_operation {
	SHARE_OPERATION_OPEN,
	SHARE_OPERATION_CREATE,
	SHARE_OPERATION_WRITE,
	SHARE_OPERATION_FLUSH,
	SHARE_OPERATION_OPEN_READ,
	SHARE_OPERATION_READ,
	SHARE_OPERATION_CLOSE_FILE,
	SHARE_OPERATION_LIST,
	SHARE_OPERATION_MAKE_DIRECTORY,
	SHARE_OPERATION_RENAME_NEW,
	SHARE_OPERATION_REMOVE,
	SHARE_OPERATION_FREE_SPACE,
	SHARE_OPERATION_DESCRIBE,
	SHARE_OPERATION_CLOSE,
	SHARE_OPERATION_COUNT
};

/* One request and its answer. */
struct share_call {
	enum share_operation operation;
	char name[SHARE_NAME_SIZE];
	char to[SHARE_NAME_SIZE];
	void *file;
	uint64_t offset;
	const void *data;
	void *into;
	size_t length;

	enum status status;
	struct error error;
	void *opened;
	uint64_t size;
	size_t got;
	struct share_space space;
	struct share_transport transport;
};

/* The driver's handle, its thread and all memory that the driver may touch. It belongs to the
 * caller until the caller abandons it in the middle of a call; then the thread frees it when that
 * call returns at last. */
struct share_worker {
	const struct share_driver *driver;
	void *state;
	struct share_options options; /* points into the copies below */
	struct share_address address;
	char *user_name;
	struct secret password;
	enum share_stage reached;

	/* Used by whoever executes calls. */
	void *handle;
	void **files; /* open in the driver */
	size_t file_count, file_capacity;

	/* Used by the caller while no call is under way, by the executor during one. */
	struct share_call call;
	struct buffer data;    /* what is written or read */
	struct buffer entries; /* what was listed */

	bool threaded;
	pthread_t thread;
	int done;              /* event descriptor, readable when a call has finished */
	atomic_uint progress;  /* entries listed so far: a sign of life */
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t posted_condition;
	bool posted;
	bool finished;  /* no call is under way */
	bool unclaimed; /* the caller no longer waits for the present call */
	bool abandoned; /* the caller is gone */
};

struct share {
	struct share_worker *worker; /* NULL after a call was abandoned */
	const struct cancel *cancel;
	unsigned features;
	long deadline;
	bool busy;           /* a call that was cancelled may still be under way */
	char abandoned[256]; /* which call was, for the errors of later ones */
};

struct share_file {
	struct share *share;
	void *file;
	char name[];
};

enum share_wait { SHARE_WAIT_FINISHED, SHARE_WAIT_OVERDUE, SHARE_WAIT_CANCELLED };

/* STATUS_INVALID when @name breaks the rules of share.h; "" is good only when @root_allowed. */
MUST_CHECK enum status share_name_check(const char *name, bool root_allowed, const char *step,
					struct error *err);

/* A worker with copies of @options and, if the driver needs one, a thread. */
MUST_CHECK enum status share_worker_new(const struct share_driver *driver, void *state,
					const struct share_options *options,
					struct share_worker **out, struct error *err);
/* Hands worker->call over to the thread, or executes it at once when there is none. */
void share_worker_post(struct share_worker *worker);
/* After SHARE_OPERATION_CLOSE has finished: joins the thread and frees everything. */
void share_worker_free(struct share_worker *worker);
/* Leaves the worker to its thread, unless the call has finished meanwhile: then false. */
bool share_worker_abandon(struct share_worker *worker);
/* Stops waiting for the present call, whose result is then dropped; false when it has finished. */
bool share_worker_leave(struct share_worker *worker);
/* What the thread does with a call, and what it does at its end. */
void share_worker_execute(struct share_worker *worker);
void share_worker_dispose(struct share_worker *worker);

/* Waits until the present call has finished, @deadline ms have passed without a sign of life, or
 * cancel is requested. A clean-up call goes on after that for SHARE_CLEANUP_GRACE. */
enum share_wait share_deadline_wait(struct share_worker *worker, const struct cancel *cancel,
				    long deadline, bool cleanup);

/* The request to fill in, once the handle is free; NULL with @err filled when it was abandoned or
 * cancelled. */
struct share_call *share_call_begin(struct share *share, enum share_operation operation,
				    const char *name, bool cleanup, struct error *err);
/* Runs the request and returns its status. */
MUST_CHECK enum status share_call_run(struct share *share, bool cleanup, struct error *err);
/* Closes the driver's handle, or leaves it to the call that is still under way. */
void share_call_end(struct share *share);
const char *share_operation_step(enum share_operation operation);

/* Collects what a driver lists (@context is the worker), and delivers it. */
enum status share_listing_collect(const struct share_entry *entry, void *context,
				  struct error *err);
MUST_CHECK enum status share_listing_deliver(const struct buffer *entries, share_each each,
					     void *context, struct error *err);

/* share_remove() and share_list() for names that came from a listing and need not obey the rules.
 */
MUST_CHECK enum status share_operation_remove(struct share *share, const char *name, bool cleanup,
					      struct error *err);
MUST_CHECK enum status share_operation_list(struct share *share, const char *name, share_each each,
					    void *context, struct error *err);

#endif

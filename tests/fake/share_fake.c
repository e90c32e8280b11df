/* SPDX-License-Identifier: Apache-2.0 */
/* The plan of the breaking share: counting, striking, hanging. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fake/share_fake.h"
#include "fake/share_fake_private.h"

struct call {
	enum share_fake_operation operation;
	char *name;
};

struct share_fake {
	struct share_driver driver;
	const struct share_driver *inner;
	void *inner_state;

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	struct share_fake_plan plan;
	struct call *calls;
	size_t call_count, call_capacity;
	size_t matched, strikes, hanging;
	bool lasting; /* VANISH, FULL or REFUSE is in force */
	bool released;
	pid_t *threads; /* that ever hung */
	size_t thread_count;
};

static const char *const operation_names[SHARE_FAKE_OPERATION_COUNT] = {
	[SHARE_FAKE_ANY] = "any",
	[SHARE_FAKE_OPEN] = "open",
	[SHARE_FAKE_CREATE] = "create",
	[SHARE_FAKE_WRITE] = "write",
	[SHARE_FAKE_FLUSH] = "flush",
	[SHARE_FAKE_OPEN_READ] = "open_read",
	[SHARE_FAKE_READ] = "read",
	[SHARE_FAKE_CLOSE_FILE] = "close_file",
	[SHARE_FAKE_LIST] = "list",
	[SHARE_FAKE_MAKE_DIRECTORY] = "make_directory",
	[SHARE_FAKE_RENAME_NEW] = "rename_new",
	[SHARE_FAKE_REMOVE] = "remove",
	[SHARE_FAKE_FREE_SPACE] = "free_space",
	[SHARE_FAKE_DESCRIBE] = "describe",
	[SHARE_FAKE_CLOSE] = "close",
};

struct share_fake *share_fake_new(const struct share_driver *inner, void *inner_state)
{
	struct share_fake *fake = calloc(1, sizeof(*fake));

	assert(fake != NULL);
	fake->inner = inner == NULL ? &share_directory_driver : inner;
	fake->inner_state = inner_state;
	fake->driver = share_fake_functions;
	if (fake->inner->describe == NULL)
		fake->driver.describe = NULL;
	fake->driver.scheme = fake->inner->scheme;
	fake->driver.features = fake->inner->features & ~(unsigned)SHARE_FEATURE_OWN_DEADLINE;
	pthread_mutex_init(&fake->mutex, NULL);
	pthread_cond_init(&fake->changed, NULL);
	return fake;
}

static void forget_calls(struct share_fake *fake)
{
	for (size_t i = 0; i < fake->call_count; i++)
		free(fake->calls[i].name);
	fake->call_count = 0;
}

void share_fake_free(struct share_fake *fake)
{
	if (fake == NULL)
		return;
	share_fake_release(fake);
	pthread_mutex_lock(&fake->mutex);
	forget_calls(fake);
	pthread_mutex_unlock(&fake->mutex);
	free(fake->calls);
	free(fake->threads);
	pthread_cond_destroy(&fake->changed);
	pthread_mutex_destroy(&fake->mutex);
	free(fake);
}

const struct share_driver *share_fake_driver(const struct share_fake *fake)
{
	return &fake->driver;
}

const struct share_driver *share_fake_inner(const struct share_fake *fake, void **state)
{
	*state = fake->inner_state;
	return fake->inner;
}

void share_fake_set(struct share_fake *fake, const struct share_fake_plan *plan)
{
	pthread_mutex_lock(&fake->mutex);
	forget_calls(fake);
	fake->plan = plan == NULL ? (struct share_fake_plan) { .at = 0 } : *plan;
	fake->matched = 0;
	fake->strikes = 0;
	fake->lasting = false;
	fake->released = false;
	pthread_mutex_unlock(&fake->mutex);
}

size_t share_fake_calls(struct share_fake *fake)
{
	pthread_mutex_lock(&fake->mutex);
	size_t count = fake->call_count;
	pthread_mutex_unlock(&fake->mutex);
	return count;
}

static struct call call_at(struct share_fake *fake, size_t i)
{
	pthread_mutex_lock(&fake->mutex);
	assert(i >= 1 && i <= fake->call_count);
	struct call call = fake->calls[i - 1];
	pthread_mutex_unlock(&fake->mutex);
	return call;
}

enum share_fake_operation share_fake_call_operation(struct share_fake *fake, size_t i)
{
	return call_at(fake, i).operation;
}

const char *share_fake_operation_name(struct share_fake *fake, size_t i)
{
	return operation_names[call_at(fake, i).operation];
}

const char *share_fake_call_path(struct share_fake *fake, size_t i)
{
	return call_at(fake, i).name;
}

size_t share_fake_strikes(struct share_fake *fake)
{
	pthread_mutex_lock(&fake->mutex);
	size_t strikes = fake->strikes;
	pthread_mutex_unlock(&fake->mutex);
	return strikes;
}

size_t share_fake_hanging(struct share_fake *fake)
{
	pthread_mutex_lock(&fake->mutex);
	size_t hanging = fake->hanging;
	pthread_mutex_unlock(&fake->mutex);
	return hanging;
}

void share_fake_wait_hanging(struct share_fake *fake, size_t count)
{
	pthread_mutex_lock(&fake->mutex);
	while (fake->hanging != count)
		pthread_cond_wait(&fake->changed, &fake->mutex);
	pthread_mutex_unlock(&fake->mutex);
}

void share_fake_resume(struct share_fake *fake)
{
	pthread_mutex_lock(&fake->mutex);
	fake->released = true;
	pthread_cond_broadcast(&fake->changed);
	while (fake->hanging > 0)
		pthread_cond_wait(&fake->changed, &fake->mutex);
	pthread_mutex_unlock(&fake->mutex);
}

void share_fake_release(struct share_fake *fake)
{
	share_fake_resume(fake);
	pthread_mutex_lock(&fake->mutex);
	size_t count = fake->thread_count;
	fake->thread_count = 0;
	pthread_mutex_unlock(&fake->mutex);

	/* They were detached when their calls were abandoned, so nobody can join them. */
	for (size_t i = 0; i < count; i++)
		while (tgkill(getpid(), fake->threads[i], 0) == 0)
			sched_yield();
}

/* Under the mutex, like the next ones. */
static void record(struct share_fake *fake, enum share_fake_operation operation, const char *name)
{
	if (fake->call_count == fake->call_capacity) {
		fake->call_capacity = fake->call_capacity * 2 + 64;
		fake->calls = reallocarray(fake->calls, fake->call_capacity, sizeof(*fake->calls));
		assert(fake->calls != NULL);
	}
	struct call *call = &fake->calls[fake->call_count++];
	call->operation = operation;
	call->name = strdup(name);
	assert(call->name != NULL);
}

static bool can_strike(enum share_fake_fault fault, enum share_fake_operation operation)
{
	switch (fault) {
	case SHARE_FAKE_SHORT_WRITE:
	case SHARE_FAKE_LOSE_WRITE:
		return operation == SHARE_FAKE_WRITE;
	case SHARE_FAKE_CORRUPT_READ:
		return operation == SHARE_FAKE_READ;
	case SHARE_FAKE_FULL:
		return operation == SHARE_FAKE_CREATE || operation == SHARE_FAKE_WRITE ||
		       operation == SHARE_FAKE_MAKE_DIRECTORY;
	case SHARE_FAKE_NONE:
		return false;
	default:
		return true;
	}
}

static enum share_fake_fault decide(struct share_fake *fake, enum share_fake_operation operation)
{
	const struct share_fake_plan *plan = &fake->plan;
	bool matches = plan->operation == SHARE_FAKE_ANY || plan->operation == operation;

	if (matches)
		fake->matched++;
	if (plan->at == 0 || fake->matched < plan->at)
		return SHARE_FAKE_NONE;

	bool lasts = plan->fault == SHARE_FAKE_VANISH || plan->fault == SHARE_FAKE_FULL ||
		     plan->fault == SHARE_FAKE_REFUSE;
	if (lasts && matches)
		fake->lasting = true;
	if (!can_strike(plan->fault, operation) || (!fake->lasting && !matches) ||
	    (!lasts && !plan->for_ever && fake->strikes > 0))
		return SHARE_FAKE_NONE;
	fake->strikes++;
	return plan->fault;
}

static void hang(struct share_fake *fake)
{
	if (fake->released)
		return;
	fake->threads = reallocarray(fake->threads, fake->thread_count + 1, sizeof(*fake->threads));
	assert(fake->threads != NULL);
	fake->threads[fake->thread_count++] = gettid();
	fake->hanging++;
	pthread_cond_broadcast(&fake->changed);
	while (!fake->released)
		pthread_cond_wait(&fake->changed, &fake->mutex);
	fake->hanging--;
	pthread_cond_broadcast(&fake->changed);
}

enum share_fake_fault share_fake_enter(struct share_fake *fake, enum share_fake_operation operation,
				       const char *name)
{
	pthread_mutex_lock(&fake->mutex);
	record(fake, operation, name);
	enum share_fake_fault fault = decide(fake, operation);
	if (fault == SHARE_FAKE_HANG || fault == SHARE_FAKE_STALL)
		hang(fake);
	pthread_mutex_unlock(&fake->mutex);
	return fault;
}

void share_fake_postpone(struct share_fake *fake)
{
	pthread_mutex_lock(&fake->mutex);
	fake->strikes--;
	pthread_mutex_unlock(&fake->mutex);
}

enum status share_fake_fail(struct share_fake *fake, enum share_fake_fault fault,
			    enum share_fake_operation operation, const char *name,
			    struct error *err)
{
	enum status status = STATUS_SHARE_CONNECTION;

	pthread_mutex_lock(&fake->mutex);
	struct share_fake_plan plan = fake->plan;
	pthread_mutex_unlock(&fake->mutex);
	switch (fault) {
	case SHARE_FAKE_FAIL:
		status = plan.status != STATUS_OK ? plan.status : STATUS_SHARE_READ_WRITE;
		errno = plan.cause != 0 ? plan.cause : EIO;
		break;
	case SHARE_FAKE_HANG:
		errno = ETIMEDOUT;
		break;
	case SHARE_FAKE_VANISH:
		status = plan.status != STATUS_OK ? plan.status : STATUS_SHARE_CONNECTION;
		errno = plan.cause != 0 ? plan.cause : ENOTCONN;
		break;
	case SHARE_FAKE_FULL:
		status = STATUS_SHARE_FULL;
		errno = ENOSPC;
		break;
	case SHARE_FAKE_REFUSE:
		status = operation == SHARE_FAKE_OPEN ? STATUS_SHARE_NOT_ACCESSIBLE
						      : STATUS_SHARE_READ_WRITE;
		errno = EACCES;
		break;
	default:
		return STATUS_OK;
	}
	return fail_errno(err, status, operation_names[operation], name);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Library calls without a deadline of their own (name service, Kerberos), on a thread that is left
 * behind when they take too long. */
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "share_smb_private.h"

struct aside {
	struct smb_aside work;
	int done; /* event descriptor */
	pthread_mutex_t mutex;
	bool finished, abandoned;
};

static void aside_free(struct aside *aside)
{
	(void)close(aside->done);
	pthread_mutex_destroy(&aside->mutex);
	free(aside);
}

static void *aside_main(void *argument)
{
	struct aside *aside = argument;

	aside->work.run(aside->work.context);
	pthread_mutex_lock(&aside->mutex);
	aside->finished = true;
	bool abandoned = aside->abandoned;
	if (!abandoned)
		(void)eventfd_write(aside->done, 1);
	pthread_mutex_unlock(&aside->mutex);
	if (abandoned) {
		aside->work.release(aside->work.context);
		aside_free(aside);
	}
	return NULL;
}

/* True when the thread owns everything from here on. */
static bool abandon(struct aside *aside)
{
	pthread_mutex_lock(&aside->mutex);
	bool running = !aside->finished;
	aside->abandoned = running;
	pthread_mutex_unlock(&aside->mutex);
	return running;
}

static struct aside *aside_new(const struct smb_aside *work)
{
	struct aside *aside = calloc(1, sizeof(*aside));

	if (aside == NULL)
		return NULL;
	aside->work = *work;
	aside->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (aside->done < 0) {
		free(aside);
		return NULL;
	}
	pthread_mutex_init(&aside->mutex, NULL);
	return aside;
}

/* True when it has run; else the thread was left behind with everything. */
static bool finish(struct aside *aside, pthread_t thread, bool ready)
{
	if (!ready && aside->work.give_up != NULL)
		aside->work.give_up(aside->work.context);
	if (!ready && abandon(aside)) {
		(void)pthread_detach(thread);
		return false;
	}
	(void)pthread_join(thread, NULL);
	aside_free(aside);
	return true;
}

enum status smb_aside_run(struct smb_connection *connection, const struct smb_aside *work,
			  bool *done, struct error *err)
{
	struct aside *aside = aside_new(work);
	enum status status;
	pthread_t thread;
	bool ready = false;

	*done = false;
	if (aside == NULL) {
		status = fail_memory(err, "connect to server");
		work->release(work->context);
		return status;
	}
	status = thread_start(&thread, "share-aside", aside_main, aside, err);
	if (status != STATUS_OK) {
		work->release(work->context);
		aside_free(aside);
		return status;
	}
	status = smb_wait_until(connection, aside->done, POLLIN, work->until, &ready, err);
	bool finished = finish(aside, thread, ready);
	*done = finished && status == STATUS_OK;
	if (finished && !*done)
		work->release(work->context);
	return status;
}

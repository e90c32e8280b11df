/* SPDX-License-Identifier: Apache-2.0 */
/* Renews the lease while the service runs, so that a second controller is told by name and a dead
 * one's folder is free soon. Opens the share for each renewal: a folder that is held open could not
 * be unmounted. */
#include <string.h>

#include "backup_lease.h"

/* Renewals a lease: two may fail. */
#define RENEWALS 3
/* ms that a call may take when the lease is given up: nobody shall wait for a share that does not
 * answer. */
#define RELEASE_DEADLINE 1500

static enum status with_share(struct backup_service *service, long deadline,
			      const struct cancel *cancel,
			      enum status (*action)(struct backup_service *service,
						    struct share *share, struct error *err),
			      struct error *err)
{
	struct db *state = NULL;
	struct share *share = NULL;
	struct backup_target target;
	memset(&target, 0, sizeof target);
	enum status status = db_pool_take(service->state, &state, err);
	if (status == STATUS_OK)
		status = backup_target_load(service, state, &target, err);
	db_pool_give(service->state, state);
	if (status == STATUS_OK)
		status = backup_target_open_within(service, &target, cancel, deadline, &share, err);
	if (status == STATUS_OK)
		status = action(service, share, err);
	share_close(share);
	backup_target_done(&target);
	return status;
}

/* A lost lease is not sought again here: the next job does, and says what it finds. Nor is a
 * refused logon repeated: that locks accounts. */
static void renew(struct backup_service *service)
{
	struct error err;
	enum status status = with_share(service, service->config->engine.share_deadline,
					service->lease.cancel, backup_lease_renew, &err);
	if (status == STATUS_OK || status == STATUS_CANCELLED)
		return;
	log_error("lease of the repository not renewed", &err);
	if (status == STATUS_SHARE_AUTHENTICATION || status == STATUS_CONFLICT)
		atomic_store(&service->lease.is_held, false);
}

static void *keep(void *argument)
{
	struct backup_service *service = argument;
	struct backup_lease *lease = &service->lease;
	long pause = service->config->engine.lease_duration / RENEWALS;
	(void)pthread_mutex_lock(&lease->mutex);
	while (!lease->is_stopping) {
		if (thread_condition_wait(&lease->stopping, &lease->mutex, pause))
			continue;
		(void)pthread_mutex_unlock(&lease->mutex);
		if (atomic_load(&lease->is_held))
			renew(service);
		(void)pthread_mutex_lock(&lease->mutex);
	}
	(void)pthread_mutex_unlock(&lease->mutex);
	return NULL;
}

void backup_keeper_start(struct backup_service *service)
{
	struct backup_lease *lease = &service->lease;
	struct error err;
	(void)pthread_mutex_lock(&lease->mutex);
	if (!lease->is_running && !lease->is_stopping) {
		if (lease->cancel == NULL)
			lease->cancel = cancel_new();
		/* Without it the lease runs out between jobs: worse, but no reason to fail. */
		if (lease->cancel != NULL &&
		    thread_start(&lease->thread, "lease", keep, service, &err) == STATUS_OK)
			lease->is_running = true;
	}
	(void)pthread_mutex_unlock(&lease->mutex);
}

void backup_keeper_release(struct backup_service *service)
{
	struct error err;
	if (atomic_load(&service->lease.is_held) &&
	    with_share(service, RELEASE_DEADLINE, NULL, backup_lease_release, &err) != STATUS_OK)
		log_error("lease of the repository not given up; it runs out by itself", &err);
	/* Or the keeper would go on where nobody writes any more. */
	atomic_store(&service->lease.is_held, false);
}

void backup_keeper_stop(struct backup_service *service)
{
	struct backup_lease *lease = &service->lease;
	(void)pthread_mutex_lock(&lease->mutex);
	lease->is_stopping = true;
	(void)pthread_cond_broadcast(&lease->stopping);
	(void)pthread_mutex_unlock(&lease->mutex);
	if (lease->is_running) {
		cancel_request(lease->cancel);
		(void)pthread_join(lease->thread, NULL);
		lease->is_running = false;
	}
	cancel_free(TAKE(lease->cancel));
	backup_keeper_release(service);
}

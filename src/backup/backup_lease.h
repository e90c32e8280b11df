/* SPDX-License-Identifier: Apache-2.0 */
/* One controller a repository. Three things keep two of them apart, each weaker than the one
 * before:
 *
 * 1. Slots: a backup is committed only by whoever created the file of its sequence number
 *    (backup_slot.c). Creating a name that did not exist is the one mutual exclusion that a share
 *    is trusted with, and it does not depend on any clock.
 * 2. Barriers: whoever takes the repository over from a holder that did not give it up takes away
 *    the numbers that the old holder might still commit.
 * 3. The lease: the numbered files of leases/. The highest says who holds the repository and until
 *    when; renewing and taking over both create the next number, so that one of two wins. It tells
 *    a second controller early and by name; by itself it would be a race. */
#ifndef BACKUP_LEASE_H
#define BACKUP_LEASE_H

#include "infrabackup/archive.h"

#include "backup_session.h"

/* Makes or reads the controller's id in the state directory; @service->lease is ready then. The id
 * belongs to this directory at this place: a copy of it is another controller. */
MUST_CHECK enum status backup_lease_init(struct backup_service *service, struct error *err);

/* Becomes or stays the holder of the repository behind @share. STATUS_CONFLICT names the one that
 * holds it. To be called before anything else is written by a job. */
MUST_CHECK enum status backup_lease_acquire(struct backup_service *service, struct share *share,
					    struct error *err);
/* The same for a job, over a connection of its session. */
MUST_CHECK enum status backup_lease_begin(struct backup_session *session, struct error *err);
/* Stays the holder; STATUS_CONFLICT when another one took it or an operator withdrew it. */
MUST_CHECK enum status backup_lease_renew(struct backup_service *service, struct share *share,
					  struct error *err);
/* What a job that failed with @status says: when another controller has the folder by now, that is
 * the reason for whatever was missing. Returns the status to fail with. */
enum status backup_lease_explain(struct backup_session *session, enum status status,
				 struct error *err);
/* Gives it up when it is held. For a holder that writes no more. */
MUST_CHECK enum status backup_lease_release(struct backup_service *service, struct share *share,
					    struct error *err);
/* "; ... holds it since ..." of the share's repository, or an empty text. */
#define BACKUP_HOLDER_TEXT_SIZE 512
void backup_lease_holder_text(struct share *share, char text[BACKUP_HOLDER_TEXT_SIZE]);

/* --- backup_slot.c --- */

/* Takes @sequence for @backup_id, once and for all. STATUS_CONFLICT when it is another's. */
MUST_CHECK enum status backup_slot_take(struct backup_service *service, struct share *share,
					uint64_t sequence, const char *backup_id,
					struct error *err);
/* Takes every number away that is not committed and that an earlier holder might still want. */
MUST_CHECK enum status backup_slot_bar(struct backup_service *service, struct share *share,
				       struct error *err);
/* The highest number that has a slot; 0: none. */
MUST_CHECK enum status backup_slot_highest(struct share *share, uint64_t *out, struct error *err);
/* Whether @sequence is known to be another's, or nobody's any more: @backup_id never was committed
 * under it. */
MUST_CHECK enum status backup_slot_is_lost(struct share *share, uint64_t sequence,
					   const char *backup_id, bool *out, struct error *err);
/* Whether @sequence is @backup_id's. */
MUST_CHECK enum status backup_slot_is_of(struct share *share, uint64_t sequence,
					 const char *backup_id, bool *out, struct error *err);

/* --- backup_keeper.c: renews the lease while the service runs --- */

/* After backup_lease_acquire(): starts it if it does not run yet. */
void backup_keeper_start(struct backup_service *service);
/* Gives the lease up, if it is held, at the share that is stored. What fails is logged: the lease
 * runs out by itself. */
void backup_keeper_release(struct backup_service *service);
/* Ends it and gives the lease up. */
void backup_keeper_stop(struct backup_service *service);

#endif

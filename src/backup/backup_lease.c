/* SPDX-License-Identifier: Apache-2.0 */
/* The lease of the repository. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup_lease.h"
#include "backup_reserve.h"

/* Whoever loses so many rounds is not alone there. */
#define ROUNDS_MAX 16

/* --- the files --- */

static enum status see_number(const struct share_entry *entry, void *context, struct error *err)
{
	uint64_t *highest = context, number = 0;
	(void)err;
	if (archive_number_parse(entry->name, &number) && number > *highest)
		*highest = number;
	return STATUS_OK;
}

static enum status highest_number(struct share *share, uint64_t *out, struct error *err)
{
	*out = 0;
	enum status status = share_list(share, ARCHIVE_LEASES, see_number, out, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* One that cannot be read still has its number and keeps everybody else out. */
static enum status fail_damaged(uint64_t number, const char *name, struct archive_lease *out,
				const struct error *damage, struct error *err)
{
	static const unsigned char nobody[GUID_SIZE];
	memset(out, 0, sizeof *out);
	out->number = number;
	guid_from_bytes(nobody, out->deployment_id);
	guid_from_bytes(nobody, out->controller_id);
	guid_from_bytes(nobody, out->instance_id);
	(void)snprintf(out->host, sizeof out->host, "unknown");
	(void)snprintf(out->state, sizeof out->state, "%s",
		       archive_lease_state_name(ARCHIVE_LEASE_HELD));
	return fail(err, STATUS_INTEGRITY, "read lease of the repository", name,
		    "it is damaged (%s), so nobody knows who holds the folder; when no other "
		    "controller writes there, run `infrabackup share release --share SHARE` and "
		    "try again",
		    damage->message);
}

static enum status read_lease(struct share *share, uint64_t number, struct archive_lease *out,
			      struct error *err)
{
	struct buffer bytes;
	struct error damage;
	char name[ARCHIVE_NAME_SIZE];
	archive_number_name(ARCHIVE_LEASES, number, name);
	buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status = share_get(share, name, ARCHIVE_SMALL_FILE_MAX, &bytes, err);
	if (status == STATUS_OK) {
		status = archive_lease_parse(bytes.data, bytes.length, out, &damage);
		if (status == STATUS_OK && out->number != number)
			status = fail(&damage, STATUS_INTEGRITY, "read lease", name,
				      "it is the file of another number");
		if (status != STATUS_OK)
			status = fail_damaged(number, name, out, &damage, err);
	}
	buffer_done(&bytes);
	return status;
}

/* @out->number is 0 when there is none. Older files are removed while this looks, so a missing one
 * is looked for again. */
static enum status read_newest(struct share *share, struct archive_lease *out, struct error *err)
{
	enum status status = STATUS_NOT_FOUND;
	for (int round = 0; round < ROUNDS_MAX && status == STATUS_NOT_FOUND; round++) {
		uint64_t highest = 0;
		memset(out, 0, sizeof *out);
		status = highest_number(share, &highest, err);
		if (status != STATUS_OK || highest == 0)
			return status;
		status = read_lease(share, highest, out, err);
	}
	return status;
}

static enum status put_lease(struct share *share, const struct archive_lease *lease,
			     struct error *err)
{
	struct buffer bytes;
	char name[ARCHIVE_NAME_SIZE];
	archive_number_name(ARCHIVE_LEASES, lease->number, name);
	buffer_init(&bytes, ARCHIVE_SMALL_FILE_MAX);
	enum status status = archive_lease_write(lease, &bytes, err);
	if (status == STATUS_OK)
		status = share_put(share, name, bytes.data, bytes.length, err);
	buffer_done(&bytes);
	return status;
}

struct tidy {
	struct share *share;
	uint64_t newest;
};

static enum status remove_older(const struct share_entry *entry, void *context, struct error *err)
{
	const struct tidy *tidy = context;
	uint64_t number = 0;
	char name[ARCHIVE_NAME_SIZE];
	if (!archive_number_parse(entry->name, &number) || number >= tidy->newest)
		return STATUS_OK;
	archive_number_name(ARCHIVE_LEASES, number, name);
	enum status status = share_remove(tidy->share, name, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Whether @lease, just created, counts. A holder that slept may create a number that others have
 * used and removed long ago: then a higher one is there. */
static enum status settle(struct share *share, const struct archive_lease *lease, bool *counts,
			  struct error *err)
{
	uint64_t highest = 0;
	char name[ARCHIVE_NAME_SIZE];
	struct tidy tidy = { share, lease->number };
	enum status status = highest_number(share, &highest, err);
	if (status != STATUS_OK)
		return status;
	*counts = highest == lease->number;
	if (*counts)
		return share_list(share, ARCHIVE_LEASES, remove_older, &tidy, err);
	archive_number_name(ARCHIVE_LEASES, lease->number, name);
	status = share_remove(share, name, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* --- whose it is --- */

static bool is_mine(const struct backup_service *service, const struct archive_lease *newest)
{
	return newest->number > 0 && archive_lease_state_of(newest) == ARCHIVE_LEASE_HELD &&
	       strcmp(newest->instance_id, service->lease.instance_id) == 0;
}

/* An earlier process of this very state directory is dead: this one holds the directory's lock. */
static bool is_of_predecessor(const struct backup_service *service,
			      const struct archive_lease *newest)
{
	return strcmp(newest->controller_id, service->lease.controller_id) == 0;
}

static bool is_free(const struct backup_service *service, const struct archive_lease *newest)
{
	return newest->number == 0 || archive_lease_state_of(newest) != ARCHIVE_LEASE_HELD ||
	       is_of_predecessor(service, newest) || newest->expires <= clock_now(service->clock);
}

/* Somebody may still write who does not know that it is over. */
static bool may_be_followed_by_writes(const struct backup_service *service,
				      const struct archive_lease *newest)
{
	return newest->number > 0 && archive_lease_state_of(newest) != ARCHIVE_LEASE_RELEASED &&
	       !is_of_predecessor(service, newest);
}

static enum status refuse(const struct archive_lease *newest, struct error *err)
{
	char since[CLOCK_TEXT_SIZE], until[CLOCK_TEXT_SIZE];
	return fail(err, STATUS_CONFLICT, "take lease of the repository", ARCHIVE_LEASES,
		    "deployment %s on host %s (controller %s) holds this folder since %s, until %s "
		    "unless it renews; two controllers must not write to one folder: stop that one "
		    "or give this one another folder; when that one is gone for good, run "
		    "`infrabackup share release --share SHARE` and try again",
		    newest->deployment_id, newest->host, newest->controller_id,
		    clock_text(newest->since, since), clock_text(newest->expires, until));
}

static enum status fail_lost(const struct archive_lease *newest, struct error *err)
{
	char since[CLOCK_TEXT_SIZE];
	if (newest->number > 0 && archive_lease_state_of(newest) != ARCHIVE_LEASE_WITHDRAWN)
		return fail(err, STATUS_CONFLICT, "keep lease of the repository", ARCHIVE_LEASES,
			    "this controller no longer holds the folder: deployment %s on host %s "
			    "(controller %s) took it over at %s, because it was released by hand "
			    "or this one did not renew in time; nothing of this job counts; decide "
			    "which of the two is to write here and stop the other",
			    newest->deployment_id, newest->host, newest->controller_id,
			    clock_text(newest->since, since));
	return fail(err, STATUS_CONFLICT, "keep lease of the repository", ARCHIVE_LEASES,
		    "this controller no longer holds the folder: an operator released it by hand; "
		    "nothing of this job counts; the next one takes the folder again unless "
		    "another controller did so before");
}

void backup_lease_holder_text(struct share *share, char text[BACKUP_HOLDER_TEXT_SIZE])
{
	struct archive_lease newest;
	char since[CLOCK_TEXT_SIZE];
	text[0] = '\0';
	if (read_newest(share, &newest, NULL) == STATUS_OK && newest.number > 0 &&
	    archive_lease_state_of(&newest) == ARCHIVE_LEASE_HELD)
		(void)snprintf(text, BACKUP_HOLDER_TEXT_SIZE, "; host %s holds it since %s",
			       newest.host, clock_text(newest.since, since));
}

/* --- taking, keeping, giving up --- */

static struct archive_lease next_lease(const struct backup_service *service,
				       const struct archive_lease *newest)
{
	struct archive_lease next = { .number = newest->number + 1 };
	int64_t now = clock_now(service->clock);
	next.since = is_mine(service, newest) ? newest->since : now;
	next.expires = now + service->config->engine.lease_duration;
	(void)snprintf(next.state, sizeof next.state, "%s",
		       archive_lease_state_name(ARCHIVE_LEASE_HELD));
	(void)snprintf(next.deployment_id, sizeof next.deployment_id, "%s",
		       service->config->deployment.id);
	memcpy(next.controller_id, service->lease.controller_id, GUID_TEXT_SIZE);
	memcpy(next.instance_id, service->lease.instance_id, GUID_TEXT_SIZE);
	memcpy(next.host, service->lease.host, sizeof next.host);
	return next;
}

/* One round: STATUS_EXISTS when another one was faster. */
static enum status try_next(struct share *share, const struct archive_lease *next,
			    struct error *err)
{
	bool counts = false;
	enum status status = put_lease(share, next, err);
	if (status == STATUS_OK)
		status = settle(share, next, &counts, err);
	return status == STATUS_OK && !counts ? STATUS_EXISTS : status;
}

static enum status fail_contended(enum status status, struct error *err)
{
	if (status != STATUS_EXISTS)
		return status;
	return fail(err, STATUS_CONFLICT, "take lease of the repository", ARCHIVE_LEASES,
		    "other controllers take it all the time; stop them, or use another folder");
}

/* Barriers that are owed outlive a failed attempt: until they stand, the lease is of no use. */
static enum status set_barriers(struct backup_service *service, struct share *share,
				struct error *err)
{
	struct backup_lease *lease = &service->lease;
	if (!atomic_load(&lease->owes_barriers))
		return STATUS_OK;
	enum status status = backup_slot_bar(service, share, err);
	if (status == STATUS_OK)
		atomic_store(&lease->owes_barriers, false);
	return status;
}

static void note_held(struct backup_service *service, bool was_mine,
		      const struct archive_lease *before)
{
	if (!was_mine && may_be_followed_by_writes(service, before))
		log_message(LOG_LEVEL_WARNING,
			    "the folder was taken over from deployment %s on host %s (controller "
			    "%s)",
			    before->deployment_id, before->host, before->controller_id);
	atomic_store(&service->lease.is_held, true);
	backup_keeper_start(service);
}

enum status backup_lease_acquire(struct backup_service *service, struct share *share,
				 struct error *err)
{
	struct archive_lease newest;
	enum status status = STATUS_EXISTS;
	bool was_mine = false;
	for (int round = 0; round < ROUNDS_MAX && status == STATUS_EXISTS; round++) {
		status = read_newest(share, &newest, err);
		if (status != STATUS_OK)
			return status;
		was_mine = is_mine(service, &newest);
		if (!was_mine && !is_free(service, &newest))
			return refuse(&newest, err);
		if (!was_mine && may_be_followed_by_writes(service, &newest))
			atomic_store(&service->lease.owes_barriers, true);
		struct archive_lease next = next_lease(service, &newest);
		status = try_next(share, &next, err);
	}
	if (status == STATUS_OK)
		status = set_barriers(service, share, err);
	if (status == STATUS_OK)
		note_held(service, was_mine, &newest);
	return fail_contended(status, err);
}

static enum status acquire(struct share *share, void *context, struct error *err)
{
	return backup_lease_acquire(context, share, err);
}

/* A job may be the one that makes room. The keeper does not spend the reserve: what else fills the
 * share would have it before anybody tidies. */
enum status backup_lease_begin(struct backup_session *session, struct error *err)
{
	struct backup_service *service = session->service;
	struct share *share = NULL;
	enum status status = backup_connection_take(session, &share, err);
	if (status == STATUS_OK)
		status = backup_reserve_spend(share, service->config->engine.share_reserve, acquire,
					      service, err);
	session->began_as_holder = status == STATUS_OK;
	backup_connection_give(session, share, status != STATUS_OK);
	return status;
}

enum status backup_lease_renew(struct backup_service *service, struct share *share,
			       struct error *err)
{
	struct archive_lease newest;
	enum status status = STATUS_EXISTS;
	for (int round = 0; round < ROUNDS_MAX && status == STATUS_EXISTS; round++) {
		status = read_newest(share, &newest, err);
		if (status != STATUS_OK)
			return status;
		if (!is_mine(service, &newest)) {
			atomic_store(&service->lease.is_held, false);
			return fail_lost(&newest, err);
		}
		struct archive_lease next = next_lease(service, &newest);
		status = try_next(share, &next, err);
	}
	return fail_contended(status, err);
}

/* Asking a share that does not answer would only take longer. */
static bool may_come_from_loss(enum status status)
{
	return status == STATUS_NOT_FOUND || status == STATUS_EXISTS ||
	       status == STATUS_INTEGRITY || status == STATUS_SHARE_PATH ||
	       status == STATUS_SHARE_UPLOAD || status == STATUS_SHARE_READ_WRITE ||
	       status == STATUS_SHARE_NOT_ACCESSIBLE;
}

enum status backup_lease_explain(struct backup_session *session, enum status status,
				 struct error *err)
{
	struct archive_lease newest;
	struct share *share = NULL;
	if (!may_come_from_loss(status) || !session->began_as_holder ||
	    backup_connection_take(session, &share, NULL) != STATUS_OK)
		return status;
	enum status read = read_newest(share, &newest, NULL);
	if (read == STATUS_OK && newest.number > 0 && !is_mine(session->service, &newest)) {
		atomic_store(&session->service->lease.is_held, false);
		status = fail_lost(&newest, err);
	}
	backup_connection_give(session, share, read != STATUS_OK);
	return status;
}

enum status backup_lease_release(struct backup_service *service, struct share *share,
				 struct error *err)
{
	struct archive_lease newest;
	enum status status = read_newest(share, &newest, err);
	if (status != STATUS_OK || !is_mine(service, &newest))
		return status;
	struct archive_lease next = next_lease(service, &newest);
	(void)snprintf(next.state, sizeof next.state, "%s",
		       archive_lease_state_name(ARCHIVE_LEASE_RELEASED));
	next.expires = clock_now(service->clock);
	atomic_store(&service->lease.is_held, false);
	return fail_contended(try_next(share, &next, err), err);
}

enum status backup_lease_withdraw(struct share *share, const struct clock *clock,
				  struct backup_lease_holder *out, struct error *err)
{
	struct archive_lease newest;
	memset(out, 0, sizeof *out);
	enum status status = read_newest(share, &newest, err);
	if (status == STATUS_OK && newest.number == 0)
		return fail(err, STATUS_NOT_FOUND, "release lease of the repository",
			    ARCHIVE_LEASES,
			    "no controller has ever held this folder; look whether --share is the "
			    "path that the backup location has");
	if (status != STATUS_OK && status != STATUS_INTEGRITY)
		return status;
	memcpy(out->deployment_id, newest.deployment_id, sizeof out->deployment_id);
	memcpy(out->controller_id, newest.controller_id, sizeof out->controller_id);
	memcpy(out->host, newest.host, sizeof out->host);
	out->since = newest.since;
	out->expires = newest.expires;
	out->was_held = archive_lease_state_of(&newest) == ARCHIVE_LEASE_HELD;
	if (!out->was_held)
		return STATUS_OK;
	newest.number++;
	newest.expires = clock_now(clock);
	(void)snprintf(newest.state, sizeof newest.state, "%s",
		       archive_lease_state_name(ARCHIVE_LEASE_WITHDRAWN));
	status = try_next(share, &newest, err);
	if (status == STATUS_EXISTS)
		return fail(err, STATUS_CONFLICT, "release lease of the repository", ARCHIVE_LEASES,
			    "the holder on host %s renewed it at this moment: it is alive; stop it "
			    "first",
			    out->host);
	return status;
}

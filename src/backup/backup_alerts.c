/* SPDX-License-Identifier: Apache-2.0 */
/* The review: looks at what is in the database and raises or closes what follows from it. Whoever
 * calls it, and however often, the alerts are the same; so nothing is lost when the service ends
 * between a fault and its alert. */
#include <stdio.h>
#include <string.h>

#include "backup_alerts.h"
#include "backup_forecast.h"
#include "backup_psk.h"

/* Ended backups that say nothing (cancelled ones) and are looked past. */
#define JOBS_MAX 50
#define ROLES_TEXT_SIZE 1024

struct review {
	struct backup_service *service;
	struct db *state;
	struct db_location location;
	struct db_backup_summary backups;
	int64_t now;
};

static enum status raise_alert(const struct review *review, enum alert_fault fault,
			       const char *occurrence, const struct alert_evidence *evidence,
			       size_t count, struct error *err)
{
	const struct alert_report report = { fault, occurrence, evidence, count };
	return alert_raise(review->service->alerts, review->state, &report, err);
}

static enum status clear_alert(const struct review *review, enum alert_fault fault,
			       const char *reason, struct error *err)
{
	return alert_clear(review->service->alerts, review->state, fault, reason, err);
}

static const char *next_backup(const struct review *review, char text[CLOCK_TEXT_SIZE])
{
	const struct db_location *location = &review->location;
	if (!location->scheduler_enabled || location->next_backup_time == 0)
		return NULL;
	return clock_text(location->next_backup_time, text);
}

/* --- the newest backup --- */

static enum status find_ended(const struct db_job *job, void *context, struct error *err)
{
	char *id = context;
	enum job_state state;
	(void)err;
	if (!job_state_from_name(job->state, &state) ||
	    (state != JOB_SUCCEEDED && state != JOB_PARTIAL_SUCCEEDED && state != JOB_FAILED))
		return STATUS_OK;
	memcpy(id, job->id, GUID_TEXT_SIZE);
	return STATUS_EXISTS;
}

/* The newest backup that came to an end of its own; an empty id: there is none. */
static enum status newest_job(const struct review *review, char id[GUID_TEXT_SIZE],
			      struct error *err)
{
	id[0] = '\0';
	enum status status = db_job_list(review->state, review->location.name, BACKUP_KIND_BACKUP,
					 JOBS_MAX, find_ended, id, err);
	return status == STATUS_EXISTS ? STATUS_OK : status;
}

struct role_texts {
	char names[ROLES_TEXT_SIZE], errors[ROLES_TEXT_SIZE];
};

static void append(char text[ROLES_TEXT_SIZE], const char *separator, const char *part)
{
	size_t length = strlen(text);
	(void)snprintf(text + length, ROLES_TEXT_SIZE - length, "%s%s",
		       length == 0 ? "" : separator, part);
}

static enum status note_role(const struct db_job_role *role, void *context, struct error *err)
{
	struct role_texts *texts = context;
	(void)err;
	if (strcmp(role->state, job_state_name(JOB_SUCCEEDED)) == 0)
		return STATUS_OK;
	append(texts->names, ", ", role->role);
	if (role->error_message != NULL) {
		append(texts->errors, "; ", role->role);
		append(texts->errors, ": ", role->error_message);
	}
	return STATUS_OK;
}

static enum status raise_failed(const struct review *review, enum alert_fault fault,
				const struct db_job *job, struct error *err)
{
	char next[CLOCK_TEXT_SIZE];
	const struct alert_evidence evidence[] = {
		{ "externalSharePath", review->location.path },
		{ "backupId", job->id },
		{ "reason", job->error_message },
		{ "cause", job->error_cause },
		{ "step", job->error_step },
		{ "path", job->error_path },
		{ "nextBackupDateTime", next_backup(review, next) },
	};
	return raise_alert(review, fault, job->id, evidence, ARRAY_LENGTH(evidence), err);
}

static enum status raise_partial(const struct review *review, const struct db_job *job,
				 struct error *err)
{
	char next[CLOCK_TEXT_SIZE];
	struct role_texts roles = { .names = "" };
	enum status status = db_job_role_list(review->state, job->id, note_role, &roles, err);
	const struct alert_evidence evidence[] = {
		{ "externalSharePath", review->location.path },
		{ "backupId", job->id },
		{ "reason", job->error_message },
		{ "nextBackupDateTime", next_backup(review, next) },
		{ "rolesFailedInBackup", roles.names },
		{ "roleErrors", roles.errors },
	};
	if (status != STATUS_OK)
		return status;
	return raise_alert(review, ALERT_BACKUP_PARTIAL, job->id, evidence, ARRAY_LENGTH(evidence),
			   err);
}

static enum status raise_job(const struct review *review, const struct db_job *job,
			     struct error *err)
{
	enum status cause =
		job->error_status == NULL ? STATUS_FAILED : status_from_name(job->error_status);
	enum alert_fault fault = backup_alert_fault(cause, job->error_step);
	return fault == ALERT_BACKUP_PARTIAL ? raise_partial(review, job, err)
					     : raise_failed(review, fault, job, err);
}

static enum status review_job(const struct review *review, struct error *err)
{
	char id[GUID_TEXT_SIZE];
	struct db_job job = { .id = "" };
	enum status status = newest_job(review, id, err);
	if (status != STATUS_OK || id[0] == '\0')
		return status;
	status = db_job_get(review->state, id, &job, err);
	if (status != STATUS_OK)
		return status;
	if (strcmp(job.state, job_state_name(JOB_SUCCEEDED)) != 0) {
		status = raise_job(review, &job, err);
	} else {
		status =
			clear_alert(review, ALERT_BACKUP_FAILED_GENERAL, "a backup succeeded", err);
	}
	db_job_done(&job);
	return status;
}

/* Whether the newest backup that was skipped is made up for, by the order of the jobs: a clock that
 * was wrong meanwhile does not matter. */
struct skip_search {
	const struct review *review;
	bool is_made_up;
};

static enum status find_good(const struct db_job *job, void *context, struct error *err)
{
	struct skip_search *search = context;
	const struct review *review = search->review;
	struct db_backup backup = { .location = NULL };
	if (strcmp(job->state, job_state_name(JOB_SKIPPED)) == 0)
		return STATUS_EXISTS;
	enum status status =
		db_backup_get(review->state, review->location.name, job->id, &backup, err);
	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	search->is_made_up = status == STATUS_OK && backup.is_cloud_recovery_ready;
	db_backup_done(&backup);
	return status == STATUS_OK && search->is_made_up ? STATUS_EXISTS : status;
}

static enum status review_skipped(const struct review *review, struct error *err)
{
	struct skip_search search = { .review = review };
	enum status status = db_job_list(review->state, review->location.name, BACKUP_KIND_BACKUP,
					 JOBS_MAX, find_good, &search, err);
	if (status != STATUS_OK && status != STATUS_EXISTS)
		return status;
	return search.is_made_up ? clear_alert(review, ALERT_SKIPPED, "a backup succeeded", err)
				 : STATUS_OK;
}

/* --- conditions --- */

static enum status review_configuration(const struct review *review, struct error *err)
{
	bool has_path = review->location.path != NULL;
	bool has_certificate = review->location.certificate.length > 0;
	const struct alert_evidence evidence = {
		"missing", has_path          ? "the encryption certificate"
			   : has_certificate ? "the file share"
					     : "the file share and the encryption certificate"
	};
	if (has_path && has_certificate)
		return clear_alert(review, ALERT_NOT_CONFIGURED, "share and certificate are there",
				   err);
	return raise_alert(review, ALERT_NOT_CONFIGURED, NULL, &evidence, 1, err);
}

static enum status review_schedule(const struct review *review, struct error *err)
{
	const struct db_location *location = &review->location;
	char last[CLOCK_TEXT_SIZE];
	if (location->path == NULL || location->scheduler_enabled)
		return clear_alert(review, ALERT_SCHEDULER_PAUSED,
				   location->path == NULL ? "nothing is configured"
							  : "automatic backups are enabled",
				   err);
	const struct alert_evidence evidence[] = {
		{ "externalSharePath", location->path },
		{ "lastBackupDateTime", location->last_backup_time == 0
						? NULL
						: clock_text(location->last_backup_time, last) },
	};
	return raise_alert(review, ALERT_SCHEDULER_PAUSED, NULL, evidence, ARRAY_LENGTH(evidence),
			   err);
}

static enum status review_overdue(const struct review *review, struct error *err)
{
	const struct db_location *location = &review->location;
	int64_t last_ready = review->backups.last_ready_time;
	if (location->path == NULL || !backup_is_overdue(location, last_ready, review->now))
		return clear_alert(review, ALERT_NO_GOOD_BACKUP,
				   "there is a good backup, or none is expected yet", err);
	return alert_raise_no_good_backup(review->service->alerts, review->state, last_ready,
					  location->frequency_hours, location->next_backup_time,
					  err);
}

static enum status review_capacity(const struct review *review, struct error *err)
{
	char have[16], needed[16], days[24] = "";
	const struct db_location *location = &review->location;
	const struct backup_forecast_facts facts =
		backup_forecast_facts(review->service->config, location, &review->backups);
	struct backup_forecast forecast = backup_forecast(&facts);
	if (!forecast.is_almost_full)
		return clear_alert(review, ALERT_SHARE_ALMOST_FULL,
				   "there is room enough, or it is not known", err);
	if (forecast.days_to_full >= 0)
		(void)snprintf(days, sizeof days, "%lld", (long long)forecast.days_to_full);
	const struct alert_evidence evidence[] = {
		{ "externalSharePath", location->path },
		{ "freeCapacity", capacity_text((uint64_t)location->capacity_free, have) },
		{ "neededCapacity", capacity_text(forecast.needed, needed) },
		{ "daysToFull", days },
	};
	return raise_alert(review, ALERT_SHARE_ALMOST_FULL, NULL, evidence, ARRAY_LENGTH(evidence),
			   err);
}

static enum status review_expiry(const struct review *review, const struct certificate *certificate,
				 struct error *err)
{
	char expires[CLOCK_TEXT_SIZE];
	bool is_expired = certificate_is_expired(certificate, review->now);
	if (certificate->not_after - review->now > BACKUP_CERTIFICATE_WARNING_MS)
		return clear_alert(review, ALERT_CERTIFICATE_EXPIRES,
				   "the certificate is valid for long enough", err);
	const struct alert_evidence evidence[] = {
		{ "thumbprint", certificate->thumbprint },
		{ "certificateExpiryDateTime", clock_text(certificate->not_after, expires) },
	};
	return raise_alert(review,
			   is_expired ? ALERT_CERTIFICATE_EXPIRED : ALERT_CERTIFICATE_EXPIRES, NULL,
			   evidence, ARRAY_LENGTH(evidence), err);
}

static enum status review_certificate(const struct review *review, struct error *err)
{
	struct certificate *certificate = NULL;
	const struct buffer *der = &review->location.certificate;
	if (der->length == 0)
		return clear_alert(review, ALERT_CERTIFICATE_EXPIRES,
				   "there is no certificate, which is told by itself", err);
	enum status status = certificate_parse(der->data, der->length, "encryptionCertBase64",
					       &certificate, err);
	if (status == STATUS_OK)
		status = review_expiry(review, certificate, err);
	certificate_free(certificate);
	return status;
}

static enum status review_key(const struct review *review, struct error *err)
{
	bool is_key = false;
	enum status status =
		backup_psk_is_known(review->state, review->location.thumbprint, &is_key, err);
	if (status != STATUS_OK)
		return status;
	return is_key ? raise_alert(review, ALERT_KEY_DEPRECATED, NULL, NULL, 0, err)
		      : clear_alert(review, ALERT_KEY_DEPRECATED,
				    "backups are encrypted for a certificate, or not configured",
				    err);
}

/* --- what verifications found --- */

struct damage {
	char backups[ROLES_TEXT_SIZE];
	struct error cause; /* of the one found last */
};

static enum status note_damaged(const struct db_verification *row, void *context, struct error *err)
{
	struct damage *damage = context;
	(void)err;
	if (damage->backups[0] == '\0')
		(void)fail(&damage->cause, STATUS_INTEGRITY, "verify", NULL, "%s", row->problem);
	append(damage->backups, ", ", row->backup_id);
	return STATUS_OK;
}

static enum status review_damage(const struct review *review, struct error *err)
{
	struct damage damage = { .backups = "" };
	enum status status = db_verification_list_damaged(review->state, review->location.name,
							  note_damaged, &damage, err);
	if (status != STATUS_OK)
		return status;
	if (damage.backups[0] == '\0')
		return clear_alert(review, ALERT_DATA_DAMAGED,
				   "a later backup needs nothing of what is damaged, or nothing is",
				   err);
	return alert_raise_damaged(review->service->alerts, review->state, review->location.path,
				   damage.backups, &damage.cause, err);
}

static enum status review_all(struct db *state, void *context, struct error *err)
{
	static enum status (*const parts[])(const struct review *review, struct error *err) = {
		review_job,           review_skipped,     review_damage,
		review_configuration, review_schedule,    review_overdue,
		review_capacity,      review_certificate, review_key,
	};
	struct backup_service *service = context;
	const char *name = service->config->deployment.location;
	struct review review = { .service = service,
				 .state = state,
				 .now = clock_now(service->clock) };
	enum status status = db_location_get(state, name, &review.location, err);
	if (status == STATUS_OK)
		status = db_backup_summarize(state, name, &review.backups, err);
	for (size_t i = 0; i < ARRAY_LENGTH(parts) && status == STATUS_OK; i++)
		status = parts[i](&review, err);
	db_location_done(&review.location);
	return status;
}

enum status backup_review_alerts(struct backup_service *service, struct db *state,
				 struct error *err)
{
	return db_transaction(state, review_all, service, err);
}

enum status backup_job_ended(struct db *state, void *service, struct error *err)
{
	return backup_review_alerts(service, state, err);
}

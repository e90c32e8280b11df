/* SPDX-License-Identifier: Apache-2.0 */
/* The job "prune", from the stored location to the result. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup_lease.h"
#include "backup_leftovers.h"
#include "backup_prune.h"
#include "backup_reserve.h"

/* Renewals within the lease's time; see prune_may_remove(). */
#define RENEWALS 3

static enum status read_parameters(struct prune *prune, const struct db_job *job, json_t **parsed,
				   struct error *err)
{
	if (job->parameters == NULL)
		return STATUS_OK;
	enum status status = json_parse(job->parameters, strlen(job->parameters), parsed, err);
	prune->is_dry = json_is_true(json_object_get(*parsed, PARAMETER_DRY_RUN));
	prune->confirm = json_string_value(json_object_get(*parsed, PARAMETER_CONFIRM));
	return status;
}

/* --- the lease, and room on a full share --- */

enum status prune_spend(struct prune *prune,
			enum status (*action)(struct share *share, void *context,
					      struct error *err),
			void *context, struct error *err)
{
	return backup_reserve_spend(prune->share,
				    prune->session.service->config->engine.share_reserve, action,
				    context, err);
}

static enum status renew(struct share *share, void *context, struct error *err)
{
	return backup_lease_renew(context, share, err);
}

enum status prune_stay_holder(struct prune *prune, struct error *err)
{
	struct backup_service *service = prune->session.service;
	int64_t now = clock_monotonic(service->clock);
	if (prune->is_dry)
		return STATUS_OK;
	enum status status = backup_session_check(&prune->session, err);
	if (status == STATUS_OK)
		status = prune_spend(prune, renew, service, err);
	if (status == STATUS_OK)
		prune->held_time = now;
	return status;
}

enum status prune_may_remove(struct prune *prune, struct error *err)
{
	const struct backup_service *service = prune->session.service;
	int64_t held = clock_monotonic(service->clock) - prune->held_time;
	if (prune->is_dry)
		return STATUS_OK;
	if (held >= service->config->engine.lease_duration / RENEWALS ||
	    !atomic_load(&service->lease.is_held))
		return prune_stay_holder(prune, err);
	return backup_session_check(&prune->session, err);
}

/* What it made room for comes first; without the reserve the next run is the worse for it. */
static void keep_reserve(struct prune *prune)
{
	struct error err;
	bool held;
	uint64_t size = prune->session.service->config->engine.share_reserve;
	if (backup_reserve_keep(prune->share, size, &held, &err) != STATUS_OK)
		log_error("the reserve on the share is not made again", &err);
}

/* --- one run --- */

static enum status load_history(struct share *share, void *context, struct error *err)
{
	struct prune *prune = context;
	struct backup_history history;
	(void)share;
	return backup_history_load(&prune->session, prune->state, &history, err);
}

/* They may be what fills the share. */
static enum status remove_leftovers(struct prune *prune, struct error *err)
{
	struct backup_leftovers leftovers;
	backup_leftovers_init(&leftovers, prune->share);
	enum status status = backup_leftovers_find_all(&leftovers, err);
	if (status == STATUS_OK)
		status = prune_stay_holder(prune, err);
	if (status == STATUS_OK)
		status = backup_leftovers_remove(&leftovers, err);
	backup_leftovers_done(&leftovers);
	return status;
}

/* Unknown backups are taken in and half ones moved away first, as before every backup: the first
 * writes of the job, also of a dry one. */
static enum status open_share(struct prune *prune, struct error *err)
{
	struct backup_session *session = &prune->session;
	jobs_run_progress(session->run, "checking the share", 0, 0);
	enum status status =
		backup_target_load(session->service, prune->state, &session->target, err);
	if (status == STATUS_OK)
		status = backup_session_open_repository(session, prune->state, err);
	if (status == STATUS_OK)
		status = backup_lease_begin(session, err);
	if (status == STATUS_OK)
		status = backup_connection_take(session, &prune->share, err);
	if (status == STATUS_OK && !prune->is_dry)
		status = remove_leftovers(prune, err);
	return status == STATUS_OK ? prune_spend(prune, load_history, prune, err) : status;
}

static enum status set_result(const struct prune *prune, struct error *err)
{
	struct buffer text = { 0 };
	json_t *plan = prune_plan_json(prune);
	if (plan == NULL)
		return fail_memory(err, "write job result");
	AUTO_JSON result = json_pack("{s:O, s:o}", "pathsToDelete", prune->paths, "plan", plan);
	if (result == NULL)
		return fail_memory(err, "write job result");
	enum status status = json_write(result, &text, err);
	if (status == STATUS_OK)
		status = jobs_run_set_result(prune->session.run, (const char *)text.data, err);
	buffer_done(&text);
	return status;
}

/* The clock was believed: the next run compares with this one. */
static enum status note_run(const struct prune *prune, struct error *err)
{
	char text[32];
	(void)snprintf(text, sizeof text, "%" PRId64, prune->now);
	return db_setting_set(prune->state, SETTING_PRUNE_TIME, text, err);
}

/* By what the share holds now, not by what it held before the plan: somebody may have brought
 * something back meanwhile. */
static enum status tidy(struct prune *prune, struct error *err)
{
	struct prune_look look = { .count = 0 };
	jobs_run_progress(prune->session.run, "removing what nothing needs", 0, 0);
	enum status status = prune_look(prune, &look, err);
	if (status == STATUS_OK)
		status = prune_empty_trash(prune, &look, err);
	if (status == STATUS_OK && !prune->is_dry)
		status = prune_drop_marks(prune, &look, err);
	if (status == STATUS_OK)
		status = prune_packs(prune, &look, err);
	prune_look_done(&look);
	return status;
}

static enum status make_plan(struct prune *prune, struct error *err)
{
	jobs_run_progress(prune->session.run, "planning", 0, 0);
	prune->now = clock_now(prune->session.service->clock);
	enum status status = prune_look(prune, &prune->look, err);
	if (status == STATUS_OK)
		status = prune_plan(prune, err);
	return status == STATUS_OK ? prune_confirm(prune, err) : status;
}

static enum status carry_out(struct prune *prune, struct error *err)
{
	jobs_run_progress(prune->session.run, "deleting", 0, 0);
	enum status status = prune_delete(prune, err);
	if (status == STATUS_OK)
		status = tidy(prune, err);
	if (status != STATUS_OK || prune->is_dry)
		return status;
	keep_reserve(prune);
	return note_run(prune, err);
}

static enum status run_all(struct prune *prune, struct error *err)
{
	struct error braked;
	enum status status = open_share(prune, err);
	if (status == STATUS_OK)
		status = make_plan(prune, err);
	if (status != STATUS_OK)
		return status;
	if (prune_check_brakes(prune, &braked) == STATUS_OK)
		status = carry_out(prune, err);
	else if (!prune->is_dry)
		status = fail(err, braked.status, braked.step, braked.path, "%s", braked.message);
	/* What is known of the plan is worth showing in every case. */
	enum status stored = set_result(prune, status == STATUS_OK ? err : NULL);
	return status == STATUS_OK ? stored : status;
}

static void close_all(struct prune *prune)
{
	prune_plan_done(prune);
	prune_look_done(&prune->look);
	prune_rows_done(&prune->rows);
	free(prune->written);
	free(prune->leaving);
	json_decref(prune->paths);
	backup_connection_give(&prune->session, prune->share, false);
	db_pool_give(prune->session.service->state, prune->state);
	backup_session_close(&prune->session);
}

/* --- the alert --- */

#define IDS_TEXT_SIZE 1024

static void list_ids(const struct prune *prune, char text[IDS_TEXT_SIZE])
{
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < prune->plan.count; i++) {
		const struct retention_decision *decision = &prune->plan.decisions[i];
		if ((decision->reason != RETENTION_EXPIRED &&
		     decision->reason != RETENTION_HELD_BACK) ||
		    used + GUID_TEXT_SIZE + 2 > IDS_TEXT_SIZE)
			continue;
		used += (size_t)snprintf(text + used, IDS_TEXT_SIZE - used, "%s%s",
					 used > 0 ? ", " : "", decision->backup->id);
	}
}

/* What it did, or why it did nothing, counts more than whether its alert can be stored. */
static void tell(struct prune *prune, enum status result, const struct error *cause)
{
	const struct alert_book *alerts = prune->session.service->alerts;
	char ids[IDS_TEXT_SIZE];
	struct error err;
	enum status status = STATUS_OK;
	if (prune->is_dry || prune->state == NULL || result == STATUS_CANCELLED)
		return;
	list_ids(prune, ids);
	if (result == STATUS_OK)
		status = alert_clear(alerts, prune->state, ALERT_DELETION_FAILED,
				     "the retention succeeded", &err);
	else
		status = alert_raise_deletion_failed(alerts, prune->state,
						     prune->session.target.row.path,
						     ids[0] != '\0' ? ids : NULL, cause, &err);
	if (status != STATUS_OK)
		log_error("the alert about deletion cannot be stored", &err);
}

static enum status run_once(struct prune *prune, struct backup_service *service,
			    struct jobs_run *run, struct error *err)
{
	prune->paths = json_array();
	enum status status = backup_session_open(&prune->session, service, run, err);
	if (status == STATUS_OK && prune->paths == NULL)
		status = fail_memory(err, "begin prune");
	if (status == STATUS_OK)
		status = db_pool_take(service->state, &prune->state, err);
	if (status == STATUS_OK)
		status = backup_lease_explain(&prune->session, run_all(prune, err), err);
	tell(prune, status, err);
	close_all(prune);
	return status;
}

enum status backup_prune_run(struct jobs_run *run, void *context, struct error *err)
{
	AUTO_JSON parameters = NULL;
	struct prune prune = { .is_dry = false };
	enum status status = read_parameters(&prune, jobs_run_job(run), &parameters, err);
	return status == STATUS_OK ? run_once(&prune, context, run, err) : status;
}

enum status backup_prune_preview(struct backup_service *service, struct jobs_run *run,
				 struct error *err)
{
	struct prune prune = { .is_dry = true };
	return run_once(&prune, service, run, err);
}

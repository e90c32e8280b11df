/* SPDX-License-Identifier: Apache-2.0 */
/* From what is there to the plan. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "backup_prune.h"

#define PLAN_TEXT_MAX (16u << 20) /* a line of 50 bytes a backup */

static const char *location_of(const struct prune *prune)
{
	return prune->session.service->config->deployment.location;
}

static bool has_status(const struct db_backup *row, const char *status)
{
	return strcmp(row->status, status) == 0;
}

/* --- what the database does not know yet --- */

/* Everything between a mark's predecessor and the marked backup was deleted, whether or not its own
 * mark is still there. */
static bool is_marked(const struct prune *prune, const struct db_backup *row)
{
	size_t count = 0;
	const struct archive_deletion *marks = recover_deletions(prune->look.source, &count);
	for (size_t i = 0; i < count; i++) {
		const struct archive_deletion *mark = &marks[i];
		if (strcmp(mark->backup.backup_id, row->id) == 0)
			return memcmp(mark->backup.sha256, row->record_sha256, SHA256_SIZE) == 0;
		if (row->sequence < mark->backup.sequence &&
		    (!mark->has_previous || row->sequence > mark->previous.sequence))
			return true;
	}
	return false;
}

static enum status set_status(struct prune *prune, struct db_backup *row, const char *name,
			      struct error *err)
{
	char *copy = strdup(name);
	if (copy == NULL)
		return fail_memory(err, "note status of backup");
	free(row->status);
	row->status = copy;
	return db_backup_set_status(prune->state, location_of(prune), row->id, name, err);
}

/* It was deleted, and somebody moved it back: then somebody wants it. */
static enum status bring_back(struct prune *prune, struct db_backup *row,
			      const struct recover_backup *found, struct error *err)
{
	log_message(LOG_LEVEL_INFO,
		    "backup %s was brought back from the trash; it is pinned until it is unpinned",
		    row->id);
	enum status status = set_status(prune, row, found->record->status, err);
	if (status == STATUS_OK)
		status = db_backup_pin(prune->state, location_of(prune), row->id, RETENTION_FOREVER,
				       err);
	if (status == STATUS_OK)
		row->pinned_until = RETENTION_FOREVER;
	return status;
}

static bool is_ours(const struct db_backup *row, const struct recover_backup *found)
{
	return found->is_signed && found->record != NULL &&
	       (row == NULL || memcmp(row->record_sha256, found->record_sha256, SHA256_SIZE) == 0);
}

/* A pinned one is never given up by itself. */
static enum status settle_row(struct prune *prune, struct db_backup *row, struct error *err)
{
	const struct recover_backup *found = prune_find(&prune->look, row->id);
	bool is_there = found != NULL && found->is_committed;
	if (is_there && has_status(row, "Deleted") && is_ours(row, found))
		return bring_back(prune, row, found, err);
	if (found != NULL || has_status(row, "Deleted") || row->pinned_until > prune->now ||
	    !is_marked(prune, row))
		return STATUS_OK;
	log_message(LOG_LEVEL_INFO, "backup %s was deleted by an earlier run", row->id);
	return set_status(prune, row, "Deleted", err);
}

static enum status settle(struct prune *prune, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < prune->rows.count && status == STATUS_OK; i++)
		status = settle_row(prune, &prune->rows.items[i], err);
	return status;
}

/* --- what the plan is made of --- */

static enum retention_content content_of(const struct archive_record_role *role)
{
	if (strcmp(role->status, "Succeeded") == 0)
		return RETENTION_WHOLE;
	return strcmp(role->status, "PartialSucceeded") == 0 ? RETENTION_PARTIAL
							     : RETENTION_NOTHING;
}

static enum status fill_roles(const struct archive_record *record, struct retention_backup *backup,
			      struct error *err)
{
	if (record == NULL || record->role_count == 0)
		return STATUS_OK;
	struct retention_role *roles = calloc(record->role_count, sizeof *roles);
	if (roles == NULL)
		return fail_memory(err, "plan retention");
	for (size_t i = 0; i < record->role_count; i++)
		roles[i] =
			(struct retention_role) { record->roles[i].name, record->roles[i].essential,
						  content_of(&record->roles[i]) };
	backup->roles = roles;
	backup->role_count = record->role_count;
	return STATUS_OK;
}

/* What is on the share now is not enough: a verification must not have found it damaged, and it
 * must have been read back, when it was made or since. */
static enum status is_trusted(struct prune *prune, const char *backup_id, bool *out,
			      struct error *err)
{
	struct db_verification row = { .problem = NULL };
	enum status status = db_verification_get(prune->state, backup_id, &row, err);
	*out = status == STATUS_OK && db_verification_state(&row) >= DB_VERIFIED_READ_BACK;
	db_verification_done(&row);
	return status;
}

static enum status add_found(struct prune *prune, const struct recover_backup *found, bool is_good,
			     struct error *err)
{
	const struct db_backup *row = prune_row(prune, found->backup_id);
	struct retention_backup *backup = &prune->backups[prune->backup_count++];
	backup->sequence = found->sequence;
	memcpy(backup->id, found->backup_id, sizeof backup->id);
	backup->is_on_share = found->is_committed;
	backup->is_ours = is_ours(row, found);
	bool trusted = false;
	enum status status = is_trusted(prune, found->backup_id, &trusted, err);
	backup->is_verified = is_good && trusted && recover_is_sound(prune->look.source, found);
	if (found->record != NULL) {
		backup->completed_time = found->record->completed_time;
		backup->is_recovery_ready = found->record->is_cloud_recovery_ready;
	}
	if (row != NULL) {
		backup->completed_time = row->completed_time;
		backup->pinned_until = row->pinned_until;
		backup->is_known = !has_status(row, "Deleted") && !has_status(row, "Corrupted");
		backup->is_verified = backup->is_verified && !has_status(row, "Corrupted");
	}
	return status == STATUS_OK ? fill_roles(found->record, backup, err) : status;
}

static void add_missing(struct prune *prune, const struct db_backup *row)
{
	if (prune_find(&prune->look, row->id) != NULL || has_status(row, "Deleted") ||
	    has_status(row, "Corrupted"))
		return;
	struct retention_backup *backup = &prune->backups[prune->backup_count++];
	backup->sequence = row->sequence;
	memcpy(backup->id, row->id, sizeof backup->id);
	backup->completed_time = row->completed_time;
	backup->pinned_until = row->pinned_until;
	backup->is_known = true;
}

static void forget_backups(struct prune *prune)
{
	for (size_t i = 0; i < prune->backup_count; i++)
		free((void *)(uintptr_t)prune->backups[i].roles);
	free(prune->backups);
	prune->backups = NULL;
	prune->backup_count = 0;
}

static enum status gather(struct prune *prune, struct error *err)
{
	const struct prune_look *look = &prune->look;
	AUTO_FREE bool *good = calloc(look->count + 1, sizeof *good);
	forget_backups(prune);
	prune->backups = calloc(look->count + prune->rows.count + 1, sizeof *prune->backups);
	if (prune->backups == NULL || good == NULL)
		return fail_memory(err, "plan retention");
	enum status status = prune_check_packs(prune, look, good, err);
	for (size_t i = 0; i < look->count && status == STATUS_OK; i++)
		status = add_found(prune, &look->backups[i], good[i], err);
	for (size_t i = 0; i < prune->rows.count; i++)
		add_missing(prune, &prune->rows.items[i]);
	return status;
}

/* --- the plan --- */

static enum status read_last_run(struct prune *prune, int64_t *out, struct error *err)
{
	struct buffer text;
	buffer_init(&text, 64);
	enum status status = db_setting_get(prune->state, SETTING_PRUNE_TIME, &text, err);
	if (status == STATUS_OK)
		*out = strtoll((const char *)text.data, NULL, 10);
	buffer_done(&text);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status list_roles(const struct config *config, const char ***out, struct error *err)
{
	const char **roles = calloc(config->service_count + 2, sizeof *roles);
	size_t count = 0;
	if (roles == NULL)
		return fail_memory(err, "plan retention");
	roles[count++] = BACKUP_SERVICE_ROLE;
	for (size_t i = 0; i < config->service_count; i++)
		if (config->services[i].essential)
			roles[count++] = config->services[i].role;
	*out = roles;
	return STATUS_OK;
}

static enum status make_plan(struct prune *prune, const char *const *confirmed, struct error *err)
{
	AUTO_FREE const char **roles = NULL;
	struct retention_input input = {
		.backups = prune->backups,
		.count = prune->backup_count,
		.settings = { .days = prune->session.target.row.retention_days,
			      .floor = RETENTION_FLOOR,
			      .confirmed = confirmed },
		.now = prune->now,
	};
	retention_plan_done(&prune->plan);
	enum status status = list_roles(prune->session.service->config, &roles, err);
	if (status == STATUS_OK)
		status = read_last_run(prune, &input.last_run_time, err);
	input.settings.roles = roles;
	if (status == STATUS_OK)
		status = retention_plan_make(&input, &prune->plan, err);
	/* Their names are the configuration's and the records', which live longer. */
	return status;
}

static bool is_in_plan_id(enum retention_reason reason)
{
	return reason == RETENTION_EXPIRED || reason == RETENTION_HELD_BACK ||
	       reason == RETENTION_MISSING;
}

/* What an operator agrees to: what goes, what is missing, and which brakes were raised. */
static enum status make_plan_id(struct prune *prune, struct error *err)
{
	struct buffer text;
	unsigned char digest[SHA256_SIZE];
	buffer_init(&text, PLAN_TEXT_MAX);
	enum status status = buffer_append_format(&text, err, "%u\n", prune->plan.brakes);
	for (size_t i = 0; i < prune->plan.count && status == STATUS_OK; i++) {
		const struct retention_decision *decision = &prune->plan.decisions[i];
		if (is_in_plan_id(decision->reason))
			status = buffer_append_format(
				&text, err, "%s %s\n", decision->backup->id,
				decision->reason == RETENTION_MISSING ? "missing" : "goes");
	}
	if (status == STATUS_OK) {
		hash_sha256(text.data, text.length, digest);
		hex_encode(digest, (PRUNE_PLAN_ID_SIZE - 1) / 2, false, prune->plan_id);
	}
	buffer_done(&text);
	return status;
}

enum status prune_plan(struct prune *prune, struct error *err)
{
	enum status status = prune_rows_load(prune, err);
	if (status == STATUS_OK)
		status = settle(prune, err);
	if (status == STATUS_OK)
		status = gather(prune, err);
	if (status == STATUS_OK)
		status = make_plan(prune, NULL, err);
	return status == STATUS_OK ? make_plan_id(prune, err) : status;
}

void prune_plan_done(struct prune *prune)
{
	retention_plan_done(&prune->plan);
	forget_backups(prune);
}

/* Known as lost from now on, and never again a reason to stop. */
static enum status give_up_missing(struct prune *prune, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < prune->backup_count && status == STATUS_OK; i++) {
		struct retention_backup *backup = &prune->backups[i];
		struct db_backup *row = prune_row(prune, backup->id);
		if (!backup->is_known || backup->is_on_share || row == NULL)
			continue;
		status = set_status(prune, row, "Corrupted", err);
		backup->is_known = false;
	}
	return status;
}

enum status prune_confirm(struct prune *prune, struct error *err)
{
	size_t count = 0;
	if (prune->confirm == NULL || prune->plan.brakes == 0 ||
	    strcmp(prune->confirm, prune->plan_id) != 0)
		return STATUS_OK;
	AUTO_FREE const char **confirmed = calloc(prune->plan.count + 1, sizeof *confirmed);
	if (confirmed == NULL)
		return fail_memory(err, "plan retention");
	for (size_t i = 0; i < prune->plan.count; i++)
		if (prune->plan.decisions[i].reason == RETENTION_HELD_BACK)
			confirmed[count++] = prune->plan.decisions[i].backup->id;
	enum status status = prune->is_dry ? STATUS_OK : give_up_missing(prune, err);
	return status == STATUS_OK ? make_plan(prune, confirmed, err) : status;
}

enum status prune_check_brakes(const struct prune *prune, struct error *err)
{
	char reasons[320] = "";
	if (prune->plan.brakes == 0 || prune->plan.brakes_are_lifted)
		return STATUS_OK;
	for (unsigned brake = 1; brake <= RETENTION_BRAKE_CLOCK_AHEAD; brake <<= 1) {
		size_t used = strlen(reasons);
		if ((prune->plan.brakes & brake) != 0)
			(void)snprintf(reasons + used, sizeof reasons - used, "%s%s",
				       used > 0 ? "; " : "",
				       retention_brake_text((enum retention_brake)brake));
	}
	return fail(err, STATUS_CONFLICT, "plan retention", location_of(prune),
		    "nothing was deleted: %s. If all of it is meant, run it again with the plan "
		    "confirmed: %s",
		    reasons, prune->plan_id);
}

static json_t *decision_json(const struct retention_decision *decision)
{
	char completed[CLOCK_TEXT_SIZE], pinned[CLOCK_TEXT_SIZE];
	const struct retention_backup *backup = decision->backup;
	bool is_until = backup->pinned_until > 0 && backup->pinned_until < RETENTION_FOREVER;
	return json_pack("{s:s, s:I, s:s, s:b, s:b, s:s, s:s?, s:s?}", "backupId", backup->id,
			 "sequence", (json_int_t)backup->sequence, "completedDateTime",
			 clock_text(backup->completed_time, completed), "isVerified",
			 backup->is_verified, "goes", decision->reason == RETENTION_EXPIRED,
			 "reason", retention_reason_name(decision->reason), "roleName",
			 decision->role, "pinnedUntilDateTime",
			 is_until ? clock_text(backup->pinned_until, pinned) : NULL);
}

json_t *prune_plan_json(const struct prune *prune)
{
	char now[CLOCK_TEXT_SIZE];
	AUTO_JSON brakes = json_array();
	AUTO_JSON backups = json_array();
	int failed = 0;
	for (unsigned brake = 1; brake <= RETENTION_BRAKE_CLOCK_AHEAD; brake <<= 1)
		if ((prune->plan.brakes & brake) != 0)
			failed |= json_array_append_new(
				brakes,
				json_string(retention_brake_name((enum retention_brake)brake)));
	for (size_t i = 0; i < prune->plan.count; i++)
		failed |= json_array_append_new(backups, decision_json(&prune->plan.decisions[i]));
	if (failed != 0)
		return NULL;
	return json_pack("{s:s, s:b, s:i, s:O, s:s, s:I, s:s?, s:O}", "plannedDateTime",
			 clock_text(prune->now, now), "isDryRun", prune->is_dry,
			 "retentionPeriodInDays", prune->session.target.row.retention_days,
			 "brakes", brakes, "confirm", prune->plan_id, "freedBytes",
			 (json_int_t)prune->freed, "packsKept", prune->kept_packs, "backups",
			 backups);
}

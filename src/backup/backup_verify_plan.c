/* SPDX-License-Identifier: Apache-2.0 */
/* What a pass has before it: the backups, their packs, and which of those are read in what order.
 */
#include <stdio.h>
#include <string.h>

#include "backup_verify.h"

bool verify_has_record(const struct verify_backup *backup)
{
	return backup->listed != NULL && backup->listed->record != NULL;
}

/* --- backups --- */

static enum status see_backup(const struct db_backup *row, void *context, struct error *err)
{
	struct verify_job *job = context;
	if (strcmp(row->status, "Deleted") == 0)
		return STATUS_OK;
	struct verify_backup *items =
		reallocarray(job->backups, job->backup_count + 1, sizeof *items);
	if (items == NULL)
		return fail_memory(err, "list backups");
	job->backups = items;
	struct verify_backup *backup = &items[job->backup_count++];
	memset(backup, 0, sizeof *backup);
	memcpy(backup->row.backup_id, row->id, GUID_TEXT_SIZE);
	backup->sequence = row->sequence;
	backup->bytes = row->bytes;
	backup->completed_time = row->completed_time;
	backup->is_asked = job->backup_id[0] == '\0' || strcmp(row->id, job->backup_id) == 0;
	return STATUS_OK;
}

static int compare_backups(const void *left, const void *right)
{
	const struct verify_backup *left_backup = left, *right_backup = right;
	return (left_backup->sequence < right_backup->sequence) -
	       (left_backup->sequence > right_backup->sequence);
}

/* The mark of a prune is there before the folder goes, and the database knows it last. */
static void note_listed(struct verify_job *job, struct verify_backup *backup,
			const struct recover_findings *findings)
{
	const char *repository = job->session.repository.marker.repository_id;
	for (size_t i = 0; i < findings->count && backup->own_problem[0] == '\0'; i++) {
		const struct recover_finding *finding = &findings->items[i];
		if (finding->is_fatal && finding->scope == RECOVER_SCOPE_BACKUP &&
		    strcmp(finding->backup_id, backup->row.backup_id) == 0)
			(void)snprintf(backup->own_problem, sizeof backup->own_problem, "%s: %s",
				       finding->path, finding->text);
	}
	if (backup->listed != NULL)
		memcpy(backup->row.repository, repository, GUID_TEXT_SIZE);
	else if (strcmp(backup->row.repository, repository) == 0 &&
		 recover_deletion_find(job->source, backup->row.backup_id) == NULL)
		(void)snprintf(backup->own_problem, sizeof backup->own_problem,
			       "its folder is no longer on the share");
}

static void find_listed(struct verify_backup *backup, const struct recover_backup *listed,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(listed[i].backup_id, backup->row.backup_id) == 0)
			backup->listed = &listed[i];
}

/* A fault of the repository itself concerns every backup and marks none: it is told. */
static void note_repository(struct verify_job *job, const struct recover_findings *findings)
{
	job->repository_problem[0] = '\0';
	for (size_t i = 0; i < findings->count && job->repository_problem[0] == '\0'; i++)
		if (findings->items[i].is_fatal &&
		    findings->items[i].scope == RECOVER_SCOPE_REPOSITORY)
			(void)snprintf(job->repository_problem, sizeof job->repository_problem,
				       "%s: %s", findings->items[i].path, findings->items[i].text);
}

static enum status load_backups(struct verify_job *job, struct error *err)
{
	const struct recover_backup *listed = NULL;
	size_t count = 0;
	enum status status = recover_list(job->source, &listed, &count, err);
	if (status == STATUS_OK)
		status = db_backup_list(job->state, job->service->config->deployment.location,
					see_backup, job, err);
	if (job->backup_count > 1)
		qsort(job->backups, job->backup_count, sizeof *job->backups, compare_backups);
	if (status == STATUS_OK)
		note_repository(job, recover_source_findings(job->source));
	for (size_t i = 0; i < job->backup_count && status == STATUS_OK; i++) {
		struct verify_backup *backup = &job->backups[i];
		find_listed(backup, listed, count);
		status = db_verification_get(job->state, backup->row.backup_id, &backup->row, err);
		if (status == STATUS_OK)
			note_listed(job, backup, recover_source_findings(job->source));
	}
	return status;
}

/* --- checks --- */

static void note_findings(struct verify_backup *backup)
{
	const struct recover_findings *findings = recover_check_findings(backup->check);
	if (findings->count > 0 && backup->own_problem[0] == '\0')
		(void)snprintf(backup->own_problem, sizeof backup->own_problem, "%s: %s",
			       findings->items[0].path, findings->items[0].text);
}

/* A backup that was made while the service was no recipient is checked by its hashes. */
enum status verify_open_check(struct verify_job *job, struct verify_backup *backup,
			      struct error *err)
{
	if (backup->check != NULL)
		return STATUS_OK;
	const struct private_key *key = job->depth == BACKUP_VERIFY_HASHES ? NULL : job->key;
	enum status status =
		recover_check_open(job->source, backup->listed, key, &backup->check, err);
	if (status == STATUS_AUTHENTICATION) {
		backup->without_key = true;
		status = recover_check_open(job->source, backup->listed, NULL, &backup->check, err);
	}
	if (status != STATUS_OK)
		return status;
	note_findings(backup);
	return verify_read(job, backup->listed->record->manifest_size, "checking manifests", err);
}

void verify_close_check(struct verify_backup *backup)
{
	recover_check_close(TAKE(backup->check));
}

/* --- packs --- */

static int compare_packs(const void *left, const void *right)
{
	const struct verify_pack *left_pack = left, *right_pack = right;
	int order = strcmp(left_pack->row.generation, right_pack->row.generation);
	return order != 0 ? order
			  : memcmp(left_pack->row.sha256, right_pack->row.sha256, SHA256_SIZE);
}

struct verify_pack *verify_find_pack(const struct verify_job *job, const char *generation,
				     const unsigned char sha256[SHA256_SIZE])
{
	struct verify_pack key;
	(void)snprintf(key.row.generation, sizeof key.row.generation, "%s", generation);
	memcpy(key.row.sha256, sha256, SHA256_SIZE);
	if (job->pack_count == 0)
		return NULL;
	return bsearch(&key, job->packs, job->pack_count, sizeof key, compare_packs);
}

/* Backups come the newest first, so the first to name a pack is its owner. */
static void merge_equal(struct verify_job *job)
{
	size_t kept = 0;
	for (size_t i = 0; i < job->pack_count; i++) {
		struct verify_pack *last = kept > 0 ? &job->packs[kept - 1] : NULL;
		struct verify_pack *pack = &job->packs[i];
		if (last == NULL || compare_packs(last, pack) != 0) {
			job->packs[kept++] = *pack;
			continue;
		}
		last->is_doubtful = last->is_doubtful || pack->is_doubtful;
		if (pack->owner < last->owner) {
			last->owner = pack->owner;
			last->index = pack->index;
		}
		if (pack->newest > last->newest)
			last->newest = pack->newest;
	}
	job->pack_count = kept;
}

static bool is_suspect(const struct verify_job *job, const struct verify_backup *backup)
{
	for (size_t i = 0; i < job->suspect_count; i++)
		if (strcmp(job->suspects[i], backup->row.backup_id) == 0)
			return true;
	return false;
}

static void add_packs(struct verify_job *job, size_t owner)
{
	const struct verify_backup *backup = &job->backups[owner];
	const struct archive_record *record = backup->listed->record;
	for (size_t i = 0; i < record->pack_count; i++) {
		struct verify_pack *pack = &job->packs[job->pack_count++];
		memcpy(pack->row.repository, record->repository_id, GUID_TEXT_SIZE);
		memcpy(pack->row.generation, record->generation, sizeof pack->row.generation);
		memcpy(pack->row.sha256, record->packs[i].sha256, SHA256_SIZE);
		pack->row.size = record->packs[i].size;
		pack->newest = backup->is_asked ? backup->completed_time : 0;
		pack->owner = owner;
		pack->index = i;
		pack->is_doubtful = is_suspect(job, backup);
	}
}

static enum status see_check(const struct db_pack_check *row, void *context, struct error *err)
{
	struct verify_job *job = context;
	struct verify_pack *pack = verify_find_pack(job, row->generation, row->sha256);
	if (pack == NULL)
		return STATUS_OK;
	pack->row.hashed_time = row->hashed_time;
	pack->row.opened_time = row->opened_time;
	pack->row.tried_time = row->tried_time;
	pack->row.damaged_time = row->damaged_time;
	pack->is_known = true;
	if (row->problem == NULL)
		return STATUS_OK;
	pack->row.problem = strdup(row->problem);
	return pack->row.problem != NULL ? STATUS_OK : fail_memory(err, "list packs");
}

static enum status load_packs(struct verify_job *job, struct error *err)
{
	size_t total = 0;
	for (size_t i = 0; i < job->backup_count; i++)
		if (verify_has_record(&job->backups[i]))
			total += job->backups[i].listed->record->pack_count;
	job->packs = calloc(total + 1, sizeof *job->packs);
	if (job->packs == NULL)
		return fail_memory(err, "list packs");
	for (size_t i = 0; i < job->backup_count; i++)
		if (verify_has_record(&job->backups[i]))
			add_packs(job, i);
	if (job->pack_count > 1)
		qsort(job->packs, job->pack_count, sizeof *job->packs, compare_packs);
	merge_equal(job);
	return db_pack_check_list(job->state, job->session.repository.marker.repository_id, false,
				  see_check, job, err);
}

/* --- what is read --- */

static bool is_due(const struct verify_job *job, const struct verify_pack *pack, bool hashes_only)
{
	int64_t last = hashes_only ? pack->row.hashed_time : pack->row.opened_time;
	if (pack->newest == 0)
		return false; /* only backups that nobody asked about name it */
	if (pack->is_doubtful)
		return true;
	if (!job->is_rolling)
		return last < job->since || pack->row.damaged_time != 0;
	if (pack->row.damaged_time != 0)
		return pack->row.tried_time < job->now - VERIFY_DAY_MS;
	return last < pack->newest || last < job->now - VERIFY_AGE_MS;
}

static int compare_chosen(const void *left, const void *right)
{
	const struct verify_pack *const *left_pack = left, *const *right_pack = right;
	int64_t first = (*left_pack)->row.tried_time, second = (*right_pack)->row.tried_time;
	return (first > second) - (first < second);
}

/* The keys of a pack come from the backup that owns it; whether there are any shows when that is
 * opened. */
static enum status choose(struct verify_job *job, struct verify_pack *pack, struct error *err)
{
	struct verify_backup *owner = &job->backups[pack->owner];
	bool hashes_only = job->depth == BACKUP_VERIFY_HASHES || job->key == NULL;
	if (!is_due(job, pack, hashes_only))
		return STATUS_OK;
	enum status status = verify_open_check(job, owner, err);
	if (status == STATUS_OK && is_due(job, pack, !recover_check_is_open(owner->check)))
		job->chosen[job->choice_count++] = pack;
	return status;
}

static enum status choose_packs(struct verify_job *job, struct error *err)
{
	job->choices = calloc(job->pack_count + 1, sizeof *job->choices);
	job->chosen = calloc(job->pack_count + 1, sizeof(struct verify_pack *));
	if (job->choices == NULL || job->chosen == NULL)
		return fail_memory(err, "plan verification");
	enum status status = STATUS_OK;
	for (size_t i = 0; i < job->pack_count && status == STATUS_OK; i++)
		status = choose(job, &job->packs[i], err);
	if (status == STATUS_OK && job->choice_count > 1)
		qsort(job->chosen, job->choice_count, sizeof(struct verify_pack *), compare_chosen);
	for (size_t i = 0; i < job->choice_count; i++) {
		const struct verify_pack *pack = job->chosen[i];
		job->choices[i] = (struct recover_pack_choice) { job->backups[pack->owner].check,
								 pack->index };
		job->bytes_planned += pack->row.size;
	}
	return status;
}

/* --- what is forgotten --- */

struct forgotten {
	const struct verify_job *job;
	struct db_pack_check *items;
	size_t count;
};

/* A backup that was committed since the share was listed may have packs that the list lacks; they
 * are young. */
static enum status see_unnamed(const struct db_pack_check *row, void *context, struct error *err)
{
	struct forgotten *forgotten = context;
	const struct verify_job *job = forgotten->job;
	if (verify_find_pack(job, row->generation, row->sha256) != NULL ||
	    row->tried_time > job->now - VERIFY_DAY_MS)
		return STATUS_OK;
	struct db_pack_check *items =
		reallocarray(forgotten->items, forgotten->count + 1, sizeof *items);
	if (items == NULL)
		return fail_memory(err, "forget packs");
	forgotten->items = items;
	items[forgotten->count] = *row;
	items[forgotten->count++].problem = NULL;
	return STATUS_OK;
}

enum status verify_forget_packs(struct verify_job *job, struct error *err)
{
	struct forgotten forgotten = { .job = job };
	enum status status =
		db_pack_check_list(job->state, job->session.repository.marker.repository_id, false,
				   see_unnamed, &forgotten, err);
	for (size_t i = 0; i < forgotten.count && status == STATUS_OK; i++)
		status = db_pack_check_remove(job->state, &forgotten.items[i], err);
	free(forgotten.items);
	return status;
}

enum status verify_plan(struct verify_job *job, struct error *err)
{
	enum status status = load_backups(job, err);
	if (status == STATUS_OK)
		status = load_packs(job, err);
	if (status == STATUS_OK)
		status = choose_packs(job, err);
	return status;
}

void verify_plan_done(struct verify_job *job)
{
	for (size_t i = 0; i < job->backup_count; i++) {
		verify_close_check(&job->backups[i]);
		db_verification_done(&job->backups[i].row);
	}
	for (size_t i = 0; i < job->pack_count; i++)
		free(job->packs[i].row.problem);
	free(TAKE(job->backups));
	free(TAKE(job->packs));
	free(TAKE(job->choices));
	free(TAKE(job->chosen));
	job->backup_count = job->pack_count = job->choice_count = 0;
}

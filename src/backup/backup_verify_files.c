/* SPDX-License-Identifier: Apache-2.0 */
/* From packs that are whole to backups that are: manifests, files, and the times that follow. */
#include <stdio.h>
#include <string.h>

#include "backup_verify.h"

struct pack_times {
	int64_t hashed, opened; /* of the pack that was read longest ago */
	bool any_damaged;
};

static struct pack_times oldest_of(const struct verify_job *job, const struct verify_backup *backup)
{
	const struct archive_record *record = backup->listed->record;
	struct pack_times times = { job->now, job->now, false };
	for (size_t i = 0; i < record->pack_count; i++) {
		const struct verify_pack *pack =
			verify_find_pack(job, record->generation, record->packs[i].sha256);
		if (pack->row.hashed_time < times.hashed)
			times.hashed = pack->row.hashed_time;
		if (pack->row.opened_time < times.opened)
			times.opened = pack->row.opened_time;
		if (pack->row.damaged_time != 0)
			times.any_damaged = true;
	}
	return times;
}

static enum status store(struct verify_job *job, struct verify_backup *backup, struct error *err)
{
	return db_verification_put(job->state, &backup->row, err);
}

/* --- files --- */

static enum status see_progress(uint64_t files, uint64_t bytes, void *context, struct error *err)
{
	struct verify_job *job = context;
	struct verify_backup *backup = job->checked;
	uint64_t more = bytes - job->bytes_before;
	/* A file that is larger than a day's bytes would never come to its end. */
	job->is_within_file = files == backup->row.files_done;
	job->files_read += !job->is_within_file;
	job->bytes_before = bytes;
	backup->row.files_done = files;
	enum status status = verify_read(job, more, "putting files together", err);
	/* To note every small file would cost more than reading it again. */
	if (status != STATUS_OK || job->bytes_unsaved < VERIFY_SAVE_BYTES)
		return status;
	status = store(job, backup, err);
	return status == STATUS_OK ? verify_save(job, err) : status;
}

/* Extents that are only looked up cost nothing worth an account. */
static enum status see_lookup(uint64_t files, uint64_t bytes, void *context, struct error *err)
{
	struct verify_job *job = context;
	(void)files;
	(void)bytes;
	return cancel_check(jobs_run_cancel(job->run), "verify", err);
}

/* The first is enough: all of the backup is read again before anything is said. */
static enum status see_broken(const char *role, const char *path, const char *problem,
			      void *context, struct error *err)
{
	struct verify_job *job = context;
	(void)snprintf(job->checked->file_problem, sizeof job->checked->file_problem, "%s: %s: %s",
		       role, path, problem);
	return fail(err, STATUS_INTEGRITY, "verify", path, "%s", problem);
}

static enum status walk_files(struct verify_job *job, struct verify_backup *backup, bool read,
			      struct error *err)
{
	const struct recover_files_check files = {
		.read = read,
		.files_done = read ? backup->row.files_done : 0,
		.progress = read ? see_progress : see_lookup,
		.broken = see_broken,
		.context = job,
	};
	job->checked = backup;
	job->bytes_before = 0;
	enum status status = recover_check_files(backup->check, &files, err);
	return status == STATUS_INTEGRITY && backup->file_problem[0] != '\0' ? STATUS_OK : status;
}

static void begin_files(struct verify_job *job, struct verify_backup *backup)
{
	struct db_verification *row = &backup->row;
	int64_t earliest = job->is_rolling ? job->now - VERIFY_AGE_MS : job->since;
	if (row->files_since >= backup->completed_time && row->files_since >= earliest &&
	    row->files_since <= job->now)
		return;
	row->files_since = job->now;
	row->files_done = 0;
}

static enum status check_files(struct verify_job *job, struct verify_backup *backup, int64_t opened,
			       struct error *err)
{
	struct db_verification *row = &backup->row;
	begin_files(job, backup);
	job->bytes_planned += backup->bytes;
	enum status status = walk_files(job, backup, true, err);
	job->is_within_file = false;
	if (status != STATUS_OK && status != STATUS_CANCELLED)
		return status;
	if (status == STATUS_OK && backup->file_problem[0] == '\0') {
		row->files_time = opened < row->files_since ? opened : row->files_since;
		row->content_time = opened;
		row->files_since = 0;
		row->files_done = 0;
		backup->is_whole = true;
	}
	enum status stored = store(job, backup, status == STATUS_OK ? err : NULL);
	return status == STATUS_OK ? stored : status;
}

/* --- one backup --- */

/* A verification by itself does not read every manifest every hour. */
static bool is_due(const struct verify_job *job, const struct verify_backup *backup, int64_t hashed)
{
	const struct db_verification *row = &backup->row;
	bool wants_files = job->key != NULL &&
			   (row->files_time == 0 || row->files_time < job->now - VERIFY_AGE_MS);
	return !job->is_rolling || row->hashes_time == 0 || row->damaged_time != 0 || wants_files ||
	       hashed - row->hashes_time > VERIFY_DAY_MS;
}

static enum status check_content(struct verify_job *job, struct verify_backup *backup,
				 int64_t opened, struct error *err)
{
	struct db_verification *row = &backup->row;
	if (job->depth == BACKUP_VERIFY_FILES) {
		if (job->is_rolling && row->files_time >= job->now - VERIFY_AGE_MS &&
		    row->files_time != 0 && !row->is_own_damage)
			return store(job, backup, err);
		return check_files(job, backup, opened, err);
	}
	enum status status = walk_files(job, backup, false, err);
	if (status == STATUS_OK && backup->file_problem[0] == '\0')
		row->content_time = opened;
	return status == STATUS_OK ? store(job, backup, err) : status;
}

static enum status check_backup(struct verify_job *job, struct verify_backup *backup,
				struct error *err)
{
	struct pack_times times = oldest_of(job, backup);
	if (times.any_damaged || times.hashed < backup->completed_time ||
	    !is_due(job, backup, times.hashed))
		return STATUS_OK;
	enum status status = verify_open_check(job, backup, err);
	if (status == STATUS_OK)
		status = verify_save(job, err);
	if (status != STATUS_OK)
		return status;
	if (backup->own_problem[0] != '\0')
		return STATUS_OK;
	if (times.hashed > backup->row.hashes_time)
		backup->row.hashes_time = times.hashed;
	/* Without a key there is nothing deeper. */
	backup->is_whole = job->key == NULL || backup->without_key;
	if (!recover_check_is_open(backup->check) || times.opened < backup->completed_time)
		return store(job, backup, err);
	return check_content(job, backup, times.opened, err);
}

enum status verify_files(struct verify_job *job, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < job->backup_count && job->stop == VERIFY_GO_ON; i++) {
		struct verify_backup *backup = &job->backups[i];
		if (!backup->is_asked || !verify_has_record(backup) ||
		    backup->own_problem[0] != '\0')
			continue;
		status = check_backup(job, backup, err);
		if (status == STATUS_CANCELLED && job->stop != VERIFY_GO_ON)
			return STATUS_OK;
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

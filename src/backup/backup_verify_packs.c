/* SPDX-License-Identifier: Apache-2.0 */
/* Packs are read, longest ago first; each verdict is in the database before the next one. */
#include <stdio.h>
#include <string.h>

#include "backup_verify.h"

static enum status look_around(struct verify_job *job, struct error *err)
{
	const char *location = job->service->config->deployment.location;
	bool is_waiting = false;
	enum status status =
		db_job_goes_before_verify(job->state, location, job->is_rolling, &is_waiting, err);
	if (status != STATUS_OK)
		return status;
	if (is_waiting)
		job->stop = VERIFY_STOP_OTHER_JOB;
	else if (job->is_rolling && job->allowed == 0 && !job->is_within_file)
		job->stop = VERIFY_STOP_BUDGET;
	if (job->stop != VERIFY_GO_ON)
		return fail(err, STATUS_CANCELLED, "verify", NULL, "it goes on later");
	return STATUS_OK;
}

enum status verify_read(struct verify_job *job, uint64_t bytes, const char *phase,
			struct error *err)
{
	job->bytes_read += bytes;
	job->bytes_unsaved += bytes;
	job->allowed -= bytes < job->allowed ? bytes : job->allowed;
	jobs_run_progress(job->run, phase, job->bytes_read,
			  job->bytes_planned > job->bytes_read ? job->bytes_planned
							       : job->bytes_read);
	return cancel_check(jobs_run_cancel(job->run), "verify", err);
}

enum status verify_settle(struct verify_job *job, struct error *err)
{
	uint64_t bytes = job->bytes_unsaved;
	job->bytes_unsaved = 0;
	if (!job->is_rolling || bytes == 0)
		return STATUS_OK;
	return verify_account_spend(job->service, job->state, clock_now(job->service->clock), bytes,
				    err);
}

enum status verify_save(struct verify_job *job, struct error *err)
{
	enum status status = verify_settle(job, err);
	return status == STATUS_OK ? look_around(job, err) : status;
}

static enum status see_folder(const struct share_entry *entry, void *context, struct error *err)
{
	const struct verify_job *job = context;
	(void)err;
	for (size_t i = 0; i < job->backup_count; i++)
		if (job->backups[i].listed != NULL &&
		    strcmp(job->backups[i].listed->folder, entry->name) == 0)
			job->backups[i].is_in_place = true;
	return STATUS_OK;
}

static enum status look_whether_changed(struct verify_job *job, struct share *share,
					struct error *err)
{
	for (size_t i = 0; i < job->backup_count; i++)
		job->backups[i].is_in_place = false;
	enum status status = share_list(share, ARCHIVE_BACKUPS, see_folder, job, err);
	for (size_t i = 0; i < job->backup_count && status == STATUS_OK; i++)
		if (job->backups[i].listed != NULL && !job->backups[i].is_in_place)
			job->stop = VERIFY_STOP_CHANGED;
	return status;
}

enum status verify_recognise(struct verify_job *job, struct error *err)
{
	struct share *share = NULL;
	enum status status = backup_target_open(job->service, &job->session.target,
						job->session.cancel, &share, err);
	if (status == STATUS_OK)
		status = backup_repository_recognise(share, &job->session.repository, err);
	if (status == STATUS_OK)
		status = look_whether_changed(job, share, err);
	share_close(share);
	return status;
}

static enum status note_whole(struct verify_job *job, const struct verify_pack *pack,
			      const struct recover_pack_verdict *verdict, struct error *err)
{
	return db_pack_check_note(job->state, &pack->row, job->now, verdict->is_opened, err);
}

static void take_verdict(struct verify_job *job, struct verify_pack *pack,
			 const struct recover_pack_verdict *verdict)
{
	job->packs_read++;
	if (!verdict->is_sound) {
		pack->failed_once = true;
		return;
	}
	pack->row.hashed_time = job->now;
	pack->row.tried_time = job->now;
	if (verdict->is_opened)
		pack->row.opened_time = job->now;
	pack->row.damaged_time = 0;
	free(TAKE(pack->row.problem));
}

/* Called by the reading threads in turn, while this job's own thread waits for them. */
static enum status see_verdict(const struct recover_pack_verdict *verdict, void *context,
			       struct error *err)
{
	struct verify_job *job = context;
	struct verify_pack *pack = job->chosen[verdict->choice];
	enum status status = STATUS_OK;
	if (verdict->is_sound)
		status = note_whole(job, pack, verdict, err);
	if (status == STATUS_OK)
		status = verify_read(job, pack->row.size, "checking packs", err);
	if (status != STATUS_OK)
		return status;
	take_verdict(job, pack, verdict);
	return verify_save(job, err);
}

/* --- the second look --- */

struct second_look {
	struct verify_job *job;
	struct verify_pack **packs;
	struct recover_pack_choice *choices;
	size_t count;
};

static enum status see_second(const struct recover_pack_verdict *verdict, void *context,
			      struct error *err)
{
	const struct second_look *look = context;
	struct verify_job *job = look->job;
	struct verify_pack *pack = look->packs[verdict->choice];
	if (verdict->is_sound) {
		enum status status = note_whole(job, pack, verdict, err);
		if (status != STATUS_OK)
			return status;
		pack->failed_once = false;
		job->misread++;
		take_verdict(job, pack, verdict);
		return verify_read(job, pack->row.size, "checking packs again", err);
	}
	char *problem = strdup(verdict->problem);
	if (problem == NULL)
		return fail_memory(err, "note damaged pack");
	free(pack->row.problem);
	pack->row.problem = problem;
	return verify_read(job, pack->row.size, "checking packs again", err);
}

static enum status put_into_quarantine(struct verify_job *job, struct verify_pack *pack,
				       struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	archive_pack_name(pack->row.generation, pack->row.sha256, name);
	if (pack->row.damaged_time == 0) {
		pack->row.damaged_time = job->now;
		job->found_damage = true;
		log_message(LOG_LEVEL_ERROR, "%s is damaged and not used any more: %s", name,
			    pack->row.problem);
	}
	pack->row.tried_time = job->now;
	return db_pack_check_put(job->state, &pack->row, err);
}

static enum status look_again(struct second_look *look, struct error *err)
{
	struct verify_job *job = look->job;
	for (size_t i = 0; i < job->choice_count; i++)
		if (job->chosen[i]->failed_once) {
			look->packs[look->count] = job->chosen[i];
			look->choices[look->count++] = job->choices[i];
		}
	if (look->count == 0)
		return STATUS_OK;
	enum status status =
		recover_check_packs(job->source, look->choices, look->count, see_second, look, err);
	if (status == STATUS_OK)
		status = verify_recognise(job, err);
	for (size_t i = 0; i < look->count && status == STATUS_OK; i++)
		if (look->packs[i]->failed_once && job->stop != VERIFY_STOP_CHANGED)
			status = put_into_quarantine(job, look->packs[i], err);
	return status;
}

static enum status second_look(struct verify_job *job, struct error *err)
{
	struct second_look look = { .job = job };
	look.packs = calloc(job->choice_count + 1, sizeof(struct verify_pack *));
	look.choices = calloc(job->choice_count + 1, sizeof *look.choices);
	enum status status = look.packs != NULL && look.choices != NULL
				     ? look_again(&look, err)
				     : fail_memory(err, "check packs");
	free(look.packs);
	free(look.choices);
	return status;
}

/* What the share refuses to give is no verdict; but the next verification begins with another pack,
 * or it would never come to any. */
static void note_unreadable(struct verify_job *job, const struct error *fault)
{
	for (size_t i = 0; i < job->choice_count; i++) {
		struct verify_pack *pack = job->chosen[i];
		char name[ARCHIVE_NAME_SIZE];
		archive_pack_name(pack->row.generation, pack->row.sha256, name);
		if (strstr(fault->path, name) == NULL)
			continue;
		pack->row.tried_time = job->now;
		status_ignore(db_pack_check_put(job->state, &pack->row, NULL));
	}
}

enum status verify_packs(struct verify_job *job, struct error *err)
{
	if (job->choice_count == 0)
		return STATUS_OK;
	enum status status = recover_check_packs(job->source, job->choices, job->choice_count,
						 see_verdict, job, err);
	if (status == STATUS_CANCELLED && job->stop != VERIFY_GO_ON)
		status = STATUS_OK;
	if (status == STATUS_OK)
		status = second_look(job, err);
	else if (status != STATUS_CANCELLED)
		note_unreadable(job, err);
	return status;
}

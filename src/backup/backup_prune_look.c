/* SPDX-License-Identifier: Apache-2.0 */
/* What a prune sees: the share through the eyes of recovery, and the rows of the database. */
#include <string.h>

#include "backup_prune.h"

enum status prune_look(struct prune *prune, struct prune_look *out, struct error *err)
{
	const struct backup_service *service = prune->session.service;
	memset(out, 0, sizeof *out);
	out->options =
		backup_target_options(service, &prune->session.target, prune->session.cancel);
	const struct recover_settings settings = { .shares = service->shares,
						   .share = &out->options,
						   .signer = service->signer };
	enum status status = recover_source_open(&settings, &out->source, err);
	if (status == STATUS_OK)
		status = recover_list(out->source, &out->backups, &out->count, err);
	if (status == STATUS_OK)
		status = backup_trash_list(prune->share, prune->now, &out->trash, err);
	return status;
}

void prune_look_done(struct prune_look *look)
{
	recover_source_close(look->source);
	backup_trash_done(&look->trash);
	memset(look, 0, sizeof *look);
}

const struct recover_backup *prune_find(const struct prune_look *look, const char *backup_id)
{
	for (size_t i = 0; i < look->count; i++)
		if (strcmp(look->backups[i].backup_id, backup_id) == 0)
			return &look->backups[i];
	return NULL;
}

const struct recover_backup *prune_find_ours(const struct prune *prune,
					     const struct retention_backup *wanted)
{
	for (size_t i = 0; i < prune->look.count; i++) {
		const struct recover_backup *backup = &prune->look.backups[i];
		if (backup->sequence == wanted->sequence && backup->is_signed &&
		    backup->record != NULL && strcmp(backup->backup_id, wanted->id) == 0)
			return backup;
	}
	return NULL;
}

/* --- rows --- */

static char *copy_text(const char *text, bool *complete)
{
	char *copy = text != NULL ? strdup(text) : NULL;
	if (text != NULL && copy == NULL)
		*complete = false;
	return copy;
}

static enum status copy_row(const struct db_backup *row, struct db_backup *out, struct error *err)
{
	bool complete = true;
	*out = *row;
	out->location = copy_text(row->location, &complete);
	out->folder = copy_text(row->folder, &complete);
	out->generation = copy_text(row->generation, &complete);
	out->status = copy_text(row->status, &complete);
	out->stamp_version = copy_text(row->stamp_version, &complete);
	out->oem_version = copy_text(row->oem_version, &complete);
	out->deployment_id = copy_text(row->deployment_id, &complete);
	out->repository = copy_text(row->repository, &complete);
	if (complete)
		return STATUS_OK;
	db_backup_done(out);
	return fail_memory(err, "read backups");
}

/* A row whose repository was not noted yet counts as one of this: in doubt it is missed. */
static enum status see_row(const struct db_backup *row, void *context, struct error *err)
{
	struct prune *prune = context;
	struct prune_rows *rows = &prune->rows;
	if (row->repository != NULL &&
	    strcmp(row->repository, prune->session.repository.marker.repository_id) != 0)
		return STATUS_OK;
	struct db_backup *items = reallocarray(rows->items, rows->count + 1, sizeof *items);
	if (items == NULL)
		return fail_memory(err, "read backups");
	rows->items = items;
	enum status status = copy_row(row, &items[rows->count], err);
	rows->count += status == STATUS_OK ? 1 : 0;
	return status;
}

enum status prune_rows_load(struct prune *prune, struct error *err)
{
	prune_rows_done(&prune->rows);
	return db_backup_list(prune->state, prune->session.service->config->deployment.location,
			      see_row, prune, err);
}

void prune_rows_done(struct prune_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		db_backup_done(&rows->items[i]);
	free(rows->items);
	memset(rows, 0, sizeof *rows);
}

struct db_backup *prune_row(const struct prune *prune, const char *backup_id)
{
	for (size_t i = 0; i < prune->rows.count; i++)
		if (strcmp(prune->rows.items[i].id, backup_id) == 0)
			return &prune->rows.items[i];
	return NULL;
}

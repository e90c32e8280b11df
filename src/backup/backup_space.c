/* SPDX-License-Identifier: Apache-2.0 */
/* Room on the share, before a run and after one that ran out of it. */
#include <stdio.h>

#include "backup_forecast.h"
#include "backup_packs.h"
#include "backup_reserve.h"
#include "backup_space.h"

/* A run that stores no content still writes a manifest, a session key and a few small files. */
#define SPACE_MIN (1ull << 20)

static enum status note(struct backup_session *session, struct db *state,
			const struct share_space *space, struct error *err)
{
	return db_location_note(state, session->service->config->deployment.location, -1,
				(int64_t)space->total, (int64_t)space->free, err);
}

void backup_space_note(struct backup_session *session, struct db *state)
{
	struct error err;
	struct share *share = NULL;
	struct share_space space;
	enum status status = backup_connection_take(session, &share, &err);
	if (status == STATUS_OK && (share_features(share) & SHARE_FEATURE_FREE_SPACE) != 0) {
		status = share_free_space(share, &space, &err);
		if (status == STATUS_OK)
			status = note(session, state, &space, &err);
	}
	backup_connection_give(session, share, status != STATUS_OK);
	if (status != STATUS_OK)
		log_error("free space of the share is not known", &err);
}

/* What a run adds is unknown beforehand; what the earlier ones added is a fair guess. */
static enum status check(struct backup_session *session, struct db *state, struct share *share,
			 bool reserve_held, struct error *err)
{
	const struct config *config = session->service->config;
	struct db_backup_summary backups;
	struct share_space space;
	char have[16], want[16];
	enum status status = share_free_space(share, &space, err);
	if (status == STATUS_OK)
		status = note(session, state, &space, err);
	if (status == STATUS_OK)
		status = db_backup_summarize(state, config->deployment.location, &backups, err);
	if (status != STATUS_OK)
		return status;
	uint64_t needed = backup_forecast_next(&backups, session->generation.backups == 0) +
			  SPACE_MIN + (reserve_held ? 0 : config->engine.share_reserve);
	if (space.free >= needed)
		return STATUS_OK;
	return fail(err, STATUS_SHARE_FULL, "check free space", session->target.row.path,
		    "%s (%llu bytes) are free, about %s (%llu bytes) are needed; add room on the "
		    "share or delete the oldest backups",
		    capacity_text(space.free, have), (unsigned long long)space.free,
		    capacity_text(needed, want), (unsigned long long)needed);
}

enum status backup_space_begin(struct backup_session *session, struct db *state, struct error *err)
{
	uint64_t reserve = session->service->config->engine.share_reserve;
	struct share *share = NULL;
	bool held = false;
	enum status status = backup_connection_take(session, &share, err);
	if (status == STATUS_OK)
		status = backup_reserve_look(share, reserve, &held, err);
	if (status == STATUS_OK && (share_features(share) & SHARE_FEATURE_FREE_SPACE) != 0)
		status = check(session, state, share, held, err);
	if (status == STATUS_OK)
		status = backup_reserve_keep(share, reserve, &held, err);
	backup_connection_give(session, share, status != STATUS_OK);
	return status;
}

/* The catalogue forgets a pack first: it never names one that is not there. */
static enum status remove_pack(struct backup_session *session, struct db *catalogue,
			       struct share *share, const struct backup_pack_view *pack,
			       struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	enum status status = STATUS_OK;
	if (pack->row != 0)
		status = db_pack_remove(catalogue, pack->row, err);
	archive_pack_name(session->generation.name, pack->sha256, name);
	if (status == STATUS_OK)
		status = share_remove(share, name, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status remove_stored(struct backup_session *session, struct db *catalogue,
				 struct share *share, const char *folder, struct error *err)
{
	char path[ARCHIVE_NAME_SIZE];
	enum status status = STATUS_OK;
	uint32_t count = backup_packs_reference_count(session->packs);
	(void)snprintf(path, sizeof path, ARCHIVE_BACKUPS "/%s", folder);
	if (folder[0] != '\0')
		status = share_remove_tree(share, path, err);
	for (uint32_t i = 0; i < count && status == STATUS_OK; i++) {
		struct backup_pack_view pack;
		backup_packs_view(session->packs, i, &pack);
		if (pack.is_new && pack.size > 0)
			status = remove_pack(session, catalogue, share, &pack, err);
	}
	return status;
}

void backup_space_give_back(struct backup_session *session, struct db *state, const char *folder)
{
	struct error err;
	struct share *share = NULL;
	struct db *catalogue = NULL;
	struct db_pool *pool = session->service->catalogue;
	enum status status = db_pool_take(pool, &catalogue, &err);
	if (status == STATUS_OK)
		status = backup_connection_take(session, &share, &err);
	if (status == STATUS_OK)
		status = remove_stored(session, catalogue, share, folder, &err);
	backup_connection_give(session, share, status != STATUS_OK);
	db_pool_give(pool, catalogue);
	if (status != STATUS_OK)
		log_error("what the failed backup stored is not removed", &err);
	backup_space_note(session, state);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which generation a run adds to, and the session whose key encrypts what it adds. */
#include <stdio.h>
#include <string.h>

#include "backup_psk.h"
#include "backup_session.h"

size_t backup_recipients(const struct backup_session *session,
			 const struct certificate **recipients, const char **purposes, size_t max)
{
	const struct backup_service *service = session->service;
	size_t count = 0;
	recipients[count] = session->certificate;
	purposes[count++] = "location";
	for (size_t i = 0; i < service->escrow_count && count < max; i++) {
		recipients[count] = service->escrow[i];
		purposes[count++] = "escrow";
	}
	if (service->drill != NULL && count < max) {
		recipients[count] = service->drill;
		purposes[count++] = "drill";
	}
	return count;
}

static enum status highest_on_share(const struct share_entry *entry, void *context,
				    struct error *err)
{
	unsigned *highest = context;
	unsigned number = 0;
	(void)err;
	if (archive_generation_parse(entry->name, &number) && number > *highest)
		*highest = number;
	return STATUS_OK;
}

/* A number that neither the database nor the share has seen: a recovered service may know less than
 * the share. */
static enum status next_number(struct backup_session *session, unsigned newest, unsigned *out,
			       struct error *err)
{
	struct share *share = NULL;
	unsigned highest = newest;
	enum status status = backup_connection_take(session, &share, err);
	if (status == STATUS_OK)
		status = share_list(share, ARCHIVE_GENERATIONS, highest_on_share, &highest, err);
	backup_connection_give(session, share, status != STATUS_OK);
	if (status == STATUS_OK)
		*out = highest + 1;
	return status;
}

static enum status make_generation(struct backup_session *session, struct db *state,
				   unsigned newest, struct error *err)
{
	struct db_generation *generation = &session->generation;
	unsigned number = 0;
	enum status status = next_number(session, newest, &number, err);
	if (status != STATUS_OK)
		return status;
	db_generation_done(generation);
	memset(generation, 0, sizeof *generation);
	buffer_init(&generation->dedup_secret_sealed, 4096);
	generation->number = number;
	archive_generation_name(number, session->certificate->thumbprint, generation->name);
	memcpy(generation->thumbprint, session->certificate->thumbprint,
	       sizeof generation->thumbprint);
	generation->created_time = clock_now(session->service->clock);
	status = crypto_random_secret(&session->dedup_secret, KEY_SIZE, err);
	if (status == STATUS_OK)
		status = crypto_seal(&session->service->master_key, PURPOSE_DEDUP_SECRET,
				     &session->dedup_secret, &generation->dedup_secret_sealed, err);
	if (status == STATUS_OK)
		status = db_generation_add(state, generation, err);
	if (status == STATUS_OK)
		status = db_setting_set(state, SETTING_GENERATION_REPOSITORY,
					session->repository.marker.repository_id, err);
	return status;
}

/* A generation ends after its number of backups, with another certificate, with another repository,
 * and when its secret is lost. */
static enum status may_continue(struct backup_session *session, struct db *state, bool *out,
				struct error *err)
{
	const struct db_generation *generation = &session->generation;
	struct buffer repository;
	if (generation->dedup_secret_sealed.length == 0)
		return STATUS_OK;
	buffer_init(&repository, 256);
	enum status status = db_setting_get(state, SETTING_GENERATION_REPOSITORY, &repository, err);
	if (status == STATUS_OK)
		*out = strcmp((const char *)repository.data,
			      session->repository.marker.repository_id) == 0 &&
		       strcmp(generation->thumbprint, session->certificate->thumbprint) == 0 &&
		       generation->backups < session->service->config->engine.generation_backups;
	buffer_done(&repository);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status backup_generation_choose(struct backup_session *session, struct db *state,
				     struct error *err)
{
	struct db_generation *generation = &session->generation;
	bool continues = false;
	enum status status = db_generation_newest(state, generation, err);
	if (status == STATUS_NOT_FOUND)
		return make_generation(session, state, 0, err);
	if (status == STATUS_OK)
		status = may_continue(session, state, &continues, err);
	if (status != STATUS_OK)
		return status;
	if (!continues)
		return make_generation(session, state, generation->number, err);
	return crypto_unseal(&session->service->master_key, PURPOSE_DEDUP_SECRET,
			     generation->dedup_secret_sealed.data,
			     generation->dedup_secret_sealed.length, &session->dedup_secret, err);
}

/* A certificate that is there already is the same one: its name is its thumbprint, and backup.json
 * names its SHA-256. */
static enum status put_certificates(struct backup_session *session, struct share *share,
				    struct error *err)
{
	const struct certificate *recipients[BACKUP_RECIPIENTS_MAX];
	const char *purposes[BACKUP_RECIPIENTS_MAX];
	size_t count = backup_recipients(session, recipients, purposes, BACKUP_RECIPIENTS_MAX);
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		char name[ARCHIVE_NAME_SIZE];
		archive_certificate_name(recipients[i]->thumbprint, name);
		status = share_put(share, name, recipients[i]->der.data, recipients[i]->der.length,
				   err);
		if (status == STATUS_EXISTS)
			status = STATUS_OK;
	}
	return status;
}

/* Of a location with a pre-shared key: what the key opens. */
static enum status put_wrapped_key(struct backup_session *session, struct share *share,
				   struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	struct db *state = NULL;
	struct buffer wrapped;
	const char *thumbprint = session->certificate->thumbprint;
	buffer_init(&wrapped, ARCHIVE_SMALL_FILE_MAX);
	archive_wrapped_key_name(thumbprint, name);
	enum status status = db_pool_take(session->service->state, &state, err);
	if (status == STATUS_OK)
		status = backup_psk_wrapped(state, thumbprint, &wrapped, err);
	bool is_key = status == STATUS_OK;
	if (is_key)
		status = share_put(share, name, wrapped.data, wrapped.length, err);
	db_pool_give(session->service->state, state);
	buffer_done(&wrapped);
	return status == (is_key ? STATUS_EXISTS : STATUS_NOT_FOUND) ? STATUS_OK : status;
}

static enum status make_session(struct backup_session *session, struct error *err)
{
	const struct certificate *recipients[BACKUP_RECIPIENTS_MAX];
	const char *purposes[BACKUP_RECIPIENTS_MAX];
	size_t count = backup_recipients(session, recipients, purposes, BACKUP_RECIPIENTS_MAX);
	guid_generate(session->session_id);
	(void)guid_to_bytes(session->session_id, session->session_id_bytes);
	buffer_init(&session->wrapped_key, ARCHIVE_SMALL_FILE_MAX);
	enum status status = crypto_random_secret(&session->session_key, KEY_SIZE, err);
	if (status == STATUS_OK)
		status = cms_wrap(recipients, count, &session->session_key, &session->wrapped_key,
				  err);
	return status;
}

/* Before the first pack: a pack whose key is nowhere could never be opened. */
static enum status put_session(struct backup_session *session, struct share *share,
			       struct error *err)
{
	char folder[ARCHIVE_NAME_SIZE], name[ARCHIVE_NAME_SIZE];
	(void)snprintf(folder, sizeof folder, ARCHIVE_GENERATIONS "/%s/sessions",
		       session->generation.name);
	archive_session_name(session->generation.name, session->session_id, name);
	enum status status = share_make_directories(share, folder, err);
	if (status == STATUS_OK)
		status = share_put(share, name, session->wrapped_key.data,
				   session->wrapped_key.length, err);
	return status;
}

static enum status note_session(struct backup_session *session, struct error *err)
{
	struct db *catalogue = NULL;
	struct db_pool *pool = session->service->catalogue;
	enum status status = db_pool_take(pool, &catalogue, err);
	if (status == STATUS_OK)
		status =
			db_session_add(catalogue, session->session_id, session->generation.name,
				       session->wrapped_key.data, session->wrapped_key.length, err);
	db_pool_give(pool, catalogue);
	return status;
}

enum status backup_generation_begin(struct backup_session *session, struct error *err)
{
	struct share *share = NULL;
	enum status status = make_session(session, err);
	if (status == STATUS_OK)
		status = backup_connection_take(session, &share, err);
	if (status == STATUS_OK)
		status = put_certificates(session, share, err);
	if (status == STATUS_OK)
		status = put_wrapped_key(session, share, err);
	if (status == STATUS_OK)
		status = put_session(session, share, err);
	if (status == STATUS_OK)
		status = note_session(session, err);
	backup_connection_give(session, share, status != STATUS_OK);
	return status;
}

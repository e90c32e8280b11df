/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed copy of the state, and the database made from it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "infrabackup/auth.h"

#include "backup_kept.h"

#define KEPT_FILE "state.sealed"
#define KEPT_PURPOSE "kept-state"
#define KEPT_SUFFIX ".sealed"
#define KEPT_MAX (256u << 20)
/* On the share: the newest may belong to a backup that was never committed. */
#define KEPT_COUNT 3

/* --- making one --- */

static enum status seal_copy(const struct backup_service *service, const char *path,
			     struct buffer *sealed, struct error *err)
{
	struct buffer bytes;
	AUTO_SECRET plain = SECRET_EMPTY;
	buffer_init(&bytes, KEPT_MAX);
	enum status status = file_read(path, KEPT_MAX - 1, &bytes, err);
	if (status == STATUS_OK)
		status = secret_copy(&plain, bytes.data, bytes.length, err);
	if (status == STATUS_OK)
		status = crypto_seal(&service->master_key, KEPT_PURPOSE, &plain, sealed, err);
	buffer_done(&bytes);
	return status;
}

static enum status make_kept(struct backup_service *service, struct db *state,
			     struct buffer *sealed, struct error *err)
{
	char guid[GUID_TEXT_SIZE];
	guid_generate(guid);
	AUTO_FREE char *path = file_join(service->temporary_directory, guid);
	if (path == NULL)
		return fail_memory(err, "keep state");
	enum status status = db_copy_without_history(state, path, err);
	if (status == STATUS_OK)
		status = seal_copy(service, path, sealed, err);
	status_ignore(file_remove_tree(path, NULL));
	return status;
}

static enum status store_kept(struct backup_service *service, struct db *state,
			      struct buffer *sealed, struct error *err)
{
	AUTO_FREE char *path = file_join(service->config->state_directory, KEPT_FILE);
	if (path == NULL)
		return fail_memory(err, "keep state");
	enum status status = make_kept(service, state, sealed, err);
	if (status == STATUS_OK)
		status = file_write(path, 0600, true, sealed->data, sealed->length, err);
	return status;
}

void backup_kept_store(struct backup_service *service, struct db *state)
{
	struct buffer sealed;
	struct error err;
	buffer_init(&sealed, KEPT_MAX + 64);
	if (store_kept(service, state, &sealed, &err) != STATUS_OK)
		log_error("no sealed copy of the state was stored beside the database", &err);
	buffer_done(&sealed);
}

/* --- on the share --- */

struct kept_list {
	struct kept_name {
		uint64_t sequence;
		char name[ARCHIVE_NAME_SIZE]; /* on the share */
	} * items;
	size_t count;
};

/* "00000007-<backup id>.sealed" */
static bool parse_kept(const char *name, uint64_t *sequence)
{
	char *end = NULL;
	size_t length = strlen(name), suffix = strlen(KEPT_SUFFIX);
	if (length != 8 + 1 + GUID_TEXT_SIZE - 1 + suffix ||
	    strcmp(name + length - suffix, KEPT_SUFFIX) != 0)
		return false;
	errno = 0;
	*sequence = strtoull(name, &end, 10);
	return errno == 0 && end == name + 8 && *end == '-' && *sequence > 0;
}

static enum status see_kept(const struct share_entry *entry, void *context, struct error *err)
{
	struct kept_list *list = context;
	struct kept_name item = { 0 };
	if (entry->is_directory || !parse_kept(entry->name, &item.sequence))
		return STATUS_OK;
	(void)snprintf(item.name, sizeof item.name, ARCHIVE_SERVICE "/%.80s", entry->name);
	struct kept_name *items = reallocarray(list->items, list->count + 1, sizeof *items);
	if (items == NULL)
		return fail_memory(err, "list copies of the state");
	list->items = items;
	items[list->count++] = item;
	return STATUS_OK;
}

static int compare_kept(const void *left, const void *right)
{
	const struct kept_name *left_name = left, *right_name = right;
	return (left_name->sequence < right_name->sequence) -
	       (left_name->sequence > right_name->sequence);
}

/* Newest first; none is OK. */
static enum status list_kept(struct share *share, struct kept_list *list, struct error *err)
{
	enum status status = share_list(share, ARCHIVE_SERVICE, see_kept, list, err);
	if (list->count > 1)
		qsort(list->items, list->count, sizeof *list->items, compare_kept);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

static enum status remove_oldest(struct share *share, struct error *err)
{
	struct kept_list list = { 0 };
	enum status status = list_kept(share, &list, err);
	for (size_t i = KEPT_COUNT; i < list.count && status == STATUS_OK; i++) {
		status = share_remove(share, list.items[i].name, err);
		if (status == STATUS_NOT_FOUND)
			status = STATUS_OK;
	}
	free(list.items);
	return status;
}

static enum status put_kept(struct backup_commit *commit, struct share *share,
			    const struct buffer *sealed, struct error *err)
{
	char name[ARCHIVE_NAME_SIZE];
	(void)snprintf(name, sizeof name, ARCHIVE_SERVICE "/%08" PRIu64 "-%s" KEPT_SUFFIX,
		       commit->history->sequence, jobs_run_job(commit->session->run)->id);
	enum status status = share_make_directories(share, ARCHIVE_SERVICE, err);
	if (status == STATUS_OK)
		status = share_put(share, name, sealed->data, sealed->length, err);
	if (status == STATUS_OK)
		status = remove_oldest(share, err);
	return status;
}

enum status backup_kept_put(struct backup_commit *commit, struct error *err)
{
	struct backup_session *session = commit->session;
	struct backup_service *service = session->service;
	struct db *state = NULL;
	struct share *share = NULL;
	struct buffer sealed;
	buffer_init(&sealed, KEPT_MAX + 64);
	enum status status = db_pool_take(service->state, &state, err);
	if (status == STATUS_OK)
		status = store_kept(service, state, &sealed, err);
	db_pool_give(service->state, state);
	if (status == STATUS_OK)
		status = backup_connection_take(session, &share, err);
	if (status == STATUS_OK)
		status = put_kept(commit, share, &sealed, err);
	backup_connection_give(session, share, status != STATUS_OK);
	buffer_done(&sealed);
	return status;
}

/* --- the database from it --- */

/* Frames of the lost database's log must not be taken for the new one's. */
static enum status remove_logs(const char *path, struct error *err)
{
	static const char *const suffixes[] = { "-wal", "-shm", "-journal" };
	enum status status = STATUS_OK;
	for (size_t i = 0; i < ARRAY_LENGTH(suffixes) && status == STATUS_OK; i++) {
		AUTO_FREE char *name = NULL;
		if (asprintf(&name, "%s%s", path, suffixes[i]) < 0)
			return fail_memory(err, "rebuild state");
		status = file_remove_tree(name, err);
	}
	return status;
}

/* The database that is to be made. */
struct kept_target {
	const struct secret *master_key;
	struct audit_log *audit;
	const char *path;
};

static enum status mark_rebuilt(const char *path, struct audit_log *audit, struct error *err)
{
	struct db *state = NULL;
	enum status status = db_open(path, DB_STATE, &state, err);
	if (status == STATUS_OK)
		status = db_setting_set(state, SETTING_REBUILT, "1", err);
	if (status == STATUS_OK)
		status = audit_resume(audit, state, err);
	db_close(state);
	return status;
}

static enum status rebuild(const struct buffer *sealed, const struct kept_target *target,
			   struct error *err)
{
	const char *path = target->path;
	AUTO_SECRET plain = SECRET_EMPTY;
	AUTO_FREE char *temporary = NULL;
	if (asprintf(&temporary, "%s.rebuilt", path) < 0)
		return fail_memory(err, "rebuild state");
	enum status status = crypto_unseal(target->master_key, KEPT_PURPOSE, sealed->data,
					   sealed->length, &plain, err);
	if (status == STATUS_OK)
		status = remove_logs(path, err);
	if (status == STATUS_OK)
		status = remove_logs(temporary, err);
	if (status == STATUS_OK)
		status = file_write(temporary, 0600, true, plain.data, plain.length, err);
	if (status == STATUS_OK)
		status = mark_rebuilt(temporary, target->audit, err);
	/* Closed, it stands alone; its name says that it is whole. */
	if (status == STATUS_OK)
		status = remove_logs(temporary, err);
	if (status == STATUS_OK && rename(temporary, path) != 0)
		status = fail_errno(err, STATUS_FAILED, "rebuild state", path);
	return status;
}

enum status backup_kept_restore(const struct backup_service *service, const char *path,
				struct error *err)
{
	const struct kept_target target = { &service->master_key, service->audit, path };
	struct buffer sealed;
	AUTO_FREE char *name = file_join(service->config->state_directory, KEPT_FILE);
	if (name == NULL)
		return fail_memory(err, "rebuild state");
	buffer_init(&sealed, KEPT_MAX + 64);
	enum status status = file_read(name, KEPT_MAX, &sealed, err);
	if (status == STATUS_OK)
		status = rebuild(&sealed, &target, err);
	if (status == STATUS_NOT_FOUND)
		status =
			fail(err, STATUS_NOT_FOUND, "open state database", path,
			     "the database and its sealed copy are gone, the master key is there: "
			     "run `infrabackup init -c CONFIG --from SHARE` to rebuild it from the "
			     "share that holds the backups");
	if (status == STATUS_INTEGRITY)
		error_add_context(err,
				  "%s is damaged or belongs to another master key; remove it "
				  "and run `infrabackup init -c CONFIG --from SHARE`",
				  name);
	if (status == STATUS_OK)
		log_message(LOG_LEVEL_WARNING,
			    "the state database was gone and is rebuilt from its sealed copy; what "
			    "came later is read from the share now; jobs that made no backup are "
			    "forgotten, tokens that were revoked since are valid again");
	buffer_done(&sealed);
	return status;
}

static enum status try_kept(struct share *share, const char *name, const struct kept_target *target,
			    struct error *err)
{
	struct buffer sealed;
	buffer_init(&sealed, KEPT_MAX + 64);
	enum status status = share_get(share, name, KEPT_MAX, &sealed, err);
	if (status == STATUS_OK)
		status = rebuild(&sealed, target, err);
	buffer_done(&sealed);
	return status;
}

static enum status from_share(struct share *share, const struct kept_target *target,
			      struct error *err)
{
	struct kept_list list = { 0 };
	enum status status = list_kept(share, &list, err);
	if (status == STATUS_OK)
		status = STATUS_NOT_FOUND;
	for (size_t i = 0;
	     i < list.count && (status == STATUS_NOT_FOUND || status == STATUS_INTEGRITY); i++)
		status = try_kept(share, list.items[i].name, target, err);
	if (status == STATUS_NOT_FOUND || status == STATUS_INTEGRITY)
		status = fail(err, status, "rebuild state", ARCHIVE_SERVICE,
			      "of %zu sealed copies of a service's state on the share none opens "
			      "with this master key: look whether --from is the share of this "
			      "deployment; else move the state directory away and recover the "
			      "role " BACKUP_SERVICE_ROLE " with the PFX (infrabackup recover "
			      "-c CONFIG --role " BACKUP_SERVICE_ROLE "), or begin anew with "
			      "infrabackup init and set share and certificate again",
			      list.count);
	free(list.items);
	return status;
}

static enum status describe(struct db *state, const struct secret *master_key,
			    struct backup_initialized *out, struct error *err)
{
	AUTO_SECRET pem = SECRET_EMPTY;
	struct signing_key *identity = NULL;
	unsigned char public_key[ED25519_PUBLIC_SIZE];
	enum status status = backup_secret_load(state, master_key, SECRET_IDENTITY, &pem, err);
	if (status == STATUS_OK)
		status = signing_key_load(&pem, &identity, err);
	if (status == STATUS_OK) {
		signing_key_public(identity, public_key);
		signer_fingerprint(public_key, out->signer);
	}
	signing_key_free(identity);
	return status;
}

static enum status make_token(struct db *state, const struct clock *clock,
			      struct backup_initialized *out, struct error *err)
{
	char name[64], time[CLOCK_TEXT_SIZE];
	(void)snprintf(name, sizeof name, "rebuild-%s", clock_compact_text(clock_now(clock), time));
	return auth_token_create(state, name, AUTH_ADMINISTRATOR, clock_now(clock), 0, &out->token,
				 err);
}

static enum status finish(const char *path, const struct secret *master_key,
			  const struct clock *clock, struct backup_initialized *out,
			  struct error *err)
{
	struct db *state = NULL;
	enum status status = db_open(path, DB_STATE, &state, err);
	if (status == STATUS_OK)
		status = describe(state, master_key, out, err);
	if (status == STATUS_OK)
		status = make_token(state, clock, out, err);
	db_close(state);
	return status;
}

static enum status refuse_existing(const char *path, struct error *err)
{
	struct stat there;
	if (lstat(path, &there) != 0)
		return STATUS_OK;
	return fail(err, STATUS_EXISTS, "rebuild state", path,
		    "the state database is there; only one that is gone is rebuilt");
}

enum status backup_state_rebuild(const struct config *config, const struct clock *clock,
				 struct share *share, struct backup_initialized *out,
				 struct error *err)
{
	struct backup_initialized made = { .signer = "", .token = SECRET_EMPTY };
	AUTO_SECRET master_key = SECRET_EMPTY;
	AUTO_CLOSE lock = -1;
	struct kept_target target = { .master_key = &master_key };
	AUTO_FREE char *path = file_join(config->state_directory, STATE_DATABASE);
	if (path == NULL)
		return fail_memory(err, "rebuild state");
	target.path = path;
	enum status status = refuse_existing(path, err);
	if (status == STATUS_OK)
		status = backup_state_load_master_key(config->state_directory, &master_key, err);
	if (status == STATUS_OK)
		status = backup_state_lock(config->state_directory, &lock, err);
	if (status == STATUS_OK)
		status = backup_audit_open_with(config, clock, &master_key, &target.audit, err);
	if (status == STATUS_OK)
		status = from_share(share, &target, err);
	if (status == STATUS_OK)
		status = finish(path, &master_key, clock, &made, err);
	audit_close(target.audit);
	if (status == STATUS_OK)
		*out = made;
	else
		backup_initialized_done(&made);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The service: opens the state directory, loads its keys, lends them to the jobs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "backup_kept.h"
#include "backup_lease.h"

#define STATE_CONNECTIONS 24
#define CATALOGUE_CONNECTIONS 24
#define KEY_FILE_MAX (1u << 20)

/* One process a state directory: two would claim each other's jobs. */
enum status backup_state_lock(const char *state_directory, int *out, struct error *err)
{
	AUTO_FREE char *path = file_join(state_directory, STATE_LOCK);
	if (path == NULL)
		return fail_memory(err, "open state directory");
	AUTO_CLOSE lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0)
		return fail_errno(err, STATUS_FAILED, "open state directory", path);
	if (flock(lock, LOCK_EX | LOCK_NB) == 0) {
		*out = TAKE_DESCRIPTOR(lock);
		return STATUS_OK;
	}
	if (errno != EWOULDBLOCK)
		return fail_errno(err, STATUS_FAILED, "lock state directory", path);
	return fail(err, STATUS_CONFLICT, "lock state directory", path,
		    "another process serves this state directory");
}

enum status backup_state_load_master_key(const char *state_directory, struct secret *out,
					 struct error *err)
{
	AUTO_FREE char *path = file_join(state_directory, STATE_MASTER_KEY);
	if (path == NULL)
		return fail_memory(err, "open state directory");
	struct buffer bytes;
	buffer_init(&bytes, KEY_SIZE + 1);
	enum status status = file_read(path, KEY_SIZE, &bytes, err);
	if (status == STATUS_NOT_FOUND)
		status = fail(err, STATUS_NOT_FOUND, "open state directory", state_directory,
			      "it is not initialised; run `infrabackup init -c CONFIG` first");
	if (status == STATUS_OK && bytes.length != KEY_SIZE)
		status = fail(err, STATUS_INTEGRITY, "read master key", path,
			      "found %zu bytes, a master key has %d", bytes.length, KEY_SIZE);
	if (status == STATUS_OK)
		status = secret_copy(out, bytes.data, bytes.length, err);
	if (bytes.data != NULL)
		explicit_bzero(bytes.data, bytes.length);
	buffer_done(&bytes);
	return status;
}

/* Cached extents name packs by their place in the catalogue's packs; without the catalogue they
 * mean nothing. */
static enum status open_databases(struct backup_service *service, struct error *err)
{
	const char *directory = service->config->state_directory;
	AUTO_FREE char *state = file_join(directory, STATE_DATABASE);
	AUTO_FREE char *catalogue = file_join(directory, STATE_CATALOGUE);
	if (state == NULL || catalogue == NULL)
		return fail_memory(err, "open state directory");
	struct stat there;
	enum status status = STATUS_OK;
	if (stat(state, &there) != 0)
		status = errno == ENOENT
				 ? backup_kept_restore(service, state, err)
				 : fail_errno(err, STATUS_NOT_FOUND, "open state database", state);
	if (status == STATUS_OK && stat(catalogue, &there) != 0)
		status = file_remove_tree(service->cache_directory, err);
	if (status == STATUS_OK)
		status = db_pool_new(state, DB_STATE, STATE_CONNECTIONS, &service->state, err);
	if (status == STATUS_OK)
		status = db_pool_new(catalogue, DB_CATALOGUE, CATALOGUE_CONNECTIONS,
				     &service->catalogue, err);
	return status;
}

static enum status make_folders(struct backup_service *service, struct error *err)
{
	const char *directory = service->config->state_directory;
	service->temporary_directory = file_join(directory, STATE_TEMPORARY);
	service->cache_directory = file_join(directory, STATE_CACHE);
	if (service->temporary_directory == NULL || service->cache_directory == NULL)
		return fail_memory(err, "open state directory");
	return STATUS_OK;
}

/* Intermediate files of a process that was killed are of no use to the next one. */
static enum status clear_folders(struct backup_service *service, struct error *err)
{
	enum status status = file_remove_tree(service->temporary_directory, err);
	if (status == STATUS_OK)
		status = file_make_directories(service->temporary_directory, 0700, err);
	if (status == STATUS_OK)
		status = file_make_directories(service->cache_directory, 0700, err);
	return status;
}

static enum status load_identity(struct backup_service *service, struct db *state,
				 struct error *err)
{
	AUTO_SECRET pem = SECRET_EMPTY;
	enum status status =
		backup_secret_load(state, &service->master_key, SECRET_IDENTITY, &pem, err);
	if (status == STATUS_OK)
		status = signing_key_load(&pem, &service->identity, err);
	if (status == STATUS_OK) {
		unsigned char public_key[ED25519_PUBLIC_SIZE];
		signing_key_public(service->identity, public_key);
		signer_fingerprint(public_key, service->signer);
	}
	return status;
}

static enum status load_drill(struct backup_service *service, struct db *state, struct error *err)
{
	if (!service->config->engine.drill_recipient)
		return STATUS_OK;
	struct buffer text, der;
	buffer_init(&text, KEY_FILE_MAX);
	buffer_init(&der, KEY_FILE_MAX);
	enum status status = db_setting_get(state, SETTING_DRILL_CERTIFICATE, &text, err);
	if (status == STATUS_OK)
		status = base64_decode((const char *)text.data, &der, err);
	if (status == STATUS_OK)
		status = certificate_parse(der.data, der.length, SETTING_DRILL_CERTIFICATE,
					   &service->drill, err);
	buffer_done(&text);
	buffer_done(&der);
	return status;
}

static enum status load_escrow_file(struct backup_service *service, const char *path,
				    struct error *err)
{
	struct buffer bytes;
	buffer_init(&bytes, KEY_FILE_MAX);
	enum status status = file_read(path, KEY_FILE_MAX - 1, &bytes, err);
	if (status == STATUS_OK)
		status = certificate_parse(bytes.data, bytes.length, "$.engine.escrowCertFiles",
					   &service->escrow[service->escrow_count], err);
	if (status == STATUS_OK)
		service->escrow_count++;
	else
		error_add_context(err, "escrow certificate %s", path);
	buffer_done(&bytes);
	return status;
}

static enum status load_escrow(struct backup_service *service, struct error *err)
{
	const char *const *files = service->config->engine.escrow_certificate_files;
	size_t count = 0;
	while (files != NULL && files[count] != NULL)
		count++;
	if (count == 0)
		return STATUS_OK;
	service->escrow = calloc(count, sizeof *service->escrow);
	if (service->escrow == NULL)
		return fail_memory(err, "load escrow certificates");
	enum status status = STATUS_OK;
	for (size_t i = 0; i < count && status == STATUS_OK; i++)
		status = load_escrow_file(service, files[i], err);
	return status;
}

static enum status load_keys(struct backup_service *service, struct error *err)
{
	struct db *state = NULL;
	enum status status = db_pool_take(service->state, &state, err);
	if (status == STATUS_OK)
		status = load_identity(service, state, err);
	if (status == STATUS_OK)
		status = load_drill(service, state, err);
	if (status == STATUS_OK)
		status = load_escrow(service, err);
	db_pool_give(service->state, state);
	return status;
}

static enum status open_all(struct backup_service *service, struct error *err)
{
	enum status status = make_folders(service, err);
	if (status == STATUS_OK)
		status = backup_state_load_master_key(service->config->state_directory,
						      &service->master_key, err);
	if (status == STATUS_OK)
		status = backup_audit_open_with(service->config, service->clock,
						&service->master_key, &service->audit, err);
	if (status == STATUS_OK)
		status = backup_state_lock(service->config->state_directory, &service->lock, err);
	if (status == STATUS_OK)
		status = backup_lease_init(service, err);
	if (status == STATUS_OK)
		status = open_databases(service, err);
	if (status == STATUS_OK)
		status = clear_folders(service, err);
	if (status == STATUS_OK)
		status = load_keys(service, err);
	return status;
}

static void backup_service_free(struct backup_service *service)
{
	(void)pthread_cond_destroy(&service->lease.stopping);
	(void)pthread_mutex_destroy(&service->lease.mutex);
	secret_free(&service->restore.pfx);
	secret_free(&service->restore.password);
	(void)pthread_mutex_destroy(&service->restore.mutex);
	db_pool_free(service->catalogue);
	db_pool_free(service->state);
	signing_key_free(service->identity);
	certificate_free(service->drill);
	for (size_t i = 0; i < service->escrow_count; i++)
		certificate_free(service->escrow[i]);
	free(service->escrow);
	secret_free(&service->master_key);
	if (service->lock >= 0)
		(void)close(service->lock);
	alert_book_free(service->alerts);
	audit_close(service->audit);
	free(service->temporary_directory);
	free(service->cache_directory);
	free(service);
}

enum status backup_service_open(const struct backup_service_settings *settings,
				struct backup_service **out, struct error *err)
{
	struct backup_service *service = calloc(1, sizeof *service);
	if (service == NULL)
		return fail_memory(err, "open state directory");
	service->config = settings->config;
	service->shares = settings->shares;
	service->clock = settings->clock;
	atomic_init(&service->verify_looked, clock_now(service->clock));
	service->lock = -1;
	(void)pthread_mutex_init(&service->lease.mutex, NULL);
	thread_condition_init(&service->lease.stopping);
	(void)pthread_mutex_init(&service->restore.mutex, NULL);
	const struct jobs_kind kinds[BACKUP_KIND_COUNT] = {
		{ BACKUP_KIND_LOCATION_UPDATE, backup_location_run, service },
		{ BACKUP_KIND_BACKUP, backup_run, service },
		{ BACKUP_KIND_HISTORY_CHECK, backup_history_run, service },
		{ BACKUP_KIND_VERIFY, backup_verify_run, service },
		{ BACKUP_KIND_CONNECTION_TEST, backup_connection_run, service },
		{ BACKUP_KIND_PRUNE, backup_prune_run, service },
		{ BACKUP_KIND_RESTORE, backup_restore_run, service },
	};
	memcpy(service->kinds, kinds, sizeof kinds);
	enum status status = alert_book_new(service->config->deployment.location, service->clock,
					    &service->alerts, err);
	if (status == STATUS_OK)
		status = open_all(service, err);
	if (status != STATUS_OK) {
		backup_keeper_stop(service);
		backup_service_free(service);
		return status;
	}
	backup_audit_start(service);
	*out = service;
	return STATUS_OK;
}

void backup_service_close(struct backup_service *service)
{
	if (service == NULL)
		return;
	backup_keeper_stop(service);
	backup_audit_stop(service);
	backup_service_free(service);
}

struct db_pool *backup_service_state(struct backup_service *service)
{
	return service->state;
}

const struct jobs_kind *backup_service_kinds(struct backup_service *service, size_t *count)
{
	*count = BACKUP_KIND_COUNT;
	return service->kinds;
}

void backup_service_set_engine(struct backup_service *service, struct jobs_engine *engine)
{
	atomic_store(&service->engine, engine);
	if (engine != NULL)
		jobs_engine_wake(engine);
}

const struct alert_book *backup_service_alerts(const struct backup_service *service)
{
	return service->alerts;
}

enum status backup_service_derive_key(const struct backup_service *service, const char *purpose,
				      struct secret *out, struct error *err)
{
	return crypto_derive_key(&service->master_key, purpose, out, err);
}

struct audit_log *backup_service_audit(const struct backup_service *service)
{
	return service->audit;
}

const char *backup_service_signer(const struct backup_service *service)
{
	return service->signer;
}

enum status backup_drill_key_load(const struct backup_service *service, struct db *state,
				  struct private_key **out, struct error *err)
{
	AUTO_SECRET pfx = SECRET_EMPTY;
	AUTO_SECRET password = SECRET_EMPTY;
	*out = NULL;
	if (service->drill == NULL)
		return STATUS_OK;
	enum status status =
		backup_secret_load(state, &service->master_key, SECRET_DRILL_PFX, &pfx, err);
	if (status == STATUS_OK)
		status = backup_secret_load(state, &service->master_key, SECRET_DRILL_PASSWORD,
					    &password, err);
	if (status == STATUS_OK)
		status = private_key_from_pfx(pfx.data, pfx.length, &password, out, err);
	return status;
}

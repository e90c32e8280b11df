/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory: made once by `infrabackup init`. */
#include <string.h>
#include <sys/stat.h>

#include "infrabackup/auth.h"

#include "backup_private.h"

#define DRILL_VALID_DAYS 36500

enum status backup_secret_store(struct db *state, const struct secret *master_key, const char *name,
				const struct secret *plain, struct error *err)
{
	struct buffer sealed;
	buffer_init(&sealed, 1u << 20);
	enum status status = crypto_seal(master_key, name, plain, &sealed, err);
	if (status == STATUS_OK)
		status = db_secret_set(state, name, sealed.data, sealed.length, err);
	buffer_done(&sealed);
	return status;
}

enum status backup_secret_load(struct db *state, const struct secret *master_key, const char *name,
			       struct secret *out, struct error *err)
{
	struct buffer sealed;
	buffer_init(&sealed, 1u << 20);
	enum status status = db_secret_get(state, name, &sealed, err);
	if (status == STATUS_OK)
		status = crypto_unseal(master_key, name, sealed.data, sealed.length, out, err);
	buffer_done(&sealed);
	return status;
}

static enum status make_identity(struct db *state, const struct secret *master_key,
				 char signer[FINGERPRINT_TEXT_SIZE], struct error *err)
{
	struct signing_key *key = NULL;
	AUTO_SECRET pem = SECRET_EMPTY;
	enum status status = signing_key_generate(&key, err);
	if (status == STATUS_OK)
		status = signing_key_save(key, &pem, err);
	if (status == STATUS_OK)
		status = backup_secret_store(state, master_key, SECRET_IDENTITY, &pem, err);
	if (status == STATUS_OK) {
		unsigned char public_key[ED25519_PUBLIC_SIZE];
		signing_key_public(key, public_key);
		signer_fingerprint(public_key, signer);
	}
	signing_key_free(key);
	return status;
}

static enum status store_drill(struct db *state, const struct secret *master_key,
			       const struct secret *password, const struct buffer *certificate,
			       const struct buffer *pfx, struct error *err)
{
	AUTO_SECRET pfx_secret = SECRET_EMPTY;
	struct buffer text;
	buffer_init(&text, 1u << 20);
	enum status status = secret_copy(&pfx_secret, pfx->data, pfx->length, err);
	if (status == STATUS_OK)
		status = backup_secret_store(state, master_key, SECRET_DRILL_PFX, &pfx_secret, err);
	if (status == STATUS_OK)
		status = backup_secret_store(state, master_key, SECRET_DRILL_PASSWORD, password,
					     err);
	if (status == STATUS_OK)
		status = base64_encode(certificate->data, certificate->length, &text, err);
	if (status == STATUS_OK)
		status = db_setting_set(state, SETTING_DRILL_CERTIFICATE, (const char *)text.data,
					err);
	buffer_done(&text);
	return status;
}

/* The drill recipient: a key pair of the service's own, so that it can open what it wrote and check
 * it without the operator's PFX. */
static enum status make_drill(struct db *state, const struct secret *master_key, struct error *err)
{
	unsigned char random[16];
	char text[2 * sizeof random + 1];
	AUTO_SECRET password = SECRET_EMPTY;
	struct buffer certificate, pfx;
	buffer_init(&certificate, 1u << 20);
	buffer_init(&pfx, 1u << 20);
	enum status status = crypto_random(random, sizeof random, err);
	if (status == STATUS_OK) {
		hex_encode(random, sizeof random, false, text);
		status = secret_copy(&password, text, strlen(text), err);
	}
	if (status == STATUS_OK)
		status = certificate_generate("infrabackup drill recipient", false,
					      DRILL_VALID_DAYS, &password, &certificate, &pfx, err);
	if (status == STATUS_OK)
		status = store_drill(state, master_key, &password, &certificate, &pfx, err);
	explicit_bzero(random, sizeof random);
	explicit_bzero(text, sizeof text);
	if (pfx.data != NULL)
		explicit_bzero(pfx.data, pfx.length);
	buffer_done(&certificate);
	buffer_done(&pfx);
	return status;
}

static enum status fill_state(struct db *state, const struct secret *master_key,
			      const struct clock *clock, struct backup_initialized *out,
			      struct error *err)
{
	enum status status = make_identity(state, master_key, out->signer, err);
	if (status == STATUS_OK)
		status = make_drill(state, master_key, err);
	if (status == STATUS_OK)
		status = auth_token_create(state, "init", AUTH_ADMINISTRATOR, clock_now(clock), 0,
					   &out->token, err);
	return status;
}

static enum status make_database(const char *directory, const struct secret *master_key,
				 const struct clock *clock, struct backup_initialized *out,
				 struct error *err)
{
	AUTO_FREE char *path = file_join(directory, STATE_DATABASE);
	if (path == NULL)
		return fail_memory(err, "make state directory");
	struct db *state = NULL;
	enum status status = db_open(path, DB_STATE, &state, err);
	if (status == STATUS_OK)
		status = fill_state(state, master_key, clock, out, err);
	db_close(state);
	return status;
}

static enum status refuse_initialized(const char *directory, const char *name, struct error *err)
{
	AUTO_FREE char *path = file_join(directory, name);
	if (path == NULL)
		return fail_memory(err, "make state directory");
	struct stat there;
	if (lstat(path, &there) == 0)
		return fail(err, STATUS_EXISTS, "make state directory", path,
			    "the state directory is initialised already; to start afresh, move it "
			    "away first");
	return STATUS_OK;
}

/* The master key comes last: a state directory without it counts as not initialised, so that an
 * interrupted init can be repeated. */
enum status backup_state_init(const struct config *config, const struct clock *clock,
			      struct backup_initialized *out, struct error *err)
{
	const char *directory = config->state_directory;
	struct backup_initialized made = { .signer = "", .token = SECRET_EMPTY };
	AUTO_SECRET master_key = SECRET_EMPTY;
	AUTO_FREE char *key_path = file_join(directory, STATE_MASTER_KEY);
	AUTO_FREE char *database_path = file_join(directory, STATE_DATABASE);
	if (key_path == NULL || database_path == NULL)
		return fail_memory(err, "make state directory");
	enum status status = refuse_initialized(directory, STATE_MASTER_KEY, err);
	if (status == STATUS_OK)
		status = file_make_directories(directory, 0700, err);
	if (status == STATUS_OK)
		status = file_remove_tree(database_path, err);
	if (status == STATUS_OK)
		status = crypto_random_secret(&master_key, KEY_SIZE, err);
	if (status == STATUS_OK)
		status = make_database(directory, &master_key, clock, &made, err);
	if (status == STATUS_OK)
		status = file_write(key_path, 0600, false, master_key.data, master_key.length, err);
	if (status == STATUS_OK)
		*out = made;
	else
		backup_initialized_done(&made);
	return status;
}

void backup_initialized_done(struct backup_initialized *initialized)
{
	if (initialized != NULL)
		secret_free(&initialized->token);
}

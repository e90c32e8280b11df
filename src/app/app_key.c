/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup key new-cert, new-psk, inventory */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "infrabackup/crypto.h"
#include "infrabackup/db.h"

#include "app_private.h"

#define KEY_FILE_MAX (1u << 20)
#define DEFAULT_DAYS 3650
/* 64 characters of base64 carry so many random bytes. */
#define PSK_SIZE 48

struct new_certificate {
	char *certificate_path, *pfx_path;
	struct buffer certificate, pfx;
	struct certificate *parsed;
};

static enum status refuse_existing(const char *path, struct error *err)
{
	struct stat there;
	if (lstat(path, &there) != 0)
		return STATUS_OK;
	return fail(err, STATUS_EXISTS, "write key", path,
		    "it exists already and is not overwritten");
}

static enum status name_files(struct new_certificate *made, const char *base, struct error *err)
{
	if (asprintf(&made->certificate_path, "%s.cer", base) < 0)
		made->certificate_path = NULL;
	if (asprintf(&made->pfx_path, "%s.pfx", base) < 0)
		made->pfx_path = NULL;
	if (made->certificate_path == NULL || made->pfx_path == NULL)
		return fail_memory(err, "write key");
	enum status status = refuse_existing(made->certificate_path, err);
	if (status == STATUS_OK)
		status = refuse_existing(made->pfx_path, err);
	return status;
}

static enum status generate(const struct app_arguments *arguments, struct new_certificate *made,
			    struct error *err)
{
	AUTO_SECRET password = SECRET_EMPTY;
	const struct app_secret_source source = {
		.file = arguments->password_file,
		.file_option = "--password-file",
		.environment = ENVIRONMENT_PFX_PASSWORD,
		.prompt = "Password of the new PFX",
		.is_new = true,
	};
	const char *name =
		arguments->common_name != NULL ? arguments->common_name : "infrabackup encryption";
	int days = arguments->days.is_given ? (int)arguments->days.value : DEFAULT_DAYS;
	enum status status = app_secret_get(&source, &password, err);
	if (status == STATUS_OK)
		status = certificate_generate(name, !arguments->ec, days, &password,
					      &made->certificate, &made->pfx, err);
	if (status == STATUS_OK)
		status = certificate_parse(made->certificate.data, made->certificate.length, "",
					   &made->parsed, err);
	return status;
}

/* The key first: a certificate without its key would be of harm. */
static enum status write_files(const struct new_certificate *made, struct error *err)
{
	enum status status =
		file_write(made->pfx_path, 0600, false, made->pfx.data, made->pfx.length, err);
	if (status != STATUS_OK)
		return status;
	status = file_write(made->certificate_path, 0644, false, made->certificate.data,
			    made->certificate.length, err);
	if (status != STATUS_OK)
		(void)unlink(made->pfx_path);
	return status;
}

static void show_certificate(struct app_call *call, const struct new_certificate *made)
{
	char until[CLOCK_TEXT_SIZE];
	(void)app_time_text(made->parsed->not_after, until);
	if (call->arguments.json)
		call->json = json_pack("{s:s, s:s, s:s, s:s}", "certificate",
				       made->certificate_path, "pfx", made->pfx_path, "thumbprint",
				       made->parsed->thumbprint, "notAfter", until);
	else
		(void)printf("certificate  %s  (for the backup location)\n"
			     "private key  %s  (keep it away from this machine)\n"
			     "thumbprint   %s\n"
			     "valid until  %s\n",
			     made->certificate_path, made->pfx_path, made->parsed->thumbprint,
			     until);
}

enum status app_key_new_certificate(struct app_call *call, struct error *err)
{
	struct new_certificate made = { 0 };
	const struct app_arguments *arguments = &call->arguments;
	if (arguments->rsa && arguments->ec)
		return fail_field(err, "--ec", "given together with --rsa, one of them is allowed");
	buffer_init(&made.certificate, KEY_FILE_MAX);
	buffer_init(&made.pfx, KEY_FILE_MAX);
	enum status status = name_files(&made, arguments->out, err);
	if (status == STATUS_OK)
		status = generate(arguments, &made, err);
	if (status == STATUS_OK)
		status = write_files(&made, err);
	if (status == STATUS_OK)
		show_certificate(call, &made);
	if (made.pfx.data != NULL)
		explicit_bzero(made.pfx.data, made.pfx.capacity);
	buffer_done(&made.pfx);
	buffer_done(&made.certificate);
	certificate_free(made.parsed);
	free(made.certificate_path);
	free(made.pfx_path);
	return status;
}

enum status app_key_new_psk(struct app_call *call, struct error *err)
{
	const char *path = call->arguments.out;
	unsigned char random[PSK_SIZE];
	struct buffer text;
	buffer_init(&text, 256);
	/* Room first: growing would leave a copy behind. */
	enum status status = buffer_reserve(&text, 128, err);
	if (status == STATUS_OK)
		status = crypto_random(random, sizeof random, err);
	if (status == STATUS_OK)
		status = base64_encode(random, sizeof random, &text, err);
	if (status == STATUS_OK)
		status = buffer_append(&text, "\n", 1, err);
	if (status == STATUS_OK)
		status = file_write(path, 0600, false, text.data, text.length, err);
	if (status == STATUS_OK && call->arguments.json)
		call->json = json_pack("{s:s}", "file", path);
	else if (status == STATUS_OK)
		(void)printf("pre-shared key  %s\n", path);
	explicit_bzero(random, sizeof random);
	if (text.data != NULL)
		explicit_bzero(text.data, text.capacity);
	buffer_done(&text);
	return status;
}

struct key_list {
	bool is_json;
	json_t *items;
};

static enum status show_key(const struct db_key *key, void *context, struct error *err)
{
	struct key_list *list = context;
	char until[CLOCK_TEXT_SIZE], first[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];
	(void)app_time_text(key->not_after, until);
	(void)app_time_text(key->first_used, first);
	(void)app_time_text(key->last_used, last);
	if (!list->is_json) {
		(void)printf("%-40s %-8s %7llu %-20s %-20s %-20s %s\n", key->thumbprint,
			     key->purpose, (unsigned long long)key->backups, first, last, until,
			     key->subject);
		return STATUS_OK;
	}
	json_t *item = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:s}", "thumbprint",
				 key->thumbprint, "purpose", key->purpose, "subject", key->subject,
				 "backups", (json_int_t)key->backups, "firstUsed", first,
				 "lastUsed", last, "notAfter", until);
	if (json_array_append_new(list->items, item) != 0)
		return fail_memory(err, "list keys");
	return STATUS_OK;
}

enum status app_key_inventory(struct app_call *call, struct error *err)
{
	struct config *config = NULL;
	struct db *db = NULL;
	struct key_list list = { .is_json = call->arguments.json, .items = json_array() };
	enum status status = config_load(call->arguments.config, &config, err);
	if (status == STATUS_OK)
		status = app_state_open(config, &db, err);
	if (status == STATUS_OK && !list.is_json)
		(void)printf("%-40s %-8s %7s %-20s %-20s %-20s %s\n", "THUMBPRINT", "PURPOSE",
			     "BACKUPS", "FIRST USED", "LAST USED", "VALID UNTIL", "SUBJECT");
	if (status == STATUS_OK)
		status = db_key_list(db, show_key, &list, err);
	if (status == STATUS_OK && list.is_json)
		call->json = json_pack("{s:O}", "keys", list.items);
	json_decref(list.items);
	db_close(db);
	config_free(config);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup configure */
#include <stdio.h>
#include <string.h>

#include "infrabackup/crypto.h"

#include "app_private.h"

#define CERTIFICATE_MAX (256u << 10)

static enum status set(json_t *store, const char *name, json_t *value, struct error *err)
{
	if (json_object_set_new(store, name, value) == 0)
		return STATUS_OK;
	return fail_memory(err, "write request");
}

enum status app_put_path(const struct app_arguments *arguments, json_t *store, struct error *err)
{
	struct share_address address;
	if (arguments->path == NULL)
		return STATUS_OK;
	enum status status = share_address_parse(arguments->path, "--path", &address, err);
	if (status == STATUS_OK)
		status = set(store, "path", json_string(arguments->path), err);
	return status;
}

enum status app_put_account(const struct app_arguments *arguments, json_t *store, struct error *err)
{
	AUTO_SECRET password = SECRET_EMPTY;
	const struct app_secret_source source = {
		.file = arguments->password_file,
		.file_option = "--password-file",
		.environment = ENVIRONMENT_PASSWORD,
		.prompt = "Password of the share's user",
	};
	enum status status = STATUS_OK;
	if (arguments->user != NULL)
		status = set(store, "userName", json_string(arguments->user), err);
	if (status == STATUS_OK && (arguments->user != NULL || arguments->password_file != NULL)) {
		status = app_secret_get(&source, &password, err);
		if (status == STATUS_OK)
			status = set(store, "password",
				     json_stringn((const char *)password.data, password.length),
				     err);
	}
	return status;
}

static void warn_expired(const struct certificate *certificate)
{
	char until[CLOCK_TEXT_SIZE];
	if (certificate_is_expired(certificate, clock_now(&system_clock)))
		(void)fprintf(
			stderr,
			"infrabackup configure: warning: the certificate %s has expired on %s; "
			"its key still opens what is encrypted for it\n",
			certificate->thumbprint, app_time_text(certificate->not_after, until));
}

static enum status encode(json_t *store, const struct certificate *certificate, struct error *err)
{
	struct buffer text;
	buffer_init(&text, 2 * CERTIFICATE_MAX);
	enum status status =
		base64_encode(certificate->der.data, certificate->der.length, &text, err);
	if (status == STATUS_OK)
		status = set(store, "encryptionCertBase64", json_string((const char *)text.data),
			     err);
	buffer_done(&text);
	return status;
}

static enum status set_certificate(const struct app_arguments *arguments, json_t *store,
				   struct error *err)
{
	struct buffer bytes;
	struct certificate *certificate = NULL;
	if (arguments->certificate == NULL)
		return STATUS_OK;
	buffer_init(&bytes, CERTIFICATE_MAX);
	enum status status = file_read(arguments->certificate, CERTIFICATE_MAX - 1, &bytes, err);
	if (status == STATUS_OK)
		status = certificate_parse(bytes.data, bytes.length, "--cert", &certificate, err);
	if (status == STATUS_OK)
		status = encode(store, certificate, err);
	if (status == STATUS_OK)
		warn_expired(certificate);
	certificate_free(certificate);
	/* It may have been a private key that was sent by mistake. */
	if (bytes.data != NULL)
		explicit_bzero(bytes.data, bytes.capacity);
	buffer_done(&bytes);
	return status;
}

static enum status set_schedule(const struct app_arguments *arguments, json_t *store,
				struct error *err)
{
	enum status status = STATUS_OK;
	if (arguments->frequency.is_given)
		status = set(store, "backupFrequencyInHours",
			     json_integer(arguments->frequency.value), err);
	if (status == STATUS_OK && arguments->retention.is_given)
		status = set(store, "backupRetentionPeriodInDays",
			     json_integer(arguments->retention.value), err);
	if (status == STATUS_OK && arguments->scheduler != NULL)
		status = set(store, "isBackupSchedulerEnabled",
			     json_boolean(text_equal_ignoring_case(arguments->scheduler, "on")),
			     err);
	return status;
}

static enum status make_store(const struct app_arguments *arguments, json_t *store,
			      struct error *err)
{
	enum status status = app_put_path(arguments, store, err);
	if (status == STATUS_OK)
		status = set_certificate(arguments, store, err);
	if (status == STATUS_OK)
		status = set_schedule(arguments, store, err);
	if (status == STATUS_OK)
		status = app_put_account(arguments, store, err);
	if (status == STATUS_OK && json_object_size(store) == 0)
		status = fail_field(
			err, "--path",
			"nothing to change: give at least one of --path, --user, "
			"--password-file, --cert, --frequency, --retention, --scheduler");
	return status;
}

/* Only a retention that was shortened has a plan. */
static void print_what_goes(const json_t *plan)
{
	if (!json_is_object(plan))
		return;
	(void)printf("the next prune lets %zu of %zu backups go%s; `infrabackup prune --dry-run` "
		     "shows which\n",
		     app_prune_count_expired(plan),
		     json_array_size(json_object_get(plan, "backups")),
		     json_array_size(json_object_get(plan, "brakes")) > 0 ? ", once it is confirmed"
									  : "");
}

static enum status send_store(const struct app_call *call, struct app_client *client, json_t *store,
			      struct error *err)
{
	char id[GUID_TEXT_SIZE];
	AUTO_JSON operation = NULL;
	AUTO_JSON body = json_pack("{s:s, s:{s:O}}", "location", client->region, "properties",
				   "externalStoreDefault", store);
	if (body == NULL)
		return fail_memory(err, "write request");
	enum status status = app_client_begin(client, "PUT", "", body, id, err);
	if (status == STATUS_OK)
		status = app_wait(client, id, call->arguments.json, &operation, err);
	if (status == STATUS_OK)
		status = app_wait_judge(operation, err);
	if (status == STATUS_OK && !call->arguments.json)
		print_what_goes(
			json_object_get(json_object_get(operation, "properties"), "retentionPlan"));
	return status;
}

static enum status show_location(struct app_call *call, struct app_client *client,
				 struct error *err)
{
	struct client_answer answer = { 0 };
	enum status status = app_client_call(client, "GET", "", NULL, &answer, err);
	if (status != STATUS_OK)
		return status;
	const json_t *store =
		json_object_get(json_object_get(answer.body, "properties"), "externalStoreDefault");
	if (call->arguments.json)
		call->json = json_incref(answer.body);
	else
		(void)printf("backups go to %s, encrypted for %s\n", app_json_text(store, "path"),
			     app_json_text(store, "encryptionCertThumbprint"));
	client_answer_done(&answer);
	return STATUS_OK;
}

enum status app_configure(struct app_call *call, struct error *err)
{
	struct app_client client;
	AUTO_JSON store = json_object();
	if (store == NULL)
		return fail_memory(err, "write request");
	enum status status = make_store(&call->arguments, store, err);
	if (status != STATUS_OK)
		return status;
	status = app_client_open(call, &client, err);
	if (status != STATUS_OK)
		return status;
	status = send_store(call, &client, store, err);
	if (status == STATUS_OK)
		status = show_location(call, &client, err);
	app_client_close(&client);
	return status;
}

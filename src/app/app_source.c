/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a repository and a private key for the commands that read backups. */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

#define DEFAULT_DEADLINE 60
#define PFX_MAX (1u << 20)
#define DIGEST_PREFIX "SHA256:"

static enum status check_digest(const char *text, const char *option, struct error *err)
{
	unsigned char digest[SHA256_SIZE];
	if (text == NULL || (strncasecmp(text, DIGEST_PREFIX, sizeof DIGEST_PREFIX - 1) == 0 &&
			     hex_decode(text + sizeof DIGEST_PREFIX - 1, digest, sizeof digest)))
		return STATUS_OK;
	return fail_field(err, option,
			  "found '%.80s', allowed is SHA256: and 64 hexadecimal digits", text);
}

static enum status check_arguments(const struct app_arguments *arguments, struct error *err)
{
	enum status status = check_digest(arguments->signer, "--signer", err);
	if (status == STATUS_OK)
		status = check_digest(arguments->head, "--head", err);
	return status;
}

static void show(void *context, const char *phase, uint64_t done, uint64_t total)
{
	app_progress_show(context, phase, done, total);
}

static enum status open_share(const struct app_arguments *arguments, struct app_source *out,
			      struct error *err)
{
	const struct recover_settings settings = {
		.shares = &out->share.drivers.registry,
		.share = &out->share.options,
		.signer = arguments->signer,
		.head = arguments->head,
		.threads = arguments->threads.is_given ? (unsigned)arguments->threads.value : 0,
		.progress = show,
		.progress_context = &out->progress,
	};
	return recover_source_open(&settings, &out->source, err);
}

enum status app_source_open(const struct app_call *call, const struct config *config,
			    struct app_source *out, struct error *err)
{
	const struct app_arguments *arguments = &call->arguments;
	const struct app_share_request request = {
		.share = arguments->from,
		.option = "--from",
		.deadline = DEFAULT_DEADLINE,
		.config = config,
	};
	memset(out, 0, sizeof *out);
	app_progress_init(&out->progress, stderr, isatty(STDERR_FILENO) == 1, &system_clock);
	out->progress.is_quiet = arguments->json;
	enum status status = check_arguments(arguments, err);
	if (status == STATUS_OK)
		status = app_share_prepare(arguments, &request, &out->share, err);
	if (status == STATUS_OK)
		status = open_share(arguments, out, err);
	if (status != STATUS_OK)
		app_source_close(out);
	return status;
}

void app_source_close(struct app_source *source)
{
	app_progress_end(&source->progress);
	recover_source_close(source->source);
	app_share_done(&source->share);
	source->source = NULL;
}

enum status app_source_pfx(const struct app_call *call, struct secret *pfx, struct secret *password,
			   struct error *err)
{
	const struct app_secret_source source = {
		.file = call->arguments.pfx_password_file,
		.file_option = "--pfx-password-file",
		.environment = ENVIRONMENT_PFX_PASSWORD,
		.prompt = "Password of the PFX",
	};
	struct buffer bytes;
	buffer_init(&bytes, PFX_MAX);
	enum status status = file_read(call->arguments.pfx, PFX_MAX - 1, &bytes, err);
	if (status == STATUS_OK)
		status = secret_copy(pfx, bytes.data, bytes.length, err);
	if (status == STATUS_OK)
		status = app_secret_get(&source, password, err);
	if (bytes.data != NULL)
		explicit_bzero(bytes.data, bytes.capacity);
	buffer_done(&bytes);
	return status;
}

enum status app_source_key(const struct app_call *call, struct private_key **out, struct error *err)
{
	AUTO_SECRET pfx = SECRET_EMPTY;
	AUTO_SECRET password = SECRET_EMPTY;
	const char *path = call->arguments.pfx;
	if (path != NULL && call->arguments.key_file != NULL)
		return fail_field(err, "--key-file",
				  "given together with --pfx, one of them is "
				  "allowed");
	if (path == NULL && call->arguments.pfx_password_file != NULL)
		return fail_field(err, "--pfx-password-file", "given without --pfx");
	if (path == NULL)
		return STATUS_OK;
	enum status status = app_source_pfx(call, &pfx, &password, err);
	if (status != STATUS_OK)
		return status;
	status = private_key_from_pfx(pfx.data, pfx.length, &password, out, err);
	if (status != STATUS_OK)
		error_add_context(err, "--pfx %s", path);
	return status;
}

enum status app_source_psk(const struct app_call *call, const struct app_source *source,
			   struct private_key **out, struct error *err)
{
	AUTO_SECRET text = SECRET_EMPTY;
	AUTO_SECRET key = SECRET_EMPTY;
	const char *path = call->arguments.key_file;
	if (path == NULL)
		return STATUS_OK;
	enum status status = secret_read_file(&text, path, err);
	if (status == STATUS_OK)
		status = psk_parse((const char *)text.data, "--key-file", &key, err);
	if (status == STATUS_OK)
		status = recover_source_key(source->source, &key, out, err);
	return status;
}

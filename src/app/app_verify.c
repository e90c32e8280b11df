/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup verify */
#include <stdio.h>
#include <string.h>

#include "app_private.h"

static json_t *result_json(const struct recover_verify_result *result)
{
	return json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "sound",
			 result->findings.fatal_count == 0, "backups", (json_int_t)result->backups,
			 "packs", (json_int_t)result->packs, "bytes", (json_int_t)result->bytes,
			 "blocks", (json_int_t)result->blocks, "chunks", (json_int_t)result->chunks,
			 "files", (json_int_t)result->files, "findings",
			 recover_findings_json(&result->findings));
}

static void print_result(const struct recover_verify_result *result, bool has_key)
{
	char bytes[32];
	app_findings_print(stdout, &result->findings);
	(void)printf("verified %llu backups, %llu packs, %s", (unsigned long long)result->backups,
		     (unsigned long long)result->packs, app_bytes_text(result->bytes, bytes));
	if (has_key)
		(void)printf("; decrypted %llu blocks, %llu chunks, %llu files",
			     (unsigned long long)result->blocks, (unsigned long long)result->chunks,
			     (unsigned long long)result->files);
	else
		(void)printf("; content not checked (that needs --pfx)");
	if (result->findings.fatal_count == 0)
		(void)printf(": sound\n");
	else
		(void)printf(": %zu %s\n", result->findings.fatal_count,
			     result->findings.fatal_count == 1 ? "fault" : "faults");
}

static enum status check(struct app_call *call, struct app_source *source,
			 const struct private_key *key, struct recover_verify_result *result,
			 struct error *err)
{
	const struct app_arguments *arguments = &call->arguments;
	const struct recover_backup *backup = NULL;
	enum status status = STATUS_OK;
	if (arguments->backup != NULL && !text_equal_ignoring_case(arguments->backup, "all"))
		status = recover_find(source->source, arguments->backup, &backup, err);
	if (status == STATUS_OK)
		status = recover_verify(source->source, backup, key, arguments->files, result, err);
	return status;
}

static enum status report(struct app_call *call, struct app_source *source,
			  const struct private_key *key, const struct recover_verify_result *result,
			  struct error *err)
{
	app_progress_end(&source->progress);
	if (call->arguments.json)
		call->json = result_json(result);
	else
		print_result(result, key != NULL);
	if (result->findings.fatal_count > 0)
		return fail(err, STATUS_INTEGRITY, "verify", call->arguments.from,
			    "the backups are not sound: see the findings");
	return STATUS_OK;
}

enum status app_verify(struct app_call *call, struct error *err)
{
	struct app_source source;
	struct private_key *key = NULL;
	struct recover_verify_result result;
	memset(&result, 0, sizeof result);
	if (call->arguments.files && call->arguments.pfx == NULL &&
	    call->arguments.key_file == NULL)
		return fail_field(err, "--files", "given without --pfx or --key-file");
	enum status status = app_source_key(call, &key, err);
	if (status != STATUS_OK)
		return status;
	status = app_source_open(call, NULL, &source, err);
	if (status == STATUS_OK) {
		status = app_source_psk(call, &source, &key, err);
		if (status == STATUS_OK)
			status = check(call, &source, key, &result, err);
		if (status == STATUS_OK) {
			status = report(call, &source, key, &result, err);
			recover_verify_result_done(&result);
		}
		app_source_close(&source);
	}
	private_key_free(key);
	return status;
}

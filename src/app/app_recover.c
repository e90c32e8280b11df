/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup recover */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app_private.h"

struct recovering {
	struct config *config; /* NULL: into a directory */
	struct app_targets targets;
	struct private_key *key;
	struct app_source source;
	bool is_open;
	struct recover_result result;
};

static enum status check_directory(const char *path, struct error *err)
{
	AUTO_CLOSEDIR directory = opendir(path);
	const struct dirent *entry;
	if (directory == NULL && errno == ENOENT)
		return STATUS_OK;
	if (directory == NULL)
		return fail_field(
			err, "--to",
			"found %s, which cannot be read as a directory (%s); allowed is a "
			"directory that is empty or does not exist",
			path, strerror(errno));
	while ((entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return fail_field(err, "--to",
					  "found %s, which is not empty (%.100s); allowed is a "
					  "directory that is empty or does not exist",
					  path, entry->d_name);
	return STATUS_OK;
}

static enum status check_arguments(const struct app_arguments *arguments, struct error *err)
{
	if (arguments->pfx == NULL && arguments->key_file == NULL)
		return fail_field(
			err, "--pfx",
			"missing; allowed is --pfx FILE, or --key-file FILE for backups of "
			"a pre-shared key");
	if (arguments->to == NULL && arguments->config == NULL)
		return fail_field(err, "--to",
				  "missing; allowed is --to DIR, or --config FILE to recover into "
				  "the services");
	if (arguments->to != NULL && arguments->config != NULL)
		return fail_field(err, "--to",
				  "given together with --config, one of them is allowed");
	return arguments->to != NULL ? check_directory(arguments->to, err) : STATUS_OK;
}

static enum status prepare(struct app_call *call, struct recovering *recovering, struct error *err)
{
	const struct app_arguments *arguments = &call->arguments;
	enum status status = check_arguments(arguments, err);
	if (status == STATUS_OK && arguments->config != NULL)
		status = config_load(arguments->config, &recovering->config, err);
	if (status == STATUS_OK)
		status = app_source_key(call, &recovering->key, err);
	if (status == STATUS_OK && recovering->config != NULL)
		status = app_targets_load(recovering->config, &arguments->roles,
					  &recovering->targets, err);
	if (status == STATUS_OK)
		status = app_source_open(call, recovering->config, &recovering->source, err);
	recovering->is_open = status == STATUS_OK;
	if (status == STATUS_OK)
		status = app_source_psk(call, &recovering->source, &recovering->key, err);
	return status;
}

static enum status recover_backup(struct app_call *call, struct recovering *recovering,
				  struct error *err)
{
	const struct app_arguments *arguments = &call->arguments;
	struct recover_options options = {
		.key = recovering->key,
		.roles = arguments->roles.count > 0 ? arguments->roles.items : NULL,
		.directory = arguments->to,
		.targets = recovering->targets.items,
		.target_count = recovering->targets.count,
		.stamp_version = arguments->stamp_version,
		.cancel = recovering->source.share.cancel,
	};
	if (options.stamp_version == NULL && recovering->config != NULL)
		options.stamp_version = recovering->config->deployment.stamp_version;
	enum status status = recover_find(recovering->source.source,
					  arguments->backup != NULL ? arguments->backup : "latest",
					  &options.backup, err);
	if (status != STATUS_OK)
		return status;
	status = recover_run(recovering->source.source, &options, &recovering->result, err);
	app_progress_end(&recovering->source.progress);
	return status;
}

struct totals {
	uint64_t files, bytes;
};

static struct totals add_up(const struct recover_result *result)
{
	struct totals totals = { 0, 0 };
	for (size_t i = 0; i < result->role_count; i++) {
		totals.files += result->roles[i].files;
		totals.bytes += result->roles[i].bytes;
	}
	return totals;
}

static void print_result(const struct recover_result *result)
{
	struct totals totals = add_up(result);
	char bytes[32];
	app_findings_print(stderr, &result->findings);
	/* Nothing was written: the error says so. */
	if (result->role_count == 0)
		return;
	(void)printf("%-24s %-12s %10s %10s %10s %9s %8s\n", "ROLE", "RESULT", "ENTRIES", "FILES",
		     "BYTES", "PROBLEMS", "REFUSED");
	for (size_t i = 0; i < result->role_count; i++) {
		const struct recover_role_result *role = &result->roles[i];
		(void)printf("%-24s %-12s %10llu %10llu %10s %9llu %8llu\n", role->role,
			     role->status == STATUS_OK ? "recovered" : "failed",
			     (unsigned long long)role->entries, (unsigned long long)role->files,
			     app_bytes_text(role->bytes, bytes), (unsigned long long)role->problems,
			     (unsigned long long)role->refused);
		if (role->status != STATUS_OK) {
			char text[1200];
			(void)printf("  %s: %s\n", role->role,
				     error_text(&role->error, text, sizeof text));
		}
	}
	(void)printf("recovered %llu files, %llu bytes\n", (unsigned long long)totals.files,
		     (unsigned long long)totals.bytes);
}

/* A service that the backup knows nothing of stays as it is; that must not go unnoticed. */
static void note_untouched(const struct app_call *call, const struct recovering *recovering)
{
	const struct recover_result *result = &recovering->result;
	if (recovering->config == NULL || call->arguments.roles.count > 0 ||
	    result->role_count == 0)
		return;
	for (size_t i = 0; i < recovering->config->service_count; i++) {
		const char *role = recovering->config->services[i].role;
		bool found = false;
		for (size_t k = 0; k < result->role_count && !found; k++)
			found = text_equal_ignoring_case(result->roles[k].role, role);
		if (!found)
			(void)fprintf(
				stderr,
				"infrabackup recover: note: role %s is not in the backup; its "
				"service was left alone\n",
				role);
	}
}

enum status app_recover(struct app_call *call, struct error *err)
{
	struct recovering recovering;
	memset(&recovering, 0, sizeof recovering);
	enum status status = prepare(call, &recovering, err);
	if (status == STATUS_OK)
		status = recover_backup(call, &recovering, err);
	if (recovering.is_open) {
		if (call->arguments.json)
			call->json = recover_result_json(&recovering.result);
		else
			print_result(&recovering.result);
		note_untouched(call, &recovering);
		app_source_close(&recovering.source);
	}
	recover_result_done(&recovering.result);
	app_targets_done(&recovering.targets);
	private_key_free(recovering.key);
	config_free(recovering.config);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery: everything is verified before a byte is written. */
#include <stdio.h>
#include <string.h>

#include "recover_restore_private.h"

bool recover_wants_role(const struct recover_options *options, const char *role)
{
	if (options->roles == NULL)
		return true;
	for (size_t i = 0; options->roles[i] != NULL; i++)
		if (text_equal_ignoring_case(options->roles[i], role))
			return true;
	return false;
}

const struct recover_target *recover_find_target(const struct recover_options *options,
						 const char *role)
{
	for (size_t i = 0; i < options->target_count; i++)
		if (text_equal_ignoring_case(options->targets[i].role, role))
			return &options->targets[i];
	return NULL;
}

static enum status check_wanted(const struct recover_options *options,
				const struct archive_record *record, struct error *err)
{
	for (size_t i = 0; options->roles != NULL && options->roles[i] != NULL; i++) {
		bool found = false;
		for (size_t role = 0; role < record->role_count; role++)
			if (text_equal_ignoring_case(options->roles[i], record->roles[role].name))
				found = true;
		if (!found)
			return fail(err, STATUS_NOT_FOUND, "find role", options->roles[i],
				    "backup %s has no such role", record->backup_id);
	}
	return STATUS_OK;
}

/* A role without a place to go would be left out silently; a role that failed when the backup was
 * made has nothing to restore. */
static enum status check_roles(const struct recover_options *options,
			       const struct recover_backup *backup, struct recover_result *result,
			       struct error *err)
{
	const struct archive_record *record = backup->record;
	enum status status = check_wanted(options, record, err);
	for (size_t i = 0; i < record->role_count && status == STATUS_OK; i++) {
		const struct archive_record_role *role = &record->roles[i];
		if (!recover_wants_role(options, role->name))
			continue;
		if (strcmp(role->status, "Failed") == 0 || strcmp(role->status, "Cancelled") == 0)
			status = recover_note(&result->findings, RECOVER_SCOPE_BACKUP,
					      backup->backup_id, false, backup->folder, err,
					      "role %s is not in this backup: %s", role->name,
					      role->error_message != NULL ? role->error_message
									  : "it failed");
		else if (options->directory == NULL &&
			 recover_find_target(options, role->name) == NULL)
			status = recover_note(
				&result->findings, RECOVER_SCOPE_BACKUP, backup->backup_id, true,
				backup->folder, err,
				"role %s has no service in the configuration; add it, or "
				"choose the others with --role",
				role->name);
	}
	return status;
}

static enum status verify_first(struct recover_source *source,
				const struct recover_options *options,
				struct recover_result *result, struct error *err)
{
	struct recover_verify_result verified;
	enum status status =
		recover_verify(source, options->backup, options->key, false, &verified, err);
	if (status != STATUS_OK)
		return status;
	status = recover_note_all(&result->findings, &verified.findings, err);
	recover_verify_result_done(&verified);
	return status;
}

/* What needs no reading of packs is said first: nobody wants to wait an hour for a mistyped role.
 */
static enum status check_options(struct recover_source *source,
				 const struct recover_options *options,
				 struct recover_result *result, struct error *err)
{
	const struct recover_backup *backup = options->backup;
	if (backup->record == NULL ||
	    recover_is_refused(recover_source_findings(source), backup->backup_id))
		return STATUS_OK;
	enum status status = check_roles(options, backup, result, err);
	if (status == STATUS_OK && options->stamp_version != NULL)
		status = recover_check_versions(backup->record->stamp_version,
						options->stamp_version, err);
	return status;
}

static enum status prepare(struct recover_source *source, const struct recover_options *options,
			   struct recover_result *result, struct error *err)
{
	const struct recover_backup *backup = options->backup;
	enum status status = check_options(source, options, result, err);
	if (status == STATUS_OK && result->findings.fatal_count > 0)
		return fail(err, STATUS_INTEGRITY, "check roles", backup->folder,
			    "a role has no place to go to; nothing was written");
	if (status == STATUS_OK)
		status = verify_first(source, options, result, err);
	if (status == STATUS_OK && recover_is_refused(&result->findings, backup->backup_id))
		return fail(err, STATUS_INTEGRITY, "verify before recovery", backup->folder,
			    "the backup is not sound; nothing was written");
	if (status == STATUS_OK && (backup->record == NULL || !backup->is_committed))
		return fail(err, STATUS_INTEGRITY, "verify before recovery", backup->folder,
			    "the backup is not complete; nothing was written");
	return status;
}

static enum status open_state(struct recover_run_state *state, struct error *err)
{
	const struct archive_record *record = state->options->backup->record;
	state->bytes_total = record->bytes;
	state->hash = hash_new();
	if (state->hash == NULL)
		return fail_memory(err, "recover");
	enum status status = recover_keys_open(record, state->options->key, &state->keys, err);
	if (status == STATUS_OK)
		status = recover_connect(state->source, &state->share, err);
	if (status == STATUS_OK)
		status = recover_content_new(state->share, record, &state->keys, &state->content,
					     err);
	return status;
}

static bool was_written(const struct recover_result *result, const char *role)
{
	for (size_t i = 0; i < result->role_count; i++)
		if (strcmp(result->roles[i].role, role) == 0)
			return true;
	return false;
}

/* A role that the backup lists and its manifest does not hold. */
static enum status check_complete(const struct recover_options *options,
				  const struct recover_result *result, struct error *err)
{
	const struct archive_record *record = options->backup->record;
	for (size_t i = 0; i < record->role_count; i++) {
		const struct archive_record_role *role = &record->roles[i];
		if (recover_wants_role(options, role->name) && !was_written(result, role->name))
			return fail(err, STATUS_PARTIAL, "recover", role->name,
				    "role %s is not in this backup: %.300s", role->name,
				    role->error_message != NULL ? role->error_message
								: role->status);
	}
	return STATUS_OK;
}

static enum status summarize(const struct recover_options *options,
			     const struct recover_result *result, struct error *err)
{
	for (size_t i = 0; i < result->role_count; i++) {
		const struct recover_role_result *role = &result->roles[i];
		if (role->status != STATUS_OK)
			return fail(err, STATUS_PARTIAL, "recover", role->role,
				    "role %s was not restored: %.300s", role->role,
				    role->error.message);
		if (role->problems > 0)
			return fail(
				err, STATUS_PARTIAL, "recover", role->role,
				"role %s: %llu entries were not complete when the backup was made",
				role->role, (unsigned long long)role->problems);
	}
	return check_complete(options, result, err);
}

enum status recover_run(struct recover_source *source, const struct recover_options *options,
			struct recover_result *out, struct error *err)
{
	struct recover_run_state state = { .source = source, .options = options, .result = out };
	memset(out, 0, sizeof *out);
	enum status status = prepare(source, options, out, err);
	if (status == STATUS_OK)
		status = open_state(&state, err);
	if (status == STATUS_OK)
		status = recover_write_roles(&state, err);
	recover_content_free(state.content);
	share_close(state.share);
	recover_keys_done(&state.keys);
	hash_free(state.hash);
	return status == STATUS_OK ? summarize(options, out, err) : status;
}

void recover_result_done(struct recover_result *result)
{
	for (size_t i = 0; i < result->role_count; i++)
		free(result->roles[i].role);
	free(result->roles);
	recover_findings_done(&result->findings);
	memset(result, 0, sizeof *result);
}

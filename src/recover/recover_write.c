/* SPDX-License-Identifier: Apache-2.0 */
/* Writing roles back, record by record. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recover_restore_private.h"

#define RESTORE_TIMEOUT_MS (60 * 60 * 1000L)

static enum status choose_target(struct recover_run_state *state, const char *role,
				 struct error *err)
{
	const struct recover_options *options = state->options;
	if (options->directory == NULL) {
		const struct recover_target *target = recover_find_target(options, role);
		state->driver = target->driver;
		state->settings = target->settings;
		return STATUS_OK;
	}
	state->directory = file_join(options->directory, role);
	if (state->directory == NULL)
		return fail_memory(err, "begin role");
	memset(&state->settings, 0, sizeof state->settings);
	state->driver = &snapshot_directory_driver;
	state->settings.role = role;
	state->settings.provider = "directory";
	state->settings.path = state->directory;
	state->settings.timeout = RESTORE_TIMEOUT_MS;
	return file_make_directories(state->directory, 0700, err);
}

static enum status add_result(struct recover_run_state *state, const char *name, struct error *err)
{
	struct recover_result *result = state->result;
	struct recover_role_result *roles =
		reallocarray(result->roles, result->role_count + 1, sizeof *roles);
	if (roles == NULL)
		return fail_memory(err, "begin role");
	result->roles = roles;
	state->role = &roles[result->role_count];
	memset(state->role, 0, sizeof *state->role);
	state->role->role = strdup(name);
	if (state->role->role == NULL)
		return fail_memory(err, "begin role");
	result->role_count++;
	return STATUS_OK;
}

/* The role's own fault: what follows of it is skipped, the next role goes on. */
static void fail_role(struct recover_run_state *state, enum status status, const struct error *err)
{
	if (state->role->status != STATUS_OK)
		return;
	state->role->status = status;
	state->role->error = *err;
}

/* A role that was begun when the whole came to its end is not restored. */
static void fail_unended(struct recover_run_state *state, enum status status)
{
	struct error fault;
	(void)fail(&fault, status, "recover", state->role->role,
		   "the recovery ended before all of the role was written");
	fail_role(state, status, &fault);
}

static bool is_active(const struct recover_run_state *state)
{
	return state->role != NULL && state->role->status == STATUS_OK;
}

static enum status begin_role(struct recover_run_state *state, const struct archive_role *role,
			      struct error *err)
{
	struct error fault;
	state->role = NULL;
	state->left_out = 0;
	if (!recover_wants_role(state->options, role->name))
		return STATUS_OK;
	enum status status = add_result(state, role->name, err);
	if (status != STATUS_OK)
		return status;
	status = choose_target(state, state->role->role, &fault);
	if (status == STATUS_OK)
		status = state->driver->restore_open(&state->settings, state->options->cancel,
						     &state->restore, &fault);
	if (status != STATUS_OK)
		fail_role(state, status, &fault);
	return STATUS_OK;
}

static enum status end_role(struct recover_run_state *state, const struct archive_role_end *end)
{
	struct error fault;
	if (state->role == NULL)
		return STATUS_OK;
	state->role->problems = end->problems + state->left_out;
	if (is_active(state)) {
		enum status status = state->driver->commit(state->restore, &fault);
		if (status != STATUS_OK)
			fail_role(state, status, &fault);
	}
	if (state->restore != NULL) {
		struct restore_report report;
		state->driver->restore_report(state->restore, &report);
		state->role->refused = report.metadata_refused + report.devices_refused;
		state->driver->restore_close(TAKE(state->restore));
	}
	free(TAKE(state->directory));
	state->role = NULL;
	return STATUS_OK;
}

static enum status convert_entry(const struct archive_entry *from, struct snapshot_entry *to,
				 struct snapshot_xattr **xattrs, struct error *err)
{
	memset(to, 0, sizeof *to);
	to->path = from->path;
	to->type = (enum snapshot_entry_type)from->type;
	to->mode = from->mode;
	to->user_id = from->user_id;
	to->group_id = from->group_id;
	to->size = from->size;
	to->modified_ns = from->modified_ns;
	to->device_major = from->device_major;
	to->device_minor = from->device_minor;
	to->link_target = from->link_target;
	to->problem = (enum snapshot_problem)from->problem;
	to->cause = from->cause;
	*xattrs = calloc(from->xattr_count + 1, sizeof **xattrs);
	if (*xattrs == NULL)
		return fail_memory(err, "restore entry");
	for (size_t i = 0; i < from->xattr_count; i++) {
		(*xattrs)[i].name = from->xattrs[i].name;
		(*xattrs)[i].value = from->xattrs[i].value;
		(*xattrs)[i].value_length = from->xattrs[i].value_length;
	}
	to->xattrs = *xattrs;
	to->xattr_count = from->xattr_count;
	return STATUS_OK;
}

/* A link that could not be read when the backup was made: there is nothing to make. */
static bool is_empty_link(const struct archive_entry *record)
{
	return record->type == SNAPSHOT_SYMBOLIC_LINK && record->problem != SNAPSHOT_PROBLEM_NONE &&
	       (record->link_target == NULL || record->link_target[0] == '\0');
}

static enum status begin_entry(struct recover_run_state *state, const struct archive_entry *record)
{
	struct snapshot_entry entry;
	struct error fault;
	AUTO_FREE struct snapshot_xattr *xattrs = NULL;
	enum status status = convert_entry(record, &entry, &xattrs, &fault);
	if (status == STATUS_OK)
		status = state->driver->begin_entry(state->restore, &entry, &fault);
	(void)snprintf(state->path, sizeof state->path, "%s", record->path);
	state->in_file = entry.type == SNAPSHOT_FILE;
	state->file_size = 0;
	state->walked_size = record->size;
	hash_reset(state->hash);
	if (status == STATUS_OK && !state->in_file)
		status = state->driver->end_entry(state->restore, &fault);
	/* Its first name was a file that end_file() left out. */
	if (status == STATUS_NOT_FOUND && entry.type == SNAPSHOT_HARD_LINK) {
		state->left_out++;
		status = STATUS_OK;
	}
	if (status != STATUS_OK)
		fail_role(state, status, &fault);
	state->role->entries++;
	return STATUS_OK;
}

static enum status write_extent(struct recover_run_state *state,
				const struct archive_extent *extent, struct error *fault)
{
	const unsigned char *data = NULL;
	if (extent->pack == ARCHIVE_HOLE) {
		hash_update_zeros(state->hash, extent->hole_length);
		state->file_size += extent->hole_length;
		return state->driver->hole(state->restore, extent->hole_length, fault);
	}
	enum status status = recover_content_get(state->content, extent, &data, fault);
	if (status != STATUS_OK)
		return status;
	hash_update(state->hash, data, extent->length);
	state->file_size += extent->length;
	state->bytes_done += extent->length;
	return state->driver->write(state->restore, data, extent->length, fault);
}

static enum status write_extents(struct recover_run_state *state,
				 const struct archive_manifest_record *record, struct error *err)
{
	struct error fault;
	for (size_t i = 0; i < record->extent_count && is_active(state); i++) {
		enum status status = cancel_check(state->options->cancel, "recover", err);
		if (status != STATUS_OK)
			return status;
		status = write_extent(state, &record->extents[i], &fault);
		if (status != STATUS_OK)
			fail_role(state, status, &fault);
	}
	recover_report(state->source, "writing", state->bytes_done, state->bytes_total);
	return STATUS_OK;
}

/* What vanished while the backup ran, and what could not be read at all, must not come back as an
 * empty file in the place of a good one. */
static bool is_left_out(const struct recover_run_state *state, const struct archive_file_end *end)
{
	return end->problem == SNAPSHOT_PROBLEM_VANISHED ||
	       (end->problem == SNAPSHOT_PROBLEM_UNREADABLE && state->file_size == 0 &&
		state->walked_size > 0);
}

/* Of a file that broke off while it was read (and only then) the hash proves nothing, and its end
 * is missing; what there is of it comes back. */
static enum status check_file(const struct recover_run_state *state,
			      const struct archive_file_end *end, struct error *fault)
{
	unsigned char digest[SHA256_SIZE];
	if (end->problem == SNAPSHOT_PROBLEM_UNREADABLE && state->file_size < end->size)
		return STATUS_OK;
	hash_peek(state->hash, digest);
	if (state->file_size == end->size && memcmp(digest, end->sha256, SHA256_SIZE) == 0)
		return STATUS_OK;
	return fail(fault, STATUS_INTEGRITY, "restore file", state->path,
		    "its content does not have the recorded size and SHA-256");
}

/* The file gets its name only when its bytes are what was read when the backup was made. A file
 * that is begun and not ended is dropped. */
static enum status end_file(struct recover_run_state *state, const struct archive_file_end *end)
{
	struct error fault;
	state->in_file = false;
	if (is_left_out(state, end))
		return STATUS_OK;
	enum status status = check_file(state, end, &fault);
	if (status == STATUS_OK)
		status = state->driver->end_entry(state->restore, &fault);
	if (status != STATUS_OK)
		fail_role(state, status, &fault);
	state->role->files++;
	state->role->bytes += end->size;
	return STATUS_OK;
}

static enum status write_record(struct recover_run_state *state,
				const struct archive_manifest_record *record, struct error *err)
{
	switch (record->type) {
	case ARCHIVE_RECORD_ROLE:
		return begin_role(state, &record->role, err);
	case ARCHIVE_RECORD_ENTRY:
		if (is_active(state) && !is_empty_link(&record->entry))
			return begin_entry(state, &record->entry);
		return STATUS_OK;
	case ARCHIVE_RECORD_EXTENTS:
		return is_active(state) ? write_extents(state, record, err) : STATUS_OK;
	case ARCHIVE_RECORD_FILE_END:
		return is_active(state) ? end_file(state, &record->file_end) : STATUS_OK;
	case ARCHIVE_RECORD_ROLE_END:
		return end_role(state, &record->role_end);
	case ARCHIVE_RECORD_GENERATION:
	case ARCHIVE_RECORD_END:
		break;
	}
	return STATUS_OK;
}

enum status recover_write_roles(struct recover_run_state *state, struct error *err)
{
	struct recover_manifest *manifest = NULL;
	enum status status = recover_manifest_open(state->source->share, state->options->backup,
						   &state->keys, &manifest, err);
	while (status == STATUS_OK) {
		const struct archive_manifest_record *record;
		status = cancel_check(state->options->cancel, "recover", err);
		if (status == STATUS_OK)
			status = recover_manifest_next(manifest, &record, err);
		if (status == STATUS_OK)
			status = write_record(state, record, err);
		if (status != STATUS_OK || record->type == ARCHIVE_RECORD_END)
			break;
	}
	if (status != STATUS_OK && state->role != NULL)
		fail_unended(state, status);
	if (state->restore != NULL)
		state->driver->restore_close(TAKE(state->restore));
	free(TAKE(state->directory));
	recover_manifest_close(manifest);
	return status;
}

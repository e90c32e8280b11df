/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest against the packs: every extent exists, sizes fit, and with files every hash. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recover_verify_private.h"

/* A step-wise check reports at least so often, however long a file is. */
#define REPORT_BYTES (16u << 20)

struct manifest_walk {
	struct verify_run *run;
	const struct verified_backup *verified;
	const struct recover_files_check *stepwise; /* NULL: what the packs showed is at hand */
	struct recover_content *content;            /* NULL unless blocks are looked up or read */
	struct hash *hash;                          /* NULL unless files are put together */
	uint64_t files;                             /* that are done */
	uint64_t bytes_read, bytes_reported;
	uint64_t length; /* of the present file so far */
	char path[256];  /* of the present file, cut short */
	char role[128];
};

static enum status refuse_entry(struct manifest_walk *walk, const char *text, struct error *err)
{
	char name[ARCHIVE_NAME_SIZE], message[600];
	if (walk->stepwise != NULL)
		return walk->stepwise->broken(walk->role, walk->path, text, walk->stepwise->context,
					      err);
	archive_backup_file(walk->verified->backup->folder, ARCHIVE_MANIFEST_FILE, name);
	(void)snprintf(message, sizeof message, "%s: %s: %s", walk->role, walk->path, text);
	return recover_verify_refuse(walk->run, walk->verified->backup, name, message, err);
}

static bool extent_exists(const struct manifest_walk *walk, const struct archive_extent *extent)
{
	const struct archive_record *record = walk->verified->backup->record;
	if (extent->pack >= record->pack_count)
		return false;
	const struct recover_pack *pack =
		recover_verify_find(walk->run, &record->packs[extent->pack]);
	if (extent->block >= pack->plain_length_count)
		return false;
	uint32_t plain = pack->plain_lengths[extent->block];
	return extent->length <= plain && extent->offset <= plain - extent->length;
}

static enum status report(struct manifest_walk *walk, struct error *err)
{
	walk->bytes_reported = walk->bytes_read;
	return walk->stepwise->progress(walk->files, walk->bytes_read, walk->stepwise->context,
					err);
}

/* Whether this extent is looked at at all by a step-wise check. */
static bool is_due(const struct manifest_walk *walk, const struct archive_extent *extent)
{
	const struct recover_files_check *stepwise = walk->stepwise;
	const struct archive_record *record = walk->verified->backup->record;
	if (walk->files < stepwise->files_done)
		return false;
	return stepwise->is_suspect == NULL || extent->pack >= record->pack_count ||
	       stepwise->is_suspect(record->packs[extent->pack].sha256, stepwise->context);
}

/* The extent where it is on the share, without what a check of its pack would have told. */
static enum status check_stepwise(struct manifest_walk *walk, const struct archive_extent *extent,
				  struct error *err)
{
	const unsigned char *data = NULL;
	enum status status = STATUS_OK;
	walk->length += extent->length;
	if (!is_due(walk, extent))
		return STATUS_OK;
	if (walk->hash == NULL)
		status = recover_content_find(walk->content, extent, err);
	else
		status = recover_content_get(walk->content, extent, &data, err);
	if (status == STATUS_INTEGRITY || status == STATUS_UNSUPPORTED)
		return refuse_entry(walk, err->message, err);
	if (status == STATUS_NOT_FOUND)
		return refuse_entry(walk, "a pack that holds a part of it is missing", err);
	if (status != STATUS_OK || data == NULL)
		return status;
	hash_update(walk->hash, data, extent->length);
	walk->bytes_read += extent->length;
	if (walk->bytes_read - walk->bytes_reported >= REPORT_BYTES)
		status = report(walk, err);
	return status;
}

static enum status check_extent(struct manifest_walk *walk, const struct archive_extent *extent,
				struct error *err)
{
	const unsigned char *data = NULL;
	if (extent->pack == ARCHIVE_HOLE) {
		walk->length += extent->hole_length;
		if (walk->hash != NULL)
			hash_update_zeros(walk->hash, extent->hole_length);
		return STATUS_OK;
	}
	if (walk->stepwise != NULL)
		return check_stepwise(walk, extent, err);
	if (!extent_exists(walk, extent))
		return refuse_entry(walk, "an extent names bytes that are in no block", err);
	walk->length += extent->length;
	if (walk->content == NULL)
		return STATUS_OK;
	enum status status = recover_content_get(walk->content, extent, &data, err);
	if (status == STATUS_OK)
		hash_update(walk->hash, data, extent->length);
	if (status == STATUS_INTEGRITY)
		return refuse_entry(walk, err->message, err);
	return status;
}

static enum status check_end(struct manifest_walk *walk, const struct archive_file_end *end,
			     struct error *err)
{
	unsigned char digest[SHA256_SIZE];
	const struct recover_files_check *stepwise = walk->stepwise;
	walk->run->result->files++;
	if (stepwise != NULL &&
	    (stepwise->is_suspect != NULL || walk->files < stepwise->files_done))
		return STATUS_OK;
	/* A file that broke off while it was read: its end is missing, and the hash proves nothing.
	 */
	if (end->problem == SNAPSHOT_PROBLEM_UNREADABLE && walk->length < end->size)
		return STATUS_OK;
	if (walk->length != end->size)
		return refuse_entry(walk, "its extents do not add up to its size", err);
	if (walk->hash == NULL)
		return STATUS_OK;
	hash_peek(walk->hash, digest);
	if (memcmp(digest, end->sha256, SHA256_SIZE) != 0)
		return refuse_entry(walk, "its content does not have the recorded SHA-256", err);
	return STATUS_OK;
}

static void begin_entry(struct manifest_walk *walk, const struct archive_entry *entry)
{
	walk->length = 0;
	(void)snprintf(walk->path, sizeof walk->path, "%s", entry->path);
	if (walk->hash != NULL)
		hash_reset(walk->hash);
}

static enum status check_record(struct manifest_walk *walk,
				const struct archive_manifest_record *record, struct error *err)
{
	enum status status = STATUS_OK;
	switch (record->type) {
	case ARCHIVE_RECORD_ROLE:
		(void)snprintf(walk->role, sizeof walk->role, "%s", record->role.name);
		break;
	case ARCHIVE_RECORD_ENTRY:
		begin_entry(walk, &record->entry);
		break;
	case ARCHIVE_RECORD_EXTENTS:
		for (size_t i = 0; i < record->extent_count && status == STATUS_OK; i++)
			status = check_extent(walk, &record->extents[i], err);
		break;
	case ARCHIVE_RECORD_FILE_END:
		status = check_end(walk, &record->file_end, err);
		walk->files++;
		if (status == STATUS_OK && walk->stepwise != NULL &&
		    walk->files > walk->stepwise->files_done)
			status = report(walk, err);
		break;
	case ARCHIVE_RECORD_GENERATION:
	case ARCHIVE_RECORD_ROLE_END:
	case ARCHIVE_RECORD_END:
		break;
	}
	return status;
}

static enum status walk_records(struct manifest_walk *walk, struct recover_manifest *manifest,
				struct error *err)
{
	for (;;) {
		const struct archive_manifest_record *record;
		enum status status = recover_manifest_next(manifest, &record, err);
		if (status == STATUS_INTEGRITY)
			return refuse_entry(walk, err->message, err);
		if (status == STATUS_OK)
			status = check_record(walk, record, err);
		if (status != STATUS_OK || record->type == ARCHIVE_RECORD_END)
			return status;
	}
}

/* Content is read over a connection of its own: the manifest keeps the source's busy. */
static enum status open_content(struct manifest_walk *walk, struct share **share, struct error *err)
{
	if (walk->stepwise == NULL || walk->stepwise->read)
		walk->hash = hash_new();
	if (walk->hash == NULL && (walk->stepwise == NULL || walk->stepwise->read))
		return fail_memory(err, "verify files");
	enum status status = recover_connect(walk->run->source, share, err);
	if (status == STATUS_OK)
		status = recover_content_new(*share, walk->verified->backup->record,
					     &walk->verified->keys, &walk->content, err);
	return status;
}

enum status recover_verify_manifest(struct verify_run *run, const struct verified_backup *verified,
				    struct error *err)
{
	struct manifest_walk walk = { .run = run, .verified = verified, .stepwise = run->stepwise };
	struct recover_manifest *manifest = NULL;
	struct share *share = NULL;
	enum status status = recover_manifest_open(run->source->share, verified->backup,
						   &verified->keys, &manifest, err);
	if (status == STATUS_OK && (run->files || run->stepwise != NULL))
		status = open_content(&walk, &share, err);
	if (status == STATUS_OK)
		status = walk_records(&walk, manifest, err);
	recover_content_free(walk.content);
	hash_free(walk.hash);
	share_close(share);
	recover_manifest_close(manifest);
	return status;
}

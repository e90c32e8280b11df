/* SPDX-License-Identifier: Apache-2.0 */
/* Verification, with a key or without. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "recover_verify_private.h"

#define READ_SIZE (1u << 20)

enum status recover_verify_refuse(struct verify_run *run, const struct recover_backup *backup,
				  const char *path, const char *text, struct error *err)
{
	return recover_note(&run->result->findings, RECOVER_SCOPE_BACKUP, backup->backup_id, true,
			    path, err, "%s", text);
}

static enum status hash_manifest(struct verify_run *run, struct share_file *file, uint64_t size,
				 unsigned char digest[SHA256_SIZE], struct error *err)
{
	AUTO_FREE unsigned char *data = malloc(READ_SIZE);
	struct hash *hash = hash_new();
	enum status status =
		data != NULL && hash != NULL ? STATUS_OK : fail_memory(err, "check manifest");
	for (uint64_t offset = 0; offset < size && status == STATUS_OK;) {
		size_t got = 0;
		status = share_read(file, offset, data, READ_SIZE, &got, err);
		if (status != STATUS_OK || got == 0)
			break;
		hash_update(hash, data, got);
		offset += got;
	}
	if (status == STATUS_OK)
		hash_peek(hash, digest);
	hash_free(hash);
	run->result->bytes += size;
	return status;
}

/* Its size and hash are in the signed backup.json. */
static enum status check_manifest_file(struct verify_run *run, struct verified_backup *verified,
				       struct error *err)
{
	const struct recover_backup *backup = verified->backup;
	const struct archive_record *record = backup->record;
	char name[ARCHIVE_NAME_SIZE];
	unsigned char digest[SHA256_SIZE];
	struct share_file *file = NULL;
	uint64_t size = 0;
	archive_backup_file(backup->folder, ARCHIVE_MANIFEST_FILE, name);
	enum status status = share_open_read(run->source->share, name, &file, &size, err);
	if (status == STATUS_NOT_FOUND)
		return recover_verify_refuse(run, backup, name, "manifest.bin is missing", err);
	if (status != STATUS_OK)
		return status;
	if (size == record->manifest_size)
		status = hash_manifest(run, file, size, digest, err);
	enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);
	if (status == STATUS_OK)
		status = closed;
	if (status != STATUS_OK)
		return status;
	if (size != record->manifest_size ||
	    memcmp(digest, record->manifest_sha256, SHA256_SIZE) != 0)
		return recover_verify_refuse(
			run, backup, name,
			"manifest.bin has not the size and hash that backup.json "
			"says",
			err);
	verified->manifest_is_sound = true;
	return STATUS_OK;
}

/* The dedup secret stands in the manifest's first record. */
static enum status read_dedup_secret(struct verify_run *run, struct verified_backup *verified,
				     struct error *err)
{
	struct recover_manifest *manifest = NULL;
	const struct archive_manifest_record *record;
	enum status status = recover_manifest_open(run->source->share, verified->backup,
						   &verified->keys, &manifest, err);
	if (status == STATUS_OK)
		status = recover_manifest_next(manifest, &record, err);
	if (status == STATUS_OK)
		status = secret_copy(&verified->dedup_secret, record->generation.dedup_secret,
				     KEY_SIZE, err);
	recover_manifest_close(manifest);
	return status;
}

/* A manifest that carries the right hash and cannot be opened was written wrong: a finding all the
 * same. */
static enum status open_keys(struct verify_run *run, struct verified_backup *verified,
			     struct error *err)
{
	const struct recover_backup *backup = verified->backup;
	enum status status = recover_keys_open(backup->record, run->key, &verified->keys, err);
	if (status != STATUS_OK)
		return status;
	verified->has_keys = true;
	if (!verified->manifest_is_sound)
		return STATUS_OK;
	status = read_dedup_secret(run, verified, err);
	if (status != STATUS_INTEGRITY)
		return status;
	char name[ARCHIVE_NAME_SIZE];
	verified->manifest_is_sound = false;
	archive_backup_file(backup->folder, ARCHIVE_MANIFEST_FILE, name);
	return recover_verify_refuse(run, backup, name, err->message, err);
}

enum status recover_verify_begin(struct verify_run *run, const struct recover_backup *backup,
				 struct error *err)
{
	struct verified_backup *verified = &run->backups[run->backup_count++];
	verified->backup = backup;
	enum status status = check_manifest_file(run, verified, err);
	if (status == STATUS_OK && run->key != NULL)
		status = open_keys(run, verified, err);
	if (status == STATUS_INTEGRITY)
		status = recover_verify_refuse(run, backup, backup->folder, err->message, err);
	return status;
}

/* Over all backups a key that opens only some of them is no fault: certificates change. */
static enum status begin_all(struct verify_run *run, const struct recover_backup *only,
			     struct error *err)
{
	const struct recover_source *source = run->source;
	size_t opened = 0, refused = 0;
	struct error fault = { .message = "" };
	run->backups = calloc(source->backup_count + 1, sizeof *run->backups);
	if (run->backups == NULL)
		return fail_memory(err, "verify");
	for (size_t i = 0; i < source->backup_count; i++) {
		const struct recover_backup *backup = &source->backups[i];
		if ((only != NULL && only != backup) || backup->record == NULL)
			continue;
		enum status status = recover_verify_begin(run, backup, &fault);
		if (status == STATUS_AUTHENTICATION && only == NULL) {
			refused++;
			status = recover_note(&run->result->findings, RECOVER_SCOPE_CHAIN, NULL,
					      false, backup->folder, &fault, "not opened: %.300s",
					      fault.message);
		} else {
			opened++;
		}
		if (status != STATUS_OK) {
			if (err != NULL)
				*err = fault;
			return status;
		}
	}
	if (refused > 0 && opened == 0)
		return fail(err, STATUS_AUTHENTICATION, "open session key", NULL,
			    "it opens none of the %zu backups: %.400s", refused, fault.message);
	return STATUS_OK;
}

/* A pack's fault is one of every backup that names it. */
static enum status note_packs(struct verify_run *run, const struct verified_backup *verified,
			      struct error *err)
{
	const struct archive_record *record = verified->backup->record;
	enum status status = STATUS_OK;
	for (size_t i = 0; i < record->pack_count && status == STATUS_OK; i++) {
		const struct recover_pack *pack = recover_verify_find(run, &record->packs[i]);
		char name[ARCHIVE_NAME_SIZE];
		if (pack->is_sound)
			continue;
		archive_pack_name(record->generation, pack->sha256, name);
		status = recover_verify_refuse(run, verified->backup, name, pack->problem, err);
	}
	return status;
}

static enum status check_content(struct verify_run *run, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < run->backup_count && status == STATUS_OK; i++) {
		const struct verified_backup *verified = &run->backups[i];
		size_t fatal_before = run->result->findings.fatal_count;
		status = note_packs(run, verified, err);
		bool packs_are_sound = run->result->findings.fatal_count == fatal_before;
		if (status == STATUS_OK && packs_are_sound && verified->has_keys &&
		    verified->manifest_is_sound)
			status = recover_verify_manifest(run, verified, err);
	}
	return status;
}

static void sum_up(struct verify_run *run)
{
	run->result->backups = run->backup_count;
	run->result->packs = run->pack_count;
	for (size_t i = 0; i < run->pack_count; i++) {
		run->result->bytes += run->packs[i].size;
		if (run->packs[i].session_key != NULL) {
			run->result->blocks += run->packs[i].block_count;
			run->result->chunks += run->packs[i].chunk_count;
		}
	}
}

static void release(struct verify_run *run)
{
	for (size_t i = 0; i < run->backup_count; i++) {
		recover_keys_done(&run->backups[i].keys);
		secret_free(&run->backups[i].dedup_secret);
	}
	for (size_t i = 0; i < run->pack_count; i++)
		free(run->packs[i].plain_lengths);
	free(run->packs);
	free(run->backups);
}

/* Asked about one backup, the faults of others are worth knowing and no more. */
static void narrow_findings(struct recover_findings *findings, const struct recover_backup *only)
{
	for (size_t i = 0; only != NULL && i < findings->count; i++) {
		struct recover_finding *finding = &findings->items[i];
		if (finding->is_fatal && finding->scope == RECOVER_SCOPE_BACKUP &&
		    strcmp(finding->backup_id, only->backup_id) != 0) {
			finding->is_fatal = false;
			findings->fatal_count--;
		}
	}
}

enum status recover_verify(struct recover_source *source, const struct recover_backup *backup,
			   const struct private_key *key, bool files,
			   struct recover_verify_result *out, struct error *err)
{
	struct recover_verify_result result;
	struct verify_run run = { .source = source, .key = key, .files = files };
	const struct recover_backup *backups;
	size_t count;
	memset(&result, 0, sizeof result);
	run.result = &result;
	enum status status = recover_list(source, &backups, &count, err);
	if (status == STATUS_OK)
		status = recover_note_all(&result.findings, &source->findings, err);
	narrow_findings(&result.findings, backup);
	if (status == STATUS_OK)
		status = begin_all(&run, backup, err);
	if (status == STATUS_OK)
		status = recover_verify_collect(&run, err);
	if (status == STATUS_OK)
		status = recover_packs_check(source, run.packs, run.pack_count, NULL, err);
	if (status == STATUS_OK)
		status = check_content(&run, err);
	sum_up(&run);
	release(&run);
	if (status == STATUS_OK)
		*out = result;
	else
		recover_verify_result_done(&result);
	return status;
}

void recover_verify_result_done(struct recover_verify_result *result)
{
	recover_findings_done(&result->findings);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A file on its way to the share. A share that says "written" is not believed: the bytes are read
 * back through a new handle before the file gets its name. */
#include <stdio.h>
#include <string.h>

#include "backup_session.h"

#define READ_BACK_SIZE (1u << 20)

struct backup_upload {
	struct backup_session *session;
	struct share *share;
	struct share_file *file;
	char temporary[ARCHIVE_NAME_SIZE];
	bool failed;
	struct error fault; /* of the first write that failed; STATUS_OK: none */
};

static void release(struct backup_upload *upload)
{
	backup_connection_give(upload->session, upload->share, upload->failed);
	free(upload);
}

enum status backup_upload_begin(struct backup_session *session, const char *folder,
				struct backup_upload **out, struct error *err)
{
	char guid[GUID_TEXT_SIZE];
	struct backup_upload *upload = calloc(1, sizeof *upload);
	if (upload == NULL)
		return fail_memory(err, "begin upload");
	upload->session = session;
	guid_generate(guid);
	(void)snprintf(upload->temporary, sizeof upload->temporary, "%s/%s%s", folder,
		       SHARE_TEMPORARY_PREFIX, guid);
	enum status status = backup_connection_take(session, &upload->share, err);
	if (status == STATUS_OK)
		status = share_make_directories(upload->share, folder, err);
	if (status == STATUS_OK)
		status = share_create(upload->share, upload->temporary, &upload->file, err);
	if (status == STATUS_OK) {
		*out = upload;
		return STATUS_OK;
	}
	upload->failed = true;
	release(upload);
	return status;
}

enum status backup_upload_write(struct backup_upload *upload, const void *data, size_t length,
				struct error *err)
{
	/* On a connection that broke every later call fails too, but no longer says why. */
	if (upload->fault.status == STATUS_OK) {
		struct error fault;
		if (share_write(upload->file, data, length, &fault) == STATUS_OK)
			return STATUS_OK;
		upload->fault = fault;
		upload->failed = true;
	}
	if (err != NULL)
		*err = upload->fault;
	return upload->fault.status;
}

static enum status hash_file(struct share_file *file, uint64_t size, unsigned char *block,
			     struct hash *hash, struct error *err)
{
	for (uint64_t offset = 0; offset < size;) {
		size_t got = 0;
		enum status status = share_read(file, offset, block, READ_BACK_SIZE, &got, err);
		if (status != STATUS_OK)
			return status;
		if (got == 0)
			break;
		hash_update(hash, block, got);
		offset += got;
	}
	return STATUS_OK;
}

static enum status compare(struct backup_upload *upload, uint64_t expected_size, uint64_t size,
			   const unsigned char expected[SHA256_SIZE], const struct hash *hash,
			   struct error *err)
{
	unsigned char digest[SHA256_SIZE];
	hash_peek(hash, digest);
	if (size != expected_size)
		return fail(err, STATUS_SHARE_UPLOAD, "read back", upload->temporary,
			    "the share holds %llu bytes where %llu were written",
			    (unsigned long long)size, (unsigned long long)expected_size);
	if (memcmp(digest, expected, SHA256_SIZE) != 0)
		return fail(err, STATUS_SHARE_UPLOAD, "read back", upload->temporary,
			    "the share returns other bytes than were written");
	return STATUS_OK;
}

static enum status read_back(struct backup_upload *upload, uint64_t expected_size,
			     const unsigned char expected[SHA256_SIZE], struct error *err)
{
	struct share_file *file = NULL;
	uint64_t size = 0;
	AUTO_FREE unsigned char *block = malloc(READ_BACK_SIZE);
	struct hash *hash = hash_new();
	enum status status =
		block != NULL && hash != NULL ? STATUS_OK : fail_memory(err, "read back");
	if (status == STATUS_OK)
		status = share_open_read(upload->share, upload->temporary, &file, &size, err);
	/* A file that vanished right after it was written is an upload fault, not a missing file of
	 * the caller's. */
	if (status == STATUS_NOT_FOUND)
		status = fail(err, STATUS_SHARE_UPLOAD, "read back", upload->temporary,
			      "the file is gone right after it was written");
	if (file != NULL) {
		status = hash_file(file, size, block, hash, err);
		enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);
		if (status == STATUS_OK)
			status = closed;
	}
	if (status == STATUS_OK)
		status = compare(upload, expected_size, size, expected, hash, err);
	hash_free(hash);
	return status;
}

enum status backup_upload_finish(struct backup_upload *upload, const char *name, uint64_t size,
				 const unsigned char digest[SHA256_SIZE], struct error *err)
{
	enum status status = share_flush(upload->file, err);
	if (status == STATUS_OK)
		status = share_close_file(TAKE(upload->file), err);
	if (status == STATUS_OK)
		status = read_back(upload, size, digest, err);
	if (status == STATUS_OK)
		status = share_rename_new(upload->share, upload->temporary, name, err);
	if (status != STATUS_OK && status != STATUS_EXISTS)
		upload->failed = true;
	if (status == STATUS_OK)
		release(upload);
	else
		backup_upload_abort(upload);
	return status;
}

void backup_upload_abort(struct backup_upload *upload)
{
	if (upload == NULL)
		return;
	if (upload->file != NULL)
		status_ignore(share_close_file(upload->file, NULL));
	share_discard(upload->share, upload->temporary);
	upload->failed = true;
	release(upload);
}

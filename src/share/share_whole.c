/* SPDX-License-Identifier: Apache-2.0 */
/* Whole small files and whole folders, made of the driver's operations. */
#include <stdio.h>
#include <string.h>

#include "share_private.h"

#define READ_SIZE ((size_t)1 << 20)

/* The name of a temporary file beside @name, into @out. */
static enum status temporary_name(const char *name, char out[SHARE_NAME_SIZE], struct error *err)
{
	const char *slash = strrchr(name, '/');
	int folder = slash == NULL ? 0 : (int)(slash - name) + 1;
	char guid[GUID_TEXT_SIZE];

	guid_generate(guid);
	int length = snprintf(out, SHARE_NAME_SIZE, "%.*s" SHARE_TEMPORARY_PREFIX "%s", folder,
			      name, guid);
	if (length < 0 || length >= SHARE_NAME_SIZE)
		return fail(err, STATUS_INVALID, "put file", name,
			    "the name is too long for a temporary file beside it");
	return STATUS_OK;
}

/* Closes @file; the first failure is the one that counts. */
static enum status close_after(struct share_file *file, enum status status, struct error *err)
{
	enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);

	return status == STATUS_OK ? closed : status;
}

static enum status write_whole(struct share *share, const char *name, const void *data,
			       size_t length, struct error *err)
{
	struct share_file *file;
	enum status status = share_create(share, name, &file, err);

	if (status != STATUS_OK)
		return status;
	status = share_write(file, data, length, err);
	if (status == STATUS_OK)
		status = share_flush(file, err);
	return close_after(file, status, err);
}

static enum status compare_content(struct share_file *file, const char *name,
				   const unsigned char *data, size_t length, struct error *err)
{
	AUTO_FREE unsigned char *block = malloc(READ_SIZE);

	if (block == NULL)
		return fail_memory(err, "read back file");
	for (size_t at = 0;;) {
		size_t got;
		enum status status = share_read(file, at, block, READ_SIZE, &got, err);

		if (status != STATUS_OK)
			return status;
		if (got > length - at || memcmp(block, data + at, got) != 0)
			return fail(err, STATUS_SHARE_UPLOAD, "read back file", name,
				    "the share returns other bytes than were written, between %zu "
				    "and %zu",
				    at, at + got);
		at += got;
		if (got == READ_SIZE)
			continue;
		if (at == length)
			return STATUS_OK;
		return fail(err, STATUS_SHARE_UPLOAD, "read back file", name,
			    "the share returns %zu bytes, %zu were written", at, length);
	}
}

static enum status read_back(struct share *share, const char *name, const void *data, size_t length,
			     struct error *err)
{
	struct share_file *file;
	uint64_t size;
	enum status status = share_open_read(share, name, &file, &size, err);

	if (status != STATUS_OK)
		return status;
	if (size != length)
		status = fail(err, STATUS_SHARE_UPLOAD, "read back file", name,
			      "the share says that the file has %llu bytes, %zu were written",
			      (unsigned long long)size, length);
	else
		status = compare_content(file, name, data, length, err);
	return close_after(file, status, err);
}

enum status share_put(struct share *share, const char *name, const void *data, size_t length,
		      struct error *err)
{
	char temporary[SHARE_NAME_SIZE];
	enum status status = share_name_check(name, false, "put file", err);

	if (status == STATUS_OK)
		status = temporary_name(name, temporary, err);
	if (status != STATUS_OK)
		return status;
	status = write_whole(share, temporary, data, length, err);
	if (status == STATUS_OK)
		status = read_back(share, temporary, data, length, err);
	if (status == STATUS_OK)
		status = share_rename_new(share, temporary, name, err);
	if (status != STATUS_OK)
		share_discard(share, temporary);
	return status;
}

static enum status read_whole(struct share_file *file, const char *name, size_t max,
			      struct buffer *out, struct error *err)
{
	for (;;) {
		/* One byte more than is allowed shows that the file is too large. */
		size_t room = max - out->length + 1 < READ_SIZE ? max - out->length + 1 : READ_SIZE;
		size_t got;
		enum status status = buffer_reserve(out, room, err);

		if (status == STATUS_OK)
			status = share_read(file, out->length, out->data + out->length, room, &got,
					    err);
		if (status != STATUS_OK)
			return status;
		out->length += got;
		if (out->length > max)
			return fail(err, STATUS_TOO_LARGE, "get file", name,
				    "the file has more than %zu bytes", max);
		if (got < room)
			return buffer_terminate(out, err);
	}
}

enum status share_get(struct share *share, const char *name, size_t max, struct buffer *out,
		      struct error *err)
{
	struct share_file *file;
	struct buffer content;
	uint64_t size;
	enum status status = share_open_read(share, name, &file, &size, err);

	if (status != STATUS_OK)
		return status;
	buffer_init(&content, max + 2);
	if (size > max)
		status = fail(err, STATUS_TOO_LARGE, "get file", name,
			      "the file has %llu bytes, at most %zu are allowed",
			      (unsigned long long)size, max);
	else
		status = read_whole(file, name, max, &content, err);
	status = close_after(file, status, err);
	if (status != STATUS_OK) {
		buffer_done(&content);
		return status;
	}
	buffer_done(out);
	*out = content;
	return STATUS_OK;
}

/* A share says "exists" for files too: only a file can be opened for reading. */
static enum status refuse_file(struct share *share, const char *name, struct error *err)
{
	struct share_file *file;
	struct error local;
	enum status status = share_open_read(share, name, &file, NULL, &local);

	if (status == STATUS_NOT_FOUND)
		return STATUS_OK;
	if (status != STATUS_OK) {
		if (err != NULL)
			*err = local;
		return status;
	}
	status = share_close_file(file, err);
	if (status != STATUS_OK)
		return status;
	return fail(err, STATUS_EXISTS, "make folders", name, "there is a file of that name");
}

enum status share_make_directories(struct share *share, const char *name, struct error *err)
{
	char folder[SHARE_NAME_SIZE];
	enum status status = share_name_check(name, false, "make folders", err);

	if (status != STATUS_OK)
		return status;
	for (const char *end = name; end != NULL;) {
		end = strchr(end, '/');
		size_t length = end == NULL ? strlen(name) : (size_t)(end - name);
		memcpy(folder, name, length);
		folder[length] = '\0';
		status = share_make_directory(share, folder, err);
		if (status != STATUS_OK && status != STATUS_EXISTS)
			return status;
		if (end != NULL)
			end++;
	}
	return status == STATUS_EXISTS ? refuse_file(share, name, err) : STATUS_OK;
}

struct removal {
	struct share *share;
	const char *folder;
};

static enum status remove_level(struct share *share, const char *name, struct error *err);

static enum status remove_entry(const struct share_entry *entry, void *context, struct error *err)
{
	const struct removal *removal = context;
	char name[SHARE_NAME_SIZE];
	int length = snprintf(name, sizeof(name), "%s/%s", removal->folder, entry->name);

	if (length < 0 || (size_t)length >= sizeof(name))
		return fail(err, STATUS_INVALID, "remove folder", removal->folder,
			    "names in this folder are longer than %d bytes", SHARE_NAME_SIZE - 1);
	if (entry->is_directory)
		return remove_level(removal->share, name, err);

	enum status status = share_operation_remove(removal->share, name, false, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

/* Depth is bounded by SHARE_NAME_SIZE. */
static enum status remove_level(struct share *share, const char *name, struct error *err)
{
	struct removal removal = { .share = share, .folder = name };
	enum status status = share_operation_list(share, name, remove_entry, &removal, err);

	if (status == STATUS_OK || status == STATUS_NOT_FOUND)
		status = share_operation_remove(share, name, false, err);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status share_remove_tree(struct share *share, const char *name, struct error *err)
{
	enum status status = share_name_check(name, false, "remove folder", err);

	return status != STATUS_OK ? status : remove_level(share, name, err);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Files whose content follows from a number, so that it can be compared without being kept. */
#include <stdio.h>
#include <string.h>

#include "share_conformance_private.h"

const char *conformance_path(const struct conformance *run, const char *name,
			     char path[SHARE_NAME_SIZE])
{
	(void)snprintf(path, SHARE_NAME_SIZE, "%s%s%s", run->report->folder,
		       name[0] == '\0' ? "" : "/", name);
	return path;
}

/* SplitMix64 (Steele, Lea, Flood 2014): random enough that no server compresses or merges it. */
static uint64_t mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
	value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
	return value ^ (value >> 31);
}

void conformance_fill(const struct conformance *run, unsigned number, uint64_t offset,
		      unsigned char *data, size_t length)
{
	uint64_t at = mix(run->seed + number) + offset / 8 * 0x9E3779B97F4A7C15u;

	for (size_t i = 0; i < length; i += 8) {
		unsigned char word[8];

		store_u64(word, mix(at));
		at += 0x9E3779B97F4A7C15u;
		memcpy(data + i, word, length - i < 8 ? length - i : 8);
	}
}

enum status conformance_write(const struct conformance *run, struct share *share, const char *name,
			      unsigned number, size_t length, struct error *err)
{
	char path[SHARE_NAME_SIZE];
	struct share_file *file;
	AUTO_FREE unsigned char *data = malloc(length + 1);

	if (data == NULL)
		return fail_memory(err, CONFORMANCE_STEP);
	conformance_fill(run, number, 0, data, length);
	enum status status = share_create(share, conformance_path(run, name, path), &file, err);
	if (status != STATUS_OK)
		return status;
	status = share_write(file, data, length, err);
	if (status == STATUS_OK)
		status = share_flush(file, err);
	enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);
	return status == STATUS_OK ? closed : status;
}

static enum status compare_content(const struct conformance *run, struct share_file *file,
				   const char *name, unsigned number, uint64_t length,
				   struct error *err)
{
	AUTO_FREE unsigned char *found = malloc(CONFORMANCE_BLOCK);
	AUTO_FREE unsigned char *written = malloc(CONFORMANCE_BLOCK);

	if (found == NULL || written == NULL)
		return fail_memory(err, CONFORMANCE_STEP);
	for (uint64_t at = 0; at < length;) {
		size_t wanted =
			length - at < CONFORMANCE_BLOCK ? (size_t)(length - at) : CONFORMANCE_BLOCK;
		size_t got = 0;
		enum status status = share_read(file, at, found, wanted, &got, err);

		if (status != STATUS_OK)
			return status;
		conformance_fill(run, number, at, written, wanted);
		if (got != wanted || memcmp(found, written, wanted) != 0)
			return fail(err, STATUS_SHARE_UPLOAD, CONFORMANCE_STEP, name,
				    "the share returns other bytes than were written, between %llu "
				    "and %llu",
				    (unsigned long long)at, (unsigned long long)(at + wanted));
		at += wanted;
	}
	return STATUS_OK;
}

enum status conformance_compare(const struct conformance *run, struct share *share,
				const char *name, unsigned number, uint64_t length,
				struct error *err)
{
	char path[SHARE_NAME_SIZE];
	struct share_file *file;
	uint64_t size = 0;
	enum status status =
		share_open_read(share, conformance_path(run, name, path), &file, &size, err);

	if (status != STATUS_OK)
		return status;
	if (size != length)
		status = fail(err, STATUS_SHARE_UPLOAD, CONFORMANCE_STEP, name,
			      "the share says that the file has %llu bytes, %llu were written",
			      (unsigned long long)size, (unsigned long long)length);
	else
		status = compare_content(run, file, name, number, length, err);
	enum status closed = share_close_file(file, status == STATUS_OK ? err : NULL);
	return status == STATUS_OK ? closed : status;
}

enum status conformance_missing(const struct conformance *run, struct share *share,
				const char *name, struct error *err)
{
	char path[SHARE_NAME_SIZE];
	struct share_file *file = NULL;
	enum status status =
		share_open_read(share, conformance_path(run, name, path), &file, NULL, err);

	if (status == STATUS_OK)
		status_ignore(share_close_file(file, NULL));
	return conformance_refused(status, STATUS_NOT_FOUND, name,
				   "the share opens a file that must not be there", err);
}

static enum status see(const struct share_entry *entry, void *context, struct error *err)
{
	struct conformance_seen *seen = context;

	(void)err;
	seen->total++;
	if (strcmp(entry->name, seen->name) != 0)
		return STATUS_OK;
	seen->count++;
	seen->is_directory = entry->is_directory;
	seen->size = entry->size;
	seen->modified = entry->modified;
	return STATUS_OK;
}

enum status conformance_look(const struct conformance *run, struct share *share, const char *folder,
			     struct conformance_seen *seen, struct error *err)
{
	char path[SHARE_NAME_SIZE];

	return share_list(share, conformance_path(run, folder, path), see, seen, err);
}

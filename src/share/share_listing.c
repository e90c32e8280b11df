/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a folder on their way from the driver's thread to the caller's. */
#include <string.h>

#include "share_private.h"

enum status share_listing_collect(const struct share_entry *entry, void *context, struct error *err)
{
	struct share_worker *worker = context;
	struct buffer *entries = &worker->entries;
	size_t length = strlen(entry->name);

	atomic_fetch_add(&worker->progress, 1);
	if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
		return STATUS_OK;
	if (length == 0 || strchr(entry->name, '/') != NULL)
		return fail(err, STATUS_SHARE_READ_WRITE, "list folder", worker->call.name,
			    "the share listed an entry whose name is empty or has a '/'");

	enum status status = buffer_append_u64(entries, entry->size, err);
	if (status == STATUS_OK)
		status = buffer_append_u64(entries, (uint64_t)entry->modified, err);
	if (status == STATUS_OK)
		status = buffer_append_u8(entries, entry->is_directory ? 1 : 0, err);
	if (status == STATUS_OK)
		status = buffer_append_u32(entries, (uint32_t)length + 1, err);
	if (status == STATUS_OK)
		status = buffer_append(entries, entry->name, length + 1, err);
	return status;
}

enum status share_listing_deliver(const struct buffer *entries, share_each each, void *context,
				  struct error *err)
{
	struct byte_reader reader;

	byte_reader_init(&reader, entries->data, entries->length);
	while (byte_reader_left(&reader) > 0) {
		struct share_entry entry;

		entry.size = byte_reader_u64(&reader);
		entry.modified = (int64_t)byte_reader_u64(&reader);
		entry.is_directory = byte_reader_u8(&reader) != 0;
		entry.name = (const char *)byte_reader_bytes(&reader, byte_reader_u32(&reader));
		enum status status = each(&entry, context, err);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a manifest as bytes. */
#include <string.h>

#include "archive_manifest_record.h"

#define ENTRY_FIXED_SIZE 47 /* numbers, has link target, number of attributes */
#define TEXT_LENGTH_SIZE 4
#define FILE_END_SIZE 45
#define ROLE_END_SIZE 24
#define TOO_LARGE ((size_t)ARCHIVE_BLOCK_MAX + 1)

static unsigned char *put_u8(unsigned char *at, uint8_t value)
{
	*at = value;
	return at + 1;
}

static unsigned char *put_u32(unsigned char *at, uint32_t value)
{
	store_u32(at, value);
	return at + sizeof(value);
}

static unsigned char *put_u64(unsigned char *at, uint64_t value)
{
	store_u64(at, value);
	return at + sizeof(value);
}

static unsigned char *put_bytes(unsigned char *at, const void *data, size_t length)
{
	if (length > 0)
		memcpy(at, data, length);
	return at + length;
}

static unsigned char *put_text(unsigned char *at, const void *text, size_t length)
{
	return put_bytes(put_u32(at, (uint32_t)length), text, length);
}

/* Stops adding once the sum is too large, so that it cannot overflow. */
static void add_text(size_t *size, size_t length)
{
	if (length > ARCHIVE_BLOCK_MAX || *size > ARCHIVE_BLOCK_MAX)
		*size = TOO_LARGE;
	else
		*size += TEXT_LENGTH_SIZE + length;
}

static size_t entry_size(const struct archive_entry *entry)
{
	size_t size = ENTRY_FIXED_SIZE;

	add_text(&size, strlen(entry->path));
	if (entry->link_target != NULL)
		add_text(&size, strlen(entry->link_target));
	for (size_t i = 0; i < entry->xattr_count && size <= ARCHIVE_BLOCK_MAX; i++) {
		add_text(&size, strlen(entry->xattrs[i].name));
		add_text(&size, entry->xattrs[i].value_length);
	}
	return size;
}

static size_t payload_size(const struct archive_manifest_record *record)
{
	size_t size = 0;

	switch (record->type) {
	case ARCHIVE_RECORD_GENERATION:
		return sizeof(uint32_t) + KEY_SIZE;
	case ARCHIVE_RECORD_ROLE:
		add_text(&size, strlen(record->role.name));
		add_text(&size, strlen(record->role.provider));
		return size + sizeof(uint8_t) + sizeof(uint32_t);
	case ARCHIVE_RECORD_ENTRY:
		return entry_size(&record->entry);
	case ARCHIVE_RECORD_EXTENTS:
		if (record->extent_count > ARCHIVE_MANIFEST_CHUNKS_MAX)
			return TOO_LARGE;
		return sizeof(uint32_t) + record->extent_count * MANIFEST_EXTENT_SIZE;
	case ARCHIVE_RECORD_FILE_END:
		return FILE_END_SIZE;
	case ARCHIVE_RECORD_ROLE_END:
		return ROLE_END_SIZE;
	case ARCHIVE_RECORD_END:
		break;
	}
	return 0;
}

size_t manifest_record_size(const struct archive_manifest_record *record)
{
	return MANIFEST_RECORD_HEADER_SIZE + payload_size(record);
}

static unsigned char *encode_role(const struct archive_role *role, unsigned char *at)
{
	at = put_text(at, role->name, strlen(role->name));
	at = put_text(at, role->provider, strlen(role->provider));
	at = put_u8(at, role->essential ? 1 : 0);
	return put_u32(at, (uint32_t)role->restore_priority);
}

static unsigned char *encode_entry(const struct archive_entry *entry, unsigned char *at)
{
	at = put_u8(at, entry->type);
	at = put_u8(at, entry->problem);
	at = put_u32(at, (uint32_t)entry->cause);
	at = put_u32(at, entry->mode);
	at = put_u32(at, entry->user_id);
	at = put_u32(at, entry->group_id);
	at = put_u32(at, entry->device_major);
	at = put_u32(at, entry->device_minor);
	at = put_u64(at, entry->size);
	at = put_u64(at, (uint64_t)entry->modified_ns);
	at = put_text(at, entry->path, strlen(entry->path));
	at = put_u8(at, entry->link_target != NULL ? 1 : 0);
	if (entry->link_target != NULL)
		at = put_text(at, entry->link_target, strlen(entry->link_target));
	at = put_u32(at, (uint32_t)entry->xattr_count);
	for (size_t i = 0; i < entry->xattr_count; i++) {
		const struct archive_xattr *xattr = &entry->xattrs[i];

		at = put_text(at, xattr->name, strlen(xattr->name));
		at = put_text(at, xattr->value, xattr->value_length);
	}
	return at;
}

static unsigned char *encode_extents(const struct archive_extent *extents, size_t count,
				     unsigned char *at)
{
	at = put_u32(at, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		const struct archive_extent *extent = &extents[i];

		at = put_u32(at, extent->pack);
		if (extent->pack == ARCHIVE_HOLE) {
			at = put_u64(put_u32(at, 0), extent->hole_length);
			continue;
		}
		at = put_u32(at, extent->block);
		at = put_u32(at, extent->offset);
		at = put_u32(at, extent->length);
	}
	return at;
}

static unsigned char *encode_file_end(const struct archive_file_end *end, unsigned char *at)
{
	at = put_u64(at, end->size);
	at = put_bytes(at, end->sha256, SHA256_SIZE);
	at = put_u8(at, end->problem);
	return put_u32(at, (uint32_t)end->cause);
}

unsigned char *manifest_record_encode(const struct archive_manifest_record *record,
				      unsigned char *at)
{
	at = put_u8(at, (uint8_t)record->type);
	at = put_u32(at, (uint32_t)payload_size(record));
	switch (record->type) {
	case ARCHIVE_RECORD_GENERATION:
		at = put_u32(at, record->generation.number);
		return put_bytes(at, record->generation.dedup_secret, KEY_SIZE);
	case ARCHIVE_RECORD_ROLE:
		return encode_role(&record->role, at);
	case ARCHIVE_RECORD_ENTRY:
		return encode_entry(&record->entry, at);
	case ARCHIVE_RECORD_EXTENTS:
		return encode_extents(record->extents, record->extent_count, at);
	case ARCHIVE_RECORD_FILE_END:
		return encode_file_end(&record->file_end, at);
	case ARCHIVE_RECORD_ROLE_END:
		at = put_u64(at, record->role_end.entries);
		at = put_u64(at, record->role_end.bytes);
		return put_u64(at, record->role_end.problems);
	case ARCHIVE_RECORD_END:
		break;
	}
	return at;
}

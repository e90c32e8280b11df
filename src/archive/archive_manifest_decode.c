/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a manifest from bytes that somebody else may have written. */
#include <stdlib.h>
#include <string.h>

#include "archive_manifest_record.h"

#define XATTR_SIZE_MIN 8 /* two empty texts */

struct payload {
	struct byte_reader reader;
	unsigned char *data;
	const char *fault; /* the first thing that is wrong, but for the length */
};

enum status manifest_decoder_init(struct manifest_decoder *decoder, struct error *err)
{
	*decoder = (struct manifest_decoder) { 0 };
	decoder->extents = calloc(ARCHIVE_MANIFEST_CHUNKS_MAX, sizeof(*decoder->extents));
	return decoder->extents == NULL ? fail_memory(err, "make manifest reader") : STATUS_OK;
}

void manifest_decoder_done(struct manifest_decoder *decoder)
{
	free(decoder->xattrs);
	free(decoder->extents);
}

/* The text moves over the last byte of its own length, which makes room for the NUL. */
static const char *take_text(struct payload *payload)
{
	uint32_t length = byte_reader_u32(&payload->reader);
	size_t position = payload->reader.position;

	if (byte_reader_bytes(&payload->reader, length) == NULL)
		return NULL;
	unsigned char *text = payload->data + position - 1;
	memmove(text, text + 1, length);
	text[length] = '\0';
	if (memchr(text, '\0', length) != NULL && payload->fault == NULL)
		payload->fault = "a text with a NUL in it";
	return (const char *)text;
}

static bool take_bool(struct payload *payload)
{
	uint8_t value = byte_reader_u8(&payload->reader);

	if (value > 1 && payload->fault == NULL)
		payload->fault = "a truth value that is neither 0 nor 1";
	return value != 0;
}

static void decode_generation(struct payload *payload, struct archive_manifest_record *record)
{
	record->generation.number = byte_reader_u32(&payload->reader);
	record->generation.dedup_secret = byte_reader_bytes(&payload->reader, KEY_SIZE);
}

static void decode_role(struct payload *payload, struct archive_role *role)
{
	role->name = take_text(payload);
	role->provider = take_text(payload);
	role->essential = take_bool(payload);
	role->restore_priority = (int32_t)byte_reader_u32(&payload->reader);
}

/* The count is believed only as far as there are bytes for it. */
static enum status decode_xattrs(struct manifest_decoder *decoder, struct payload *payload,
				 struct archive_entry *entry, struct error *err)
{
	size_t count = byte_reader_u32(&payload->reader);

	if (count > byte_reader_left(&payload->reader) / XATTR_SIZE_MIN) {
		payload->fault = "more attributes than it has bytes for";
		return STATUS_OK;
	}
	if (count > decoder->xattr_capacity) {
		struct archive_xattr *xattrs =
			reallocarray(decoder->xattrs, count, sizeof(*xattrs));

		if (xattrs == NULL)
			return fail_memory(err, "read manifest");
		decoder->xattrs = xattrs;
		decoder->xattr_capacity = count;
	}
	for (size_t i = 0; i < count && !payload->reader.failed; i++) {
		struct archive_xattr *xattr = &decoder->xattrs[i];

		xattr->name = take_text(payload);
		xattr->value_length = byte_reader_u32(&payload->reader);
		xattr->value = byte_reader_bytes(&payload->reader, xattr->value_length);
	}
	entry->xattrs = count > 0 ? decoder->xattrs : NULL;
	entry->xattr_count = count;
	return STATUS_OK;
}

static enum status decode_entry(struct manifest_decoder *decoder, struct payload *payload,
				struct archive_entry *entry, struct error *err)
{
	struct byte_reader *reader = &payload->reader;

	entry->type = byte_reader_u8(reader);
	entry->problem = byte_reader_u8(reader);
	entry->cause = (int32_t)byte_reader_u32(reader);
	entry->mode = byte_reader_u32(reader);
	entry->user_id = byte_reader_u32(reader);
	entry->group_id = byte_reader_u32(reader);
	entry->device_major = byte_reader_u32(reader);
	entry->device_minor = byte_reader_u32(reader);
	entry->size = byte_reader_u64(reader);
	entry->modified_ns = (int64_t)byte_reader_u64(reader);
	entry->path = take_text(payload);
	entry->link_target = take_bool(payload) ? take_text(payload) : NULL;
	return decode_xattrs(decoder, payload, entry, err);
}

static void decode_extents(struct manifest_decoder *decoder, struct payload *payload,
			   struct archive_manifest_record *record)
{
	struct byte_reader *reader = &payload->reader;
	size_t count = byte_reader_u32(reader);

	if (count > ARCHIVE_MANIFEST_CHUNKS_MAX) {
		payload->fault = "more extents than one record may have";
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct archive_extent *extent = &decoder->extents[i];

		*extent = (struct archive_extent) { .pack = byte_reader_u32(reader) };
		extent->block = byte_reader_u32(reader);
		if (extent->pack == ARCHIVE_HOLE) {
			extent->hole_length = byte_reader_u64(reader);
			if (extent->block != 0)
				payload->fault = "a hole whose reserved bytes are not zero";
			continue;
		}
		extent->offset = byte_reader_u32(reader);
		extent->length = byte_reader_u32(reader);
	}
	record->extents = decoder->extents;
	record->extent_count = count;
}

static void decode_file_end(struct byte_reader *reader, struct archive_file_end *end)
{
	end->size = byte_reader_u64(reader);
	const unsigned char *digest = byte_reader_bytes(reader, SHA256_SIZE);
	if (digest != NULL)
		memcpy(end->sha256, digest, SHA256_SIZE);
	end->problem = byte_reader_u8(reader);
	end->cause = (int32_t)byte_reader_u32(reader);
}

static enum status decode_payload(struct manifest_decoder *decoder, struct payload *payload,
				  struct archive_manifest_record *record, struct error *err)
{
	switch (record->type) {
	case ARCHIVE_RECORD_GENERATION:
		decode_generation(payload, record);
		break;
	case ARCHIVE_RECORD_ROLE:
		decode_role(payload, &record->role);
		break;
	case ARCHIVE_RECORD_ENTRY:
		return decode_entry(decoder, payload, &record->entry, err);
	case ARCHIVE_RECORD_EXTENTS:
		decode_extents(decoder, payload, record);
		break;
	case ARCHIVE_RECORD_FILE_END:
		decode_file_end(&payload->reader, &record->file_end);
		break;
	case ARCHIVE_RECORD_ROLE_END:
		record->role_end.entries = byte_reader_u64(&payload->reader);
		record->role_end.bytes = byte_reader_u64(&payload->reader);
		record->role_end.problems = byte_reader_u64(&payload->reader);
		break;
	case ARCHIVE_RECORD_END:
		break;
	default:
		payload->fault = "an unknown type";
		break;
	}
	return STATUS_OK;
}

enum status manifest_record_decode(struct manifest_decoder *decoder, unsigned char *data,
				   size_t length, struct archive_manifest_record *record,
				   struct error *err)
{
	struct payload payload = { .data = data };

	byte_reader_init(&payload.reader, data, length);
	enum status status = decode_payload(decoder, &payload, record, err);
	if (status != STATUS_OK)
		return status;
	if (payload.fault == NULL && payload.reader.failed)
		payload.fault = "less bytes than it needs";
	if (payload.fault == NULL && byte_reader_left(&payload.reader) != 0)
		payload.fault = "more bytes than it needs";
	if (payload.fault != NULL)
		return fail(err, STATUS_INTEGRITY, "read manifest", NULL,
			    "a record of type %d has %s", (int)record->type, payload.fault);
	return STATUS_OK;
}

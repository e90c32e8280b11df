/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a manifest, and sealed under a known key as the records of its segments, so that
 * what lies behind the cipher is reached. */
#include <stdlib.h>
#include <string.h>

#include "infrabackup/archive.h"

#define HEADER_SIZE 56
#define SEGMENT_HEADER_SIZE 16
#define CONTEXT_SIZE 73
#define PLAIN_MAX 65536

struct input {
	const uint8_t *data;
	size_t size;
	size_t position;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char session_key[KEY_SIZE] = "a session key of thirty-two byte";
static const struct archive_identity identity = { "repository-guid", "session-guid-16",
						  "backup-guid-16b" };

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static enum status read_input(void *context, void *data, size_t length, size_t *got,
			      struct error *err)
{
	struct input *input = context;
	size_t part = input->size - input->position;

	(void)err;
	if (part > length)
		part = length;
	if (part > 0)
		memcpy(data, input->data + input->position, part);
	input->position += part;
	*got = part;
	return STATUS_OK;
}

/* Touches all that a record points to. */
static size_t weigh(const struct archive_manifest_record *record)
{
	size_t sum = 0;

	switch (record->type) {
	case ARCHIVE_RECORD_GENERATION:
		for (size_t i = 0; i < KEY_SIZE; i++)
			sum += record->generation.dedup_secret[i];
		break;
	case ARCHIVE_RECORD_ROLE:
		sum = strlen(record->role.name) + strlen(record->role.provider);
		break;
	case ARCHIVE_RECORD_ENTRY:
		require(record->entry.path[0] != '/');
		sum = strlen(record->entry.path);
		if (record->entry.link_target != NULL)
			sum += strlen(record->entry.link_target);
		for (size_t i = 0; i < record->entry.xattr_count; i++) {
			const struct archive_xattr *xattr = &record->entry.xattrs[i];

			sum += strlen(xattr->name);
			for (size_t j = 0; j < xattr->value_length; j++)
				sum += xattr->value[j];
		}
		break;
	case ARCHIVE_RECORD_EXTENTS:
		for (size_t i = 0; i < record->extent_count; i++) {
			const struct archive_extent *extent = &record->extents[i];

			require(extent->pack == ARCHIVE_HOLE ||
				(uint64_t)extent->offset + extent->length <= ARCHIVE_BLOCK_MAX);
		}
		break;
	default:
		break;
	}
	return sum;
}

static void read_manifest(const uint8_t *data, size_t size)
{
	struct secret key = SECRET_EMPTY;
	struct input input = { data, size, 0 };
	struct archive_manifest_reader *reader = NULL;
	const struct archive_manifest_record *record = NULL;
	size_t sum = 0;

	require(secret_copy(&key, session_key, sizeof(session_key), NULL) == STATUS_OK);
	if (archive_manifest_reader_new(&identity, &key, read_input, &input, &reader, NULL) ==
	    STATUS_OK) {
		while (archive_manifest_next(reader, &record, NULL) == STATUS_OK)
			sum += weigh(record);
	}
	/* The sum is of use only to the sanitizers: it must not be left out. */
	require(sum != SIZE_MAX);
	archive_manifest_reader_free(reader);
	secret_free(&key);
}

/* One segment around @plain, stored with @codec; what @codec makes of it is the reader's trouble.
 */
static size_t seal_segment(struct aead *aead, uint32_t number, bool is_last, uint8_t codec,
			   uint32_t plain_length, const uint8_t *stored, size_t length,
			   unsigned char *out)
{
	unsigned char nonce[GCM_NONCE_SIZE] = { 0 };
	unsigned char context[CONTEXT_SIZE] = "IBMANIF1";

	memset(out, 0, SEGMENT_HEADER_SIZE);
	store_u32(out, (uint32_t)length + GCM_TAG_SIZE);
	store_u32(out + 4, plain_length);
	store_u32(out + 8, number);
	out[12] = codec;
	out[13] = is_last;
	store_u32(nonce, number);
	memcpy(context + 8, &identity, sizeof(identity));
	store_u32(context + 56, number);
	store_u32(context + 60, plain_length);
	store_u32(context + 64, (uint32_t)length);
	context[68] = codec;
	context[69] = is_last;
	require(aead_seal(aead, nonce, context, sizeof(context), stored, length,
			  out + SEGMENT_HEADER_SIZE, NULL) == STATUS_OK);
	return SEGMENT_HEADER_SIZE + length + GCM_TAG_SIZE;
}

/* First byte: codec, and whether a first segment with good beginnings stands before the input's. */
static void read_as_plain(const uint8_t *data, size_t size)
{
	static const unsigned char begin[] =
		"\x01\x24\0\0\0\x01\0\0\0a dedup secret of thirty-two byte"
		"\x02\x0f\0\0\0\x01\0\0\0R\x01\0\0\0p\0\0\0\0\0";
	struct secret session = SECRET_EMPTY;
	struct secret key = SECRET_EMPTY;
	struct aead *aead = NULL;
	uint32_t number = 0;

	if (size < 2 || size > PLAIN_MAX)
		return;
	unsigned char *file = malloc(HEADER_SIZE + 4 * SEGMENT_HEADER_SIZE + sizeof(begin) + size);
	require(file != NULL);
	require(secret_copy(&session, session_key, sizeof(session_key), NULL) == STATUS_OK);
	require(crypto_derive_key(&session, "infrabackup-1 manifest", &key, NULL) == STATUS_OK);
	require(aead_new(&key, &aead, NULL) == STATUS_OK);
	memcpy(file, "IBMANIF1", 8);
	memcpy(file + 8, &identity, sizeof(identity));
	size_t length = HEADER_SIZE;
	if ((data[0] & 1) != 0)
		length += seal_segment(aead, number++, false, 0, sizeof(begin) - 1, begin,
				       sizeof(begin) - 1, file + length);
	uint8_t codec = (data[0] >> 1) % 3;
	uint32_t plain_length = (uint32_t)(size - 1) << (codec == 0 ? 0 : data[0] >> 5);
	length += seal_segment(aead, number, true, codec, plain_length, data + 1, size - 1,
			       file + length);
	read_manifest(file, length);
	aead_free(aead);
	secret_free(&key);
	secret_free(&session);
	free(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_manifest(data, size);
	read_as_plain(data, size);
	return 0;
}

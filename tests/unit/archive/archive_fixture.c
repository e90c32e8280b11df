/* SPDX-License-Identifier: Apache-2.0 */
/* What the archive's tests share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive_fixture.h"

const unsigned char fixture_repository[GUID_SIZE] = "repository-guid!";
const unsigned char fixture_session[GUID_SIZE] = "session-guid-16!";
const unsigned char fixture_backup[GUID_SIZE] = "backup-guid-16b!";

void fixture_secret(struct secret *out, unsigned char seed)
{
	unsigned char bytes[KEY_SIZE];

	memset(bytes, seed, sizeof(bytes));
	assert_int_equal(secret_copy(out, bytes, sizeof(bytes), NULL), STATUS_OK);
}

void fixture_derived(const struct secret *key, const char *purpose, struct secret *out)
{
	assert_int_equal(crypto_derive_key(key, purpose, out, NULL), STATUS_OK);
}

void fixture_identity(struct archive_identity *out)
{
	memcpy(out->repository_id, fixture_repository, GUID_SIZE);
	memcpy(out->session_id, fixture_session, GUID_SIZE);
	memcpy(out->backup_id, fixture_backup, GUID_SIZE);
}

void fixture_random(unsigned char *data, size_t length, uint64_t seed)
{
	uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (size_t i = 0; i < length; i++) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		data[i] = (unsigned char)(state >> 32);
	}
}

char *fixture_json(size_t length)
{
	char *text = malloc(length + 1);
	size_t used = 0;

	assert_non_null(text);
	for (unsigned i = 0; used < length; i++) {
		char line[160];
		unsigned char noise[8];
		char hex[2 * sizeof(noise) + 1];

		fixture_random(noise, sizeof(noise), i);
		hex_encode(noise, sizeof(noise), false, hex);
		int written = snprintf(line, sizeof(line),
				       "{\"id\":%u,\"name\":\"resource-%s\",\"state\":\"Running\","
				       "\"tags\":{\"owner\":\"team-%u\"},\"enabled\":true},\n",
				       i, hex, i % 17);
		size_t part = (size_t)written < length - used ? (size_t)written : length - used;

		memcpy(text + used, line, part);
		used += part;
	}
	text[length] = '\0';
	return text;
}

void fixture_file_done(struct fixture_file *file)
{
	free(file->data);
	*file = (struct fixture_file) { 0 };
}

enum status fixture_file_write(void *context, const void *data, size_t length, struct error *err)
{
	struct fixture_file *file = context;

	if (file->fail_after != 0 && file->length + length > file->fail_after)
		return fail(err, STATUS_SHARE_FULL, "write", NULL, "full");
	if (file->length + length > file->capacity) {
		size_t capacity = (file->length + length) * 2;
		unsigned char *grown = realloc(file->data, capacity);

		assert_non_null(grown);
		file->data = grown;
		file->capacity = capacity;
	}
	memcpy(file->data + file->length, data, length);
	file->length += length;
	return STATUS_OK;
}

enum status fixture_file_read(void *context, void *data, size_t length, size_t *got,
			      struct error *err)
{
	struct fixture_file *file = context;
	size_t part = file->length - file->position;

	(void)err;
	if (part > length)
		part = length;
	if (file->step != 0 && part > file->step)
		part = file->step;
	if (part > 0)
		memcpy(data, file->data + file->position, part);
	file->position += part;
	*got = part;
	return STATUS_OK;
}

enum status fixture_file_read_at(void *context, uint64_t offset, void *data, size_t length,
				 struct error *err)
{
	const struct fixture_file *file = context;

	if (offset > file->length || length > file->length - offset)
		return fail(err, STATUS_INTEGRITY, "read", NULL, "past the end");
	if (length > 0)
		memcpy(data, file->data + offset, length);
	return STATUS_OK;
}

void fixture_manifest_begin(struct fixture_file *file)
{
	assert_int_equal(fixture_file_write(file, "IBMANIF1", 8, NULL), STATUS_OK);
	assert_int_equal(fixture_file_write(file, fixture_repository, 16, NULL), STATUS_OK);
	assert_int_equal(fixture_file_write(file, fixture_session, 16, NULL), STATUS_OK);
	assert_int_equal(fixture_file_write(file, fixture_backup, 16, NULL), STATUS_OK);
}

void fixture_manifest_segment(struct fixture_file *file, const struct secret *session_key,
			      uint32_t number, bool is_last, const void *plain, size_t length)
{
	AUTO_SECRET key = SECRET_EMPTY;
	struct aead *aead = NULL;
	unsigned char nonce[12] = { 0 };
	unsigned char context[73] = { 0 };
	unsigned char header[16] = { 0 };
	AUTO_FREE unsigned char *sealed = malloc(length + 16);

	assert_non_null(sealed);
	fixture_derived(session_key, "infrabackup-1 manifest", &key);
	assert_int_equal(aead_new(&key, &aead, NULL), STATUS_OK);
	store_u32(nonce, number);
	memcpy(context, "IBMANIF1", 8);
	memcpy(context + 8, fixture_repository, 16);
	memcpy(context + 24, fixture_session, 16);
	memcpy(context + 40, fixture_backup, 16);
	store_u32(context + 56, number);
	store_u32(context + 60, (uint32_t)length);
	store_u32(context + 64, (uint32_t)length);
	context[69] = is_last;
	assert_int_equal(
		aead_seal(aead, nonce, context, sizeof(context), plain, length, sealed, NULL),
		STATUS_OK);
	aead_free(aead);
	store_u32(header, (uint32_t)length + 16);
	store_u32(header + 4, (uint32_t)length);
	store_u32(header + 8, number);
	header[13] = is_last;
	assert_int_equal(fixture_file_write(file, header, sizeof(header), NULL), STATUS_OK);
	assert_int_equal(fixture_file_write(file, sealed, length + 16, NULL), STATUS_OK);
}

void fixture_record(struct buffer *out, uint8_t type, const void *payload, size_t length)
{
	assert_int_equal(buffer_append_u8(out, type, NULL), STATUS_OK);
	assert_int_equal(buffer_append_u32(out, (uint32_t)length, NULL), STATUS_OK);
	assert_int_equal(buffer_append(out, payload, length, NULL), STATUS_OK);
}

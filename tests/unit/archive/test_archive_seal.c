/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed blocks, byte by byte against the words of the format, and opening them. */
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#include "archive_fixture.h"

struct vault {
	struct secret session_key;
	struct archive_sealer *sealer;
	struct archive_opener *opener;
	struct archive_block *block;
	struct archive_position position;
	struct archive_block_header header;
	struct buffer sealed;
	unsigned char *plain;
};

static void open_vault(struct vault *vault, enum archive_codec codec, int level)
{
	memset(vault, 0, sizeof(*vault));
	fixture_secret(&vault->session_key, 7);
	assert_int_equal(
		archive_sealer_new(&vault->session_key, codec, level, &vault->sealer, NULL),
		STATUS_OK);
	assert_int_equal(archive_opener_new(&vault->session_key, &vault->opener, NULL), STATUS_OK);
	vault->block = archive_block_new();
	vault->plain = malloc(ARCHIVE_BLOCK_MAX);
	assert_true(vault->block != NULL && vault->plain != NULL);
	memcpy(vault->position.repository_id, fixture_repository, GUID_SIZE);
	memcpy(vault->position.session_id, fixture_session, GUID_SIZE);
	vault->position.pack_number = 0x01020304;
	vault->position.block_number = 0x0a0b0c0d;
}

static void close_vault(struct vault *vault)
{
	archive_sealer_free(vault->sealer);
	archive_opener_free(vault->opener);
	archive_block_free(vault->block);
	buffer_done(&vault->sealed);
	secret_free(&vault->session_key);
	free(vault->plain);
}

static void fill_block(struct archive_block *block, const void *data, size_t length)
{
	unsigned char id[SHA256_SIZE] = { 1 };

	archive_block_clear(block);
	for (size_t at = 0; at < length;) {
		size_t part = length - at < ARCHIVE_CHUNK_MAX ? length - at : ARCHIVE_CHUNK_MAX;

		assert_true(archive_block_has_room(block, part));
		assert_int_equal(archive_block_append(block, id, (const char *)data + at, part),
				 at);
		at += part;
	}
}

static void seal(struct vault *vault)
{
	assert_int_equal(archive_block_seal(vault->sealer, &vault->position, vault->block,
					    &vault->sealed, &vault->header, NULL),
			 STATUS_OK);
}

static enum status open_again(struct vault *vault)
{
	return archive_block_open(vault->opener, &vault->position, &vault->header,
				  vault->sealed.data, vault->plain, NULL);
}

/* Decrypts with nothing but the format's table. */
static void open_by_hand(const struct vault *vault, unsigned char *out)
{
	AUTO_SECRET key = SECRET_EMPTY;
	struct aead *aead = NULL;
	unsigned char context[57] = "IBBLOCK1repository-guid!session-guid-16!\x04\x03\x02\x01"
				    "\x0d\x0c\x0b\x0a";
	static const unsigned char nonce[12] = "\x04\x03\x02\x01\x0d\x0c\x0b\x0a";

	store_u32(context + 48, (uint32_t)vault->block->length);
	store_u32(context + 52, (uint32_t)vault->sealed.length - 16);
	context[56] = vault->header.codec;
	fixture_derived(&vault->session_key, "infrabackup-1 block", &key);
	assert_int_equal(aead_new(&key, &aead, NULL), STATUS_OK);
	assert_int_equal(aead_open(aead, nonce, context, sizeof(context), vault->sealed.data,
				   vault->sealed.length, out, NULL),
			 STATUS_OK);
	aead_free(aead);
}

static void test_block_seal_none_is_as_the_format_says(void **state)
{
	struct vault vault;
	unsigned char out[64];

	(void)state;
	open_vault(&vault, ARCHIVE_CODEC_ZSTD, 1);
	fill_block(vault.block, "short text", 10);
	seal(&vault);
	assert_int_equal(vault.header.codec, 0);
	assert_int_equal(vault.header.plain_length, 10);
	assert_int_equal(vault.header.stored_length, 26);
	assert_int_equal(vault.header.block_number, 0x0a0b0c0d);
	assert_int_equal(vault.sealed.length, 26);
	open_by_hand(&vault, out);
	assert_memory_equal(out, "short text", 10);
	close_vault(&vault);
}

static void test_block_seal_zstd_and_zlib_are_plain_streams(void **state)
{
	AUTO_FREE char *text = fixture_json(300000);
	AUTO_FREE unsigned char *compressed = malloc(ARCHIVE_BLOCK_MAX);
	AUTO_FREE unsigned char *plain = malloc(ARCHIVE_BLOCK_MAX);
	struct vault vault;
	uLongf plain_length = ARCHIVE_BLOCK_MAX;

	(void)state;
	assert_true(compressed != NULL && plain != NULL);
	open_vault(&vault, ARCHIVE_CODEC_ZSTD, 1);
	fill_block(vault.block, text, 300000);
	seal(&vault);
	assert_int_equal(vault.header.codec, 2);
	open_by_hand(&vault, compressed);
	assert_int_equal(
		ZSTD_decompress(plain, ARCHIVE_BLOCK_MAX, compressed, vault.sealed.length - 16),
		300000);
	assert_memory_equal(plain, text, 300000);
	close_vault(&vault);

	open_vault(&vault, ARCHIVE_CODEC_ZLIB, 6);
	fill_block(vault.block, text, 300000);
	seal(&vault);
	assert_int_equal(vault.header.codec, 1);
	open_by_hand(&vault, compressed);
	assert_int_equal(uncompress(plain, &plain_length, compressed, vault.sealed.length - 16),
			 Z_OK);
	assert_int_equal(plain_length, 300000);
	assert_memory_equal(plain, text, 300000);
	close_vault(&vault);
}

static void test_block_open_gives_back_every_codec(void **state)
{
	static const enum archive_codec codecs[] = { ARCHIVE_CODEC_NONE, ARCHIVE_CODEC_ZLIB,
						     ARCHIVE_CODEC_ZSTD };
	AUTO_FREE char *text = fixture_json(ARCHIVE_BLOCK_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(codecs); i++) {
		struct vault vault;

		open_vault(&vault, codecs[i], 1);
		fill_block(vault.block, text, ARCHIVE_BLOCK_MAX);
		seal(&vault);
		assert_int_equal(vault.header.codec, codecs[i]);
		assert_int_equal(open_again(&vault), STATUS_OK);
		assert_memory_equal(vault.plain, text, ARCHIVE_BLOCK_MAX);
		close_vault(&vault);
	}
}

static void test_block_seal_incompressible_block_is_stored_plain(void **state)
{
	AUTO_FREE unsigned char *noise = malloc(ARCHIVE_BLOCK_MAX);
	struct vault vault;

	(void)state;
	assert_non_null(noise);
	fixture_random(noise, ARCHIVE_BLOCK_MAX, 4);
	open_vault(&vault, ARCHIVE_CODEC_ZSTD, 1);
	fill_block(vault.block, noise, ARCHIVE_BLOCK_MAX);
	seal(&vault);
	assert_int_equal(vault.header.codec, ARCHIVE_CODEC_NONE);
	assert_int_equal(vault.header.stored_length, ARCHIVE_BLOCK_MAX + 16);
	assert_int_equal(open_again(&vault), STATUS_OK);
	assert_memory_equal(vault.plain, noise, ARCHIVE_BLOCK_MAX);
	close_vault(&vault);
}

static void test_block_seal_empty_block_is_refused(void **state)
{
	struct vault vault;

	(void)state;
	open_vault(&vault, ARCHIVE_CODEC_ZSTD, 1);
	vault.header.codec = 99;
	assert_int_not_equal(archive_block_seal(vault.sealer, &vault.position, vault.block,
						&vault.sealed, &vault.header, NULL),
			     STATUS_OK);
	assert_int_equal(vault.header.codec, 99);
	close_vault(&vault);
}

static void test_block_open_at_another_place_fails(void **state)
{
	struct vault vault;
	AUTO_FREE char *text = fixture_json(2000);

	(void)state;
	open_vault(&vault, ARCHIVE_CODEC_ZSTD, 1);
	fill_block(vault.block, text, 2000);
	seal(&vault);
	unsigned char *const places[] = {
		vault.position.repository_id,
		vault.position.session_id,
		(unsigned char *)&vault.position.pack_number,
		(unsigned char *)&vault.position.block_number,
		(unsigned char *)&vault.header.plain_length,
		(unsigned char *)&vault.header.stored_length,
		&vault.header.codec,
	};
	assert_int_equal(open_again(&vault), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LENGTH(places); i++) {
		places[i][0] ^= 1;
		assert_int_equal(open_again(&vault), STATUS_INTEGRITY);
		places[i][0] ^= 1;
	}
	assert_int_equal(open_again(&vault), STATUS_OK);
	close_vault(&vault);
}

static void test_block_open_any_flipped_byte_fails(void **state)
{
	struct vault vault;

	(void)state;
	open_vault(&vault, ARCHIVE_CODEC_NONE, 0);
	fill_block(vault.block, "every byte of this counts", 25);
	seal(&vault);
	for (size_t i = 0; i < vault.sealed.length; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			vault.sealed.data[i] ^= (unsigned char)(1u << bit);
			assert_int_equal(open_again(&vault), STATUS_INTEGRITY);
			vault.sealed.data[i] ^= (unsigned char)(1u << bit);
		}
	}
	close_vault(&vault);
}

static void test_block_open_with_another_key_fails(void **state)
{
	struct vault vault;
	AUTO_SECRET other = SECRET_EMPTY;
	struct archive_opener *opener = NULL;

	(void)state;
	open_vault(&vault, ARCHIVE_CODEC_NONE, 0);
	fill_block(vault.block, "x", 1);
	seal(&vault);
	fixture_secret(&other, 8);
	assert_int_equal(archive_opener_new(&other, &opener, NULL), STATUS_OK);
	assert_int_equal(archive_block_open(opener, &vault.position, &vault.header,
					    vault.sealed.data, vault.plain, NULL),
			 STATUS_INTEGRITY);
	archive_opener_free(opener);
	close_vault(&vault);
}

static void test_block_open_impossible_lengths_are_refused_first(void **state)
{
	static const struct {
		uint32_t stored;
		uint32_t plain;
		uint8_t codec;
	} lengths[] = {
		{ 0, 10, 0 },          { 16, 1, 0 },        { 26, 0, 2 },
		{ 26, 11, 0 },         { 28, 11, 2 },       { UINT32_MAX, 10, 2 },
		{ 26, UINT32_MAX, 2 }, { 26, 0x100001, 2 }, { 26, 10, 3 },
	};
	struct vault vault;

	(void)state;
	open_vault(&vault, ARCHIVE_CODEC_NONE, 0);
	fill_block(vault.block, "ten bytes!", 10);
	seal(&vault);
	for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
		vault.header.stored_length = lengths[i].stored;
		vault.header.plain_length = lengths[i].plain;
		vault.header.codec = lengths[i].codec;
		assert_int_equal(open_again(&vault), STATUS_INTEGRITY);
	}
	close_vault(&vault);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block_seal_none_is_as_the_format_says),
		cmocka_unit_test(test_block_seal_zstd_and_zlib_are_plain_streams),
		cmocka_unit_test(test_block_open_gives_back_every_codec),
		cmocka_unit_test(test_block_seal_incompressible_block_is_stored_plain),
		cmocka_unit_test(test_block_seal_empty_block_is_refused),
		cmocka_unit_test(test_block_open_at_another_place_fails),
		cmocka_unit_test(test_block_open_any_flipped_byte_fails),
		cmocka_unit_test(test_block_open_with_another_key_fails),
		cmocka_unit_test(test_block_open_impossible_lengths_are_refused_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

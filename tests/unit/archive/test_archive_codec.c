/* SPDX-License-Identifier: Apache-2.0 */
/* Compression and its bounds. */
#include <stdlib.h>
#include <string.h>

#include "../../../src/archive/archive_codec.h"
#include "archive_fixture.h"

static const enum archive_codec codecs[] = { ARCHIVE_CODEC_ZLIB, ARCHIVE_CODEC_ZSTD };

struct coder {
	struct archive_compressor *compressor;
	struct archive_decompressor *decompressor;
	unsigned char *stored;
	unsigned char *plain; /* one byte more than a block: the guard */
};

static struct coder open_coder(enum archive_codec codec, int level)
{
	struct coder coder = { 0 };

	assert_int_equal(archive_compressor_new(codec, level, &coder.compressor, NULL), STATUS_OK);
	assert_int_equal(archive_decompressor_new(&coder.decompressor, NULL), STATUS_OK);
	coder.stored = malloc(ARCHIVE_BLOCK_MAX + 1);
	coder.plain = malloc(ARCHIVE_BLOCK_MAX + 1);
	assert_true(coder.stored != NULL && coder.plain != NULL);
	return coder;
}

static void close_coder(struct coder *coder)
{
	archive_compressor_free(coder->compressor);
	archive_decompressor_free(coder->decompressor);
	free(coder->stored);
	free(coder->plain);
}

static size_t compress_text(struct coder *coder, const void *text, size_t length,
			    enum archive_codec *used)
{
	size_t stored_length = 0;

	assert_int_equal(archive_compress(coder->compressor, text, length, coder->stored,
					  &stored_length, used, NULL),
			 STATUS_OK);
	return stored_length;
}

static void test_compress_text_comes_back_equal_again_and_again(void **state)
{
	static const size_t lengths[] = { 200, 5000, 70000, ARCHIVE_BLOCK_MAX };
	AUTO_FREE char *text = fixture_json(ARCHIVE_BLOCK_MAX);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(codecs) * ARRAY_LENGTH(lengths) * 2; i++) {
		enum archive_codec codec = codecs[i % ARRAY_LENGTH(codecs)];
		size_t length = lengths[i / 2 % ARRAY_LENGTH(lengths)];
		struct coder coder = open_coder(codec, i % 3 == 0 ? 0 : 1);

		for (int round = 0; round < 3; round++) {
			enum archive_codec used = ARCHIVE_CODEC_NONE;
			size_t stored = compress_text(&coder, text, length, &used);

			assert_int_equal(used, codec);
			assert_true(stored > 0 && stored <= length - length / 32);
			assert_int_equal(archive_decompress(coder.decompressor, (uint8_t)codec,
							    coder.stored, stored, coder.plain,
							    length, NULL),
					 STATUS_OK);
			assert_memory_equal(coder.plain, text, length);
		}
		close_coder(&coder);
	}
}

static void test_compress_random_bytes_falls_back_to_none(void **state)
{
	static const size_t lengths[] = { 1, 2, 31, 33, 4096, ARCHIVE_BLOCK_MAX };
	AUTO_FREE unsigned char *noise = malloc(ARCHIVE_BLOCK_MAX);

	(void)state;
	assert_non_null(noise);
	fixture_random(noise, ARCHIVE_BLOCK_MAX, 3);
	for (size_t i = 0; i < ARRAY_LENGTH(codecs); i++) {
		struct coder coder = open_coder(codecs[i], 1);
		AUTO_FREE char *text = fixture_json(5000);
		enum archive_codec used = codecs[i];

		for (size_t j = 0; j < ARRAY_LENGTH(lengths); j++) {
			(void)compress_text(&coder, noise, lengths[j], &used);
			assert_int_equal(used, ARCHIVE_CODEC_NONE);
		}
		/* The context is whole after a compression that was given up. */
		size_t stored = compress_text(&coder, text, 5000, &used);
		assert_int_equal(used, codecs[i]);
		assert_int_equal(archive_decompress(coder.decompressor, (uint8_t)codecs[i],
						    coder.stored, stored, coder.plain, 5000, NULL),
				 STATUS_OK);
		assert_memory_equal(coder.plain, text, 5000);
		close_coder(&coder);
	}
}

static void test_decompress_wrong_plain_length_is_integrity(void **state)
{
	AUTO_FREE char *text = fixture_json(5000);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(codecs); i++) {
		static const size_t lengths[] = {
			0, 1, 4999, 5001, ARCHIVE_BLOCK_MAX, ARCHIVE_BLOCK_MAX + 1
		};
		struct coder coder = open_coder(codecs[i], 1);
		enum archive_codec used = ARCHIVE_CODEC_NONE;
		size_t stored = compress_text(&coder, text, 5000, &used);

		for (size_t j = 0; j < ARRAY_LENGTH(lengths); j++) {
			struct error err = { 0 };

			coder.plain[lengths[j] > ARCHIVE_BLOCK_MAX ? 0 : lengths[j]] = 0xa5;
			assert_int_equal(archive_decompress(coder.decompressor, (uint8_t)codecs[i],
							    coder.stored, stored, coder.plain,
							    lengths[j], &err),
					 STATUS_INTEGRITY);
			if (lengths[j] <= ARCHIVE_BLOCK_MAX)
				assert_int_equal(coder.plain[lengths[j]], 0xa5);
			assert_int_equal(err.status, STATUS_INTEGRITY);
		}
		close_coder(&coder);
	}
}

static void test_decompress_truncated_or_followed_stream_is_integrity(void **state)
{
	AUTO_FREE char *text = fixture_json(3000);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(codecs); i++) {
		struct coder coder = open_coder(codecs[i], 1);
		enum archive_codec used = ARCHIVE_CODEC_NONE;
		size_t stored = compress_text(&coder, text, 3000, &used);

		for (size_t length = 0; length < stored; length++)
			assert_int_equal(archive_decompress(coder.decompressor, (uint8_t)codecs[i],
							    coder.stored, length, coder.plain, 3000,
							    NULL),
					 STATUS_INTEGRITY);
		coder.stored[stored] = 0;
		assert_int_equal(archive_decompress(coder.decompressor, (uint8_t)codecs[i],
						    coder.stored, stored + 1, coder.plain, 3000,
						    NULL),
				 STATUS_INTEGRITY);
		/* A second frame, although the two together would have the length. */
		memmove(coder.stored + stored, coder.stored, stored);
		assert_int_equal(archive_decompress(coder.decompressor, (uint8_t)codecs[i],
						    coder.stored, 2 * stored, coder.plain, 6000,
						    NULL),
				 STATUS_INTEGRITY);
		close_coder(&coder);
	}
}

static void test_decompress_unknown_codec_is_integrity(void **state)
{
	struct coder coder = open_coder(ARCHIVE_CODEC_NONE, 0);

	(void)state;
	memset(coder.stored, 1, 16);
	for (unsigned codec = 0; codec < 256; codec++) {
		if (codec != ARCHIVE_CODEC_ZLIB && codec != ARCHIVE_CODEC_ZSTD)
			assert_int_equal(archive_decompress(coder.decompressor, (uint8_t)codec,
							    coder.stored, 16, coder.plain, 16,
							    NULL),
					 STATUS_INTEGRITY);
	}
	close_coder(&coder);
}

static void test_compressor_new_refuses_levels_that_do_not_exist(void **state)
{
	struct archive_compressor *compressor = NULL;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(archive_compressor_new(ARCHIVE_CODEC_ZLIB, 10, &compressor, &err),
			 STATUS_INVALID);
	assert_int_equal(archive_compressor_new(ARCHIVE_CODEC_ZSTD, 23, &compressor, &err),
			 STATUS_INVALID);
	assert_int_equal(archive_compressor_new((enum archive_codec)3, 1, &compressor, &err),
			 STATUS_INVALID);
	assert_null(compressor);
}

static void test_compress_more_than_a_block_is_too_large(void **state)
{
	struct coder coder = open_coder(ARCHIVE_CODEC_ZSTD, 1);
	enum archive_codec used = ARCHIVE_CODEC_ZLIB;
	size_t stored = 0;

	(void)state;
	assert_int_equal(archive_compress(coder.compressor, coder.plain, ARCHIVE_BLOCK_MAX + 1,
					  coder.stored, &stored, &used, NULL),
			 STATUS_TOO_LARGE);
	close_coder(&coder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compress_text_comes_back_equal_again_and_again),
		cmocka_unit_test(test_compress_random_bytes_falls_back_to_none),
		cmocka_unit_test(test_decompress_wrong_plain_length_is_integrity),
		cmocka_unit_test(test_decompress_truncated_or_followed_stream_is_integrity),
		cmocka_unit_test(test_decompress_unknown_codec_is_integrity),
		cmocka_unit_test(test_compressor_new_refuses_levels_that_do_not_exist),
		cmocka_unit_test(test_compress_more_than_a_block_is_too_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Compression of up to ARCHIVE_BLOCK_MAX bytes at a time; contexts are kept from one call to the
 * next. One thread at a time. */
#ifndef ARCHIVE_CODEC_H
#define ARCHIVE_CODEC_H

#include "infrabackup/archive/block.h"

struct archive_compressor;
/* STATUS_INVALID for a codec or level that does not exist. Level 0 is the library's default. */
MUST_CHECK enum status archive_compressor_new(enum archive_codec codec, int level,
					      struct archive_compressor **out, struct error *err);
void archive_compressor_free(struct archive_compressor *compressor);
/* Compresses into @out, which has room for @length bytes. When that does not save 1/32 of @length,
 * *@used is ARCHIVE_CODEC_NONE, and what is in @out means nothing. */
MUST_CHECK enum status archive_compress(struct archive_compressor *compressor,
					const unsigned char *plain, size_t length,
					unsigned char *out, size_t *out_length,
					enum archive_codec *used, struct error *err);

struct archive_decompressor;
MUST_CHECK enum status archive_decompressor_new(struct archive_decompressor **out,
						struct error *err);
void archive_decompressor_free(struct archive_decompressor *decompressor);
/* STATUS_INTEGRITY unless @stored is one whole stream of exactly @plain_length bytes; no byte is
 * written past them. @codec is not ARCHIVE_CODEC_NONE. */
MUST_CHECK enum status archive_decompress(struct archive_decompressor *decompressor, uint8_t codec,
					  const unsigned char *stored, size_t stored_length,
					  unsigned char *plain, size_t plain_length,
					  struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* zlib and Zstandard behind one interface; the only user of either library. */
#include <stdlib.h>

#include <zlib.h>
#include <zstd.h>

#include "archive_codec.h"

/* Compression that saves less than this part costs the reader time for nothing. */
#define SAVING_PART 32

struct archive_compressor {
	enum archive_codec codec;
	int level;
	ZSTD_CCtx *zstd;
	z_stream zlib;
	bool has_zlib;
};

struct archive_decompressor {
	ZSTD_DCtx *zstd;
	z_stream zlib;
	bool has_zlib;
};

static enum status check_level(int level, int min, int max, struct error *err)
{
	if (level >= min && level <= max)
		return STATUS_OK;
	return fail(err, STATUS_INVALID, "set up compression", NULL,
		    "found compression level %d, allowed are %d to %d", level, min, max);
}

static enum status open_zlib(struct archive_compressor *compressor, struct error *err)
{
	int level = compressor->level == 0 ? Z_DEFAULT_COMPRESSION : compressor->level;
	enum status status = check_level(level, Z_DEFAULT_COMPRESSION, Z_BEST_COMPRESSION, err);

	if (status != STATUS_OK)
		return status;
	if (deflateInit(&compressor->zlib, level) != Z_OK)
		return fail_memory(err, "set up compression");
	compressor->has_zlib = true;
	return STATUS_OK;
}

static enum status open_zstd(struct archive_compressor *compressor, struct error *err)
{
	enum status status =
		check_level(compressor->level, ZSTD_minCLevel(), ZSTD_maxCLevel(), err);

	if (status != STATUS_OK)
		return status;
	compressor->zstd = ZSTD_createCCtx();
	return compressor->zstd == NULL ? fail_memory(err, "set up compression") : STATUS_OK;
}

enum status archive_compressor_new(enum archive_codec codec, int level,
				   struct archive_compressor **out, struct error *err)
{
	struct archive_compressor *compressor = calloc(1, sizeof(*compressor));
	enum status status = STATUS_OK;

	if (compressor == NULL)
		return fail_memory(err, "set up compression");
	compressor->codec = codec;
	compressor->level = level;
	switch (codec) {
	case ARCHIVE_CODEC_NONE:
		break;
	case ARCHIVE_CODEC_ZLIB:
		status = open_zlib(compressor, err);
		break;
	case ARCHIVE_CODEC_ZSTD:
		status = open_zstd(compressor, err);
		break;
	default:
		status = fail(err, STATUS_INVALID, "set up compression", NULL,
			      "found codec %d, allowed are 0 to 2", (int)codec);
	}
	if (status != STATUS_OK)
		archive_compressor_free(compressor);
	else
		*out = compressor;
	return status;
}

void archive_compressor_free(struct archive_compressor *compressor)
{
	if (compressor == NULL)
		return;
	ZSTD_freeCCtx(compressor->zstd);
	if (compressor->has_zlib)
		(void)deflateEnd(&compressor->zlib);
	free(compressor);
}

/* Bytes written, or 0 when @room does not do. */
static size_t run_deflate(z_stream *stream, const unsigned char *plain, size_t length,
			  unsigned char *out, size_t room)
{
	if (deflateReset(stream) != Z_OK)
		return 0;
	/* zlib's input is not const by declaration, only by promise. */
	stream->next_in = (unsigned char *)(uintptr_t)plain;
	stream->avail_in = (uInt)length;
	stream->next_out = out;
	stream->avail_out = (uInt)room;
	return deflate(stream, Z_FINISH) == Z_STREAM_END ? room - stream->avail_out : 0;
}

enum status archive_compress(struct archive_compressor *compressor, const unsigned char *plain,
			     size_t length, unsigned char *out, size_t *out_length,
			     enum archive_codec *used, struct error *err)
{
	size_t saving = (length + SAVING_PART - 1) / SAVING_PART;
	size_t room = length - saving;
	size_t written = 0;

	if (length == 0 || length > ARCHIVE_BLOCK_MAX)
		return fail(err, STATUS_TOO_LARGE, "compress", NULL,
			    "%zu bytes at once, allowed are 1 to %u", length, ARCHIVE_BLOCK_MAX);
	if (compressor->codec == ARCHIVE_CODEC_ZLIB && room > 0) {
		written = run_deflate(&compressor->zlib, plain, length, out, room);
	} else if (compressor->codec == ARCHIVE_CODEC_ZSTD && room > 0) {
		/* Any fault here, above all too little room, leaves the plain bytes to be stored.
		 */
		written = ZSTD_compressCCtx(compressor->zstd, out, room, plain, length,
					    compressor->level);
		if (ZSTD_isError(written))
			written = 0;
	}
	*out_length = written;
	*used = written > 0 ? compressor->codec : ARCHIVE_CODEC_NONE;
	return STATUS_OK;
}

enum status archive_decompressor_new(struct archive_decompressor **out, struct error *err)
{
	struct archive_decompressor *decompressor = calloc(1, sizeof(*decompressor));

	if (decompressor == NULL)
		return fail_memory(err, "set up decompression");
	decompressor->zstd = ZSTD_createDCtx();
	decompressor->has_zlib = inflateInit(&decompressor->zlib) == Z_OK;
	if (decompressor->zstd == NULL || !decompressor->has_zlib) {
		archive_decompressor_free(decompressor);
		return fail_memory(err, "set up decompression");
	}
	*out = decompressor;
	return STATUS_OK;
}

void archive_decompressor_free(struct archive_decompressor *decompressor)
{
	if (decompressor == NULL)
		return;
	ZSTD_freeDCtx(decompressor->zstd);
	if (decompressor->has_zlib)
		(void)inflateEnd(&decompressor->zlib);
	free(decompressor);
}

static bool run_inflate(z_stream *stream, const unsigned char *stored, size_t stored_length,
			unsigned char *plain, size_t plain_length)
{
	if (inflateReset(stream) != Z_OK)
		return false;
	stream->next_in = (unsigned char *)(uintptr_t)stored;
	stream->avail_in = (uInt)stored_length;
	stream->next_out = plain;
	stream->avail_out = (uInt)plain_length;
	return inflate(stream, Z_FINISH) == Z_STREAM_END && stream->avail_in == 0 &&
	       stream->avail_out == 0;
}

/* One frame: a second one, or a skippable one, would be decoded silently. */
static bool run_zstd(ZSTD_DCtx *context, const unsigned char *stored, size_t stored_length,
		     unsigned char *plain, size_t plain_length)
{
	size_t frame_length = ZSTD_findFrameCompressedSize(stored, stored_length);

	if (ZSTD_isError(frame_length) || frame_length != stored_length)
		return false;
	size_t written = ZSTD_decompressDCtx(context, plain, plain_length, stored, stored_length);
	return !ZSTD_isError(written) && written == plain_length;
}

enum status archive_decompress(struct archive_decompressor *decompressor, uint8_t codec,
			       const unsigned char *stored, size_t stored_length,
			       unsigned char *plain, size_t plain_length, struct error *err)
{
	bool is_good = false;

	if (stored_length > ARCHIVE_BLOCK_MAX || plain_length > ARCHIVE_BLOCK_MAX)
		return fail(err, STATUS_INTEGRITY, "decompress", NULL,
			    "%zu bytes that hold %zu, allowed are at most %u", stored_length,
			    plain_length, ARCHIVE_BLOCK_MAX);
	if (codec == ARCHIVE_CODEC_ZLIB)
		is_good = run_inflate(&decompressor->zlib, stored, stored_length, plain,
				      plain_length);
	else if (codec == ARCHIVE_CODEC_ZSTD)
		is_good = run_zstd(decompressor->zstd, stored, stored_length, plain, plain_length);
	if (!is_good)
		return fail(err, STATUS_INTEGRITY, "decompress", NULL,
			    "%zu stored bytes are not one stream (codec %u) of %zu bytes",
			    stored_length, codec, plain_length);
	return STATUS_OK;
}

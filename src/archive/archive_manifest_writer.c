/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a manifest: records gathered into segments, each sealed and handed on. */
#include <stdlib.h>

#include "archive_manifest_record.h"

#define MANIFEST_CODEC ARCHIVE_CODEC_ZSTD
#define MANIFEST_LEVEL 3

struct archive_manifest_writer {
	struct archive_identity identity;
	struct archive_sealer *sealer;
	archive_manifest_write write;
	void *context;
	struct hash *hash;
	uint64_t size;
	struct manifest_grammar grammar;
	struct secret plain; /* ARCHIVE_BLOCK_MAX bytes: the dedup secret is in the first segment */
	size_t plain_length;
	unsigned char *segment; /* header and sealed bytes */
	uint32_t segment_number;
	bool is_broken; /* a segment did not get out: nothing that follows would make sense */
};

static enum status put_out(struct archive_manifest_writer *writer, const void *data, size_t length,
			   struct error *err)
{
	enum status status = writer->write(writer->context, data, length, err);

	if (status != STATUS_OK)
		return status;
	hash_update(writer->hash, data, length);
	writer->size += length;
	return STATUS_OK;
}

static enum status seal_segment(struct archive_manifest_writer *writer, bool is_last,
				size_t *length, struct error *err)
{
	unsigned char nonce[GCM_NONCE_SIZE];
	unsigned char context[MANIFEST_CONTEXT_SIZE];
	const unsigned char *data = NULL;
	struct manifest_segment segment = { .number = writer->segment_number, .is_last = is_last };
	enum status status =
		archive_sealer_compress(writer->sealer, writer->plain.data, writer->plain_length,
					&data, &segment.stored, err);

	if (status != STATUS_OK)
		return status;
	manifest_segment_store(&segment, writer->segment);
	manifest_segment_bind(&writer->identity, &segment, nonce, context);
	*length = MANIFEST_SEGMENT_HEADER_SIZE + segment.stored.stored_length;
	return archive_sealer_encrypt(writer->sealer, nonce, context, sizeof(context), data,
				      &segment.stored,
				      writer->segment + MANIFEST_SEGMENT_HEADER_SIZE, err);
}

static enum status flush_segment(struct archive_manifest_writer *writer, bool is_last,
				 struct error *err)
{
	size_t length = 0;

	/* The segment number is the nonce. */
	if (writer->segment_number == UINT32_MAX)
		return fail(err, STATUS_TOO_LARGE, "write manifest", NULL,
			    "more segments than a manifest may have");
	enum status status = seal_segment(writer, is_last, &length, err);
	if (status == STATUS_OK)
		status = put_out(writer, writer->segment, length, err);
	if (status != STATUS_OK) {
		writer->is_broken = true;
		return status;
	}
	writer->segment_number++;
	writer->plain_length = 0;
	return STATUS_OK;
}

/* Nothing changes when the record is refused. */
static enum status put_record(struct archive_manifest_writer *writer,
			      const struct archive_manifest_record *record, struct error *err)
{
	size_t size = manifest_record_size(record);
	const char *fault = manifest_record_fault(&writer->grammar, record);

	if (writer->is_broken)
		return fail(err, STATUS_CONFLICT, "write manifest", NULL,
			    "an earlier part of it could not be written");
	if (size > ARCHIVE_BLOCK_MAX)
		return fail(err, STATUS_TOO_LARGE, "write manifest", NULL,
			    "a record larger than the allowed %u bytes", ARCHIVE_BLOCK_MAX);
	if (fault != NULL)
		return fail(err, STATUS_INVALID, "write manifest", NULL, "%s", fault);
	if (size > ARCHIVE_BLOCK_MAX - writer->plain_length) {
		enum status status = flush_segment(writer, false, err);

		if (status != STATUS_OK)
			return status;
	}
	(void)manifest_record_encode(record, writer->plain.data + writer->plain_length);
	writer->plain_length += size;
	manifest_grammar_advance(&writer->grammar, record);
	return STATUS_OK;
}

static enum status open_writer(struct archive_manifest_writer *writer,
			       const struct secret *session_key, struct error *err)
{
	unsigned char header[MANIFEST_HEADER_SIZE];
	enum status status =
		archive_sealer_new_for(session_key, ARCHIVE_MANIFEST_PURPOSE, MANIFEST_CODEC,
				       MANIFEST_LEVEL, &writer->sealer, err);

	if (status == STATUS_OK)
		status = secret_new(&writer->plain, ARCHIVE_BLOCK_MAX, err);
	if (status != STATUS_OK)
		return status;
	writer->hash = hash_new();
	writer->segment = malloc(MANIFEST_SEGMENT_HEADER_SIZE + ARCHIVE_SEALED_MAX);
	if (writer->hash == NULL || writer->segment == NULL)
		return fail_memory(err, "make manifest writer");
	manifest_header_store(&writer->identity, header);
	return put_out(writer, header, sizeof(header), err);
}

enum status archive_manifest_writer_new(const struct archive_identity *identity,
					const struct secret *session_key,
					archive_manifest_write write, void *context,
					struct archive_manifest_writer **out, struct error *err)
{
	struct archive_manifest_writer *writer = calloc(1, sizeof(*writer));

	if (writer == NULL)
		return fail_memory(err, "make manifest writer");
	writer->identity = *identity;
	writer->write = write;
	writer->context = context;
	enum status status = open_writer(writer, session_key, err);
	if (status == STATUS_OK)
		*out = writer;
	else
		archive_manifest_writer_free(writer);
	return status;
}

void archive_manifest_writer_free(struct archive_manifest_writer *writer)
{
	if (writer == NULL)
		return;
	archive_sealer_free(writer->sealer);
	hash_free(writer->hash);
	secret_free(&writer->plain);
	free(writer->segment);
	free(writer);
}

enum status archive_manifest_generation(struct archive_manifest_writer *writer, uint32_t number,
					const struct secret *dedup_secret, struct error *err)
{
	const struct archive_manifest_record record = {
		.type = ARCHIVE_RECORD_GENERATION,
		.generation = { number, dedup_secret->data },
	};

	if (dedup_secret->length != KEY_SIZE)
		return fail(err, STATUS_INVALID, "write manifest", NULL,
			    "a dedup secret of %zu bytes, it must have %d", dedup_secret->length,
			    KEY_SIZE);
	return put_record(writer, &record, err);
}

enum status archive_manifest_role(struct archive_manifest_writer *writer,
				  const struct archive_role *role, struct error *err)
{
	const struct archive_manifest_record record = {
		.type = ARCHIVE_RECORD_ROLE,
		.role = *role,
	};

	return put_record(writer, &record, err);
}

enum status archive_manifest_entry(struct archive_manifest_writer *writer,
				   const struct archive_entry *entry, struct error *err)
{
	const struct archive_manifest_record record = {
		.type = ARCHIVE_RECORD_ENTRY,
		.entry = *entry,
	};

	return put_record(writer, &record, err);
}

enum status archive_manifest_extents(struct archive_manifest_writer *writer,
				     const struct archive_extent *extents, size_t count,
				     struct error *err)
{
	const struct archive_manifest_record record = {
		.type = ARCHIVE_RECORD_EXTENTS,
		.extents = extents,
		.extent_count = count,
	};

	return put_record(writer, &record, err);
}

enum status archive_manifest_file_end(struct archive_manifest_writer *writer,
				      const struct archive_file_end *end, struct error *err)
{
	const struct archive_manifest_record record = {
		.type = ARCHIVE_RECORD_FILE_END,
		.file_end = *end,
	};

	return put_record(writer, &record, err);
}

enum status archive_manifest_role_end(struct archive_manifest_writer *writer,
				      const struct archive_role_end *end, struct error *err)
{
	const struct archive_manifest_record record = {
		.type = ARCHIVE_RECORD_ROLE_END,
		.role_end = *end,
	};

	return put_record(writer, &record, err);
}

enum status archive_manifest_finish(struct archive_manifest_writer *writer, uint64_t *size,
				    unsigned char digest[SHA256_SIZE], struct error *err)
{
	const struct archive_manifest_record record = { .type = ARCHIVE_RECORD_END };
	enum status status = put_record(writer, &record, err);

	if (status == STATUS_OK)
		status = flush_segment(writer, true, err);
	if (status != STATUS_OK)
		return status;
	*size = writer->size;
	hash_peek(writer->hash, digest);
	return STATUS_OK;
}

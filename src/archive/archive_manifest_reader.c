/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a manifest: one segment at a time is opened, its records are checked and handed out. */
#include <stdlib.h>
#include <string.h>

#include "archive_manifest_record.h"

struct archive_manifest_reader {
	struct archive_identity identity;
	struct archive_opener *opener;
	archive_manifest_read read;
	void *context;
	struct manifest_grammar grammar;
	struct manifest_decoder decoder;
	struct archive_manifest_record record;
	struct secret sealed; /* no secret, but grows in the same way */
	struct secret plain;  /* of the present segment */
	size_t plain_length;
	size_t position;
	uint32_t next_number;
	bool has_last;  /* the last segment is the present one */
	bool is_broken; /* a fault was found: nothing that follows can be believed */
};

static enum status fail_manifest(struct error *err, const char *what)
{
	return fail(err, STATUS_INTEGRITY, "read manifest", NULL, "%s", what);
}

/* Up to @length bytes, fewer only at the end of the file. */
static enum status read_some(struct archive_manifest_reader *reader, void *data, size_t length,
			     size_t *filled, struct error *err)
{
	size_t done = 0;

	while (done < length) {
		size_t got = 0;
		enum status status = reader->read(reader->context, (unsigned char *)data + done,
						  length - done, &got, err);

		if (status != STATUS_OK)
			return status;
		if (got == 0 || got > length - done)
			break;
		done += got;
	}
	*filled = done;
	return STATUS_OK;
}

static enum status read_all(struct archive_manifest_reader *reader, void *data, size_t length,
			    struct error *err)
{
	size_t filled = 0;
	enum status status = read_some(reader, data, length, &filled, err);

	if (status == STATUS_OK && filled != length)
		status = fail_manifest(err, "the file ends before its last segment does");
	return status;
}

static enum status read_header(struct archive_manifest_reader *reader, struct error *err)
{
	unsigned char found[MANIFEST_HEADER_SIZE];
	unsigned char expected[MANIFEST_HEADER_SIZE];
	enum status status = read_all(reader, found, sizeof(found), err);

	if (status != STATUS_OK)
		return status;
	manifest_header_store(&reader->identity, expected);
	if (memcmp(found, expected, MANIFEST_MAGIC_SIZE) != 0)
		return fail_manifest(err, "the file does not begin as a manifest of version 1");
	if (memcmp(found, expected, sizeof(found)) != 0)
		return fail_manifest(err, "it belongs to another repository, session or backup");
	return STATUS_OK;
}

static enum status parse_segment(const struct archive_manifest_reader *reader,
				 const unsigned char header[MANIFEST_SEGMENT_HEADER_SIZE],
				 struct manifest_segment *segment, struct error *err)
{
	segment->stored.stored_length = load_u32(header);
	segment->stored.plain_length = load_u32(header + 4);
	segment->number = load_u32(header + 8);
	segment->stored.codec = header[12];
	segment->is_last = header[13] != 0;

	const char *fault = archive_stored_fault(&segment->stored);
	if (fault != NULL)
		return fail_manifest(err, fault);
	if (segment->number != reader->next_number || segment->number == UINT32_MAX)
		return fail_manifest(err, "a segment is out of order");
	if (header[13] > 1 || header[14] != 0 || header[15] != 0)
		return fail_manifest(err, "a segment's reserved bytes are not zero");
	return STATUS_OK;
}

static enum status read_segment(struct archive_manifest_reader *reader, struct error *err)
{
	unsigned char header[MANIFEST_SEGMENT_HEADER_SIZE];
	unsigned char nonce[GCM_NONCE_SIZE];
	unsigned char context[MANIFEST_CONTEXT_SIZE];
	struct manifest_segment segment = { 0 };
	enum status status = read_all(reader, header, sizeof(header), err);

	if (status == STATUS_OK)
		status = parse_segment(reader, header, &segment, err);
	/* Lengths have been checked against the limits before memory is taken for them. */
	if (status == STATUS_OK)
		status = archive_room(&reader->sealed, segment.stored.stored_length, err);
	if (status == STATUS_OK)
		status = archive_room(&reader->plain, segment.stored.plain_length, err);
	if (status == STATUS_OK)
		status = read_all(reader, reader->sealed.data, segment.stored.stored_length, err);
	if (status != STATUS_OK)
		return status;
	manifest_segment_bind(&reader->identity, &segment, nonce, context);
	status = archive_opener_run(reader->opener, nonce, context, sizeof(context),
				    &segment.stored, reader->sealed.data, reader->plain.data, err);
	if (status != STATUS_OK) {
		error_add_context(err, "segment %u", segment.number);
		return status;
	}
	reader->plain_length = segment.stored.plain_length;
	reader->position = 0;
	reader->next_number++;
	reader->has_last = segment.is_last;
	return STATUS_OK;
}

static enum status open_reader(struct archive_manifest_reader *reader,
			       const struct secret *session_key, struct error *err)
{
	enum status status = read_header(reader, err);

	if (status == STATUS_OK)
		status = manifest_decoder_init(&reader->decoder, err);
	if (status == STATUS_OK)
		status = archive_opener_new_for(session_key, ARCHIVE_MANIFEST_PURPOSE,
						&reader->opener, err);
	return status;
}

enum status archive_manifest_reader_new(const struct archive_identity *identity,
					const struct secret *session_key,
					archive_manifest_read read, void *context,
					struct archive_manifest_reader **out, struct error *err)
{
	struct archive_manifest_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return fail_memory(err, "make manifest reader");
	reader->identity = *identity;
	reader->read = read;
	reader->context = context;
	enum status status = open_reader(reader, session_key, err);
	if (status == STATUS_OK)
		*out = reader;
	else
		archive_manifest_reader_free(reader);
	return status;
}

void archive_manifest_reader_free(struct archive_manifest_reader *reader)
{
	if (reader == NULL)
		return;
	archive_opener_free(reader->opener);
	manifest_decoder_done(&reader->decoder);
	secret_free(&reader->sealed);
	secret_free(&reader->plain);
	free(reader);
}

/* The record at the present position, which moves behind it. */
static enum status take_record(struct archive_manifest_reader *reader, struct error *err)
{
	size_t left = reader->plain_length - reader->position;
	unsigned char *at = reader->plain.data + reader->position;

	if (left < MANIFEST_RECORD_HEADER_SIZE)
		return fail_manifest(err, "a segment ends inside a record");
	uint32_t length = load_u32(at + 1);
	if (length > left - MANIFEST_RECORD_HEADER_SIZE)
		return fail_manifest(err, "a record is longer than its segment");
	reader->record = (struct archive_manifest_record) { .type = at[0] };
	enum status status = manifest_record_decode(
		&reader->decoder, at + MANIFEST_RECORD_HEADER_SIZE, length, &reader->record, err);
	if (status != STATUS_OK)
		return status;
	const char *fault = manifest_record_fault(&reader->grammar, &reader->record);
	if (fault != NULL)
		return fail_manifest(err, fault);
	manifest_grammar_advance(&reader->grammar, &reader->record);
	reader->position += MANIFEST_RECORD_HEADER_SIZE + length;
	return STATUS_OK;
}

/* The end record is the last of the last segment, and that the last of the file. */
static enum status check_end(struct archive_manifest_reader *reader, struct error *err)
{
	unsigned char byte;
	size_t filled = 0;

	if (!reader->has_last || reader->position != reader->plain_length)
		return fail_manifest(err, "there are records or segments after the end");
	enum status status = read_some(reader, &byte, sizeof(byte), &filled, err);
	if (status == STATUS_OK && filled != 0)
		status = fail_manifest(err, "there are bytes after the last segment");
	return status;
}

static enum status next_record(struct archive_manifest_reader *reader, struct error *err)
{
	enum status status = STATUS_OK;

	if (reader->position == reader->plain_length) {
		if (reader->has_last)
			return fail_manifest(err, "the last segment has no end record");
		status = read_segment(reader, err);
	}
	if (status == STATUS_OK)
		status = take_record(reader, err);
	if (status == STATUS_OK && reader->record.type == ARCHIVE_RECORD_END)
		status = check_end(reader, err);
	return status;
}

enum status archive_manifest_next(struct archive_manifest_reader *reader,
				  const struct archive_manifest_record **out, struct error *err)
{
	if (reader->is_broken || reader->grammar.place == MANIFEST_END)
		return fail(err, STATUS_CONFLICT, "read manifest", NULL,
			    "there is nothing to read after the end or a fault");
	enum status status = next_record(reader, err);
	if (status == STATUS_OK)
		*out = &reader->record;
	else
		reader->is_broken = true;
	return status;
}

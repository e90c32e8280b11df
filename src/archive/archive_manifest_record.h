/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer and the reader of a manifest must agree on: the order of records, what may stand
 * in one, and the frame of a segment. */
#ifndef ARCHIVE_MANIFEST_RECORD_H
#define ARCHIVE_MANIFEST_RECORD_H

#include "archive_seal.h"
#include "infrabackup/archive/manifest.h"

#define MANIFEST_MAGIC "IBMANIF1"
#define MANIFEST_MAGIC_SIZE 8
#define MANIFEST_HEADER_SIZE 56
#define MANIFEST_SEGMENT_HEADER_SIZE 16
#define MANIFEST_CONTEXT_SIZE 73
#define MANIFEST_RECORD_HEADER_SIZE 5
#define MANIFEST_EXTENT_SIZE 16

/* Where in 1 ( 2 ( 3 | 3 4* 5 )* 6 )* 7 a manifest is. All zero: at its start. */
enum manifest_place {
	MANIFEST_START,
	MANIFEST_BETWEEN_ROLES,
	MANIFEST_IN_ROLE,
	MANIFEST_IN_FILE,
	MANIFEST_END,
};

struct manifest_grammar {
	enum manifest_place place;
	uint64_t file_bytes; /* of the extents so far */
};

/* NULL when @record may come next, else what is wrong with it. */
const char *manifest_record_fault(const struct manifest_grammar *grammar,
				  const struct archive_manifest_record *record);
/* Takes note of a record that was found good. */
void manifest_grammar_advance(struct manifest_grammar *grammar,
			      const struct archive_manifest_record *record);

struct manifest_segment {
	struct archive_stored stored;
	uint32_t number;
	bool is_last;
};

void manifest_header_store(const struct archive_identity *identity,
			   unsigned char header[MANIFEST_HEADER_SIZE]);
void manifest_segment_store(const struct manifest_segment *segment,
			    unsigned char header[MANIFEST_SEGMENT_HEADER_SIZE]);
/* Nonce and context of a segment. */
void manifest_segment_bind(const struct archive_identity *identity,
			   const struct manifest_segment *segment,
			   unsigned char nonce[GCM_NONCE_SIZE],
			   unsigned char context[MANIFEST_CONTEXT_SIZE]);

/* Bytes of @record with its header; more than ARCHIVE_BLOCK_MAX when it does not fit a segment. */
size_t manifest_record_size(const struct archive_manifest_record *record);
/* Writes them all; returns the end. */
unsigned char *manifest_record_encode(const struct archive_manifest_record *record,
				      unsigned char *at);

/* Memory that decoded records point to, kept from one record to the next. */
struct manifest_decoder {
	struct archive_xattr *xattrs;
	size_t xattr_capacity;
	struct archive_extent *extents; /* ARCHIVE_MANIFEST_CHUNKS_MAX */
};

MUST_CHECK enum status manifest_decoder_init(struct manifest_decoder *decoder, struct error *err);
void manifest_decoder_done(struct manifest_decoder *decoder);
/* Reads the payload of a record of record->type. Texts are terminated in place: @payload changes.
 */
MUST_CHECK enum status manifest_record_decode(struct manifest_decoder *decoder,
					      unsigned char *payload, size_t length,
					      struct archive_manifest_record *record,
					      struct error *err);

#endif

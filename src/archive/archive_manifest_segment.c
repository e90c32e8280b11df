/* SPDX-License-Identifier: Apache-2.0 */
/* The clear frame of a manifest and of its segments. */
#include <string.h>

#include "archive_manifest_record.h"

/* Magic, repository, session, backup: the header, and the first bytes of every context. */
void manifest_header_store(const struct archive_identity *identity,
			   unsigned char header[MANIFEST_HEADER_SIZE])
{
	memcpy(header, MANIFEST_MAGIC, MANIFEST_MAGIC_SIZE);
	memcpy(header + 8, identity->repository_id, GUID_SIZE);
	memcpy(header + 24, identity->session_id, GUID_SIZE);
	memcpy(header + 40, identity->backup_id, GUID_SIZE);
}

void manifest_segment_store(const struct manifest_segment *segment,
			    unsigned char header[MANIFEST_SEGMENT_HEADER_SIZE])
{
	store_u32(header, segment->stored.stored_length);
	store_u32(header + 4, segment->stored.plain_length);
	store_u32(header + 8, segment->number);
	header[12] = segment->stored.codec;
	header[13] = segment->is_last ? 1 : 0;
	memset(header + 14, 0, 2);
}

void manifest_segment_bind(const struct archive_identity *identity,
			   const struct manifest_segment *segment,
			   unsigned char nonce[GCM_NONCE_SIZE],
			   unsigned char context[MANIFEST_CONTEXT_SIZE])
{
	memset(nonce, 0, GCM_NONCE_SIZE);
	store_u32(nonce, segment->number);

	manifest_header_store(identity, context);
	store_u32(context + 56, segment->number);
	store_u32(context + 60, segment->stored.plain_length);
	store_u32(context + 64, segment->stored.stored_length - GCM_TAG_SIZE);
	context[68] = segment->stored.codec;
	context[69] = segment->is_last ? 1 : 0;
	memset(context + 70, 0, 3);
}

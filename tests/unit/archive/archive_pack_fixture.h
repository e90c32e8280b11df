/* SPDX-License-Identifier: Apache-2.0 */
/* A small pack of three blocks, one of each codec. */
#ifndef ARCHIVE_PACK_FIXTURE_H
#define ARCHIVE_PACK_FIXTURE_H

#include "archive_fixture.h"

#define PACK_FIXTURE_BLOCKS 3
#define PACK_FIXTURE_CHUNKS 5
#define PACK_FIXTURE_NUMBER 9

struct pack_fixture {
	struct fixture_file file;
	unsigned char digest[SHA256_SIZE];
	struct archive_block *blocks[PACK_FIXTURE_BLOCKS];
	struct archive_block_header headers[PACK_FIXTURE_BLOCKS];
	struct secret session_key;
	struct secret dedup_secret;
	struct archive_opener *opener;
	size_t index_offset;
};

void pack_fixture_open(struct pack_fixture *pack);
void pack_fixture_close(struct pack_fixture *pack);
/* Whether @index opens to the very blocks that were put in, at this place. */
bool pack_fixture_opens(const struct pack_fixture *pack, const struct archive_pack_index *index);

#endif

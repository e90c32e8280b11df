/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of a pack that its writer and its reader must agree on. */
#ifndef ARCHIVE_PACK_FORMAT_H
#define ARCHIVE_PACK_FORMAT_H

#define PACK_HEADER_MAGIC "IBPACK01"
#define PACK_TRAILER_MAGIC "IBPKEND1"
#define PACK_MAGIC_SIZE 8
#define PACK_BLOCK_ENTRY_SIZE 20 /* of the index, without chunks */
#define PACK_CHUNK_ENTRY_SIZE 36

/* Header: magic, repository, session, pack number, zeros. */
#define PACK_HEADER_REPOSITORY 8
#define PACK_HEADER_SESSION 24
#define PACK_HEADER_NUMBER 40
#define PACK_HEADER_ZEROS 44

/* Trailer: index offset, counts, index length, MAC, magic. */
#define PACK_TRAILER_BLOCKS 8
#define PACK_TRAILER_CHUNKS 12
#define PACK_TRAILER_INDEX_LENGTH 16
#define PACK_TRAILER_MAC 24
#define PACK_TRAILER_END 56

#define PACK_MAC_PURPOSE "infrabackup-1 pack"

#endif

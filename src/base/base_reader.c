/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded reading of foreign bytes, and little-endian integers in memory. */
#include "infrabackup/base/buffer.h"

void byte_reader_init(struct byte_reader *reader, const void *data, size_t length)
{
	*reader = (struct byte_reader) { .data = data, .length = length };
}

size_t byte_reader_left(const struct byte_reader *reader)
{
	return reader->length - reader->position;
}

const unsigned char *byte_reader_bytes(struct byte_reader *reader, size_t length)
{
	/* After a failure everything fails: a field must not be read from another's place. */
	if (reader->failed || length > byte_reader_left(reader)) {
		reader->failed = true;
		return NULL;
	}
	const unsigned char *bytes = reader->data + reader->position;
	reader->position += length;
	return bytes;
}

uint8_t byte_reader_u8(struct byte_reader *reader)
{
	const unsigned char *bytes = byte_reader_bytes(reader, 1);

	return bytes == NULL ? 0 : bytes[0];
}

uint32_t byte_reader_u32(struct byte_reader *reader)
{
	const unsigned char *bytes = byte_reader_bytes(reader, sizeof(uint32_t));

	return bytes == NULL ? 0 : load_u32(bytes);
}

uint64_t byte_reader_u64(struct byte_reader *reader)
{
	const unsigned char *bytes = byte_reader_bytes(reader, sizeof(uint64_t));

	return bytes == NULL ? 0 : load_u64(bytes);
}

void store_u32(unsigned char *at, uint32_t value)
{
	for (unsigned i = 0; i < sizeof(value); i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

void store_u64(unsigned char *at, uint64_t value)
{
	for (unsigned i = 0; i < sizeof(value); i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

uint32_t load_u32(const unsigned char *at)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < sizeof(value); i++)
		value |= (uint32_t)at[i] << (8 * i);
	return value;
}

uint64_t load_u64(const unsigned char *at)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < sizeof(value); i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

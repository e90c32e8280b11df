/* SPDX-License-Identifier: Apache-2.0 */
/* Names between UTF-8 and the UTF-16LE of the wire. */
#include "share_smb_frame.h"

/* The code point at *@at, which moves on; UINT32_MAX when it is not UTF-8. */
static uint32_t take_utf8(const unsigned char **at)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	uint32_t point = *(*at)++;
	unsigned more = point < 0x80   ? 0
			: point < 0xC2 ? 4
			: point < 0xE0 ? 1
			: point < 0xF0 ? 2
				       : 3;

	if (more > 3 || point > 0xF4)
		return UINT32_MAX;
	if (more > 0)
		point &= 0x3Fu >> more;
	for (unsigned i = 0; i < more; i++) {
		if ((**at & 0xC0) != 0x80)
			return UINT32_MAX;
		point = point << 6 | (*(*at)++ & 0x3Fu);
	}
	if (point < least[more] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000))
		return UINT32_MAX;
	return point;
}

bool smb_utf16(const char *text, unsigned char *out, size_t size, size_t *length)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t used = 0;

	while (*at != '\0') {
		uint32_t point = take_utf8(&at);

		if (point == UINT32_MAX || used + 4 > size)
			return false;
		if (point >= 0x10000) {
			store_u16(out + used, 0xD800 | (point - 0x10000) >> 10);
			used += 2;
			point = 0xDC00 | ((point - 0x10000) & 0x3FF);
		}
		store_u16(out + used, point);
		used += 2;
	}
	*length = used;
	return true;
}

/* The code point at *@at of @length bytes; 0 when it is none. */
static uint32_t take_utf16(const unsigned char *data, size_t length, size_t *at)
{
	uint32_t point = load_u16(data + *at);

	*at += 2;
	if (point < 0xD800 || point >= 0xE000)
		return point;
	if (point >= 0xDC00 || *at + 2 > length)
		return 0;
	uint32_t low = load_u16(data + *at);
	*at += 2;
	if (low < 0xDC00 || low >= 0xE000)
		return 0;
	return 0x10000 + ((point & 0x3FF) << 10 | (low & 0x3FF));
}

static size_t put_utf8(uint32_t point, char *out)
{
	size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };

	for (size_t i = length - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (point & 0x3F));
		point >>= 6;
	}
	out[0] = (char)(lead[length] | point);
	return length;
}

bool smb_utf8(const unsigned char *data, size_t length, char *out, size_t size)
{
	size_t used = 0;

	if (length % 2 != 0)
		return false;
	for (size_t at = 0; at < length;) {
		uint32_t point = take_utf16(data, length, &at);

		if (point == 0 || used + 5 > size)
			return false;
		used += put_utf8(point, out + used);
	}
	out[used] = '\0';
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* GUIDs, hexadecimal digits, base64, capacities and comparisons of text. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "infrabackup/base/text.h"

/* The block functions count in int, and encoding grows by a third. */
#define BASE64_INPUT_MAX ((size_t)INT_MAX / 2)

/* Where the text of a GUID has a dash before the byte with this number. */
static bool dash_before(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

void hex_encode(const void *data, size_t length, bool upper_case, char *text)
{
	const char *digits = upper_case ? "0123456789ABCDEF" : "0123456789abcdef";
	const unsigned char *bytes = data;

	for (size_t i = 0; i < length; i++) {
		*text++ = digits[bytes[i] >> 4];
		*text++ = digits[bytes[i] & 15];
	}
	*text = '\0';
}

bool hex_decode(const char *text, void *data, size_t length)
{
	unsigned char *bytes = data;

	for (size_t i = 0; i < 2 * length; i++) {
		if (hex_value(text[i]) < 0)
			return false;
	}
	if (text[2 * length] != '\0')
		return false;
	for (size_t i = 0; i < length; i++)
		bytes[i] =
			(unsigned char)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
	return true;
}

void guid_generate(char text[GUID_TEXT_SIZE])
{
	unsigned char bytes[GUID_SIZE];

	/* It can only fail until the kernel's generator is ready; identifiers that are not random
	 * would be worse than the wait. */
	while (getentropy(bytes, sizeof(bytes)) != 0)
		continue;
	bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
	bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
	guid_from_bytes(bytes, text);
}

bool guid_to_bytes(const char *text, unsigned char bytes[GUID_SIZE])
{
	char digits[2 * GUID_SIZE + 1];
	size_t used = 0;

	if (text == NULL || strnlen(text, GUID_TEXT_SIZE) != GUID_TEXT_SIZE - 1)
		return false;
	for (size_t byte = 0; byte < GUID_SIZE; byte++) {
		if (dash_before(byte) && *text++ != '-')
			return false;
		digits[used++] = *text++;
		digits[used++] = *text++;
	}
	digits[used] = '\0';
	return hex_decode(digits, bytes, GUID_SIZE);
}

bool guid_is_valid(const char *text)
{
	unsigned char bytes[GUID_SIZE];

	return guid_to_bytes(text, bytes);
}

void guid_from_bytes(const unsigned char bytes[GUID_SIZE], char text[GUID_TEXT_SIZE])
{
	for (size_t byte = 0; byte < GUID_SIZE; byte++) {
		if (dash_before(byte))
			*text++ = '-';
		hex_encode(bytes + byte, 1, false, text);
		text += 2;
	}
}

static enum status base64_check_size(size_t length, const char *step, struct error *err)
{
	if (length <= BASE64_INPUT_MAX)
		return STATUS_OK;
	return fail(err, STATUS_TOO_LARGE, step, NULL, "%zu bytes, allowed are at most %zu", length,
		    BASE64_INPUT_MAX);
}

/* A buffer of @size bytes within the limit of the one that it will replace. */
static enum status base64_make_result(const struct buffer *replaced, size_t size,
				      struct buffer *result, struct error *err)
{
	buffer_init(result, replaced->max > 0 ? replaced->max : size);
	return buffer_reserve(result, size, err);
}

static void base64_replace_buffer(struct buffer *out, const struct buffer *result)
{
	buffer_done(out);
	*out = *result;
}

enum status base64_encode(const void *data, size_t length, struct buffer *out, struct error *err)
{
	struct buffer result;
	enum status status = base64_check_size(length, "encode base64", err);

	if (status == STATUS_OK)
		status = base64_make_result(out, (length + 2) / 3 * 4, &result, err);
	if (status != STATUS_OK)
		return status;
	result.data[0] = '\0';
	if (length > 0)
		result.length = (size_t)EVP_EncodeBlock(result.data, data, (int)length);
	base64_replace_buffer(out, &result);
	return STATUS_OK;
}

static bool base64_is_space(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static bool base64_is_digit(char character)
{
	return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
	       (character >= '0' && character <= '9') || character == '+' || character == '/';
}

/* Copies digits and padding to @packed; *@padding counts the latter. False: not base64. */
static bool base64_pack_digits(const char *text, struct buffer *packed, size_t *padding)
{
	size_t count = 0;

	for (; *text != '\0'; text++) {
		if (base64_is_space(*text))
			continue;
		if (*text == '=')
			count++;
		else if (!base64_is_digit(*text) || count > 0)
			return false;
		packed->data[packed->length++] = (unsigned char)*text;
	}
	*padding = count;
	return count <= 2 && packed->length % 4 == 0;
}

static enum status base64_decode_packed(const struct buffer *packed, size_t padding,
					struct buffer *out, struct error *err)
{
	struct buffer result;
	size_t size = packed->length / 4 * 3;
	enum status status;

	/* The block function also writes the bytes that the padding stands for. */
	buffer_init(&result, size);
	status = buffer_reserve(&result, size, err);
	if (status != STATUS_OK)
		return status;
	if (out->max > 0 && size - padding > out->max) {
		buffer_done(&result);
		return fail(err, STATUS_TOO_LARGE, "decode base64", NULL,
			    "%zu bytes, allowed are at most %zu", size - padding, out->max);
	}
	if (size > 0)
		(void)EVP_DecodeBlock(result.data, packed->data, (int)packed->length);
	result.length = size - padding;
	result.data[result.length] = '\0';
	if (out->max > 0)
		result.max = out->max;
	base64_replace_buffer(out, &result);
	return STATUS_OK;
}

enum status base64_decode(const char *text, struct buffer *out, struct error *err)
{
	size_t length = strlen(text);
	size_t padding = 0;
	struct buffer packed;
	enum status status = base64_check_size(length, "decode base64", err);

	if (status != STATUS_OK)
		return status;
	buffer_init(&packed, length);
	status = buffer_reserve(&packed, length, err);
	if (status != STATUS_OK)
		return status;
	if (base64_pack_digits(text, &packed, &padding))
		status = base64_decode_packed(&packed, padding, out, err);
	else
		status = fail(err, STATUS_INVALID, "decode base64", NULL,
			      "not base64: allowed are A-Z a-z 0-9 + / and = at the end, "
			      "in groups of four");
	/* Keys come this way. */
	explicit_bzero(packed.data, packed.length);
	buffer_done(&packed);
	return status;
}

const char *capacity_text(uint64_t bytes, char text[16])
{
	static const char *const units[] = { "B", "KB", "MB", "GB", "TB", "PB", "EB" };
	double value = (double)bytes;
	size_t unit = 0;

	/* Four digits would be needed from 1000 on: 1014 GB is written 0.99 TB. */
	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
	(void)snprintf(text, 16, "%.*f %s", decimals, value, units[unit]);
	return text;
}

bool text_equal_ignoring_case(const char *left, const char *right)
{
	for (;; left++, right++) {
		char a = *left >= 'A' && *left <= 'Z' ? (char)(*left + 32) : *left;
		char b = *right >= 'A' && *right <= 'Z' ? (char)(*right + 32) : *right;

		if (a != b)
			return false;
		if (a == '\0')
			return true;
	}
}

bool text_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool text_is_printable_utf8(const char *text)
{
	if (text == NULL)
		return false;
	for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
		if (*at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f))
			return false;
	}
	json_t *checked = json_string(text);
	json_decref(checked);
	return checked != NULL;
}

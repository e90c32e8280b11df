/* SPDX-License-Identifier: Apache-2.0 */
/* GUIDs, hexadecimal digits, base64, capacities, comparisons. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

static void test_guid_generate_is_version_4_and_never_the_same(void **state)
{
	char one[GUID_TEXT_SIZE];
	char two[GUID_TEXT_SIZE];

	(void)state;
	guid_generate(one);
	guid_generate(two);
	assert_string_not_equal(one, two);
	assert_true(guid_is_valid(one));
	assert_int_equal(one[14], '4');
	assert_non_null(strchr("89ab", one[19]));
	assert_int_equal(strspn(one, "0123456789abcdef-"), 36);
}

static void test_guid_to_bytes_and_back_is_lower_case(void **state)
{
	static const unsigned char expected[GUID_SIZE] = { 0x6a, 0x1c, 0x3a, 0x4e, 0x9a, 0x57,
							   0x4a, 0x0c, 0x8d, 0x0e, 0x0f, 0x6f,
							   0x0f, 0x1b, 0x2c, 0x3d };
	unsigned char bytes[GUID_SIZE];
	char text[GUID_TEXT_SIZE];

	(void)state;
	assert_true(guid_to_bytes("6A1C3A4E-9a57-4a0c-8d0e-0f6f0f1b2c3D", bytes));
	assert_memory_equal(bytes, expected, sizeof(bytes));
	guid_from_bytes(bytes, text);
	assert_string_equal(text, "6a1c3a4e-9a57-4a0c-8d0e-0f6f0f1b2c3d");
}

static void test_guid_is_valid_other_shapes_are_not(void **state)
{
	static const char *const bad[] = {
		"",
		"6a1c3a4e",
		"6a1c3a4e-9a57-4a0c-8d0e-0f6f0f1b2c3",
		"6a1c3a4e-9a57-4a0c-8d0e-0f6f0f1b2c3dd",
		"6a1c3a4e09a57-4a0c-8d0e-0f6f0f1b2c3d",
		"6a1c3a4e-9a57-4a0c-8d0e-0f6f0f1b2c3g",
		"{6a1c3a4e-9a57-4a0c-8d0e-0f6f0f1b2c3}",
		"6a1c3a4-e9a57-4a0c-8d0e-0f6f0f1b2c3d",
	};

	(void)state;
	assert_false(guid_is_valid(NULL));
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_false(guid_is_valid(bad[i]));
}

static void test_hex_encode_and_decode_are_inverse(void **state)
{
	static const unsigned char bytes[] = { 0x00, 0x9f, 0xa0, 0xff };
	unsigned char decoded[4];
	char text[9];

	(void)state;
	hex_encode(bytes, 4, false, text);
	assert_string_equal(text, "009fa0ff");
	hex_encode(bytes, 4, true, text);
	assert_string_equal(text, "009FA0FF");
	assert_true(hex_decode("009fA0Ff", decoded, 4));
	assert_memory_equal(decoded, bytes, 4);
	hex_encode(bytes, 0, false, text);
	assert_string_equal(text, "");
}

static void test_hex_decode_wrong_length_or_digit_is_false(void **state)
{
	unsigned char decoded[4] = { 1, 2, 3, 4 };

	(void)state;
	assert_false(hex_decode("009fa0f", decoded, 4));
	assert_false(hex_decode("009fa0ff0", decoded, 4));
	assert_false(hex_decode("009fa0fg", decoded, 4));
	assert_false(hex_decode("", decoded, 4));
	assert_int_equal(decoded[0], 1);
}

/* RFC 4648 section 10. */
static const struct {
	const char *plain;
	const char *encoded;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

static void test_base64_known_texts_both_ways(void **state)
{
	struct buffer out = { 0 };
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(vectors); i++) {
		assert_int_equal(
			base64_encode(vectors[i].plain, strlen(vectors[i].plain), &out, &err),
			STATUS_OK);
		assert_string_equal((char *)out.data, vectors[i].encoded);
		assert_int_equal(out.length, strlen(vectors[i].encoded));
		buffer_done(&out);
		out = (struct buffer) { 0 };
		assert_int_equal(base64_decode(vectors[i].encoded, &out, &err), STATUS_OK);
		assert_string_equal((char *)out.data, vectors[i].plain);
		assert_int_equal(out.length, strlen(vectors[i].plain));
		buffer_done(&out);
		out = (struct buffer) { 0 };
	}
}

static void test_base64_decode_skips_white_space(void **state)
{
	struct buffer out = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(base64_decode(" Zm9v\r\n\tYg =\n= ", &out, &err), STATUS_OK);
	assert_string_equal((char *)out.data, "foob");
	buffer_done(&out);
}

static void test_base64_decode_anything_else_is_refused(void **state)
{
	static const char *const bad[] = {
		"Z",    "Zg",   "Zg=",  "Zg===",      "Zg==Zg==", "=",
		"====", "Zm-v", "Zm_v", "Z\xc3\xa4v", "Zm9v!",    "A=BC"
	};
	struct buffer out;
	struct error err;

	(void)state;
	buffer_init(&out, 100);
	assert_int_equal(buffer_append_text(&out, "kept", &err), STATUS_OK);
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_int_equal(base64_decode(bad[i], &out, &err), STATUS_INVALID);
	assert_int_equal(base64_decode("top-secret", &out, &err), STATUS_INVALID);
	assert_null(strstr(err.message, "secret"));
	assert_int_equal(out.length, 4);
	buffer_done(&out);
}

static void test_base64_results_stay_within_the_maximum(void **state)
{
	struct buffer out;
	struct error err;

	(void)state;
	buffer_init(&out, 4);
	assert_int_equal(base64_decode("Zm9vYmE=", &out, &err), STATUS_TOO_LARGE);
	assert_int_equal(base64_decode("Zm9vYg==", &out, &err), STATUS_OK);
	assert_int_equal(out.length, 4);
	assert_int_equal(base64_encode("abcd", 4, &out, &err), STATUS_TOO_LARGE);
	assert_int_equal(out.max, 4);
	buffer_done(&out);
}

static void test_capacity_text_has_three_significant_digits(void **state)
{
	const uint64_t gb = UINT64_C(1) << 30;
	const struct {
		uint64_t bytes;
		const char *text;
	} cases[] = {
		{ 0, "0 B" },
		{ 999, "999 B" },
		{ 1000, "0.98 KB" },
		{ 979 * gb, "979 GB" },
		{ 1014 * gb, "0.99 TB" },
		{ 1024 * gb, "1.00 TB" },
		{ 1393 * gb, "1.36 TB" },
		{ 30310 * gb, "29.6 TB" },
		{ 10235 * gb, "10.0 TB" },
		{ UINT64_MAX, "16.0 EB" },
	};
	char text[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++)
		assert_string_equal(capacity_text(cases[i].bytes, text), cases[i].text);
}

static void test_text_comparisons(void **state)
{
	(void)state;
	assert_true(text_equal_ignoring_case("North-1", "nORTH-1"));
	assert_false(text_equal_ignoring_case("north", "north1"));
	assert_false(text_equal_ignoring_case("[", "{"));
	assert_false(text_equal_ignoring_case("\xc3\x84", "\xc3\xa4"));
	assert_true(text_starts_with("smb://a", "smb://"));
	assert_true(text_starts_with("a", ""));
	assert_false(text_starts_with("sm", "smb"));
}

static void test_text_is_printable_utf8_refuses_controls_and_bad_bytes(void **state)
{
	static const char *const bad[] = { "a\nb",     "\x1b[0m",      "\x7f",
					   "\xc2\x85", "\xff",         "\xc3",
					   "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80" };

	(void)state;
	assert_true(text_is_printable_utf8(""));
	assert_true(text_is_printable_utf8("Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x92\xbe"));
	assert_false(text_is_printable_utf8(NULL));
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_false(text_is_printable_utf8(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guid_generate_is_version_4_and_never_the_same),
		cmocka_unit_test(test_guid_to_bytes_and_back_is_lower_case),
		cmocka_unit_test(test_guid_is_valid_other_shapes_are_not),
		cmocka_unit_test(test_hex_encode_and_decode_are_inverse),
		cmocka_unit_test(test_hex_decode_wrong_length_or_digit_is_false),
		cmocka_unit_test(test_base64_known_texts_both_ways),
		cmocka_unit_test(test_base64_decode_skips_white_space),
		cmocka_unit_test(test_base64_decode_anything_else_is_refused),
		cmocka_unit_test(test_base64_results_stay_within_the_maximum),
		cmocka_unit_test(test_capacity_text_has_three_significant_digits),
		cmocka_unit_test(test_text_comparisons),
		cmocka_unit_test(test_text_is_printable_utf8_refuses_controls_and_bad_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

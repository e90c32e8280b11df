/* SPDX-License-Identifier: Apache-2.0 */
/* Growing buffers and their maximum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

static void test_buffer_append_grows_and_keeps_the_bytes(void **state)
{
	struct buffer buffer;
	struct error err;

	(void)state;
	buffer_init(&buffer, 1 << 20);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(buffer_append_u8(&buffer, (uint8_t)i, &err), STATUS_OK);
	assert_int_equal(buffer.length, 100000);
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(buffer.data[i], i & 255);
	buffer_done(&buffer);
	assert_null(buffer.data);
	assert_int_equal(buffer.max, 1 << 20);
}

static void test_buffer_append_secret_grows_up_to_the_maximum(void **state)
{
	struct buffer buffer;
	struct error err;

	(void)state;
	buffer_init(&buffer, 1000);
	for (unsigned i = 0; i < 1000; i += 8)
		assert_int_equal(buffer_append_secret(&buffer, "12345678", 8, &err), STATUS_OK);
	assert_int_equal(buffer_append_secret(&buffer, "9", 1, &err), STATUS_TOO_LARGE);
	assert_int_equal(buffer.length, 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(buffer.data[i], '1' + i % 8);
	assert_int_equal(buffer_terminate(&buffer, &err), STATUS_OK);
	buffer_done(&buffer);
}

static void test_buffer_append_over_the_maximum_changes_nothing(void **state)
{
	struct buffer buffer;
	struct error err;

	(void)state;
	buffer_init(&buffer, 5);
	assert_int_equal(buffer_append_text(&buffer, "12345", &err), STATUS_OK);
	assert_int_equal(buffer_append_text(&buffer, "6", &err), STATUS_TOO_LARGE);
	assert_int_equal(err.status, STATUS_TOO_LARGE);
	assert_int_equal(buffer_append_format(&buffer, &err, "%d", 6), STATUS_TOO_LARGE);
	assert_int_equal(buffer_reserve(&buffer, SIZE_MAX, &err), STATUS_TOO_LARGE);
	assert_int_equal(buffer.length, 5);
	assert_int_equal(buffer_terminate(&buffer, &err), STATUS_OK);
	assert_string_equal((char *)buffer.data, "12345");
	assert_int_equal(buffer.length, 5);
	buffer_done(&buffer);
}

static void test_buffer_terminate_empty_is_the_empty_string(void **state)
{
	struct buffer buffer;
	struct error err;

	(void)state;
	buffer_init(&buffer, 0);
	assert_int_equal(buffer_terminate(&buffer, &err), STATUS_OK);
	assert_string_equal((char *)buffer.data, "");
	assert_int_equal(buffer_append(&buffer, NULL, 0, &err), STATUS_OK);
	buffer_done(&buffer);
	buffer_done(NULL);
}

static void test_buffer_append_format_writes_what_printf_would(void **state)
{
	struct buffer buffer;
	struct error err;

	(void)state;
	buffer_init(&buffer, 4096);
	assert_int_equal(buffer_append_text(&buffer, "a=", &err), STATUS_OK);
	assert_int_equal(buffer_append_format(&buffer, &err, "%05d|%200s", 42, "x"), STATUS_OK);
	assert_int_equal(buffer.length, 2 + 5 + 1 + 200);
	assert_memory_equal(buffer.data, "a=00042|   ", 11);
	buffer_clear(&buffer);
	assert_int_equal(buffer.length, 0);
	buffer_done(&buffer);
}

static void test_buffer_append_integers_are_little_endian(void **state)
{
	static const unsigned char expected[] = { 4, 3, 2, 1, 0x88, 7, 6, 5, 4, 3, 2, 1 };
	struct buffer buffer;
	struct error err;

	(void)state;
	buffer_init(&buffer, 64);
	assert_int_equal(buffer_append_u32(&buffer, 0x01020304, &err), STATUS_OK);
	assert_int_equal(buffer_append_u64(&buffer, 0x0102030405060788, &err), STATUS_OK);
	assert_int_equal(buffer.length, sizeof(expected));
	assert_memory_equal(buffer.data, expected, sizeof(expected));
	buffer_done(&buffer);
}

static void test_buffer_reserve_of_an_impossible_size_keeps_the_bytes(void **state)
{
	struct buffer buffer;
	struct error err;

	(void)state;
	buffer_init(&buffer, SIZE_MAX);
	assert_int_equal(buffer_append_text(&buffer, "kept", &err), STATUS_OK);
	assert_int_equal(buffer_reserve(&buffer, SIZE_MAX / 2, &err), STATUS_NO_MEMORY);
	assert_memory_equal(buffer.data, "kept", 4);
	buffer_done(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buffer_append_grows_and_keeps_the_bytes),
		cmocka_unit_test(test_buffer_append_secret_grows_up_to_the_maximum),
		cmocka_unit_test(test_buffer_append_over_the_maximum_changes_nothing),
		cmocka_unit_test(test_buffer_terminate_empty_is_the_empty_string),
		cmocka_unit_test(test_buffer_append_format_writes_what_printf_would),
		cmocka_unit_test(test_buffer_append_integers_are_little_endian),
		cmocka_unit_test(test_buffer_reserve_of_an_impossible_size_keeps_the_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

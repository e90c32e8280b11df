/* SPDX-License-Identifier: Apache-2.0 */
/* Bounded reading of foreign bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#undef fail /* ours has another meaning */

#include "infrabackup/base.h"

static const unsigned char sample[] = { 9, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1, 'x', 'y' };

static void test_byte_reader_reads_in_order_up_to_the_end(void **state)
{
	struct byte_reader reader;

	(void)state;
	byte_reader_init(&reader, sample, sizeof(sample));
	assert_int_equal(byte_reader_u8(&reader), 9);
	assert_int_equal(byte_reader_u32(&reader), 0x01020304);
	assert_true(byte_reader_u64(&reader) == 0x0102030405060708);
	assert_int_equal(byte_reader_left(&reader), 2);
	assert_ptr_equal(byte_reader_bytes(&reader, 2), sample + 13);
	assert_int_equal(byte_reader_left(&reader), 0);
	assert_non_null(byte_reader_bytes(&reader, 0));
	assert_false(reader.failed);
}

static void test_byte_reader_past_the_end_fails_and_moves_nothing(void **state)
{
	struct byte_reader reader;

	(void)state;
	byte_reader_init(&reader, sample, 3);
	assert_int_equal(byte_reader_u32(&reader), 0);
	assert_true(reader.failed);
	assert_int_equal(reader.position, 0);
	byte_reader_init(&reader, sample, 3);
	assert_null(byte_reader_bytes(&reader, SIZE_MAX));
	assert_true(reader.failed);
	byte_reader_init(&reader, NULL, 0);
	assert_int_equal(byte_reader_u8(&reader), 0);
	assert_true(reader.failed);
}

static void test_byte_reader_after_a_failure_reads_nothing_more(void **state)
{
	struct byte_reader reader;

	(void)state;
	byte_reader_init(&reader, sample, 4);
	assert_true(byte_reader_u64(&reader) == 0);
	assert_int_equal(byte_reader_u8(&reader), 0);
	assert_true(reader.failed);
}

static void test_store_and_load_are_inverse(void **state)
{
	unsigned char bytes[8];

	(void)state;
	store_u32(bytes, 0xfedcba98);
	assert_int_equal(bytes[0], 0x98);
	assert_true(load_u32(bytes) == 0xfedcba98);
	store_u64(bytes, 0xfedcba9876543210);
	assert_int_equal(bytes[7], 0xfe);
	assert_true(load_u64(bytes) == 0xfedcba9876543210);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_byte_reader_reads_in_order_up_to_the_end),
		cmocka_unit_test(test_byte_reader_past_the_end_fails_and_moves_nothing),
		cmocka_unit_test(test_byte_reader_after_a_failure_reads_nothing_more),
		cmocka_unit_test(test_store_and_load_are_inverse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of packs of a run. */
#include <stdlib.h>
#include <string.h>

#include "../../../src/backup/backup_packs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define SESSION "7d0f5f0e-6a39-4c5e-9a64-0b6c86f1a001"
#define KNOWN 300

static void make_digest(unsigned char digest[SHA256_SIZE], uint32_t number)
{
	hash_sha256(&number, sizeof number, digest);
}

static struct backup_packs *with_known_packs(void)
{
	struct backup_packs *packs = backup_packs_new();
	for (uint32_t i = 0; i < KNOWN; i++) {
		struct db_pack pack = { .id = 10 * (int64_t)i + 10, .size = 1000 + i };
		make_digest(pack.sha256, i);
		memcpy(pack.session_id, SESSION, sizeof pack.session_id);
		assert_int_equal(backup_packs_add_known(packs, &pack, NULL), STATUS_OK);
	}
	return packs;
}

static void test_backup_packs_find_known_packs_by_row_and_by_digest(void **state)
{
	(void)state;
	struct backup_packs *packs = with_known_packs();
	unsigned char digest[SHA256_SIZE];
	for (uint32_t i = 0; i < KNOWN; i++) {
		make_digest(digest, i);
		assert_int_equal(backup_packs_find_row(packs, 10 * (int64_t)i + 10), i);
		assert_int_equal(backup_packs_find_digest(packs, digest), i);
	}
	make_digest(digest, KNOWN);
	assert_int_equal(backup_packs_find_row(packs, 11), BACKUP_SLOT_NONE);
	assert_int_equal(backup_packs_find_digest(packs, digest), BACKUP_SLOT_NONE);
	backup_packs_free(packs);
}

static void test_backup_packs_reference_counts_in_order_of_first_use(void **state)
{
	(void)state;
	struct backup_packs *packs = with_known_packs();
	struct backup_pack_view view;
	uint32_t reference = 99;
	assert_int_equal(backup_packs_reference_count(packs), 0);
	assert_int_equal(backup_packs_reference(packs, 7, &reference, NULL), STATUS_OK);
	assert_int_equal(reference, 0);
	assert_int_equal(backup_packs_reference(packs, 3, &reference, NULL), STATUS_OK);
	assert_int_equal(reference, 1);
	assert_int_equal(backup_packs_reference(packs, 7, &reference, NULL), STATUS_OK);
	assert_int_equal(reference, 0);
	assert_int_equal(backup_packs_reference_count(packs), 2);
	backup_packs_view(packs, 1, &view);
	assert_int_equal(view.size, 1003);
	assert_false(view.is_new);
	backup_packs_free(packs);
}

static void test_backup_packs_reference_of_an_unknown_slot_is_integrity(void **state)
{
	(void)state;
	struct backup_packs *packs = with_known_packs();
	uint32_t reference = 99;
	assert_int_equal(backup_packs_reference(packs, KNOWN, &reference, NULL), STATUS_INTEGRITY);
	assert_int_equal(reference, 99);
	backup_packs_free(packs);
}

static void test_backup_packs_complete_out_of_order_keeps_rows_findable(void **state)
{
	(void)state;
	struct backup_packs *packs = with_known_packs();
	unsigned char digest[SHA256_SIZE];
	struct backup_pack_view view;
	uint32_t first, second;
	assert_int_equal(backup_packs_add_new(packs, SESSION, &first, NULL), STATUS_OK);
	assert_int_equal(backup_packs_add_new(packs, SESSION, &second, NULL), STATUS_OK);
	make_digest(digest, 1000);
	backup_packs_complete(packs, second, digest, 22, 20001);
	make_digest(digest, 1001);
	backup_packs_complete(packs, first, digest, 11, 20000);
	assert_int_equal(backup_packs_find_row(packs, 20000), first);
	assert_int_equal(backup_packs_find_row(packs, 20001), second);
	assert_int_equal(backup_packs_reference_count(packs), 2);
	backup_packs_view(packs, 0, &view);
	assert_int_equal(view.size, 11);
	assert_true(view.is_new);
	backup_packs_free(packs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backup_packs_find_known_packs_by_row_and_by_digest),
		cmocka_unit_test(test_backup_packs_reference_counts_in_order_of_first_use),
		cmocka_unit_test(test_backup_packs_reference_of_an_unknown_slot_is_integrity),
		cmocka_unit_test(test_backup_packs_complete_out_of_order_keeps_rows_findable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

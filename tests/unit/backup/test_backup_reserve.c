/* SPDX-License-Identifier: Apache-2.0 */
/* The reserve on a real server's share of 8 MiB. */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
#include "../../../src/backup/backup_reserve.h"

#include "infrabackup/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/smbd_leak.h"
#include "fake/smbd_private.h"
#include "../share/share_cmocka.h"

#define SIZE (2u << 20)
#define MARK ARCHIVE_TRASH "/mark"

static struct smbd_private server;

static int start_server(void **state)
{
	(void)state;
	return smbd_private_start(&server, "required") ? 0 : -1;
}

static int stop_server(void **state)
{
	(void)state;
	smbd_private_stop(&server);
	return 0;
}

static void must(enum status status, const struct error *err)
{
	char text[1024];
	if (status != STATUS_OK)
		fail_msg("%s", error_text(err, text, sizeof text));
}

static int open_share(void **state)
{
	struct smbd_private_options options;
	struct share_registry registry;
	struct share *share = NULL;
	struct error err;
	smbd_private_options(&options, &server, "small", "");
	share_registry_init(&registry);
	must(share_open(&registry, &options.options, &share, &err), &err);
	smbd_private_options_done(&options);
	must(share_make_directories(share, ARCHIVE_TRASH, &err), &err);
	*state = share;
	return 0;
}

static int close_share(void **state)
{
	struct share *share = *state;
	struct error err;
	must(share_remove_tree(share, "filler", &err), &err);
	must(share_remove_tree(share, ARCHIVE_ROOT, &err), &err);
	share_close(share);
	return 0;
}

static uint64_t free_bytes(struct share *share)
{
	struct share_space space;
	struct error err;
	must(share_free_space(share, &space, &err), &err);
	return space.free;
}

/* Ever smaller pieces, until not one byte is free. */
static void fill(struct share *share)
{
	static unsigned char piece[1u << 20];
	struct error err;
	unsigned number = 0;
	must(share_make_directories(share, "filler", &err), &err);
	for (size_t length = sizeof piece; length >= 4096; length /= 4) {
		enum status status = STATUS_OK;
		while (status == STATUS_OK) {
			char name[64];
			(void)snprintf(name, sizeof name, "filler/%u", number++);
			status = share_put(share, name, piece, length, &err);
		}
		assert_int_equal(status, STATUS_SHARE_FULL);
	}
	assert_int_equal(free_bytes(share), 0);
}

static bool keep(struct share *share, uint64_t size)
{
	struct error err;
	bool held = false, seen = false;
	must(backup_reserve_keep(share, size, &held, &err), &err);
	must(backup_reserve_look(share, size, &seen, &err), &err);
	assert_int_equal(held, seen);
	return held;
}

static enum status count_entry(const struct share_entry *entry, void *context, struct error *err)
{
	size_t *count = context;
	(void)err;
	(void)entry;
	++*count;
	return STATUS_OK;
}

/* What stands in MASBackup beside the trash. */
static size_t count_files(struct share *share)
{
	size_t count = 0;
	struct error err;
	must(share_list(share, ARCHIVE_ROOT, count_entry, &count, &err), &err);
	return count - 1;
}

struct attempt {
	unsigned calls;
	enum status status; /* what it answers; OK: what the share answers */
};

static enum status put_mark(struct share *share, void *context, struct error *err)
{
	struct attempt *attempt = context;
	attempt->calls++;
	if (attempt->status != STATUS_OK)
		return attempt->status;
	return share_put(share, MARK, "deleted", 7, err);
}

static void test_backup_reserve_takes_and_gives_its_size(void **state)
{
	struct share *share = *state;
	struct error err;
	bool released = false;
	uint64_t before = free_bytes(share);
	assert_true(keep(share, SIZE));
	uint64_t with = free_bytes(share);
	assert_int_equal(before - with, SIZE);
	assert_true(keep(share, SIZE));
	assert_int_equal(free_bytes(share), with);
	assert_int_equal(count_files(share), 1);
	/* Another size is made anew, none is none. */
	assert_true(keep(share, SIZE / 2));
	assert_int_equal(before - free_bytes(share), SIZE / 2);
	assert_false(keep(share, 0));
	assert_int_equal(free_bytes(share), before);
	must(backup_reserve_release(share, &released, &err), &err);
	assert_false(released);
}

static void test_backup_reserve_without_room_is_no_error_and_leaves_nothing(void **state)
{
	struct share *share = *state;
	assert_false(keep(share, 1u << 30));
	fill(share);
	assert_false(keep(share, SIZE));
	assert_int_equal(count_files(share), 0);
}

static void test_backup_reserve_lets_a_full_share_be_written_once_more(void **state)
{
	struct share *share = *state;
	struct error err;
	struct attempt attempt = { 0 };
	bool held;
	assert_true(keep(share, SIZE));
	fill(share);
	assert_int_equal(put_mark(share, &attempt, &err), STATUS_SHARE_FULL);
	must(backup_reserve_spend(share, SIZE, put_mark, &attempt, &err), &err);
	assert_int_equal(attempt.calls, 3);
	must(backup_reserve_look(share, SIZE, &held, &err), &err);
	assert_false(held);
	assert_true(free_bytes(share) > 0);
	/* And again when there is room. */
	must(share_remove_tree(share, "filler", &err), &err);
	assert_true(keep(share, SIZE));
}

static enum status remove_filler(struct share *share, void *context, struct error *err)
{
	enum status status = put_mark(share, context, err);
	return status == STATUS_OK ? share_remove_tree(share, "filler", err) : status;
}

static void test_backup_reserve_is_made_again_by_what_made_room(void **state)
{
	struct share *share = *state;
	struct error err;
	struct attempt attempt = { 0 };
	bool held;
	assert_true(keep(share, SIZE));
	fill(share);
	must(backup_reserve_spend(share, SIZE, remove_filler, &attempt, &err), &err);
	must(backup_reserve_look(share, SIZE, &held, &err), &err);
	assert_true(held);
}

static void test_backup_reserve_is_not_spent_on_other_faults_nor_twice(void **state)
{
	struct share *share = *state;
	struct error err;
	struct attempt refused = { .status = STATUS_SHARE_READ_WRITE }, full = { 0 };
	assert_true(keep(share, SIZE));
	assert_int_equal(backup_reserve_spend(share, SIZE, put_mark, &refused, &err),
			 STATUS_SHARE_READ_WRITE);
	assert_int_equal(refused.calls, 1);
	assert_true(keep(share, SIZE));
	assert_int_equal(count_files(share), 1);
	assert_false(keep(share, 0));
	fill(share);
	assert_int_equal(backup_reserve_spend(share, SIZE, put_mark, &full, &err),
			 STATUS_SHARE_FULL);
	assert_int_equal(full.calls, 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_share, close_share)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_backup_reserve_takes_and_gives_its_size),
		CASE(test_backup_reserve_without_room_is_no_error_and_leaves_nothing),
		CASE(test_backup_reserve_lets_a_full_share_be_written_once_more),
		CASE(test_backup_reserve_is_made_again_by_what_made_room),
		CASE(test_backup_reserve_is_not_spent_on_other_faults_nor_twice),
	};
	return cmocka_run_group_tests(tests, start_server, stop_server);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What is accepted and refused of an SMB server's replies, one field at a time. */
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/share/share_smb_private.h"
#include "../../../src/share/share_smb_security.h"
#include "../../../src/share/share_smb_status.h"
#include "share_cmocka.h"

/* A message under construction: a good one, to be spoilt. */
struct sample {
	unsigned char data[512];
	size_t length;
};

static struct smb_message as_message(const struct sample *sample)
{
	return (struct smb_message) { sample->data, sample->length };
}

static void begin(struct sample *sample, unsigned command, size_t body, unsigned structure_size)
{
	const struct smb_header header = { .command = (uint16_t)command,
					   .flags = SMB_FLAG_REPLY,
					   .message = 7,
					   .tree = 2,
					   .session = 3 };

	memset(sample, 0, sizeof(*sample));
	smb_header_write(sample->data, &header, 1);
	store_u16(sample->data + SMB_HEADER_SIZE, structure_size);
	sample->length = SMB_HEADER_SIZE + body;
}

static void expect_refused(enum status status, const struct error *err, const char *reason)
{
	assert_int_equal(status, STATUS_SHARE_CONNECTION);
	assert_string_equal(err->cause_name, "EPROTO");
	if (strstr(err->message, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err->message, reason);
}

static void test_header_parse_takes_a_reply_and_nothing_else(void **state)
{
	struct sample sample;
	struct smb_header header;
	struct error err;

	(void)state;
	begin(&sample, SMB_CREATE, 8, 9);
	struct smb_message message = as_message(&sample);
	assert_int_equal(smb_header_parse(&message, &header, &err), STATUS_OK);
	assert_int_equal(header.command, SMB_CREATE);
	assert_int_equal(header.message, 7);
	assert_int_equal(header.tree, 2);
	assert_int_equal(header.session, 3);

	store_u32(sample.data + 16, 0);
	expect_refused(smb_header_parse(&message, &header, &err), &err, "request");
	store_u32(sample.data + 16, SMB_FLAG_REPLY);
	store_u32(sample.data + 20, 64);
	expect_refused(smb_header_parse(&message, &header, &err), &err, "compound");
	store_u32(sample.data + 20, 0);
	store_u16(sample.data + 4, 63);
	expect_refused(smb_header_parse(&message, &header, &err), &err, "size");
	store_u16(sample.data + 4, 64);
	sample.data[0] = 0xFF;
	expect_refused(smb_header_parse(&message, &header, &err), &err, "not SMB 2");
	message.length = 63;
	expect_refused(smb_header_parse(&message, &header, &err), &err, "shorter");
}

static void test_transform_check_refuses_clear_and_foreign_frames(void **state)
{
	unsigned char frame[SMB_TRANSFORM_SIZE + SMB_HEADER_SIZE] = { 0xFD, 'S', 'M', 'B' };
	struct error err;

	(void)state;
	store_u32(frame + 36, SMB_HEADER_SIZE);
	store_u16(frame + 42, 1);
	store_u64(frame + 44, 9);
	assert_int_equal(smb_transform_check(frame, sizeof(frame), 9, &err), STATUS_OK);
	expect_refused(smb_transform_check(frame, sizeof(frame), 8, &err), &err, "another session");
	expect_refused(smb_transform_check(frame, sizeof(frame) - 1, 9, &err), &err, "short");
	store_u32(frame + 36, SMB_HEADER_SIZE + 1);
	expect_refused(smb_transform_check(frame, sizeof(frame), 9, &err), &err, "size");
	store_u32(frame + 36, SMB_HEADER_SIZE);
	store_u16(frame + 42, 0);
	expect_refused(smb_transform_check(frame, sizeof(frame), 9, &err), &err, "flags");
	frame[0] = 0xFE;
	expect_refused(smb_transform_check(frame, sizeof(frame), 9, &err), &err, "in clear");
}

/* A good NEGOTIATE reply with its three contexts; their places in it. */
enum {
	PREAUTH = 64 + 64,
	CIPHER = PREAUTH + 48,
	SIGNING = CIPHER + 16,
	NEGOTIATE_END = SIGNING + 12
};

static void begin_negotiate(struct sample *sample)
{
	unsigned char *body = sample->data + SMB_HEADER_SIZE;

	begin(sample, SMB_NEGOTIATE, 64, 65);
	store_u16(body + 2, 3);
	store_u16(body + 4, 0x0311);
	store_u16(body + 6, 3);
	store_u32(body + 24, 0x44);
	for (size_t at = 28; at < 40; at += 4)
		store_u32(body + at, 1 << 20);
	store_u32(body + 60, PREAUTH);
	store_u16(sample->data + PREAUTH, 1);
	store_u16(sample->data + PREAUTH + 2, 38);
	store_u16(sample->data + PREAUTH + 8, 1);
	store_u16(sample->data + PREAUTH + 10, 32);
	store_u16(sample->data + PREAUTH + 12, 1);
	store_u16(sample->data + CIPHER, 2);
	store_u16(sample->data + CIPHER + 2, 4);
	store_u16(sample->data + CIPHER + 8, 1);
	store_u16(sample->data + CIPHER + 10, SMB_CIPHER_AES256_GCM);
	store_u16(sample->data + SIGNING, 8);
	store_u16(sample->data + SIGNING + 2, 4);
	store_u16(sample->data + SIGNING + 8, 1);
	store_u16(sample->data + SIGNING + 10, SMB_SIGNING_GMAC);
	sample->length = NEGOTIATE_END;
}

static void test_negotiate_parse_takes_what_was_offered(void **state)
{
	struct smb_negotiated negotiated;
	struct sample sample;

	(void)state;
	begin_negotiate(&sample);
	struct smb_message message = as_message(&sample);
	assert_int_equal(smb_negotiate_parse(&message, &negotiated, NULL), STATUS_OK);
	assert_int_equal(negotiated.cipher, SMB_CIPHER_AES256_GCM);
	assert_int_equal(negotiated.signing, SMB_SIGNING_GMAC);
	assert_int_equal(negotiated.limits.write, 1 << 20);

	/* A server without the signing context signs by CMAC. */
	store_u16(sample.data + SMB_HEADER_SIZE + 6, 2);
	assert_int_equal(smb_negotiate_parse(&message, &negotiated, NULL), STATUS_OK);
	assert_int_equal(negotiated.signing, SMB_SIGNING_CMAC);
	/* Nor without the cipher context does it encrypt. */
	store_u16(sample.data + SMB_HEADER_SIZE + 6, 1);
	assert_int_equal(smb_negotiate_parse(&message, &negotiated, NULL), STATUS_OK);
	assert_int_equal(negotiated.cipher, SMB_CIPHER_NONE);
}

static void test_negotiate_parse_refuses_each_wrong_field(void **state)
{
	static const struct {
		size_t at;
		unsigned value;
		const char *reason;
	} cases[] = {
		{ SMB_HEADER_SIZE, 64, "structure size" },
		{ SMB_HEADER_SIZE + 2, 0, "cannot sign" },
		{ SMB_HEADER_SIZE + 4, 0x0302, "not SMB 3.1.1" },
		{ SMB_HEADER_SIZE + 4, 0x02FF, "not SMB 3.1.1" },
		{ SMB_HEADER_SIZE + 6, 0, "does not protect" },
		{ SMB_HEADER_SIZE + 6, 4, "not inside" },
		{ SMB_HEADER_SIZE + 6, 65535, "not inside" },
		{ SMB_HEADER_SIZE + 24, 0, "large requests" },
		{ SMB_HEADER_SIZE + 34, 0, "64 KiB" },
		{ SMB_HEADER_SIZE + 38, 0, "64 KiB" },
		{ SMB_HEADER_SIZE + 60, PREAUTH + 4, "aligned" },
		{ SMB_HEADER_SIZE + 60, 8, "not inside" },
		{ SMB_HEADER_SIZE + 60, 65528, "not inside" },
		{ PREAUTH, 2, "cipher" },
		{ PREAUTH + 2, 65535, "not inside" },
		{ PREAUTH + 8, 2, "SHA-512" },
		{ PREAUTH + 12, 2, "SHA-512" },
		{ CIPHER, 1, "twice" },
		{ CIPHER + 8, 2, "one cipher" },
		{ CIPHER + 10, 1, "not offered" },
		{ CIPHER + 10, 3, "not offered" },
		{ SIGNING + 2, 2, "one signing" },
		{ SIGNING + 8, 0, "one signing" },
		{ SIGNING + 10, 0, "not offered" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct smb_negotiated negotiated;
		struct sample sample;
		struct error err;

		begin_negotiate(&sample);
		struct smb_message message = as_message(&sample);
		store_u16(sample.data + cases[i].at, cases[i].value);
		expect_refused(smb_negotiate_parse(&message, &negotiated, &err), &err,
			       cases[i].reason);
	}
}

static void test_negotiate_parse_cut_anywhere_is_refused(void **state)
{
	struct smb_negotiated negotiated;
	struct sample sample;
	struct error err;

	(void)state;
	begin_negotiate(&sample);
	for (size_t length = SMB_HEADER_SIZE; length < NEGOTIATE_END; length++) {
		unsigned char *copy = malloc(length);

		assert_non_null(copy);
		memcpy(copy, sample.data, length);
		const struct smb_message message = { copy, length };
		assert_int_equal(smb_negotiate_parse(&message, &negotiated, &err),
				 STATUS_SHARE_CONNECTION);
		free(copy);
	}
}

static void test_session_parse_refuses_a_token_outside(void **state)
{
	const unsigned char *token;
	struct sample sample;
	struct error err;
	size_t length;
	unsigned flags;

	(void)state;
	begin(&sample, SMB_SESSION_SETUP, 8 + 4, 9);
	struct smb_message message = as_message(&sample);
	store_u16(sample.data + 66, 1);
	store_u16(sample.data + 68, 72);
	store_u16(sample.data + 70, 4);
	assert_int_equal(smb_session_parse(&message, &flags, &token, &length, NULL), STATUS_OK);
	assert_int_equal(flags, 1);
	assert_int_equal(length, 4);
	assert_ptr_equal(token, sample.data + 72);
	store_u16(sample.data + 70, 5);
	expect_refused(smb_session_parse(&message, &flags, &token, &length, &err), &err, "token");
	store_u16(sample.data + 68, 8);
	expect_refused(smb_session_parse(&message, &flags, &token, &length, &err), &err, "token");
}

static void test_read_parse_refuses_more_or_other_bytes(void **state)
{
	const unsigned char *data;
	struct sample sample;
	struct error err;
	uint32_t count;

	(void)state;
	begin(&sample, SMB_READ, 16 + 8, 17);
	struct smb_message message = as_message(&sample);
	sample.data[66] = 80;
	store_u32(sample.data + 68, 8);
	assert_int_equal(smb_read_parse(&message, 8, &data, &count, NULL), STATUS_OK);
	assert_int_equal(count, 8);
	expect_refused(smb_read_parse(&message, 7, &data, &count, &err), &err, "more data");
	store_u32(sample.data + 68, 0);
	expect_refused(smb_read_parse(&message, 8, &data, &count, &err), &err, "none");
	store_u32(sample.data + 68, 9);
	expect_refused(smb_read_parse(&message, 16, &data, &count, &err), &err, "not inside");
	store_u32(sample.data + 68, UINT32_MAX);
	expect_refused(smb_read_parse(&message, UINT32_MAX, &data, &count, &err), &err,
		       "not inside");
	store_u32(sample.data + 68, 8);
	sample.data[66] = 63;
	expect_refused(smb_read_parse(&message, 8, &data, &count, &err), &err, "not inside");
}

static void test_space_parse_refuses_sizes_that_lie(void **state)
{
	struct share_space space;
	struct sample sample;
	struct error err;

	(void)state;
	begin(&sample, SMB_QUERY_INFO, 8 + 32, 9);
	struct smb_message message = as_message(&sample);
	store_u16(sample.data + 66, 72);
	store_u32(sample.data + 68, 32);
	store_u64(sample.data + 72, 1000);
	store_u64(sample.data + 80, 900);
	store_u32(sample.data + 96, 8);
	store_u32(sample.data + 100, 512);
	assert_int_equal(smb_space_parse(&message, &space, NULL), STATUS_OK);
	assert_int_equal(space.total, 1000 * 4096);
	assert_int_equal(space.free, 900 * 4096);
	store_u64(sample.data + 80, 1001);
	expect_refused(smb_space_parse(&message, &space, &err), &err, "more space");
	store_u64(sample.data + 72, UINT64_MAX / 2);
	expect_refused(smb_space_parse(&message, &space, &err), &err, "too large");
	store_u32(sample.data + 68, 31);
	expect_refused(smb_space_parse(&message, &space, &err), &err, "not inside");
}

static void begin_entries(struct sample *sample)
{
	begin(sample, SMB_QUERY_DIRECTORY, 8 + 72 + 66, 9);
	store_u16(sample->data + 66, 72);
	store_u32(sample->data + 68, 72 + 66);
	store_u32(sample->data + 72, 72);
	store_u64(sample->data + 72 + 40, 5);
	store_u32(sample->data + 72 + 60, 4);
	store_u16(sample->data + 72 + 64, 'a');
	store_u16(sample->data + 72 + 66, 'b');
	store_u32(sample->data + 144 + 56, SMB_ATTRIBUTE_DIRECTORY);
	store_u32(sample->data + 144 + 60, 2);
	store_u16(sample->data + 144 + 64, 'c');
}

static enum status walk(const struct sample *sample, size_t *count, struct error *err)
{
	struct smb_message message = as_message(sample);
	struct smb_message entries;
	enum status status = smb_entries_parse(&message, 65536, &entries, err);
	bool more = true;

	*count = 0;
	while (status == STATUS_OK && more) {
		struct smb_directory_entry entry;

		status = smb_entries_next(&entries, &entry, &more, err);
		*count += status == STATUS_OK;
	}
	return status;
}

static void test_entries_walk_takes_all_and_refuses_broken_chains(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
		const char *reason;
	} cases[] = {
		{ 68, 0, "not inside" },
		{ 68, 72 + 67, "not inside" },
		{ 68, UINT32_MAX, "not inside" },
		{ 68, 72 + 63, "cut off" },
		{ 72, 64, "chain" },
		{ 72, 71, "chain" },
		{ 72, 144, "chain" },
		{ 72, UINT32_MAX - 7, "chain" },
		{ 72 + 60, 0, "name" },
		{ 72 + 60, 3, "name" },
		{ 72 + 60, 76, "name" },
		{ 72 + 60, UINT32_MAX - 1, "name" },
		{ 72 + 44, 0x80000000, "negative" },
		{ 144 + 60, 4, "name" },
	};
	struct sample sample;
	struct error err;
	size_t count;

	(void)state;
	begin_entries(&sample);
	assert_int_equal(walk(&sample, &count, NULL), STATUS_OK);
	assert_int_equal(count, 2);
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		begin_entries(&sample);
		store_u32(sample.data + cases[i].at, cases[i].value);
		expect_refused(walk(&sample, &count, &err), &err, cases[i].reason);
	}
}

static void test_unicode_round_trip_and_refusals(void **state)
{
	static const char *const good[] = { "",
					    "a",
					    "gr\xC3\xBC\xC3\x9F",
					    "\xE2\x82\xAC",
					    "\xF0\x9F\x98\x80",
					    "\xF4\x8F\xBF\xBF" };
	static const char *const bad[] = { "\x80",         "\xC0\x80",         "\xC3",
					   "\xE0\x80\x80", "\xED\xA0\x80",     "\xF0\x80\x80\x80",
					   "\xFF",         "\xF4\x90\x80\x80", "\xE2\x82" };
	static const unsigned char lone[] = { 0x00, 0xD8 };
	static const unsigned char swapped[] = { 0x00, 0xDC, 0x00, 0xD8 };
	unsigned char wide[64];
	char text[64];
	size_t length;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
		assert_true(smb_utf16(good[i], wide, sizeof(wide), &length));
		assert_true(smb_utf8(wide, length, text, sizeof(text)));
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		assert_false(smb_utf16(bad[i], wide, sizeof(wide), &length));
	assert_false(smb_utf8(lone, sizeof(lone), text, sizeof(text)));
	assert_false(smb_utf8(swapped, sizeof(swapped), text, sizeof(text)));
	assert_false(smb_utf8((const unsigned char *)"a\0\0\0", 4, text, sizeof(text)));
	assert_false(smb_utf8((const unsigned char *)"a\0b", 3, text, sizeof(text)));
	assert_false(smb_utf16("abc", wide, 4, &length));
	assert_false(smb_utf8((const unsigned char *)"a\0b\0", 4, text, 2));
}

static void test_status_table_names_and_classes(void **state)
{
	static const struct {
		uint32_t value;
		const char *name;
		enum status root, file;
	} cases[] = {
		{ 0xC000006D, "STATUS_LOGON_FAILURE", STATUS_SHARE_AUTHENTICATION,
		  STATUS_SHARE_AUTHENTICATION },
		{ 0xC0000234, "STATUS_ACCOUNT_LOCKED_OUT", STATUS_SHARE_AUTHENTICATION,
		  STATUS_SHARE_AUTHENTICATION },
		{ 0xC000007F, "STATUS_DISK_FULL", STATUS_SHARE_FULL, STATUS_SHARE_FULL },
		{ 0xC0000044, "STATUS_QUOTA_EXCEEDED", STATUS_SHARE_FULL, STATUS_SHARE_FULL },
		{ 0xC0000022, "STATUS_ACCESS_DENIED", STATUS_SHARE_NOT_ACCESSIBLE,
		  STATUS_SHARE_READ_WRITE },
		{ 0xC0000034, "STATUS_OBJECT_NAME_NOT_FOUND", STATUS_SHARE_PATH, STATUS_NOT_FOUND },
		{ 0xC0000035, "STATUS_OBJECT_NAME_COLLISION", STATUS_SHARE_NOT_ACCESSIBLE,
		  STATUS_EXISTS },
		{ 0xC00000CC, "STATUS_BAD_NETWORK_NAME", STATUS_SHARE_PATH, STATUS_SHARE_PATH },
		{ 0xC0000257, "STATUS_PATH_NOT_COVERED", STATUS_SHARE_PATH, STATUS_SHARE_PATH },
		{ 0xC0000203, "STATUS_USER_SESSION_DELETED", STATUS_SHARE_CONNECTION,
		  STATUS_SHARE_CONNECTION },
		{ 0xC0DEC0DE, "NTSTATUS 0xC0DEC0DE", STATUS_SHARE_NOT_ACCESSIBLE,
		  STATUS_SHARE_READ_WRITE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error err;

		assert_int_equal(smb_status_fail(&err, SMB_ACCESS_ROOT, cases[i].value),
				 cases[i].root);
		assert_int_equal(smb_status_fail(&err, SMB_ACCESS_FILE, cases[i].value),
				 cases[i].file);
		assert_int_equal(err.status, cases[i].file);
		assert_int_equal((uint32_t)err.cause, cases[i].value);
		assert_string_equal(err.cause_name, cases[i].name);
	}
}

static void test_lookup_fail_tells_a_wrong_name_from_a_dead_name_service(void **state)
{
	static const struct {
		int result;
		enum status status;
		const char *cause;
	} cases[] = {
		{ EAI_NONAME, STATUS_SHARE_PATH, "EAI_NONAME" },
		{ EAI_NODATA, STATUS_SHARE_PATH, "EAI_NODATA" },
		{ EAI_AGAIN, STATUS_SHARE_CONNECTION, "EAI_AGAIN" },
		{ EAI_FAIL, STATUS_SHARE_CONNECTION, "EAI_FAIL" },
		{ EAI_MEMORY, STATUS_NO_MEMORY, "EAI_MEMORY" },
		{ EAI_SERVICE, STATUS_SHARE_PATH, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct error err;

		assert_int_equal(smb_lookup_fail(&err, "files.example.com", cases[i].result),
				 cases[i].status);
		assert_int_equal(err.status, cases[i].status);
		assert_string_equal(err.cause_name, cases[i].cause);
		assert_non_null(strstr(err.message, "\"files.example.com\""));
	}
}

static void test_entries_next_takes_times_and_doubts_impossible_ones(void **state)
{
	static const struct {
		uint64_t filetime;
		int64_t modified;
	} cases[] = {
		{ 116444736000000000, 0 },
		{ 116444736010009999, 1000 },
		{ 133500000000000000, 1705526400000 },
		{ 0, 0 },
		{ 1, 0 },
		{ UINT64_MAX, 0 },
		{ (uint64_t)1 << 63, 0 },
		{ INT64_MAX, 910692730085477 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct sample sample;
		struct smb_message entries;
		struct smb_directory_entry entry;
		bool more;

		begin_entries(&sample);
		store_u64(sample.data + 72 + 24, cases[i].filetime);
		struct smb_message message = as_message(&sample);
		assert_int_equal(smb_entries_parse(&message, 65536, &entries, NULL), STATUS_OK);
		assert_int_equal(smb_entries_next(&entries, &entry, &more, NULL), STATUS_OK);
		assert_int_equal(entry.modified, cases[i].modified);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_parse_takes_a_reply_and_nothing_else),
		cmocka_unit_test(test_transform_check_refuses_clear_and_foreign_frames),
		cmocka_unit_test(test_negotiate_parse_takes_what_was_offered),
		cmocka_unit_test(test_negotiate_parse_refuses_each_wrong_field),
		cmocka_unit_test(test_negotiate_parse_cut_anywhere_is_refused),
		cmocka_unit_test(test_session_parse_refuses_a_token_outside),
		cmocka_unit_test(test_read_parse_refuses_more_or_other_bytes),
		cmocka_unit_test(test_space_parse_refuses_sizes_that_lie),
		cmocka_unit_test(test_entries_walk_takes_all_and_refuses_broken_chains),
		cmocka_unit_test(test_entries_next_takes_times_and_doubts_impossible_ones),
		cmocka_unit_test(test_unicode_round_trip_and_refusals),
		cmocka_unit_test(test_status_table_names_and_classes),
		cmocka_unit_test(test_lookup_fail_tells_a_wrong_name_from_a_dead_name_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

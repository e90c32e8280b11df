/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* A server, or somebody before it, that does not play by the rules: refused, with the reason,
 * before a byte of data leaves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/smb_proxy.h"
#include "fake/smbd_leak.h"
#include "fake/smbd_private.h"
#include "share_cmocka.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

/* The frames of a server while a share is opened. */
enum { NEGOTIATE, CHALLENGE, LOGGED_ON, TREE, FOLDER };
enum { STATUS_FIELD = 8, FLAGS = 16, MESSAGE = 24, SIGNATURE = 48, BODY = 64 };

static struct smbd_private server;

static void flip(struct smb_proxy_frame *frame, unsigned number, size_t at)
{
	if (frame->number == number && at < frame->length)
		frame->data[at] ^= 1;
}

static void set_u16(struct smb_proxy_frame *frame, unsigned number, size_t at, unsigned value)
{
	if (frame->number != number || at + 1 >= frame->length)
		return;
	frame->data[at] = (unsigned char)value;
	frame->data[at + 1] = (unsigned char)(value >> 8);
}

static void change_guid(struct smb_proxy_frame *frame)
{
	flip(frame, NEGOTIATE, BODY + 8);
}

static void change_dialect(struct smb_proxy_frame *frame)
{
	set_u16(frame, NEGOTIATE, BODY + 4, 0x0302);
}

static void deny_signing(struct smb_proxy_frame *frame)
{
	set_u16(frame, NEGOTIATE, BODY + 2, 0);
}

static void drop_contexts(struct smb_proxy_frame *frame)
{
	set_u16(frame, NEGOTIATE, BODY + 6, 0);
}

/* Everything but the first context, so that encryption is gone. */
static void drop_cipher(struct smb_proxy_frame *frame)
{
	set_u16(frame, NEGOTIATE, BODY + 6, 1);
}

static void move_contexts(struct smb_proxy_frame *frame)
{
	set_u16(frame, NEGOTIATE, BODY + 60, 0xFFF8);
}

static void say_guest(struct smb_proxy_frame *frame)
{
	set_u16(frame, LOGGED_ON, BODY + 2, 1);
}

static void strip_login_signature(struct smb_proxy_frame *frame)
{
	if (frame->number == LOGGED_ON)
		frame->data[FLAGS] &= (unsigned char)~8;
}

static void forge_login_signature(struct smb_proxy_frame *frame)
{
	flip(frame, LOGGED_ON, SIGNATURE);
}

static void move_token(struct smb_proxy_frame *frame)
{
	set_u16(frame, CHALLENGE, BODY + 4, 0xFFF0);
}

static void succeed_early(struct smb_proxy_frame *frame)
{
	if (frame->number == CHALLENGE)
		memset(frame->data + STATUS_FIELD, 0, 4);
}

static void answer_other_message(struct smb_proxy_frame *frame)
{
	flip(frame, CHALLENGE, MESSAGE + 3);
}

static void answer_other_command(struct smb_proxy_frame *frame)
{
	set_u16(frame, CHALLENGE, 12, 3);
}

static void change_session(struct smb_proxy_frame *frame)
{
	flip(frame, LOGGED_ON, 40);
}

static void change_sealed_byte(struct smb_proxy_frame *frame)
{
	flip(frame, TREE, 52 + 70);
}

static void change_sealed_tag(struct smb_proxy_frame *frame)
{
	flip(frame, TREE, 4);
}

static void change_sealed_session(struct smb_proxy_frame *frame)
{
	flip(frame, TREE, 44);
}

static void cut_sealed(struct smb_proxy_frame *frame)
{
	if (frame->number == TREE)
		frame->length -= 8;
}

static void replay_sealed(struct smb_proxy_frame *frame)
{
	if (frame->number != FOLDER)
		return;
	memcpy(frame->data, frame->last, frame->last_length);
	frame->length = frame->last_length;
}

/* A good answer to TREE_CONNECT, in clear. */
static void answer_in_clear(struct smb_proxy_frame *frame)
{
	static const unsigned char head[] = { 0xFE, 'S', 'M', 'B', 64, 0, 1, 0, 0,
					      0,    0,   0,   3,   0,  1, 0, 1 };

	if (frame->number != TREE)
		return;
	memset(frame->data, 0, BODY + 16);
	memcpy(frame->data, head, sizeof(head));
	frame->data[MESSAGE] = 3;
	frame->data[36] = 1;
	frame->data[BODY] = 16;
	frame->data[BODY + 2] = 1;
	frame->length = BODY + 16;
}

static void cut_to_nothing(struct smb_proxy_frame *frame)
{
	if (frame->number == NEGOTIATE)
		frame->length = 10;
}

static void strip_signature(struct smb_proxy_frame *frame)
{
	if (frame->number == TREE)
		frame->data[FLAGS] &= (unsigned char)~8;
}

static void forge_signature(struct smb_proxy_frame *frame)
{
	flip(frame, TREE, SIGNATURE + 5);
}

static void forge_content(struct smb_proxy_frame *frame)
{
	flip(frame, FOLDER, BODY + 64);
}

static void replay_signed(struct smb_proxy_frame *frame)
{
	replay_sealed(frame);
}

struct attack {
	const char *name;
	struct smb_proxy_attack attack;
	const char *reason;
	unsigned frames; /* at most that many the client may have sent */
};

#define LONG ((size_t)0xFFFFFF)

static const struct attack sealed_attacks[] = {
	{ "changed GUID", { .change = change_guid }, "signature is wrong", 3 },
	{ "other dialect", { .change = change_dialect }, "not SMB 3.1.1", 1 },
	{ "no signing", { .change = deny_signing }, "cannot sign", 1 },
	{ "no contexts", { .change = drop_contexts }, "does not protect", 1 },
	{ "no cipher", { .change = drop_cipher }, "encryption", 1 },
	{ "contexts elsewhere", { .change = move_contexts }, "not inside", 1 },
	{ "guest", { .change = say_guest }, "guest", 3 },
	{ "login unsigned", { .change = strip_login_signature }, "not signed", 3 },
	{ "login forged", { .change = forge_login_signature }, "signature is wrong", 3 },
	{ "token elsewhere", { .change = move_token }, "token", 2 },
	{ "early success", { .change = succeed_early }, "too early", 2 },
	{ "other message", { .change = answer_other_message }, "nothing that was asked", 2 },
	{ "other command", { .change = answer_other_command }, "nothing that was asked", 2 },
	{ "other session", { .change = change_session }, "session id", 3 },
	{ "sealed byte", { .change = change_sealed_byte }, "session's key", 4 },
	{ "sealed tag", { .change = change_sealed_tag }, "session's key", 4 },
	{ "sealed session", { .change = change_sealed_session }, "another session", 4 },
	{ "sealed cut", { .change = cut_sealed }, "wrong size", 4 },
	{ "sealed replay", { .change = replay_sealed }, "nothing that was asked", 5 },
	{ "in clear", { .change = answer_in_clear }, "in clear", 4 },
	{ "too short", { .change = cut_to_nothing }, "not SMB", 1 },
	{ "too long", { .claim_length = LONG }, "longer than", 1 },
};

static const struct attack signed_attacks[] = {
	{ "signature stripped", { .change = strip_signature }, "not signed", 4 },
	{ "signature forged", { .change = forge_signature }, "signature is wrong", 4 },
	{ "content forged", { .change = forge_content }, "signature is wrong", 5 },
	{ "signed replay", { .change = replay_signed }, "nothing that was asked", 5 },
};

static enum status attack(const struct smb_proxy_attack *attack, bool unencrypted, long deadline,
			  unsigned *frames, struct error *err)
{
	const char *const servers[] = { "127.0.0.1", NULL };
	struct share_smb_policy policy = { .unencrypted_servers = unencrypted ? servers : NULL };
	struct smbd_private_options options;
	struct share_registry registry;
	struct share *share = NULL;

	smbd_private_options(&options, &server, "data", "");
	options.options.deadline = deadline;
	struct smb_proxy *proxy = smb_proxy_start(attack, server.port, &options.address.port);
	assert_non_null(proxy);
	share_registry_init(&registry);
	share_registry_set(&registry, &share_smb_driver, &policy);
	enum status status = share_open(&registry, &options.options, &share, err);
	if (status == STATUS_OK)
		status = share_make_directory(share, "hostile", err);
	if (status == STATUS_OK)
		status = share_remove(share, "hostile", err);
	share_close(share);
	*frames = smb_proxy_stop(proxy);
	smbd_private_options_done(&options);
	return status;
}

static void refuse_all(const struct attack *attacks, size_t count, bool unencrypted)
{
	for (size_t i = 0; i < count; i++) {
		struct error err = { .status = STATUS_OK };
		unsigned frames = 0;
		enum status status = attack(&attacks[i].attack, unencrypted, 30000, &frames, &err);

		print_message("  %s: %s\n", attacks[i].name, err.message);
		assert_int_not_equal(status, STATUS_OK);
		if (strstr(err.message, attacks[i].reason) == NULL)
			fail_msg("%s: \"%s\" does not say \"%s\"", attacks[i].name, err.message,
				 attacks[i].reason);
		assert_true(frames <= attacks[i].frames);
	}
}

static void test_smb_hostile_nothing_changed_works(void **state)
{
	const struct smb_proxy_attack none = { .change = NULL };
	struct error err = { .status = STATUS_OK };
	unsigned frames;

	(void)state;
	assert_int_equal(attack(&none, false, 30000, &frames, &err), STATUS_OK);
	assert_true(frames > 5);
}

static void test_smb_hostile_attacks_on_a_sealed_session_are_refused(void **state)
{
	(void)state;
	refuse_all(sealed_attacks, ARRAY_LENGTH(sealed_attacks), false);
}

/* A notice that an oplock is broken, which needs no request (2.2.23). */
static void announce_break(struct smb_proxy_frame *frame)
{
	if (frame->number != CHALLENGE)
		return;
	frame->data[12] = 18;
	memset(frame->data + MESSAGE, 0xFF, 8);
}

static void test_smb_hostile_flooding_server_ends_at_the_deadline(void **state)
{
	const struct smb_proxy_attack floods = { .change = announce_break, .floods = true };
	struct error err = { .status = STATUS_OK };
	unsigned frames;

	(void)state;
	assert_int_equal(attack(&floods, false, 1000, &frames, &err), STATUS_SHARE_CONNECTION);
	assert_string_equal(err.cause_name, "ETIMEDOUT");
}

static void test_smb_hostile_dripping_server_ends_at_the_deadline(void **state)
{
	const struct smb_proxy_attack drips = { .drips = true };
	struct error err = { .status = STATUS_OK };
	int64_t start = clock_monotonic(&system_clock);
	unsigned frames;

	(void)state;
	assert_int_equal(attack(&drips, false, 1000, &frames, &err), STATUS_SHARE_CONNECTION);
	assert_string_equal(err.cause_name, "ETIMEDOUT");
	assert_true(clock_monotonic(&system_clock) - start < 9000);
}

static void test_smb_hostile_attacks_on_a_signed_session_are_refused(void **state)
{
	(void)state;
	assert_true(smbd_private_restart(&server, "off"));
	refuse_all(signed_attacks, ARRAY_LENGTH(signed_attacks), true);
}

static int start(void **state)
{
	(void)state;
	return smbd_private_start(&server, "required") ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	smbd_private_stop(&server);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smb_hostile_nothing_changed_works),
		cmocka_unit_test(test_smb_hostile_attacks_on_a_sealed_session_are_refused),
		cmocka_unit_test(test_smb_hostile_dripping_server_ends_at_the_deadline),
		cmocka_unit_test(test_smb_hostile_flooding_server_ends_at_the_deadline),
		cmocka_unit_test(test_smb_hostile_attacks_on_a_signed_session_are_refused),
	};

	return cmocka_run_group_tests(tests, start, stop);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* Logging on again within a session: what stays, what is refused. By NTLM, which never asks for it;
 * test_share_smb_expiry.c has the tickets. */
#include <stdlib.h>
#include <string.h>

#include "../../../src/share/share_smb_operation.h"
#include "fake/smbd_leak.h"
#include "share_smb_case.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

#define PART ((size_t)1 << 20)
#define PARTS 6

static struct smb_connection *open_driver(struct smbd_private_options *options)
{
	const char *const servers[] = { "127.0.0.1", NULL };
	struct share_smb_policy policy = { .unencrypted_servers = servers };
	void *handle = NULL;
	struct error err;

	smbd_private_options(options, &share_smb_server, "data", "");
	assert_int_equal(share_smb_driver.open(&policy, &options->options, &handle, &err),
			 STATUS_OK);
	return handle;
}

static void write_part(void *file, unsigned number)
{
	AUTO_FREE unsigned char *part = malloc(PART);
	struct error err;

	memset(part, (int)number, PART);
	assert_int_equal(share_smb_driver.write(file, part, PART, &err), STATUS_OK);
}

static void expect_parts(struct smb_connection *share, const char *name, unsigned count)
{
	AUTO_FREE unsigned char *data = malloc(PART);
	uint64_t size = 0;
	size_t got = 0;
	void *file = NULL;
	struct error err;

	assert_int_equal(share_smb_driver.open_read(share, name, &file, &size, &err), STATUS_OK);
	assert_true(size == count * PART);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(share_smb_driver.read(file, i * PART, data, PART, &got, &err),
				 STATUS_OK);
		assert_int_equal(got, PART);
		for (size_t at = 0; at < PART; at++)
			if (data[at] != i)
				fail_msg("part %u is wrong at %zu", i, at);
	}
	assert_int_equal(share_smb_driver.close_file(file, &err), STATUS_OK);
}

/* Writes that are in flight come first; everything else goes on as if nothing had been. */
static void renew_in_mid_write(enum smb_protection protection)
{
	struct smbd_private_options options;
	struct smb_connection *share = open_driver(&options);
	unsigned char preauth[SMB_PREAUTH_SIZE];
	unsigned char key[sizeof(share->security.signing_key)];
	void *file = NULL;
	struct error err;

	assert_int_equal(share->security.protection, protection);
	assert_true(share->renew_at == INT64_MAX);
	memcpy(preauth, share->preauth, sizeof(preauth));
	memcpy(key, share->security.signing_key, sizeof(key));
	uint64_t session = share->session;
	uint32_t tree = share->tree;
	unsigned generation = share->generation;

	assert_int_equal(share_smb_driver.create(share, "renewed", &file, &err), STATUS_OK);
	for (unsigned i = 0; i < PARTS; i++) {
		share->renew_at = 0;
		write_part(file, i);
		assert_true(share->renew_at == INT64_MAX);
	}
	share->renew_at = 0;
	assert_int_equal(share_smb_driver.close_file(file, &err), STATUS_OK);
	assert_true(share->renew_at == INT64_MAX);

	assert_memory_equal(share->preauth, preauth, sizeof(preauth));
	assert_memory_equal(share->security.signing_key, key, sizeof(key));
	assert_true(share->session == session);
	assert_int_equal(share->tree, tree);
	assert_int_equal(share->generation, generation);
	expect_parts(share, "renewed", PARTS);
	assert_int_equal(share_smb_driver.remove(share, "renewed", &err), STATUS_OK);
	share_smb_driver.close(share);
	smbd_private_options_done(&options);
}

static void test_smb_renew_of_a_sealed_session_keeps_everything(void **state)
{
	(void)state;
	renew_in_mid_write(SMB_SEALED);
}

static void test_smb_renew_of_a_signed_session_keeps_everything(void **state)
{
	(void)state;
	assert_true(smbd_private_restart(&share_smb_server, "off"));
	renew_in_mid_write(SMB_SIGNED);
	assert_true(smbd_private_restart(&share_smb_server, "required"));
}

static void test_smb_renew_that_is_refused_is_one_bad_logon_and_the_last(void **state)
{
	unsigned before = smbd_private_bad_logons(&share_smb_server);
	struct smbd_private_options options;
	struct smb_connection *share = open_driver(&options);
	struct share_space space;
	void *file = NULL;
	struct error err;

	(void)state;
	assert_int_equal(share_smb_driver.create(share, "refused", &file, &err), STATUS_OK);
	write_part(file, 0);
	options.password.data[0] = 'X';
	share->renew_at = 0;
	assert_int_equal(share_smb_driver.flush(file, &err), STATUS_SHARE_AUTHENTICATION);
	assert_string_equal(err.cause_name, "STATUS_LOGON_FAILURE");
	assert_non_null(strstr(err.message, "logging on again"));
	assert_int_equal(share_smb_driver.close_file(file, &err), STATUS_SHARE_AUTHENTICATION);
	assert_int_equal(share_smb_driver.free_space(share, &space, &err),
			 STATUS_SHARE_AUTHENTICATION);
	assert_int_equal(smbd_private_bad_logons(&share_smb_server), before + 1);
	share_smb_driver.close(share);
	smbd_private_options_done(&options);
}

/* Clean-up after a cancel does not begin with a logon. */
static void test_smb_renew_is_left_out_after_a_cancel(void **state)
{
	struct smbd_private_options options;
	struct cancel *cancel = cancel_new();
	void *handle = NULL;
	void *file = NULL;
	struct error err;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	options.options.cancel = cancel;
	assert_int_equal(share_smb_driver.open(NULL, &options.options, &handle, &err), STATUS_OK);
	struct smb_connection *share = handle;
	assert_int_equal(share_smb_driver.create(share, "cancelled", &file, &err), STATUS_OK);
	cancel_request(cancel);
	share->renew_at = 0;
	assert_int_equal(share_smb_driver.close_file(file, &err), STATUS_OK);
	assert_true(share->renew_at == 0);
	share_smb_driver.close(share);
	cancel_free(cancel);
	smbd_private_options_done(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smb_renew_of_a_sealed_session_keeps_everything),
		cmocka_unit_test(test_smb_renew_of_a_signed_session_keeps_everything),
		cmocka_unit_test(test_smb_renew_that_is_refused_is_one_bad_logon_and_the_last),
		cmocka_unit_test(test_smb_renew_is_left_out_after_a_cancel),
	};

	return cmocka_run_group_tests(tests, share_smb_setup, share_smb_teardown);
}

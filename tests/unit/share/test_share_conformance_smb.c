/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* The conformance test against a real server: what it says of a good one, and which check a server
 * that cannot be used fails. */
#include <stdio.h>
#include <string.h>

#include "fake/smbd_leak.h"
#include "share_conformance_case.h"
#include "share_smb_case.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

static struct share_conformance report;
static char bad[1024];

static enum status run(const struct smbd_private_options *options, struct share_smb_policy *policy)
{
	struct share_registry registry;
	const struct share_conformance_settings settings = {
		.shares = &registry,
		.share = &options->options,
		.limit = SHARE_CONFORMANCE_LIMIT,
	};
	struct error err = { .status = STATUS_OK };
	char text[1024];

	share_registry_init(&registry);
	if (policy != NULL)
		share_registry_set(&registry, &share_smb_driver, policy);
	enum status status = share_conformance_run(&settings, &report, &err);
	conformance_case_bad(&report, bad, sizeof(bad));
	print_message("  %s: %s (%lld ms)\n", bad, error_text(&err, text, sizeof(text)),
		      (long long)report.milliseconds);
	return status;
}

static void expect_failed(const char *id, enum status status, const char *cause)
{
	const struct share_check *check = conformance_case_check(&report, id);

	assert_string_equal(bad, id);
	assert_int_equal(check->status, status);
	assert_string_equal(check->cause, cause);
	assert_non_null(check->remedy);
}

static void expect_found(const char *id, enum share_check_result result, const char *found)
{
	const struct share_check *check = conformance_case_check(&report, id);

	assert_int_equal(check->result, result);
	assert_non_null(strstr(check->found, found));
}

/* Other tests use the same disk meanwhile. */
static void expect_good(enum status status)
{
	assert_int_equal(status, STATUS_OK);
	if (strcmp(bad, "free-space-truth?") != 0)
		assert_string_equal(bad, "");
}

static struct share *open_data(void)
{
	return share_smb_open_good("data", 60000);
}

static enum status refuse_any(const struct share_entry *entry, void *context, struct error *err)
{
	(void)context;
	(void)err;
	print_message("  left behind: %s\n", entry->name);
	return STATUS_FAILED;
}

static void expect_clean(void)
{
	struct share *share = open_data();

	assert_int_equal(share_list(share, "", refuse_any, NULL, NULL), STATUS_OK);
	share_close(share);
}

static void test_conformance_run_good_server_passes_and_says_how(void **state)
{
	struct smbd_private_options options;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	expect_good(run(&options, NULL));
	expect_found("dialect", SHARE_CHECK_PASSED, "SMB 3.1.1");
	expect_found("encryption", SHARE_CHECK_PASSED, "-GCM");
	expect_found("signing", SHARE_CHECK_PASSED, "AES-128-");
	expect_found("authentication", SHARE_CHECK_PASSED, "NTLMv2");
	expect_found("storage", SHARE_CHECK_NOT_APPLICABLE, "server's own");
	expect_found("clock", SHARE_CHECK_PASSED, "0 s apart");
	expect_found("case", SHARE_CHECK_PASSED, "the same file");
	assert_string_equal(report.transport.protocol, "SMB 3.1.1");
	assert_true(report.transport.is_encrypted);
	smbd_private_options_done(&options);
	expect_clean();
}

static void test_conformance_run_wrong_password_is_one_bad_logon(void **state)
{
	unsigned before = smbd_private_bad_logons(&share_smb_server);
	struct smbd_private_options options;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	options.password.data[0] = 'X';
	assert_int_equal(run(&options, NULL), STATUS_SHARE_AUTHENTICATION);
	expect_failed("logon", STATUS_SHARE_AUTHENTICATION, "STATUS_LOGON_FAILURE");
	expect_found("encryption", SHARE_CHECK_PASSED, "");
	expect_found("share-open", SHARE_CHECK_NOT_RUN, "\"logon\"");
	assert_int_equal(smbd_private_bad_logons(&share_smb_server), before + 1);
	smbd_private_options_done(&options);
}

static void test_conformance_run_unusable_shares_fail_the_check_for_it(void **state)
{
	static const struct {
		const char *share, *path, *check, *cause;
		enum status status;
	} cases[] = {
		{ "readonly", "", "create-folder", "STATUS_ACCESS_DENIED",
		  STATUS_SHARE_READ_WRITE },
		{ "denied", "", "share-open", "STATUS_ACCESS_DENIED", STATUS_SHARE_NOT_ACCESSIBLE },
		{ "gone", "", "share-open", "STATUS_BAD_NETWORK_NAME", STATUS_SHARE_PATH },
		{ "missing", "", "share-open", "STATUS_BAD_NETWORK_NAME", STATUS_SHARE_PATH },
		{ "data", "nofolder", "share-open", "STATUS_OBJECT_NAME_NOT_FOUND",
		  STATUS_SHARE_PATH },
		{ "small", "", "free-space", "", STATUS_SHARE_FULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct smbd_private_options options;

		smbd_private_options(&options, &share_smb_server, cases[i].share, cases[i].path);
		assert_int_equal(run(&options, NULL), cases[i].status);
		expect_failed(cases[i].check, cases[i].status, cases[i].cause);
		expect_found("logon", SHARE_CHECK_PASSED, SMBD_USER);
		smbd_private_options_done(&options);
	}
	expect_clean();
}

static void test_conformance_run_unreachable_servers_fail_the_check_for_it(void **state)
{
	struct smbd_private_options options;
	AUTO_CLOSE listening = -1;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	listening = share_smb_listen_mute(&options.address.port);
	options.options.deadline = 500;
	assert_int_equal(run(&options, NULL), STATUS_SHARE_CONNECTION);
	expect_failed("dialect", STATUS_SHARE_CONNECTION, "ETIMEDOUT");
	expect_found("server-connect", SHARE_CHECK_PASSED, "127.0.0.1");
	options.options.deadline = 60000;
	options.address.port = 1;
	assert_int_equal(run(&options, NULL), STATUS_SHARE_CONNECTION);
	expect_failed("server-connect", STATUS_SHARE_CONNECTION, "ECONNREFUSED");
	/* No name service is asked for a name like this. */
	(void)snprintf(options.address.server, sizeof(options.address.server), "-server.invalid");
	assert_int_equal(run(&options, NULL), STATUS_SHARE_PATH);
	expect_failed("server-connect", STATUS_SHARE_PATH, "EAI_NONAME");
	smbd_private_options_done(&options);
}

static void test_conformance_run_server_without_encryption_fails_or_warns(void **state)
{
	const char *const servers[] = { "127.0.0.1", NULL };
	struct share_smb_policy policy = { .unencrypted_servers = servers };
	struct smbd_private_options options;

	(void)state;
	assert_true(smbd_private_restart(&share_smb_server, "off"));
	smbd_private_options(&options, &share_smb_server, "data", "");
	assert_int_equal(run(&options, NULL), STATUS_SHARE_NOT_ACCESSIBLE);
	expect_failed("encryption", STATUS_SHARE_NOT_ACCESSIBLE, "");
	expect_found("dialect", SHARE_CHECK_PASSED, "SMB 3.1.1");
	expect_found("logon", SHARE_CHECK_NOT_RUN, "\"encryption\"");
	assert_int_equal(run(&options, &policy), STATUS_OK);
	expect_found("encryption", SHARE_CHECK_WARNING, "not encrypted");
	assert_false(report.transport.is_encrypted);
	smbd_private_options_done(&options);
	assert_true(smbd_private_restart(&share_smb_server, "required"));
}

static void test_conformance_run_ntlm_for_a_user_with_a_realm_warns(void **state)
{
	struct smbd_private_options options;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	options.options.user_name = "backup-user@FILESRV01";
	assert_int_equal(run(&options, NULL), STATUS_OK);
	expect_found("authentication", SHARE_CHECK_WARNING, "NTLMv2, although");
	smbd_private_options_done(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conformance_run_good_server_passes_and_says_how),
		cmocka_unit_test(test_conformance_run_wrong_password_is_one_bad_logon),
		cmocka_unit_test(test_conformance_run_unusable_shares_fail_the_check_for_it),
		cmocka_unit_test(test_conformance_run_unreachable_servers_fail_the_check_for_it),
		cmocka_unit_test(test_conformance_run_server_without_encryption_fails_or_warns),
		cmocka_unit_test(test_conformance_run_ntlm_for_a_user_with_a_realm_warns),
	};

	return cmocka_run_group_tests(tests, share_smb_setup, share_smb_teardown);
}

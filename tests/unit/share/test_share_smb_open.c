/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* Opening a share of a real server that cannot be: class, cause by name, one logon only, in time.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake/smbd_leak.h"
#include "share_smb_case.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

#define DEADLINE 1500L
/* What a machine under load may add. */
#define SLACK 8000

/* --- who, where --- */

static void test_smb_open_wrong_password_says_so_after_one_logon(void **state)
{
	struct smbd_private_options options;
	unsigned before = smbd_private_bad_logons(&share_smb_server);

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	options.password.data[0] = 'X';
	share_smb_expect_open(&options, STATUS_SHARE_AUTHENTICATION, "STATUS_LOGON_FAILURE");
	assert_int_equal(smbd_private_bad_logons(&share_smb_server), before + 1);
	smbd_private_options_done(&options);
}

static void test_smb_open_unknown_and_disabled_users_say_so(void **state)
{
	struct smbd_private_options options;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	options.options.user_name = "CONTOSO\\nobody-here";
	share_smb_expect_open(&options, STATUS_SHARE_AUTHENTICATION, "STATUS_LOGON_FAILURE");
	options.options.user_name = "CONTOSO\\disabled-user";
	share_smb_expect_open(&options, STATUS_SHARE_AUTHENTICATION, "STATUS_ACCOUNT_DISABLED");
	smbd_private_options_done(&options);
}

static void test_smb_open_without_user_sends_nothing(void **state)
{
	struct smbd_private_options options;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	options.options.user_name = NULL;
	share_smb_expect_open(&options, STATUS_SHARE_AUTHENTICATION, "");
	options.options.user_name = SMBD_USER;
	options.options.password = NULL;
	share_smb_expect_open(&options, STATUS_SHARE_AUTHENTICATION, "");
	smbd_private_options_done(&options);
}

static void test_smb_open_shares_that_are_not_there_are_told_apart(void **state)
{
	static const struct {
		const char *share, *path;
		enum status status;
		const char *cause;
	} cases[] = {
		{ "missing", "", STATUS_SHARE_PATH, "STATUS_BAD_NETWORK_NAME" },
		{ "gone", "", STATUS_SHARE_PATH, "STATUS_BAD_NETWORK_NAME" },
		{ "denied", "", STATUS_SHARE_NOT_ACCESSIBLE, "STATUS_ACCESS_DENIED" },
		{ "data", "no/folder", STATUS_SHARE_PATH, "STATUS_OBJECT_PATH_NOT_FOUND" },
		{ "data", "nofolder", STATUS_SHARE_PATH, "STATUS_OBJECT_NAME_NOT_FOUND" },
		{ "IPC$", "", STATUS_SHARE_PATH, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		struct smbd_private_options options;

		smbd_private_options(&options, &share_smb_server, cases[i].share, cases[i].path);
		share_smb_expect_open(&options, cases[i].status, cases[i].cause);
		smbd_private_options_done(&options);
	}
}

static void test_smb_open_user_forms_work(void **state)
{
	static const char *const users[] = { "CONTOSO\\backup-user", "backup-user" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(users); i++) {
		struct smbd_private_options options;
		struct share *share = NULL;

		smbd_private_options(&options, &share_smb_server, "data", "");
		options.options.user_name = users[i];
		assert_int_equal(share_smb_open(&options, &share, NULL), STATUS_OK);
		share_close(share);
		smbd_private_options_done(&options);
	}
}

static void test_smb_open_umlauts_and_spaces_work_everywhere(void **state)
{
	static const char folder[] = "Ordner für Übungen";
	struct smbd_private_options options;
	struct share *share = NULL;
	struct error err;

	(void)state;
	smbd_private_options(&options, &share_smb_server, SMBD_UMLAUT_SHARE, "");
	secret_free(&options.password);
	assert_int_equal(secret_copy(&options.password, SMBD_UMLAUT_PASSWORD,
				     strlen(SMBD_UMLAUT_PASSWORD), NULL),
			 STATUS_OK);
	options.options.user_name = SMBD_UMLAUT_USER;
	assert_int_equal(share_smb_open(&options, &share, &err), STATUS_OK);
	assert_int_equal(share_make_directory(share, folder, &err), STATUS_OK);
	share_close(share);
	(void)snprintf(options.address.path, sizeof(options.address.path), "%s", folder);
	assert_int_equal(share_smb_open(&options, &share, &err), STATUS_OK);
	assert_int_equal(share_put(share, "größe €", "data", 4, &err), STATUS_OK);
	assert_int_equal(share_remove(share, "größe €", &err), STATUS_OK);
	share_close(share);
	options.password.data[1] ^= 1;
	share_smb_expect_open(&options, STATUS_SHARE_AUTHENTICATION, "STATUS_LOGON_FAILURE");
	smbd_private_options_done(&options);
}

/* --- the way there --- */

static void test_smb_open_refused_and_unresolvable_say_so(void **state)
{
	struct smbd_private_options options;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	options.address.port = 1;
	share_smb_expect_open(&options, STATUS_SHARE_CONNECTION, "ECONNREFUSED");
	/* No name of a host: the resolver asks nobody about it. */
	(void)snprintf(options.address.server, sizeof(options.address.server), "-server");
	share_smb_expect_open(&options, STATUS_SHARE_PATH, "EAI_NONAME");
	smbd_private_options_done(&options);
}

static void test_smb_open_mute_server_ends_at_the_deadline(void **state)
{
	struct smbd_private_options options;
	AUTO_CLOSE listening = -1;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	listening = share_smb_listen_mute(&options.address.port);
	options.options.deadline = DEADLINE;
	int64_t start = clock_monotonic(&system_clock);
	share_smb_expect_open(&options, STATUS_SHARE_CONNECTION, "ETIMEDOUT");
	int64_t took = clock_monotonic(&system_clock) - start;
	assert_true(took >= DEADLINE);
	assert_true(took < DEADLINE + SLACK);
	smbd_private_options_done(&options);
}

static void *answer_in_http(void *argument)
{
	static const char answer[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
	const int *listening = argument;
	AUTO_CLOSE accepted = accept4(*listening, NULL, NULL, SOCK_CLOEXEC);
	char request[1024];

	if (recv(accepted, request, sizeof(request), 0) > 0)
		(void)send(accepted, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
	return NULL;
}

static void test_smb_open_other_protocol_is_refused(void **state)
{
	struct smbd_private_options options;
	AUTO_CLOSE listening = -1;
	pthread_t thread;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	listening = share_smb_listen_mute(&options.address.port);
	assert_int_equal(pthread_create(&thread, NULL, answer_in_http, &listening), 0);
	share_smb_expect_open(&options, STATUS_SHARE_CONNECTION, "EPROTO");
	assert_int_equal(pthread_join(thread, NULL), 0);
	smbd_private_options_done(&options);
}

/* --- encryption --- */

static void test_smb_server_without_encryption_is_refused_before_the_logon(void **state)
{
	struct smbd_private_options options;
	unsigned before = smbd_private_bad_logons(&share_smb_server);

	(void)state;
	assert_true(smbd_private_restart(&share_smb_server, "off"));
	smbd_private_options(&options, &share_smb_server, "data", "");
	options.password.data[0] = 'X';
	share_smb_expect_open(&options, STATUS_SHARE_NOT_ACCESSIBLE, "");
	assert_int_equal(smbd_private_bad_logons(&share_smb_server), before);
	smbd_private_options_done(&options);
}

static void test_smb_server_without_encryption_works_signed_when_allowed(void **state)
{
	const char *const others[] = { "localhost", "filer", NULL };
	const char *const allowed[] = { "filer", "127.0.0.1", NULL };
	struct share_smb_policy policy = { .unencrypted_servers = others };
	struct smbd_private_options options;
	struct share_registry registry;
	struct share *share = NULL;
	struct error err;

	(void)state;
	smbd_private_options(&options, &share_smb_server, "data", "");
	share_registry_init(&registry);
	share_registry_set(&registry, &share_smb_driver, &policy);
	assert_int_equal(share_open(&registry, &options.options, &share, &err),
			 STATUS_SHARE_NOT_ACCESSIBLE);
	policy.unencrypted_servers = allowed;
	assert_int_equal(share_open(&registry, &options.options, &share, &err), STATUS_OK);
	assert_int_equal(share_put(share, "signed", "data", 4, &err), STATUS_OK);
	assert_int_equal(share_remove(share, "signed", &err), STATUS_OK);
	share_close(share);
	smbd_private_options_done(&options);
}

static void test_smb_server_that_may_encrypt_is_made_to(void **state)
{
	(void)state;
	assert_true(smbd_private_restart(&share_smb_server, "desired"));
	struct share *share = share_smb_open_good("data", 60000);
	assert_int_equal(share_put(share, "sealed", "data", 4, NULL), STATUS_OK);
	assert_int_equal(share_remove(share, "sealed", NULL), STATUS_OK);
	share_close(share);
	assert_true(smbd_private_restart(&share_smb_server, "required"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smb_open_wrong_password_says_so_after_one_logon),
		cmocka_unit_test(test_smb_open_unknown_and_disabled_users_say_so),
		cmocka_unit_test(test_smb_open_without_user_sends_nothing),
		cmocka_unit_test(test_smb_open_shares_that_are_not_there_are_told_apart),
		cmocka_unit_test(test_smb_open_user_forms_work),
		cmocka_unit_test(test_smb_open_umlauts_and_spaces_work_everywhere),
		cmocka_unit_test(test_smb_open_refused_and_unresolvable_say_so),
		cmocka_unit_test(test_smb_open_mute_server_ends_at_the_deadline),
		cmocka_unit_test(test_smb_open_other_protocol_is_refused),
		cmocka_unit_test(test_smb_server_without_encryption_is_refused_before_the_logon),
		cmocka_unit_test(test_smb_server_without_encryption_works_signed_when_allowed),
		cmocka_unit_test(test_smb_server_that_may_encrypt_is_made_to),
	};

	return cmocka_run_group_tests(tests, share_smb_setup, share_smb_teardown);
}

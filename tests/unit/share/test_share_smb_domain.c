/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* Logons to a server in a domain: by which mechanism, and without a KDC. */
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/smbd_leak.h"
#include "share_smb_domain_case.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

static void expect_let_in(const char *server, const char *user,
			  enum share_smb_authentication authentication, const char *mechanism)
{
	unsigned before = domain_private_logons(&share_smb_domain, mechanism);
	struct smbd_private_options options;
	struct smb_connection *share = NULL;
	struct error err;

	assert_int_equal(
		share_smb_open_as(server, user, authentication, SHARE_AGES, &options, &share, &err),
		STATUS_OK);
	assert_int_equal(domain_private_logons(&share_smb_domain, mechanism), before + 1);
	assert_int_equal(share->kerberos, strcmp(mechanism, "krb5") == 0);
	share_smb_driver.close(share);
	smbd_private_options_done(&options);
}

static void expect_refused(const char *server, const char *user,
			   enum share_smb_authentication authentication, long deadline,
			   const char *cause)
{
	unsigned before = domain_private_logons(&share_smb_domain, "NTLMSSP");
	struct smbd_private_options options;
	struct smb_connection *share = NULL;
	struct error err;

	assert_int_equal(
		share_smb_open_as(server, user, authentication, deadline, &options, &share, &err),
		STATUS_SHARE_AUTHENTICATION);
	assert_string_equal(err.cause_name, cause);
	assert_int_equal(domain_private_logons(&share_smb_domain, "NTLMSSP"), before);
	smbd_private_options_done(&options);
}

/* --- which mechanism --- */

static void test_smb_domain_mechanism_is_the_one_that_was_set(void **state)
{
	(void)state;
	expect_let_in(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_AUTOMATIC, "krb5");
	expect_let_in(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_KERBEROS, "krb5");
	expect_let_in(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_NTLM, "NTLMSSP");
	expect_let_in(DOMAIN_ADDRESS, DOMAIN_KERBEROS_USER, SHARE_SMB_AUTOMATIC, "NTLMSSP");
}

static void test_smb_domain_kerberos_alone_never_becomes_ntlm(void **state)
{
	(void)state;
	expect_refused(DOMAIN_SERVER, DOMAIN_NTLM_USER, SHARE_SMB_KERBEROS, SHARE_AGES, "");
	expect_refused(DOMAIN_ADDRESS, DOMAIN_KERBEROS_USER, SHARE_SMB_KERBEROS, SHARE_AGES, "");
	expect_refused(DOMAIN_SERVER_WITHOUT_PRINCIPAL, DOMAIN_KERBEROS_USER, SHARE_SMB_KERBEROS,
		       SHARE_AGES, "KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN");
	expect_refused(DOMAIN_SERVER, "backup-user@unknown.example", SHARE_SMB_KERBEROS, SHARE_AGES,
		       "KRB5_REALM_UNKNOWN");
}

/* --- no KDC --- */

static unsigned count_threads(void)
{
	DIR *folder = opendir("/proc/self/task");
	unsigned count = 0;

	while (readdir(folder) != NULL)
		count++;
	(void)closedir(folder);
	return count - 2;
}

/* Until only @count are left: those that were left behind have ended. */
static void wait_for_threads(unsigned count)
{
	while (count_threads() > count)
		(void)poll(NULL, 0, 20);
}

static void test_smb_domain_refusing_kdc_leaves_ntlm(void **state)
{
	(void)state;
	domain_private_block_kdc("reject");
	expect_let_in(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_AUTOMATIC, "NTLMSSP");
	expect_refused(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_KERBEROS, SHARE_AGES,
		       "KRB5_KDC_UNREACH");
	private_network_unblock();
}

/* Deadlines that libkrb5 alone would use up. */
static void test_smb_domain_mute_kdc_leaves_time_for_ntlm(void **state)
{
	unsigned threads = count_threads();
	struct smbd_private_options options;
	struct smb_connection *share = NULL;
	struct error err;

	(void)state;
	domain_private_block_kdc("drop");
	expect_refused(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_KERBEROS, 2000,
		       "KRB5_KDC_UNREACH");
	assert_int_equal(share_smb_open_as(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_AUTOMATIC,
					   4000, &options, &share, &err),
			 STATUS_OK);
	assert_false(share->kerberos);
	share_smb_driver.close(share);
	smbd_private_options_done(&options);
	private_network_unblock();
	wait_for_threads(threads);
}

/* A KDC that answers late finds nobody who would show it the password. */
static void test_smb_domain_late_kdc_is_no_second_bad_logon(void **state)
{
	unsigned threads = count_threads();
	struct smbd_private_options options;
	struct error err = { .status = STATUS_OK };
	void *handle = NULL;

	(void)state;
	domain_private_account(&share_smb_domain, "forgive", "lockout-user");
	domain_private_block_kdc("drop");
	domain_private_options(&options, DOMAIN_SERVER, "lockout-user@contoso.com");
	options.options.deadline = 4000;
	options.password.data[0] = 'X';
	assert_int_equal(share_smb_driver.open(NULL, &options.options, &handle, &err),
			 STATUS_SHARE_AUTHENTICATION);
	assert_string_equal(err.cause_name, "STATUS_LOGON_FAILURE");
	assert_int_equal(domain_private_account(&share_smb_domain, "bad-logons", "lockout-user"),
			 1);
	assert_true(count_threads() > threads);
	private_network_unblock();
	wait_for_threads(threads);
	assert_int_equal(domain_private_account(&share_smb_domain, "bad-logons", "lockout-user"),
			 1);
	smbd_private_options_done(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smb_domain_mechanism_is_the_one_that_was_set),
		cmocka_unit_test(test_smb_domain_kerberos_alone_never_becomes_ntlm),
		cmocka_unit_test(test_smb_domain_refusing_kdc_leaves_ntlm),
		cmocka_unit_test(test_smb_domain_mute_kdc_leaves_time_for_ntlm),
		cmocka_unit_test(test_smb_domain_late_kdc_is_no_second_bad_logon),
	};

	if (!private_network_enter())
		return 1;
	return cmocka_run_group_tests(tests, share_smb_domain_setup, share_smb_domain_teardown);
}

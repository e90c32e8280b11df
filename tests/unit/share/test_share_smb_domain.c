/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* Logons to a server in a domain: which mechanism, without a KDC, and again when a ticket ends. */
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/share/share_smb_operation.h"
#include "fake/domain_private.h"
#include "fake/private_network.h"
#include "fake/smbd_leak.h"
#include "share_cmocka.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

#define AGES 600000L
#define SHORT_TICKET 3 /* seconds */

static struct domain_private domain;

/* The driver itself, so that its connection can be looked at. */
static enum status open_as(const char *server, const char *user,
			   enum share_smb_authentication authentication, long deadline,
			   struct smbd_private_options *options, struct smb_connection **out,
			   struct error *err)
{
	struct share_smb_policy policy = { .authentication = authentication };
	void *handle = NULL;
	char text[1024];

	domain_private_options(options, server, user);
	options->options.deadline = deadline;
	*err = (struct error) { .status = STATUS_OK };
	enum status status = share_smb_driver.open(&policy, &options->options, &handle, err);
	if (status != STATUS_OK)
		print_message("  %s\n", error_text(err, text, sizeof(text)));
	*out = handle;
	return status;
}

static void expect_let_in(const char *server, const char *user,
			  enum share_smb_authentication authentication, const char *mechanism)
{
	unsigned before = domain_private_logons(&domain, mechanism);
	struct smbd_private_options options;
	struct smb_connection *share = NULL;
	struct error err;

	assert_int_equal(open_as(server, user, authentication, AGES, &options, &share, &err),
			 STATUS_OK);
	assert_int_equal(domain_private_logons(&domain, mechanism), before + 1);
	assert_int_equal(share->kerberos, strcmp(mechanism, "krb5") == 0);
	share_smb_driver.close(share);
	smbd_private_options_done(&options);
}

static void expect_refused(const char *server, const char *user,
			   enum share_smb_authentication authentication, long deadline,
			   const char *cause)
{
	unsigned before = domain_private_logons(&domain, "NTLMSSP");
	struct smbd_private_options options;
	struct smb_connection *share = NULL;
	struct error err;

	assert_int_equal(open_as(server, user, authentication, deadline, &options, &share, &err),
			 STATUS_SHARE_AUTHENTICATION);
	assert_string_equal(err.cause_name, cause);
	assert_int_equal(domain_private_logons(&domain, "NTLMSSP"), before);
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
	expect_refused(DOMAIN_SERVER, DOMAIN_NTLM_USER, SHARE_SMB_KERBEROS, AGES, "");
	expect_refused(DOMAIN_ADDRESS, DOMAIN_KERBEROS_USER, SHARE_SMB_KERBEROS, AGES, "");
	expect_refused(DOMAIN_SERVER_WITHOUT_PRINCIPAL, DOMAIN_KERBEROS_USER, SHARE_SMB_KERBEROS,
		       AGES, "KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN");
	expect_refused(DOMAIN_SERVER, "backup-user@unknown.example", SHARE_SMB_KERBEROS, AGES,
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
	expect_refused(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_KERBEROS, AGES,
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
	assert_int_equal(open_as(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_AUTOMATIC, 4000,
				 &options, &share, &err),
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
	domain_private_account(&domain, "forgive", "lockout-user");
	domain_private_block_kdc("drop");
	domain_private_options(&options, DOMAIN_SERVER, "lockout-user@contoso.com");
	options.options.deadline = 4000;
	options.password.data[0] = 'X';
	assert_int_equal(share_smb_driver.open(NULL, &options.options, &handle, &err),
			 STATUS_SHARE_AUTHENTICATION);
	assert_string_equal(err.cause_name, "STATUS_LOGON_FAILURE");
	assert_int_equal(domain_private_account(&domain, "bad-logons", "lockout-user"), 1);
	assert_true(count_threads() > threads);
	private_network_unblock();
	wait_for_threads(threads);
	assert_int_equal(domain_private_account(&domain, "bad-logons", "lockout-user"), 1);
	smbd_private_options_done(&options);
}

/* --- sessions that end --- */

/* A KDC gives nobody a short ticket-granting ticket, but a short one for a server: a session that
 * goes on with such a one. */
static struct smb_connection *open_short(struct smbd_private_options *options)
{
	struct smb_connection *share = NULL;
	struct share_space space;
	struct error err;

	assert_int_equal(open_as(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_AUTOMATIC, AGES,
				 options, &share, &err),
			 STATUS_OK);
	share->ticket_life = SHORT_TICKET;
	share->renew_at = 0;
	assert_int_equal(share_smb_driver.free_space(share, &space, &err), STATUS_OK);
	assert_true(share->renew_at < share->expires);
	assert_true(share->expires <= clock_monotonic(&system_clock) + SHORT_TICKET * 1000);
	return share;
}

static void close_short(struct smb_connection *share, struct smbd_private_options *options)
{
	share_smb_driver.close(share);
	smbd_private_options_done(options);
}

#define PART ((size_t)64 * 1024)

static void write_part(void *file, unsigned number)
{
	static unsigned char part[PART];
	struct error err;

	memset(part, (int)number, sizeof(part));
	assert_int_equal(share_smb_driver.write(file, part, sizeof(part), &err), STATUS_OK);
	assert_int_equal(share_smb_driver.flush(file, &err), STATUS_OK);
}

static void expect_parts(struct smb_connection *share, const char *name, unsigned count)
{
	static unsigned char part[PART];
	static unsigned char expected[PART];
	uint64_t size = 0;
	size_t got = 0;
	void *file = NULL;
	struct error err;

	assert_int_equal(share_smb_driver.open_read(share, name, &file, &size, &err), STATUS_OK);
	assert_true(size == count * PART);
	for (unsigned i = 0; i < count; i++) {
		memset(expected, (int)i, sizeof(expected));
		assert_int_equal(share_smb_driver.read(file, i * PART, part, PART, &got, &err),
				 STATUS_OK);
		assert_int_equal(got, PART);
		assert_memory_equal(part, expected, PART);
	}
	assert_int_equal(share_smb_driver.close_file(file, &err), STATUS_OK);
	assert_int_equal(share_smb_driver.remove(share, name, &err), STATUS_OK);
}

static void test_smb_domain_upload_outlives_its_ticket(void **state)
{
	unsigned logons = domain_private_logons(&domain, "krb5");
	struct smbd_private_options options;
	struct smb_connection *share = open_short(&options);
	uint64_t session = share->session;
	int64_t end = share->expires;
	void *file = NULL;
	struct error err;
	unsigned count = 0;

	(void)state;
	assert_int_equal(share_smb_driver.create(share, "outlives", &file, &err), STATUS_OK);
	/* Beyond the end of the first ticket, by some. */
	while (clock_monotonic(&system_clock) < end + 1000) {
		write_part(file, count++);
		(void)poll(NULL, 0, 10);
	}
	assert_int_equal(share_smb_driver.close_file(file, &err), STATUS_OK);
	unsigned again = domain_private_logons(&domain, "krb5") - logons;
	print_message("  %u parts, %u logons\n", count, again);
	assert_true(again >= 2);
	assert_true(share->session == session);
	expect_parts(share, "outlives", count);
	close_short(share, &options);
}

/* The server says so before the client expects it. */
static void test_smb_domain_expired_session_is_renewed_and_the_request_repeated(void **state)
{
	struct smbd_private_options options;
	struct smb_connection *share = open_short(&options);
	uint64_t session = share->session;
	unsigned generation = share->generation;
	unsigned number = 0;
	void *file = NULL;
	struct share_space space;
	struct error err;

	(void)state;
	assert_int_equal(share_smb_driver.create(share, "repeated", &file, &err), STATUS_OK);
	write_part(file, 0);
	share->renew_at = INT64_MAX;
	while (share->renew_at == INT64_MAX) {
		number++;
		assert_int_equal(share_smb_driver.free_space(share, &space, &err), STATUS_OK);
		(void)poll(NULL, 0, 20);
	}
	print_message("  renewed at request %u\n", number);
	assert_true(share->session == session);
	assert_int_equal(share->generation, generation);
	write_part(file, 1);
	assert_int_equal(share_smb_driver.close_file(file, &err), STATUS_OK);
	expect_parts(share, "repeated", 2);
	close_short(share, &options);
}

static void test_smb_domain_expired_session_is_renewed_for_a_read(void **state)
{
	struct smbd_private_options options;
	struct smb_connection *share = open_short(&options);
	static unsigned char data[4 * PART];
	uint64_t size = 0;
	size_t got = 0;
	void *file = NULL;
	struct error err;

	(void)state;
	assert_int_equal(share_smb_driver.create(share, "read", &file, &err), STATUS_OK);
	write_part(file, 0);
	assert_int_equal(share_smb_driver.close_file(file, &err), STATUS_OK);
	assert_int_equal(share_smb_driver.open_read(share, "read", &file, &size, &err), STATUS_OK);
	share->renew_at = INT64_MAX;
	while (share->renew_at == INT64_MAX) {
		assert_int_equal(share_smb_driver.read(file, 0, data, sizeof(data), &got, &err),
				 STATUS_OK);
		assert_int_equal(got, PART);
		(void)poll(NULL, 0, 20);
	}
	assert_int_equal(share_smb_driver.close_file(file, &err), STATUS_OK);
	assert_int_equal(share_smb_driver.remove(share, "read", &err), STATUS_OK);
	close_short(share, &options);
}

/* What was in flight is gone with its data: the upload fails and says why. */
static void test_smb_domain_expired_session_fails_writes_in_flight(void **state)
{
	static unsigned char data[4 * PART];
	struct smbd_private_options options;
	struct smb_connection *share = open_short(&options);
	enum status status = STATUS_OK;
	void *file = NULL;
	struct error err;

	(void)state;
	assert_int_equal(share_smb_driver.create(share, "in-flight", &file, &err), STATUS_OK);
	share->renew_at = INT64_MAX;
	while (status == STATUS_OK) {
		status = share_smb_driver.write(file, data, sizeof(data), &err);
		(void)poll(NULL, 0, 20);
	}
	assert_int_equal(status, STATUS_SHARE_CONNECTION);
	assert_string_equal(err.cause_name, "STATUS_NETWORK_SESSION_EXPIRED");
	assert_int_not_equal(share_smb_driver.flush(file, &err), STATUS_OK);
	assert_int_not_equal(share_smb_driver.close_file(file, &err), STATUS_OK);
	/* The next operation logs on anew. */
	assert_int_equal(share_smb_driver.remove(share, "in-flight", &err), STATUS_OK);
	close_short(share, &options);
}

static void test_smb_domain_refused_renewal_ends_the_session(void **state)
{
	struct smbd_private_options options;
	struct smb_connection *share = open_short(&options);
	struct share_space space;
	void *file = NULL;
	struct error err;

	(void)state;
	domain_private_account(&domain, "forgive", "backup-user");
	assert_int_equal(share_smb_driver.create(share, "refused", &file, &err), STATUS_OK);
	options.password.data[0] = 'X';
	share->renew_at = 0;
	assert_int_equal(share_smb_driver.free_space(share, &space, &err),
			 STATUS_SHARE_AUTHENTICATION);
	assert_string_equal(err.cause_name, "KRB5KDC_ERR_PREAUTH_FAILED");
	assert_non_null(strstr(err.message, "logging on again"));
	assert_int_equal(share_smb_driver.write(file, "x", 1, &err), STATUS_SHARE_AUTHENTICATION);
	assert_int_equal(share_smb_driver.close_file(file, &err), STATUS_SHARE_AUTHENTICATION);
	assert_int_equal(share_smb_driver.free_space(share, &space, &err),
			 STATUS_SHARE_AUTHENTICATION);
	assert_int_equal(domain_private_account(&domain, "bad-logons", "backup-user"), 1);
	close_short(share, &options);
	domain_private_account(&domain, "forgive", "backup-user");
}

/* A silent KDC is asked again later as long as the session is good. */
static void test_smb_domain_session_goes_on_while_the_kdc_is_down(void **state)
{
	struct smbd_private_options options;
	struct smb_connection *share = NULL;
	struct share_space space;
	struct error err;

	(void)state;
	assert_int_equal(open_as(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_AUTOMATIC, AGES,
				 &options, &share, &err),
			 STATUS_OK);
	domain_private_block_kdc("reject");
	share->renew_at = 0;
	assert_int_equal(share_smb_driver.free_space(share, &space, &err), STATUS_OK);
	assert_true(share->renew_at > clock_monotonic(&system_clock));
	assert_true(share->renew_at < share->expires);
	private_network_unblock();
	share_smb_driver.close(share);
	smbd_private_options_done(&options);
}

static int setup(void **state)
{
	(void)state;
	return domain_private_start(&domain, "required") ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	domain_private_stop(&domain);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smb_domain_mechanism_is_the_one_that_was_set),
		cmocka_unit_test(test_smb_domain_kerberos_alone_never_becomes_ntlm),
		cmocka_unit_test(test_smb_domain_refusing_kdc_leaves_ntlm),
		cmocka_unit_test(test_smb_domain_mute_kdc_leaves_time_for_ntlm),
		cmocka_unit_test(test_smb_domain_late_kdc_is_no_second_bad_logon),
		cmocka_unit_test(test_smb_domain_upload_outlives_its_ticket),
		cmocka_unit_test(
			test_smb_domain_expired_session_is_renewed_and_the_request_repeated),
		cmocka_unit_test(test_smb_domain_expired_session_is_renewed_for_a_read),
		cmocka_unit_test(test_smb_domain_expired_session_fails_writes_in_flight),
		cmocka_unit_test(test_smb_domain_refused_renewal_ends_the_session),
		cmocka_unit_test(test_smb_domain_session_goes_on_while_the_kdc_is_down),
	};

	if (!private_network_enter())
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}

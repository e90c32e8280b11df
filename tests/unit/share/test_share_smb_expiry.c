/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* Sessions that outlive the Kerberos ticket they began with. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "fake/smbd_leak.h"
#include "share_smb_domain_case.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

#define SHORT_TICKET 3 /* seconds */

/* A KDC gives nobody a short ticket-granting ticket, but a short one for a server: a session that
 * goes on with such a one. */
static struct smb_connection *open_short(struct smbd_private_options *options)
{
	struct smb_connection *share = NULL;
	struct share_space space;
	struct error err;

	assert_int_equal(share_smb_open_as(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_AUTOMATIC,
					   SHARE_AGES, options, &share, &err),
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

static void test_smb_expiry_upload_outlives_its_ticket(void **state)
{
	unsigned logons = domain_private_logons(&share_smb_domain, "krb5");
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
	unsigned again = domain_private_logons(&share_smb_domain, "krb5") - logons;
	print_message("  %u parts, %u logons\n", count, again);
	assert_true(again >= 2);
	assert_true(share->session == session);
	expect_parts(share, "outlives", count);
	close_short(share, &options);
}

/* The server says so before the client expects it. */
static void test_smb_expiry_expired_session_is_renewed_and_the_request_repeated(void **state)
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

static void test_smb_expiry_expired_session_is_renewed_for_a_read(void **state)
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
static void test_smb_expiry_expired_session_fails_writes_in_flight(void **state)
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

static void test_smb_expiry_refused_renewal_ends_the_session(void **state)
{
	struct smbd_private_options options;
	struct smb_connection *share = open_short(&options);
	struct share_space space;
	void *file = NULL;
	struct error err;

	(void)state;
	domain_private_account(&share_smb_domain, "forgive", "backup-user");
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
	assert_int_equal(domain_private_account(&share_smb_domain, "bad-logons", "backup-user"), 1);
	close_short(share, &options);
	domain_private_account(&share_smb_domain, "forgive", "backup-user");
}

/* A silent KDC is asked again later as long as the session is good. */
static void test_smb_expiry_session_goes_on_while_the_kdc_is_down(void **state)
{
	struct smbd_private_options options;
	struct smb_connection *share = NULL;
	struct share_space space;
	struct error err;

	(void)state;
	assert_int_equal(share_smb_open_as(DOMAIN_SERVER, DOMAIN_KERBEROS_USER, SHARE_SMB_AUTOMATIC,
					   SHARE_AGES, &options, &share, &err),
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smb_expiry_upload_outlives_its_ticket),
		cmocka_unit_test(
			test_smb_expiry_expired_session_is_renewed_and_the_request_repeated),
		cmocka_unit_test(test_smb_expiry_expired_session_is_renewed_for_a_read),
		cmocka_unit_test(test_smb_expiry_expired_session_fails_writes_in_flight),
		cmocka_unit_test(test_smb_expiry_refused_renewal_ends_the_session),
		cmocka_unit_test(test_smb_expiry_session_goes_on_while_the_kdc_is_down),
	};

	if (!private_network_enter())
		return 1;
	return cmocka_run_group_tests(tests, share_smb_domain_setup, share_smb_domain_teardown);
}

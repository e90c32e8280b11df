/* SPDX-License-Identifier: Apache-2.0 */
/* Failures of a real server: class, cause by name, one logon only, never later than the deadline.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake/smbd_leak.h"
#include "fake/smbd_private.h"
#include "share_cmocka.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

#define DEADLINE 1500L
/* What a machine under load may add. */
#define SLACK 1500

static struct smbd_private server;

static enum status open_share(const struct smbd_private_options *options, struct share **out,
			      struct error *err)
{
	struct share_registry registry;

	share_registry_init(&registry);
	return share_open(&registry, &options->options, out, err);
}

static struct share *open_good(const char *share_name, long deadline)
{
	struct smbd_private_options options;
	struct share *share = NULL;
	struct error err;

	smbd_private_options(&options, &server, share_name, "");
	options.options.deadline = deadline;
	if (open_share(&options, &share, &err) != STATUS_OK) {
		char text[1024];

		fail_msg("%s", error_text(&err, text, sizeof(text)));
	}
	smbd_private_options_done(&options);
	return share;
}

static void expect_open(const struct smbd_private_options *options, enum status status,
			const char *cause)
{
	struct share *share = NULL;
	struct error err = { .status = STATUS_OK };
	char text[1024];
	enum status found = open_share(options, &share, &err);

	print_message("  %s %s: %s\n", share_failure_class(found), err.cause_name,
		      error_text(&err, text, sizeof(text)));
	assert_int_equal(found, status);
	assert_string_equal(err.cause_name, cause);
	assert_string_equal(err.step, "open share");
	assert_non_null(strstr(err.path, options->address.share));
	assert_non_null(strstr(err.message, options->address.server));
	assert_null(share);
}

/* --- who, where --- */

static void test_smb_open_wrong_password_says_so_after_one_logon(void **state)
{
	struct smbd_private_options options;
	unsigned before = smbd_private_bad_logons(&server);

	(void)state;
	smbd_private_options(&options, &server, "data", "");
	options.password.data[0] = 'X';
	expect_open(&options, STATUS_SHARE_AUTHENTICATION, "STATUS_LOGON_FAILURE");
	assert_int_equal(smbd_private_bad_logons(&server), before + 1);
	smbd_private_options_done(&options);
}

static void test_smb_open_unknown_and_disabled_users_say_so(void **state)
{
	struct smbd_private_options options;

	(void)state;
	smbd_private_options(&options, &server, "data", "");
	options.options.user_name = "CONTOSO\\nobody-here";
	expect_open(&options, STATUS_SHARE_AUTHENTICATION, "STATUS_LOGON_FAILURE");
	options.options.user_name = "CONTOSO\\disabled-user";
	expect_open(&options, STATUS_SHARE_AUTHENTICATION, "STATUS_ACCOUNT_DISABLED");
	smbd_private_options_done(&options);
}

static void test_smb_open_without_user_sends_nothing(void **state)
{
	struct smbd_private_options options;

	(void)state;
	smbd_private_options(&options, &server, "data", "");
	options.options.user_name = NULL;
	expect_open(&options, STATUS_SHARE_AUTHENTICATION, "");
	options.options.user_name = SMBD_USER;
	options.options.password = NULL;
	expect_open(&options, STATUS_SHARE_AUTHENTICATION, "");
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

		smbd_private_options(&options, &server, cases[i].share, cases[i].path);
		expect_open(&options, cases[i].status, cases[i].cause);
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

		smbd_private_options(&options, &server, "data", "");
		options.options.user_name = users[i];
		assert_int_equal(open_share(&options, &share, NULL), STATUS_OK);
		share_close(share);
		smbd_private_options_done(&options);
	}
}

/* --- the way there --- */

static void test_smb_open_refused_and_unresolvable_say_so(void **state)
{
	struct smbd_private_options options;

	(void)state;
	smbd_private_options(&options, &server, "data", "");
	options.address.port = 1;
	expect_open(&options, STATUS_SHARE_CONNECTION, "ECONNREFUSED");
	(void)snprintf(options.address.server, sizeof(options.address.server), "server.invalid");
	expect_open(&options, STATUS_SHARE_PATH, "");
	smbd_private_options_done(&options);
}

static int listen_on(unsigned *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(descriptor, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(descriptor, 4), 0);
	assert_int_equal(getsockname(descriptor, (struct sockaddr *)&address, &size), 0);
	*port = ntohs(address.sin_port);
	return descriptor;
}

static void test_smb_open_mute_server_ends_at_the_deadline(void **state)
{
	struct smbd_private_options options;
	AUTO_CLOSE listening = -1;

	(void)state;
	smbd_private_options(&options, &server, "data", "");
	listening = listen_on(&options.address.port);
	options.options.deadline = DEADLINE;
	int64_t start = clock_monotonic(&system_clock);
	expect_open(&options, STATUS_SHARE_CONNECTION, "ETIMEDOUT");
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
	smbd_private_options(&options, &server, "data", "");
	listening = listen_on(&options.address.port);
	assert_int_equal(pthread_create(&thread, NULL, answer_in_http, &listening), 0);
	expect_open(&options, STATUS_SHARE_CONNECTION, "EPROTO");
	assert_int_equal(pthread_join(thread, NULL), 0);
	smbd_private_options_done(&options);
}

/* --- files --- */

static void test_smb_readonly_share_refuses_writes_only(void **state)
{
	struct share *share = open_good("readonly", 60000);
	struct share_file *file = NULL;
	struct error err;

	(void)state;
	assert_int_equal(share_create(share, "new", &file, &err), STATUS_SHARE_READ_WRITE);
	assert_string_equal(err.cause_name, "STATUS_ACCESS_DENIED");
	assert_string_equal(err.path, "new");
	assert_int_equal(share_make_directory(share, "new", &err), STATUS_SHARE_READ_WRITE);
	share_close(share);
}

static void test_smb_full_share_says_full_and_stays_usable(void **state)
{
	struct share *share = open_good("small", 60000);
	AUTO_FREE char *data = calloc(1, 16u << 20);
	struct share_file *file = NULL;
	struct share_space space;
	struct error err = { .status = STATUS_OK };

	(void)state;
	assert_int_equal(share_create(share, "large", &file, &err), STATUS_OK);
	enum status status = share_write(file, data, 16u << 20, &err);
	if (status == STATUS_OK)
		status = share_flush(file, &err);
	assert_int_equal(status, STATUS_SHARE_FULL);
	assert_string_equal(err.cause_name, "STATUS_DISK_FULL");
	assert_int_equal(share_close_file(file, &err), STATUS_SHARE_FULL);
	assert_int_equal(share_remove(share, "large", &err), STATUS_OK);
	assert_int_equal(share_free_space(share, &space, &err), STATUS_OK);
	assert_true(space.free > 4u << 20);
	share_close(share);
}

static void test_smb_killed_server_fails_the_file_and_returns(void **state)
{
	struct share *share = open_good("data", 60000);
	AUTO_FREE char *data = calloc(1, 4u << 20);
	struct share_file *file = NULL;
	struct error err = { .status = STATUS_OK };
	enum status status = STATUS_OK;

	(void)state;
	assert_int_equal(share_create(share, "killed", &file, &err), STATUS_OK);
	assert_int_equal(share_write(file, data, 4u << 20, &err), STATUS_OK);
	smbd_private_signal(&server, SIGKILL);
	for (unsigned i = 0; i < 4 && status == STATUS_OK; i++)
		status = share_write(file, data, 4u << 20, &err);
	assert_int_equal(status, STATUS_SHARE_CONNECTION);
	assert_true(err.cause == ECONNRESET || err.cause == EPIPE);
	assert_int_equal(share_flush(file, &err), STATUS_SHARE_CONNECTION);
	assert_int_equal(share_close_file(file, &err), STATUS_SHARE_CONNECTION);
	assert_int_equal(share_remove(share, "killed", &err), STATUS_SHARE_CONNECTION);
	assert_string_equal(err.cause_name, "ECONNREFUSED");

	/* The same handle works again when the server is back. */
	assert_true(smbd_private_restart(&server, "required"));
	assert_int_equal(share_remove(share, "killed", &err), STATUS_OK);
	share_close(share);
}

static void test_smb_frozen_server_ends_at_the_deadline_with_its_handle(void **state)
{
	struct share *share = open_good("data", DEADLINE);
	AUTO_FREE char *data = calloc(1, 4u << 20);
	struct share_file *file = NULL;
	struct error err = { .status = STATUS_OK };
	enum status status = STATUS_OK;

	(void)state;
	assert_int_equal(share_create(share, "frozen", &file, &err), STATUS_OK);
	smbd_private_signal(&server, SIGSTOP);
	int64_t start = clock_monotonic(&system_clock);
	for (unsigned i = 0; i < 16 && status == STATUS_OK; i++)
		status = share_write(file, data, 4u << 20, &err);
	int64_t took = clock_monotonic(&system_clock) - start;
	print_message("  frozen in mid-write: %lld ms\n", (long long)took);
	assert_int_equal(status, STATUS_SHARE_CONNECTION);
	assert_string_equal(err.cause_name, "ETIMEDOUT");
	assert_true(took < 2 * DEADLINE + SLACK);

	/* Everything later fails at once. */
	start = clock_monotonic(&system_clock);
	assert_int_equal(share_flush(file, &err), STATUS_SHARE_CONNECTION);
	assert_non_null(strstr(err.message, "abandoned after 1500 ms"));
	assert_int_equal(share_close_file(file, &err), STATUS_SHARE_CONNECTION);
	assert_int_equal(share_make_directory(share, "other", &err), STATUS_SHARE_CONNECTION);
	assert_string_equal(err.cause_name, "ETIMEDOUT");
	share_close(share);
	assert_true(clock_monotonic(&system_clock) - start < DEADLINE);
	smbd_private_signal(&server, SIGCONT);
	share = open_good("data", 60000);
	assert_int_equal(share_remove(share, "frozen", &err), STATUS_OK);
	share_close(share);
}

struct cancelling {
	struct cancel *cancel;
	struct share *share;
	int64_t at;
};

static void *cancel_soon(void *argument)
{
	struct cancelling *cancelling = argument;

	(void)poll(NULL, 0, 100);
	cancelling->at = clock_monotonic(&system_clock);
	cancel_request(cancelling->cancel);
	return NULL;
}

static void test_smb_cancel_in_frozen_call_returns_within_a_second(void **state)
{
	struct smbd_private_options options;
	struct cancelling cancelling = { .cancel = cancel_new() };
	struct share *share = NULL;
	struct share_space space;
	struct error err;
	pthread_t thread;

	(void)state;
	smbd_private_options(&options, &server, "data", "");
	options.options.cancel = cancelling.cancel;
	assert_int_equal(open_share(&options, &share, &err), STATUS_OK);
	smbd_private_signal(&server, SIGSTOP);
	assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancelling), 0);
	assert_int_equal(share_free_space(share, &space, &err), STATUS_CANCELLED);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(clock_monotonic(&system_clock) - cancelling.at < 1000);
	share_discard(share, "whatever");
	share_close(share);
	assert_true(clock_monotonic(&system_clock) - cancelling.at < 1000 + SHARE_CLEANUP_GRACE);
	smbd_private_signal(&server, SIGCONT);
	cancel_free(cancelling.cancel);
	smbd_private_options_done(&options);
}

static void test_smb_cancelled_file_can_be_discarded(void **state)
{
	struct smbd_private_options options;
	struct cancel *cancel = cancel_new();
	struct share *share = NULL;
	struct share_file *file = NULL;
	struct error err;

	(void)state;
	smbd_private_options(&options, &server, "data", "");
	options.options.cancel = cancel;
	assert_int_equal(open_share(&options, &share, &err), STATUS_OK);
	assert_int_equal(share_create(share, "half", &file, &err), STATUS_OK);
	assert_int_equal(share_write(file, "half", 4, &err), STATUS_OK);
	cancel_request(cancel);
	assert_int_equal(share_write(file, "half", 4, &err), STATUS_CANCELLED);
	assert_int_equal(share_close_file(file, &err), STATUS_OK);
	share_discard(share, "half");
	share_close(share);
	share = open_good("data", 60000);
	assert_int_equal(share_remove(share, "half", &err), STATUS_NOT_FOUND);
	share_close(share);
	cancel_free(cancel);
	smbd_private_options_done(&options);
}

/* A connection that was lost while nobody used it is made again, unseen. */
static void test_smb_idle_connection_lost_is_made_again(void **state)
{
	struct share *share = open_good("data", 60000);
	struct error err;

	(void)state;
	assert_true(smbd_private_restart(&server, "required"));
	assert_int_equal(share_make_directory(share, "again", &err), STATUS_OK);
	assert_int_equal(share_remove(share, "again", &err), STATUS_OK);
	share_close(share);
}

/* --- encryption --- */

static void test_smb_server_without_encryption_is_refused_before_the_logon(void **state)
{
	struct smbd_private_options options;
	unsigned before = smbd_private_bad_logons(&server);

	(void)state;
	assert_true(smbd_private_restart(&server, "off"));
	smbd_private_options(&options, &server, "data", "");
	options.password.data[0] = 'X';
	expect_open(&options, STATUS_SHARE_NOT_ACCESSIBLE, "");
	assert_int_equal(smbd_private_bad_logons(&server), before);
	smbd_private_options_done(&options);
}

static void test_smb_server_without_encryption_works_signed_when_allowed(void **state)
{
	struct share_smb_policy policy = { .plaintext_allowed = true };
	struct smbd_private_options options;
	struct share_registry registry;
	struct share *share = NULL;
	struct error err;

	(void)state;
	smbd_private_options(&options, &server, "data", "");
	share_registry_init(&registry);
	share_registry_set(&registry, &share_smb_driver, &policy);
	assert_int_equal(share_open(&registry, &options.options, &share, &err), STATUS_OK);
	assert_int_equal(share_put(share, "signed", "data", 4, &err), STATUS_OK);
	assert_int_equal(share_remove(share, "signed", &err), STATUS_OK);
	share_close(share);
	smbd_private_options_done(&options);
}

static void test_smb_server_that_may_encrypt_is_made_to(void **state)
{
	(void)state;
	assert_true(smbd_private_restart(&server, "desired"));
	struct share *share = open_good("data", 60000);
	assert_int_equal(share_put(share, "sealed", "data", 4, NULL), STATUS_OK);
	assert_int_equal(share_remove(share, "sealed", NULL), STATUS_OK);
	share_close(share);
	assert_true(smbd_private_restart(&server, "required"));
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
		cmocka_unit_test(test_smb_open_wrong_password_says_so_after_one_logon),
		cmocka_unit_test(test_smb_open_unknown_and_disabled_users_say_so),
		cmocka_unit_test(test_smb_open_without_user_sends_nothing),
		cmocka_unit_test(test_smb_open_shares_that_are_not_there_are_told_apart),
		cmocka_unit_test(test_smb_open_user_forms_work),
		cmocka_unit_test(test_smb_open_refused_and_unresolvable_say_so),
		cmocka_unit_test(test_smb_open_mute_server_ends_at_the_deadline),
		cmocka_unit_test(test_smb_open_other_protocol_is_refused),
		cmocka_unit_test(test_smb_readonly_share_refuses_writes_only),
		cmocka_unit_test(test_smb_full_share_says_full_and_stays_usable),
		cmocka_unit_test(test_smb_killed_server_fails_the_file_and_returns),
		cmocka_unit_test(test_smb_frozen_server_ends_at_the_deadline_with_its_handle),
		cmocka_unit_test(test_smb_cancel_in_frozen_call_returns_within_a_second),
		cmocka_unit_test(test_smb_cancelled_file_can_be_discarded),
		cmocka_unit_test(test_smb_idle_connection_lost_is_made_again),
		cmocka_unit_test(test_smb_server_without_encryption_is_refused_before_the_logon),
		cmocka_unit_test(test_smb_server_without_encryption_works_signed_when_allowed),
		cmocka_unit_test(test_smb_server_that_may_encrypt_is_made_to),
	};

	return cmocka_run_group_tests(tests, start, stop);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* Waiting for what does not answer: cancel ends it in every state, and one mute address of a name
 * leaves time for the next. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake/private_network.h"
#include "fake/smbd_leak.h"
#include "share_smb_case.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

#define AGES (10L * 60 * 1000)
#define STILL 10 /* times 20 ms */
#define SIZE ((size_t)1 << 20)

/* --- somebody cancels --- */

struct waiting {
	struct smbd_private_options options;
	struct cancel *cancel;
	struct share *share;
	struct share_file *file;
	pid_t thread; /* that waits */
	pthread_t canceller;
	atomic_llong at; /* when it was cancelled */
};

static unsigned long switches(pid_t thread)
{
	unsigned long count = 0;
	char path[64];
	char line[256];

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/status", (int)thread);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return 0;
	while (fgets(line, sizeof(line), file) != NULL)
		(void)sscanf(line, "voluntary_ctxt_switches: %lu", &count);
	(void)fclose(file);
	return count;
}

/* Once the other thread has come to rest. */
static void *cancel_when_still(void *argument)
{
	struct waiting *waiting = argument;
	unsigned long last = switches(waiting->thread);

	for (unsigned still = 0; still < STILL;) {
		(void)poll(NULL, 0, 20);
		unsigned long now = switches(waiting->thread);
		still = now == last ? still + 1 : 0;
		last = now;
	}
	atomic_store(&waiting->at, clock_monotonic(&system_clock));
	cancel_request(waiting->cancel);
	return NULL;
}

static void begin(struct waiting *waiting, const char *server, const char *user)
{
	*waiting =
		(struct waiting) { .cancel = cancel_new(), .thread = (pid_t)syscall(SYS_gettid) };
	smbd_private_options(&waiting->options, &share_smb_server, "data", "");
	(void)snprintf(waiting->options.address.server, sizeof(waiting->options.address.server),
		       "%s", server);
	waiting->options.options.user_name = user;
	waiting->options.options.deadline = AGES;
	waiting->options.options.cancel = waiting->cancel;
}

static void start_cancelling(struct waiting *waiting)
{
	assert_int_equal(pthread_create(&waiting->canceller, NULL, cancel_when_still, waiting), 0);
}

/* The call has returned @status long before its deadline, and only after the cancel. */
static void expect_cancelled(struct waiting *waiting, enum status status, const char *what)
{
	int64_t now = clock_monotonic(&system_clock);

	assert_int_equal(pthread_join(waiting->canceller, NULL), 0);
	int64_t took = now - (int64_t)atomic_load(&waiting->at);
	print_message("  %s: %lld ms after the cancel\n", what, (long long)took);
	assert_int_equal(status, STATUS_CANCELLED);
	assert_true(took >= 0);
}

static void end(struct waiting *waiting)
{
	int64_t start = clock_monotonic(&system_clock);

	if (waiting->file != NULL)
		status_ignore(share_close_file(waiting->file, NULL));
	share_close(waiting->share);
	print_message("  closing: %lld ms\n", (long long)(clock_monotonic(&system_clock) - start));
	cancel_free(waiting->cancel);
	smbd_private_options_done(&waiting->options);
}

static void expect_open_cancelled(struct waiting *waiting, const char *what)
{
	struct error err;

	start_cancelling(waiting);
	enum status status = share_smb_open(&waiting->options, &waiting->share, &err);
	expect_cancelled(waiting, status, what);
	end(waiting);
}

/* --- on the way there --- */

static void test_smb_cancel_during_name_lookup_ends_it(void **state)
{
	struct waiting waiting;

	(void)state;
	private_network_block("udp dport 53", "drop");
	begin(&waiting, "unknown.example", SMBD_USER);
	expect_open_cancelled(&waiting, "name lookup");
	private_network_unblock();
}

static void test_smb_cancel_during_connect_ends_it(void **state)
{
	struct waiting waiting;

	(void)state;
	private_network_block("ip6 daddr ::1 meta l4proto tcp", "drop");
	begin(&waiting, "::1", SMBD_USER);
	expect_open_cancelled(&waiting, "connect");
	private_network_unblock();
}

static void test_smb_cancel_during_negotiation_ends_it(void **state)
{
	AUTO_CLOSE listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	struct waiting waiting;

	(void)state;
	assert_int_equal(bind(listening, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(listening, 4), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &size), 0);
	begin(&waiting, "127.0.0.1", SMBD_USER);
	waiting.options.address.port = ntohs(address.sin_port);
	expect_open_cancelled(&waiting, "negotiate");
}

/* Its servers are to be found by DNS, which is mute. */
static void test_smb_cancel_while_waiting_for_kerberos_ends_it(void **state)
{
	struct waiting waiting;

	(void)state;
	private_network_block("udp dport 53", "drop");
	begin(&waiting, "files.example", "backup-user@unknown.example");
	expect_open_cancelled(&waiting, "log on by Kerberos");
	private_network_unblock();
}

static void test_smb_cancel_during_logon_to_a_frozen_server_ends_it(void **state)
{
	struct waiting waiting;

	(void)state;
	begin(&waiting, "127.0.0.1", SMBD_USER);
	smbd_private_signal(&share_smb_server, SIGSTOP);
	expect_open_cancelled(&waiting, "open, frozen");
	smbd_private_signal(&share_smb_server, SIGCONT);
}

/* --- with a session --- */

static enum status do_write(struct waiting *waiting, struct error *err)
{
	static const unsigned char data[SIZE];
	enum status status = STATUS_OK;

	while (status == STATUS_OK)
		status = share_write(waiting->file, data, sizeof(data), err);
	return status;
}

static enum status do_flush(struct waiting *waiting, struct error *err)
{
	return share_flush(waiting->file, err);
}

static enum status do_read(struct waiting *waiting, struct error *err)
{
	static unsigned char data[SIZE];
	size_t got;

	return share_read(waiting->file, 0, data, sizeof(data), &got, err);
}

static enum status each(const struct share_entry *entry, void *context, struct error *err)
{
	(void)entry;
	(void)context;
	(void)err;
	return STATUS_OK;
}

static enum status do_list(struct waiting *waiting, struct error *err)
{
	return share_list(waiting->share, "", each, NULL, err);
}

static enum status do_make(struct waiting *waiting, struct error *err)
{
	return share_make_directory(waiting->share, "folder", err);
}

static enum status do_remove(struct waiting *waiting, struct error *err)
{
	return share_remove(waiting->share, "file", err);
}

static void prepare(struct waiting *waiting, bool to_read)
{
	static const unsigned char data[SIZE];
	uint64_t size = 0;
	struct error err;

	begin(waiting, "127.0.0.1", SMBD_USER);
	assert_int_equal(share_smb_open(&waiting->options, &waiting->share, &err), STATUS_OK);
	status_ignore(share_remove(waiting->share, "file", NULL));
	assert_int_equal(share_create(waiting->share, "file", &waiting->file, &err), STATUS_OK);
	assert_int_equal(share_write(waiting->file, data, sizeof(data), &err), STATUS_OK);
	if (!to_read)
		return;
	assert_int_equal(share_close_file(waiting->file, &err), STATUS_OK);
	assert_int_equal(share_open_read(waiting->share, "file", &waiting->file, &size, &err),
			 STATUS_OK);
}

static void test_smb_cancel_of_a_call_to_a_frozen_server_ends_it(void **state)
{
	static const struct {
		const char *what;
		enum status (*run)(struct waiting *waiting, struct error *err);
		bool reads;
	} calls[] = {
		{ "write", do_write, false },     { "flush", do_flush, false },
		{ "read", do_read, true },        { "list", do_list, true },
		{ "make folder", do_make, true }, { "remove", do_remove, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(calls); i++) {
		struct waiting waiting;
		struct error err;

		prepare(&waiting, calls[i].reads);
		smbd_private_signal(&share_smb_server, SIGSTOP);
		start_cancelling(&waiting);
		enum status status = calls[i].run(&waiting, &err);
		expect_cancelled(&waiting, status, calls[i].what);
		end(&waiting);
		smbd_private_signal(&share_smb_server, SIGCONT);
	}
}

/* It releases in every case, after the grace that there is for it. */
static void test_smb_cancel_of_a_close_leaves_it_its_grace(void **state)
{
	struct waiting waiting;
	struct error err;

	(void)state;
	prepare(&waiting, false);
	smbd_private_signal(&share_smb_server, SIGSTOP);
	start_cancelling(&waiting);
	assert_int_equal(share_close_file(TAKE(waiting.file), &err), STATUS_SHARE_CONNECTION);
	int64_t now = clock_monotonic(&system_clock);
	assert_int_equal(pthread_join(waiting.canceller, NULL), 0);
	int64_t took = now - (int64_t)atomic_load(&waiting.at);
	print_message("  close: %lld ms after the cancel\n", (long long)took);
	assert_true(took >= SHARE_CLEANUP_GRACE - 1);
	end(&waiting);
	smbd_private_signal(&share_smb_server, SIGCONT);
}

/* --- several addresses --- */

static void expect_second_address(const char *what, long deadline)
{
	int64_t start = clock_monotonic(&system_clock);
	struct waiting waiting;
	struct error err = { .status = STATUS_OK };

	begin(&waiting, "both.example", SMBD_USER);
	waiting.options.options.deadline = deadline;
	enum status status = share_smb_open(&waiting.options, &waiting.share, &err);
	print_message("  first address %s: %lld ms\n", what,
		      (long long)(clock_monotonic(&system_clock) - start));
	assert_int_equal(status, STATUS_OK);
	end(&waiting);
}

/* ::1 comes before 127.0.0.1, where the server is. */
static void test_smb_refusing_address_is_followed_by_the_next(void **state)
{
	(void)state;
	expect_second_address("refuses", AGES);
}

static void test_smb_mute_address_leaves_time_for_the_next(void **state)
{
	(void)state;
	private_network_block("ip6 daddr ::1 meta l4proto tcp", "drop");
	expect_second_address("is mute", 3000);
	private_network_unblock();
}

static void test_smb_mute_addresses_end_at_the_deadline(void **state)
{
	struct waiting waiting;

	(void)state;
	private_network_block("meta l4proto tcp", "drop");
	begin(&waiting, "both.example", SMBD_USER);
	waiting.options.options.deadline = 500;
	share_smb_expect_open(&waiting.options, STATUS_SHARE_CONNECTION, "ETIMEDOUT");
	private_network_unblock();
	end(&waiting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_smb_cancel_during_name_lookup_ends_it),
		cmocka_unit_test(test_smb_cancel_during_connect_ends_it),
		cmocka_unit_test(test_smb_cancel_during_negotiation_ends_it),
		cmocka_unit_test(test_smb_cancel_while_waiting_for_kerberos_ends_it),
		cmocka_unit_test(test_smb_cancel_during_logon_to_a_frozen_server_ends_it),
		cmocka_unit_test(test_smb_cancel_of_a_call_to_a_frozen_server_ends_it),
		cmocka_unit_test(test_smb_cancel_of_a_close_leaves_it_its_grace),
		cmocka_unit_test(test_smb_refusing_address_is_followed_by_the_next),
		cmocka_unit_test(test_smb_mute_address_leaves_time_for_the_next),
		cmocka_unit_test(test_smb_mute_addresses_end_at_the_deadline),
	};

	if (!private_network_enter() ||
	    !private_network_names("127.0.0.1 localhost files.example both.example\n"
				   "::1 both.example\n",
				   "nameserver 127.0.0.1\n"))
		return 1;
	return cmocka_run_group_tests(tests, share_smb_setup, share_smb_teardown);
}

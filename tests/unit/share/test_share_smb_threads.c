/* SPDX-License-Identifier: Apache-2.0 */
/* asan options: strict_string_checks=0: gss-ntlmssp copies counted names with strndup(). */
/* A connection a thread, several at once: nothing is shared between them. SMB_THREADS_SECONDS: for
 * so long instead of a few rounds. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake/smbd_leak.h"
#include "fake/smbd_private.h"
#include "share_cmocka.h"

/* not under valgrind: gss-ntlmssp loses a few KiB a logon, in a plugin that is unloaded by then */

#define THREADS 8
#define ROUNDS 4
#define FILES 6
#define SIZE ((size_t)1500 * 1000)

static struct smbd_private server;

struct worker {
	unsigned number;
	const struct share_registry *registry;
	int64_t end; /* monotonic ms: no round begins later; 0: after ROUNDS */
	unsigned rounds;
	enum status status;
	struct error err;
};

static enum status ignore(const struct share_entry *entry, void *context, struct error *err)
{
	unsigned *count = context;

	(void)entry;
	(void)err;
	++*count;
	return STATUS_OK;
}

static enum status exchange(struct share *share, const char *name, const unsigned char *data,
			    struct error *err)
{
	struct buffer content;

	buffer_init(&content, 0);
	enum status status = share_put(share, name, data, SIZE, err);
	if (status == STATUS_OK)
		status = share_get(share, name, SIZE, &content, err);
	if (status == STATUS_OK &&
	    (content.length != SIZE || memcmp(content.data, data, SIZE) != 0))
		status = STATUS_INTEGRITY;
	buffer_done(&content);
	return status;
}

/* One connection's life. */
static enum status round_trip(struct worker *worker, unsigned round)
{
	AUTO_FREE unsigned char *data = malloc(SIZE);
	struct smbd_private_options options;
	struct share *share = NULL;
	unsigned count = 0;
	char folder[32];
	char name[64];

	memset(data, (int)(worker->number * 16 + round), SIZE);
	smbd_private_options(&options, &server, "data", "");
	enum status status = share_open(worker->registry, &options.options, &share, &worker->err);
	(void)snprintf(folder, sizeof(folder), "thread-%u", worker->number);
	if (status == STATUS_OK)
		status = share_make_directory(share, folder, &worker->err);
	for (unsigned i = 0; i < FILES && status == STATUS_OK; i++) {
		(void)snprintf(name, sizeof(name), "%s/%u", folder, i);
		status = exchange(share, name, data, &worker->err);
	}
	if (status == STATUS_OK)
		status = share_list(share, folder, ignore, &count, &worker->err);
	if (status == STATUS_OK && count != FILES)
		status = STATUS_INTEGRITY;
	if (status == STATUS_OK)
		status = share_remove_tree(share, folder, &worker->err);
	share_close(share);
	smbd_private_options_done(&options);
	return status;
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	while (worker->status == STATUS_OK &&
	       (worker->end == 0 ? worker->rounds < ROUNDS
				 : clock_monotonic(&system_clock) < worker->end))
		worker->status = round_trip(worker, worker->rounds++);
	return NULL;
}

static int64_t end_asked_for(void)
{
	const char *seconds = getenv("SMB_THREADS_SECONDS");

	return seconds == NULL ? 0
			       : clock_monotonic(&system_clock) + 1000 * strtol(seconds, NULL, 10);
}

static void test_smb_threads_with_a_connection_each_do_not_meet(void **state)
{
	struct share_registry registry;
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	int64_t end = end_asked_for();
	unsigned rounds = 0;

	(void)state;
	share_registry_init(&registry);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker) { .number = i, .registry = &registry, .end = end };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		char text[1024];

		assert_int_equal(pthread_join(threads[i], NULL), 0);
		if (workers[i].status != STATUS_OK)
			fail_msg("%s: %s", status_name(workers[i].status),
				 error_text(&workers[i].err, text, sizeof(text)));
		rounds += workers[i].rounds;
	}
	print_message("%u connections, %u files written and read\n", rounds, rounds * FILES);
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
		cmocka_unit_test(test_smb_threads_with_a_connection_each_do_not_meet),
	};

	share_smb_clear_environment();
	return cmocka_run_group_tests(tests, start, stop);
}

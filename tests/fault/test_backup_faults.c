/* SPDX-License-Identifier: Apache-2.0 */
/* A backup over a share that breaks, at every call one after the other, in every way: the job ends
 * Failed with the class and the evidence, the API answers meanwhile, the next backup succeeds, and
 * what is on the share verifies.
 *
 * FAULT_STEP=1 tries every call (make share-matrix); the default is a sample. */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "infrabackup/api.h"
#include "infrabackup/auth.h"
#include "infrabackup/client.h"

#include "fake/service_fixture.h"
#include "fake/tree_compare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DEFAULT_STEP 17
/* Long enough that no healthy call is overdue on a busy machine, and short where a call is made to
 * hang. */
#define DEADLINE_MS 60000
#define HANG_DEADLINE_MS 300
#define LATENCY_LIMIT_MS 200

struct fault_kind {
	const char *name;
	struct share_fake_plan plan;
	const char *statuses[6]; /* what the job may say; NULL-terminated */
};

static const struct fault_kind kinds[] = {
	{ "refused once",
	  { .fault = SHARE_FAKE_FAIL, .status = STATUS_SHARE_CONNECTION, .cause = 104 },
	  { "share-connection" } },
	{ "full", { .fault = SHARE_FAKE_FULL }, { "share-full" } },
	{ "access refused",
	  { .fault = SHARE_FAKE_REFUSE },
	  { "share-read-write", "share-not-accessible" } },
	{ "vanished",
	  { .fault = SHARE_FAKE_VANISH },
	  { "share-connection", "share-not-accessible", "share-path" } },
	{ "hangs", { .fault = SHARE_FAKE_HANG }, { "share-connection" } },
	{ "short write", { .fault = SHARE_FAKE_SHORT_WRITE }, { "share-upload" } },
	{ "lost write", { .fault = SHARE_FAKE_LOSE_WRITE }, { "share-upload" } },
	{ "corrupt read",
	  { .fault = SHARE_FAKE_CORRUPT_READ },
	  { "share-upload", "integrity", "share-path", "conflict" } },
};

/* --- the API, asked all the time --- */

struct asker {
	struct service_fixture *fixture;
	struct api *api;
	struct http_server *server;
	struct secret token;
	struct client *client;
	pthread_t thread;
	atomic_bool stop;
	int64_t slowest; /* ms */
	uint64_t asked, failed;
};

static void *ask(void *argument)
{
	struct asker *asker = argument;
	while (!atomic_load(&asker->stop)) {
		struct client_answer answer;
		struct error err;
		memset(&answer, 0, sizeof answer);
		int64_t start = clock_monotonic(&system_clock);
		enum status status =
			client_call(asker->client, "GET",
				    "/subscriptions/7d0f5f0e-6a39-4c5e-9a64-0b6c86f1a001/"
				    "resourceGroups/System.north/"
				    "providers/Microsoft.Backup.Admin/backupLocations/"
				    "north?api-version=2018-09-01",
				    NULL, &answer, &err);
		int64_t took = clock_monotonic(&system_clock) - start;
		if (took > asker->slowest)
			asker->slowest = took;
		asker->asked++;
		asker->failed += status != STATUS_OK ? 1 : 0;
		client_answer_done(&answer);
		(void)usleep(3000);
	}
	return NULL;
}

static void asker_start(struct asker *asker, struct service_fixture *fixture)
{
	struct error err;
	struct db *state = NULL;
	char url[64];
	memset(asker, 0, sizeof *asker);
	asker->fixture = fixture;
	struct db_pool *pool = backup_service_state(fixture->service);
	assert_int_equal(db_pool_take(pool, &state, &err), STATUS_OK);
	assert_int_equal(auth_token_create(state, "asker", AUTH_READER, clock_now(&system_clock), 0,
					   &asker->token, &err),
			 STATUS_OK);
	db_pool_give(pool, state);
	const struct api_settings api = { .config = fixture->config,
					  .backup = fixture->service,
					  .alerts = backup_service_alerts(fixture->service),
					  .audit = backup_service_audit(fixture->service),
					  .state = pool,
					  .clock = &fixture->clock };
	assert_int_equal(api_new(&api, &asker->api, &err), STATUS_OK);
	const struct http_settings http = { .address = "127.0.0.1",
					    .handler = api_handle,
					    .refuse = api_refuse,
					    .context = asker->api };
	assert_int_equal(http_server_start(&http, &asker->server, &err), STATUS_OK);
	(void)snprintf(url, sizeof url, "http://127.0.0.1:%u", http_server_port(asker->server));
	const struct client_settings client = { .url = url,
						.token = &asker->token,
						.timeout = 10000 };
	assert_int_equal(client_new(&client, &asker->client, &err), STATUS_OK);
	assert_int_equal(thread_start(&asker->thread, "asker", ask, asker, &err), STATUS_OK);
}

static void asker_stop(struct asker *asker)
{
	atomic_store(&asker->stop, true);
	(void)pthread_join(asker->thread, NULL);
	client_free(asker->client);
	http_server_stop(asker->server, 1000);
	api_free(asker->api);
	secret_free(&asker->token);
}

/* --- the matrix --- */

static bool is_one_of(const char *text, const char *const *list)
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (text != NULL && strcmp(text, list[i]) == 0)
			return true;
	return false;
}

/* A job that says Succeeded may have met the fault only where it did no harm: what it made must
 * verify. */
static void check_job(struct service_fixture *fixture, const struct fault_kind *kind, size_t call,
		      const char *operation, const struct db_job *job)
{
	bool good = strcmp(job->state, "Failed") == 0 &&
		    is_one_of(job->error_status, kind->statuses) && job->error_message != NULL &&
		    job->error_step != NULL;
	if (!good && strcmp(job->state, "Succeeded") == 0)
		good = service_fixture_verify(fixture, true) == 0;
	if (good)
		return;
	fprintf(stderr, "%s at call %zu (%s): %s, %s: %s\n", kind->name, call, operation,
		job->state, job->error_status, job->error_message);
	fail_msg("the job did not end as it must");
}

static void change_source(struct service_fixture *fixture, unsigned seed)
{
	service_fixture_write(fixture, "changing", 300000, seed);
	service_fixture_write(fixture, "little", 50, seed);
}

struct totals {
	size_t runs, failed, succeeded;
};

static bool try_call(struct service_fixture *fixture, const struct fault_kind *kind, size_t call,
		     struct totals *totals)
{
	struct db_job job;
	struct share_fake_plan plan = kind->plan;
	char operation[64];
	plan.at = call;
	change_source(fixture, (unsigned)(call * 16 + (size_t)(kind - kinds)));
	if (plan.fault == SHARE_FAKE_HANG)
		fixture->config->engine.share_deadline = HANG_DEADLINE_MS;
	share_fake_set(fixture->fake, &plan);
	service_fixture_backup(fixture, &job);
	fixture->config->engine.share_deadline = DEADLINE_MS;
	(void)snprintf(operation, sizeof operation, "%s",
		       call <= share_fake_calls(fixture->fake)
			       ? share_fake_operation_name(fixture->fake, call)
			       : "none");
	bool struck = share_fake_strikes(fixture->fake) > 0;
	share_fake_release(fixture->fake);
	share_fake_set(fixture->fake, NULL);
	if (struck)
		check_job(fixture, kind, call, operation, &job);
	/* On a busy machine a healthy call can be overdue before the one that is meant: then it is
	 * no run. */
	if (!struck && plan.fault == SHARE_FAKE_HANG && strcmp(job.state, "Failed") == 0) {
		db_job_done(&job);
		return try_call(fixture, kind, call, totals);
	}
	totals->runs++;
	totals->failed += strcmp(job.state, "Failed") == 0 ? 1 : 0;
	totals->succeeded += strcmp(job.state, "Succeeded") == 0 ? 1 : 0;
	db_job_done(&job);
	if (struck)
		service_fixture_back_up(fixture);
	return struck;
}

static size_t step(void)
{
	const char *text = getenv("FAULT_STEP");
	long value = text != NULL ? strtol(text, NULL, 10) : 0;
	return value > 0 ? (size_t)value : DEFAULT_STEP;
}

static void run_kind(const struct fault_kind *kind)
{
	struct totals totals = { 0 };
	struct asker asker;
	struct service_fixture *fixture =
		service_fixture_new(NULL, "\"generationBackups\":100,\"drillRecipient\":false");
	service_fixture_write(fixture, "constant", 200000, 1);
	service_fixture_start(fixture);
	service_fixture_configure(fixture);
	asker_start(&asker, fixture);
	for (size_t call = 1 + (size_t)(kind - kinds) % step();
	     try_call(fixture, kind, call, &totals); call += step())
		continue;
	asker_stop(&asker);
	printf("%-16s %4zu runs: %4zu failed as they must, %3zu unharmed; %5" PRIu64
	       " requests meanwhile, slowest %3" PRId64 " ms\n",
	       kind->name, totals.runs, totals.failed, totals.succeeded, asker.asked,
	       asker.slowest);
	(void)fflush(stdout);
	/* The job must have met the fault somewhere where it matters. */
	assert_true(totals.failed > 0);
	assert_int_equal(asker.failed, 0);
	if (getenv("FAULT_STEP") != NULL)
		assert_true(asker.slowest < LATENCY_LIMIT_MS);
	assert_int_equal(service_fixture_verify(fixture, true), 0);
	assert_int_equal(service_fixture_compare(fixture, 0), 0);
	service_fixture_free(fixture);
}

static void test_backup_over_a_breaking_share_fails_with_its_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
		run_kind(&kinds[i]);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backup_over_a_breaking_share_fails_with_its_class),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

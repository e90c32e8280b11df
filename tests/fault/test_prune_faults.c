/* SPDX-License-Identifier: Apache-2.0 */
/* A prune over a share that breaks, at every call one after the other, in every way; and a service
 * that ends there, as a kill would: every kept backup verifies, nothing half is listed, and the
 * next prune finishes what this one began.
 *
 * FAULT_STEP=1 tries every call and restores every backup (make share-matrix); the default is a
 * sample. */
#include <stdio.h>
#include <string.h>

#include "fake/prune_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DEFAULT_STEP 127

static const struct fault_kind {
	const char *name;
	struct share_fake_plan plan;
	bool ends; /* the service is stopped and started again before the next prune */
} kinds[] = {
	{ "refused once",
	  { .fault = SHARE_FAKE_FAIL, .status = STATUS_SHARE_CONNECTION, .cause = 104 },
	  false },
	{ "ends", { .fault = SHARE_FAKE_VANISH }, true },
	{ "full", { .fault = SHARE_FAKE_FULL }, false },
	{ "access refused", { .fault = SHARE_FAKE_REFUSE }, true },
	{ "lost write", { .fault = SHARE_FAKE_LOSE_WRITE }, true },
	{ "corrupt read", { .fault = SHARE_FAKE_CORRUPT_READ }, false },
};

/* What the next prune must reach. */
struct goal {
	const char *name;
	size_t trashed, generations;
	int64_t clock_offset;
};

static size_t step(void)
{
	const char *text = getenv("FAULT_STEP");
	long value = text != NULL ? strtol(text, NULL, 10) : 0;
	return value > 0 ? (size_t)value : DEFAULT_STEP;
}

static void must_hold(bool good, const struct fault_kind *kind, const struct goal *goal,
		      size_t call, const char *what)
{
	if (!good)
		fail_msg("%s, %s at call %zu: %s", goal->name, kind->name, call, what);
}

static bool try_call(struct prune_fixture *fixture, const struct fault_kind *kind,
		     const struct goal *goal, size_t call, size_t *failed)
{
	struct db_job job;
	struct share_fake *fake = fixture->service->fake;
	struct share_fake_plan plan = kind->plan;
	bool every = getenv("FAULT_STEP") != NULL;
	plan.at = call;
	prune_fixture_restore(fixture);
	fixture->service->clock_offset = goal->clock_offset;
	share_fake_set(fake, &plan);
	prune_fixture_run(fixture, false, NULL, &job);
	bool struck = share_fake_strikes(fake) > 0;
	*failed += strcmp(job.state, "Failed") == 0 ? 1 : 0;
	db_job_done(&job);
	share_fake_release(fake);
	share_fake_set(fake, NULL);
	must_hold(prune_fixture_check(fixture, 5, every) == 0, kind, goal, call,
		  "a kept backup is not as it must be");
	if (kind->ends) {
		service_fixture_stop(fixture->service);
		service_fixture_start(fixture->service);
	}
	(void)prune_fixture_prune(fixture);
	must_hold(prune_fixture_prune(fixture) == 0, kind, goal, call, "the next did not finish");
	must_hold(prune_fixture_count(fixture, "backups", "") == PRUNE_KEPT &&
			  prune_fixture_count(fixture, "trash", "") == goal->trashed &&
			  prune_fixture_count(fixture, "generations", "") == goal->generations,
		  kind, goal, call, "the share is not tidy");
	must_hold(prune_fixture_check(fixture, 5, false) == 0, kind, goal, call,
		  "a kept backup is not as it must be after the next prune");
	return struck;
}

static void run_kinds(struct prune_fixture *fixture, const struct goal *goal)
{
	for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++) {
		size_t call = 1 + i % step(), runs = 0, failed = 0;
		for (; try_call(fixture, &kinds[i], goal, call, &failed); call += step())
			runs++;
		printf("%s, %-14s %4zu runs, %4zu failed as they must\n", goal->name, kinds[i].name,
		       runs, failed);
		assert_true(failed > 0);
	}
}

static void test_prune_over_a_breaking_share_loses_nothing(void **state)
{
	struct goal first = { "to the trash", PRUNE_BACKUPS - PRUNE_KEPT, 4, 0 };
	struct goal second = { "out of the trash", 0, 3, PRUNE_DAY + 2000 };
	struct prune_fixture *fixture = prune_fixture_new(NULL);
	(void)state;
	prune_fixture_save(fixture);
	run_kinds(fixture, &first);
	prune_fixture_restore(fixture);
	fixture->service->clock_offset = 0;
	(void)prune_fixture_prune(fixture);
	prune_fixture_save(fixture);
	run_kinds(fixture, &second);
	prune_fixture_free(fixture);
}

int main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prune_over_a_breaking_share_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The process is stopped after every call of the share and of the database, first to last, of
 * everything that writes to them, and what was not durable is gone: afterwards the service starts,
 * every backup restores as it was, nothing half is listed, the next run succeeds, nothing is left
 * over.
 *
 * CRASH_STEP=1 tries every call with every loss (make crash-matrix); the default is a sample, in
 * which the losses take turns. CRASH_ONLY=name: one operation. CRASH_AT=n: one point of it, and
 * CRASH_LOSS=0..2 one loss. CRASH_OFFSET=n: a sample of other points. */
/* not under tsan: children of a process that had threads start threads. */
/* not under valgrind: hundreds of processes. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/crash_operations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DEFAULT_STEP 149
/* A process that takes longer hangs; the slowest takes two seconds. */
#define LIMIT_SECONDS 300

static const char *const loss_names[CRASH_LOSS_COUNT] = { "nothing", "all", "some" };

struct totals {
	size_t points, runs, failures;
};

static long setting(const char *name, long fallback)
{
	const char *text = getenv(name);
	return text != NULL ? strtol(text, NULL, 10) : fallback;
}

/* Exit status of @body in a process of its own; -1 when a signal ended it. */
static int in_process(unsigned (*body)(struct crash_world *world,
				       const struct crash_operation *operation,
				       const struct crash_plan *plan),
		      struct crash_world *world, const struct crash_operation *operation,
		      const struct crash_plan *plan)
{
	int status = 0;
	(void)fflush(NULL);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)alarm(LIMIT_SECONDS);
		unsigned faults = body(world, operation, plan);
		(void)fflush(NULL);
		_exit(faults > 0 ? 1 : 0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static unsigned run(struct crash_world *world, const struct crash_operation *operation,
		    const struct crash_plan *plan)
{
	struct service_fixture *service = world->service;
	AUTO_FREE char *grave = file_join(service->folder, "grave");
	struct crash_machine *machine = crash_machine_new(grave);
	share_registry_set(&service->shares, &crash_share_driver, machine);
	if (operation->before != NULL)
		operation->before(world);
	crash_machine_arm(machine, plan);
	operation->run(world);
	service_fixture_stop(service);
	(void)crash_machine_calls(machine, world->shared->calls);
	return 0;
}

static unsigned check(struct crash_world *world, const struct crash_operation *operation,
		      const struct crash_plan *plan)
{
	(void)plan;
	unsigned faults = crash_world_check_share(world);
	if (operation->again != NULL)
		operation->again(world);
	crash_world_start(world);
	faults += crash_world_check_state(world, false);
	operation->next(world);
	faults += crash_world_check_state(world, true) + operation->tidy(world);
	faults += crash_world_check_share(world);
	service_fixture_stop(world->service);
	return faults;
}

/* False when the operation came to its end before. */
static bool try_point(struct crash_world *world, const struct crash_operation *operation,
		      const struct crash_plan *plan, struct totals *totals)
{
	crash_world_restore(world);
	int code = in_process(run, world, operation, plan);
	if (code == 0)
		return false;
	totals->runs++;
	if (code == CRASH_MACHINE_EXIT)
		code = in_process(check, world, operation, plan);
	if (code != 0) {
		totals->failures++;
		fprintf(stderr, "FAILED: %s, after call %zu, losing %s (code %d)\n",
			operation->name, plan->at, loss_names[plan->loss], code);
	}
	return true;
}

/* In a sample the losses take turns. */
static void try_all(struct crash_world *world, const struct crash_operation *operation,
		    size_t offset, struct totals *totals)
{
	size_t step = (size_t)setting("CRASH_STEP", DEFAULT_STEP);
	size_t at = (size_t)setting("CRASH_AT", (long)(1 + offset % step));
	long only = setting("CRASH_LOSS", -1);
	for (bool goes_on = true; goes_on; at += step) {
		for (size_t k = 0; k < CRASH_LOSS_COUNT && goes_on; k++) {
			struct crash_plan plan = { at, (enum crash_loss)k, (unsigned)at * 7919u };
			bool is_turn = step == 1 || k == at / step % CRASH_LOSS_COUNT;
			if (only < 0 ? is_turn : k == (size_t)only)
				goes_on = try_point(world, operation, &plan, totals);
		}
		totals->points += goes_on ? 1 : 0;
		goes_on = goes_on && getenv("CRASH_AT") == NULL;
	}
}

static size_t run_operation(const struct crash_operation *operation, size_t offset)
{
	struct crash_world world;
	struct totals totals = { 0 };
	int64_t begin = clock_monotonic(&system_clock);
	operation->make(&world);
	crash_world_save(&world);
	try_all(&world, operation, offset, &totals);
	const size_t *calls = world.shared->calls;
	printf("%-10s %6zu %6zu %6zu %7zu %7zu %7zu %9zu %8.1f\n", operation->name,
	       calls[CRASH_CALL_SHARE_READ], calls[CRASH_CALL_SHARE_WRITE],
	       calls[CRASH_CALL_DATABASE],
	       calls[CRASH_CALL_SHARE_READ] + calls[CRASH_CALL_SHARE_WRITE] +
		       calls[CRASH_CALL_DATABASE],
	       totals.points, totals.runs, totals.failures,
	       (double)(clock_monotonic(&system_clock) - begin) / 1000);
	(void)fflush(stdout);
	crash_world_done(&world);
	return totals.failures;
}

static void test_a_crash_loses_no_backup(void **state)
{
	const char *only = getenv("CRASH_ONLY");
	size_t failures = 0;
	(void)state;
	printf("%-10s %6s %6s %6s %7s %7s %7s %9s %8s\n", "operation", "reads", "writes", "db",
	       "points", "tried", "crashes", "failures", "seconds");
	for (size_t i = 0; i < crash_operation_count; i++)
		if (only == NULL || strcmp(only, crash_operations[i].name) == 0)
			failures += run_operation(&crash_operations[i],
						  i * 11 + (size_t)setting("CRASH_OFFSET", 0));
	assert_int_equal(failures, 0);
}

int main(void)
{
	/* What happens is expected to. */
	log_set_level(LOG_LEVEL_ERROR);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_crash_loses_no_backup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

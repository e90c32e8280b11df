/* SPDX-License-Identifier: Apache-2.0 */
/* Years of a schedule whose clock jumps, whose process ends at any moment, and whose operator
 * changes his mind. */
#include "infrabackup/base.h"

#include "../../../src/backup/backup_schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define MINUTE (60 * 1000LL)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START 1772396467440 /* 2026-03-01T20:21:07.44Z */

static struct backup_schedule planned(int64_t hours)
{
	const struct backup_schedule none = { .frequency = 12 * HOUR };
	return backup_schedule_change(&none, hours * HOUR, true, START);
}

/* The world: true time, a clock that may be wrong, and what the service has stored. */
struct world {
	uint64_t random;
	int64_t true_time, offset;
	struct backup_schedule stored;
	bool is_up, is_maintenance, is_job_running;
	/* What was seen. */
	int64_t steady_since; /* true time since which the scheduler could have run at any moment */
	int64_t last_run, runs, skips, made_up;
	int64_t last_slot;
	bool was_set_back, was_changed; /* since that slot */
};

static uint64_t draw(struct world *world, uint64_t below)
{
	world->random = world->random * 6364136223846793005u + 1442695040888963407u;
	return (world->random >> 33) % below;
}

static int64_t clock_of(const struct world *world)
{
	return world->true_time + world->offset;
}

static void unsettle(struct world *world)
{
	world->steady_since = world->true_time;
}

static void jump(struct world *world)
{
	static const int64_t sizes[] = { 300, MINUTE, HOUR, 5 * HOUR, DAY, 40 * DAY, 4000 * DAY };
	int64_t size = sizes[draw(world, ARRAY_LENGTH(sizes))];
	bool is_back = draw(world, 2) == 0;
	/* 1980 to 2100: nobody's clock shows more. */
	if (is_back ? clock_of(world) - size < 10 * 365 * DAY : clock_of(world) > 130 * 365 * DAY)
		return;
	world->offset += is_back ? -size : size;
	world->was_set_back = world->was_set_back || is_back;
	unsettle(world);
}

static void change(struct world *world)
{
	int64_t frequency = (4 + (int64_t)draw(world, 9)) * HOUR;
	bool is_enabled = draw(world, 4) != 0;
	if (!world->is_up)
		return;
	world->was_changed = true;
	world->stored =
		backup_schedule_change(&world->stored, frequency, is_enabled, clock_of(world));
	unsettle(world);
}

static void happen(struct world *world)
{
	switch (draw(world, 12)) {
	case 0:
	case 1:
		jump(world);
		break;
	case 2:
		change(world);
		break;
	case 3:
		world->is_maintenance = !world->is_maintenance;
		unsettle(world);
		break;
	case 4:
		world->is_job_running = !world->is_job_running;
		unsettle(world);
		break;
	case 5:
	case 6:
		world->is_up = !world->is_up;
		unsettle(world);
		break;
	default: /* uneventful, or a restart that takes no time: nothing but @stored survives */
		break;
	}
}

static void note_run(struct world *world, const struct backup_schedule_step *step)
{
	bool is_point = step->after.last != step->before.last;
	world->runs++;
	world->made_up += !is_point;
	world->last_run = world->true_time;
	if (!is_point)
		return;
	/* Never the same point, and points of one grid. */
	int64_t distance = step->after.last - world->last_slot;
	if (!world->was_set_back)
		assert_true(distance > 0);
	if (!world->was_set_back && !world->was_changed && world->last_slot != 0)
		assert_int_equal(distance % step->after.frequency, 0);
	world->last_slot = step->after.last;
	world->was_set_back = world->was_changed = false;
}

/* One look of a running service; it may end right before or right after what it stores. */
static void look(struct world *world)
{
	int64_t now = clock_of(world);
	if (!world->is_up)
		return;
	struct backup_schedule_step step =
		backup_schedule_look(&world->stored, now, world->is_maintenance);
	assert_true(step.before.next <= now + step.before.frequency);
	assert_true(step.after.next > now);
	assert_true(step.after.next <= now + step.after.frequency);
	if (draw(world, 50) == 0)
		return; /* kill -9 before the commit: nothing happened */
	if (step.action == BACKUP_SCHEDULE_RUN && world->is_job_running) {
		world->stored = step.before;
		return;
	}
	world->stored = step.after;
	if (step.action == BACKUP_SCHEDULE_RUN)
		note_run(world, &step);
	if (step.action == BACKUP_SCHEDULE_SKIP) {
		assert_true(world->is_maintenance && world->stored.is_owed);
		world->skips++;
	}
	/* Whatever was due is used up: a second look, or the next process, finds nothing. */
	step = backup_schedule_look(&world->stored, now, world->is_maintenance);
	assert_int_equal(step.action, BACKUP_SCHEDULE_WAIT);
}

static void assert_no_gap(const struct world *world)
{
	bool could = world->is_up && !world->is_maintenance && !world->is_job_running &&
		     world->stored.is_enabled;
	int64_t since =
		world->steady_since > world->last_run ? world->steady_since : world->last_run;
	/* Two looks more: either may have been killed. */
	if (could)
		assert_true(world->true_time - since <= world->stored.frequency + HOUR);
}

static void live(uint64_t seed, unsigned steps, unsigned events_in_1000, struct world *out)
{
	struct world world = { .random = seed * 7919 + 1, .true_time = START, .is_up = true };
	world.stored = planned(12);
	world.steady_since = START;
	for (unsigned i = 0; i < steps; i++) {
		if (draw(&world, 1000) < events_in_1000)
			happen(&world);
		world.true_time += (int64_t)draw(&world, 10 * MINUTE);
		look(&world);
		assert_no_gap(&world);
		assert_true(world.made_up <= world.skips);
	}
	*out = world;
}

static void test_schedule_years_without_jumps_have_every_run_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct world world;
		live(seed, 100000, 0, &world);
		int64_t days = (world.true_time - START) / DAY;
		assert_true(world.runs >= days * 2 - 1 && world.runs <= days * 2 + 2);
		assert_int_equal((world.stored.next - START) % (12 * HOUR), 0);
	}
}

static void test_schedule_years_of_trouble_keep_the_rules(void **state)
{
	(void)state;
	int64_t runs = 0, skips = 0, made_up = 0;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct world world;
		live(seed, 20000, 40, &world);
		runs += world.runs;
		skips += world.skips;
		made_up += world.made_up;
	}
	/* Each kind of thing did happen. */
	assert_true(runs > 1000);
	assert_true(skips > 1000);
	assert_true(made_up > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedule_years_without_jumps_have_every_run_once),
		cmocka_unit_test(test_schedule_years_of_trouble_keep_the_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the plan one by one, and what must hold over 100,000 random histories, checked by an
 * oracle that knows the promises and not the code. RETENTION_HISTORIES: another number. */
#include <stdio.h>
#include <string.h>

#include "retention_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOW (20000 * WORLD_DAY)
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DEFAULT_HISTORIES 10000
#endif
#endif
#ifndef DEFAULT_HISTORIES
#define DEFAULT_HISTORIES 100000
#endif
#define STEPS 12

/* --- a history of @count good daily backups, the newest of today --- */

static const struct retention_role data_role = { "Data", true, RETENTION_WHOLE };
static const char *const data_roles[] = { "Data", NULL };

struct daily {
	struct retention_backup backups[40];
	struct retention_input input;
};

static void daily_init(struct daily *daily, size_t count)
{
	memset(daily, 0, sizeof *daily);
	for (size_t i = 0; i < count; i++) {
		struct retention_backup *backup = &daily->backups[i];
		*backup = (struct retention_backup) {
			.sequence = i + 1,
			.completed_time = NOW - (int64_t)(count - 1 - i) * WORLD_DAY,
			.is_known = true,
			.is_on_share = true,
			.is_ours = true,
			.is_verified = true,
			.is_recovery_ready = true,
			.roles = &data_role,
			.role_count = 1,
		};
		(void)snprintf(backup->id, sizeof backup->id, "backup-%zu", i + 1);
	}
	daily->input = (struct retention_input) {
		.backups = daily->backups,
		.count = count,
		.settings = { .days = 8, .floor = RETENTION_FLOOR, .roles = data_roles },
		.now = NOW,
	};
}

static struct retention_plan plan_of(const struct retention_input *input)
{
	struct retention_plan plan;
	assert_int_equal(retention_plan_make(input, &plan, NULL), STATUS_OK);
	return plan;
}

/* Of the @number-th backup, from 1. */
static enum retention_reason reason_of(const struct daily *daily, size_t number)
{
	struct retention_plan plan = plan_of(&daily->input);
	enum retention_reason reason = plan.decisions[number - 1].reason;
	retention_plan_done(&plan);
	return reason;
}

static unsigned brakes_of(const struct daily *daily)
{
	struct retention_plan plan = plan_of(&daily->input);
	unsigned brakes = plan.brakes;
	assert_int_equal(plan.going == 0 || plan.brakes_are_lifted, brakes != 0);
	retention_plan_done(&plan);
	return brakes;
}

static void test_plan_of_a_daily_history_lets_the_expired_go(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 12);
	struct retention_plan plan = plan_of(&daily.input);
	assert_int_equal(plan.brakes, 0);
	assert_int_equal(plan.going, 3);
	assert_int_equal(plan.decisions[2].reason, RETENTION_EXPIRED);
	/* Just eight days old: not older. */
	assert_int_equal(plan.decisions[3].reason, RETENTION_WITHIN_DAYS);
	assert_int_equal(plan.decisions[4].reason, RETENTION_WITHIN_DAYS);
	assert_int_equal(plan.decisions[5].reason, RETENTION_ABOVE_FLOOR);
	assert_int_equal(plan.decisions[11].reason, RETENTION_NEWEST_READY);
	retention_plan_done(&plan);
}

static void test_plan_keeps_the_floor_however_old(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 7);
	daily.input.now = NOW + 300 * WORLD_DAY;
	for (size_t i = 1; i <= 6; i++)
		assert_int_equal(reason_of(&daily, i), RETENTION_ABOVE_FLOOR);
	daily_init(&daily, 9);
	daily.input.now = NOW + 300 * WORLD_DAY;
	assert_int_equal(reason_of(&daily, 2), RETENTION_EXPIRED);
	assert_int_equal(reason_of(&daily, 3), RETENTION_ABOVE_FLOOR);
}

static void test_plan_does_not_count_damaged_foreign_and_missing_ones_for_the_floor(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 20);
	daily.input.settings.days = 1;
	/* Thirteen of twenty: too many at once. */
	assert_int_equal(reason_of(&daily, 11), RETENTION_HELD_BACK);
	daily.backups[15].is_verified = false;
	daily.backups[16].is_ours = false;
	assert_int_equal(reason_of(&daily, 17), RETENTION_FOREIGN);
	assert_int_equal(reason_of(&daily, 16), RETENTION_ABOVE_FLOOR);
	assert_int_equal(reason_of(&daily, 12), RETENTION_ABOVE_FLOOR);
	daily.backups[14].is_known = daily.backups[14].is_on_share = false;
	assert_int_equal(reason_of(&daily, 15), RETENTION_MISSING);
	assert_int_equal(reason_of(&daily, 11), RETENTION_ABOVE_FLOOR);
}

static void test_plan_keeps_pinned_ones_until_their_time(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 16);
	daily.backups[0].pinned_until = RETENTION_FOREVER;
	daily.backups[1].pinned_until = NOW + 1;
	daily.backups[2].pinned_until = NOW;
	assert_int_equal(reason_of(&daily, 1), RETENTION_PINNED);
	assert_int_equal(reason_of(&daily, 2), RETENTION_PINNED);
	assert_int_equal(reason_of(&daily, 3), RETENTION_EXPIRED);
}

static void test_plan_keeps_the_newest_ready_one_and_the_newest_that_is_whole(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 20);
	daily.input.settings.roles = NULL;
	for (size_t i = 5; i < 20; i++)
		daily.backups[i].is_recovery_ready = false;
	daily.backups[4].is_verified = false;
	assert_int_equal(reason_of(&daily, 5), RETENTION_NEWEST_READY);
	assert_int_equal(reason_of(&daily, 4), RETENTION_NEWEST_READY);
	assert_int_equal(reason_of(&daily, 3), RETENTION_EXPIRED);
}

static void test_plan_keeps_the_floor_of_every_essential_role(void **state)
{
	static const struct retention_role failed = { "Data", true, RETENTION_NOTHING };
	static const struct retention_role partial = { "Data", true, RETENTION_PARTIAL };
	struct daily daily;
	(void)state;
	daily_init(&daily, 30);
	for (size_t i = 9; i < 30; i++)
		daily.backups[i].roles = &failed;
	daily.backups[9].roles = &partial;
	assert_int_equal(reason_of(&daily, 10), RETENTION_ROLE_FLOOR);
	assert_int_equal(reason_of(&daily, 3), RETENTION_ROLE_FLOOR);
	assert_int_equal(reason_of(&daily, 2), RETENTION_EXPIRED);
	assert_int_equal(reason_of(&daily, 11), RETENTION_EXPIRED);
}

static void test_plan_keeps_the_last_content_of_a_role_that_is_no_longer_configured(void **state)
{
	static const struct retention_role other = { "Other", true, RETENTION_WHOLE };
	struct daily daily;
	(void)state;
	daily_init(&daily, 20);
	daily.backups[1].roles = &other;
	daily.backups[2].roles = &other;
	assert_int_equal(reason_of(&daily, 3), RETENTION_LAST_OF_ROLE);
	assert_int_equal(reason_of(&daily, 2), RETENTION_EXPIRED);
}

static void test_plan_with_a_missing_backup_is_refused(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 12);
	assert_int_equal(brakes_of(&daily), 0);
	daily.backups[8].is_on_share = false;
	assert_int_equal(brakes_of(&daily), RETENTION_BRAKE_MISSING);
	assert_int_equal(reason_of(&daily, 1), RETENTION_HELD_BACK);
	daily.backups[8].is_known = false;
	assert_int_equal(brakes_of(&daily), 0);
}

static void test_plan_over_half_is_refused_until_exactly_it_is_confirmed(void **state)
{
	const char *confirmed[12] = { NULL };
	struct daily daily;
	(void)state;
	daily_init(&daily, 16);
	daily.input.settings.days = 1;
	assert_int_equal(brakes_of(&daily), RETENTION_BRAKE_HALF);
	for (size_t i = 0; i < 8; i++)
		confirmed[i] = daily.backups[i].id;
	daily.input.settings.confirmed = confirmed;
	assert_int_equal(reason_of(&daily, 1), RETENTION_HELD_BACK);
	confirmed[8] = daily.backups[8].id;
	assert_int_equal(reason_of(&daily, 1), RETENTION_EXPIRED);
	confirmed[9] = daily.backups[9].id;
	assert_int_equal(reason_of(&daily, 1), RETENTION_HELD_BACK);
	confirmed[9] = NULL;
	confirmed[8] = daily.backups[7].id;
	assert_int_equal(reason_of(&daily, 1), RETENTION_HELD_BACK);
	/* Half is not more than half. */
	daily_init(&daily, 14);
	daily.input.settings.days = 1;
	assert_int_equal(brakes_of(&daily), 0);
}

static void test_plan_by_a_wrong_clock_is_refused(void **state)
{
	struct daily daily;
	(void)state;
	daily_init(&daily, 12);
	daily.input.now = NOW - 1;
	assert_int_equal(brakes_of(&daily), RETENTION_BRAKE_CLOCK_BACK);
	daily.input.now = NOW;
	daily.input.last_run_time = NOW + 1;
	assert_int_equal(brakes_of(&daily), RETENTION_BRAKE_CLOCK_BACK);
	daily.input.last_run_time = NOW - RETENTION_AHEAD_DAYS * WORLD_DAY;
	assert_int_equal(brakes_of(&daily), 0);
	daily.input.last_run_time--;
	assert_int_equal(brakes_of(&daily), RETENTION_BRAKE_CLOCK_AHEAD);
	/* A forged time cannot stop the service from tidying. */
	daily.input.last_run_time = 0;
	daily.backups[11].completed_time = NOW + WORLD_DAY;
	daily.backups[11].is_known = daily.backups[11].is_ours = false;
	assert_int_equal(brakes_of(&daily), 0);
}

static void test_plan_with_settings_out_of_range_is_invalid(void **state)
{
	struct retention_plan plan;
	struct daily daily;
	(void)state;
	daily_init(&daily, 12);
	daily.input.settings.days = 0;
	assert_int_equal(retention_plan_make(&daily.input, &plan, NULL), STATUS_INVALID);
	daily.input.settings.days = RETENTION_DAYS_MAX + 1;
	assert_int_equal(retention_plan_make(&daily.input, &plan, NULL), STATUS_INVALID);
	daily.input.settings.days = 7;
	daily.input.settings.floor = 0;
	assert_int_equal(retention_plan_make(&daily.input, &plan, NULL), STATUS_INVALID);
}

/* --- promises --- */

static bool is_good(const struct retention_backup *backup)
{
	return backup->is_on_share && backup->is_ours && backup->is_verified;
}

static bool holds(const struct retention_backup *backup, const char *role,
		  enum retention_content content)
{
	if (role == NULL)
		return true;
	for (size_t i = 0; i < backup->role_count; i++)
		if (strcmp(backup->roles[i].name, role) == 0)
			return backup->roles[i].content >= content;
	return false;
}

/* Good backups with the role that are newer than @backup. */
static size_t newer_good(const struct world *world, const struct retention_backup *backup,
			 const char *role, enum retention_content content)
{
	size_t newer = 0;
	for (size_t i = 0; i < world->count; i++)
		newer += is_good(&world->backups[i]) &&
					 world->backups[i].sequence > backup->sequence &&
					 holds(&world->backups[i], role, content)
				 ? 1
				 : 0;
	return newer;
}

static bool may_lose_role(const struct world *world, const struct retention_backup *backup,
			  const struct retention_role *role)
{
	size_t floor = role->is_essential ? 1 : 0;
	for (size_t i = 0; world->configured[i] != NULL; i++)
		if (strcmp(world->configured[i], role->name) == 0)
			floor = RETENTION_FLOOR;
	if (!is_good(backup) || role->content == RETENTION_NOTHING)
		return true;
	return newer_good(world, backup, role->name, role->content) >= floor;
}

static bool another_is_ready(const struct world *world, const struct retention_backup *backup)
{
	for (size_t i = 0; i < world->count; i++) {
		const struct retention_backup *other = &world->backups[i];
		if (other->sequence > backup->sequence && other->is_recovery_ready &&
		    other->is_on_share && other->is_ours)
			return true;
	}
	return false;
}

/* Every promise about one backup that goes; NULL: kept. */
static const char *broken_promise(const struct world *world, const struct retention_backup *backup)
{
	int64_t now = world_now(world);
	if (!backup->is_on_share || !backup->is_ours)
		return "what is not there or not ours goes";
	if (backup->pinned_until > now)
		return "a pinned one goes";
	if (backup->completed_time + world->days * WORLD_DAY >= now)
		return "one goes that is not expired";
	if (newer_good(world, backup, NULL, RETENTION_NOTHING) < RETENTION_FLOOR)
		return "one of the floor, or newer, goes";
	if (backup->is_recovery_ready && !another_is_ready(world, backup))
		return "the newest recovery-ready one goes";
	for (size_t i = 0; i < backup->role_count; i++)
		if (!may_lose_role(world, backup, &backup->roles[i]))
			return "one of a role's floor goes";
	return NULL;
}

/* What forbids everything, in words of its own. */
static bool is_forbidden(const struct world *world, size_t going)
{
	int64_t now = world_now(world);
	size_t there = 0;
	for (size_t i = 0; i < world->count; i++) {
		const struct retention_backup *backup = &world->backups[i];
		bool ours = backup->is_on_share && backup->is_ours;
		there += ours ? 1 : 0;
		if (backup->is_known && !backup->is_on_share)
			return true;
		if ((ours || backup->is_known) && backup->completed_time > now)
			return true;
	}
	return going * 2 > there || world->last_run_time > now ||
	       (world->last_run_time > 0 && now - world->last_run_time > 7 * WORLD_DAY);
}

static void check_promises(const struct world *world, const struct retention_plan *plan,
			   uint64_t seed)
{
	size_t wanted = 0;
	for (size_t i = 0; i < plan->count; i++) {
		const struct retention_decision *decision = &plan->decisions[i];
		bool goes = decision->reason == RETENTION_EXPIRED;
		bool expired = goes || decision->reason == RETENTION_HELD_BACK;
		const char *broken = broken_promise(world, decision->backup);
		wanted += expired ? 1 : 0;
		if (goes && broken != NULL)
			fail_msg("history %llu: %s", (unsigned long long)seed, broken);
		/* And the other way round: nothing stays without a reason that holds. A damaged
		 * newer one keeps the newest whole one beside itself. */
		if (!expired && broken == NULL && decision->reason != RETENTION_NEWEST_READY)
			fail_msg("history %llu: %s stays as %s", (unsigned long long)seed,
				 decision->backup->id, retention_reason_name(decision->reason));
	}
	if (is_forbidden(world, wanted) && plan->going > 0)
		fail_msg("history %llu: a brake forbids it", (unsigned long long)seed);
	if (!is_forbidden(world, wanted) && plan->going != wanted)
		fail_msg("history %llu: nothing forbids it", (unsigned long long)seed);
}

/* What would go, brakes aside. */
static bool expires(const struct retention_plan *plan, size_t index)
{
	return plan->decisions[index].reason == RETENTION_EXPIRED ||
	       plan->decisions[index].reason == RETENTION_HELD_BACK;
}

static void check_monotone(const struct world *world, const struct retention_plan *plan,
			   uint64_t seed)
{
	struct retention_input input = world_input(world);
	input.settings.days++;
	struct retention_plan longer = plan_of(&input);
	for (size_t i = 0; i < plan->count; i++)
		if (expires(&longer, i) && !expires(plan, i))
			fail_msg("history %llu: a longer retention deletes more",
				 (unsigned long long)seed);
	retention_plan_done(&longer);
}

static void shuffle(struct world *world)
{
	for (size_t i = world->count; i > 1; i--) {
		size_t other = world_draw(world, (unsigned)i);
		struct retention_backup backup = world->backups[i - 1];
		struct retention_role roles[WORLD_ROLES];
		memcpy(roles, world->roles[i - 1], sizeof roles);
		world->backups[i - 1] = world->backups[other];
		memcpy(world->roles[i - 1], world->roles[other], sizeof roles);
		world->backups[other] = backup;
		memcpy(world->roles[other], roles, sizeof roles);
	}
}

static void check_deterministic(const struct world *world, const struct retention_plan *plan,
				uint64_t seed)
{
	struct world other = *world;
	shuffle(&other);
	struct retention_input input = world_input(&other);
	struct retention_plan again = plan_of(&input);
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(again.decisions[i].backup->id, plan->decisions[i].backup->id) != 0 ||
		    again.decisions[i].reason != plan->decisions[i].reason)
			fail_msg("history %llu: the order of the listing matters",
				 (unsigned long long)seed);
	retention_plan_done(&again);
}

static size_t run_plan(struct world *world, uint64_t seed)
{
	struct retention_input input = world_input(world);
	struct retention_plan plan = plan_of(&input);
	size_t going = plan.going;
	check_promises(world, &plan, seed);
	check_monotone(world, &plan, seed);
	check_deterministic(world, &plan, seed);
	world_apply(world, &plan);
	retention_plan_done(&plan);
	if (going == 0)
		return 0;
	input = world_input(world);
	plan = plan_of(&input);
	if (plan.going != 0)
		fail_msg("history %llu: applied, and more goes", (unsigned long long)seed);
	retention_plan_done(&plan);
	return going;
}

static void test_plan_over_random_histories_keeps_every_promise(void **state)
{
	const char *text = getenv("RETENTION_HISTORIES");
	uint64_t count = text != NULL ? strtoull(text, NULL, 10) : DEFAULT_HISTORIES;
	size_t deleted = 0;
	(void)state;
	for (uint64_t seed = 0; seed < count; seed++) {
		struct world world;
		world_init(&world, seed);
		for (int i = 0; i < STEPS; i++) {
			world_step(&world);
			deleted += i % 3 == 2 ? run_plan(&world, seed) : 0;
		}
	}
	printf("%llu histories, %zu backups deleted\n", (unsigned long long)count, deleted);
	/* The histories must be such that there is something to delete. */
	assert_true(deleted > count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_of_a_daily_history_lets_the_expired_go),
		cmocka_unit_test(test_plan_keeps_the_floor_however_old),
		cmocka_unit_test(
			test_plan_does_not_count_damaged_foreign_and_missing_ones_for_the_floor),
		cmocka_unit_test(test_plan_keeps_pinned_ones_until_their_time),
		cmocka_unit_test(test_plan_keeps_the_newest_ready_one_and_the_newest_that_is_whole),
		cmocka_unit_test(test_plan_keeps_the_floor_of_every_essential_role),
		cmocka_unit_test(
			test_plan_keeps_the_last_content_of_a_role_that_is_no_longer_configured),
		cmocka_unit_test(test_plan_with_a_missing_backup_is_refused),
		cmocka_unit_test(test_plan_over_half_is_refused_until_exactly_it_is_confirmed),
		cmocka_unit_test(test_plan_by_a_wrong_clock_is_refused),
		cmocka_unit_test(test_plan_with_settings_out_of_range_is_invalid),
		cmocka_unit_test(test_plan_over_random_histories_keeps_every_promise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

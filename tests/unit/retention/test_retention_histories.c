/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold over random histories, checked by an oracle that knows the promises and not the
 * code. RETENTION_HISTORIES: how many (make retention-histories: 100,000). */
#include <stdio.h>
#include <string.h>

#include "retention_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DEFAULT_HISTORIES 5000
#define STEPS 12

static struct retention_plan plan_of(const struct retention_input *input)
{
	struct retention_plan plan;
	assert_int_equal(retention_plan_make(input, &plan, NULL), STATUS_OK);
	return plan;
}

static bool is_good(const struct retention_backup *backup)
{
	return backup->is_on_share && backup->is_ours && backup->is_verified;
}

static bool holds(const struct retention_backup *backup, const char *role,
		  enum retention_content content, bool as_essential)
{
	if (role == NULL)
		return true;
	for (size_t i = 0; i < backup->role_count; i++)
		if (strcmp(backup->roles[i].name, role) == 0)
			return backup->roles[i].content >= content &&
			       (backup->roles[i].is_essential || !as_essential);
	return false;
}

/* Good backups with the role that are newer than @backup. */
static size_t newer_good(const struct world *world, const struct retention_backup *backup,
			 const char *role, enum retention_content content, bool as_essential)
{
	size_t newer = 0;
	for (size_t i = 0; i < world->count; i++)
		newer += is_good(&world->backups[i]) &&
					 world->backups[i].sequence > backup->sequence &&
					 holds(&world->backups[i], role, content, as_essential)
				 ? 1
				 : 0;
	return newer;
}

/* Of a role that is essential now the newest ones stay; of one that was, the last. */
static bool may_lose_role(const struct world *world, const struct retention_backup *backup,
			  const struct retention_role *role)
{
	if (!is_good(backup) || role->content == RETENTION_NOTHING)
		return true;
	for (size_t i = 0; world->configured[i] != NULL; i++)
		if (strcmp(world->configured[i], role->name) == 0)
			return newer_good(world, backup, role->name, role->content, false) >=
			       RETENTION_FLOOR;
	return !role->is_essential ||
	       newer_good(world, backup, role->name, role->content, true) >= 1;
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
	if (newer_good(world, backup, NULL, RETENTION_NOTHING, false) < RETENTION_FLOOR)
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

/* What the operator agreed to keeps the promises, too. */
static void confirm(struct world *world, struct retention_plan *plan, uint64_t seed)
{
	const char *confirmed[WORLD_BACKUPS + 1] = { NULL };
	size_t count = 0;
	struct retention_input input;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->decisions[i].reason == RETENTION_HELD_BACK)
			confirmed[count++] = plan->decisions[i].backup->id;
	retention_plan_done(plan);
	input = world_input(world);
	input.settings.confirmed = confirmed;
	*plan = plan_of(&input);
	if (plan->going != count)
		fail_msg("history %llu: another plan than confirmed", (unsigned long long)seed);
	for (size_t i = 0; i < plan->count; i++) {
		const char *broken = broken_promise(world, plan->decisions[i].backup);
		if (plan->decisions[i].reason == RETENTION_EXPIRED && broken != NULL)
			fail_msg("history %llu: confirmed, and %s", (unsigned long long)seed,
				 broken);
	}
}

static void check_stable(struct world *world, uint64_t seed)
{
	struct retention_input input = world_input(world);
	struct retention_plan plan = plan_of(&input);
	if (plan.going != 0)
		fail_msg("history %llu: applied, and more goes", (unsigned long long)seed);
	retention_plan_done(&plan);
}

struct totals {
	size_t deleted, confirmed, packs;
};

static void run_plan(struct world *world, uint64_t seed, struct totals *totals)
{
	struct retention_input input = world_input(world);
	struct retention_plan plan = plan_of(&input);
	check_promises(world, &plan, seed);
	check_monotone(world, &plan, seed);
	check_deterministic(world, &plan, seed);
	if (plan.brakes != 0 && world_draw(world, 4) == 0)
		confirm(world, &plan, seed);
	bool is_free = plan.brakes == 0 || plan.brakes_are_lifted;
	totals->deleted += plan.going;
	totals->confirmed += plan.brakes_are_lifted ? plan.going : 0;
	world_apply(world, &plan);
	if (plan.going > 0)
		check_stable(world, seed);
	retention_plan_done(&plan);
	const char *broken = is_free ? world_collect(world, &totals->packs) : NULL;
	if (broken != NULL)
		fail_msg("history %llu: %s", (unsigned long long)seed, broken);
}

static void test_plan_over_random_histories_keeps_every_promise(void **state)
{
	const char *text = getenv("RETENTION_HISTORIES");
	uint64_t count = text != NULL ? strtoull(text, NULL, 10) : DEFAULT_HISTORIES;
	struct totals totals = { 0 };
	(void)state;
	for (uint64_t seed = 0; seed < count; seed++) {
		struct world world;
		world_init(&world, seed);
		for (int i = 0; i < STEPS; i++) {
			world_step(&world);
			if (i % 3 == 2)
				run_plan(&world, seed, &totals);
		}
	}
	printf("%llu histories: %zu backups and %zu packs deleted, %zu of the backups because the "
	       "operator agreed although a brake held them back; no promise broken\n",
	       (unsigned long long)count, totals.deleted, totals.packs, totals.confirmed);
	/* The histories must be such that there is something to delete. */
	assert_true(totals.deleted > count && totals.packs > count &&
		    totals.confirmed > count / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan_over_random_histories_keeps_every_promise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

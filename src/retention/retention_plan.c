/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: every rule that keeps a backup says so first; what nobody keeps and is expired may go,
 * unless a brake forbids it. */
#include <string.h>

#include "infrabackup/retention.h"

#define DAY_MS (24 * 60 * 60 * 1000LL)

static int compare_decisions(const void *left, const void *right)
{
	const struct retention_backup *a = ((const struct retention_decision *)left)->backup;
	const struct retention_backup *b = ((const struct retention_decision *)right)->backup;
	if (a->sequence != b->sequence)
		return a->sequence < b->sequence ? -1 : 1;
	return strcmp(a->id, b->id);
}

/* Whether it is there to be kept or deleted at all. */
static bool counts(const struct retention_backup *backup)
{
	return backup->is_on_share && backup->is_ours;
}

static bool counts_as_good(const struct retention_backup *backup)
{
	return counts(backup) && backup->is_verified;
}

/* The first reason stays: the rules run in the order of the enumeration. */
static void keep(struct retention_decision *decision, enum retention_reason reason,
		 const char *role)
{
	if (decision->reason != RETENTION_EXPIRED)
		return;
	decision->reason = reason;
	decision->role = role;
}

static void keep_untouchable(struct retention_plan *plan, int64_t now)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct retention_backup *backup = plan->decisions[i].backup;
		if (!backup->is_on_share)
			keep(&plan->decisions[i], RETENTION_MISSING, NULL);
		else if (!backup->is_ours)
			keep(&plan->decisions[i], RETENTION_FOREIGN, NULL);
		else if (backup->pinned_until > now)
			keep(&plan->decisions[i], RETENTION_PINNED, NULL);
	}
}

/* A newer one that is damaged does not replace the newest that is whole; both stay. */
static void keep_newest_ready(struct retention_plan *plan)
{
	bool found = false;
	for (size_t i = plan->count; i > 0; i--) {
		struct retention_decision *decision = &plan->decisions[i - 1];
		if (!counts(decision->backup) || !decision->backup->is_recovery_ready)
			continue;
		if (!found || decision->backup->is_verified)
			keep(decision, RETENTION_NEWEST_READY, NULL);
		found = true;
		if (decision->backup->is_verified)
			return;
	}
}

/* With fewer good ones than the floor, all stay. */
static void keep_above_floor(struct retention_plan *plan, size_t floor)
{
	size_t good = 0;
	for (size_t i = plan->count; i > 0 && good < floor; i--) {
		keep(&plan->decisions[i - 1], RETENTION_ABOVE_FLOOR, NULL);
		good += counts_as_good(plan->decisions[i - 1].backup) ? 1 : 0;
	}
}

static const struct retention_role *find_role(const struct retention_backup *backup,
					      const char *name)
{
	for (size_t i = 0; i < backup->role_count; i++)
		if (strcmp(backup->roles[i].name, name) == 0)
			return &backup->roles[i];
	return NULL;
}

/* The newest @floor good ones that hold at least @content of the role; for
 * RETENTION_LAST_OF_ROLE it must have been essential there. */
static void keep_role(struct retention_plan *plan, const char *name, enum retention_content content,
		      size_t floor, enum retention_reason reason)
{
	for (size_t i = plan->count, found = 0; i > 0 && found < floor; i--) {
		struct retention_decision *decision = &plan->decisions[i - 1];
		if (!counts_as_good(decision->backup))
			continue;
		const struct retention_role *role = find_role(decision->backup, name);
		if (role == NULL || role->content < content ||
		    (reason == RETENTION_LAST_OF_ROLE && !role->is_essential))
			continue;
		keep(decision, reason, name);
		found++;
	}
}

/* Counted twice: a long row of incomplete ones must not push out those that are complete, nor the
 * other way round. */
static void keep_role_both(struct retention_plan *plan, const char *name, size_t floor,
			   enum retention_reason reason)
{
	keep_role(plan, name, RETENTION_WHOLE, floor, reason);
	keep_role(plan, name, RETENTION_PARTIAL, floor, reason);
}

static bool is_listed(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static void keep_roles(struct retention_plan *plan, const struct retention_settings *settings)
{
	for (const char *const *name = settings->roles; name != NULL && *name != NULL; name++)
		keep_role_both(plan, *name, settings->floor, RETENTION_ROLE_FLOOR);
}

/* A role that is no longer configured, perhaps by mistake, keeps its last content. Going from the
 * newest to the oldest, a name is met for the first time where it counts. */
static void keep_last_of_roles(struct retention_plan *plan,
			       const struct retention_settings *settings)
{
	for (size_t i = plan->count; i > 0; i--) {
		const struct retention_backup *backup = plan->decisions[i - 1].backup;
		if (plan->decisions[i - 1].reason != RETENTION_EXPIRED || !counts_as_good(backup))
			continue;
		for (size_t r = 0; r < backup->role_count; r++)
			if (backup->roles[r].is_essential &&
			    !is_listed(settings->roles, backup->roles[r].name))
				keep_role_both(plan, backup->roles[r].name, 1,
					       RETENTION_LAST_OF_ROLE);
	}
}

static void keep_within_days(struct retention_plan *plan, int days, int64_t now)
{
	int64_t oldest = now < 0 ? INT64_MIN : now - days * DAY_MS;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->decisions[i].backup->completed_time >= oldest)
			keep(&plan->decisions[i], RETENTION_WITHIN_DAYS, NULL);
}

/* --- brakes --- */

static unsigned clock_brakes(const struct retention_input *input)
{
	unsigned brakes = 0;
	for (size_t i = 0; i < input->count; i++) {
		const struct retention_backup *backup = &input->backups[i];
		if ((backup->is_known || counts(backup)) && backup->completed_time > input->now)
			brakes |= RETENTION_BRAKE_CLOCK_BACK;
	}
	if (input->last_run_time > input->now)
		brakes |= RETENTION_BRAKE_CLOCK_BACK;
	else if (input->last_run_time > 0 &&
		 input->now - input->last_run_time > RETENTION_AHEAD_DAYS * DAY_MS)
		brakes |= RETENTION_BRAKE_CLOCK_AHEAD;
	return brakes;
}

static unsigned count_brakes(const struct retention_plan *plan)
{
	unsigned brakes = 0;
	size_t there = 0;
	for (size_t i = 0; i < plan->count; i++) {
		const struct retention_backup *backup = plan->decisions[i].backup;
		there += counts(backup) ? 1 : 0;
		if (backup->is_known && !backup->is_on_share)
			brakes |= RETENTION_BRAKE_MISSING;
	}
	if (plan->going > there / 2)
		brakes |= RETENTION_BRAKE_HALF;
	return brakes;
}

static size_t count_going(const struct retention_plan *plan)
{
	size_t going = 0;
	for (size_t i = 0; i < plan->count; i++)
		going += plan->decisions[i].reason == RETENTION_EXPIRED ? 1 : 0;
	return going;
}

/* Exactly this plan: the same ids, none more and none less, and at least one. */
static bool is_confirmed(const struct retention_plan *plan, const char *const *confirmed)
{
	size_t count = 0;
	for (; confirmed != NULL && confirmed[count] != NULL; count++)
		if (is_listed(confirmed + count + 1, confirmed[count]))
			return false;
	if (count == 0 || count != plan->going)
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->decisions[i].reason == RETENTION_EXPIRED &&
		    !is_listed(confirmed, plan->decisions[i].backup->id))
			return false;
	return true;
}

static void apply_brakes(struct retention_plan *plan, const struct retention_input *input)
{
	plan->going = count_going(plan);
	plan->brakes = clock_brakes(input) | count_brakes(plan);
	plan->brakes_are_lifted =
		plan->brakes != 0 && is_confirmed(plan, input->settings.confirmed);
	if (plan->brakes == 0 || plan->brakes_are_lifted)
		return;
	for (size_t i = 0; i < plan->count; i++)
		keep(&plan->decisions[i], RETENTION_HELD_BACK, NULL);
	plan->going = 0;
}

static enum status check_settings(const struct retention_settings *settings, struct error *err)
{
	if (settings->days < 1 || settings->days > RETENTION_DAYS_MAX)
		return fail_field(err, "days", "found %d, allowed are 1 to %d", settings->days,
				  RETENTION_DAYS_MAX);
	if (settings->floor < 1)
		return fail_field(err, "floor", "found 0, at least one backup must stay");
	return STATUS_OK;
}

enum status retention_plan_make(const struct retention_input *input, struct retention_plan *out,
				struct error *err)
{
	const struct retention_settings *settings = &input->settings;
	struct retention_plan plan = { .count = input->count };
	enum status status = check_settings(settings, err);
	if (status != STATUS_OK)
		return status;
	plan.decisions = calloc(input->count + 1, sizeof *plan.decisions);
	if (plan.decisions == NULL)
		return fail_memory(err, "plan retention");
	for (size_t i = 0; i < input->count; i++)
		plan.decisions[i] =
			(struct retention_decision) { &input->backups[i], RETENTION_EXPIRED, NULL };
	qsort(plan.decisions, plan.count, sizeof *plan.decisions, compare_decisions);
	keep_untouchable(&plan, input->now);
	keep_newest_ready(&plan);
	keep_above_floor(&plan, settings->floor);
	keep_roles(&plan, settings);
	keep_last_of_roles(&plan, settings);
	keep_within_days(&plan, settings->days, input->now);
	apply_brakes(&plan, input);
	*out = plan;
	return STATUS_OK;
}

void retention_plan_done(struct retention_plan *plan)
{
	free(plan->decisions);
	memset(plan, 0, sizeof *plan);
}

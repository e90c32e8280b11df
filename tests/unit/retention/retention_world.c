/* SPDX-License-Identifier: Apache-2.0 */
/* Random histories of a location. */
#include <stdio.h>
#include <string.h>

#include "retention_world.h"

static const char *const role_names[WORLD_ROLES] = { "infrabackup", "Data", "ARM", "Keys" };

unsigned world_draw(struct world *world, unsigned limit)
{
	world->random = world->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(world->random >> 33) % limit;
}

int64_t world_now(const struct world *world)
{
	return world->time + world->clock;
}

static void configure_roles(struct world *world)
{
	size_t count = 0;
	for (size_t i = 0; i < WORLD_ROLES; i++)
		if (world_draw(world, 8) > 0)
			world->configured[count++] = role_names[i];
	world->configured[count] = NULL;
}

static bool is_configured(const struct world *world, const char *role)
{
	for (size_t i = 0; world->configured[i] != NULL; i++)
		if (world->configured[i] == role)
			return true;
	return false;
}

/* What is no longer configured is rarely backed up all the same. */
static void add_roles(struct world *world, size_t index)
{
	struct retention_backup *backup = &world->backups[index];
	struct retention_role *roles = world->roles[index];
	backup->is_recovery_ready = true;
	backup->role_count = 0;
	for (size_t i = 0; i < WORLD_ROLES; i++) {
		if (world_draw(world, 10) == 0 ||
		    (!is_configured(world, role_names[i]) && world_draw(world, 30) > 0))
			continue;
		unsigned fate = world_draw(world, 8);
		struct retention_role role = { role_names[i], world_draw(world, 6) > 0,
					       fate == 0   ? RETENTION_NOTHING
					       : fate == 1 ? RETENTION_PARTIAL
							   : RETENTION_WHOLE };
		if (role.is_essential && role.content != RETENTION_WHOLE)
			backup->is_recovery_ready = false;
		roles[backup->role_count++] = role;
	}
}

static void remove_backup(struct world *world, size_t index)
{
	for (; index + 1 < world->count; index++) {
		world->backups[index] = world->backups[index + 1];
		world->needs[index] = world->needs[index + 1];
		memcpy(world->roles[index], world->roles[index + 1], sizeof world->roles[index]);
	}
	world->count--;
}

static void make_backup(struct world *world)
{
	if (world->count == WORLD_BACKUPS)
		remove_backup(world, world_draw(world, WORLD_BACKUPS));
	struct retention_backup *backup = &world->backups[world->count];
	memset(backup, 0, sizeof *backup);
	backup->sequence = world->next_sequence++;
	(void)snprintf(backup->id, sizeof backup->id, "%08u-0000-4000-8000-%012u",
		       (unsigned)backup->sequence, world_draw(world, 1000000));
	backup->completed_time = world_now(world);
	backup->is_known = true;
	backup->is_on_share = true;
	backup->is_ours = true;
	backup->is_verified = world_draw(world, 12) > 0;
	add_roles(world, world->count);
	world->needs[world->count].sequence = backup->sequence;
	world_write_packs(world, &world->needs[world->count]);
	world->count++;
}

/* A folder that somebody else put there, most likely newer than all. */
static void forge(struct world *world)
{
	make_backup(world);
	struct retention_backup *backup = &world->backups[world->count - 1];
	struct world_need *need = &world->needs[world->count - 1];
	need->generation = 1 + world_draw(world, world->generation);
	need->packs = world_draw(world, 8);
	backup->is_known = false;
	backup->is_ours = false;
	backup->is_verified = world_draw(world, 2) == 0;
	backup->completed_time += (int64_t)world_draw(world, 400) * WORLD_DAY;
}

static void change_one(struct world *world)
{
	if (world->count == 0)
		return;
	struct retention_backup *backup =
		&world->backups[world_draw(world, (unsigned)world->count)];
	switch (world_draw(world, 6)) {
	case 0:
		backup->is_on_share = false;
		break;
	case 1:
		backup->is_on_share = true;
		break;
	case 2:
		backup->is_verified = !backup->is_verified;
		break;
	case 3:
		backup->is_ours = world_draw(world, 4) > 0;
		break;
	case 4:
		backup->pinned_until = world_now(world) + world_draw(world, 30) * WORLD_DAY;
		break;
	default:
		backup->pinned_until = world_draw(world, 2) == 0 ? RETENTION_FOREVER : 0;
	}
}

static void jump(struct world *world)
{
	static const int days[] = { -400, -10, -1, 1, 5, 10, 400 };
	world->clock = world_draw(world, 2) == 0 ? 0 : days[world_draw(world, 7)] * WORLD_DAY;
}

void world_init(struct world *world, uint64_t seed)
{
	memset(world, 0, sizeof *world);
	world->random = seed * 0x9e3779b97f4a7c15u + 1;
	world->next_sequence = 1;
	world->time = 20000 * WORLD_DAY;
	world->days = 2 + (int)world_draw(world, 13);
	configure_roles(world);
	for (unsigned i = world_draw(world, 40); i > 0; i--) {
		world->time += world_draw(world, 48) * (WORLD_DAY / 24);
		make_backup(world);
	}
}

void world_step(struct world *world)
{
	world->time += world_draw(world, 24) * (WORLD_DAY / 24);
	struct world_need failed;
	switch (world_draw(world, 14)) {
	case 12:
		world_write_packs(world, &failed);
		break;
	case 13:
		world_lose_pack(world);
		break;
	case 0:
		forge(world);
		break;
	case 1:
	case 2:
		change_one(world);
		break;
	case 3:
		world->days = 2 + (int)world_draw(world, 13);
		break;
	case 4:
		jump(world);
		break;
	case 5:
		configure_roles(world);
		break;
	case 6:
		world->time += world_draw(world, 20) * WORLD_DAY;
		break;
	default:
		make_backup(world);
	}
}

struct retention_input world_input(const struct world *world)
{
	struct world *fixed = (struct world *)(uintptr_t)world;
	for (size_t i = 0; i < world->count; i++)
		fixed->backups[i].roles = world->roles[i];
	return (struct retention_input) {
		.backups = world->backups,
		.count = world->count,
		.settings = { .days = world->days,
			      .floor = RETENTION_FLOOR,
			      .roles = world->configured },
		.now = world_now(world),
		.last_run_time = world->last_run_time,
	};
}

/* A full trash drops its oldest, as if its grace were over. */
static void throw_away(struct world *world, size_t index)
{
	if (world->trash_count == WORLD_TRASH)
		memmove(world->trash, world->trash + 1,
			--world->trash_count * sizeof *world->trash);
	world->trash[world->trash_count++] =
		(struct world_trashed) { world->needs[index], world_now(world) };
	remove_backup(world, index);
}

void world_apply(struct world *world, const struct retention_plan *plan)
{
	char ids[WORLD_BACKUPS][GUID_TEXT_SIZE];
	size_t count = 0;
	for (size_t i = 0; i < world->count && plan->brakes_are_lifted; i++)
		if (!world->backups[i].is_on_share)
			world->backups[i].is_known = false;
	for (size_t i = 0; i < plan->count; i++)
		if (plan->decisions[i].reason == RETENTION_EXPIRED)
			memcpy(ids[count++], plan->decisions[i].backup->id, GUID_TEXT_SIZE);
	for (size_t i = world->count; i > 0; i--)
		for (size_t j = 0; j < count; j++)
			if (strcmp(world->backups[i - 1].id, ids[j]) == 0) {
				throw_away(world, i - 1);
				break;
			}
	if (plan->brakes == 0 || plan->brakes_are_lifted)
		world->last_run_time = world_now(world);
}

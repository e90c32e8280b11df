/* SPDX-License-Identifier: Apache-2.0 */
/* Backup, key rotation, prune, verify, recovery: each from a history that it can do harm to. */
#include <stdio.h>
#include <string.h>

#include "fake/prune_fixture.h"
#include "fault/crash_operations.h"

/* Small generations: what a crash leaves in one is looked at when the next has begun. */
#define ENGINE "\"generationBackups\":3,\"trashGraceHours\":0,\"verifyGiBPerDay\":0,\"workers\":1"

static void make_history(struct crash_world *world)
{
	crash_world_init(world, service_fixture_new(NULL, ENGINE));
	service_fixture_write(world->service, "constant", 80000, 1);
	crash_world_start(world);
	service_fixture_configure(world->service);
	crash_world_remember(world);
	crash_world_remember(world);
	service_fixture_stop(world->service);
	service_fixture_write(world->service, "changing", 60000, 9);
}

static void run_backup(struct crash_world *world)
{
	service_fixture_submit(world->service, world->shared->running);
	crash_world_wait(world, world->shared->running);
}

/* --- a new certificate, and the generation that it begins --- */

static void rotate(struct crash_world *world)
{
	struct service_fixture *service = world->service;
	struct buffer first = service->certificate;
	service->certificate = world->second_certificate;
	service_fixture_configure(service);
	service->certificate = first;
	run_backup(world);
}

const struct crash_operation crash_operations[] = {
	{ .name = "backup",
	  .make = make_history,
	  .before = crash_world_start,
	  .run = run_backup,
	  .next = run_backup },
	{ .name = "rotation",
	  .make = make_history,
	  .before = crash_world_start,
	  .run = rotate,
	  .next = rotate },
};
const size_t crash_operation_count = ARRAY_LENGTH(crash_operations);

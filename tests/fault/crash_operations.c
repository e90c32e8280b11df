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

/* --- prune --- */

static void make_expired(struct crash_world *world)
{
	struct prune_fixture *fixture = prune_fixture_new(",\"trashGraceHours\":0");
	service_fixture_stop(fixture->service);
	crash_world_init(world, fixture->service);
	world->first = PRUNE_BACKUPS - PRUNE_KEPT;
	world->shared->count = PRUNE_BACKUPS;
	memcpy(world->shared->ids, fixture->ids, sizeof fixture->ids);
	free(fixture);
}

/* The backup lets one more go. */
static unsigned check_pruned(struct crash_world *world)
{
	crash_world_prune(world);
	run_backup(world);
	crash_world_prune(world);
	world->first++;
	size_t backups = crash_world_entries(world, "share/MASBackup/backups");
	return crash_world_check_leaks(world) +
	       crash_world_wrong(backups != PRUNE_KEPT, "%zu backups are left", backups);
}

/* --- verify --- */

static void run_verify(struct crash_world *world)
{
	struct error err;
	char id[GUID_TEXT_SIZE];
	struct db *state = crash_world_take(world);
	crash_world_must(backup_verify_submit(world->service->service, state, world->shared->ids[1],
					      BACKUP_VERIFY_FILES, "test", id, &err),
			 "verify", &err);
	crash_world_give(world, state);
	crash_world_wait(world, id);
}

static void verify_and_back_up(struct crash_world *world)
{
	run_verify(world);
	run_backup(world);
}

/* --- recovery into an empty machine, and the start of what was recovered --- */

static void make_disaster(struct crash_world *world)
{
	make_history(world);
	crash_world_execute(world, "rm -rf state");
}

static struct share_options share_options(struct crash_world *world, struct share_address *address)
{
	struct error err;
	crash_world_must(share_address_parse(world->service->share_path, "share", address, &err),
			 "address", &err);
	return (struct share_options) { .address = address, .deadline = 60000 };
}

static void recover_into_services(struct crash_world *world)
{
	struct error err;
	struct share_address address;
	struct share_options share = share_options(world, &address);
	const struct recover_settings settings = { .shares = &world->service->shares,
						   .share = &share };
	AUTO_FREE char *temporary = file_join(world->service->folder, "recovered-temporary");
	AUTO_FREE char *data = file_join(world->service->folder, "recovered-data");
	struct recover_target targets[] = { { .role = "Data" }, { .role = BACKUP_SERVICE_ROLE } };
	for (size_t i = 0; i < ARRAY_LENGTH(targets); i++) {
		targets[i].driver = &snapshot_directory_driver;
		targets[i].settings.role = targets[i].role;
		targets[i].settings.provider = "directory";
		targets[i].settings.timeout = 60000;
		targets[i].settings.temporary_directory = temporary;
	}
	targets[0].settings.path = data;
	targets[1].settings.path = world->service->config->state_directory;
	struct recover_options options = { .key = world->keys[0],
					   .targets = targets,
					   .target_count = ARRAY_LENGTH(targets) };
	struct recover_source *source = NULL;
	struct recover_result result;
	memset(&result, 0, sizeof result);
	crash_world_execute(world, "mkdir -p recovered-temporary");
	crash_world_must(recover_source_open(&settings, &source, &err), "open share", &err);
	crash_world_must(recover_find(source, "latest", &options.backup, &err), "find", &err);
	crash_world_must(recover_run(source, &options, &result, &err), "recover", &err);
	world->shared->is_recovered = true;
	recover_result_done(&result);
	recover_source_close(source);
}

static void run_recovery(struct crash_world *world)
{
	recover_into_services(world);
	crash_world_start(world);
}

/* As the program asks for: what was recovered of the service's own state is moved away. */
static void recover_again(struct crash_world *world)
{
	if (world->shared->is_recovered)
		return;
	crash_world_execute(world, "rm -rf state");
	recover_into_services(world);
}

static void check_recovered(struct crash_world *world)
{
	crash_world_execute(world, "diff -r source-1 recovered-data");
	run_backup(world);
}

/* --- a lost state database, made again from the share --- */

static void make_loss(struct crash_world *world)
{
	make_history(world);
	crash_world_execute(world, "rm -f state/*.sqlite*");
}

static void rebuild(struct crash_world *world)
{
	struct error err;
	struct share_address address;
	struct share_options options = share_options(world, &address);
	struct backup_initialized made;
	struct share *share = NULL;
	crash_world_must(share_open(&world->service->shares, &options, &share, &err), "open share",
			 &err);
	enum status status = backup_state_rebuild(world->service->config, &world->service->clock,
						  share, &made, &err);
	share_close(share);
	/* There since before the crash. */
	if (status == STATUS_EXISTS)
		return;
	crash_world_must(status, "rebuild", &err);
	backup_initialized_done(&made);
}

static void run_rebuild(struct crash_world *world)
{
	rebuild(world);
	crash_world_start(world);
}

const struct crash_operation crash_operations[] = {
	{ "backup", make_history, crash_world_start, run_backup, NULL, run_backup,
	  crash_world_check_closed },
	{ "given up", make_history, crash_world_start, run_backup, NULL, rotate,
	  crash_world_check_closed },
	{ "rotation", make_history, crash_world_start, rotate, NULL, rotate,
	  crash_world_check_closed },
	{ "prune", make_expired, crash_world_start, crash_world_prune, NULL, crash_world_prune,
	  check_pruned },
	{ "verify", make_history, crash_world_start, run_verify, NULL, verify_and_back_up,
	  crash_world_check_closed },
	{ "recovery", make_disaster, NULL, run_recovery, recover_again, check_recovered,
	  crash_world_check_closed },
	{ "rebuild", make_loss, NULL, run_rebuild, rebuild, run_backup, crash_world_check_closed },
};
const size_t crash_operation_count = ARRAY_LENGTH(crash_operations);

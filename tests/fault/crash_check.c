/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold after a crash. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "fake/tree_compare.h"
#include "fault/crash_world.h"

static unsigned wrong(bool is_wrong, const char *what, const char *name)
{
	return crash_world_wrong(is_wrong, "%s: %s", what, name);
}

/* --- the share --- */

/* Into folder/recovered. With either key: a backup knows one of them. */
static enum status recover(struct crash_world *world, struct recover_source *source,
			   const struct recover_backup *backup, const char *folder,
			   struct error *err)
{
	enum status status = STATUS_AUTHENTICATION;
	for (size_t i = 0; i < 2 && status == STATUS_AUTHENTICATION; i++) {
		struct recover_options options = { .key = world->keys[i],
						   .backup = backup,
						   .directory = folder };
		struct recover_result result;
		memset(&result, 0, sizeof result);
		status = recover_run(source, &options, &result, err);
		recover_result_done(&result);
	}
	return status;
}

static unsigned check_restored(struct crash_world *world, struct recover_source *source,
			       const struct recover_backup *backup, const char *expected_name)
{
	struct error err = { .message = "" };
	AUTO_FREE char *top = file_join(world->service->folder, "recovered");
	AUTO_FREE char *folder = file_join(top, "Data");
	AUTO_FREE char *expected = file_join(world->service->folder, expected_name);
	enum status status = recover(world, source, backup, top, &err);
	unsigned count = status == STATUS_OK ? tree_compare(expected, folder, 0, stderr) : 1;
	(void)crash_world_wrong(count > 0, "backup %s does not restore as %s: %s",
				backup->backup_id, expected_name, err.message);
	status_ignore(file_remove_tree(top, NULL));
	return count;
}

/* Its number in the history; the history's count for another one. */
static size_t number_of(const struct crash_world *world, const char *id)
{
	size_t i = 0;
	while (i < world->shared->count && strcmp(world->shared->ids[i], id) != 0)
		i++;
	return i;
}

static unsigned check_listed(struct crash_world *world, struct recover_source *source,
			     const struct recover_backup *backup)
{
	char name[32] = "source";
	size_t number = number_of(world, backup->backup_id);
	if (number < world->shared->count)
		(void)snprintf(name, sizeof name, "source-%zu", number);
	return wrong(!recover_is_sound(source, backup), "not sound", backup->folder) +
	       check_restored(world, source, backup, name);
}

unsigned crash_world_check_share(struct crash_world *world)
{
	const struct recover_backup *backups;
	size_t count = 0, found = 0;
	unsigned faults = 0;
	struct error err = { .message = "" };
	struct recover_source *source = service_fixture_source(world->service);
	crash_world_must(recover_list(source, &backups, &count, &err), "list", &err);
	for (size_t i = 0; i < count; i++) {
		size_t number = number_of(world, backups[i].backup_id);
		if (!backups[i].is_committed)
			continue;
		faults += check_listed(world, source, &backups[i]);
		found += number >= world->first && number < world->shared->count ? 1 : 0;
	}
	recover_source_close(source);
	return faults + crash_world_wrong(found != world->shared->count - world->first,
					  "%zu of %zu backups of the history are on the share",
					  found, world->shared->count - world->first);
}

/* --- the service --- */

struct state_check {
	struct crash_world *world;
	bool is_settled;
	const struct recover_backup *backups;
	size_t count, matched, committed;
	unsigned faults;
};

static enum status see_backup(const struct db_backup *backup, void *context, struct error *err)
{
	struct state_check *check = context;
	bool is_there = false;
	(void)err;
	if (strcmp(backup->status, "Deleted") == 0)
		return STATUS_OK;
	for (size_t i = 0; i < check->count && !is_there; i++)
		is_there = check->backups[i].is_committed &&
			   strcmp(check->backups[i].backup_id, backup->id) == 0;
	check->matched += is_there ? 1 : 0;
	bool may_go =
		!check->is_settled && number_of(check->world, backup->id) < check->world->first;
	check->faults += crash_world_wrong(!is_there && !may_go,
					   "backup %s is listed as %s and not on the share",
					   backup->id, backup->status);
	check->faults += crash_world_wrong(strcmp(backup->status, "Succeeded") != 0,
					   "backup %s is listed as %s", backup->id, backup->status);
	return STATUS_OK;
}

static enum status see_job(const struct db_job *job, void *context, struct error *err)
{
	struct state_check *check = context;
	(void)err;
	bool is_open = strcmp(job->state, "Running") == 0 || strcmp(job->state, "Queued") == 0;
	bool is_mute = strcmp(job->state, "Failed") == 0 && job->error_message == NULL;
	check->faults += wrong(is_open, "a job is left open", job->kind) +
			 wrong(is_mute, "a job failed without a reason", job->kind);
	return STATUS_OK;
}

unsigned crash_world_check_state(struct crash_world *world, bool is_settled)
{
	struct state_check check = { .world = world, .is_settled = is_settled };
	const char *location = world->service->config->deployment.location;
	struct error err = { .message = "" };
	struct recover_source *source = service_fixture_source(world->service);
	crash_world_must(recover_list(source, &check.backups, &check.count, &err), "list", &err);
	for (size_t i = 0; i < check.count; i++)
		check.committed += check.backups[i].is_committed ? 1 : 0;
	struct db *state = crash_world_take(world);
	crash_world_must(db_backup_list(state, location, see_backup, &check, &err), "backups",
			 &err);
	crash_world_must(db_job_list(state, location, NULL, 100, see_job, &check, &err), "jobs",
			 &err);
	crash_world_give(world, state);
	recover_source_close(source);
	return check.faults +
	       crash_world_wrong(check.matched != check.committed,
				 "the service lists %zu of the %zu backups on the share",
				 check.matched, check.committed);
}

/* --- what is left over --- */

struct leak_check {
	struct crash_world *world;
	struct recover_source *source;
	const struct recover_backup *backups;
	size_t count;
	char newest[ARCHIVE_GENERATION_SIZE]; /* generation */
	unsigned faults;
};

static bool is_needed(const struct leak_check *check, const char *pack)
{
	char digits[2 * SHA256_SIZE + 1];
	for (size_t i = 0; i < check->count; i++) {
		const struct archive_record *record = check->backups[i].record;
		for (size_t k = 0; record != NULL && k < record->pack_count; k++) {
			hex_encode(record->packs[k].sha256, SHA256_SIZE, false, digits);
			if (strncmp(digits, pack, 2 * SHA256_SIZE) == 0)
				return true;
		}
	}
	return false;
}

static void look_at(struct leak_check *check, const char *folder, const char *name)
{
	bool is_open = strstr(folder, check->newest) != NULL;
	check->faults += crash_world_wrong(text_starts_with(name, SHARE_TEMPORARY_PREFIX),
					   "a temporary file is left: %s/%s", folder, name);
	check->faults += crash_world_wrong(
		strstr(name, ".pack") != NULL && !is_open && !is_needed(check, name),
		"a pack that nothing names is left: %s/%s", folder, name);
}

static void walk(struct leak_check *check, const char *folder)
{
	DIR *directory = opendir(folder);
	if (directory == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		AUTO_FREE char *path = file_join(folder, entry->d_name);
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		look_at(check, folder, entry->d_name);
		if (entry->d_type == DT_DIR)
			walk(check, path);
	}
	(void)closedir(directory);
}

static void back_up(struct crash_world *world)
{
	char id[GUID_TEXT_SIZE];
	service_fixture_submit(world->service, id);
	crash_world_wait(world, id);
}

void crash_world_prune(struct crash_world *world)
{
	const struct backup_prune_request request = { .caller = "test" };
	char id[GUID_TEXT_SIZE];
	struct error err;
	struct db *state = crash_world_take(world);
	crash_world_must(backup_prune_submit(world->service->service, state, &request, id, &err),
			 "prune", &err);
	crash_world_give(world, state);
	crash_world_wait(world, id);
}

static void newest_generation(struct crash_world *world, char out[ARCHIVE_GENERATION_SIZE])
{
	struct db_generation newest;
	struct error err;
	memset(&newest, 0, sizeof newest);
	struct db *state = crash_world_take(world);
	crash_world_must(db_generation_newest(state, &newest, &err), "generation", &err);
	crash_world_give(world, state);
	(void)snprintf(out, ARCHIVE_GENERATION_SIZE, "%s", newest.name);
	db_generation_done(&newest);
}

/* The generation that the crash met is written to no more. */
static void close_generation(struct crash_world *world)
{
	char before[ARCHIVE_GENERATION_SIZE], newest[ARCHIVE_GENERATION_SIZE];
	newest_generation(world, before);
	do {
		back_up(world);
		newest_generation(world, newest);
	} while (strcmp(before, newest) == 0);
}

size_t crash_world_entries(const struct crash_world *world, const char *folder)
{
	size_t count = 0;
	AUTO_FREE char *path = file_join(world->service->folder, folder);
	DIR *directory = opendir(path);
	for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
		count += entry->d_name[0] != '.' ? 1 : 0;
	if (directory != NULL)
		(void)closedir(directory);
	return count;
}

unsigned crash_world_check_leaks(struct crash_world *world)
{
	struct leak_check check = { .world = world };
	struct error err = { .message = "" };
	newest_generation(world, check.newest);
	check.source = service_fixture_source(world->service);
	crash_world_must(recover_list(check.source, &check.backups, &check.count, &err), "list",
			 &err);
	for (size_t i = 0; i < check.count; i++)
		check.faults += wrong(!check.backups[i].is_committed, "half a backup is left",
				      check.backups[i].folder);
	walk(&check, world->service->share_path);
	recover_source_close(check.source);
	return check.faults +
	       wrong(crash_world_entries(world, "share/MASBackup/trash") > 0,
		     "something is left on the share", "trash") +
	       wrong(crash_world_entries(world, "state/temporary") > 0,
		     "something is left in the state directory", "temporary");
}

unsigned crash_world_check_closed(struct crash_world *world)
{
	close_generation(world);
	crash_world_prune(world);
	return crash_world_check_leaks(world);
}

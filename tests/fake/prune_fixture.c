/* SPDX-License-Identifier: Apache-2.0 */
/* A service with a history of daily backups. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "fake/prune_fixture.h"
#include "fake/run_program.h"
#include "fake/tree_compare.h"

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "prune fixture: %s\n", what);
	abort();
}

void prune_fixture_execute(const struct prune_fixture *fixture, const char *const words[])
{
	struct buffer output;
	char *copies[8] = { NULL };
	buffer_init(&output, 1u << 20);
	for (size_t i = 0; words[i] != NULL; i++)
		copies[i] = strdup(words[i]);
	must(run_program(fixture->service->folder, copies, &output) == 0, words[0]);
	for (size_t i = 0; copies[i] != NULL; i++)
		free(copies[i]);
	buffer_done(&output);
}

static void copy(const struct prune_fixture *fixture, const char *from, const char *to)
{
	prune_fixture_execute(fixture, (const char *const[]) { "rm", "-rf", "--", to, NULL });
	prune_fixture_execute(fixture, (const char *const[]) { "cp", "-a", "--", from, to, NULL });
}

static void configure(struct prune_fixture *fixture)
{
	const int64_t days = 2;
	const struct backup_location_update update = { .retention_days = &days };
	struct db_job job;
	service_fixture_update(fixture->service, &update, &job);
	must(strcmp(job.state, "Succeeded") == 0, "configure");
	db_job_done(&job);
}

static void back_up(struct prune_fixture *fixture, size_t number)
{
	struct service_fixture *service = fixture->service;
	char name[32];
	struct db_job job;
	service_fixture_write(service, "changing", 60000, (unsigned)number + 10);
	(void)snprintf(name, sizeof name, "source-%zu", number);
	copy(fixture, "source", name);
	service_fixture_backup(service, &job);
	must(strcmp(job.state, "Succeeded") == 0, job.error_message);
	memcpy(fixture->ids[number], job.id, GUID_TEXT_SIZE);
	db_job_done(&job);
}

struct prune_fixture *prune_fixture_new(const char *engine_settings)
{
	char engine[256];
	struct prune_fixture *fixture = calloc(1, sizeof *fixture);
	must(fixture != NULL, "memory");
	(void)snprintf(engine, sizeof engine, "\"generationBackups\":3,\"drillRecipient\":false%s",
		       engine_settings != NULL ? engine_settings : "");
	fixture->service = service_fixture_new(NULL, engine);
	service_fixture_write(fixture->service, "constant", 80000, 1);
	fixture->service->clock_offset = -(PRUNE_BACKUPS - 1) * PRUNE_DAY;
	fixture->service->without_tick = true;
	service_fixture_start(fixture->service);
	service_fixture_configure(fixture->service);
	configure(fixture);
	for (size_t i = 0; i < PRUNE_BACKUPS; i++) {
		back_up(fixture, i);
		if (i + 1 < PRUNE_BACKUPS)
			fixture->service->clock_offset += PRUNE_DAY;
	}
	return fixture;
}

void prune_fixture_free(struct prune_fixture *fixture)
{
	service_fixture_free(fixture->service);
	free(fixture);
}

void prune_fixture_run(struct prune_fixture *fixture, bool is_dry, const char *confirm,
		       struct db_job *out)
{
	struct service_fixture *service = fixture->service;
	const struct backup_prune_request request = { .caller = "test",
						      .is_dry = is_dry,
						      .confirm = confirm };
	char id[GUID_TEXT_SIZE];
	struct error err = { .message = "" };
	struct db *state = NULL;
	struct db_pool *pool = backup_service_state(service->service);
	must(db_pool_take(pool, &state, &err) == STATUS_OK, "database");
	enum status status = backup_prune_submit(service->service, state, &request, id, &err);
	db_pool_give(pool, state);
	must(status == STATUS_OK, err.message);
	service_fixture_wait(service, id, out);
}

size_t prune_fixture_prune(struct prune_fixture *fixture)
{
	struct db_job job;
	AUTO_JSON result = NULL;
	prune_fixture_run(fixture, false, NULL, &job);
	must(strcmp(job.state, "Succeeded") == 0, job.error_message);
	must(json_parse(job.result, strlen(job.result), &result, NULL) == STATUS_OK, "result");
	db_job_done(&job);
	return json_array_size(json_object_get(result, "pathsToDelete"));
}

size_t prune_fixture_count(const struct prune_fixture *fixture, const char *folder,
			   const char *pattern)
{
	char path[512];
	size_t count = 0;
	(void)snprintf(path, sizeof path, "%s/MASBackup/%s", fixture->service->share_path, folder);
	DIR *directory = opendir(path);
	for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
		count += entry->d_name[0] != '.' && strstr(entry->d_name, pattern) != NULL ? 1 : 0;
	if (directory != NULL)
		(void)closedir(directory);
	return count;
}

static unsigned check_listed(struct prune_fixture *fixture, size_t first)
{
	const struct recover_backup *backups;
	size_t count = 0, found = 0;
	unsigned wrong = 0;
	struct recover_source *source = service_fixture_source(fixture->service);
	must(recover_list(source, &backups, &count, NULL) == STATUS_OK, "list");
	for (size_t i = 0; i < count; i++) {
		wrong += recover_is_sound(source, &backups[i]) ? 0 : 1;
		for (size_t j = first; j < PRUNE_BACKUPS; j++)
			found += strcmp(backups[i].backup_id, fixture->ids[j]) == 0 ? 1 : 0;
	}
	recover_source_close(source);
	if (wrong > 0 || found != PRUNE_BACKUPS - first)
		fprintf(stderr, "%zu of %zu kept backups are listed, %u are not sound\n", found,
			PRUNE_BACKUPS - first, wrong);
	return wrong + (unsigned)(PRUNE_BACKUPS - first - found);
}

static unsigned check_restored(struct prune_fixture *fixture, size_t number)
{
	char name[32];
	char *folder = NULL;
	struct error err = { .message = "" };
	enum status status = service_fixture_recover(fixture->service, fixture->ids[number],
						     "recovered", &folder, &err);
	(void)snprintf(name, sizeof name, "source-%zu", number);
	AUTO_FREE char *expected = file_join(fixture->service->folder, name);
	unsigned wrong = status == STATUS_OK ? tree_compare(expected, folder, 0, stderr) : 1;
	if (wrong > 0)
		fprintf(stderr, "backup %zu does not restore: %s\n", number, err.message);
	free(folder);
	prune_fixture_execute(fixture,
			      (const char *const[]) { "rm", "-rf", "--", "recovered", NULL });
	return wrong;
}

unsigned prune_fixture_check(struct prune_fixture *fixture, size_t first, bool restore)
{
	unsigned wrong = check_listed(fixture, first);
	wrong += (unsigned)service_fixture_verify(fixture->service, false);
	for (size_t i = first; i < PRUNE_BACKUPS && restore; i++)
		wrong += check_restored(fixture, i);
	return wrong;
}

void prune_fixture_save(struct prune_fixture *fixture)
{
	service_fixture_stop(fixture->service);
	copy(fixture, "share", "share-saved");
	copy(fixture, "state", "state-saved");
	service_fixture_start(fixture->service);
}

void prune_fixture_restore(struct prune_fixture *fixture)
{
	service_fixture_stop(fixture->service);
	copy(fixture, "share-saved", "share");
	copy(fixture, "state-saved", "state");
	service_fixture_start(fixture->service);
}

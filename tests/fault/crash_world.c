/* SPDX-License-Identifier: Apache-2.0 */
/* The state from which a service is stopped, and starting it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "infrabackup/crypto.h"

#include "fake/run_program.h"
#include "fault/crash_world.h"

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "crash world: %s\n", what);
	abort();
}

void crash_world_must(enum status status, const char *what, const struct error *err)
{
	char text[1024];
	if (status == STATUS_OK)
		return;
	fprintf(stderr, "%s: %s\n", what, error_text(err, text, sizeof text));
	abort();
}

unsigned crash_world_wrong(bool is_wrong, const char *format, ...)
{
	va_list arguments;
	if (!is_wrong)
		return 0;
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
	return 1;
}

void crash_world_init(struct crash_world *world, struct service_fixture *service)
{
	struct error err;
	struct buffer pfx;
	memset(world, 0, sizeof *world);
	world->service = service;
	world->shared = mmap(NULL, sizeof *world->shared, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(world->shared != MAP_FAILED, "memory");
	buffer_init(&pfx, 1u << 20);
	buffer_init(&world->second_certificate, 1u << 20);
	crash_world_must(certificate_generate("second", false, 30, &service->pfx_password,
					      &world->second_certificate, &pfx, &err),
			 "certificate", &err);
	world->keys[0] = service_fixture_key(service);
	crash_world_must(private_key_from_pfx(pfx.data, pfx.length, &service->pfx_password,
					      &world->keys[1], &err),
			 "PFX", &err);
	buffer_done(&pfx);
}

void crash_world_done(struct crash_world *world)
{
	service_fixture_free(world->service);
	private_key_free(world->keys[0]);
	private_key_free(world->keys[1]);
	buffer_done(&world->second_certificate);
	(void)munmap(world->shared, sizeof *world->shared);
}

void crash_world_execute(const struct crash_world *world, const char *command)
{
	struct buffer output;
	char *words[] = { strdup("sh"), strdup("-ec"), strdup(command), NULL };
	buffer_init(&output, 1u << 20);
	must(run_program(world->service->folder, words, &output) == 0, command);
	for (size_t i = 0; words[i] != NULL; i++)
		free(words[i]);
	buffer_done(&output);
}

void crash_world_save(const struct crash_world *world)
{
	crash_world_execute(world, "mkdir saved grave; cp -a share saved; "
				   "if [ -d state ]; then cp -a state saved; fi");
}

void crash_world_restore(const struct crash_world *world)
{
	crash_world_execute(world, "rm -rf share state grave recovered*; mkdir grave; "
				   "cp -a saved/* .");
	world->shared->running[0] = '\0';
	world->shared->is_recovered = false;
}

struct db *crash_world_take(struct crash_world *world)
{
	struct error err;
	struct db *state = NULL;
	crash_world_must(db_pool_take(backup_service_state(world->service->service), &state, &err),
			 "database", &err);
	return state;
}

void crash_world_give(struct crash_world *world, struct db *state)
{
	db_pool_give(backup_service_state(world->service->service), state);
}

void crash_world_wait(struct crash_world *world, const char *id)
{
	struct db_job job;
	service_fixture_wait(world->service, id, &job);
	if (strcmp(job.state, "Succeeded") != 0)
		fprintf(stderr, "job of kind %s is %s\n", job.kind, job.state);
	must(strcmp(job.state, "Succeeded") == 0,
	     job.error_message != NULL ? job.error_message : "it has no message");
	db_job_done(&job);
}

struct search {
	char id[GUID_TEXT_SIZE];
};

static enum status see_open_job(const struct db_job *job, void *context, struct error *err)
{
	struct search *search = context;
	enum job_state state = JOB_RUNNING;
	(void)err;
	must(job_state_from_name(job->state, &state), job->state);
	if (!job_state_is_final(state))
		memcpy(search->id, job->id, sizeof search->id);
	return STATUS_OK;
}

/* The jobs that a start brings about are over. */
static void settle(struct crash_world *world)
{
	struct error err;
	struct search search;
	do {
		struct db_job job;
		struct db *state = crash_world_take(world);
		memset(&search, 0, sizeof search);
		crash_world_must(db_job_list(state, world->service->config->deployment.location,
					     NULL, 100, see_open_job, &search, &err),
				 "jobs", &err);
		crash_world_give(world, state);
		if (search.id[0] == '\0')
			return;
		service_fixture_wait(world->service, search.id, &job);
		db_job_done(&job);
	} while (true);
}

void crash_world_start(struct crash_world *world)
{
	struct error err;
	world->service->without_tick = true;
	service_fixture_start(world->service);
	struct db *state = crash_world_take(world);
	crash_world_must(backup_history_submit(world->service->service, state, &err), "history",
			 &err);
	crash_world_give(world, state);
	jobs_engine_wake(world->service->engine);
	settle(world);
}

void crash_world_remember(struct crash_world *world)
{
	struct crash_shared *shared = world->shared;
	char command[64];
	struct db_job job;
	must(shared->count < CRASH_BACKUPS_MAX, "too many backups");
	service_fixture_write(world->service, "changing", 60000, (unsigned)shared->count + 10);
	(void)snprintf(command, sizeof command, "cp -a source source-%zu", shared->count);
	crash_world_execute(world, command);
	service_fixture_backup(world->service, &job);
	must(strcmp(job.state, "Succeeded") == 0, job.error_message);
	memcpy(shared->ids[shared->count++], job.id, GUID_TEXT_SIZE);
	db_job_done(&job);
}

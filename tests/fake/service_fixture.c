/* SPDX-License-Identifier: Apache-2.0 */
/* A whole service in the test's own process. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "infrabackup/crypto.h"

#include "fake/service_fixture.h"
#include "fake/tree_compare.h"

#define PASSWORD "a password of the test"

/* A fixture that cannot be made is no result of a test: the program ends. */
static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "service fixture: %s: %s\n", what, strerror(errno));
	abort();
}

static void must_be_ok(enum status status, const char *what, const struct error *err)
{
	char text[1024];
	if (status == STATUS_OK)
		return;
	fprintf(stderr, "service fixture: %s: %s\n", what, error_text(err, text, sizeof text));
	abort();
}

static int64_t fixture_now(void *context)
{
	const struct service_fixture *fixture = context;
	return clock_now(&system_clock) + atomic_load(&fixture->clock_offset);
}

static int64_t fixture_monotonic(void *context)
{
	(void)context;
	return clock_monotonic(&system_clock);
}

static void make_certificate(struct service_fixture *fixture)
{
	struct error err;
	buffer_init(&fixture->pfx, 1u << 20);
	buffer_init(&fixture->certificate, 1u << 20);
	must_be_ok(secret_copy(&fixture->pfx_password, PASSWORD, strlen(PASSWORD), &err),
		   "password", &err);
	must_be_ok(certificate_generate("test", false, 30, &fixture->pfx_password,
					&fixture->certificate, &fixture->pfx, &err),
		   "certificate", &err);
}

static void make_config(struct service_fixture *fixture, const char *services,
			const char *engine_settings)
{
	/* What verifies by itself would get between the test's steps. */
	const char *engine = engine_settings != NULL ? engine_settings : "\"verifyGiBPerDay\":0";
	char *text = NULL;
	struct error err;
	/* A small reserve: the share of a test has room for it. */
	const char *reserve =
		strstr(engine, "shareReserveMiB") != NULL ? "" : ",\"shareReserveMiB\":1";
	must(asprintf(
		     &text,
		     "{\"stateDir\":\"%s/state\",\"deployment\":{\"id\":\"b7e4b6f0-0d4c-4a54-8d08-"
		     "0c1a56d7c002\",\"location\":\"north\",\"externalDomain\":\"example.com\","
		     "\"subscriptionId\":\"7d0f5f0e-6a39-4c5e-9a64-0b6c86f1a001\",\"stampVersion\":"
		     "\"1.2311.1.22\"},\"http\":{\"listen\":\"127.0.0.1:0\"},\"engine\":{%s%s},"
		     "\"services\":[{\"role\":\"Data\",\"provider\":\"directory\",\"path\":\"%s\"}%"
		     "s]}",
		     fixture->folder, engine, reserve, fixture->source_path,
		     services != NULL ? services : "") > 0,
	     "config");
	must_be_ok(config_parse(text, strlen(text), "test", &fixture->config, &err), "config",
		   &err);
	free(text);
}

struct service_fixture *service_fixture_new(const char *services, const char *engine_settings)
{
	struct error err;
	struct service_fixture *fixture = calloc(1, sizeof *fixture);
	must(fixture != NULL, "memory");
	const char *base = getenv("TMPDIR");
	(void)snprintf(fixture->folder, sizeof fixture->folder, "%.32s/infrabackup-XXXXXX",
		       base != NULL ? base : "/tmp");
	must(mkdtemp(fixture->folder) != NULL, "temporary folder");
	fixture->share_path = file_join(fixture->folder, "share");
	fixture->source_path = file_join(fixture->folder, "source");
	must(mkdir(fixture->share_path, 0700) == 0 && mkdir(fixture->source_path, 0755) == 0,
	     "folders");
	fixture->clock = (struct clock) { fixture_now, fixture_monotonic, fixture };
	make_certificate(fixture);
	make_config(fixture, services, engine_settings);
	fixture->fake = share_fake_new(NULL, NULL);
	share_registry_init(&fixture->shares);
	share_registry_set(&fixture->shares, share_fake_driver(fixture->fake), fixture->fake);
	struct backup_initialized initialized;
	must_be_ok(backup_state_init(fixture->config, &fixture->clock, &initialized, &err), "init",
		   &err);
	backup_initialized_done(&initialized);
	return fixture;
}

void service_fixture_free(struct service_fixture *fixture)
{
	service_fixture_stop(fixture);
	share_fake_free(fixture->fake);
	config_free(fixture->config);
	status_ignore(file_remove_tree(fixture->folder, NULL));
	free(fixture->share_path);
	free(fixture->source_path);
	secret_free(&fixture->pfx_password);
	buffer_done(&fixture->pfx);
	buffer_done(&fixture->certificate);
	free(fixture);
}

struct db *service_fixture_take(struct service_fixture *fixture)
{
	struct error err;
	struct db *state = NULL;
	must_be_ok(db_pool_take(backup_service_state(fixture->service), &state, &err), "database",
		   &err);
	return state;
}

void service_fixture_review(struct service_fixture *fixture)
{
	struct error err;
	struct db *state = service_fixture_take(fixture);
	must_be_ok(backup_review_alerts(fixture->service, state, &err), "review", &err);
	db_pool_give(backup_service_state(fixture->service), state);
}

void service_fixture_start(struct service_fixture *fixture)
{
	struct error err;
	const struct backup_service_settings settings = { fixture->config, &fixture->shares,
							  &fixture->clock };
	must_be_ok(backup_service_open(&settings, &fixture->service, &err), "open", &err);
	struct jobs_settings jobs = { .state = backup_service_state(fixture->service),
				      .clock = &fixture->clock,
				      .workers = 2,
				      .ended = backup_job_ended,
				      .ended_context = fixture->service,
				      .tick = fixture->without_tick ? NULL : backup_service_tick,
				      .tick_context = fixture->service };
	jobs.kinds = backup_service_kinds(fixture->service, &jobs.kind_count);
	must_be_ok(jobs_engine_start(&jobs, &fixture->engine, &err), "engine", &err);
	backup_service_set_engine(fixture->service, fixture->engine);
	service_fixture_review(fixture);
}

void service_fixture_stop(struct service_fixture *fixture)
{
	if (fixture->service != NULL)
		backup_service_set_engine(fixture->service, NULL);
	jobs_engine_stop(TAKE(fixture->engine));
	backup_service_close(TAKE(fixture->service));
}

void service_fixture_give(struct service_fixture *fixture, struct db *state)
{
	db_pool_give(backup_service_state(fixture->service), state);
}

/* Polls, because the engine offers readers nothing but the row; bounded by the runner's limit for a
 * test. */
void service_fixture_wait(struct service_fixture *fixture, const char *id, struct db_job *out)
{
	enum job_state state = JOB_RUNNING;
	struct error err;
	for (;;) {
		struct db *db = service_fixture_take(fixture);
		memset(out, 0, sizeof *out);
		must_be_ok(db_job_get(db, id, out, &err), "job", &err);
		service_fixture_give(fixture, db);
		must(job_state_from_name(out->state, &state), out->state);
		if (job_state_is_final(state))
			return;
		db_job_done(out);
		(void)usleep(2000);
	}
}

void service_fixture_update(struct service_fixture *fixture,
			    const struct backup_location_update *update, struct db_job *out)
{
	char id[GUID_TEXT_SIZE];
	struct error err;
	struct db *db = service_fixture_take(fixture);
	must_be_ok(backup_location_submit(fixture->service, db, update, "test", id, &err),
		   "configure", &err);
	service_fixture_give(fixture, db);
	service_fixture_wait(fixture, id, out);
}

void service_fixture_configure(struct service_fixture *fixture)
{
	struct buffer text;
	struct error err;
	struct db_job job;
	buffer_init(&text, 1u << 20);
	must_be_ok(
		base64_encode(fixture->certificate.data, fixture->certificate.length, &text, &err),
		"certificate", &err);
	const struct backup_location_update update = {
		.path = fixture->share_path,
		.certificate_base64 = (const char *)text.data,
	};
	service_fixture_update(fixture, &update, &job);
	must(strcmp(job.state, "Succeeded") == 0, job.error_message);
	db_job_done(&job);
	buffer_done(&text);
}

void service_fixture_submit(struct service_fixture *fixture, char id[GUID_TEXT_SIZE])
{
	struct error err;
	struct db *db = service_fixture_take(fixture);
	must_be_ok(backup_submit(fixture->service, db, "test", false, id, &err), "submit", &err);
	service_fixture_give(fixture, db);
}

void service_fixture_backup(struct service_fixture *fixture, struct db_job *out)
{
	char id[GUID_TEXT_SIZE];
	service_fixture_submit(fixture, id);
	service_fixture_wait(fixture, id, out);
}

void service_fixture_back_up(struct service_fixture *fixture)
{
	struct db_job job;
	service_fixture_backup(fixture, &job);
	must(strcmp(job.state, "Succeeded") == 0,
	     job.error_message != NULL ? job.error_message : job.state);
	db_job_done(&job);
}

struct role_search {
	const char *role;
	struct db_job_role *out;
	bool found;
};

static enum status see_role(const struct db_job_role *role, void *context, struct error *err)
{
	struct role_search *search = context;
	(void)err;
	if (strcmp(role->role, search->role) != 0)
		return STATUS_OK;
	*search->out = *role;
	search->out->role = strdup(role->role);
	search->out->state = strdup(role->state);
	search->out->error_status = role->error_status != NULL ? strdup(role->error_status) : NULL;
	search->out->error_message =
		role->error_message != NULL ? strdup(role->error_message) : NULL;
	search->out->provider = role->provider != NULL ? strdup(role->provider) : NULL;
	search->found = true;
	return STATUS_OK;
}

bool service_fixture_role(struct service_fixture *fixture, const char *job_id, const char *role,
			  struct db_job_role *out)
{
	struct error err;
	struct role_search search = { role, out, false };
	struct db *db = service_fixture_take(fixture);
	must_be_ok(db_job_role_list(db, job_id, see_role, &search, &err), "roles", &err);
	service_fixture_give(fixture, db);
	return search.found;
}

/* --- reading back --- */

struct open_source {
	struct share_registry shares;
	struct share_address address;
	struct share_options options;
};

struct recover_source *service_fixture_source(struct service_fixture *fixture)
{
	/* One set for the life of the program is enough: the address is the only thing that
	 * differs. */
	static struct open_source opened;
	struct recover_source *source = NULL;
	struct error err;
	share_registry_init(&opened.shares);
	must_be_ok(share_address_parse(fixture->share_path, "share", &opened.address, &err),
		   "address", &err);
	opened.options = (struct share_options) { .address = &opened.address, .deadline = 60000 };
	const struct recover_settings settings = { .shares = &opened.shares,
						   .share = &opened.options };
	must_be_ok(recover_source_open(&settings, &source, &err), "open share", &err);
	return source;
}

struct private_key *service_fixture_key(struct service_fixture *fixture)
{
	struct private_key *key = NULL;
	struct error err;
	must_be_ok(private_key_from_pfx(fixture->pfx.data, fixture->pfx.length,
					&fixture->pfx_password, &key, &err),
		   "PFX", &err);
	return key;
}

size_t service_fixture_verify(struct service_fixture *fixture, bool with_key)
{
	struct recover_verify_result result;
	struct error err;
	struct recover_source *source = service_fixture_source(fixture);
	struct private_key *key = with_key ? service_fixture_key(fixture) : NULL;
	must_be_ok(recover_verify(source, NULL, key, with_key, &result, &err), "verify", &err);
	size_t fatal = result.findings.fatal_count;
	for (size_t i = 0; i < result.findings.count; i++)
		if (result.findings.items[i].is_fatal)
			fprintf(stderr, "%s: %s\n", result.findings.items[i].path,
				result.findings.items[i].text);
	recover_verify_result_done(&result);
	private_key_free(key);
	recover_source_close(source);
	return fatal;
}

enum status service_fixture_recover(struct service_fixture *fixture, const char *backup,
				    const char *name, char **role_folder, struct error *err)
{
	return service_fixture_recover_role(fixture, backup, "Data", name, role_folder, err);
}

enum status service_fixture_recover_role(struct service_fixture *fixture, const char *backup,
					 const char *role, const char *name, char **role_folder,
					 struct error *err)
{
	const char *const roles[] = { role, NULL };
	struct recover_source *source = service_fixture_source(fixture);
	struct private_key *key = service_fixture_key(fixture);
	char *folder = file_join(fixture->folder, name);
	struct recover_options options = { .key = key, .roles = roles, .directory = folder };
	struct recover_result result;
	memset(&result, 0, sizeof result);
	enum status status = recover_find(source, backup, &options.backup, err);
	if (status == STATUS_OK)
		status = recover_run(source, &options, &result, err);
	recover_result_done(&result);
	private_key_free(key);
	recover_source_close(source);
	*role_folder = file_join(folder, role);
	free(folder);
	return status;
}

unsigned service_fixture_compare(struct service_fixture *fixture, unsigned flags)
{
	struct error err;
	char *folder = NULL;
	enum status status = service_fixture_recover(fixture, "latest", "recovered", &folder, &err);
	if (status != STATUS_PARTIAL)
		must_be_ok(status, "recover", &err);
	unsigned differences = tree_compare(fixture->source_path, folder, flags, stderr);
	char *top = file_join(fixture->folder, "recovered");
	must_be_ok(file_remove_tree(top, &err), "clean up", &err);
	free(top);
	free(folder);
	return differences;
}

void service_fixture_write(struct service_fixture *fixture, const char *name, size_t length,
			   unsigned seed)
{
	char *path = file_join(fixture->source_path, name);
	FILE *file = fopen(path, "w");
	must(file != NULL, path);
	uint64_t state = seed * 2654435761u + 1;
	for (size_t i = 0; i < length; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		must(fputc((int)(state >> 56), file) != EOF, path);
	}
	must(fclose(file) == 0, path);
	free(path);
}

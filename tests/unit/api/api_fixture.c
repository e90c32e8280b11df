/* SPDX-License-Identifier: Apache-2.0 */
/* An api on an empty state database in a temporary folder, with one token of each role and a fixed
 * clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/auth.h"
#include "unit/api/api_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

enum { PAIRS_MAX = 8 };

static int64_t fixed_now(void *context)
{
	(void)context;
	return API_FIXTURE_NOW;
}

static void configure(struct api_fixture *fixture)
{
	fixture->config.state_directory = fixture->folder;
	fixture->config.deployment.id = "b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002";
	fixture->config.deployment.location = "north";
	fixture->config.deployment.external_domain = "example.com";
	fixture->config.deployment.subscription_id = API_FIXTURE_SUBSCRIPTION;
	fixture->config.deployment.stamp_version = "1.2002.0.35";
	fixture->config.deployment.oem_version = "2.1.1907.1";
	fixture->config.arm.tenant_id = API_FIXTURE_TENANT;
	fixture->config.http.listen_address = "127.0.0.1";
	fixture->config.http.listen_port = 8443;
	fixture->clock = (struct clock) { fixed_now, fixed_now, NULL };
}

static void make_tokens(struct api_fixture *fixture)
{
	for (int role = AUTH_READER; role <= AUTH_ADMINISTRATOR; role++) {
		AUTO_SECRET token = SECRET_EMPTY;

		assert_int_equal(
			auth_token_create(fixture->state, auth_role_name((enum auth_role)role),
					  (enum auth_role)role, API_FIXTURE_NOW, 0, &token, NULL),
			STATUS_OK);
		(void)snprintf(fixture->authorization[role], sizeof(fixture->authorization[role]),
			       "Bearer %s", (const char *)token.data);
	}
}

int api_fixture_start(void **state)
{
	const char *base = getenv("TMPDIR");
	struct api_fixture *fixture = calloc(1, sizeof(*fixture));

	log_set_level(LOG_LEVEL_ERROR);
	assert_non_null(fixture);
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "%.40s/api-XXXXXX",
		       base == NULL ? "/tmp" : base);
	assert_non_null(mkdtemp(fixture->folder));
	AUTO_FREE char *path = file_join(fixture->folder, "state.sqlite");
	configure(fixture);
	assert_int_equal(db_pool_new(path, DB_STATE, 4, &fixture->pool, NULL), STATUS_OK);
	assert_int_equal(db_pool_take(fixture->pool, &fixture->state, NULL), STATUS_OK);
	make_tokens(fixture);
	assert_int_equal(alert_book_new("north", &fixture->clock, &fixture->alerts, NULL),
			 STATUS_OK);

	const struct audit_settings audit = { .master_key = &fixture->key,
					      .clock = &fixture->clock };

	assert_int_equal(secret_copy(&fixture->key, "0123456789abcdef0123456789abcdef", 32, NULL),
			 STATUS_OK);
	assert_int_equal(audit_open(&audit, &fixture->audit, NULL), STATUS_OK);
	const struct api_settings settings = { .config = &fixture->config,
					       .alerts = fixture->alerts,
					       .audit = fixture->audit,
					       .state = fixture->pool,
					       .clock = &fixture->clock };

	assert_int_equal(api_new(&settings, &fixture->api, NULL), STATUS_OK);
	http_response_init(&fixture->response, 200);
	fixture->sent_authorization = fixture->authorization[AUTH_ADMINISTRATOR];
	fixture->sent_version = "2018-09-01";
	*state = fixture;
	return 0;
}

int api_fixture_stop(void **state)
{
	struct api_fixture *fixture = *state;

	json_decref(fixture->json);
	http_response_done(&fixture->response);
	api_free(fixture->api);
	alert_book_free(fixture->alerts);
	audit_close(fixture->audit);
	secret_free(&fixture->key);
	db_pool_give(fixture->pool, fixture->state);
	db_pool_free(fixture->pool);
	enum status removed = file_remove_tree(fixture->folder, NULL);
	free(fixture);
	return removed == STATUS_OK ? 0 : -1;
}

/* Cuts "a=1&b=2" in place into pairs. */
static size_t split_query(char *text, struct http_pair pairs[PAIRS_MAX])
{
	size_t count = 0;
	char *rest = text, *part;

	while (count < PAIRS_MAX && (part = strsep(&rest, "&")) != NULL) {
		char *value = strchr(part, '=');

		if (value == NULL)
			continue;
		*value = '\0';
		pairs[count].name = part;
		pairs[count++].value = value + 1;
	}
	return count;
}

static size_t add_pair(struct http_pair *pairs, size_t count, const char *name, const char *value)
{
	if (value == NULL)
		return count;
	pairs[count].name = name;
	pairs[count].value = value;
	return count + 1;
}

static void take_answer(struct api_fixture *fixture)
{
	json_decref(fixture->json);
	fixture->json = NULL;
	fixture->text = "";
	if (fixture->response.body.length == 0)
		return;
	assert_int_equal(buffer_terminate(&fixture->response.body, NULL), STATUS_OK);
	fixture->text = (const char *)fixture->response.body.data;
	assert_int_equal(
		json_parse(fixture->text, fixture->response.body.length, &fixture->json, NULL),
		STATUS_OK);
}

unsigned api_fixture_call(struct api_fixture *fixture, const char *method, const char *target,
			  const char *body)
{
	struct http_pair headers[PAIRS_MAX], query[PAIRS_MAX + 1];
	AUTO_FREE char *path = strdup(target);
	char *mark = strchr(path, '?');
	size_t query_count = 0, header_count = 0;

	if (mark != NULL) {
		*mark = '\0';
		query_count = split_query(mark + 1, query);
	}
	query_count = add_pair(query, query_count, "api-version", fixture->sent_version);
	header_count = add_pair(headers, 0, "Authorization", fixture->sent_authorization);
	header_count = add_pair(headers, header_count, "Content-Type", fixture->sent_type);
	if (fixture->sent_header != NULL)
		header_count = add_pair(headers, header_count, fixture->sent_header,
					fixture->sent_header_value);
	for (const struct http_pair *pair = fixture->sent_pairs; pair != NULL && pair->name != NULL;
	     pair++)
		header_count = add_pair(headers, header_count, pair->name, pair->value);

	struct http_request request = { .method = method,
					.path = path,
					.body = body,
					.body_length = body == NULL ? 0 : strlen(body),
					.client_address = "127.0.0.1",
					.host = "backup.example.com:8443",
					.is_tls = true,
					.certificate = fixture->sent_certificate,
					.headers = headers,
					.header_count = header_count,
					.query = query,
					.query_count = query_count };
	guid_generate(request.request_id);
	http_response_done(&fixture->response);
	http_response_init(&fixture->response, 200);
	api_handle(fixture->api, &request, &fixture->response);
	take_answer(fixture);
	return fixture->response.status;
}

const char *api_fixture_header(const struct api_fixture *fixture, const char *name)
{
	for (size_t i = 0; i < fixture->response.header_count; i++)
		if (strcmp(fixture->response.headers[i].name, name) == 0)
			return fixture->response.headers[i].value;
	return NULL;
}

static const char *error_member(const struct api_fixture *fixture, const char *name)
{
	const char *text =
		json_string_value(json_object_get(json_object_get(fixture->json, "error"), name));

	return text == NULL ? "" : text;
}

const char *api_fixture_code(const struct api_fixture *fixture)
{
	return error_member(fixture, "code");
}

const char *api_fixture_target(const struct api_fixture *fixture)
{
	return error_member(fixture, "target");
}

void api_fixture_add_backup(struct api_fixture *fixture, const char *id, uint64_t sequence,
			    const char *status)
{
	char location[] = "north", folder[] = "f", generation[] = "0001-5c1b0e0f";
	char stamp[] = "1.2002.0.35", oem[] = "2.1.1907.1";
	char deployment[] = "b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002", status_text[32];
	struct db_backup backup = { .location = location,
				    .sequence = sequence,
				    .folder = folder,
				    .generation = generation,
				    .status = status_text,
				    .started_time = API_FIXTURE_NOW - 1263017,
				    .completed_time = API_FIXTURE_NOW,
				    .stamp_version = stamp,
				    .oem_version = oem,
				    .deployment_id = deployment,
				    .thumbprint = "5C1B0E0F4AF2E6B1B6C1A97B1D8E0C1F2A3B4C5D",
				    .is_automatic = true,
				    .is_cloud_recovery_ready = true,
				    .bytes = 2049,
				    .new_bytes = 1024 };
	const struct db_generation row = { .number = 1,
					   .name = "0001-5c1b0e0f",
					   .thumbprint = "5C1B0E0F4AF2E6B1B6C1A97B1D8E0C1F2A3B4C5D",
					   .created_time = 1 };
	struct db_generation newest = { 0 };

	(void)snprintf(status_text, sizeof(status_text), "%s", status);
	(void)snprintf(backup.id, sizeof(backup.id), "%s", id);
	if (db_generation_newest(fixture->state, &newest, NULL) == STATUS_NOT_FOUND)
		assert_int_equal(db_generation_add(fixture->state, &row, NULL), STATUS_OK);
	db_generation_done(&newest);
	assert_int_equal(db_backup_add(fixture->state, &backup, NULL), STATUS_OK);
}

void api_fixture_add_job(struct api_fixture *fixture, const char *id, const char *kind)
{
	char location[] = "north", caller[] = "tests", kind_text[32], queued[] = "Queued";
	struct db_job job = { .kind = kind_text,
			      .location = location,
			      .state = queued,
			      .requested_by = caller,
			      .created_time = API_FIXTURE_NOW - 20000 };

	(void)snprintf(kind_text, sizeof(kind_text), "%s", kind);
	(void)snprintf(job.id, sizeof(job.id), "%s", id);
	assert_int_equal(db_job_add(fixture->state, &job, NULL), STATUS_OK);
}

void api_fixture_run_job(struct api_fixture *fixture)
{
	struct db_job job = { 0 };

	assert_int_equal(
		db_job_claim(fixture->state, API_FIXTURE_NOW - 10000, API_FIXTURE_NOW, &job, NULL),
		STATUS_OK);
	db_job_done(&job);
}

void api_fixture_finish_job(struct api_fixture *fixture, const char *id, const char *job_state,
			    const char *result, const struct error *fault)
{
	assert_int_equal(db_job_finish(fixture->state, id, job_state, API_FIXTURE_NOW - 5000,
				       result, fault, NULL),
			 STATUS_OK);
}

void api_fixture_add_role(struct api_fixture *fixture, const char *id, int position,
			  const char *role, const char *role_state)
{
	char role_text[64], state_text[32], provider[] = "directory";
	struct db_job_role row = { .position = position,
				   .role = role_text,
				   .state = state_text,
				   .entries = 3,
				   .bytes = 2049,
				   .new_bytes = 1024,
				   .files_read = 1,
				   .files_unchanged = 2,
				   .started_time = API_FIXTURE_NOW - 9000,
				   .provider = provider };

	(void)snprintf(row.job_id, sizeof(row.job_id), "%s", id);
	(void)snprintf(role_text, sizeof(role_text), "%s", role);
	(void)snprintf(state_text, sizeof(state_text), "%s", role_state);
	assert_int_equal(db_job_role_put(fixture->state, &row, NULL), STATUS_OK);
}

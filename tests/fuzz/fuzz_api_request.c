/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a known caller into the interface: "METHOD path?query\nbody". No request may crash
 * it or get an answer that is not JSON. Behind it is a service without an engine: what it accepts
 * is queued, and ended before the next request. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "infrabackup/api.h"
#include "infrabackup/auth.h"

enum { PAIRS_MAX = 8, INPUT_MAX = 1 << 16 };

#define FIXED_NOW 1709325000000
#define BACKUP_ID "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
	char folder[64];
	char authorization[64];
	struct config *config;
	struct share_registry shares;
	struct clock clock;
	struct backup_service *service;
	struct api *api;
};

/* libFuzzer has no place for a context. */
static struct target target;

static void require(bool held, const char *what)
{
	if (held)
		return;
	(void)fprintf(stderr, "not held: %s\n", what);
	abort();
}

static int64_t fixed_now(void *context)
{
	(void)context;
	return FIXED_NOW;
}

static struct db *take_state(void)
{
	struct db *state = NULL;

	require(db_pool_take(backup_service_state(target.service), &state, NULL) == STATUS_OK,
		"a connection");
	return state;
}

static void end_job(struct db *state, const char *id)
{
	require(db_job_finish(state, id, "Succeeded", FIXED_NOW, NULL, NULL, NULL) == STATUS_OK,
		"the end of a job");
}

static void add_job(struct db *state)
{
	char location[] = "north", caller[] = "fuzz", kind[] = "backup", queued[] = "Queued";
	struct db_job job = { .id = BACKUP_ID,
			      .kind = kind,
			      .location = location,
			      .state = queued,
			      .requested_by = caller,
			      .created_time = FIXED_NOW - 20000 };

	require(db_job_add(state, &job, NULL) == STATUS_OK, "a job");
	end_job(state, job.id);
}

static void remove_folder(void)
{
	api_free(target.api);
	backup_service_close(target.service);
	config_free(target.config);
	require(file_remove_tree(target.folder, NULL) == STATUS_OK, "removal of the folder");
}

static void read_config(void)
{
	AUTO_FREE char *text = NULL;

	require(asprintf(&text,
			 "{\"stateDir\":\"%s/state\",\"deployment\":{\"id\":"
			 "\"b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002\",\"location\":\"north\","
			 "\"externalDomain\":\"example.com\",\"subscriptionId\":"
			 "\"7d0f5f0e-6a39-4c5e-9a64-0b6c86f1a001\",\"stampVersion\":"
			 "\"1.2311.1.22\"},\"http\":{\"listen\":\"127.0.0.1:0\"},\"services\":[{"
			 "\"role\":\"Data\",\"provider\":\"directory\",\"path\":\"%s\"}]}",
			 target.folder, target.folder) > 0,
		"memory");
	require(config_parse(text, strlen(text), "fuzz", &target.config, NULL) == STATUS_OK,
		"a configuration");
}

static void open_service(void)
{
	struct backup_initialized made;

	read_config();
	target.clock = (struct clock) { fixed_now, fixed_now, NULL };
	share_registry_init(&target.shares);
	require(backup_state_init(target.config, &target.clock, &made, NULL) == STATUS_OK,
		"a state directory");
	(void)snprintf(target.authorization, sizeof(target.authorization), "Bearer %s",
		       (const char *)made.token.data);
	backup_initialized_done(&made);
	const struct backup_service_settings settings = { target.config, &target.shares,
							  &target.clock };
	require(backup_service_open(&settings, &target.service, NULL) == STATUS_OK, "a service");
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	const char *base = getenv("TMPDIR");

	(void)count;
	(void)arguments;
	log_set_level(LOG_LEVEL_ERROR);
	(void)snprintf(target.folder, sizeof(target.folder), "%.40s/fuzz-XXXXXX",
		       base == NULL ? "/tmp" : base);
	require(mkdtemp(target.folder) != NULL, "a folder");
	open_service();
	struct db *state = take_state();
	const struct alert_report report = { .fault = ALERT_NOT_CONFIGURED };
	require(alert_raise(backup_service_alerts(target.service), state, &report, NULL) ==
			STATUS_OK,
		"an alert");
	add_job(state);
	db_pool_give(backup_service_state(target.service), state);

	const struct api_settings settings = { .config = target.config,
					       .alerts = backup_service_alerts(target.service),
					       .audit = backup_service_audit(target.service),
					       .backup = target.service,
					       .state = backup_service_state(target.service),
					       .clock = &target.clock };

	require(api_new(&settings, &target.api, NULL) == STATUS_OK, "an interface");
	return atexit(remove_folder);
}

static enum status keep_id(const struct db_job *job, void *context, struct error *err)
{
	(void)err;
	if (strcmp(job->state, "Queued") == 0)
		memcpy(context, job->id, GUID_TEXT_SIZE);
	return STATUS_OK;
}

/* Else every further one would be refused. */
static void end_what_was_queued(void)
{
	char id[GUID_TEXT_SIZE] = "";
	struct db *state = take_state();

	require(db_job_list(state, "north", NULL, 1, keep_id, id, NULL) == STATUS_OK, "jobs");
	if (id[0] != '\0')
		end_job(state, id);
	db_pool_give(backup_service_state(target.service), state);
}

/* Cuts "a=1&b" in place into pairs. */
static size_t split_query(char *text, struct http_pair pairs[PAIRS_MAX])
{
	size_t count = 0;
	char *rest = text, *part;

	while (count < PAIRS_MAX && (part = strsep(&rest, "&")) != NULL) {
		char *value = strchr(part, '=');

		if (value != NULL)
			*value++ = '\0';
		pairs[count].name = part;
		pairs[count++].value = value == NULL ? "" : value;
	}
	return count;
}

static void check_answer(const struct http_response *response)
{
	AUTO_JSON json = NULL;

	require(response->status >= 200 && response->status <= 503, "a status");
	require(response->status != 500, "no fault of our own");
	if (response->status == 202)
		require(response->body.length == 0, "202 has no body");
	if (response->body.length == 0)
		require(response->status == 202, "only 202 has no body");
	else
		require(json_parse(response->body.data, response->body.length, &json, NULL) ==
				STATUS_OK,
			"the answer is JSON");
}

static void call(char *method, char *path, const char *body, size_t body_length)
{
	const struct http_pair headers[] = { { "Authorization", target.authorization },
					     { "Content-Type", "application/json" } };
	struct http_pair query[PAIRS_MAX];
	struct http_response response;
	struct http_request request = { .method = method,
					.path = path,
					.body = body_length == 0 ? NULL : body,
					.body_length = body_length,
					.client_address = "127.0.0.1",
					.host = "h",
					.headers = headers,
					.header_count = ARRAY_LENGTH(headers),
					.query = query };
	char *mark = strchr(path, '?');

	if (mark != NULL) {
		*mark = '\0';
		request.query_count = split_query(mark + 1, query);
	}
	guid_generate(request.request_id);
	http_response_init(&response, 200);
	api_handle(target.api, &request, &response);
	check_answer(&response);
	if (response.status == 202)
		end_what_was_queued();
	http_response_done(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > INPUT_MAX)
		return 0;
	AUTO_FREE char *text = malloc(size + 1);
	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';

	char *line_end = memchr(text, '\n', size);
	size_t line = line_end == NULL ? size : (size_t)(line_end - text);
	size_t body = line_end == NULL ? size : line + 1;

	text[line] = '\0';
	char *path = strchr(text, ' ');
	if (path == NULL)
		return 0;
	*path++ = '\0';
	call(text, path, text + body, size - body);
	return 0;
}

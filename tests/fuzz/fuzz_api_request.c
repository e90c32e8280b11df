/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of a known caller into the interface: "METHOD path?query\nbody". No request may crash
 * it, get an answer that is not JSON, or see the stored password; what reaches the domain is
 * counted as accepted by a stand-in. */
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
	struct config config;
	struct clock clock;
	struct db_pool *pool;
	struct alert_book *alerts;
	struct api *api;
};

/* libFuzzer has no place for a context. */
static struct target target;

/* Stand-ins for the domain: the library's own are not linked, because nothing else asks for their
 * file. */
enum status backup_location_submit(struct backup_service *service, struct db *state,
				   const struct backup_location_update *update, const char *caller,
				   char operation_id[GUID_TEXT_SIZE], struct error *err)
{
	(void)service;
	(void)state;
	(void)caller;
	if (update->path != NULL && update->path[0] == '\0')
		return fail(err, STATUS_FAILED, "fuzz", NULL, "an empty text means keep");
	guid_generate(operation_id);
	return STATUS_OK;
}

enum status backup_submit(struct backup_service *service, struct db *state, const char *caller,
			  bool is_automatic, char backup_id[GUID_TEXT_SIZE], struct error *err)
{
	(void)service;
	(void)state;
	(void)caller;
	(void)is_automatic;
	(void)err;
	guid_generate(backup_id);
	return STATUS_OK;
}

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
}

static void remove_folder(void)
{
	api_free(target.api);
	alert_book_free(target.alerts);
	db_pool_free(target.pool);
	require(file_remove_tree(target.folder, NULL) == STATUS_OK, "removal of the folder");
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	const char *base = getenv("TMPDIR");
	struct db *state = NULL;
	AUTO_SECRET token = SECRET_EMPTY;

	(void)count;
	(void)arguments;
	log_set_level(LOG_LEVEL_ERROR);
	(void)snprintf(target.folder, sizeof(target.folder), "%.40s/fuzz-XXXXXX",
		       base == NULL ? "/tmp" : base);
	require(mkdtemp(target.folder) != NULL, "a folder");
	AUTO_FREE char *path = file_join(target.folder, "state.sqlite");
	target.config.deployment.id = "b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002";
	target.config.deployment.location = "north";
	target.config.deployment.subscription_id = "7d0f5f0e-6a39-4c5e-9a64-0b6c86f1a001";
	target.config.deployment.stamp_version = "1.2311.1.22";
	target.config.http.listen_address = "127.0.0.1";
	target.clock = (struct clock) { fixed_now, fixed_now, NULL };
	require(db_pool_new(path, DB_STATE, 2, &target.pool, NULL) == STATUS_OK, "a pool");
	require(db_pool_take(target.pool, &state, NULL) == STATUS_OK, "a connection");
	require(auth_token_create(state, "fuzz", AUTH_ADMINISTRATOR, FIXED_NOW, 0, &token, NULL) ==
			STATUS_OK,
		"a token");
	(void)snprintf(target.authorization, sizeof(target.authorization), "Bearer %s",
		       (const char *)token.data);
	require(alert_book_new("north", &target.clock, &target.alerts, NULL) == STATUS_OK,
		"a catalogue of alerts");
	const struct alert_report report = { .fault = ALERT_NOT_CONFIGURED };
	require(alert_raise(target.alerts, state, &report, NULL) == STATUS_OK, "an alert");
	add_job(state);
	db_pool_give(target.pool, state);

	const struct api_settings settings = { .config = &target.config,
					       .alerts = target.alerts,
					       .state = target.pool,
					       .clock = &target.clock };

	require(api_new(&settings, &target.api, NULL) == STATUS_OK, "an interface");
	return atexit(remove_folder);
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

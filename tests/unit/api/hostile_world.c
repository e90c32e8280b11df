/* SPDX-License-Identifier: Apache-2.0 */
/* A service for requests that mean no good, and what must hold of its answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/crypto.h"
#include "unit/api/hostile_world.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

#define NOW 1709325000000

static int64_t fixed_now(void *context)
{
	(void)context;
	return NOW;
}

static void read_config(struct hostile_world *world)
{
	AUTO_FREE char *text = NULL;
	struct error err = { 0 };

	assert_true(asprintf(&text,
			     "{\"stateDir\":\"%s/state\",\"deployment\":{\"id\":"
			     "\"b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002\",\"location\":\"north\","
			     "\"externalDomain\":\"example.com\",\"subscriptionId\":"
			     "\"" HOSTILE_SUBSCRIPTION "\",\"stampVersion\":\"1.2311.1.22\"},"
			     "\"http\":{\"listen\":\"127.0.0.1:0\",\"limits\":{"
			     "\"readsPerMinute\":0,\"writesPerMinute\":0,"
			     "\"failedAuthenticationsPerMinute\":0}},\"services\":[{\"role\":"
			     "\"Data\",\"provider\":\"directory\",\"path\":\"%s\"}]}",
			     world->folder, world->folder) > 0);
	if (config_parse(text, strlen(text), "hostile", &world->config, &err) != STATUS_OK)
		fail_msg("%s: %s", err.field, err.message);
}

static void make_tokens(struct hostile_world *world, struct db *state)
{
	for (int role = AUTH_READER; role <= AUTH_ADMINISTRATOR; role++) {
		AUTO_SECRET token = SECRET_EMPTY;

		assert_int_equal(auth_token_create(state, auth_role_name((enum auth_role)role),
						   (enum auth_role)role, NOW, 0, &token, NULL),
				 STATUS_OK);
		(void)snprintf(world->authorization[role], sizeof(world->authorization[role]),
			       "Bearer %s", (const char *)token.data);
	}
}

static void run(struct hostile_world *world, const char *statement)
{
	char *message = NULL;

	if (sqlite3_exec(world->look, statement, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", statement, message);
}

/* What is stored has the secret in clear, so that it would be found wherever a row leaks. */
static void add_rows(struct hostile_world *world, struct db *state)
{
	const struct alert_report report = { .fault = ALERT_NOT_CONFIGURED };
	sqlite3_stmt *alert = NULL;

	assert_int_equal(alert_raise(backup_service_alerts(world->service), state, &report, NULL),
			 STATUS_OK);
	run(world, "INSERT INTO backup_location (name, path, user_name, changed_time)"
		   " VALUES ('north', '/nowhere', 'EXAMPLE\\backup', 1)");
	run(world, "INSERT INTO secret (name, sealed) VALUES ('planted',"
		   " CAST('" HOSTILE_SECRET "' AS BLOB))");
	run(world, "INSERT INTO generation (number, name, thumbprint, created_time) VALUES"
		   " (1, '0001-5c1b0e0f', '5C1B0E0F4AF2E6B1B6C1A97B1D8E0C1F2A3B4C5D', 1)");
	run(world, "INSERT INTO backup (id, location, sequence, folder, generation, status,"
		   " started_time, completed_time, stamp_version, deployment_id, thumbprint,"
		   " is_automatic, is_cloud_recovery_ready, bytes, new_bytes, record_sha256)"
		   " VALUES ('" HOSTILE_BACKUP "', 'north', 1, 'f', '0001-5c1b0e0f', 'Succeeded',"
		   " 1, 2, '1.2311.1.22', 'b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002',"
		   " '5C1B0E0F4AF2E6B1B6C1A97B1D8E0C1F2A3B4C5D', 0, 1, 1, 1, zeroblob(32))");
	run(world,
	    "INSERT INTO job (id, kind, location, state, requested_by, parameters,"
	    " created_time, ended_time) VALUES ('" HOSTILE_JOB "', 'locationUpdate',"
	    " 'north', 'Succeeded', 'tests', '{\"password\":\"" HOSTILE_SECRET "\"}', 1, 2)");
	assert_int_equal(sqlite3_prepare_v2(world->look, "SELECT id FROM alert", -1, &alert, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(alert), SQLITE_ROW);
	(void)snprintf(world->alert, sizeof(world->alert), "%s",
		       (const char *)sqlite3_column_text(alert, 0));
	(void)sqlite3_finalize(alert);
}

static void open_service(struct hostile_world *world)
{
	const struct backup_service_settings settings = { world->config, &world->shares,
							  &world->clock };
	struct backup_initialized made;
	AUTO_FREE char *path = file_join(world->folder, "state/state.sqlite");
	struct db *state = NULL;

	assert_int_equal(backup_state_init(world->config, &world->clock, &made, NULL), STATUS_OK);
	backup_initialized_done(&made);
	assert_int_equal(backup_service_open(&settings, &world->service, NULL), STATUS_OK);
	assert_int_equal(sqlite3_open(path, &world->look), SQLITE_OK);
	(void)sqlite3_busy_timeout(world->look, 10000);
	struct db_pool *pool = backup_service_state(world->service);
	assert_int_equal(db_pool_take(pool, &state, NULL), STATUS_OK);
	make_tokens(world, state);
	add_rows(world, state);
	db_pool_give(pool, state);
}

int hostile_world_start(void **state)
{
	const char *base = getenv("TMPDIR");
	struct hostile_world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	log_set_level(LOG_LEVEL_ERROR);
	(void)snprintf(world->folder, sizeof(world->folder), "%.40s/hostile-XXXXXX",
		       base == NULL ? "/tmp" : base);
	assert_non_null(mkdtemp(world->folder));
	world->clock = (struct clock) { fixed_now, fixed_now, NULL };
	share_registry_init(&world->shares);
	read_config(world);
	open_service(world);

	const struct api_settings settings = { .config = world->config,
					       .alerts = backup_service_alerts(world->service),
					       .backup = world->service,
					       .audit = backup_service_audit(world->service),
					       .state = backup_service_state(world->service),
					       .clock = &world->clock };

	assert_int_equal(api_new(&settings, &world->api, NULL), STATUS_OK);
	api_set_ready(world->api, true);
	*state = world;
	return 0;
}

int hostile_world_stop(void **state)
{
	struct hostile_world *world = *state;

	api_free(world->api);
	(void)sqlite3_close(world->look);
	backup_service_close(world->service);
	config_free(world->config);
	enum status removed = file_remove_tree(world->folder, NULL);
	free(world);
	return removed == STATUS_OK ? 0 : -1;
}

bool hostile_world_was_written(struct hostile_world *world)
{
	sqlite3_stmt *statement = NULL;

	assert_int_equal(
		sqlite3_prepare_v2(world->look, "PRAGMA data_version", -1, &statement, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t version = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	bool was_written = version != world->version;
	world->version = version;
	return was_written;
}

static void digest_table(struct hostile_world *world, const char *name, struct hash *hash)
{
	AUTO_FREE char *text = NULL;
	sqlite3_stmt *rows = NULL;

	assert_true(asprintf(&text, "SELECT * FROM \"%s\"", name) > 0);
	assert_int_equal(sqlite3_prepare_v2(world->look, text, -1, &rows, NULL), SQLITE_OK);
	while (sqlite3_step(rows) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(rows); i++) {
			int length = sqlite3_column_bytes(rows, i);

			hash_update(hash, &length, sizeof(length));
			if (length > 0)
				hash_update(hash, sqlite3_column_blob(rows, i), (size_t)length);
		}
	(void)sqlite3_finalize(rows);
}

void hostile_world_digest(struct hostile_world *world, unsigned char digest[32])
{
	sqlite3_stmt *tables = NULL;
	struct hash *hash = hash_new();
	size_t count = 0;

	assert_non_null(hash);
	assert_int_equal(
		sqlite3_prepare_v2(world->look,
				   "SELECT name FROM sqlite_master WHERE type = 'table'"
				   " AND name NOT LIKE 'audit%' AND name NOT LIKE 'sqlite%'"
				   " ORDER BY name",
				   -1, &tables, NULL),
		SQLITE_OK);
	for (; sqlite3_step(tables) == SQLITE_ROW; count++)
		digest_table(world, (const char *)sqlite3_column_text(tables, 0), hash);
	(void)sqlite3_finalize(tables);
	assert_true(count > 10);
	hash_peek(hash, digest);
	hash_free(hash);
}

void hostile_world_settle(struct hostile_world *world)
{
	run(world, "UPDATE job SET state = 'Succeeded', ended_time = 2 WHERE state = 'Queued'");
	run(world, "DELETE FROM job WHERE sequence < (SELECT max(sequence) - 20 FROM job)"
		   " AND id <> '" HOSTILE_JOB "'");
	run(world, "DELETE FROM maintenance");
	run(world, "DELETE FROM setting WHERE name LIKE 'subscription%'");
	(void)hostile_world_was_written(world);
}

static void assert_absent(const void *data, size_t length, const char *secret)
{
	if (memmem(data, length, secret, strlen(secret)) != NULL)
		fail_msg("a secret was shown: %.*s", (int)(length > 2000 ? 2000 : length),
			 (const char *)data);
}

void hostile_assert_no_secret(const struct hostile_world *world, const void *data, size_t length)
{
	if (length == 0)
		return;
	assert_absent(data, length, HOSTILE_SECRET);
	for (size_t role = AUTH_READER; role <= AUTH_ADMINISTRATOR; role++)
		assert_absent(data, length, world->authorization[role] + strlen("Bearer "));
}

static bool is_in_table(unsigned status, const char *code)
{
	struct api_error_description row;

	for (size_t i = 0; api_error_describe(i, &row); i++)
		if (row.code != NULL && row.http_status == status && strcmp(row.code, code) == 0)
			return true;
	return false;
}

void hostile_assert_answer(unsigned status, const void *body, size_t length)
{
	AUTO_JSON json = NULL;

	if (length > 0 && json_parse(body, length, &json, NULL) != STATUS_OK)
		fail_msg("%u is not JSON: %.*s", status, (int)length, (const char *)body);
	if (status >= 200 && status < 400) {
		assert_true(length > 0 || status == 202 || status == 204 || status == 304);
		return;
	}
	const json_t *error = json_object_get(json, "error");
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *message = json_string_value(json_object_get(error, "message"));

	if (code == NULL || message == NULL || message[0] == '\0' || !is_in_table(status, code) ||
	    strcmp(code, "InternalServerError") == 0)
		fail_msg("%u is not in the error table: %.*s", status, (int)length,
			 (const char *)body);
}

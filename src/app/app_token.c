/* SPDX-License-Identifier: Apache-2.0 */
/* infrabackup token create, list, revoke */
#include <stdio.h>
#include <string.h>

#include "infrabackup/auth.h"

#include "app_private.h"

#define ROW_FORMAT "%-24s %-14s %-8s %-21s %-21s %-21s %s\n"
#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

static enum status open_state(const struct app_call *call, struct config **config, struct db **db,
			      struct error *err)
{
	enum status status = config_load(call->arguments.config, config, err);
	if (status == STATUS_OK)
		status = app_state_open(*config, db, err);
	return status;
}

static enum status show_token(struct app_call *call, const struct secret *token,
			      int64_t expires_time, struct error *err)
{
	char text[CLOCK_TEXT_SIZE];
	const struct app_arguments *arguments = &call->arguments;
	if (!arguments->json) {
		(void)printf("%s\n", (const char *)token->data);
		return STATUS_OK;
	}
	call->json = json_pack("{s:s, s:s, s:s, s:s?}", "token", (const char *)token->data, "name",
			       arguments->name, "role", arguments->role_name, "expiresTime",
			       expires_time == 0 ? NULL : app_time_text(expires_time, text));
	return call->json != NULL ? STATUS_OK : fail_memory(err, "show token");
}

struct token_creation {
	const char *name;
	enum auth_role role;
	int64_t now, expires_time;
	struct secret *token;
};

static enum status create_token(struct db *db, void *context, struct error *err)
{
	struct token_creation *creation = context;
	secret_free(creation->token);
	return auth_token_create(db, creation->name, creation->role, creation->now,
				 creation->expires_time, creation->token, err);
}

enum status app_token_create(struct app_call *call, struct error *err)
{
	const struct app_arguments *arguments = &call->arguments;
	struct config *config = NULL;
	struct db *db = NULL;
	AUTO_SECRET token = SECRET_EMPTY;
	struct token_creation creation = { .name = arguments->name,
					   .now = clock_now(&system_clock),
					   .token = &token };
	char object[128];
	const struct app_audited change = { "Token_Create", object, create_token, &creation };
	enum status status = STATUS_OK;
	if (arguments->expires_days.is_given)
		creation.expires_time = creation.now + arguments->expires_days.value * DAY_MS;
	(void)snprintf(object, sizeof object, "tokens/%.64s (%s)", arguments->name,
		       arguments->role_name);
	if (!auth_role_from_name(arguments->role_name, &creation.role))
		status = fail_field(err, "--role", "found '%s'", arguments->role_name);
	if (status == STATUS_OK)
		status = open_state(call, &config, &db, err);
	if (status == STATUS_OK)
		status = app_audited_change(config, db, &change, err);
	if (status == STATUS_OK)
		status = show_token(call, &token, creation.expires_time, err);
	db_close(db);
	config_free(config);
	return status;
}

struct token_list {
	bool is_json;
	json_t *items;
};

static const char *token_state(const struct db_token *token)
{
	if (token->revoked_time != 0)
		return "revoked";
	if (token->expires_time != 0 && token->expires_time <= clock_now(&system_clock))
		return "expired";
	return "valid";
}

static enum status show_row(const struct db_token *token, void *context, struct error *err)
{
	struct token_list *list = context;
	char created[CLOCK_TEXT_SIZE], expires[CLOCK_TEXT_SIZE], used[CLOCK_TEXT_SIZE];
	(void)app_time_text(token->created_time, created);
	(void)app_time_text(token->expires_time, expires);
	(void)app_time_text(token->last_used_time, used);
	if (!list->is_json) {
		(void)printf(ROW_FORMAT, token->name, token->role, token_state(token), created,
			     expires, used, token->id);
		return STATUS_OK;
	}
	json_t *item = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s?}", "id", token->id, "name",
				 token->name, "role", token->role, "state", token_state(token),
				 "createdTime", created, "expiresTime",
				 token->expires_time == 0 ? NULL : expires, "lastUsedTime",
				 token->last_used_time == 0 ? NULL : used);
	if (json_array_append_new(list->items, item) != 0)
		return fail_memory(err, "list tokens");
	return STATUS_OK;
}

enum status app_token_list(struct app_call *call, struct error *err)
{
	struct config *config = NULL;
	struct db *db = NULL;
	struct token_list list = { .is_json = call->arguments.json, .items = json_array() };
	enum status status = open_state(call, &config, &db, err);
	if (status == STATUS_OK && !list.is_json)
		(void)printf(ROW_FORMAT, "NAME", "ROLE", "STATE", "CREATED", "EXPIRES", "LAST USED",
			     "ID");
	if (status == STATUS_OK)
		status = db_token_list(db, show_row, &list, err);
	if (status == STATUS_OK && list.is_json)
		call->json = json_pack("{s:O}", "tokens", list.items);
	json_decref(list.items);
	db_close(db);
	config_free(config);
	return status;
}

static enum status revoke_token(struct db *db, void *context, struct error *err)
{
	return db_token_revoke(db, context, clock_now(&system_clock), err);
}

enum status app_token_revoke(struct app_call *call, struct error *err)
{
	struct config *config = NULL;
	struct db *db = NULL;
	AUTO_FREE char *name = strdup(call->arguments.operand);
	char object[128];
	const struct app_audited change = { "Token_Revoke", object, revoke_token, name };
	if (name == NULL)
		return fail_memory(err, "revoke token");
	(void)snprintf(object, sizeof object, "tokens/%.64s", name);
	enum status status = open_state(call, &config, &db, err);
	if (status == STATUS_OK)
		status = app_audited_change(config, db, &change, err);
	if (status == STATUS_OK && call->arguments.json)
		call->json = json_pack("{s:s}", "revoked", call->arguments.operand);
	else if (status == STATUS_OK)
		(void)printf("%s is revoked\n", call->arguments.operand);
	db_close(db);
	config_free(config);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* API tokens: drawn, and recognised by their hash. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/crypto.h"

#include "auth_private.h"

#define TOKEN_PREFIX "ib_"
#define TOKEN_RANDOM_SIZE 32
/* The prefix and 32 bytes in base64url without its padding. */
#define TOKEN_LENGTH (sizeof TOKEN_PREFIX - 1 + 43)
#define NAME_MAX_LENGTH 64
/* ms. The time of the last use is no more exact than this, so that requests seldom write. */
#define USE_NOTED_EVERY 60000

static const char STEP_CREATE[] = "create token";
static const char STEP_CHECK[] = "authenticate caller";

static enum status check_name(const char *name, struct error *err)
{
	size_t length = name == NULL ? 0 : strlen(name);
	if (length == 0)
		return fail_field(err, "name", "the name is empty; 1 to %d bytes are allowed",
				  NAME_MAX_LENGTH);
	if (length > NAME_MAX_LENGTH)
		return fail_field(err, "name", "the name has %zu bytes; at most %d are allowed",
				  length, NAME_MAX_LENGTH);
	if (!text_is_printable_utf8(name))
		return fail_field(err, "name",
				  "the name holds control characters or is not UTF-8; printable "
				  "characters are allowed");
	return STATUS_OK;
}

/* base64 to base64url (RFC 4648 section 5), padding dropped. */
static void make_url_safe(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '+')
			*text = '-';
		else if (*text == '/')
			*text = '_';
		else if (*text == '=')
			*text = '\0';
	}
}

static enum status draw(struct secret *out, struct error *err)
{
	unsigned char random[TOKEN_RANDOM_SIZE];
	char text[TOKEN_LENGTH + 2];
	struct buffer encoded;
	buffer_init(&encoded, 64);
	/* Room first: growing would leave a copy behind that nobody wipes. */
	enum status status = buffer_reserve(&encoded, 64, err);
	if (status == STATUS_OK)
		status = crypto_random(random, sizeof random, err);
	if (status == STATUS_OK)
		status = base64_encode(random, sizeof random, &encoded, err);
	if (status == STATUS_OK) {
		(void)snprintf(text, sizeof text, TOKEN_PREFIX "%s", (const char *)encoded.data);
		make_url_safe(text);
		status = secret_copy(out, text, strlen(text), err);
	}
	if (encoded.data != NULL)
		explicit_bzero(encoded.data, encoded.capacity);
	explicit_bzero(random, sizeof random);
	explicit_bzero(text, sizeof text);
	buffer_done(&encoded);
	return status;
}

enum status auth_token_create(struct db *db, const char *name, enum auth_role role, int64_t now,
			      int64_t expires_time, struct secret *out, struct error *err)
{
	AUTO_SECRET token = SECRET_EMPTY;
	enum status status = check_name(name, err);
	if (status == STATUS_OK)
		status = draw(&token, err);
	if (status != STATUS_OK)
		return status;
	AUTO_FREE char *name_copy = strdup(name);
	AUTO_FREE char *role_copy = strdup(auth_role_name(role));
	if (name_copy == NULL || role_copy == NULL)
		return fail_memory(err, STEP_CREATE);
	struct db_token row = {
		.name = name_copy,
		.role = role_copy,
		.created_time = now,
		.expires_time = expires_time,
	};
	guid_generate(row.id);
	hash_sha256(token.data, token.length, row.hash);
	status = db_token_add(db, &row, err);
	if (status == STATUS_OK)
		secret_move(out, &token);
	return status;
}

static bool is_token_form(const char *token)
{
	if (strlen(token) != TOKEN_LENGTH || !text_starts_with(token, TOKEN_PREFIX))
		return false;
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				       "0123456789-_";
	return strspn(token + sizeof TOKEN_PREFIX - 1, alphabet) ==
	       TOKEN_LENGTH - (sizeof TOKEN_PREFIX - 1);
}

bool auth_token_has_prefix(const char *token)
{
	return text_starts_with(token, TOKEN_PREFIX);
}

static bool is_valid(const struct db_token *token, int64_t now)
{
	return token->revoked_time == 0 && (token->expires_time == 0 || now < token->expires_time);
}

static enum status fail_token(struct error *err)
{
	return fail(err, STATUS_AUTHENTICATION, STEP_CHECK, NULL,
		    "the token is not valid: it is unknown, has expired or was revoked");
}

static enum status accept_token(const struct db_token *token, int64_t now, struct auth_caller *out,
				struct error *err)
{
	enum auth_role role = AUTH_READER;
	if (!is_valid(token, now))
		return fail_token(err);
	if (!auth_role_from_name(token->role, &role))
		return fail(err, STATUS_INTEGRITY, STEP_CHECK, NULL,
			    "the database gives the token %s a role that does not exist",
			    token->name);
	(void)snprintf(out->name, sizeof out->name, "%s", token->name);
	(void)snprintf(out->identity, sizeof out->identity, "%s", token->id);
	out->kind = AUTH_API_TOKEN;
	out->role = role;
	return STATUS_OK;
}

/* A use that cannot be noted (a full disk, a database that is busy) is no reason to turn the caller
 * away. */
static void note_use(struct db *db, const struct db_token *token, int64_t now)
{
	struct error err;
	if (now >= token->last_used_time && now - token->last_used_time < USE_NOTED_EVERY)
		return;
	if (db_token_used(db, token->id, now, &err) != STATUS_OK)
		log_error("the use of a token is not noted", &err);
}

enum status auth_token_check(struct db *db, const char *token, int64_t now, struct auth_caller *out,
			     struct error *err)
{
	if (!is_token_form(token))
		return fail(err, STATUS_AUTHENTICATION, STEP_CHECK, NULL,
			    "the API token in the Authorization header is malformed; it "
			    "is " TOKEN_PREFIX " and 43 characters");
	unsigned char hash[SHA256_SIZE];
	hash_sha256(token, TOKEN_LENGTH, hash);
	struct db_token row = { .id = "" };
	enum status status = db_token_find(db, hash, &row, err);
	if (status == STATUS_NOT_FOUND)
		return fail_token(err);
	if (status == STATUS_OK)
		status = accept_token(&row, now, out, err);
	if (status == STATUS_OK)
		note_use(db, &row, now);
	db_token_done(&row);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* "k" + any bytes as an issuer's key set; "c" + as the claims of a verified token; "t" + as a
 * token; "p" + as header, claims and signature with zero bytes between them. No token is good:
 * nobody here has a private key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/auth/auth_private.h"

#define NOW 1700000000000

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* libFuzzer has no place for a context. */
static struct auth_keys *known;

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
	AUTO_JSON document = NULL;
	struct buffer text = { 0 };

	(void)count;
	(void)arguments;
	require(json_parse_file("tests/unit/auth/jwt_cases.json", 1u << 20, &document, NULL) ==
		STATUS_OK);
	require(json_write(json_object_get(document, "jwks"), &text, NULL) == STATUS_OK);
	require(auth_keys_parse(text.data, text.length, &known, NULL) == STATUS_OK);
	buffer_done(&text);
	return 0;
}

static void try_keys(const uint8_t *data, size_t size)
{
	struct auth_keys *keys = NULL;

	if (auth_keys_parse(data, size, &keys, NULL) == STATUS_OK)
		require(auth_keys_count(keys) > 0);
	auth_keys_free(keys);
}

static void try_claims(const uint8_t *data, size_t size)
{
	static const char *const audiences[] = { "a", "b", NULL };
	static struct config_role_claim roles[] = { { "roles", "r", "Reader" },
						    { "scp", "s", "Operator" } };
	static const struct config_issuer issuer = {
		.issuer = "i", .audiences = audiences, .roles = roles, .role_count = 2
	};
	AUTO_JSON claims = NULL;
	struct auth_caller caller = { .role = AUTH_ADMINISTRATOR };
	struct error err;

	if (json_parse(data, size, &claims, NULL) != STATUS_OK || !json_is_object(claims))
		return;
	enum status status = auth_claims_check(claims, &issuer, 300000, NOW, &caller, &err);
	require(status == STATUS_OK || err.status == status);
	if (status != STATUS_OK)
		return;
	require(caller.name[0] != '\0' && text_is_printable_utf8(caller.name));
	require(caller.role != AUTH_ADMINISTRATOR);
	require(strcmp(json_string_value(json_object_get(claims, "iss")), "i") == 0);
	require(json_number_value(json_object_get(claims, "exp")) * 1000 > NOW - 300001.0);
}

static void try_token(const char *token)
{
	struct auth_jwt *jwt = NULL;

	if (auth_jwt_parse(token, &jwt, NULL) != STATUS_OK)
		return;
	require(json_is_object(auth_jwt_claims(jwt)));
	require(auth_jwt_verify(jwt, known, NULL) != STATUS_OK);
	auth_jwt_free(jwt);
}

static void append_part(struct buffer *token, const uint8_t *data, size_t size)
{
	struct buffer part = { 0 };

	if (base64_encode(data, size, &part, NULL) != STATUS_OK)
		return;
	for (size_t i = 0; i < part.length && part.data[i] != '='; i++) {
		char digit = (char)part.data[i];

		digit = (char)(digit == '+' ? '-' : digit == '/' ? '_' : digit);
		require(buffer_append(token, &digit, 1, NULL) == STATUS_OK);
	}
	buffer_done(&part);
}

static void try_parts(const uint8_t *data, size_t size)
{
	struct buffer token;

	buffer_init(&token, 1u << 20);
	for (int part = 0; part < 3; part++) {
		const uint8_t *end = memchr(data, '\0', size);
		size_t length = end == NULL || part == 2 ? size : (size_t)(end - data);

		if (part > 0)
			require(buffer_append(&token, ".", 1, NULL) == STATUS_OK);
		append_part(&token, data, length);
		data += length + (length < size ? 1 : 0);
		size -= length + (length < size ? 1 : 0);
	}
	if (buffer_terminate(&token, NULL) == STATUS_OK)
		try_token((const char *)token.data);
	buffer_done(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 'k') {
		try_keys(data + 1, size - 1);
	} else if (data[0] == 'c') {
		try_claims(data + 1, size - 1);
	} else if (data[0] == 'p') {
		try_parts(data + 1, size - 1);
	} else if (data[0] == 't') {
		AUTO_FREE char *token = strndup((const char *)data + 1, size - 1);

		require(token != NULL);
		/* Seeds are text files. */
		token[strcspn(token, "\n")] = '\0';
		try_token(token);
	}
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* JSON web keys, and tokens signed with them (RFC 7515, 7517, 7519; what to refuse: RFC 8725).
 * libcjose imports keys and verifies signatures; which algorithm a key may be used with is decided
 * here by the key, never by the token. */
#include <cjose/cjose.h>
#include <stdio.h>
#include <string.h>

#include "auth_private.h"

#define KEYS_MAX 64
#define RSA_BITS_MIN 2048
/* Characters of a number in a key: RSA with 16384 bits. */
#define NUMBER_MAX 2731
/* Real ones with hundreds of groups have less; all headers of a request have 16 KiB. */
#define TOKEN_MAX 12288

static const char STEP[] = "check token";
static const char STEP_KEYS[] = "read the issuer's keys";

struct auth_key {
	cjose_jwk_t *jwk;
	const char *algorithm; /* "RS256", "ES256": the only one that it verifies */
};

struct auth_keys {
	struct auth_key items[KEYS_MAX];
	size_t count;
};

struct auth_jwt {
	char *text;
	json_t *header;
	json_t *claims;
};

/* How many of the first characters are base64url (RFC 4648 section 5, without padding). */
static size_t span_base64url(const char *text)
{
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
}

/* libcjose does not survive every text: padding after one character of four ("A===") ends the
 * process in an assertion. So nothing is handed to it but what bytes are written as. */
static bool can_be_decoded(size_t length)
{
	return length > 0 && length % 4 != 1;
}

/* --- keys --- */

static bool is_member_or_absent(const json_t *object, const char *name, const char *wanted)
{
	const json_t *value = json_object_get(object, name);
	const char *text = json_string_value(value);

	return value == NULL || (text != NULL && strcmp(text, wanted) == 0);
}

static bool may_verify(const json_t *key)
{
	const json_t *operations = json_object_get(key, "key_ops");
	const json_t *operation;
	size_t i;

	json_array_foreach(operations, i, operation)
	{
		const char *text = json_string_value(operation);

		if (text != NULL && strcmp(text, "verify") == 0)
			return true;
	}
	return operations == NULL;
}

/* NULL: a key that neither algorithm takes. */
static const char *algorithm_of(cjose_jwk_t *jwk)
{
	cjose_err fault;

	switch (cjose_jwk_get_kty(jwk, &fault)) {
	case CJOSE_JWK_KTY_RSA:
		return cjose_jwk_get_keysize(jwk, &fault) >= RSA_BITS_MIN ? "RS256" : NULL;
	case CJOSE_JWK_KTY_EC:
		return cjose_jwk_EC_get_curve(jwk, &fault) == CJOSE_JWK_EC_P_256 ? "ES256" : NULL;
	default:
		return NULL;
	}
}

/* Copies a member that is base64url; false when it is none. */
static bool copy_number(const json_t *from, const char *name, json_t *to)
{
	json_t *value = json_object_get(from, name);
	const char *text = json_string_value(value);
	size_t length = text == NULL ? 0 : span_base64url(text);

	return text != NULL && length == json_string_length(value) && can_be_decoded(length) &&
	       length <= NUMBER_MAX && json_object_set(to, name, value) == 0;
}

static bool copy_text(const json_t *from, const char *name, json_t *to)
{
	json_t *value = json_object_get(from, name);

	return json_is_string(value) && json_object_set(to, name, value) == 0;
}

/* What libcjose is to know of a key: its public part. A symmetric key is never imported: whoever
 * knows the set could sign with it. NULL: another kind of key, or it is malformed. */
static json_t *public_part(const json_t *key)
{
	const char *kind = json_string_value(json_object_get(key, "kty"));
	json_t *part = json_object();
	bool is_whole = kind != NULL && copy_text(key, "kty", part);

	if (is_whole && strcmp(kind, "RSA") == 0)
		is_whole = copy_number(key, "n", part) && copy_number(key, "e", part);
	else if (is_whole && strcmp(kind, "EC") == 0)
		is_whole = copy_text(key, "crv", part) && copy_number(key, "x", part) &&
			   copy_number(key, "y", part);
	else
		is_whole = false;
	if (is_whole && json_object_get(key, "kid") != NULL)
		is_whole = copy_text(key, "kid", part);
	if (is_whole)
		return part;
	json_decref(part);
	return NULL;
}

static void add_key(struct auth_keys *keys, const json_t *json)
{
	cjose_err fault;
	AUTO_JSON part = public_part(json);

	if (part == NULL || !is_member_or_absent(json, "use", "sig") || !may_verify(json))
		return;
	cjose_jwk_t *jwk = cjose_jwk_import_json(part, &fault);
	if (jwk == NULL)
		return;
	const char *algorithm = algorithm_of(jwk);
	if (algorithm == NULL || !is_member_or_absent(json, "alg", algorithm)) {
		(void)cjose_jwk_release(jwk);
		return;
	}
	keys->items[keys->count++] = (struct auth_key) { jwk, algorithm };
}

enum status auth_keys_parse(const void *data, size_t length, struct auth_keys **out,
			    struct error *err)
{
	AUTO_JSON document = NULL;
	enum status status = json_parse(data, length, &document, err);
	if (status != STATUS_OK)
		return status;
	json_t *list = json_object_get(document, "keys");
	if (!json_is_array(list) || json_array_size(list) > KEYS_MAX)
		return fail(err, STATUS_INVALID, STEP_KEYS, NULL,
			    "the document is no JSON web key set: it must be an object whose "
			    "\"keys\" is a list of at most %d keys",
			    KEYS_MAX);
	struct auth_keys *keys = calloc(1, sizeof(*keys));
	if (keys == NULL)
		return fail_memory(err, STEP_KEYS);
	for (size_t i = 0; i < json_array_size(list); i++)
		add_key(keys, json_array_get(list, i));
	if (keys->count == 0) {
		auth_keys_free(keys);
		return fail(err, STATUS_INVALID, STEP_KEYS, NULL,
			    "none of the %zu keys in the set is for signatures with RS256 (RSA of "
			    "at least %d bits) or ES256 (EC P-256)",
			    json_array_size(list), RSA_BITS_MIN);
	}
	*out = keys;
	return STATUS_OK;
}

void auth_keys_free(struct auth_keys *keys)
{
	for (size_t i = 0; keys != NULL && i < keys->count; i++)
		(void)cjose_jwk_release(keys->items[i].jwk);
	free(keys);
}

size_t auth_keys_count(const struct auth_keys *keys)
{
	return keys->count;
}

/* --- tokens --- */

static bool has_token_form(const char *token)
{
	const char *at = token;

	for (int part = 0; part < 3; part++) {
		size_t length = span_base64url(at);

		if (!can_be_decoded(length) || at[length] != (part < 2 ? '.' : '\0'))
			return false;
		at += length + 1;
	}
	return true;
}

/* A part of the token as a JSON object, read more strictly than libcjose does: no name twice. */
static json_t *read_part(const char *text, size_t length)
{
	uint8_t *decoded = NULL;
	size_t decoded_length = 0;
	json_t *json = NULL;
	cjose_err fault;

	if (!cjose_base64url_decode(text, length, &decoded, &decoded_length, &fault))
		return NULL;
	if (json_parse(decoded, decoded_length, &json, NULL) != STATUS_OK)
		json = NULL;
	cjose_get_dealloc()(decoded);
	if (json_is_object(json))
		return json;
	json_decref(json);
	return NULL;
}

/* Tokens of other kinds (logout tokens, security events) are signed with the same keys. */
static bool is_type_known(const json_t *header)
{
	const json_t *type = json_object_get(header, "typ");
	const char *text = json_string_value(type);

	return type == NULL ||
	       (text != NULL && (text_equal_ignoring_case(text, "JWT") ||
				 text_equal_ignoring_case(text, "at+jwt") ||
				 text_equal_ignoring_case(text, "application/at+jwt")));
}

/* Members that bring a key or say where to find one (jwk, jku, x5c, x5u) are never looked at. */
static enum status check_header(const json_t *header, struct error *err)
{
	const json_t *key_id = json_object_get(header, "kid");

	if (json_object_get(header, "crit") != NULL)
		return auth_refuse_token(
			err, "its header has critical extensions, and none is supported");
	if (!is_type_known(header))
		return auth_refuse_token(err, "its type (typ) is neither JWT nor at+jwt");
	if (key_id != NULL && !json_is_string(key_id))
		return auth_refuse_token(err, "the name of its key (kid) is no text");
	return STATUS_OK;
}

static enum status take_apart(const char *token, struct auth_jwt *jwt, struct error *err)
{
	const char *claims = strchr(token, '.') + 1;

	jwt->text = strdup(token);
	if (jwt->text == NULL)
		return fail_memory(err, STEP);
	jwt->header = read_part(token, (size_t)(claims - 1 - token));
	if (jwt->header == NULL)
		return auth_refuse_token(err, "its header is no JSON object");
	enum status status = check_header(jwt->header, err);
	if (status != STATUS_OK)
		return status;
	jwt->claims = read_part(claims, strcspn(claims, "."));
	return jwt->claims == NULL ? auth_refuse_token(err, "its claims are no JSON object")
				   : STATUS_OK;
}

enum status auth_jwt_parse(const char *token, struct auth_jwt **out, struct error *err)
{
	if (strnlen(token, TOKEN_MAX + 1) > TOKEN_MAX)
		return auth_refuse_token(err, "it is longer than 12 KiB");
	if (!has_token_form(token))
		return auth_refuse_token(err,
					 "it is neither an API token, which begins with ib_, nor a "
					 "signed JSON web token, which has three parts");
	struct auth_jwt *jwt = calloc(1, sizeof(*jwt));
	if (jwt == NULL)
		return fail_memory(err, STEP);
	enum status status = take_apart(token, jwt, err);
	if (status != STATUS_OK) {
		auth_jwt_free(jwt);
		return status;
	}
	*out = jwt;
	return STATUS_OK;
}

void auth_jwt_free(struct auth_jwt *jwt)
{
	if (jwt == NULL)
		return;
	/* Whoever has it is the caller. */
	if (jwt->text != NULL)
		explicit_bzero(jwt->text, strlen(jwt->text));
	free(jwt->text);
	json_decref(jwt->header);
	json_decref(jwt->claims);
	free(jwt);
}

const json_t *auth_jwt_claims(const struct auth_jwt *jwt)
{
	return jwt->claims;
}

static bool is_named(const struct auth_key *key, const char *key_id)
{
	cjose_err fault;
	const char *own = cjose_jwk_get_kid(key->jwk, &fault);

	return key_id == NULL || (own != NULL && strcmp(own, key_id) == 0);
}

static bool verify_with(const struct auth_jwt *jwt, const struct auth_key *key)
{
	cjose_err fault;
	cjose_jws_t *jws = cjose_jws_import(jwt->text, strlen(jwt->text), &fault);
	bool is_good = jws != NULL && cjose_jws_verify(jws, key->jwk, &fault);

	cjose_jws_release(jws);
	return is_good;
}

enum status auth_jwt_verify(const struct auth_jwt *jwt, const struct auth_keys *keys,
			    struct error *err)
{
	const char *algorithm = json_string_value(json_object_get(jwt->header, "alg"));
	const char *key_id = json_string_value(json_object_get(jwt->header, "kid"));
	const struct auth_key *found = NULL;
	size_t named = 0, count = 0;

	if (algorithm == NULL ||
	    (strcmp(algorithm, "RS256") != 0 && strcmp(algorithm, "ES256") != 0))
		return auth_refuse_token(err, "it is not signed with RS256 or ES256");
	for (size_t i = 0; i < keys->count; i++) {
		if (!is_named(&keys->items[i], key_id))
			continue;
		named++;
		if (strcmp(keys->items[i].algorithm, algorithm) != 0)
			continue;
		found = &keys->items[i];
		count++;
	}
	if (named == 0)
		return fail(err, STATUS_NOT_FOUND, STEP, NULL,
			    "the token is not valid: its issuer has no key %.64s",
			    text_is_printable_utf8(key_id) ? key_id : "of that name");
	if (count == 0)
		return auth_refuse_token(err, "its algorithm is not that of the key that it names");
	if (count > 1)
		return auth_refuse_token(err, key_id == NULL
						      ? "it names no key (kid), and its issuer has "
							"several"
						      : "its issuer has several keys of that name");
	return verify_with(jwt, found)
		       ? STATUS_OK
		       : auth_refuse_token(err, "its signature does not fit the issuer's key");
}

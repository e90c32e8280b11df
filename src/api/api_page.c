/* SPDX-License-Identifier: Apache-2.0 */
/* The next page of a list: nextLink with a $skipToken that only this service can make.
 *
 * A token says where a page ended and until when it is good. It is readable, and signed with
 * HMAC-SHA-256 under a key from the master key; the signature also covers the list, what it was
 * filtered and sorted by, and the caller, so that it continues nothing else and for nobody else. */
#include <stdio.h>
#include <string.h>

#include "infrabackup/crypto.h"

#include "api_private.h"

enum {
	API_TOKEN_VERSION = 1,
	/* version, end of validity, number, id */
	API_TOKEN_EXPIRES = 1,
	API_TOKEN_NUMBER = API_TOKEN_EXPIRES + 8,
	API_TOKEN_ID = API_TOKEN_NUMBER + 8,
	API_TOKEN_SIGNED = API_TOKEN_ID + GUID_TEXT_SIZE - 1,
	API_TOKEN_SIZE = API_TOKEN_SIGNED + SHA256_SIZE,
	/* The longest query, every byte of it escaped, around a path. */
	API_LINK_MAX = 4 * HTTP_URL_MAX,
};

/* ms: whoever reads a list reads on, but a script may wait for a person between two pages. */
static const int64_t api_token_life = 24ll * 60 * 60 * 1000;

/* What a further page repeats, beside the version and the size. */
static const char *const api_page_parameters[] = { "$filter", "$orderby" };

static enum status api_token_sign(const struct api_call *call, const char *list,
				  const unsigned char token[API_TOKEN_SIGNED],
				  unsigned char digest[SHA256_SIZE], struct error *err)
{
	struct keyed_hash *keyed = NULL;
	struct buffer text;
	enum status status = keyed_hash_new(&call->api->page_key, &keyed, err);

	if (status != STATUS_OK)
		return status;
	buffer_init(&text, API_LINK_MAX);
	status = buffer_append(&text, token, API_TOKEN_SIGNED, err);
	/* Every part has its length before it, so that no two sets of parts are one text. */
	const char *parts[] = { list, auth_role_name(call->caller.role), call->caller.identity,
				http_request_query(call->request, api_page_parameters[0]),
				http_request_query(call->request, api_page_parameters[1]) };

	for (size_t i = 0; status == STATUS_OK && i < ARRAY_LENGTH(parts); i++) {
		const char *part = parts[i] == NULL ? "" : parts[i];

		status = buffer_append_u32(&text, (uint32_t)strlen(part), err);
		if (status == STATUS_OK)
			status = buffer_append_text(&text, part, err);
	}
	if (status == STATUS_OK)
		keyed_hash_digest(keyed, text.data, text.length, digest);
	buffer_done(&text);
	keyed_hash_free(keyed);
	return status;
}

enum status api_page_token_make(const struct api_call *call, const char *list,
				const struct api_position *last, char text[API_TOKEN_TEXT_SIZE],
				struct error *err)
{
	unsigned char token[API_TOKEN_SIZE] = { API_TOKEN_VERSION };

	_Static_assert(API_TOKEN_TEXT_SIZE == 2 * API_TOKEN_SIZE + 1, "a token is written in hex");
	store_u64(token + API_TOKEN_EXPIRES,
		  (uint64_t)(clock_now(call->api->settings.clock) + api_token_life));
	store_u64(token + API_TOKEN_NUMBER, (uint64_t)last->number);
	memcpy(token + API_TOKEN_ID, last->id, strlen(last->id));

	enum status status = api_token_sign(call, list, token, token + API_TOKEN_SIGNED, err);

	if (status == STATUS_OK)
		hex_encode(token, sizeof(token), false, text);
	return status;
}

static bool api_token_is_ours(const unsigned char *token, const unsigned char expected[SHA256_SIZE])
{
	unsigned char difference = token[0] ^ API_TOKEN_VERSION;

	/* All of it, however early it differs: the time must not tell how much was guessed. */
	for (size_t i = 0; i < SHA256_SIZE; i++)
		difference |= (unsigned char)(token[API_TOKEN_SIGNED + i] ^ expected[i]);
	return difference == 0;
}

enum status api_page_token_read(const struct api_call *call, const char *list, const char *text,
				struct api_position *out, struct error *err)
{
	unsigned char token[API_TOKEN_SIZE], expected[SHA256_SIZE];
	enum status status = STATUS_OK;

	if (!hex_decode(text, token, sizeof(token)))
		return fail_field(err, "$skipToken",
				  "This is no $skipToken; take it from the nextLink of a page");
	status = api_token_sign(call, list, token, expected, err);
	if (status != STATUS_OK)
		return status;
	if (!api_token_is_ours(token, expected))
		return fail_field(err, "$skipToken",
				  "The $skipToken was made for another list, filter, order or "
				  "caller, or not by this service; read the list from its start");
	if ((int64_t)load_u64(token + API_TOKEN_EXPIRES) < clock_now(call->api->settings.clock))
		return fail_field(err, "$skipToken",
				  "The $skipToken is older than a day; read the list from its "
				  "start");
	out->number = (int64_t)load_u64(token + API_TOKEN_NUMBER);
	memcpy(out->id, token + API_TOKEN_ID, GUID_TEXT_SIZE - 1);
	out->id[GUID_TEXT_SIZE - 1] = '\0';
	return STATUS_OK;
}

/* "&name=value"; the value is escaped but for what RFC 3986 leaves alone. */
static enum status api_link_add(struct buffer *link, const char *name, const char *value,
				struct error *err)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	enum status status = buffer_append_format(link, err, "&%s=", name);

	for (; status == STATUS_OK && *value != '\0'; value++)
		status = buffer_append_format(link, err, strchr(plain, *value) ? "%c" : "%%%02X",
					      (unsigned char)*value);
	return status;
}

static enum status api_link_build(const struct api_call *call, const char *token,
				  struct buffer *link, struct error *err)
{
	const struct http_request *request = call->request;
	const char *top = http_request_query(request, "$top");
	char base[API_ID_SIZE];
	/* The path matched a route: nothing in it needs escaping. */
	enum status status =
		buffer_append_format(link, err, "%s%s?api-version=%s", api_base_url(call, base),
				     request->path, http_request_query(request, "api-version"));

	if (status == STATUS_OK && top != NULL)
		status = api_link_add(link, "$top", top, err);
	for (size_t i = 0; status == STATUS_OK && i < ARRAY_LENGTH(api_page_parameters); i++) {
		const char *value = http_request_query(request, api_page_parameters[i]);

		if (value != NULL)
			status = api_link_add(link, api_page_parameters[i], value, err);
	}
	if (status == STATUS_OK)
		status = api_link_add(link, "$skipToken", token, err);
	return status == STATUS_OK ? buffer_terminate(link, err) : status;
}

enum status api_next_link(const struct api_call *call, const char *list,
			  const struct api_position *last, json_t **out, struct error *err)
{
	char token[API_TOKEN_TEXT_SIZE];
	struct buffer link;
	enum status status = api_page_token_make(call, list, last, token, err);

	if (status != STATUS_OK)
		return status;
	buffer_init(&link, API_LINK_MAX);
	status = api_link_build(call, token, &link, err);
	if (status == STATUS_OK) {
		*out = json_string((const char *)link.data);
		if (*out == NULL)
			status = fail_memory(err, "link the next page");
	}
	buffer_done(&link);
	return status;
}

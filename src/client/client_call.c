/* SPDX-License-Identifier: Apache-2.0 */
/* One call of the interface at a time; the token goes to its own origin only. */
#include <stdio.h>
#include <string.h>

#include "client_private.h"

static const size_t client_answer_max = 16u << 20;

struct client {
	CURL *curl;
	char *url;
	char *ca_file;        /* NULL: the system's */
	struct secret header; /* "Authorization: Bearer ..."; empty: none */
	long timeout;
};

static enum status client_make_header(struct client *client, const struct secret *token,
				      struct error *err)
{
	static const char prefix[] = "Authorization: Bearer ";
	size_t length = sizeof(prefix) - 1;

	if (token == NULL || secret_is_empty(token))
		return STATUS_OK;
	if (strcspn((const char *)token->data, "\r\n") != token->length)
		return fail_field(err, "token", "The token holds a line break or a zero byte");
	enum status status = secret_new(&client->header, length + token->length, err);
	if (status != STATUS_OK)
		return status;
	memcpy(client->header.data, prefix, length);
	memcpy(client->header.data + length, token->data, token->length);
	return STATUS_OK;
}

/* The end of "scheme://host[:port]"; NULL when it is neither http nor https. */
static const char *client_origin_end(const char *url)
{
	const char *host = NULL;

	if (strncasecmp(url, "http://", 7) == 0)
		host = url + 7;
	else if (strncasecmp(url, "https://", 8) == 0)
		host = url + 8;
	/* A user name in an address could make one host look like another. */
	if (host == NULL || strcspn(host, "/?#") == 0 ||
	    strcspn(host, "@\\") < strcspn(host, "/?#"))
		return NULL;
	return host + strcspn(host, "/?#");
}

enum status client_new(const struct client_settings *settings, struct client **out,
		       struct error *err)
{
	client_start_library();
	if (settings->url == NULL || client_origin_end(settings->url) == NULL)
		return fail_field(err, "url", "'%.256s' is not an http:// or https:// address",
				  settings->url == NULL ? "" : settings->url);

	struct client *client = calloc(1, sizeof(*client));
	if (client == NULL)
		return fail_memory(err, "start the client");
	client->timeout = settings->timeout;
	client->url = strdup(settings->url);
	client->ca_file = settings->ca_file == NULL ? NULL : strdup(settings->ca_file);
	client->curl = curl_easy_init();
	enum status status = client_make_header(client, settings->token, err);
	if (status == STATUS_OK && (client->url == NULL || client->curl == NULL ||
				    (settings->ca_file != NULL && client->ca_file == NULL)))
		status = fail_memory(err, "start the client");
	if (status != STATUS_OK) {
		client_free(client);
		return status;
	}
	*out = client;
	return STATUS_OK;
}

void client_free(struct client *client)
{
	if (client == NULL)
		return;
	curl_easy_cleanup(client->curl);
	secret_free(&client->header);
	free(client->ca_file);
	free(client->url);
	free(client);
}

void client_answer_done(struct client_answer *answer)
{
	json_decref(answer->body);
	answer->body = NULL;
}

/* A path is joined to the address; an absolute one must have its origin, or the token would leave
 * the house. */
static enum status client_target(const struct client *client, const char *path, char **out,
				 struct error *err)
{
	const char *end = client_origin_end(client->url);
	const char *path_end = client_origin_end(path);
	size_t length = (size_t)(end - client->url);
	char *target = NULL;

	if (path[0] == '/' && path[1] != '/') {
		size_t base = strlen(client->url);

		while (base > length && client->url[base - 1] == '/')
			base--;
		if (asprintf(&target, "%.*s%s", (int)base, client->url, path) < 0)
			return fail_memory(err, "build the address");
	} else if (path_end != NULL && (size_t)(path_end - path) == length &&
		   strncasecmp(path, client->url, length) == 0) {
		target = strdup(path);
		if (target == NULL)
			return fail_memory(err, "build the address");
	} else {
		return fail(err, STATUS_INVALID, "call the service", path,
			    "the address is not of the same origin as %.*s", (int)length,
			    client->url);
	}
	*out = target;
	return STATUS_OK;
}

static void client_set_method(struct client *client, const char *method, const struct buffer *body)
{
	CURL *curl = client->curl;
	bool is_bare = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;

	if (strcmp(method, "HEAD") == 0)
		(void)curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	if (body->length > 0 || !is_bare) {
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->length);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
				       body->length == 0 ? "" : (const char *)body->data);
	}
	(void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

static bool client_add_header(struct curl_slist **headers, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*headers, text);

	if (longer == NULL)
		return false;
	*headers = longer;
	return true;
}

static enum status client_set_headers(struct client *client, bool has_body,
				      struct curl_slist **headers, struct error *err)
{
	bool added = client_add_header(headers, "Accept: application/json") &&
		     client_add_header(headers, "Expect:") &&
		     client_add_header(headers, has_body ? "Content-Type: application/json"
							 : "Content-Type:");

	if (!secret_is_empty(&client->header))
		added = added && client_add_header(headers, (const char *)client->header.data);
	if (!added)
		return fail_memory(err, "call the service");
	(void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, *headers);
	return STATUS_OK;
}

/* libcurl's list holds a copy of the token. */
static void client_free_headers(struct curl_slist *headers)
{
	for (struct curl_slist *header = headers; header != NULL; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(headers);
}

static void client_read_headers(struct client *client, struct client_answer *answer)
{
	struct curl_header *header = NULL;
	long status = 0;

	(void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (unsigned)status;
	if (curl_easy_header(client->curl, "Location", 0, CURLH_HEADER, -1, &header) == CURLHE_OK &&
	    strlen(header->value) < sizeof(answer->location))
		(void)snprintf(answer->location, sizeof(answer->location), "%s", header->value);
	if (curl_easy_header(client->curl, "Retry-After", 0, CURLH_HEADER, -1, &header) ==
	    CURLHE_OK) {
		long seconds = strtol(header->value, NULL, 10);

		answer->retry_after = seconds > 0 ? seconds : 0;
	}
}

static enum status client_status(unsigned http_status)
{
	switch (http_status) {
	case 400:
		return STATUS_INVALID;
	case 401:
		return STATUS_AUTHENTICATION;
	case 403:
		return STATUS_FORBIDDEN;
	case 404:
		return STATUS_NOT_FOUND;
	case 409:
		return STATUS_CONFLICT;
	default:
		return STATUS_FAILED;
	}
}

static enum status client_judge(const struct client_answer *answer, const char *target,
				struct error *err)
{
	const json_t *error = json_object_get(answer->body, "error");
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *message = json_string_value(json_object_get(error, "message"));

	if (answer->status >= 200 && answer->status < 300 && error == NULL)
		return STATUS_OK;
	if (code == NULL)
		(void)fail(err, client_status(answer->status), "call the service", target,
			   "the service answered with HTTP status %u", answer->status);
	else
		(void)fail(err, client_status(answer->status), "call the service", NULL, "%s: %s",
			   code, message == NULL ? "" : message);
	if (err != NULL)
		err->cause = (int)answer->status;
	return client_status(answer->status);
}

static enum status client_exchange(struct client *client, const char *method, const char *target,
				   const struct buffer *body, struct client_answer *answer,
				   struct error *err)
{
	struct curl_slist *headers = NULL;
	struct buffer received;
	struct client_transfer transfer = {
		.curl = client->curl,
		.target = target,
		.ca_file = client->ca_file,
		.timeout = client->timeout,
		.answer = &received,
		.step = "call the service",
	};
	enum status status;

	buffer_init(&received, client_answer_max);
	client_transfer_set(&transfer);
	client_set_method(client, method, body);
	status = client_set_headers(client, body->length > 0, &headers, err);
	if (status == STATUS_OK)
		status = client_transfer_run(&transfer, err);
	if (status == STATUS_OK) {
		client_read_headers(client, answer);
		/* A proxy's HTML page has no JSON: its status says enough. */
		if (received.length > 0 &&
		    json_parse(received.data, received.length, &answer->body, err) != STATUS_OK &&
		    answer->status < 300)
			status = STATUS_FAILED;
	}
	buffer_done(&received);
	client_free_headers(headers);
	return status;
}

enum status client_call(struct client *client, const char *method, const char *path,
			const json_t *body, struct client_answer *out, struct error *err)
{
	struct client_answer answer = { 0 };
	struct buffer text;
	AUTO_FREE char *target = NULL;
	enum status status = client_target(client, path, &target, err);

	buffer_init(&text, client_answer_max);
	if (status == STATUS_OK && body != NULL)
		status = json_write(body, &text, err);
	if (status == STATUS_OK)
		status = client_exchange(client, method, target, &text, &answer, err);
	/* It may have carried a password. */
	if (text.data != NULL)
		explicit_bzero(text.data, text.capacity);
	buffer_done(&text);
	if (status != STATUS_OK) {
		client_answer_done(&answer);
		return status;
	}
	*out = answer;
	return client_judge(out, target, err);
}

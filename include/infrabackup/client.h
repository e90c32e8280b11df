/* SPDX-License-Identifier: Apache-2.0 */
/* client: calls of our own REST API through libcurl, for the command line (one thread at a time),
 * and downloads. */
#ifndef INFRABACKUP_CLIENT_H
#define INFRABACKUP_CLIENT_H

#include "infrabackup/base.h"

struct client_settings {
	const char *url;            /* "https://127.0.0.1:8443", no trailing slash */
	const struct secret *token; /* may be NULL */
	const char *ca_file; /* PEM of who signed the server's certificate; NULL: the system's */
	long timeout;        /* ms for one call */
};

struct client;
MUST_CHECK enum status client_new(const struct client_settings *settings, struct client **out,
				  struct error *err);
void client_free(struct client *client);

struct client_answer {
	unsigned status;     /* HTTP */
	json_t *body;        /* NULL when empty */
	char location[1024]; /* Location header, "" when missing */
	long retry_after;    /* seconds; 0 when missing */
};
void client_answer_done(struct client_answer *answer);

/* @path begins with '/' (joined to the url) or is an absolute URL of the same origin (a Location).
 * @body NULL: none. A transport fault is STATUS_FAILED with libcurl's text; an answer with an error
 * envelope is an error too: status by HTTP code (401 STATUS_AUTHENTICATION, 403 STATUS_FORBIDDEN,
 * 404 STATUS_NOT_FOUND, 409 STATUS_CONFLICT, 400 STATUS_INVALID, else STATUS_FAILED), message
 * "CODE: message"; @out is filled then too. */
MUST_CHECK enum status client_call(struct client *client, const char *method, const char *path,
				   const json_t *body, struct client_answer *out,
				   struct error *err);

/* A document that needs no token, into @out (whose maximum bounds it). Only HTTP status 200 is
 * success; no redirect is followed. @ca_file as above, @timeout ms for all of it. Ends within about
 * a second when @cancel (may be NULL) is requested. STATUS_CANCELLED, STATUS_TOO_LARGE,
 * STATUS_FAILED with libcurl's text. */
MUST_CHECK enum status client_download(const char *url, const char *ca_file, long timeout,
				       struct cancel *cancel, struct buffer *out,
				       struct error *err);

#endif

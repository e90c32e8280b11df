/* SPDX-License-Identifier: Apache-2.0 */
/* http: transport, the only user of libmicrohttpd. Knows no resource. Handlers run on the server's
 * pool: they must not block on anything but SQLite. */
#ifndef INFRABACKUP_HTTP_H
#define INFRABACKUP_HTTP_H

#include "infrabackup/base.h"

#define HTTP_BODY_MAX (1u << 20)
#define HTTP_URL_MAX (8u << 10)
#define HTTP_HEADERS_MAX (16u << 10)
#define HTTP_HEADER_COUNT_MAX 100
#define HTTP_QUERY_COUNT_MAX 32
/* Of x-ms-client-request-id; a longer one is neither logged nor sent back. */
#define HTTP_CLIENT_ID_MAX 64

/* A header or query parameter that a test hands in instead of a connection. */
struct http_pair {
	const char *name;
	const char *value;
};

#define HTTP_CERTIFICATE_NAMES_MAX 8

/* The certificate that a TLS client showed. Names that are longer, hold control characters or are
 * of another kind are left out. */
struct http_certificate {
	bool is_trusted; /* an authority of ours signed it, it is in force, and made for clients */
	char why[160];   /* else: the reason, for people */
	char common_name[256];                                   /* "" when it has none */
	char alternative_names[HTTP_CERTIFICATE_NAMES_MAX][256]; /* DNS, e-mail, URI */
	size_t alternative_name_count;
	unsigned char sha256[32]; /* of the DER */
};

struct http_request {
	const char *method;  /* "GET" ...; a HEAD is handed on as GET, its body is left out */
	const char *refusal; /* why the transport refuses it; NULL: the status says it */
	const char *path;    /* percent-decoded, begins with '/' */
	const void *body;    /* NULL when there is none */
	size_t body_length;
	const char *client_address;
	const char *host; /* Host header, "" when missing */
	bool is_tls;
	const struct http_certificate *certificate; /* NULL: none was asked for or sent */
	char request_id[GUID_TEXT_SIZE];            /* drawn by the server; x-ms-request-id */
	void *connection; /* the transport's; NULL: the two lists are looked up instead */
	const struct http_pair *headers;
	size_t header_count;
	const struct http_pair *query;
	size_t query_count;
};

/* First header (name compared without case) or query parameter (name compared without case),
 * decoded; NULL when it was not sent. Borrowed for the request. */
const char *http_request_header(const struct http_request *request, const char *name);
const char *http_request_query(const struct http_request *request, const char *name);
/* How often a query parameter was sent. */
size_t http_request_query_count(const struct http_request *request, const char *name);
/* The name of a query parameter that was sent more than once (in any case); NULL: there is none. */
const char *http_request_query_doubled(const struct http_request *request);

#define HTTP_RESPONSE_HEADERS_MAX 16

struct http_response {
	unsigned status;
	const char *content_type; /* NULL: none; a constant */
	struct buffer body;       /* owned; empty: Content-Length 0 */
	struct {
		char name[48];
		char value[1024];
	} headers[HTTP_RESPONSE_HEADERS_MAX];
	size_t header_count;
	char caller[128]; /* for the log line of the request; empty: unknown */
};

void http_response_init(struct http_response *response, unsigned status);
void http_response_done(struct http_response *response);
/* Ignored, with a log line, when there is no room or the value does not fit or holds control
 * characters. */
void http_response_header(struct http_response *response, const char *name, const char *value);

/* The value of a header that was set; NULL: it was not. */
const char *http_response_find(const struct http_response *response, const char *name);

/* Always leaves a response that can be sent. */
typedef void (*http_handler)(void *context, const struct http_request *request,
			     struct http_response *response);

struct http_settings {
	const char *address;              /* numeric, "127.0.0.1" or "::1" */
	unsigned port;                    /* 0: the kernel chooses */
	const char *certificate_file;     /* PEM; NULL: no TLS */
	const char *key_file;             /* PEM, private */
	const char *client_ca_file;       /* PEM; NULL: client certificates are not asked for */
	bool client_certificate_required; /* without a trusted one there is no connection */
	unsigned threads;                 /* 0: 2 */
	unsigned max_connections;         /* 0: 512; a request on a further one is answered 503 */
	unsigned max_connections_per_address; /* 0: 256; a request on a further one gets 429 */
	unsigned timeout_seconds;             /* a connection without progress is cut off; 0: 30 */
	unsigned request_seconds; /* so long may a request take to arrive however it trickles, and
				     its answer to be fetched; 0: 60 */
	http_handler handler;
	/* Called for what the transport refuses by itself (URL, body or header too large,
	 * malformed): fills the response for @status; may be NULL. */
	http_handler refuse;
	void *context;
};

struct http_server;
/* STATUS_CONFLICT when the port is taken, STATUS_INVALID for a bad address or TLS file,
 * STATUS_NOT_FOUND for a missing one. */
MUST_CHECK enum status http_server_start(const struct http_settings *settings,
					 struct http_server **out, struct error *err);
unsigned http_server_port(const struct http_server *server);
/* Takes no new connection, finishes what was begun (within @milliseconds), stops. NULL is legal. */
void http_server_stop(struct http_server *server, long milliseconds);

#endif

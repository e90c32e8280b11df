/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of module http share: the server and one exchange (a request and its answer). */
#ifndef HTTP_PRIVATE_H
#define HTTP_PRIVATE_H

#include "infrabackup/http.h"

#include <stdatomic.h>
#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>

struct http_server {
	http_handler handler;
	http_handler refuse; /* may be NULL */
	void *context;
	struct MHD_Daemon *daemon;
	unsigned port;
	bool is_tls;
	struct buffer certificate;
	struct buffer client_ca;          /* empty: no client certificates */
	bool client_certificate_required; /* for a connection at all */
	struct secret key;
	char last_message[256]; /* libmicrohttpd's latest complaint while it starts */
	atomic_bool starting;
	atomic_bool stopping;  /* new connections are closed at once */
	pthread_mutex_t mutex; /* guards exchanges */
	pthread_cond_t idle;
	size_t exchanges; /* requests that were begun and not yet answered */
};

struct http_exchange {
	struct http_request request;
	struct buffer body;
	struct http_certificate *certificate; /* owned; NULL: none */
	size_t target_length;                 /* of the request target as sent */
	uint64_t discarded; /* bytes of a refused body that were read and dropped */
	unsigned refused;   /* HTTP status of a request that no handler shall see; 0: none */
	bool begun;         /* the first handler call was made */
	bool answer_early;  /* the rest of the request is not worth reading */
	const char *method; /* as sent */
	char correlation[64];
	char address[INET6_ADDRSTRLEN];
	int64_t started; /* monotonic */
};

/* Looks at the request target before libmicrohttpd decodes it, because a decoded NUL would cut it.
 */
struct http_exchange *http_exchange_new(const char *target, bool is_tls);
void http_exchange_free(struct http_exchange *exchange);
/* The request line and headers are there: fills the request, decides whether it is refused. */
void http_exchange_begin(struct http_exchange *exchange, struct MHD_Connection *connection,
			 const char *path, const char *method);
/* The next piece of the body; false: cut the connection. */
bool http_exchange_append(struct http_exchange *exchange, const char *data, size_t length);
/* The body is complete. */
void http_exchange_finish(struct http_exchange *exchange);

/* --- http_client_certificate.c --- */
/* Before the handshake: none without a certificate that is trusted. */
void http_client_certificate_require(struct MHD_Connection *connection);
/* At least one certificate, and nothing that is none. */
bool http_client_authorities_are_good(const struct buffer *pem);
/* What the client showed, verified; for free(). NULL: nothing, or memory is out. */
struct http_certificate *http_client_certificate(struct MHD_Connection *connection);

/* Hands the response to libmicrohttpd; the body's memory goes with it. */
enum MHD_Result http_response_queue(struct http_response *response,
				    const struct http_request *request,
				    struct MHD_Connection *connection);

/* A listening socket, and the port that it got. */
enum status http_listen(const char *address, unsigned port, int *descriptor, unsigned *actual_port,
			struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of module http share: the server and one exchange (a request and its answer). */
#ifndef HTTP_PRIVATE_H
#define HTTP_PRIVATE_H

#include "infrabackup/http.h"

#include <stdatomic.h>
#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>

enum http_phase {
	HTTP_PHASE_WAITING, /* for a request line */
	HTTP_PHASE_READING, /* headers and body */
	HTTP_PHASE_WORKING, /* the handler's time, which no client can stretch */
	HTTP_PHASE_SENDING,
	HTTP_PHASE_ENDED, /* was cut off */
};

struct http_exchange;

/* One connection. */
struct http_peer {
	struct http_peer *next, **link;
	int descriptor; /* libmicrohttpd's */
	char address[INET6_ADDRSTRLEN];
	unsigned refused; /* HTTP status for its requests: one connection too many; 0: none */
	enum http_phase phase;
	int64_t since;                  /* monotonic */
	struct http_exchange *exchange; /* under way; of the connection's own thread */
};

struct http_watch {
	pthread_mutex_t mutex; /* guards the list, and what changes in its members */
	pthread_cond_t wake;
	struct http_peer *peers;
	size_t count;
	size_t max_connections, max_per_address;
	int64_t idle, request; /* ms */
	bool is_tls, is_running, is_stopping;
	http_handler refuse; /* writes what a request that came too late is told; may be NULL */
	void *context;
	pthread_t thread;
};

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
	struct http_watch watch;
};

#define HTTP_HOST_SIZE 256

struct http_exchange {
	struct http_request request;
	struct buffer body;
	struct http_certificate *certificate; /* owned; NULL: none */
	char authority[HTTP_HOST_SIZE];       /* of a target in absolute form; else empty */
	size_t path_offset;                   /* where the path begins in the target */
	uint64_t discarded; /* bytes of a refused body that were read and dropped */
	unsigned refused;   /* HTTP status of a request that no handler shall see; 0: none */
	bool begun;         /* the first handler call was made */
	bool needs_host;
	bool answer_early;  /* the rest of the request is not worth reading */
	const char *method; /* as sent */
	char correlation[GUID_TEXT_SIZE];
	struct http_peer *peer; /* NULL: memory was out */
	int64_t started;        /* monotonic */
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
/* --- http_check.c --- */
/* The first refusal counts. @reason: a constant, or NULL. */
void http_exchange_refuse(struct http_exchange *exchange, unsigned status, const char *reason);
/* The request target as sent, before libmicrohttpd decodes it. */
void http_target_check(struct http_exchange *exchange, const char *target);
void http_request_check(struct http_exchange *exchange, struct MHD_Connection *connection);

/* --- http_watch.c --- */
void http_watch_init(struct http_watch *watch);
void http_watch_done(struct http_watch *watch);
MUST_CHECK enum status http_watch_start(struct http_watch *watch, struct error *err);
void http_watch_stop(struct http_watch *watch);
/* From MHD_OPTION_NOTIFY_CONNECTION. */
void http_watch_notify(struct http_watch *watch, struct MHD_Connection *connection,
		       void **socket_context, enum MHD_ConnectionNotificationCode code);
struct http_peer *http_peer_find(struct MHD_Connection *connection);
/* @peer NULL is legal. */
void http_watch_enter(struct http_watch *watch, struct http_peer *peer, enum http_phase phase);

/* --- http_gzip.c --- */
/* @accepted: the Accept-Encoding header, NULL: not sent. */
bool http_gzip_is_wanted(const char *accepted);
/* False: memory is out. */
bool http_gzip(const struct buffer *plain, struct buffer *out);

/* Hands the response to libmicrohttpd; the body's memory goes with it. */
enum MHD_Result http_response_queue(struct http_response *response,
				    const struct http_request *request,
				    struct MHD_Connection *connection);

/* A listening socket, and the port that it got. */
enum status http_listen(const char *address, unsigned port, int *descriptor, unsigned *actual_port,
			struct error *err);

#endif

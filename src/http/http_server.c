/* SPDX-License-Identifier: Apache-2.0 */
/* The server: libmicrohttpd's epoll pool, TLS, one log line a request, an orderly stop. */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http_private.h"

enum {
	HTTP_THREADS_DEFAULT = 2,
	HTTP_CONNECTIONS_DEFAULT = 512,
	/* Requests on so many more are still answered, with the reason for their refusal. */
	HTTP_CONNECTIONS_SPARE = 64,
	HTTP_PER_ADDRESS_DEFAULT = 256,
	HTTP_TIMEOUT_DEFAULT = 30,
	HTTP_REQUEST_DEFAULT = 60,
	/* URL and headers at their limits, libmicrohttpd's records of them, and our reply's
	 * headers. It is cleared for every request, so more would cost more; what does not fit gets
	 * the library's own 414 or 431. */
	HTTP_CONNECTION_MEMORY = 32 << 10,
	HTTP_CERTIFICATE_MAX = 1 << 20,
};

/* TLS 1.2 and 1.3 only. */
static const char http_tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.2:+VERS-TLS1.3";

__attribute__((format(printf, 2, 0))) static void
http_server_message(void *context, const char *format, va_list arguments)
{
	struct http_server *server = context;
	char text[256];

	(void)vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\r\n")] = '\0';
	if (atomic_load(&server->starting))
		(void)snprintf(server->last_message, sizeof(server->last_message), "%s", text);
	log_message(LOG_LEVEL_DEBUG, "http: %s", text);
}

/* Instead of MHD_quiesce_daemon(), which in 0.9.75 can meet its own epoll threads at the removal of
 * the listening socket and then ends the process. */
static enum MHD_Result http_server_admit(void *context, const struct sockaddr *address,
					 socklen_t length)
{
	const struct http_server *server = context;
	(void)address;
	(void)length;
	return atomic_load(&server->stopping) ? MHD_NO : MHD_YES;
}

/* @exchange NULL is legal. */
static void http_server_end(struct http_server *server, struct http_exchange *exchange)
{
	if (exchange == NULL)
		return;
	http_exchange_free(exchange);
	(void)pthread_mutex_lock(&server->mutex);
	if (--server->exchanges == 0)
		(void)pthread_cond_broadcast(&server->idle);
	(void)pthread_mutex_unlock(&server->mutex);
}

/* Of a request that libmicrohttpd refuses by itself it tells neither the handler nor
 * http_server_completed(): the connection remembers it, and ends it with the next one or its own
 * end. */
static void http_server_end_forgotten(struct http_server *server, struct http_peer *peer)
{
	if (peer == NULL)
		return;
	http_server_end(server, peer->exchange);
	peer->exchange = NULL;
}

static void *http_server_begin(void *context, const char *target, struct MHD_Connection *connection)
{
	struct http_server *server = context;
	struct http_peer *peer = http_peer_find(connection);
	struct http_exchange *exchange =
		peer == NULL ? NULL : http_exchange_new(target, server->is_tls);

	http_server_end_forgotten(server, peer);
	if (exchange == NULL)
		return NULL;
	http_watch_enter(&server->watch, peer, HTTP_PHASE_READING);
	peer->exchange = exchange;
	(void)pthread_mutex_lock(&server->mutex);
	server->exchanges++;
	(void)pthread_mutex_unlock(&server->mutex);
	return exchange;
}

/* Called for a new connection before its handshake, and for its end. */
static void http_server_connection(void *context, struct MHD_Connection *connection,
				   void **connection_state,
				   enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = context;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED)
		http_server_end_forgotten(server, *connection_state);
	http_watch_notify(&server->watch, connection, connection_state, code);
	if (code == MHD_CONNECTION_NOTIFY_STARTED && server->client_certificate_required)
		http_client_certificate_require(connection);
}

static void http_server_completed(void *context, struct MHD_Connection *connection, void **exchange,
				  enum MHD_RequestTerminationCode code)
{
	struct http_server *server = context;
	struct http_peer *peer = http_peer_find(connection);

	(void)code;
	http_watch_enter(&server->watch, peer, HTTP_PHASE_WAITING);
	if (peer != NULL)
		peer->exchange = NULL;
	http_server_end(server, *exchange);
	*exchange = NULL;
}

static void http_log_exchange(const struct http_exchange *exchange,
			      const struct http_response *response)
{
	const char *path = exchange->request.path;
	bool is_printable =
		text_is_printable_utf8(path) && text_is_printable_utf8(exchange->method);

	log_message(LOG_LEVEL_INFO, "%s %s %u %" PRId64 " ms %s",
		    is_printable ? exchange->method : "-", is_printable ? path : "-",
		    response->status, clock_monotonic(&system_clock) - exchange->started,
		    response->caller[0] == '\0' ? "-" : response->caller);
}

/* The ids by which the caller and whoever stands between know the request, for all its lines. */
static void http_log_begin(const struct http_exchange *exchange)
{
	const struct http_request *request = &exchange->request;
	const char *client = http_request_header(request, "x-ms-client-request-id");
	char ids[3 * 64];
	int length = snprintf(ids, sizeof(ids), "%s", exchange->correlation);

	if (strcmp(exchange->correlation, request->request_id) != 0)
		length += snprintf(ids + length, sizeof(ids) - (size_t)length, " request=%s",
				   request->request_id);
	if (client != NULL && strlen(client) <= HTTP_CLIENT_ID_MAX &&
	    text_is_printable_utf8(client))
		(void)snprintf(ids + length, sizeof(ids) - (size_t)length, " client=%s", client);
	log_set_correlation(ids);
}

static enum MHD_Result http_server_answer(struct http_server *server,
					  struct http_exchange *exchange,
					  struct MHD_Connection *connection)
{
	struct http_response response;

	http_watch_enter(&server->watch, exchange->peer, HTTP_PHASE_WORKING);
	http_exchange_finish(exchange);
	http_log_begin(exchange);
	http_response_init(&response, exchange->refused == 0 ? MHD_HTTP_OK : exchange->refused);
	if (exchange->refused == 0)
		server->handler(server->context, &exchange->request, &response);
	else if (server->refuse != NULL)
		server->refuse(server->context, &exchange->request, &response);
	http_log_exchange(exchange, &response);
	http_watch_enter(&server->watch, exchange->peer, HTTP_PHASE_SENDING);
	enum MHD_Result result = http_response_queue(&response, &exchange->request, connection);
	http_response_done(&response);
	log_set_correlation(NULL);
	return result;
}

static enum MHD_Result http_server_access(void *context, struct MHD_Connection *connection,
					  const char *path, const char *method, const char *version,
					  const char *data, size_t *length, void **state)
{
	struct http_exchange *exchange = *state;

	if (exchange == NULL)
		return MHD_NO;
	if (!exchange->begun) {
		/* A reply that is queued in this first call would cost the connection its
		 * keep-alive. */
		exchange->begun = true;
		exchange->needs_host = strcmp(version, MHD_HTTP_VERSION_1_0) != 0;
		http_exchange_begin(exchange, connection, path, method);
		if (exchange->answer_early)
			return http_server_answer(context, exchange, connection);
		return MHD_YES;
	}
	if (*length > 0) {
		bool is_wanted = http_exchange_append(exchange, data, *length);

		*length = 0;
		return is_wanted ? MHD_YES : MHD_NO;
	}
	return http_server_answer(context, exchange, connection);
}

static enum status http_server_read_authorities(struct http_server *server,
						const struct http_settings *settings,
						struct error *err)
{
	enum status status =
		file_read(settings->client_ca_file, HTTP_CERTIFICATE_MAX, &server->client_ca, err);

	if (status != STATUS_OK)
		return status;
	/* libmicrohttpd would start without a complaint, and trust nobody. */
	if (!http_client_authorities_are_good(&server->client_ca))
		return fail(err, STATUS_INVALID, "start the server", settings->client_ca_file,
			    "the file is not a list of certificates in PEM form");
	server->client_certificate_required = settings->client_certificate_required;
	return STATUS_OK;
}

static enum status http_server_read_tls(struct http_server *server,
					const struct http_settings *settings, struct error *err)
{
	if (settings->certificate_file == NULL && settings->key_file == NULL &&
	    settings->client_ca_file == NULL)
		return STATUS_OK;
	if (settings->certificate_file == NULL || settings->key_file == NULL)
		return fail(err, STATUS_INVALID, "start the server", NULL,
			    "TLS needs both a certificate file and a key file");

	enum status status = file_read(settings->certificate_file, HTTP_CERTIFICATE_MAX,
				       &server->certificate, err);
	if (status == STATUS_OK)
		status = secret_read_file(&server->key, settings->key_file, err);
	if (status == STATUS_OK && settings->client_ca_file != NULL)
		status = http_server_read_authorities(server, settings, err);
	if (status == STATUS_OK)
		server->is_tls = true;
	return status;
}

static struct MHD_Daemon *http_daemon_start(struct http_server *server,
					    const struct http_settings *settings, int descriptor)
{
	unsigned threads = settings->threads == 0 ? HTTP_THREADS_DEFAULT : settings->threads;
	unsigned connections = (unsigned)server->watch.max_connections + HTTP_CONNECTIONS_SPARE;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate.data },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, server->key.data },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)http_tls_priorities },
		{ server->client_ca.length == 0 ? MHD_OPTION_END : MHD_OPTION_HTTPS_MEM_TRUST, 0,
		  server->client_ca.data },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem none = { MHD_OPTION_END, 0, NULL };

	if (server->is_tls)
		flags |= MHD_USE_TLS;
	/* One thread must not be asked for as a pool of one. What the library would refuse when it
	 * is told to be strict, a request without a host and spaces in a target, http_check.c does:
	 * its answers have their ids. */
	return MHD_start_daemon(flags, 0, http_server_admit, server, http_server_access, server,
				MHD_OPTION_EXTERNAL_LOGGER, http_server_message, server,
				MHD_OPTION_LISTEN_SOCKET, descriptor, MHD_OPTION_THREAD_POOL_SIZE,
				threads > 1 ? threads : 0, MHD_OPTION_CONNECTION_LIMIT, connections,
				MHD_OPTION_CONNECTION_TIMEOUT,
				(unsigned)(server->watch.idle / 1000), MHD_OPTION_NOTIFY_CONNECTION,
				http_server_connection, server, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
				(size_t)HTTP_CONNECTION_MEMORY, MHD_OPTION_STRICT_FOR_CLIENT, 0,
				MHD_OPTION_URI_LOG_CALLBACK, http_server_begin, server,
				MHD_OPTION_NOTIFY_COMPLETED, http_server_completed, server,
				MHD_OPTION_ARRAY, server->is_tls ? tls : &none, MHD_OPTION_END);
}

static unsigned http_or_default(unsigned value, unsigned otherwise)
{
	return value == 0 ? otherwise : value;
}

static void http_server_limit(struct http_server *server, const struct http_settings *settings)
{
	struct http_watch *watch = &server->watch;

	watch->max_connections =
		http_or_default(settings->max_connections, HTTP_CONNECTIONS_DEFAULT);
	watch->max_per_address =
		http_or_default(settings->max_connections_per_address, HTTP_PER_ADDRESS_DEFAULT);
	watch->idle = http_or_default(settings->timeout_seconds, HTTP_TIMEOUT_DEFAULT) * 1000L;
	watch->request = http_or_default(settings->request_seconds, HTTP_REQUEST_DEFAULT) * 1000L;
	watch->is_tls = server->is_tls;
	watch->refuse = server->refuse;
	watch->context = server->context;
}

static enum status http_server_run(struct http_server *server, const struct http_settings *settings,
				   struct error *err)
{
	AUTO_CLOSE descriptor = -1;
	enum status status =
		http_listen(settings->address, settings->port, &descriptor, &server->port, err);
	sigset_t all, before;

	if (status != STATUS_OK)
		return status;
	/* The pool inherits the mask: signals belong to the main thread, and a broken pipe is no
	 * event. */
	http_server_limit(server, settings);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	atomic_store(&server->starting, true);
	server->daemon = http_daemon_start(server, settings, descriptor);
	atomic_store(&server->starting, false);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (server->daemon == NULL)
		return fail(err, server->is_tls ? STATUS_INVALID : STATUS_FAILED,
			    "start the server", settings->certificate_file, "%s",
			    server->last_message[0] == '\0' ? "libmicrohttpd did not start"
							    : server->last_message);
	(void)TAKE_DESCRIPTOR(descriptor);
	status = http_watch_start(&server->watch, err);
	if (status != STATUS_OK)
		MHD_stop_daemon(server->daemon);
	return status;
}

static void http_server_free(struct http_server *server)
{
	buffer_done(&server->certificate);
	buffer_done(&server->client_ca);
	secret_free(&server->key);
	http_watch_done(&server->watch);
	(void)pthread_cond_destroy(&server->idle);
	(void)pthread_mutex_destroy(&server->mutex);
	free(server);
}

enum status http_server_start(const struct http_settings *settings, struct http_server **out,
			      struct error *err)
{
	struct http_server *server = calloc(1, sizeof(*server));

	if (server == NULL)
		return fail_memory(err, "start the server");
	server->handler = settings->handler;
	server->refuse = settings->refuse;
	server->context = settings->context;
	(void)pthread_mutex_init(&server->mutex, NULL);
	thread_condition_init(&server->idle);
	http_watch_init(&server->watch);
	enum status status = http_server_read_tls(server, settings, err);
	if (status == STATUS_OK)
		status = http_server_run(server, settings, err);
	if (status != STATUS_OK) {
		http_server_free(server);
		return status;
	}
	*out = server;
	return STATUS_OK;
}

unsigned http_server_port(const struct http_server *server)
{
	return server->port;
}

static void http_server_drain(struct http_server *server, long milliseconds)
{
	int64_t end = clock_monotonic(&system_clock) + milliseconds;

	(void)pthread_mutex_lock(&server->mutex);
	while (server->exchanges > 0) {
		int64_t left = end - clock_monotonic(&system_clock);

		if (left <= 0 || !thread_condition_wait(&server->idle, &server->mutex, (long)left))
			break;
	}
	(void)pthread_mutex_unlock(&server->mutex);
}

void http_server_stop(struct http_server *server, long milliseconds)
{
	if (server == NULL)
		return;
	atomic_store(&server->stopping, true);
	http_server_drain(server, milliseconds);
	http_watch_stop(&server->watch);
	MHD_stop_daemon(server->daemon);
	http_server_free(server);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Connections: how many there are, in all and from one address, and an end to those that trickle.
 * libmicrohttpd only ends what makes no progress at all. */
#include <string.h>
#include <sys/socket.h>

#include "http_private.h"

enum { HTTP_WATCH_INTERVAL = 250 };

void http_watch_init(struct http_watch *watch)
{
	(void)pthread_mutex_init(&watch->mutex, NULL);
	thread_condition_init(&watch->wake);
}

void http_watch_done(struct http_watch *watch)
{
	(void)pthread_cond_destroy(&watch->wake);
	(void)pthread_mutex_destroy(&watch->mutex);
}

static void http_peer_name(struct http_peer *peer, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const void *address = NULL;

	if (info == NULL || info->client_addr == NULL)
		return;
	int family = info->client_addr->sa_family;
	if (family == AF_INET)
		address = &((const struct sockaddr_in *)(const void *)info->client_addr)->sin_addr;
	else if (family == AF_INET6)
		address =
			&((const struct sockaddr_in6 *)(const void *)info->client_addr)->sin6_addr;
	if (address != NULL)
		(void)inet_ntop(family, address, peer->address, sizeof(peer->address));
}

/* With the mutex held. */
static unsigned http_watch_admit(const struct http_watch *watch, const struct http_peer *peer)
{
	unsigned same = 0;

	if (watch->count >= watch->max_connections)
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	for (const struct http_peer *at = watch->peers; at != NULL; at = at->next)
		same += strcmp(at->address, peer->address) == 0;
	return same >= watch->max_per_address ? MHD_HTTP_TOO_MANY_REQUESTS : 0;
}

static struct http_peer *http_watch_add(struct http_watch *watch, struct MHD_Connection *connection)
{
	struct http_peer *peer = calloc(1, sizeof(*peer));
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (peer == NULL)
		return NULL;
	peer->descriptor = info == NULL ? -1 : info->connect_fd;
	peer->since = clock_monotonic(&system_clock);
	http_peer_name(peer, connection);
	(void)pthread_mutex_lock(&watch->mutex);
	peer->refused = http_watch_admit(watch, peer);
	peer->next = watch->peers;
	if (watch->peers != NULL)
		watch->peers->link = &peer->next;
	peer->link = &watch->peers;
	watch->peers = peer;
	watch->count++;
	(void)pthread_mutex_unlock(&watch->mutex);
	return peer;
}

static void http_watch_remove(struct http_watch *watch, struct http_peer *peer)
{
	if (peer == NULL)
		return;
	(void)pthread_mutex_lock(&watch->mutex);
	*peer->link = peer->next;
	if (peer->next != NULL)
		peer->next->link = peer->link;
	watch->count--;
	(void)pthread_mutex_unlock(&watch->mutex);
	free(peer);
}

/* libmicrohttpd tells of the end before it closes the descriptor, so that no descriptor in the list
 * is ever another one's. */
void http_watch_notify(struct http_watch *watch, struct MHD_Connection *connection,
		       void **socket_context, enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = http_watch_add(watch, connection);
		return;
	}
	http_watch_remove(watch, *socket_context);
	*socket_context = NULL;
}

struct http_peer *http_peer_find(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info == NULL ? NULL : info->socket_context;
}

void http_watch_enter(struct http_watch *watch, struct http_peer *peer, enum http_phase phase)
{
	if (peer == NULL)
		return;
	(void)pthread_mutex_lock(&watch->mutex);
	peer->phase = phase;
	peer->since = clock_monotonic(&system_clock);
	(void)pthread_mutex_unlock(&watch->mutex);
}

static enum status http_timeout_text(struct http_response *response, const char *id,
				     struct buffer *text, struct error *err)
{
	enum status status = buffer_append_format(
		text, err,
		"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
		"Cache-Control: no-cache\r\nPragma: no-cache\r\nExpires: -1\r\n"
		"X-Content-Type-Options: nosniff\r\nx-ms-request-id: %s\r\n",
		id);

	for (size_t i = 0; status == STATUS_OK && i < response->header_count; i++)
		status = buffer_append_format(text, err, "%s: %s\r\n", response->headers[i].name,
					      response->headers[i].value);
	if (status == STATUS_OK && response->body.length > 0)
		status = buffer_append_format(text, err, "Content-Type: %s\r\n",
					      response->content_type);
	if (status == STATUS_OK)
		status = buffer_append_format(text, err, "Content-Length: %zu\r\n\r\n",
					      response->body.length);
	if (status == STATUS_OK)
		status = buffer_append(text, response->body.data, response->body.length, err);
	return status;
}

/* A client that reads is told; over TLS only libmicrohttpd could say it. Nobody else writes to a
 * connection whose request is not complete. */
static void http_peer_tell(const struct http_watch *watch, const struct http_peer *peer)
{
	/* Nobody knows what it would have been. */
	struct http_request request = {
		.method = "-", .path = "-", .client_address = peer->address, .host = ""
	};
	struct http_response response;
	struct buffer text;

	guid_generate(request.request_id);
	log_message(LOG_LEVEL_INFO, "408: a request from %s did not arrive in time, request=%s",
		    peer->address, request.request_id);
	http_response_init(&response, MHD_HTTP_REQUEST_TIMEOUT);
	buffer_init(&text, HTTP_HEADERS_MAX);
	if (watch->refuse != NULL)
		watch->refuse(watch->context, &request, &response);
	if (http_timeout_text(&response, request.request_id, &text, NULL) == STATUS_OK)
		(void)send(peer->descriptor, text.data, text.length, MSG_DONTWAIT | MSG_NOSIGNAL);
	buffer_done(&text);
	http_response_done(&response);
}

static void http_peer_check(const struct http_watch *watch, struct http_peer *peer, int64_t now)
{
	const int64_t limits[] = {
		[HTTP_PHASE_WAITING] = watch->idle + watch->request,
		[HTTP_PHASE_READING] = watch->request,
		[HTTP_PHASE_WORKING] = INT64_MAX,
		[HTTP_PHASE_SENDING] = watch->request,
		[HTTP_PHASE_ENDED] = INT64_MAX,
	};

	if (now - peer->since <= limits[peer->phase])
		return;
	if (!watch->is_tls && peer->phase != HTTP_PHASE_SENDING)
		http_peer_tell(watch, peer);
	/* libmicrohttpd sees the end of the connection and closes it. */
	(void)shutdown(peer->descriptor, SHUT_RDWR);
	peer->phase = HTTP_PHASE_ENDED;
}

static void *http_watch_run(void *context)
{
	struct http_watch *watch = context;

	(void)pthread_mutex_lock(&watch->mutex);
	while (!watch->is_stopping) {
		int64_t now = clock_monotonic(&system_clock);

		for (struct http_peer *peer = watch->peers; peer != NULL; peer = peer->next)
			http_peer_check(watch, peer, now);
		(void)thread_condition_wait(&watch->wake, &watch->mutex, HTTP_WATCH_INTERVAL);
	}
	(void)pthread_mutex_unlock(&watch->mutex);
	return NULL;
}

enum status http_watch_start(struct http_watch *watch, struct error *err)
{
	enum status status = thread_start(&watch->thread, "http-watch", http_watch_run, watch, err);

	watch->is_running = status == STATUS_OK;
	return status;
}

void http_watch_stop(struct http_watch *watch)
{
	if (!watch->is_running)
		return;
	(void)pthread_mutex_lock(&watch->mutex);
	watch->is_stopping = true;
	(void)pthread_cond_signal(&watch->wake);
	(void)pthread_mutex_unlock(&watch->mutex);
	(void)pthread_join(watch->thread, NULL);
	watch->is_running = false;
}

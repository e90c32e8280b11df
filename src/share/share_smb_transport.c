/* SPDX-License-Identifier: Apache-2.0 */
/* Direct TCP transport (2.1) with a deadline and cancel in every wait. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "share_smb_private.h"

#define STEP_CONNECT "connect to server"

void smb_begin(struct smb_connection *connection, bool cleanup)
{
	long time = connection->deadline;

	connection->deaf = cancel_is_requested(connection->cancel);
	if (connection->deaf && time > SHARE_CLEANUP_GRACE)
		time = SHARE_CLEANUP_GRACE;
	connection->cleanup = cleanup || connection->deaf;
	connection->limit = clock_monotonic(&system_clock) + time;
}

/* A cancel ends the operation, or leaves a clean-up its grace. */
static enum status hear_cancel(struct smb_connection *connection, struct error *err)
{
	int64_t grace = clock_monotonic(&system_clock) + SHARE_CLEANUP_GRACE;

	if (!connection->cleanup)
		return cancel_check(connection->cancel, "use share", err);
	connection->deaf = true;
	if (connection->limit > grace)
		connection->limit = grace;
	return STATUS_OK;
}

static enum status fail_overdue(struct smb_connection *connection, struct error *err)
{
	connection->lost = true;
	errno = ETIMEDOUT;
	(void)fail_errno(err, STATUS_SHARE_CONNECTION, "use share", NULL);
	if (err != NULL)
		(void)snprintf(err->message, sizeof(err->message),
			       "the server gave no answer within %ld ms", connection->deadline);
	return STATUS_SHARE_CONNECTION;
}

static int64_t sooner(int64_t left, int64_t right)
{
	return left < right ? left : right;
}

enum status smb_wait_until(struct smb_connection *connection, int descriptor, short events,
			   int64_t until, bool *ready, struct error *err)
{
	*ready = false;
	for (;;) {
		int64_t now = clock_monotonic(&system_clock);
		int64_t left = sooner(connection->limit, until) - now;
		struct pollfd polled[] = {
			{ .fd = descriptor, .events = events },
			{ .fd = connection->deaf ? -1 : cancel_descriptor(connection->cancel),
			  .events = POLLIN },
		};

		if (connection->limit <= now)
			return fail_overdue(connection, err);
		if (left <= 0)
			return STATUS_OK;
		if (poll(polled, ARRAY_LENGTH(polled), (int)sooner(left, INT32_MAX)) < 0 &&
		    errno != EINTR)
			return fail_errno(err, STATUS_FAILED, "wait for server", NULL);
		if (polled[1].revents != 0) {
			enum status status = hear_cancel(connection, err);
			if (status != STATUS_OK)
				return status;
		}
		*ready = polled[0].revents != 0;
		if (*ready)
			return STATUS_OK;
	}
}

enum status smb_wait(struct smb_connection *connection, int descriptor, short events,
		     struct error *err)
{
	bool ready;

	return smb_wait_until(connection, descriptor, events, INT64_MAX, &ready, err);
}

/* --- the server's addresses --- */

struct lookup {
	char host[256];
	char port[8];
	int result;
	struct addrinfo *addresses;
};

static void lookup_run(void *context)
{
	struct lookup *lookup = context;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };

	lookup->result = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->addresses);
}

static void lookup_release(void *context)
{
	struct lookup *lookup = context;

	if (lookup->addresses != NULL)
		freeaddrinfo(lookup->addresses);
	free(lookup);
}

/* A name service that does not work says nothing about the name. */
static const struct {
	int result;
	const char *name;
	enum status status;
} lookup_results[] = {
	{ EAI_NONAME, "EAI_NONAME", STATUS_SHARE_PATH },
	{ EAI_NODATA, "EAI_NODATA", STATUS_SHARE_PATH },
	{ EAI_AGAIN, "EAI_AGAIN", STATUS_SHARE_CONNECTION },
	{ EAI_FAIL, "EAI_FAIL", STATUS_SHARE_CONNECTION },
	{ EAI_SYSTEM, "EAI_SYSTEM", STATUS_SHARE_CONNECTION },
	{ EAI_MEMORY, "EAI_MEMORY", STATUS_NO_MEMORY },
};

enum status smb_lookup_fail(struct error *err, const char *host, int result)
{
	enum status status = STATUS_SHARE_PATH;
	const char *name = "";

	for (size_t i = 0; i < ARRAY_LENGTH(lookup_results); i++)
		if (lookup_results[i].result == result) {
			status = lookup_results[i].status;
			name = lookup_results[i].name;
		}
	(void)fail(err, status, "resolve server name", NULL, "%s \"%s\": %s",
		   status == STATUS_SHARE_PATH ? "there is no address for the server's name"
					       : "the name service gives no answer about",
		   host, gai_strerror(result));
	if (err != NULL) {
		err->cause = result;
		(void)snprintf(err->cause_name, sizeof(err->cause_name), "%s", name);
	}
	return status;
}

static unsigned server_port(const struct smb_connection *connection)
{
	return connection->address->port == 0 ? 445 : connection->address->port % 65536;
}

static enum status resolve(struct smb_connection *connection, struct lookup **out,
			   struct error *err)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (lookup == NULL)
		return fail_memory(err, STEP_CONNECT);
	(void)snprintf(lookup->host, sizeof(lookup->host), "%s", connection->address->server);
	(void)snprintf(lookup->port, sizeof(lookup->port), "%u", server_port(connection));
	const struct addrinfo numeric = { .ai_socktype = SOCK_STREAM,
					  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	lookup->result = getaddrinfo(lookup->host, lookup->port, &numeric, &lookup->addresses);
	if (lookup->result != 0) {
		const struct smb_aside work = { .run = lookup_run,
						.release = lookup_release,
						.context = lookup,
						.until = INT64_MAX };
		bool done;
		enum status status = smb_aside_run(connection, &work, &done, err);
		if (status != STATUS_OK)
			return status;
	}
	if (lookup->result != 0) {
		enum status status = smb_lookup_fail(err, lookup->host, lookup->result);
		lookup_release(lookup);
		return status;
	}
	*out = lookup;
	return STATUS_OK;
}

/* --- connecting --- */

static enum status fail_connect(const struct smb_connection *connection, struct error *err,
				int cause)
{
	errno = cause;
	(void)fail_errno(err, STATUS_SHARE_CONNECTION, STEP_CONNECT, NULL);
	error_add_context(err, "connecting to port %u", server_port(connection));
	return STATUS_SHARE_CONNECTION;
}

/* Gives up at @until, which is before the connection's own limit if other addresses are left. */
static enum status dial(struct smb_connection *connection, const struct addrinfo *address,
			int64_t until, struct error *err)
{
	AUTO_CLOSE descriptor =
		socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;
	int cause = 0;
	socklen_t size = sizeof(cause);

	if (descriptor < 0)
		return fail_connect(connection, err, errno);
	(void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (connect(descriptor, address->ai_addr, address->ai_addrlen) != 0) {
		if (errno != EINPROGRESS)
			return fail_connect(connection, err, errno);
		bool ready;
		enum status status =
			smb_wait_until(connection, descriptor, POLLOUT, until, &ready, err);
		if (status != STATUS_OK)
			return status;
		if (!ready)
			return fail_connect(connection, err, ETIMEDOUT);
		if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &cause, &size) != 0)
			return fail_connect(connection, err, errno);
		if (cause != 0)
			return fail_connect(connection, err, cause);
	}
	connection->descriptor = TAKE_DESCRIPTOR(descriptor);
	return STATUS_OK;
}

/* A mute address takes only its part of what is left, so that the others have theirs. */
static int64_t part_of_time(const struct smb_connection *connection, const struct addrinfo *first)
{
	int64_t now = clock_monotonic(&system_clock);
	int64_t count = 0;

	for (const struct addrinfo *at = first; at != NULL; at = at->ai_next)
		count++;
	return count == 1 ? INT64_MAX : now + (connection->limit - now) / count;
}

/* Each address in turn: the deadline is for all of them. */
enum status smb_transport_open(struct smb_connection *connection, struct error *err)
{
	struct lookup *lookup = NULL;
	enum status status = resolve(connection, &lookup, err);

	if (status != STATUS_OK)
		return status;
	status = STATUS_SHARE_CONNECTION;
	for (const struct addrinfo *at = lookup->addresses; at != NULL; at = at->ai_next) {
		status = dial(connection, at, part_of_time(connection, at), err);
		if (status != STATUS_SHARE_CONNECTION || connection->lost)
			break;
	}
	lookup_release(lookup);
	return status;
}

/* --- bytes --- */

static enum status fail_hung_up(struct error *err)
{
	errno = ECONNRESET;
	(void)fail_errno(err, STATUS_SHARE_CONNECTION, "use share", NULL);
	if (err != NULL)
		(void)snprintf(err->message, sizeof(err->message),
			       "the server has ended the connection");
	return STATUS_SHARE_CONNECTION;
}

enum status smb_transport_send(struct smb_connection *connection, const void *data, size_t length,
			       struct error *err)
{
	const unsigned char *at = data;

	while (length > 0) {
		ssize_t sent = send(connection->descriptor, at, length, MSG_NOSIGNAL);
		enum status status = STATUS_OK;

		if (sent > 0) {
			at += sent;
			length -= (size_t)sent;
		} else if (errno == EPIPE) {
			return fail_hung_up(err);
		} else if (errno == EAGAIN) {
			status = smb_wait(connection, connection->descriptor, POLLOUT, err);
		} else if (errno != EINTR) {
			return fail_errno(err, STATUS_SHARE_CONNECTION, "use share", NULL);
		}
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

static enum status receive(struct smb_connection *connection, void *data, size_t length,
			   struct error *err)
{
	unsigned char *at = data;

	while (length > 0) {
		ssize_t got = recv(connection->descriptor, at, length, 0);
		enum status status = STATUS_OK;

		if (got > 0) {
			at += got;
			length -= (size_t)got;
			/* One who drips bytes does not get more time. */
			if (length > 0 && clock_monotonic(&system_clock) >= connection->limit)
				return fail_overdue(connection, err);
		} else if (got == 0) {
			return fail_hung_up(err);
		} else if (errno == EAGAIN) {
			status = smb_wait(connection, connection->descriptor, POLLIN, err);
		} else if (errno != EINTR) {
			return fail_errno(err, STATUS_SHARE_CONNECTION, "use share", NULL);
		}
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

enum status smb_transport_receive(struct smb_connection *connection, size_t *length,
				  struct error *err)
{
	unsigned char head[4];

	/* Nor does one who floods with what nobody asked for: nothing waits then. */
	if (clock_monotonic(&system_clock) >= connection->limit)
		return fail_overdue(connection, err);
	enum status status = receive(connection, head, sizeof(head), err);
	if (status != STATUS_OK)
		return status;
	size_t size = (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	if (head[0] != 0 || size < SMB_HEADER_SIZE || size > SMB_FRAME_MAX)
		return smb_refuse(err, "it is not SMB, or longer than anything that was asked for");
	*length = size;
	return receive(connection, connection->receive, size, err);
}

bool smb_transport_is_stale(const struct smb_connection *connection)
{
	struct pollfd polled = { .fd = connection->descriptor, .events = POLLIN };

	return poll(&polled, 1, 0) > 0;
}

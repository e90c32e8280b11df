/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket, opened by us so that a failure can be told apart. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "http_private.h"

static const int http_backlog = 256;

static bool http_address_parse(const char *address, unsigned port, struct sockaddr_storage *out,
			       socklen_t *length)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		*length = sizeof(*four);
		return true;
	}
	if (inet_pton(AF_INET6, address, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons((uint16_t)port);
		*length = sizeof(*six);
		return true;
	}
	return false;
}

static enum status http_bind_failed(struct error *err, const char *address, unsigned port)
{
	int cause = errno;
	enum status status = STATUS_FAILED;

	if (cause == EADDRINUSE)
		status = STATUS_CONFLICT;
	else if (cause == EADDRNOTAVAIL || cause == EAFNOSUPPORT || cause == EACCES)
		status = STATUS_INVALID;
	(void)fail_errno(err, status, "listen", address);
	error_add_context(err, "port %u", port);
	return status;
}

static enum status http_socket_port(int descriptor, unsigned *port, struct error *err)
{
	struct sockaddr_storage bound;
	socklen_t length = sizeof(bound);

	if (getsockname(descriptor, (struct sockaddr *)&bound, &length) != 0)
		return fail_errno(err, STATUS_FAILED, "read the port", NULL);
	*port = bound.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&bound)->sin6_port)
					    : ntohs(((struct sockaddr_in *)&bound)->sin_port);
	return STATUS_OK;
}

enum status http_listen(const char *address, unsigned port, int *out, unsigned *actual_port,
			struct error *err)
{
	struct sockaddr_storage where;
	socklen_t length = 0;
	int on = 1;

	if (port > 65535)
		return fail_field(err, "http.listen", "port %u is not allowed: 0 to 65535", port);
	if (!http_address_parse(address, port, &where, &length))
		return fail_field(
			err, "http.listen",
			"\"%s\" is not a numeric address such as 127.0.0.1, 0.0.0.0 or ::1",
			address);

	AUTO_CLOSE descriptor =
		socket(where.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (descriptor < 0 ||
	    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(descriptor, (struct sockaddr *)&where, length) != 0 ||
	    listen(descriptor, http_backlog) != 0)
		return http_bind_failed(err, address, port);

	enum status status = http_socket_port(descriptor, actual_port, err);
	if (status == STATUS_OK)
		*out = TAKE_DESCRIPTOR(descriptor);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A plain HTTP client on a bare socket, so that a test decides every byte it sends. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/http/http_socket.h"

int http_socket_connect(unsigned port)
{
	struct sockaddr_in where = { .sin_family = AF_INET,
				     .sin_port = htons((unsigned short)port) };
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (descriptor >= 0 && connect(descriptor, (struct sockaddr *)&where, sizeof(where)) != 0) {
		(void)close(descriptor);
		return -1;
	}
	return descriptor;
}

bool http_socket_send(int descriptor, const void *data, size_t length)
{
	const char *at = data;

	while (length > 0) {
		ssize_t sent = send(descriptor, at, length, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		at += sent;
		length -= (size_t)sent;
	}
	return true;
}

bool http_socket_send_text(int descriptor, const char *text)
{
	return http_socket_send(descriptor, text, strlen(text));
}

static size_t http_socket_wanted(const char *text, bool is_head)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length = strcasestr(text, "\r\nContent-Length:");

	if (end == NULL)
		return 0;
	size_t wanted = (size_t)(end - text) + 4;
	if (!is_head && length != NULL && length < end)
		wanted += strtoul(length + sizeof("\r\nContent-Length:") - 1, NULL, 10);
	return wanted;
}

unsigned http_socket_receive(int descriptor, bool is_head, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (;;) {
		size_t wanted = http_socket_wanted(text, is_head);

		if (wanted > 0 && used >= wanted)
			break;
		if (used + 1 >= size)
			return 0;
		/* Byte by byte: what follows this response stays in the socket. */
		ssize_t got = recv(descriptor, text + used, wanted > used ? wanted - used : 1, 0);
		if (got <= 0)
			return 0;
		used += (size_t)got;
		text[used] = '\0';
	}
	return (unsigned)strtoul(text + sizeof("HTTP/1.1 ") - 1, NULL, 10);
}

bool http_socket_is_closed(int descriptor)
{
	char byte;

	return recv(descriptor, &byte, 1, 0) <= 0;
}

bool http_socket_is_refused(int descriptor)
{
	char line[sizeof("HTTP/1.1 400")] = "";
	ssize_t got = recv(descriptor, line, sizeof(line) - 1, MSG_WAITALL);

	return got < (ssize_t)(sizeof(line) - 1) || line[sizeof("HTTP/1.1 ") - 1] >= '4';
}

const char *http_socket_body(const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");

	return end == NULL ? "" : end + 4;
}

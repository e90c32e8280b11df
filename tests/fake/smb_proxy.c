/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody between an SMB client and its server. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "smb_proxy.h"

#define FRAME_MAX ((size_t)2 << 20)
#define DRIP 200 /* ms between bytes */

struct smb_proxy {
	struct smb_proxy_attack attack;
	unsigned server_port;
	int listening, stop;
	pthread_t thread;
	unsigned client_frames;
	unsigned char *frame, *last;
	size_t last_length;
	unsigned server_frames;
};

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in) { .sin_family = AF_INET,
				      .sin_port = htons((uint16_t)port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static bool read_all(int descriptor, unsigned char *data, size_t length)
{
	while (length > 0) {
		ssize_t got = recv(descriptor, data, length, 0);
		if (got <= 0)
			return false;
		data += got;
		length -= (size_t)got;
	}
	return true;
}

static bool read_frame(int descriptor, unsigned char *data, size_t *length)
{
	unsigned char head[4];

	if (!read_all(descriptor, head, 4))
		return false;
	*length = (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	return *length <= FRAME_MAX && read_all(descriptor, data, *length);
}

static bool is_stopped(const struct smb_proxy *proxy, int time)
{
	struct pollfd polled = { .fd = proxy->stop, .events = POLLIN };

	return poll(&polled, 1, time) > 0;
}

static bool write_all(const struct smb_proxy *proxy, int descriptor, const unsigned char *data,
		      size_t length, bool drips)
{
	for (size_t at = 0; at < length;) {
		ssize_t sent = send(descriptor, data + at, drips ? 1 : length - at, MSG_NOSIGNAL);
		if (sent <= 0 || (drips && is_stopped(proxy, DRIP)))
			return false;
		at += (size_t)sent;
	}
	return true;
}

static bool write_frame(const struct smb_proxy *proxy, int descriptor, const unsigned char *data,
			size_t length, bool changed)
{
	size_t claim =
		changed && proxy->attack.claim_length > 0 ? proxy->attack.claim_length : length;
	const unsigned char head[4] = { 0, (unsigned char)(claim >> 16),
					(unsigned char)(claim >> 8), (unsigned char)claim };
	bool drips = changed && proxy->attack.drips;

	return write_all(proxy, descriptor, head, 4, drips) &&
	       write_all(proxy, descriptor, data, length, drips);
}

/* The frame in large pieces, so that whoever reads never has to wait. */
static bool flood(const struct smb_proxy *proxy, int client, const struct smb_proxy_frame *frame)
{
	size_t one = 4 + frame->length;
	AUTO_FREE unsigned char *piece = calloc(FRAME_MAX / one, one);

	for (size_t i = 0; piece != NULL && i < FRAME_MAX / one; i++) {
		piece[i * one + 2] = (unsigned char)(frame->length >> 8);
		piece[i * one + 3] = (unsigned char)frame->length;
		memcpy(piece + i * one + 4, frame->data, frame->length);
	}
	while (piece != NULL && !is_stopped(proxy, 0))
		if (!write_all(proxy, client, piece, FRAME_MAX / one * one, false))
			break;
	return false;
}

static bool pass_reply(struct smb_proxy *proxy, int server, int client)
{
	struct smb_proxy_frame frame = { .number = proxy->server_frames++,
					 .data = proxy->frame,
					 .capacity = FRAME_MAX,
					 .last = proxy->last,
					 .last_length = proxy->last_length };

	if (!read_frame(server, frame.data, &frame.length))
		return false;
	AUTO_FREE unsigned char *original = malloc(frame.length + 1);
	if (original == NULL)
		return false;
	memcpy(original, frame.data, frame.length);
	size_t length = frame.length;
	if (proxy->attack.change != NULL)
		proxy->attack.change(&frame);
	memcpy(proxy->last, original, length);
	proxy->last_length = length;
	if (proxy->attack.floods && frame.number == 1)
		return flood(proxy, client, &frame);
	return write_frame(proxy, client, frame.data, frame.length, true);
}

static bool pass_request(struct smb_proxy *proxy, int client, int server)
{
	size_t length = 0;

	if (!read_frame(client, proxy->frame, &length))
		return false;
	proxy->client_frames++;
	return write_frame(proxy, server, proxy->frame, length, false);
}

static void serve(struct smb_proxy *proxy, int client)
{
	AUTO_CLOSE server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const struct sockaddr_in address = loopback(proxy->server_port);

	if (connect(server, (const struct sockaddr *)&address, sizeof(address)) != 0)
		return;
	for (bool goes_on = true; goes_on;) {
		struct pollfd polled[] = { { .fd = client, .events = POLLIN },
					   { .fd = server, .events = POLLIN },
					   { .fd = proxy->stop, .events = POLLIN } };

		if (poll(polled, 3, -1) < 0 || polled[2].revents != 0)
			return;
		if (polled[0].revents != 0)
			goes_on = pass_request(proxy, client, server);
		if (goes_on && polled[1].revents != 0)
			goes_on = pass_reply(proxy, server, client);
	}
}

static void *proxy_main(void *argument)
{
	struct smb_proxy *proxy = argument;
	struct pollfd polled[] = { { .fd = proxy->listening, .events = POLLIN },
				   { .fd = proxy->stop, .events = POLLIN } };

	while (poll(polled, 2, -1) > 0 && polled[1].revents == 0) {
		AUTO_CLOSE client = accept4(proxy->listening, NULL, NULL, SOCK_CLOEXEC);
		if (client >= 0)
			serve(proxy, client);
	}
	return NULL;
}

struct smb_proxy *smb_proxy_start(const struct smb_proxy_attack *attack, unsigned server_port,
				  unsigned *port)
{
	struct smb_proxy *proxy = calloc(1, sizeof(*proxy));
	struct sockaddr_in address = loopback(0);
	socklen_t size = sizeof(address);

	if (proxy == NULL)
		return NULL;
	proxy->attack = *attack;
	proxy->server_port = server_port;
	proxy->frame = malloc(FRAME_MAX);
	proxy->last = malloc(FRAME_MAX);
	proxy->stop = eventfd(0, EFD_CLOEXEC);
	proxy->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (proxy->frame == NULL || proxy->last == NULL ||
	    bind(proxy->listening, (struct sockaddr *)&address, size) != 0 ||
	    listen(proxy->listening, 4) != 0 ||
	    getsockname(proxy->listening, (struct sockaddr *)&address, &size) != 0 ||
	    pthread_create(&proxy->thread, NULL, proxy_main, proxy) != 0)
		return NULL;
	*port = ntohs(address.sin_port);
	return proxy;
}

unsigned smb_proxy_stop(struct smb_proxy *proxy)
{
	(void)eventfd_write(proxy->stop, 1);
	(void)pthread_join(proxy->thread, NULL);
	unsigned frames = proxy->client_frames;
	(void)close(proxy->stop);
	(void)close(proxy->listening);
	free(proxy->frame);
	free(proxy->last);
	free(proxy);
	return frames;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A plain HTTP client on a bare socket, so that a test decides every byte it sends. */
#ifndef TESTS_HTTP_SOCKET_H
#define TESTS_HTTP_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

/* A connection to 127.0.0.1:@port. */
int http_socket_connect(unsigned port);
/* All of @length bytes; false when the peer closed. */
bool http_socket_send(int descriptor, const void *data, size_t length);
bool http_socket_send_text(int descriptor, const char *text);
/* One response: headers, then as many bytes as Content-Length says (none when @is_head). 0 when the
 * peer closed the connection first, else the status. @text holds it all, terminated. */
unsigned http_socket_receive(int descriptor, bool is_head, char *text, size_t size);
/* The peer closes without sending another byte. */
bool http_socket_is_closed(int descriptor);
/* A status of 400 or more, or the connection is closed before one arrives. */
bool http_socket_is_refused(int descriptor);
/* The body inside @text. */
const char *http_socket_body(const char *text);

#endif

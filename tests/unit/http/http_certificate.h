/* SPDX-License-Identifier: Apache-2.0 */
/* A throw-away self-signed server certificate for 127.0.0.1. */
#ifndef TESTS_HTTP_CERTIFICATE_H
#define TESTS_HTTP_CERTIFICATE_H

#include <stdbool.h>

/* Writes both as PEM, the key readable by its owner only. */
bool http_certificate_write(const char *certificate_file, const char *key_file);

#endif

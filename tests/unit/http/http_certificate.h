/* SPDX-License-Identifier: Apache-2.0 */
/* Throw-away certificates: a self-signed one for the server 127.0.0.1, and whatever else is wished.
 */
#ifndef TESTS_HTTP_CERTIFICATE_H
#define TESTS_HTTP_CERTIFICATE_H

#include <stdbool.h>

struct http_certificate_wish {
	const char *common_name;
	const char *names;   /* alternative names as OpenSSL writes them, "DNS:a,URI:b"; or NULL */
	const char *purpose; /* "clientAuth", "serverAuth"; NULL: none */
	bool is_authority;
	long seconds_left;               /* negative: it has expired */
	const char *signer, *signer_key; /* PEM files; NULL: it signs itself */
};

/* Write both as PEM, the key readable by its owner only. */
bool http_certificate_write_wish(const struct http_certificate_wish *wish,
				 const char *certificate_file, const char *key_file);
bool http_certificate_write(const char *certificate_file, const char *key_file);

#endif

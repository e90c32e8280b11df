/* SPDX-License-Identifier: Apache-2.0 */
/* What calls and downloads share: how libcurl is started, set up and asked. */
#ifndef CLIENT_PRIVATE_H
#define CLIENT_PRIVATE_H

#include "infrabackup/client.h"

#include <curl/curl.h>

struct client_transfer {
	CURL *curl;
	const char *target;
	const char *ca_file;   /* NULL: the system's */
	long timeout;          /* ms; 0: none */
	struct buffer *answer; /* bounded by its maximum */
	const char *step;      /* for errors */
	char fault[CURL_ERROR_SIZE];
};

void client_start_library(void);
/* Everything but method and headers. */
void client_transfer_set(struct client_transfer *transfer);
MUST_CHECK enum status client_transfer_run(struct client_transfer *transfer, struct error *err);

#endif

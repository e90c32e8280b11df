/* SPDX-License-Identifier: Apache-2.0 */
/* One transfer through libcurl: the server's certificate is checked, no redirect is followed, an
 * answer is bounded. */
#include <pthread.h>

#include "client_private.h"

static pthread_once_t client_once = PTHREAD_ONCE_INIT;

static void client_start(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

void client_start_library(void)
{
	(void)pthread_once(&client_once, client_start);
}

static size_t client_receive(char *data, size_t size, size_t count, void *context)
{
	struct buffer *body = context;

	return buffer_append(body, data, size * count, NULL) == STATUS_OK ? size * count : 0;
}

void client_transfer_set(struct client_transfer *transfer)
{
	CURL *curl = transfer->curl;

	curl_easy_reset(curl);
	transfer->fault[0] = '\0';
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, transfer->fault);
	(void)curl_easy_setopt(curl, CURLOPT_URL, transfer->target);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (transfer->ca_file != NULL) {
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, transfer->ca_file);
		(void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (transfer->timeout > 0)
		(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, transfer->timeout);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, client_receive);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, transfer->answer);
}

enum status client_transfer_run(struct client_transfer *transfer, struct error *err)
{
	CURLcode code = curl_easy_perform(transfer->curl);

	/* The handle may outlive the transfer, and libcurl writes there when it closes, too. */
	(void)curl_easy_setopt(transfer->curl, CURLOPT_ERRORBUFFER, NULL);
	if (code == CURLE_OK)
		return STATUS_OK;
	if (code == CURLE_WRITE_ERROR)
		return fail(err, STATUS_TOO_LARGE, transfer->step, transfer->target,
			    "the answer is longer than %zu bytes", transfer->answer->max);
	return fail(err, STATUS_FAILED, transfer->step, transfer->target, "%s",
		    transfer->fault[0] != '\0' ? transfer->fault : curl_easy_strerror(code));
}

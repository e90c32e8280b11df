/* SPDX-License-Identifier: Apache-2.0 */
/* A public document, fetched without saying who asks. */
#include "client_private.h"

static const char STEP[] = "download";

/* libcurl asks about once a second, also while nothing comes. */
static int client_is_cancelled(void *context, curl_off_t expected, curl_off_t got,
			       curl_off_t to_send, curl_off_t sent)
{
	(void)expected;
	(void)got;
	(void)to_send;
	(void)sent;
	return cancel_is_requested(context) ? 1 : 0;
}

static enum status client_judge_document(struct client_transfer *transfer, struct error *err)
{
	long http_status = 0;

	(void)curl_easy_getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &http_status);
	if (http_status == 200)
		return STATUS_OK;
	return fail(err, STATUS_FAILED, STEP, transfer->target,
		    "the server answered with HTTP status %ld", http_status);
}

enum status client_download(const char *url, const char *ca_file, long timeout,
			    struct cancel *cancel, struct buffer *out, struct error *err)
{
	struct client_transfer transfer = {
		.target = url,
		.ca_file = ca_file,
		.timeout = timeout,
		.answer = out,
		.step = STEP,
	};

	client_start_library();
	buffer_clear(out);
	transfer.curl = curl_easy_init();
	if (transfer.curl == NULL)
		return fail_memory(err, STEP);
	client_transfer_set(&transfer);
	(void)curl_easy_setopt(transfer.curl, CURLOPT_NOPROGRESS, 0L);
	(void)curl_easy_setopt(transfer.curl, CURLOPT_XFERINFOFUNCTION, client_is_cancelled);
	(void)curl_easy_setopt(transfer.curl, CURLOPT_XFERINFODATA, cancel);
	enum status status = client_transfer_run(&transfer, err);
	if (status == STATUS_OK)
		status = client_judge_document(&transfer, err);
	else if (cancel_is_requested(cancel))
		status = cancel_check(cancel, STEP, err);
	curl_easy_cleanup(transfer.curl);
	return status;
}

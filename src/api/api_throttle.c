/* SPDX-License-Identifier: Apache-2.0 */
/* Callers who ask too much are told when to come back. */
#include <stdio.h>
#include <string.h>

#include "api_private.h"

static enum status api_throttled(struct api_call *call, const struct api_rate_answer *answer,
				 const char *what, struct error *err)
{
	char seconds[16];

	(void)snprintf(seconds, sizeof(seconds), "%u", answer->retry_after);
	http_response_header(call->response, "Retry-After", seconds);
	return api_fail(call, API_FAULT_THROTTLED, STATUS_INVALID, NULL, err,
			"There were too many %s; try again in %s seconds", what, seconds);
}

enum status api_throttle_caller(struct api_call *call, struct error *err)
{
	const __typeof__(call->api->settings.config->http.limits) *limits =
		&call->api->settings.config->http.limits;
	bool is_read = strcmp(call->request->method, "GET") == 0;
	unsigned per_minute = is_read ? limits->reads_per_minute : limits->writes_per_minute;
	char remaining[16];

	if (per_minute == 0)
		return STATUS_OK;
	struct api_rate_answer answer = api_rates_take(
		call->api->rates, is_read ? API_RATE_READS : API_RATE_WRITES, call->caller.identity,
		per_minute, clock_monotonic(call->api->settings.clock));
	(void)snprintf(remaining, sizeof(remaining), "%u", answer.remaining);
	http_response_header(call->response,
			     is_read ? "x-ms-ratelimit-remaining-subscription-reads"
				     : "x-ms-ratelimit-remaining-subscription-writes",
			     remaining);
	if (answer.is_allowed)
		return STATUS_OK;
	return api_throttled(call, &answer,
			     is_read ? "reads by this caller" : "writes by this caller", err);
}

static struct api_rate_answer api_take_by_address(const struct api_call *call,
						  enum api_rate_kind kind, unsigned per_minute)
{
	const struct api_rate_answer unlimited = { .is_allowed = true };
	char text[64];

	if (per_minute == 0)
		return unlimited;
	return api_rates_take(call->api->rates, kind,
			      api_rates_address(call->request->client_address, text), per_minute,
			      clock_monotonic(call->api->settings.clock));
}

enum status api_throttle_open(struct api_call *call, struct error *err)
{
	struct api_rate_answer answer = api_take_by_address(
		call, API_RATE_READS, call->api->settings.config->http.limits.reads_per_minute);

	return answer.is_allowed ? STATUS_OK
				 : api_throttled(call, &answer, "requests from this address", err);
}

enum status api_throttle_failure(struct api_call *call, enum status failure, struct error *err)
{
	struct api_rate_answer answer = api_take_by_address(
		call, API_RATE_FAILURES,
		call->api->settings.config->http.limits.failed_authentications_per_minute);

	return answer.is_allowed ? failure
				 : api_throttled(call, &answer,
						 "failed authentications from this address", err);
}

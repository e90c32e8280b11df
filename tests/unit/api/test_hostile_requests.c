/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that mean no good, in process: HOSTILE_REQUESTS of them (3000) from HOSTILE_SEED (1). No
 * crash, no fault of our own, no answer outside the error table, no secret in any; who lacks the
 * right changes nothing; the memory stays what it is. */
/* asan options: quarantine_size_mb=8: memory that is kept from reuse would look like a leak */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit/api/hostile_draw.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

enum {
	REQUESTS_DEFAULT = 3000,
	SETTLE_EVERY = 50,
	/* What the allocator and SQLite's caches may still take once they are warm. */
	GROWTH_MAX_KIB = 24 << 10,
};

static uint64_t number_of(const char *name, uint64_t standard)
{
	const char *text = getenv(name);

	return text == NULL ? standard : strtoull(text, NULL, 10);
}

static long resident_kib(void)
{
	long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &size, &resident), 2);
	(void)fclose(file);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Whether the caller may do what the route is for. */
static bool is_allowed(const struct hostile_request *request)
{
	enum auth_role needed = AUTH_READER;

	if (request->route.role == NULL)
		return true;
	return request->caller >= HOSTILE_READER &&
	       auth_role_from_name(request->route.role, &needed) &&
	       (unsigned)request->caller - HOSTILE_READER >= (unsigned)needed;
}

/* Who may change nothing at all, whatever the request became; and who asks for what he may not. */
static bool must_change_nothing(const struct hostile_request *request)
{
	return request->caller <= HOSTILE_READER || strcmp(request->method, "GET") == 0 ||
	       (request->is_route_kept && !is_allowed(request));
}

static void check_headers(const struct hostile_world *world, const struct http_response *response)
{
	assert_true(response->header_count < HTTP_RESPONSE_HEADERS_MAX);
	for (size_t i = 0; i < response->header_count; i++) {
		hostile_assert_no_secret(world, response->headers[i].value,
					 strlen(response->headers[i].value));
		assert_true(text_is_printable_utf8(response->headers[i].value));
	}
}

static void check_right(const struct hostile_request *request, unsigned status)
{
	if (!request->is_route_kept || is_allowed(request))
		return;
	/* A path that the api-version does not know is none, whoever asks. */
	if (request->caller <= HOSTILE_STRANGER)
		assert_int_equal(status, 401);
	else
		assert_true(status == 403 || status == 404 || status == 405);
}

static unsigned send_request(struct hostile_world *world, const struct hostile_request *request)
{
	struct http_response response;
	struct http_request sent = { .method = request->method,
				     .path = request->path,
				     .body = request->body,
				     .body_length = request->body_length,
				     .client_address = "127.0.0.1",
				     .host = "h",
				     .headers = request->headers,
				     .header_count = request->header_count,
				     .query = request->query,
				     .query_count = request->query_count };

	guid_generate(sent.request_id);
	http_response_init(&response, 200);
	api_handle(world->api, &sent, &response);
	unsigned status = response.status;
	hostile_assert_answer(status, response.body.data, response.body.length);
	hostile_assert_no_secret(world, response.body.data, response.body.length);
	check_headers(world, &response);
	check_right(request, status);
	http_response_done(&response);
	return status;
}

/* The state may be written to: a token's last use. It must say the same afterwards. */
static unsigned send_checked(struct hostile_world *world, const struct hostile_request *request,
			     unsigned char digest[32])
{
	unsigned char after[32];
	unsigned status = send_request(world, request);

	if (!hostile_world_was_written(world))
		return status;
	hostile_world_digest(world, after);
	if (must_change_nothing(request) && memcmp(after, digest, sizeof(after)) != 0)
		fail_msg("%s %s changed the state for caller %d: %u", request->method,
			 request->path, (int)request->caller, status);
	memcpy(digest, after, sizeof(after));
	return status;
}

static void settle(struct hostile_world *world, unsigned char digest[32])
{
	hostile_world_settle(world);
	hostile_world_digest(world, digest);
}

static void warm_up(struct hostile_world *world)
{
	for (size_t role = AUTH_READER; role <= AUTH_ADMINISTRATOR; role++) {
		const struct hostile_request request = {
			.caller = HOSTILE_READER + (enum hostile_caller)role,
			.method = "GET",
			.path = "/tenants",
			.query = { { "api-version", "1.0" } },
			.query_count = 1,
			.headers = { { "Authorization", world->authorization[role] } },
			.header_count = 1,
		};

		(void)send_request(world, &request);
	}
}

static void print_statuses(const size_t counts[600])
{
	for (unsigned status = 0; status < 600; status++)
		if (counts[status] > 0)
			print_message("  %u: %zu\n", status, counts[status]);
}

static void test_hostile_requests_are_answered_by_the_table(void **state)
{
	static struct hostile_request request;
	struct hostile_world *world = *state;
	struct hostile_draw draw;
	size_t count = (size_t)number_of("HOSTILE_REQUESTS", REQUESTS_DEFAULT);
	uint64_t seed = number_of("HOSTILE_SEED", 1);
	size_t counts[600] = { 0 };
	unsigned char digest[32];
	long warm = 0;

	print_message("HOSTILE_SEED=%llu HOSTILE_REQUESTS=%zu\n", (unsigned long long)seed, count);
	hostile_draw_init(&draw, world, seed);
	warm_up(world);
	for (size_t i = 0; i < count; i++) {
		if (i % SETTLE_EVERY == 0)
			settle(world, digest);
		if (i == count / 4)
			warm = resident_kib();
		hostile_draw_request(&draw, &request);
		unsigned status = send_checked(world, &request, digest);
		assert_in_range(status, 200, 599);
		counts[status]++;
	}
	long grown = resident_kib() - warm;
	print_message("resident %ld KiB, %ld more than after a quarter\n", warm, grown);
	print_statuses(counts);
	assert_true(grown < GROWTH_MAX_KIB);
	/* The generator reaches what it is for. */
	static const unsigned reached[] = { 200, 202, 400, 401, 403, 404, 405, 409, 412, 415 };
	for (size_t i = 0; i < ARRAY_LENGTH(reached); i++)
		assert_true(counts[reached[i]] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_hostile_requests_are_answered_by_the_table,
						hostile_world_start, hostile_world_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

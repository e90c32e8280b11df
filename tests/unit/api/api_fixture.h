/* SPDX-License-Identifier: Apache-2.0 */
/* An api on an empty state database in a temporary folder, with one token of each role and a fixed
 * clock. */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

#include "infrabackup/api.h"

#define API_FIXTURE_SUBSCRIPTION "7d0f5f0e-6a39-4c5e-9a64-0b6c86f1a001"
#define API_FIXTURE_TENANT "5c0a0e0f-4af2-46b1-b6c1-a97b1d8e0c1f"
#define API_FIXTURE_GROUP                                                                          \
	"/subscriptions/" API_FIXTURE_SUBSCRIPTION                                                 \
	"/resourceGroups/system.north/providers/Microsoft.Backup.Admin"
#define API_FIXTURE_LOCATION API_FIXTURE_GROUP "/backupLocations/north"
/* 2024-03-01T20:30:00Z */
#define API_FIXTURE_NOW 1709325000000

struct api_fixture {
	char folder[64];
	struct config config;
	struct clock clock;
	struct db_pool *pool;
	struct db *state; /* a connection of the test's own */
	struct alert_book *alerts;
	struct secret key; /* of the audit log */
	struct audit_log *audit;
	struct api *api;
	char authorization[3][64]; /* "Bearer ib_...", by enum auth_role */
	/* of the next call; NULL: not sent */
	const char *sent_authorization, *sent_version, *sent_type;
	const char *sent_header, *sent_header_value;
	const struct http_pair *sent_pairs; /* more headers, up to one without a name; or NULL */
	const struct http_certificate *sent_certificate;
	/* of the last call */
	struct http_response response;
	const char *text; /* the body */
	json_t *json;     /* NULL when there is none */
};

/* For cmocka: *state becomes a struct api_fixture *. */
int api_fixture_start(void **state);
int api_fixture_stop(void **state);

/* The HTTP status. @target: a path, with "?name=value&..." that is not decoded. @body may be NULL.
 */
unsigned api_fixture_call(struct api_fixture *fixture, const char *method, const char *target,
			  const char *body);
/* The header of the last answer; NULL when it is not there. */
const char *api_fixture_header(const struct api_fixture *fixture, const char *name);
/* error.code and error.target of the last answer; "" when missing. */
const char *api_fixture_code(const struct api_fixture *fixture);
const char *api_fixture_target(const struct api_fixture *fixture);

/* Rows; times in seconds before API_FIXTURE_NOW, 0: none. */
void api_fixture_add_backup(struct api_fixture *fixture, const char *id, uint64_t sequence,
			    const char *status);
void api_fixture_add_job(struct api_fixture *fixture, const char *id, const char *kind);
/* Claims the oldest queued job. */
void api_fixture_run_job(struct api_fixture *fixture);
void api_fixture_finish_job(struct api_fixture *fixture, const char *id, const char *job_state,
			    const char *result, const struct error *fault);
void api_fixture_add_role(struct api_fixture *fixture, const char *id, int position,
			  const char *role, const char *role_state);

#endif

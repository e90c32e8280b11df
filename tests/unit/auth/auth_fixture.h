/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers as jwt_cases.json has them, whose keys come from the test, with clocks in its hands. */
#ifndef TESTS_AUTH_FIXTURE_H
#define TESTS_AUTH_FIXTURE_H

#include "../../../src/auth/auth_private.h"

struct auth_fixture {
	json_t *document; /* jwt_cases.json */
	struct config config;
	struct config_issuer issuer;
	struct clock clock;
	int64_t now, monotonic; /* ms */
	struct auth_issuers *issuers;
	/* What the issuer answers. */
	const json_t *keys; /* NULL: nothing */
	unsigned fetches;
	long retry_after; /* of the last auth_fixture_check() */
	struct auth_caller caller;
	struct error err;
};

/* For cmocka: *state becomes a struct auth_fixture *. Nothing has been fetched yet. */
int auth_fixture_start(void **state);
int auth_fixture_stop(void **state);
enum status auth_fixture_check(struct auth_fixture *fixture, const char *token);
/* The token of a case. */
const char *auth_fixture_token(const struct auth_fixture *fixture, const char *name);
/* A key set that holds only the key named so; a new reference. */
json_t *auth_fixture_only_key(const struct auth_fixture *fixture, const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers as jwt_cases.json has them, whose keys come from the test, with clocks in its hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unit/auth/auth_fixture.h"

/* Last: it defines fail() as a macro. */
#include <cmocka.h>

static int64_t now(void *context)
{
	return ((struct auth_fixture *)context)->now;
}

static int64_t monotonic(void *context)
{
	return ((struct auth_fixture *)context)->monotonic;
}

static enum status fetch(void *context, const struct config_issuer *issuer, struct cancel *cancel,
			 struct buffer *out, struct error *err)
{
	struct auth_fixture *fixture = context;

	(void)cancel;
	fixture->fetches++;
	if (fixture->keys == NULL)
		/* In brackets: cmocka has a macro of that name. */
		return (fail)(err, STATUS_FAILED, "fetch", issuer->jwks_url, "no answer");
	return json_write(fixture->keys, out, err);
}

static void read_issuer(struct auth_fixture *fixture)
{
	struct config_issuer *issuer = &fixture->issuer;
	json_t *audiences = json_object_get(fixture->document, "audiences");
	json_t *roles = json_object_get(fixture->document, "roles");
	const char **list = calloc(json_array_size(audiences) + 1, sizeof(*list));

	assert_non_null(list);
	for (size_t i = 0; i < json_array_size(audiences); i++)
		list[i] = json_string_value(json_array_get(audiences, i));
	issuer->audiences = list;
	issuer->issuer = json_string_value(json_object_get(fixture->document, "issuer"));
	issuer->jwks_url = "https://issuer/keys";
	issuer->role_count = json_array_size(roles);
	issuer->roles = calloc(issuer->role_count, sizeof(*issuer->roles));
	assert_non_null(issuer->roles);
	for (size_t i = 0; i < issuer->role_count; i++) {
		const json_t *row = json_array_get(roles, i);

		issuer->roles[i].claim = json_string_value(json_object_get(row, "claim"));
		issuer->roles[i].value = json_string_value(json_object_get(row, "value"));
		issuer->roles[i].role = json_string_value(json_object_get(row, "role"));
	}
}

int auth_fixture_start(void **state)
{
	struct auth_fixture *fixture = calloc(1, sizeof(*fixture));

	log_set_level(LOG_LEVEL_ERROR);
	assert_non_null(fixture);
	assert_int_equal(json_parse_file("tests/unit/auth/jwt_cases.json", 1u << 20,
					 &fixture->document, NULL),
			 STATUS_OK);
	read_issuer(fixture);
	fixture->config.authentication.issuers = &fixture->issuer;
	fixture->config.authentication.issuer_count = 1;
	fixture->config.authentication.clock_skew =
		json_integer_value(json_object_get(fixture->document, "skew")) * 1000;
	fixture->config.authentication.keys_lifetime = 3600000;
	fixture->config.authentication.keys_interval = 30000;
	fixture->config.authentication.keys_stale = 86400000;
	fixture->now = json_integer_value(json_object_get(fixture->document, "now")) * 1000;
	fixture->monotonic = 5000;
	fixture->clock = (struct clock) { now, monotonic, fixture };
	fixture->keys = json_object_get(fixture->document, "jwks");
	assert_int_equal(auth_issuers_new(&fixture->config, &fixture->clock, fetch, fixture,
					  &fixture->issuers, NULL),
			 STATUS_OK);
	*state = fixture;
	return 0;
}

int auth_fixture_stop(void **state)
{
	struct auth_fixture *fixture = *state;

	auth_issuers_free(fixture->issuers);
	free(fixture->issuer.roles);
	free((void *)(uintptr_t)fixture->issuer.audiences);
	json_decref(fixture->document);
	free(fixture);
	return 0;
}

enum status auth_fixture_check(struct auth_fixture *fixture, const char *token)
{
	memset(&fixture->caller, 0, sizeof(fixture->caller));
	memset(&fixture->err, 0, sizeof(fixture->err));
	fixture->retry_after = 0;
	return auth_issuers_check(fixture->issuers, token, &fixture->caller, &fixture->retry_after,
				  &fixture->err);
}

const char *auth_fixture_token(const struct auth_fixture *fixture, const char *name)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(fixture->document, "cases"), i, row)
	{
		if (strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
			return json_string_value(json_object_get(row, "token"));
	}
	fail_msg("there is no case %s", name);
	return NULL;
}

json_t *auth_fixture_only_key(const struct auth_fixture *fixture, const char *name)
{
	const json_t *all = json_object_get(json_object_get(fixture->document, "jwks"), "keys");
	json_t *key;
	size_t i;

	json_array_foreach(all, i, key)
	{
		if (strcmp(json_string_value(json_object_get(key, "kid")), name) == 0)
			return json_pack("{s:[O]}", "keys", key);
	}
	fail_msg("there is no key %s", name);
	return NULL;
}

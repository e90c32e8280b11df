/* SPDX-License-Identifier: Apache-2.0 */
/* A service without an engine for requests that mean no good: a location, a backup, jobs, an alert,
 * a caller of each role, and secrets that no answer may show. */
#ifndef TESTS_HOSTILE_WORLD_H
#define TESTS_HOSTILE_WORLD_H

#include "infrabackup/api.h"
#include "infrabackup/auth.h"

#include <sqlite3.h>

#define HOSTILE_SUBSCRIPTION "7d0f5f0e-6a39-4c5e-9a64-0b6c86f1a001"
#define HOSTILE_BACKUP "2f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
#define HOSTILE_JOB "3f6c1a52-2f7e-4bb9-8e8d-8d9a55e31d11"
/* In every body's secret members, and in what is stored. */
#define HOSTILE_SECRET "UGxhbnRlZFNlY3JldDEyMzQ1Njc4OTA="

struct hostile_world {
	char folder[64];
	char authorization[AUTH_ADMINISTRATOR + 1][64]; /* "Bearer ib_..." */
	char alert[GUID_TEXT_SIZE];
	struct config *config;
	struct share_registry shares;
	struct clock clock;
	struct backup_service *service;
	struct api *api;
	sqlite3 *look;   /* a connection of the test's own to the state database */
	int64_t version; /* of the database, as @look saw it last */
};

/* For cmocka. *state becomes a struct hostile_world *. */
int hostile_world_start(void **state);
int hostile_world_stop(void **state);
/* Whether somebody else has written to the state database since the last call. */
bool hostile_world_was_written(struct hostile_world *world);
/* Of every row of every table but the audit's, which also holds what was refused. */
void hostile_world_digest(struct hostile_world *world, unsigned char digest[32]);
/* Ends what was queued, ends maintenance, registers the subscription: what was accepted would keep
 * later requests from being. */
void hostile_world_settle(struct hostile_world *world);
/* Fails the test when @data holds a secret. */
void hostile_assert_no_secret(const struct hostile_world *world, const void *data, size_t length);
/* Fails the test unless status and body are a success or a row of the error table. */
void hostile_assert_answer(unsigned status, const void *body, size_t length);

#endif

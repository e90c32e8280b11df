/* SPDX-License-Identifier: Apache-2.0 */
/* Requests drawn at random from a seed: every route, and every part of a request bent. */
#ifndef TESTS_HOSTILE_DRAW_H
#define TESTS_HOSTILE_DRAW_H

#include "unit/api/hostile_world.h"

enum { HOSTILE_PAIRS_MAX = 12, HOSTILE_TEXT_SIZE = 12000 };

/* Who asks: without a credential, with one that is nobody's, by role. */
enum hostile_caller {
	HOSTILE_NOBODY,
	HOSTILE_STRANGER,
	HOSTILE_READER,
	HOSTILE_OPERATOR,
	HOSTILE_ADMINISTRATOR,
};

struct hostile_request {
	struct api_route_description route; /* that it was made for */
	enum hostile_caller caller;
	bool is_route_kept; /* method and path are the route's, with values for its parameters */
	const char *method;
	const char *path;
	struct http_pair query[HOSTILE_PAIRS_MAX];
	size_t query_count;
	struct http_pair headers[HOSTILE_PAIRS_MAX];
	size_t header_count;
	const char *body;
	size_t body_length;
	char text[HOSTILE_TEXT_SIZE]; /* what the pointers above point into */
	size_t used;
};

struct hostile_draw {
	uint64_t state;
	const struct hostile_world *world;
	size_t route_count;
};

/* @seed: any number; the same one draws the same requests. */
void hostile_draw_init(struct hostile_draw *draw, const struct hostile_world *world, uint64_t seed);
/* 0 to @below - 1. */
size_t hostile_below(struct hostile_draw *draw, size_t below);
bool hostile_percent(struct hostile_draw *draw, unsigned percent);
void hostile_draw_request(struct hostile_draw *draw, struct hostile_request *request);
/* Changes, doubles, drops and inserts bytes of @data; the new length, at most @size. */
size_t hostile_bend(struct hostile_draw *draw, char *data, size_t length, size_t size);

#endif

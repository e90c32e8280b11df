/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the issuers: fetched by a thread of their own, so that no request ever waits for one;
 * fetched anew before they are old, and when a token names a key that is not there, though not more
 * often than configured; kept for a while when the issuer does not answer. */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/client.h"

#include "auth_private.h"

#define DOCUMENT_MAX (256u << 10)
/* ms for one fetch. */
#define FETCH_TIMEOUT 10000
/* Seconds after which a caller may try again whose issuer is being asked. */
#define RETRY_SOON 2
/* ms; the thread looks at least so often, whatever the clocks do. */
#define LOOK_EVERY 60000

static const char STEP[] = "check token";

/* Keys that go with their last user. */
struct held_keys {
	struct auth_keys *keys;
	unsigned users; /* the issuer, as long as there are no newer ones, and requests */
};

struct issuer {
	const struct config_issuer *config;
	struct held_keys *keys; /* NULL: never had any */
	int64_t fetched_time;   /* monotonic: when the keys came */
	int64_t asked_time;     /* monotonic: when the issuer was asked last */
	bool was_asked;
	bool is_asked;   /* now */
	bool is_wanted;  /* a token named a key that is not there */
	bool is_failing; /* the last fetch failed */
};

struct auth_issuers {
	const struct config *config;
	const struct clock *clock;
	auth_fetch fetch;
	void *fetch_context;
	struct issuer *items;
	size_t count;
	pthread_mutex_t mutex;  /* guards the items */
	pthread_cond_t changed; /* something is wanted, or the end has come */
	struct cancel *cancel;  /* the end */
	pthread_t thread;
	bool is_started;
};

/* --- fetching --- */

static enum status fetch_document(void *context, const struct config_issuer *issuer,
				  struct cancel *cancel, struct buffer *out, struct error *err)
{
	(void)context;
	if (issuer->jwks_file != NULL)
		return file_read(issuer->jwks_file, DOCUMENT_MAX, out, err);
	return client_download(issuer->jwks_url, issuer->ca_file, FETCH_TIMEOUT, cancel, out, err);
}

static enum status fetch_keys(struct auth_issuers *issuers, const struct config_issuer *issuer,
			      struct held_keys **out, struct error *err)
{
	AUTO_FREE struct held_keys *held = calloc(1, sizeof(*held));
	struct buffer document;

	if (held == NULL)
		return fail_memory(err, "fetch keys");
	held->users = 1;
	buffer_init(&document, DOCUMENT_MAX);
	enum status status =
		issuers->fetch(issuers->fetch_context, issuer, issuers->cancel, &document, err);
	if (status == STATUS_OK)
		status = auth_keys_parse(document.data, document.length, &held->keys, err);
	buffer_done(&document);
	if (status == STATUS_OK)
		*out = TAKE(held);
	return status;
}

/* With the mutex held; NULL is legal. */
static void let_go(struct held_keys *held)
{
	if (held == NULL || --held->users > 0)
		return;
	auth_keys_free(held->keys);
	free(held);
}

/* The fault is logged when it begins, its end when it is over. */
static void note_fetch(struct issuer *issuer, enum status status, const struct error *err)
{
	char text[512];

	if (status != STATUS_OK && status != STATUS_CANCELLED && !issuer->is_failing)
		log_message(LOG_LEVEL_WARNING,
			    "the keys of the issuer %s cannot be fetched: %s; this is tried again",
			    issuer->config->issuer, error_text(err, text, sizeof(text)));
	else if (status == STATUS_OK && issuer->is_failing)
		log_message(LOG_LEVEL_INFO, "the issuer %s gives its keys again",
			    issuer->config->issuer);
	issuer->is_failing = status != STATUS_OK;
}

/* With the mutex held, which is let go while the issuer is asked. */
static enum status ask(struct auth_issuers *issuers, struct issuer *issuer, struct error *err)
{
	struct held_keys *keys = NULL;

	issuer->is_asked = true;
	issuer->is_wanted = false;
	issuer->was_asked = true;
	issuer->asked_time = clock_monotonic(issuers->clock);
	(void)pthread_mutex_unlock(&issuers->mutex);
	enum status status = fetch_keys(issuers, issuer->config, &keys, err);
	(void)pthread_mutex_lock(&issuers->mutex);
	if (status == STATUS_OK) {
		let_go(issuer->keys);
		issuer->keys = keys;
		issuer->fetched_time = clock_monotonic(issuers->clock);
	}
	note_fetch(issuer, status, err);
	issuer->is_asked = false;
	return status;
}

/* Monotonic time at which the issuer is to be asked. */
static int64_t due_time(const struct auth_issuers *issuers, const struct issuer *issuer)
{
	if (!issuer->was_asked)
		return INT64_MIN;
	if (issuer->is_wanted || issuer->is_failing)
		return issuer->asked_time + issuers->config->authentication.keys_interval;
	return issuer->asked_time + issuers->config->authentication.keys_lifetime;
}

/* With the mutex held. */
static int64_t refresh(struct auth_issuers *issuers)
{
	int64_t wait = LOOK_EVERY;

	for (size_t i = 0; i < issuers->count && !cancel_is_requested(issuers->cancel); i++) {
		struct issuer *issuer = &issuers->items[i];
		struct error err = { .status = STATUS_OK };

		if (due_time(issuers, issuer) <= clock_monotonic(issuers->clock))
			(void)ask(issuers, issuer, &err);
		int64_t left = due_time(issuers, issuer) - clock_monotonic(issuers->clock);
		if (left < wait)
			wait = left;
	}
	return wait < 0 ? 0 : wait;
}

int64_t auth_issuers_refresh(struct auth_issuers *issuers)
{
	(void)pthread_mutex_lock(&issuers->mutex);
	int64_t wait = refresh(issuers);
	(void)pthread_mutex_unlock(&issuers->mutex);
	return wait;
}

static void *keep_fresh(void *context)
{
	struct auth_issuers *issuers = context;

	(void)pthread_mutex_lock(&issuers->mutex);
	while (!cancel_is_requested(issuers->cancel)) {
		int64_t wait = refresh(issuers);

		if (wait > 0 && !cancel_is_requested(issuers->cancel))
			(void)thread_condition_wait(&issuers->changed, &issuers->mutex, (long)wait);
	}
	(void)pthread_mutex_unlock(&issuers->mutex);
	return NULL;
}

/* --- life --- */

enum status auth_issuers_new(const struct config *config, const struct clock *clock,
			     auth_fetch fetch, void *fetch_context, struct auth_issuers **out,
			     struct error *err)
{
	struct auth_issuers *issuers = calloc(1, sizeof(*issuers));
	if (issuers == NULL)
		return fail_memory(err, "start authentication");
	issuers->config = config;
	issuers->clock = clock;
	issuers->fetch = fetch == NULL ? fetch_document : fetch;
	issuers->fetch_context = fetch_context;
	(void)pthread_mutex_init(&issuers->mutex, NULL);
	thread_condition_init(&issuers->changed);
	issuers->cancel = cancel_new();
	issuers->items = calloc(config->authentication.issuer_count + 1, sizeof(*issuers->items));
	if (issuers->cancel == NULL || issuers->items == NULL) {
		auth_issuers_free(issuers);
		return fail_memory(err, "start authentication");
	}
	issuers->count = config->authentication.issuer_count;
	for (size_t i = 0; i < issuers->count; i++)
		issuers->items[i].config = &config->authentication.issuers[i];
	*out = issuers;
	return STATUS_OK;
}

void auth_issuers_free(struct auth_issuers *issuers)
{
	if (issuers == NULL)
		return;
	if (issuers->is_started) {
		cancel_request(issuers->cancel);
		(void)pthread_mutex_lock(&issuers->mutex);
		(void)pthread_cond_broadcast(&issuers->changed);
		(void)pthread_mutex_unlock(&issuers->mutex);
		(void)pthread_join(issuers->thread, NULL);
	}
	for (size_t i = 0; i < issuers->count; i++)
		let_go(issuers->items[i].keys);
	free(issuers->items);
	cancel_free(issuers->cancel);
	(void)pthread_cond_destroy(&issuers->changed);
	(void)pthread_mutex_destroy(&issuers->mutex);
	free(issuers);
}

static enum status read_files(struct auth_issuers *issuers, struct error *err)
{
	enum status status = STATUS_OK;

	(void)pthread_mutex_lock(&issuers->mutex);
	for (size_t i = 0; i < issuers->count && status == STATUS_OK; i++) {
		if (issuers->items[i].config->jwks_file == NULL)
			continue;
		status = ask(issuers, &issuers->items[i], err);
		if (status != STATUS_OK)
			error_add_context(err, "the keys of the issuer %.128s",
					  issuers->items[i].config->issuer);
	}
	(void)pthread_mutex_unlock(&issuers->mutex);
	return status;
}

enum status auth_issuers_start(struct auth_issuers *issuers, struct error *err)
{
	enum status status = read_files(issuers, err);
	if (status != STATUS_OK || issuers->count == 0)
		return status;
	status = thread_start(&issuers->thread, "issuer-keys", keep_fresh, issuers, err);
	issuers->is_started = status == STATUS_OK;
	return status;
}

/* --- checking --- */

static struct issuer *find_issuer(struct auth_issuers *issuers, const json_t *claims)
{
	const char *name = json_string_value(json_object_get(claims, "iss"));

	for (size_t i = 0; name != NULL && i < issuers->count; i++)
		if (strcmp(issuers->items[i].config->issuer, name) == 0)
			return &issuers->items[i];
	return NULL;
}

/* The issuer's keys, to be given back; NULL when there are none, or they are too old. */
static struct held_keys *borrow_keys(struct auth_issuers *issuers, struct issuer *issuer)
{
	int64_t age_max = issuers->config->authentication.keys_lifetime +
			  issuers->config->authentication.keys_stale;
	struct held_keys *held = NULL;

	(void)pthread_mutex_lock(&issuers->mutex);
	if (issuer->keys != NULL &&
	    clock_monotonic(issuers->clock) - issuer->fetched_time <= age_max) {
		held = issuer->keys;
		held->users++;
	}
	(void)pthread_mutex_unlock(&issuers->mutex);
	return held;
}

static void return_keys(struct auth_issuers *issuers, struct held_keys *held)
{
	(void)pthread_mutex_lock(&issuers->mutex);
	let_go(held);
	(void)pthread_mutex_unlock(&issuers->mutex);
}

/* Asks the thread to ask the issuer, unless that was done a moment ago. Seconds after which the
 * caller may try again; 0: nothing will be different soon. */
static long want_keys(struct auth_issuers *issuers, struct issuer *issuer)
{
	bool is_coming = false;

	(void)pthread_mutex_lock(&issuers->mutex);
	int64_t since = clock_monotonic(issuers->clock) - issuer->asked_time;
	if (issuer->is_asked || !issuer->was_asked) {
		is_coming = true;
	} else if (since >= issuers->config->authentication.keys_interval) {
		issuer->is_wanted = is_coming = true;
		(void)pthread_cond_broadcast(&issuers->changed);
	}
	(void)pthread_mutex_unlock(&issuers->mutex);
	return is_coming ? RETRY_SOON : 0;
}

static enum status fail_pending(const struct issuer *issuer, struct error *err)
{
	return fail(err, STATUS_CONFLICT, STEP, NULL,
		    "the key of the token is not known yet: the issuer %.128s is being asked for "
		    "its keys; try again in a few seconds",
		    issuer->config->issuer);
}

/* There are no keys that may be used. */
static enum status fail_without_keys(struct auth_issuers *issuers, struct issuer *issuer,
				     long *retry_after, struct error *err)
{
	*retry_after = want_keys(issuers, issuer);
	if (*retry_after > 0)
		return fail_pending(issuer, err);
	*retry_after = (issuers->config->authentication.keys_interval + 999) / 1000;
	return fail(err, STATUS_CONFLICT, STEP, NULL,
		    "the keys of the issuer %.128s are not there: it does not answer; the log of "
		    "this service tells why",
		    issuer->config->issuer);
}

static enum status verify(struct auth_issuers *issuers, struct issuer *issuer,
			  const struct auth_jwt *jwt, long *retry_after, struct error *err)
{
	struct held_keys *held = borrow_keys(issuers, issuer);
	if (held == NULL)
		return fail_without_keys(issuers, issuer, retry_after, err);
	enum status status = auth_jwt_verify(jwt, held->keys, err);
	return_keys(issuers, held);
	if (status != STATUS_NOT_FOUND)
		return status;
	*retry_after = want_keys(issuers, issuer);
	if (*retry_after > 0)
		return fail_pending(issuer, err);
	/* Asked a moment ago: the words of the fault are true. */
	if (err != NULL)
		err->status = STATUS_AUTHENTICATION;
	return STATUS_AUTHENTICATION;
}

enum status auth_issuers_check(struct auth_issuers *issuers, const char *token,
			       struct auth_caller *out, long *retry_after, struct error *err)
{
	struct auth_jwt *jwt = NULL;
	enum status status = auth_jwt_parse(token, &jwt, err);
	if (status != STATUS_OK)
		return status;
	struct issuer *issuer = find_issuer(issuers, auth_jwt_claims(jwt));
	if (issuer == NULL)
		status = auth_refuse_token(err, "its issuer (iss) is none of those that are "
						"accepted here");
	else
		status = verify(issuers, issuer, jwt, retry_after, err);
	if (status == STATUS_OK)
		status = auth_claims_check(auth_jwt_claims(jwt), issuer->config,
					   issuers->config->authentication.clock_skew,
					   clock_now(issuers->clock), out, err);
	auth_jwt_free(jwt);
	return status;
}

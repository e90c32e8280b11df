/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets by caller. */
#include "api_rates.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "infrabackup/crypto.h"

/* 4 places for each of 256 hashes. */
enum { API_RATE_SETS = 256, API_RATE_WAYS = 4 };

struct api_bucket {
	uint64_t key;    /* 0: free */
	int64_t updated; /* monotonic, ms */
	double level;    /* requests that are allowed now */
};

struct api_rates {
	pthread_mutex_t mutex;
	char salt[GUID_TEXT_SIZE]; /* nobody can choose whom he pushes out */
	struct api_bucket buckets[API_RATE_SETS][API_RATE_WAYS];
};

struct api_rates *api_rates_new(void)
{
	struct api_rates *rates = calloc(1, sizeof(*rates));

	if (rates == NULL)
		return NULL;
	(void)pthread_mutex_init(&rates->mutex, NULL);
	guid_generate(rates->salt);
	return rates;
}

void api_rates_free(struct api_rates *rates)
{
	if (rates == NULL)
		return;
	(void)pthread_mutex_destroy(&rates->mutex);
	free(rates);
}

static uint64_t api_rate_key(const struct api_rates *rates, enum api_rate_kind kind,
			     const char *caller)
{
	unsigned char digest[SHA256_SIZE];
	char text[384];
	int length = snprintf(text, sizeof(text), "%s %d %s", rates->salt, (int)kind, caller);

	hash_sha256(text, length < (int)sizeof(text) ? (size_t)length : sizeof(text) - 1, digest);
	return load_u64(digest) | 1;
}

/* The caller's bucket; the one that was not used for longest when there is none. */
static struct api_bucket *api_bucket_find(struct api_rates *rates, uint64_t key,
					  unsigned per_minute, int64_t now)
{
	struct api_bucket *set = rates->buckets[(key >> 8) % API_RATE_SETS];
	struct api_bucket *oldest = &set[0];

	for (size_t i = 0; i < API_RATE_WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].key == 0 || (oldest->key != 0 && set[i].updated < oldest->updated))
			oldest = &set[i];
	}
	*oldest = (struct api_bucket) { .key = key, .updated = now, .level = per_minute };
	return oldest;
}

struct api_rate_answer api_rates_take(struct api_rates *rates, enum api_rate_kind kind,
				      const char *caller, unsigned per_minute, int64_t now)
{
	const double minute = 60000;
	uint64_t key = api_rate_key(rates, kind, caller);
	struct api_rate_answer answer = { .retry_after = 1 };

	(void)pthread_mutex_lock(&rates->mutex);
	struct api_bucket *bucket = api_bucket_find(rates, key, per_minute, now);

	if (now > bucket->updated)
		bucket->level += (double)(now - bucket->updated) * per_minute / minute;
	if (bucket->level > per_minute)
		bucket->level = per_minute;
	bucket->updated = now;
	answer.is_allowed = bucket->level >= 1;
	if (answer.is_allowed)
		bucket->level -= 1;
	else
		answer.retry_after +=
			(unsigned)((1 - bucket->level) * (minute / 1000) / per_minute);
	answer.remaining = (unsigned)bucket->level;
	(void)pthread_mutex_unlock(&rates->mutex);
	return answer;
}

const char *api_rates_address(const char *address, char text[64])
{
	unsigned char bytes[16];

	(void)snprintf(text, 64, "%s", address);
	/* What came by IPv4 to a socket of both stays one address. */
	if (!text_starts_with(address, "::ffff:") && inet_pton(AF_INET6, address, bytes) == 1)
		hex_encode(bytes, 8, false, text);
	return text;
}

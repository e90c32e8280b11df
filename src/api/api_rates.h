/* SPDX-License-Identifier: Apache-2.0 */
/* How much each caller may ask of us: buckets that fill by the minute, in a table of fixed size. */
#ifndef API_RATES_H
#define API_RATES_H

#include "infrabackup/base.h"

enum api_rate_kind { API_RATE_READS, API_RATE_WRITES, API_RATE_FAILURES };

/* What the bucket says. */
struct api_rate_answer {
	bool is_allowed;
	unsigned remaining;   /* further ones at once */
	unsigned retry_after; /* seconds until the next one is allowed; at least 1 */
};

struct api_rates;
/* NULL: memory is out. */
struct api_rates *api_rates_new(void);
void api_rates_free(struct api_rates *rates);
/* One more of @kind from @caller. A bucket holds @per_minute at most and is full at first; a caller
 * who is forgotten, because the table is full of others who came later, has a full one again. Any
 * thread. */
struct api_rate_answer api_rates_take(struct api_rates *rates, enum api_rate_kind kind,
				      const char *caller, unsigned per_minute, int64_t now);
/* By whom an address is counted: of IPv6 the network, because a host has all addresses of one. */
const char *api_rates_address(const char *address, char text[64]);

#endif

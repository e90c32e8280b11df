/* SPDX-License-Identifier: Apache-2.0 */
/* The states of a job and the moves between them.
 *
 *   Queued ----> Running ----> Succeeded
 *     |             |--------> PartialSucceeded
 *     |             |--------> Failed
 *     |             |--------> Cancelled
 *     |-------------|--------> Skipped      (there was nothing to do, or it must not be done now)
 *     |----------------------> Cancelled    (before anybody claimed it)
 *     +----------------------> Failed       (it cannot be run at all)
 */
#include <string.h>

#include "infrabackup/jobs.h"

#define TO(state) (1u << (state))

static const struct {
	const char *name;
	unsigned next; /* bits of the states that may follow; none: final */
} states[JOB_STATE_COUNT] = {
	[JOB_QUEUED] = { "Queued",
			 TO(JOB_RUNNING) | TO(JOB_FAILED) | TO(JOB_SKIPPED) | TO(JOB_CANCELLED) },
	[JOB_RUNNING] = { "Running", TO(JOB_SUCCEEDED) | TO(JOB_PARTIAL_SUCCEEDED) |
					     TO(JOB_FAILED) | TO(JOB_SKIPPED) | TO(JOB_CANCELLED) },
	[JOB_SUCCEEDED] = { "Succeeded", 0 },
	[JOB_PARTIAL_SUCCEEDED] = { "PartialSucceeded", 0 },
	[JOB_FAILED] = { "Failed", 0 },
	[JOB_SKIPPED] = { "Skipped", 0 },
	[JOB_CANCELLED] = { "Cancelled", 0 },
};

const char *job_state_name(enum job_state state)
{
	return (unsigned)state < JOB_STATE_COUNT ? states[state].name : "unknown";
}

bool job_state_from_name(const char *name, enum job_state *out)
{
	for (unsigned i = 0; name != NULL && i < JOB_STATE_COUNT; i++) {
		if (strcmp(states[i].name, name) == 0) {
			*out = (enum job_state)i;
			return true;
		}
	}
	return false;
}

bool job_state_is_final(enum job_state state)
{
	return (unsigned)state < JOB_STATE_COUNT && states[state].next == 0;
}

bool job_state_may_move(enum job_state from, enum job_state to)
{
	return (unsigned)from < JOB_STATE_COUNT && (unsigned)to < JOB_STATE_COUNT &&
	       (states[from].next & TO(to)) != 0;
}

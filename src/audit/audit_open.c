/* SPDX-License-Identifier: Apache-2.0 */
/* The rows that have no outcome, as the chain vouches for them: 8 bytes each, little-endian, in the
 * order in which they were begun. Without the list an outcome could be taken away unseen. */
#include <string.h>

#include "audit_private.h"

enum { AUDIT_NUMBER = 8, AUDIT_OPEN_MAX = 1 << 20 };

bool audit_open_has(const struct db_audit_chain *chain, int64_t sequence)
{
	const struct buffer *list = &chain->open_sequences;

	for (size_t i = 0; i + AUDIT_NUMBER <= list->length; i += AUDIT_NUMBER)
		if ((int64_t)load_u64(list->data + i) == sequence)
			return true;
	return false;
}

enum status audit_open_add(struct db_audit_chain *chain, int64_t sequence, struct error *err)
{
	/* One that was read has room for what it held. */
	chain->open_sequences.max = AUDIT_OPEN_MAX;
	return buffer_append_u64(&chain->open_sequences, (uint64_t)sequence, err);
}

static void audit_open_keep(struct db_audit_chain *chain, int64_t except, int64_t above)
{
	struct buffer *list = &chain->open_sequences;
	size_t kept = 0;

	for (size_t i = 0; i + AUDIT_NUMBER <= list->length; i += AUDIT_NUMBER) {
		int64_t sequence = (int64_t)load_u64(list->data + i);

		if (sequence == except || sequence <= above)
			continue;
		memmove(list->data + kept, list->data + i, AUDIT_NUMBER);
		kept += AUDIT_NUMBER;
	}
	list->length = kept;
}

void audit_open_remove(struct db_audit_chain *chain, int64_t sequence)
{
	audit_open_keep(chain, sequence, 0);
}

void audit_open_remove_until(struct db_audit_chain *chain, int64_t sequence)
{
	audit_open_keep(chain, 0, sequence);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the hashes are made of: a word for what it is, then every column with its length before it,
 * so that no two rows give the same bytes. */
#include <string.h>

#include "audit_private.h"

enum { AUDIT_BYTES_MAX = 1 << 20 };

struct audit_bytes {
	struct buffer buffer;
	enum status status; /* the first failure; what follows does nothing */
	struct error *err;
};

static struct audit_bytes audit_bytes_begin(const char *what, struct error *err)
{
	struct audit_bytes bytes = { .status = STATUS_OK, .err = err };

	buffer_init(&bytes.buffer, AUDIT_BYTES_MAX);
	bytes.status = buffer_append(&bytes.buffer, what, strlen(what) + 1, err);
	return bytes;
}

static void audit_put(struct audit_bytes *bytes, const void *data, size_t length)
{
	if (bytes->status == STATUS_OK && length > 0)
		bytes->status = buffer_append(&bytes->buffer, data, length, bytes->err);
}

static void audit_put_number(struct audit_bytes *bytes, int64_t number)
{
	if (bytes->status == STATUS_OK)
		bytes->status = buffer_append_u64(&bytes->buffer, (uint64_t)number, bytes->err);
}

static void audit_put_bytes(struct audit_bytes *bytes, const void *data, size_t length)
{
	audit_put_number(bytes, (int64_t)length);
	audit_put(bytes, data, length);
}

static void audit_put_text(struct audit_bytes *bytes, const char *text)
{
	audit_put_bytes(bytes, text, strlen(text));
}

static enum status audit_bytes_hash(struct audit_bytes *bytes, struct audit_log *log,
				    unsigned char out[DB_AUDIT_HASH_SIZE])
{
	if (bytes->status == STATUS_OK) {
		(void)pthread_mutex_lock(&log->hash_mutex);
		keyed_hash_digest(log->hash, bytes->buffer.data, bytes->buffer.length, out);
		(void)pthread_mutex_unlock(&log->hash_mutex);
	}
	buffer_done(&bytes->buffer);
	return bytes->status;
}

enum status audit_hash_event(struct audit_log *log, const struct db_audit_event *event,
			     const unsigned char previous[DB_AUDIT_HASH_SIZE],
			     unsigned char out[DB_AUDIT_HASH_SIZE], struct error *err)
{
	const struct db_audit_origin *origin = &event->origin;
	struct audit_bytes bytes = audit_bytes_begin("row", err);

	audit_put_number(&bytes, event->sequence);
	audit_put_number(&bytes, event->event_time);
	audit_put_text(&bytes, origin->caller);
	audit_put_text(&bytes, origin->caller_identity);
	audit_put_text(&bytes, origin->caller_kind);
	audit_put_text(&bytes, origin->address);
	audit_put_text(&bytes, origin->method);
	audit_put_text(&bytes, origin->path);
	audit_put_text(&bytes, origin->operation);
	audit_put_text(&bytes, origin->api_version);
	audit_put_text(&bytes, origin->request_id);
	audit_put_text(&bytes, origin->correlation_id);
	audit_put_bytes(&bytes, previous, DB_AUDIT_HASH_SIZE);
	return audit_bytes_hash(&bytes, log, out);
}

enum status audit_hash_outcome(struct audit_log *log, const struct db_audit_event *event,
			       unsigned char out[DB_AUDIT_HASH_SIZE], struct error *err)
{
	const struct db_audit_outcome *outcome = &event->outcome;
	struct audit_bytes bytes = audit_bytes_begin("outcome", err);

	audit_put_number(&bytes, event->sequence);
	audit_put_bytes(&bytes, event->hash, sizeof(event->hash));
	audit_put_number(&bytes, outcome->ended_time);
	audit_put_number(&bytes, outcome->http_status);
	audit_put_text(&bytes, outcome->error_code);
	audit_put_text(&bytes, outcome->job_id);
	audit_put_number(&bytes, outcome->requests);
	return audit_bytes_hash(&bytes, log, out);
}

enum status audit_hash_chain(struct audit_log *log, const struct db_audit_chain *chain,
			     unsigned char out[DB_AUDIT_HASH_SIZE], struct error *err)
{
	struct audit_bytes bytes = audit_bytes_begin("end", err);

	audit_put_number(&bytes, chain->pruned_sequence);
	audit_put_bytes(&bytes, chain->pruned_hash, sizeof(chain->pruned_hash));
	audit_put_number(&bytes, chain->last_sequence);
	audit_put_bytes(&bytes, chain->last_hash, sizeof(chain->last_hash));
	audit_put_number(&bytes, chain->damaged_sequence);
	audit_put_bytes(&bytes, chain->open_sequences.data, chain->open_sequences.length);
	return audit_bytes_hash(&bytes, log, out);
}

enum status audit_check_chain(struct audit_log *log, const struct db_audit_chain *chain, bool *out,
			      struct error *err)
{
	unsigned char hash[DB_AUDIT_HASH_SIZE];
	enum status status = audit_hash_chain(log, chain, hash, err);

	*out = status == STATUS_OK && memcmp(hash, chain->hash, sizeof(hash)) == 0;
	return status;
}

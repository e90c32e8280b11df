/* SPDX-License-Identifier: Apache-2.0 */
/* Session keys of a backup, opened with the operator's PFX. */
#include <stdio.h>
#include <string.h>

#include "recover_private.h"

static void list_recipients(const struct archive_record *record, char *text, size_t size)
{
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; i < record->recipient_count && used < size; i++) {
		int added =
			snprintf(text + used, size - used, "%s%s (%s)", i > 0 ? ", " : "",
				 record->recipients[i].thumbprint, record->recipients[i].purpose);
		used += added > 0 ? (size_t)added : 0;
	}
}

static enum status open_session(const struct archive_record *record, size_t index,
				const struct private_key *key, struct secret *out,
				struct error *err)
{
	const struct archive_record_session *session = &record->sessions[index];
	AUTO_SECRET plain = SECRET_EMPTY;
	enum status status =
		cms_unwrap(session->wrapped_key, session->wrapped_key_length, key, &plain, err);
	if (status == STATUS_OK && plain.length != KEY_SIZE)
		status = fail(err, STATUS_INTEGRITY, "open session key", session->session_id,
			      "it holds %zu bytes, a session key has %d", plain.length, KEY_SIZE);
	if (status == STATUS_OK)
		secret_move(out, &plain);
	if (status == STATUS_AUTHENTICATION) {
		char recipients[300];
		list_recipients(record, recipients, sizeof recipients);
		status = fail(err, STATUS_AUTHENTICATION, "open session key", session->session_id,
			      "the key %s does not open backup %s; these do: %s",
			      private_key_thumbprint(key), record->backup_id, recipients);
	}
	return status;
}

enum status recover_keys_open(const struct archive_record *record, const struct private_key *key,
			      struct recover_keys *out, struct error *err)
{
	struct recover_keys keys = { .count = record->session_count };
	keys.sessions = calloc(keys.count + 1, sizeof *keys.sessions);
	if (keys.sessions == NULL)
		return fail_memory(err, "open session keys");
	enum status status = STATUS_OK;
	for (size_t i = 0; i < keys.count && status == STATUS_OK; i++)
		status = open_session(record, i, key, &keys.sessions[i], err);
	if (status == STATUS_OK)
		*out = keys;
	else
		recover_keys_done(&keys);
	return status;
}

void recover_keys_done(struct recover_keys *keys)
{
	for (size_t i = 0; keys->sessions != NULL && i < keys->count; i++)
		secret_free(&keys->sessions[i]);
	free(keys->sessions);
	memset(keys, 0, sizeof *keys);
}

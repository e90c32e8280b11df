/* SPDX-License-Identifier: Apache-2.0 */
/* The key inventory of a backup that is known again: its recipients' certificates are on the share.
 */
#include <stdio.h>
#include <string.h>

#include "backup_session.h"

static enum status get_certificate(struct share *share, const char *thumbprint,
				   struct certificate **out, struct error *err)
{
	struct buffer der;
	char name[ARCHIVE_NAME_SIZE];
	archive_certificate_name(thumbprint, name);
	buffer_init(&der, ARCHIVE_SMALL_FILE_MAX + 1);
	enum status status = share_get(share, name, ARCHIVE_SMALL_FILE_MAX, &der, err);
	if (status == STATUS_OK)
		status = certificate_parse(der.data, der.length, name, out, err);
	buffer_done(&der);
	return status;
}

static enum status note_use(struct db *state, const struct archive_record *record,
			    const char *purpose_text, const struct certificate *certificate,
			    struct error *err)
{
	struct db_key key;
	AUTO_FREE char *purpose = strdup(purpose_text);
	AUTO_FREE char *subject = strdup(certificate->subject);
	if (purpose == NULL || subject == NULL)
		return fail_memory(err, "record key use");
	memset(&key, 0, sizeof key);
	(void)snprintf(key.thumbprint, sizeof key.thumbprint, "%s", certificate->thumbprint);
	key.purpose = purpose;
	key.subject = subject;
	key.not_after = certificate->not_after;
	key.first_used = record->completed_time;
	key.last_used = record->completed_time;
	return db_key_note_use(state, &key, err);
}

/* A certificate that is gone or damaged is verify's to report. */
enum status backup_history_note_keys(struct share *share, struct db *state,
				     const struct archive_record *record, struct error *err)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < record->recipient_count && status == STATUS_OK; i++) {
		struct certificate *certificate = NULL;
		status =
			get_certificate(share, record->recipients[i].thumbprint, &certificate, err);
		if (status == STATUS_OK)
			status = note_use(state, record, record->recipients[i].purpose, certificate,
					  err);
		else if (status != STATUS_CANCELLED && status != STATUS_SHARE_CONNECTION)
			status = STATUS_OK;
		certificate_free(certificate);
	}
	return status;
}

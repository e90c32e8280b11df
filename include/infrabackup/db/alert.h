/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of alerts. Which may follow which is decided by module alert. */
#ifndef INFRABACKUP_DB_ALERT_H
#define INFRABACKUP_DB_ALERT_H

#include "infrabackup/db/connection.h"

#include <stdint.h>

struct db_alert {
	char id[GUID_TEXT_SIZE], fault_id[GUID_TEXT_SIZE];
	char *location;
	char *fault;      /* name in the catalogue */
	char *topic;      /* one open alert of it a location */
	char *occurrence; /* what raised it last; NULL: a condition */
	char *evidence;   /* JSON object of texts */
	int64_t times_raised;
	int64_t created_time, updated_time, closed_time; /* closed 0: open */
	char *closed_by;                                 /* NULL: closed by itself, or open */
	char *close_reason;                              /* NULL while open */
	bool is_settled; /* closed, and its cause was seen to be gone */
};

/* STATUS_EXISTS when the topic has an open alert already. */
MUST_CHECK enum status db_alert_add(struct db *db, const struct db_alert *alert, struct error *err);
/* Everything of the row with that id but what was written when it was added. STATUS_NOT_FOUND. */
MUST_CHECK enum status db_alert_update(struct db *db, const struct db_alert *alert,
				       struct error *err);
/* STATUS_NOT_FOUND. */
MUST_CHECK enum status db_alert_get(struct db *db, const char *location, const char *id,
				    struct db_alert *out, struct error *err);
/* The one of a topic that was raised last; the open one, if there is one. STATUS_NOT_FOUND without
 * filling @err (the common case). */
MUST_CHECK enum status db_alert_newest(struct db *db, const char *location, const char *topic,
				       struct db_alert *out, struct error *err);
/* Whether an alert of the topic, open or closed, was raised last by @occurrence. */
MUST_CHECK enum status db_alert_is_known(struct db *db, const char *location, const char *topic,
					 const char *occurrence, bool *out, struct error *err);
/* The open ones and those closed after @closed_after, ordered by id. */
MUST_CHECK enum status db_alert_list(struct db *db, const char *location, int64_t closed_after,
				     enum status (*each)(const struct db_alert *alert,
							 void *context, struct error *err),
				     void *context, struct error *err);
/* Forgets the closed ones of a topic but the newest @keep. */
MUST_CHECK enum status db_alert_trim(struct db *db, const char *location, const char *topic,
				     int64_t keep, struct error *err);
void db_alert_done(struct db_alert *alert);

#endif

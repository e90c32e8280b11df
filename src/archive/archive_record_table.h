/* SPDX-License-Identifier: Apache-2.0 */
/* What the writer and the reader of backup.json must agree on. */
#ifndef ARCHIVE_RECORD_TABLE_H
#define ARCHIVE_RECORD_TABLE_H

#include "archive_member.h"
#include "infrabackup/archive/backup_record.h"

extern const struct member_table archive_record_table;
/* Of struct archive_link. */
extern const struct member_table archive_link_table;

/* Whether its parts fit each other; STATUS_INVALID names the first that does not. */
MUST_CHECK enum status archive_record_check(const struct archive_record *record, struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The test of the way to a share: as a job of the service, and the shape of its report. */
#ifndef INFRABACKUP_BACKUP_CONNECTION_H
#define INFRABACKUP_BACKUP_CONNECTION_H

#include "infrabackup/base.h"
#include "infrabackup/db.h"
#include "infrabackup/share/conformance.h"

struct backup_service;

/* What is tested; NULL and absent: as saved. A saved user and password go with the saved path only,
 * and the password with the saved user only. Borrowed. */
struct backup_connection {
	const char *path;
	const char *user_name;
	const char *password;
};

/* Queues a job of kind "connectionTest"; nothing is touched here. Its result is the report; it
 * succeeds when the share was tested, whatever came out. STATUS_INVALID (error.field "path",
 * "userName" or "password"), STATUS_NOT_CONFIGURED when no path is given or saved, STATUS_CONFLICT
 * while a test of the location is queued or running. */
MUST_CHECK enum status backup_connection_submit(struct backup_service *service, struct db *state,
						const struct backup_connection *connection,
						const char *caller,
						char operation_id[GUID_TEXT_SIZE],
						struct error *err);
#define BACKUP_CONNECTION_REPORT_MAX (256u << 10)
/* The newest report (JSON, terminated; @out holds BACKUP_CONNECTION_REPORT_MAX) about the share
 * that the location has now: of the update that set it, or of a later test of what is saved.
 * STATUS_NOT_FOUND. */
MUST_CHECK enum status backup_connection_report(struct db *state, struct buffer *out,
						struct error *err);

/* Reports as schema/responses/share_test.json has them. NULL when memory is out. */
json_t *backup_share_check_json(const struct share_check *check);
/* @share: as it was given. @time: when the test began. */
json_t *backup_share_report_json(const char *share, int64_t time,
				 const struct share_conformance *report);

#endif

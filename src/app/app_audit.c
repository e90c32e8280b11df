/* SPDX-License-Identifier: Apache-2.0 */
/* What commands change in the database beside the service goes into the audit log too. */
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "infrabackup/backup.h"

#include "app_private.h"

/* The account that runs the command, as the kernel knows it. */
static struct db_audit_origin origin_of(const char *operation, const char *object)
{
	struct db_audit_origin origin = { .caller_kind = "local" };
	struct passwd account, *found = NULL;
	char texts[4096];
	if (getpwuid_r(getuid(), &account, texts, sizeof texts, &found) == 0 && found != NULL)
		(void)snprintf(origin.caller, sizeof origin.caller, "%s", found->pw_name);
	(void)snprintf(origin.caller_identity, sizeof origin.caller_identity, "uid:%u",
		       (unsigned)getuid());
	(void)snprintf(origin.operation, sizeof origin.operation, "%s", operation);
	(void)snprintf(origin.path, sizeof origin.path, "%s",
		       text_is_printable_utf8(object) ? object : "");
	return origin;
}

struct audited {
	const struct app_audited *change;
	struct audit_log *log;
};

static enum status change_and_record(struct db *db, void *context, struct error *err)
{
	const struct audited *audited = context;
	const struct app_audited *change = audited->change;
	const struct db_audit_origin origin = origin_of(change->operation, change->object);
	const struct db_audit_outcome outcome = { .http_status = 0 };
	enum status status =
		change->body != NULL ? change->body(db, change->context, err) : STATUS_OK;
	return status == STATUS_OK ? audit_record(audited->log, db, &origin, &outcome, err)
				   : status;
}

enum status app_audited_change(const struct config *config, struct db *db,
			       const struct app_audited *change, struct error *err)
{
	struct audited audited = { .change = change };
	enum status status = backup_audit_open(config, &system_clock, &audited.log, err);
	if (status == STATUS_OK)
		status = db_transaction(db, change_and_record, &audited, err);
	audit_close(audited.log);
	return status;
}

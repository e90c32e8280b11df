/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as values: one status enumeration and one record of what was detected, where and why. */
#ifndef INFRABACKUP_BASE_ERROR_H
#define INFRABACKUP_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_index, first_index)                                                     \
	__attribute__((format(printf, format_index, first_index)))

/* Every fallible function returns one of these. The SHARE_ values are the failure classes of a
 * share (see share.h); they travel unchanged up to the job, the operation result and the alert. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED,         /* general fault: none of the others fits */
	STATUS_INVALID,        /* the caller's input; error.field names it */
	STATUS_NOT_FOUND,      /* what was asked for does not exist */
	STATUS_EXISTS,         /* what should be created is already there */
	STATUS_CONFLICT,       /* not possible in the present state (a backup is running, ...) */
	STATUS_NOT_CONFIGURED, /* a setting that is needed first is missing */
	STATUS_NO_MEMORY,
	STATUS_TOO_LARGE,      /* over a documented limit */
	STATUS_UNSUPPORTED,    /* a format, version or feature this program does not know */
	STATUS_INTEGRITY,      /* stored bytes are not what was written */
	STATUS_AUTHENTICATION, /* token, key or password is wrong or missing */
	STATUS_FORBIDDEN,      /* known caller without the right */
	STATUS_CANCELLED,      /* somebody asked to stop */
	STATUS_PARTIAL,        /* done, but not all of it; the report names what is missing */
	STATUS_SHARE_FULL,
	STATUS_SHARE_CONNECTION,
	STATUS_SHARE_PATH,
	STATUS_SHARE_AUTHENTICATION,
	STATUS_SHARE_NOT_ACCESSIBLE,
	STATUS_SHARE_READ_WRITE,
	STATUS_SHARE_UPLOAD,
	STATUS_COUNT
};

/* Filled once, by the function that detects the fault; callers pass it on or add context, never
 * log and return. Plain memory: copied freely, nothing to release. */
struct error {
	enum status status;
	int cause;           /* errno, NTSTATUS, HTTP status, ...; 0 when there is none */
	char cause_name[48]; /* its symbolic name, "ENOSPC"; empty when there is none */
	char step[48];       /* what was being done: "write pack", "parse certificate" */
	char path[256];      /* file, share name or setting it was done to; empty if none */
	char field[96];      /* JSON path or option of bad input; empty if none */
	char message[512];   /* one sentence for a person, no trailing full stop */
};

/* Records a fault and returns @status, so that callers write `return fail(...)`. @err may be NULL;
 * @path may be NULL. A record that already holds a fault is overwritten. */
enum status fail(struct error *err, enum status status, const char *step, const char *path,
		 const char *format, ...) PRINTF_LIKE(5, 6);

/* Same, with the present errno as cause and its text as message. */
enum status fail_errno(struct error *err, enum status status, const char *step, const char *path);

/* Same, for bad input: @field is the JSON path or option, the text says what was found and what is
 * allowed. Returns STATUS_INVALID. */
enum status fail_field(struct error *err, const char *field, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* STATUS_NO_MEMORY for @step. */
enum status fail_memory(struct error *err, const char *step);

/* Puts "@context: " before the message of @err (truncating at its end); the status stays. */
void error_add_context(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* "write pack MASBackup/generations/...: no space left on device (ENOSPC)" into @text (always
 * terminated). Returns @text. */
const char *error_text(const struct error *err, char *text, size_t text_size);

/* Stable lower-case-dash name of a status ("share-full"), for logs, the database and --json. */
const char *status_name(enum status status);

/* For clean-up on a path that has failed already: says that the result does not matter. */
static inline void status_ignore(enum status status)
{
	(void)status;
}

/* The status with that name; STATUS_FAILED for an unknown one. */
enum status status_from_name(const char *name);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a share does what backups rely on: named checks against the share itself, in a folder of
 * their own that is removed afterwards. For whoever sets a share up, and when one misbehaves. */
#ifndef INFRABACKUP_SHARE_CONFORMANCE_H
#define INFRABACKUP_SHARE_CONFORMANCE_H

#include "infrabackup/share.h"

enum share_check_result {
	SHARE_CHECK_PASSED,
	SHARE_CHECK_WARNING,        /* backups work, but somebody should know */
	SHARE_CHECK_FAILED,         /* backups would fail or be lost */
	SHARE_CHECK_NOT_APPLICABLE, /* there is no such thing on this kind of share */
	SHARE_CHECK_NOT_RUN,        /* found says why */
	SHARE_CHECK_RESULT_COUNT
};

/* "passed", "warning", "failed", "not-applicable", "not-run". */
const char *share_check_result_name(enum share_check_result result);

struct share_check {
	const char *id;    /* stable, in lower case with dashes */
	const char *title; /* what is true of a share that passes */
	enum share_check_result result;
	int64_t milliseconds;
	char found[400];    /* one sentence with figures or the failure, no trailing full stop */
	const char *remedy; /* what to do; NULL unless FAILED or WARNING */
	enum status status; /* of a failure, else STATUS_OK */
	char cause[48];     /* its errno or NTSTATUS by name; empty if none */
};

#define SHARE_CONFORMANCE_CHECKS_MAX 48
/* The test's folder in the root of the share is called this + GUID. */
#define SHARE_CONFORMANCE_PREFIX ".infrabackup-test-"
#define SHARE_CONFORMANCE_LIMIT 60000L
/* Bytes of the one large file, and about what all else takes together. */
#define SHARE_CONFORMANCE_LARGE ((uint64_t)48 << 20)
#define SHARE_CONFORMANCE_SMALL ((uint64_t)2 << 20)

enum share_conformance_scope {
	SHARE_CONFORMANCE_WHOLE,
	/* Without what takes long, measures, or only advises: nothing large is written. */
	SHARE_CONFORMANCE_ESSENTIAL,
};

struct share_conformance_settings {
	const struct share_registry *shares;
	const struct share_options *share; /* reached is not used */
	enum share_conformance_scope scope;
	long limit;                /* ms for all of it, clean-up included; > 0 */
	const struct clock *clock; /* NULL: the system's; limits are always real time */
	/* Called after each check, by the caller's thread; may be NULL. */
	void (*each)(const struct share_check *check, void *context);
	void *context;
};

struct share_conformance {
	struct share_check checks[SHARE_CONFORMANCE_CHECKS_MAX]; /* in the order they were run */
	size_t count;
	size_t results[SHARE_CHECK_RESULT_COUNT]; /* how many there are of each */
	int64_t milliseconds;
	struct share_transport transport; /* all zero when the share was not opened */
	char folder[sizeof(SHARE_CONFORMANCE_PREFIX) + GUID_TEXT_SIZE];
};

/* @out is filled whatever the outcome. STATUS_OK: no check failed, and none was left out for lack
 * of time. Otherwise the failure of the first check that failed (as open() reports it, or one of
 * the STATUS_SHARE_ classes), STATUS_CANCELLED, or STATUS_SHARE_CONNECTION when time was over.
 * Writes at most SHARE_CONFORMANCE_LARGE + SHARE_CONFORMANCE_SMALL bytes, uses a few MiB of memory,
 * logs on up to four times, and not again after a refused logon. Folders that earlier tests left
 * more than a day ago are removed too; nothing else on the share is touched. */
MUST_CHECK enum status share_conformance_run(const struct share_conformance_settings *settings,
					     struct share_conformance *out, struct error *err);

#endif

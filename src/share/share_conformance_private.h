/* SPDX-License-Identifier: Apache-2.0 */
/* What the checks of a conformance test share. */
#ifndef SHARE_CONFORMANCE_PRIVATE_H
#define SHARE_CONFORMANCE_PRIVATE_H

#include "infrabackup/share/conformance.h"

#define CONFORMANCE_STEP "test share"
#define CONFORMANCE_BLOCK ((size_t)1 << 20)

/* --- share_conformance_limit.c --- */

struct conformance_limit;

/* A cancel that is requested when @asked is, or after @milliseconds. */
MUST_CHECK enum status conformance_limit_start(const struct cancel *asked, long milliseconds,
					       struct conformance_limit **out, struct error *err);
const struct cancel *conformance_limit_cancel(const struct conformance_limit *limit);
/* NULL is legal. Whatever uses the cancel has ended. */
void conformance_limit_end(struct conformance_limit *limit);

/* --- the test --- */

struct conformance {
	const struct share_conformance_settings *settings;
	const struct clock *clock;
	struct share_conformance *report;
	struct conformance_limit *limit;
	struct share_options options; /* the caller's, with the limit's cancel */
	uint64_t seed;                /* of all content, so that no two tests write the same */

	struct share *first, *second; /* NULL before the checks that open them */
	enum share_stage reached;
	enum status opened; /* what opening the first one gave, and why */
	struct error open_error;
	bool has_folder; /* it was tried to make it */

	/* What the large file showed. */
	uint64_t large_size;
	int64_t write_time, read_time; /* ms */
	bool has_space;
	struct share_space space_before, space_after;
};

/* A check: returns the failure, or STATUS_OK with the result as set by one of the three below. */
struct conformance_check {
	const char *id;
	const char *title;
	const char *remedy;
	/* Ids of checks that must not have failed. */
	const char *needs[2];
	bool is_advisory;     /* a failure is a warning: backups do not need this */
	bool uses_own_handle; /* a lost connection is not the others' */
	bool is_always_run;   /* also after a cancel and when time is over */
	bool is_thorough;     /* only in a whole test; no other check needs it */
	enum status (*run)(struct conformance *run, struct share_check *check, struct error *err);
};

/* share_conformance_table.c: in the order they are run. */
extern const struct conformance_check conformance_checks[];
extern const size_t conformance_check_count;
/* What to do about a failure with @status; NULL: what the check itself says. */
const char *conformance_remedy(enum status status);

/* The check passed, is a warning, or does not apply, and this is what was found. */
enum status conformance_pass(struct share_check *check, const char *format, ...) PRINTF_LIKE(2, 3);
enum status conformance_warn(struct share_check *check, const char *format, ...) PRINTF_LIKE(2, 3);
enum status conformance_skip(struct share_check *check, const char *format, ...) PRINTF_LIKE(2, 3);
/* @status of an attempt that a good share refuses with @wanted; @what did it do otherwise. */
enum status conformance_refused(enum status status, enum status wanted, const char *path,
				const char *what, struct error *err);
/* No fault of the share's answer: it never came, or must not be interpreted. */
bool conformance_is_fatal(enum status status);

/* --- share_conformance_data.c: files of known content, and what a listing says --- */

/* "@folder of the test/@name" */
const char *conformance_path(const struct conformance *run, const char *name,
			     char path[SHARE_NAME_SIZE]);
/* The bytes from @offset (a multiple of 8) of the content of file @number. */
void conformance_fill(const struct conformance *run, unsigned number, uint64_t offset,
		      unsigned char *data, size_t length);
/* Creates, writes, flushes and closes. */
MUST_CHECK enum status conformance_write(const struct conformance *run, struct share *share,
					 const char *name, unsigned number, size_t length,
					 struct error *err);
/* Reads all of it through a new handle; STATUS_SHARE_UPLOAD when size or bytes differ,
 * STATUS_NOT_FOUND. */
MUST_CHECK enum status conformance_compare(const struct conformance *run, struct share *share,
					   const char *name, unsigned number, uint64_t length,
					   struct error *err);
/* STATUS_OK when @name cannot be opened because it is not there. */
MUST_CHECK enum status conformance_missing(const struct conformance *run, struct share *share,
					   const char *name, struct error *err);

struct conformance_seen {
	const char *name; /* looked for, byte for byte */
	size_t count;     /* how often it is listed */
	size_t total;     /* entries of the folder */
	bool is_directory;
	uint64_t size;
	int64_t modified;
};
/* Lists @folder of the test ("": the test's own) and looks for seen->name. */
MUST_CHECK enum status conformance_look(const struct conformance *run, struct share *share,
					const char *folder, struct conformance_seen *seen,
					struct error *err);

/* --- the checks, by file --- */

#define CONFORMANCE_CHECK(name)                                                                    \
	enum status name(struct conformance *run, struct share_check *check, struct error *err)

/* share_conformance_open.c */
CONFORMANCE_CHECK(conformance_connect);
CONFORMANCE_CHECK(conformance_dialect);
CONFORMANCE_CHECK(conformance_encryption);
CONFORMANCE_CHECK(conformance_logon);
CONFORMANCE_CHECK(conformance_share);
CONFORMANCE_CHECK(conformance_signing);
CONFORMANCE_CHECK(conformance_authentication);
CONFORMANCE_CHECK(conformance_storage);
CONFORMANCE_CHECK(conformance_second);
/* share_conformance_file.c */
CONFORMANCE_CHECK(conformance_folder);
CONFORMANCE_CHECK(conformance_create);
CONFORMANCE_CHECK(conformance_read_back);
CONFORMANCE_CHECK(conformance_read_elsewhere);
CONFORMANCE_CHECK(conformance_create_existing);
CONFORMANCE_CHECK(conformance_empty);
CONFORMANCE_CHECK(conformance_list);
CONFORMANCE_CHECK(conformance_flush);
CONFORMANCE_CHECK(conformance_read_together);
CONFORMANCE_CHECK(conformance_many);
CONFORMANCE_CHECK(conformance_cancel);
/* share_conformance_rename.c */
CONFORMANCE_CHECK(conformance_rename);
CONFORMANCE_CHECK(conformance_rename_existing);
CONFORMANCE_CHECK(conformance_rename_folder);
CONFORMANCE_CHECK(conformance_rename_onto_folder);
CONFORMANCE_CHECK(conformance_publish);
CONFORMANCE_CHECK(conformance_delete_file);
CONFORMANCE_CHECK(conformance_delete_folder);
CONFORMANCE_CHECK(conformance_delete_full_folder);
/* share_conformance_names.c */
CONFORMANCE_CHECK(conformance_deep);
CONFORMANCE_CHECK(conformance_repository_names);
CONFORMANCE_CHECK(conformance_long_name);
CONFORMANCE_CHECK(conformance_unicode);
CONFORMANCE_CHECK(conformance_composed);
CONFORMANCE_CHECK(conformance_case);
/* share_conformance_measure.c */
CONFORMANCE_CHECK(conformance_clock);
CONFORMANCE_CHECK(conformance_space);
CONFORMANCE_CHECK(conformance_large);
CONFORMANCE_CHECK(conformance_space_truth);
CONFORMANCE_CHECK(conformance_write_speed);
CONFORMANCE_CHECK(conformance_read_speed);
/* share_conformance_cleanup.c */
CONFORMANCE_CHECK(conformance_cleanup);

#endif

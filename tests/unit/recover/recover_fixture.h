/* SPDX-License-Identifier: Apache-2.0 */
/* Repositories that a service made, taken apart by the tests: files listed, copied, changed,
 * backups verified and recovered. */
#ifndef TESTS_UNIT_RECOVER_FIXTURE_H
#define TESTS_UNIT_RECOVER_FIXTURE_H

#include "fake/service_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define RECOVER_BACKUPS 3

/* A service with backups of a folder that changed in between. */
struct recover_fixture {
	struct service_fixture *service;
	struct private_key *key; /* the operator's; opening its PFX is slow on purpose */
	struct recover_backup backups[RECOVER_BACKUPS]; /* in order; their records are owned */
};

/* Makes @count (at most RECOVER_BACKUPS) backups. */
struct recover_fixture *recover_fixture_new(size_t count, const char *engine_settings);
void recover_fixture_free(struct recover_fixture *fixture);
/* Changes the source: something new, something changed, something gone. */
void recover_fixture_change(struct recover_fixture *fixture, unsigned seed);

/* Paths of all files below the share, relative to it, sorted. */
struct recover_paths {
	char **items;
	size_t count;
};
void recover_paths_list(const struct recover_fixture *fixture, struct recover_paths *out);
void recover_paths_done(struct recover_paths *paths);

/* Files by their path relative to the share. */
void recover_file_get(const struct recover_fixture *fixture, const char *path, struct buffer *out);
void recover_file_put(const struct recover_fixture *fixture, const char *path,
		      const struct buffer *bytes);
void recover_file_remove(const struct recover_fixture *fixture, const char *path);
/* Folder of the @index-th backup, relative to the share; in new memory. */
char *recover_folder(const struct recover_fixture *fixture, size_t index);
/* One file of it. */
char *recover_folder_file(const struct recover_fixture *fixture, size_t index, const char *file);

/* Copies folder/share to folder/@name; and puts that copy in the share's place. */
void recover_share_save(const struct recover_fixture *fixture, const char *name);
void recover_share_restore(const struct recover_fixture *fixture, const char *name);
/* Copies, moves or removes a path relative to the fixture's temporary folder. */
void recover_copy(const struct recover_fixture *fixture, const char *from, const char *to);
void recover_move(const struct recover_fixture *fixture, const char *from, const char *to);
void recover_remove(const struct recover_fixture *fixture, const char *path);

struct recover_expected {
	const char *signer;
	const char *head;
};
/* Verifies all backups, with the operator's key and all files when @with_key; must end OK. */
void recover_verify_all(const struct recover_fixture *fixture,
			const struct recover_expected *expected, bool with_key,
			struct recover_verify_result *out);
/* The first finding with that path (and fatal or not), NULL: none. */
const struct recover_finding *recover_finding_at(const struct recover_findings *findings,
						 const char *path, bool is_fatal);
void recover_findings_print(const struct recover_findings *findings);
/* Recovers all roles of a backup into the folder "recovered", which is removed first. Returns the
 * status. */
enum status recover_into_folder(const struct recover_fixture *fixture,
				const struct recover_expected *expected, const char *backup,
				struct error *err);
/* Whether that folder holds anything. */
bool recover_wrote_something(const struct recover_fixture *fixture);
/* Differences between the recovered role Data and @source_copy below the temporary folder. */
unsigned recover_compare(const struct recover_fixture *fixture, const char *source_copy);

/* Removes the folder of a backup. */
void recover_remove_backup(const struct recover_fixture *fixture, size_t index);
/* The backup is recovered and equal to what the source was. */
void recover_assert_recovers(const struct recover_fixture *fixture, size_t index);
/* Verification has a fatal finding at @path, of that scope, whose text holds @text. */
void recover_assert_found(const struct recover_fixture *fixture,
			  const struct recover_expected *expected, const char *path,
			  enum recover_scope scope, const char *text);
/* Fatal findings of a verification with the key. */
size_t recover_count_fatal(const struct recover_fixture *fixture,
			   const struct recover_expected *expected);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A recovery while it writes. */
#ifndef RECOVER_RESTORE_PRIVATE_H
#define RECOVER_RESTORE_PRIVATE_H

#include "recover_private.h"

struct recover_run_state {
	struct recover_source *source;
	const struct recover_options *options;
	struct recover_result *result;
	struct recover_keys keys;
	struct share *share; /* for content */
	struct recover_content *content;
	struct hash *hash;
	uint64_t bytes_done, bytes_total;

	/* of the role that is written now; NULL: it is skipped */
	struct recover_role_result *role;
	const struct snapshot_driver *driver;
	struct restore *restore;
	struct snapshot_settings settings;
	char *directory; /* of a role below options->directory */
	/* of the file that is written now */
	bool in_file;
	uint64_t file_size;   /* so far */
	uint64_t walked_size; /* when the entry was seen */
	uint64_t left_out;    /* hard links of the role whose file was not written */
	char path[256];
};

/* Whether the role is to be restored. */
bool recover_wants_role(const struct recover_options *options, const char *role);
const struct recover_target *recover_find_target(const struct recover_options *options,
						 const char *role);
/* Writes every wanted role of the manifest. A role's fault is in its result; the returned status is
 * that of the whole (share, cancel). */
MUST_CHECK enum status recover_write_roles(struct recover_run_state *state, struct error *err);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Which files with several names a walk has met, and under which name first. */
#ifndef SNAPSHOT_LINK_TABLE_H
#define SNAPSHOT_LINK_TABLE_H

#include <sys/stat.h>

#include "infrabackup/base.h"

struct snapshot_link_table;

/* NULL when memory is out. */
struct snapshot_link_table *snapshot_link_table_new(void);
/* NULL is legal. */
void snapshot_link_table_free(struct snapshot_link_table *table);
/* *@first: the path under which this file was met before, valid until the next visit, or NULL when
 * @path is its first name. A file is forgotten when all st_nlink names were met. */
MUST_CHECK enum status snapshot_link_table_visit(struct snapshot_link_table *table,
						 const struct stat *file, const char *path,
						 const char **first, struct error *err);

#endif

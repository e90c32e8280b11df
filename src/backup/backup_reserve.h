/* SPDX-License-Identifier: Apache-2.0 */
/* The reserve: a file of fixed size on the share that means nothing and keeps room. Where nothing
 * else can be written any more it is removed, so that what tidies the share (marks of deletion,
 * small state) has room; it is made again when there is room for it. Whoever calls these works on
 * the location alone: its job excludes the others. */
#ifndef BACKUP_RESERVE_H
#define BACKUP_RESERVE_H

#include "infrabackup/share.h"

/* Whether it is there with exactly @size bytes (never when @size is 0). */
MUST_CHECK enum status backup_reserve_look(struct share *share, uint64_t size, bool *held,
					   struct error *err);
/* Makes it unless it is there, or makes it anew with @size bytes; 0: there shall be none. The
 * folder MASBackup is there. No room is no error: *@held says whether it stands afterwards. Nothing
 * half made remains. */
MUST_CHECK enum status backup_reserve_keep(struct share *share, uint64_t size, bool *held,
					   struct error *err);
/* Removes it, which needs no room; *@released: it was there. */
MUST_CHECK enum status backup_reserve_release(struct share *share, bool *released,
					      struct error *err);
/* Calls @action; when it fails with STATUS_SHARE_FULL and the reserve is there, releases it and
 * calls @action once more. Then the reserve is made again as far as there is room: failing at that
 * is logged, the status is that of @action. */
MUST_CHECK enum status backup_reserve_spend(struct share *share, uint64_t size,
					    enum status (*action)(struct share *share,
								  void *context, struct error *err),
					    void *context, struct error *err);

#endif

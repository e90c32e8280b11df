/* SPDX-License-Identifier: Apache-2.0 */
/* archive: the on-share format, byte for byte as api/FORMAT.md says, and nothing else: no threads,
 * no share, no database. Whoever calls it moves the bytes. Everything read is foreign: each parser
 * is bounded, and what does not fit is STATUS_INTEGRITY with a text that says where. */
#ifndef INFRABACKUP_ARCHIVE_H
#define INFRABACKUP_ARCHIVE_H

#include "infrabackup/archive/backup_record.h"
#include "infrabackup/archive/block.h"
#include "infrabackup/archive/layout.h"
#include "infrabackup/archive/lease.h"
#include "infrabackup/archive/manifest.h"
#include "infrabackup/archive/pack.h"

#endif

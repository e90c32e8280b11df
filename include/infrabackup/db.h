/* SPDX-License-Identifier: Apache-2.0 */
/* db: our own state in SQLite. Two files in the state directory: state.sqlite holds what was
 * promised to a caller (WAL, synchronous=FULL); catalogue.sqlite is a cache of what is on the share
 * (synchronous=NORMAL) and can be rebuilt from it. A connection is used by one thread at a time;
 * db_pool hands them out. Times are ms since 1970 UTC. Strings in rows are owned by the row; every
 * row has a _done() that frees them. */
#ifndef INFRABACKUP_DB_H
#define INFRABACKUP_DB_H

#include "infrabackup/db/alert.h"
#include "infrabackup/db/audit.h"
#include "infrabackup/db/catalogue.h"
#include "infrabackup/db/connection.h"
#include "infrabackup/db/job.h"
#include "infrabackup/db/maintenance.h"
#include "infrabackup/db/schedule.h"
#include "infrabackup/db/state.h"
#include "infrabackup/db/verification.h"

#endif

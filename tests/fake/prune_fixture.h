/* SPDX-License-Identifier: Apache-2.0 */
/* A service with a history of daily backups that is ripe for retention, and what must hold of its
 * share whatever a prune met. */
#ifndef FAKE_PRUNE_FIXTURE_H
#define FAKE_PRUNE_FIXTURE_H

#include "fake/service_fixture.h"

#define PRUNE_BACKUPS 12
#define PRUNE_KEPT 7 /* the floor */
#define PRUNE_DAY (24 * 60 * 60 * 1000LL)

struct prune_fixture {
	struct service_fixture *service;
	char ids[PRUNE_BACKUPS][GUID_TEXT_SIZE]; /* the oldest first */
};

/* PRUNE_BACKUPS daily backups in generations of three, each of a source of its own; the newest of
 * now. Retention is two days, so that five may go. */
struct prune_fixture *prune_fixture_new(const char *engine_settings);
void prune_fixture_free(struct prune_fixture *fixture);
/* Runs one prune to its end; release @out with db_job_done(). */
void prune_fixture_run(struct prune_fixture *fixture, bool is_dry, const char *confirm,
		       struct db_job *out);
/* Runs one that must succeed; how many paths it names. */
size_t prune_fixture_prune(struct prune_fixture *fixture);
/* Entries of a folder of the share whose names hold @pattern. */
size_t prune_fixture_count(const struct prune_fixture *fixture, const char *folder,
			   const char *pattern);
/* Backups from the @first (from 0) on are listed, all of them verify, and each gives back its own
 * source when @restore; nothing half is listed. Prints and returns what is wrong. */
unsigned prune_fixture_check(struct prune_fixture *fixture, size_t first, bool restore);
/* Runs another program (at most seven words, then NULL) in the service's folder; it must succeed.
 */
void prune_fixture_execute(const struct prune_fixture *fixture, const char *const words[]);
/* Copies share and state away, and puts them back; the service is restarted. */
void prune_fixture_save(struct prune_fixture *fixture);
void prune_fixture_restore(struct prune_fixture *fixture);

#endif

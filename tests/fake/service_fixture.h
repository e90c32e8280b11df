/* SPDX-License-Identifier: Apache-2.0 */
/* A whole service in the test's own process, over a folder as its share, with faults to order:
 * state directory, certificate, engine, jobs run to their end. Everything lies in one temporary
 * folder. */
#ifndef FAKE_SERVICE_FIXTURE_H
#define FAKE_SERVICE_FIXTURE_H

#include "infrabackup/backup.h"
#include "infrabackup/recover.h"

#include <stdatomic.h>

#include "fake/share_fake.h"

struct service_fixture {
	char folder[64];
	char *share_path;  /* folder/share */
	char *source_path; /* folder/source: what role "Data" backs up */
	struct config *config;
	struct share_fake *fake;
	struct share_registry shares;
	struct backup_service *service;
	struct jobs_engine *engine;
	struct secret pfx_password;
	struct buffer pfx;
	struct buffer certificate;
	atomic_int_fast64_t clock_offset; /* ms that the service's clock runs ahead */
	bool without_tick; /* set before the start: nobody looks at the clock but the test */
	struct clock clock;
};

/* Makes the folders, the certificate and the state; the service is not running. @services: JSON of
 * further services (with a leading comma) or NULL; "Data" is always there. @engine_settings: JSON
 * members of "engine" or NULL. */
struct service_fixture *service_fixture_new(const char *services, const char *engine_settings);
void service_fixture_free(struct service_fixture *fixture);
/* Opens the service and its engine; and closes them. */
void service_fixture_start(struct service_fixture *fixture);
void service_fixture_stop(struct service_fixture *fixture);
/* A connection to the running service's state, and its return. */
struct db *service_fixture_take(struct service_fixture *fixture);
void service_fixture_give(struct service_fixture *fixture, struct db *state);
/* Looks what alerts follow, as the service does every hour. */
void service_fixture_review(struct service_fixture *fixture);
/* Points the location at the share; waits for the job. */
void service_fixture_configure(struct service_fixture *fixture);
/* The same, returning the job's end. */
void service_fixture_update(struct service_fixture *fixture,
			    const struct backup_location_update *update, struct db_job *out);
/* Runs a backup to its end; release with db_job_done(). */
void service_fixture_backup(struct service_fixture *fixture, struct db_job *out);
/* Runs one that must succeed. */
void service_fixture_back_up(struct service_fixture *fixture);
/* Starts one; its id. And waits for a job. */
void service_fixture_submit(struct service_fixture *fixture, char id[GUID_TEXT_SIZE]);
void service_fixture_wait(struct service_fixture *fixture, const char *id, struct db_job *out);
/* Result row of a role of the job; false when there is none. Release with db_job_role_done(). */
bool service_fixture_role(struct service_fixture *fixture, const char *job_id, const char *role,
			  struct db_job_role *out);

/* A reader over the share's folder, past the fake. */
struct recover_source *service_fixture_source(struct service_fixture *fixture);
struct private_key *service_fixture_key(struct service_fixture *fixture);
/* Verifies all backups, content included when @key; the number of fatal findings (printed). */
size_t service_fixture_verify(struct service_fixture *fixture, bool with_key);
/* Recovers role Data of @backup into folder/@name; the status, and the folder of the role in new
 * memory. */
enum status service_fixture_recover(struct service_fixture *fixture, const char *backup,
				    const char *name, char **role_folder, struct error *err);
/* The same for any role. */
enum status service_fixture_recover_role(struct service_fixture *fixture, const char *backup,
					 const char *role, const char *name, char **role_folder,
					 struct error *err);
/* Recovers the latest backup and compares it with the source; the number of differences. */
unsigned service_fixture_compare(struct service_fixture *fixture, unsigned flags);

/* A file below the source folder, with @length bytes drawn from @seed. */
void service_fixture_write(struct service_fixture *fixture, const char *name, size_t length,
			   unsigned seed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What is expected of a backup's roles, and what of it is done. */
#include <string.h>

#include "backup_progress.h"

struct expectation {
	struct backup_role *roles;
	size_t count;
};

static bool is_measured(const struct db_job_role *row)
{
	return strcmp(row->state, job_state_name(JOB_SUCCEEDED)) == 0 ||
	       strcmp(row->state, job_state_name(JOB_PARTIAL_SUCCEEDED)) == 0;
}

static enum status see_role(const struct db_job_role *row, void *context, struct error *err)
{
	const struct expectation *expectation = context;
	(void)err;
	for (size_t i = 0; i < expectation->count; i++) {
		struct backup_role *role = &expectation->roles[i];
		if (!is_measured(row) || strcmp(role->name, row->role) != 0)
			continue;
		role->is_expected = true;
		role->expected_bytes = row->bytes;
	}
	return STATUS_OK;
}

static enum status read_last(struct backup_session *session, struct db *state,
			     struct expectation *expectation, struct error *err)
{
	struct db_backup newest;
	memset(&newest, 0, sizeof newest);
	enum status status = db_backup_newest(state, session->service->config->deployment.location,
					      &newest, err);
	if (status == STATUS_OK)
		status = db_job_role_list(state, newest.id, see_role, expectation, err);
	db_backup_done(&newest);
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status backup_progress_expect(struct backup_session *session, struct db *state,
				   struct backup_role *roles, size_t count, struct error *err)
{
	struct expectation expectation = { roles, count };
	uint64_t expected = 0;
	size_t unknown = 0;
	enum status status = read_last(session, state, &expectation, err);
	for (size_t i = 0; i < count; i++) {
		expected += roles[i].expected_bytes;
		unknown += !roles[i].is_expected;
	}
	atomic_store(&session->expected_bytes, expected);
	atomic_store(&session->roles_unknown, unknown);
	return status;
}

/* A total that is passed was no good guess: then as much as is done is expected. */
void backup_progress_show(struct backup_session *session, const char *phase)
{
	uint64_t done = atomic_load(&session->bytes_done);
	uint64_t expected = atomic_load(&session->expected_bytes);
	bool is_known = atomic_load(&session->roles_unknown) == 0;
	if (expected < done)
		expected = done;
	jobs_run_progress(session->run, phase, done, is_known ? expected : 0);
}

void backup_progress_role_ended(struct backup_role *role)
{
	struct backup_session *session = role->session;
	atomic_fetch_add(&session->expected_bytes, role->result.bytes - role->expected_bytes);
	if (!role->is_expected)
		atomic_fetch_sub(&session->roles_unknown, 1);
}

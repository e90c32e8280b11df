/* SPDX-License-Identifier: Apache-2.0 */
/* The job table: queue, leases, results. */
#include <string.h>

#include "db_job.h"
#include "db_job_row.h"

enum {
	Q_JOB_ADD,
	Q_JOB_IN_THE_WAY,
	Q_JOB_GET,
	Q_JOB_CLAIM,
	Q_JOB_HEARTBEAT,
	Q_JOB_PROGRESS,
	Q_JOB_FINISH,
	Q_JOB_NEXT_RUNNING,
	Q_JOB_LIST,
	Q_JOB_LIST_KIND,
	Q_JOB_PUT_FINISHED,
	Q_JOB_BEFORE_VERIFY,
	Q_JOB_IS_RUNNING,
};

/* What changes a location or the services: one at a time. */
#define WRITERS "'backup', 'locationUpdate', 'prune', 'restore'"

/* A bound of the index, so that a page far back costs what the first one does. */
#define JOB_AFTER                                                                                  \
	"CASE WHEN :after IS NULL THEN 9223372036854775807"                                        \
	" ELSE (SELECT sequence FROM job WHERE id = :after) END"

static const struct db_query queries[] = {
	[Q_JOB_ADD] = { "queue job",
			"INSERT INTO job (id, kind, location, requested_by, is_automatic,"
			" parameters, created_time) VALUES (:id, :kind, :location, :requested_by,"
			" :is_automatic, :parameters, :created_time)" },
	/* The conditions of the indexes job_location_busy and job_location_verify; a prune that
	 * comes by itself finds everything in its way. */
	[Q_JOB_IN_THE_WAY] = { "queue job",
			       "SELECT " DB_JOB_COLUMNS " FROM job"
			       " WHERE location = :location AND id <> :id"
			       " AND state IN ('Queued', 'Running')"
			       " AND CASE :kind WHEN 'verify'"
			       " THEN kind = 'verify' AND is_automatic = :is_automatic"
			       " ELSE kind IN (" WRITERS ") AND (NOT (kind = 'prune' AND"
			       " is_automatic) OR (:kind = 'prune' AND :is_automatic)) END" },
	[Q_JOB_GET] = { "read job", "SELECT " DB_JOB_COLUMNS " FROM job WHERE id = :id" },
	[Q_JOB_CLAIM] = { "claim job",
			  "UPDATE job SET state = 'Running', attempt = attempt + 1,"
			  " started_time = :now, heartbeat_time = :now, lease_until = :lease_until"
			  " WHERE sequence = (SELECT sequence FROM job AS waiting"
			  " WHERE state = 'Queued' AND NOT (kind IN (" WRITERS ") AND"
			  " EXISTS (SELECT 1 FROM job AS working"
			  " WHERE working.location = waiting.location"
			  " AND working.state = 'Running' AND working.kind IN (" WRITERS ")))"
			  " ORDER BY sequence LIMIT 1) RETURNING " DB_JOB_COLUMNS },
	[Q_JOB_IS_RUNNING] = { "look for running jobs",
			       "SELECT EXISTS (SELECT 1 FROM job WHERE location = :location"
			       " AND state = 'Running' AND kind = :kind)" },
	[Q_JOB_HEARTBEAT] = { "renew lease of job",
			      "UPDATE job SET heartbeat_time = :now, lease_until = :lease_until"
			      " WHERE id = :id AND state = 'Running'" },
	[Q_JOB_PROGRESS] = { "note progress of job",
			     "UPDATE job SET phase = :phase, bytes_done = :bytes_done,"
			     " bytes_total = :bytes_total WHERE id = :id AND state = 'Running'" },
	[Q_JOB_FINISH] = { "finish job",
			   "UPDATE job SET state = :state, ended_time = :ended_time,"
			   " lease_until = 0, result = :result, error_status = :error_status,"
			   " error_message = :error_message, error_step = :error_step,"
			   " error_path = :error_path, error_cause = :error_cause"
			   " WHERE id = :id AND state IN ('Queued', 'Running')" },
	[Q_JOB_NEXT_RUNNING] = { "find interrupted jobs",
				 "SELECT " DB_JOB_COLUMNS " FROM job WHERE state = 'Running'"
				 " ORDER BY sequence LIMIT 1" },
	[Q_JOB_LIST] = { "list jobs",
			 "SELECT " DB_JOB_COLUMNS " FROM job"
			 " WHERE location = :location"
			 " AND sequence < " JOB_AFTER " ORDER BY sequence DESC LIMIT :max" },
	[Q_JOB_LIST_KIND] = { "list jobs",
			      "SELECT " DB_JOB_COLUMNS " FROM job"
			      " WHERE location = :location AND kind = :kind"
			      " AND sequence < " JOB_AFTER " ORDER BY sequence DESC LIMIT :max" },
	[Q_JOB_PUT_FINISHED] = { "record finished job",
				 "INSERT INTO job (id, kind, location, state, requested_by,"
				 " is_automatic, created_time, started_time, ended_time,"
				 " error_status, error_message)"
				 " VALUES (:id, :kind, :location, :state, :requested_by,"
				 " :is_automatic, :created_time, :started_time, :ended_time,"
				 " :error_status, :error_message)"
				 " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"
				 " ended_time = excluded.ended_time, error_status = NULL,"
				 " error_message = NULL, error_step = NULL, error_path = NULL,"
				 " error_cause = NULL WHERE state IN ('Failed', 'Cancelled')" },
	[Q_JOB_BEFORE_VERIFY] = { "look for jobs that go first",
				  "SELECT EXISTS (SELECT 1 FROM job WHERE location = :location"
				  " AND state IN ('Queued', 'Running')"
				  " AND (kind IN (" WRITERS ") OR"
				  " (:is_automatic AND kind = 'verify' AND NOT is_automatic)))" },
};

const struct db_query_set db_job_queries = { DB_STATE, queries, ARRAY_LENGTH(queries) };

/* --- queueing --- */

static enum status insert(struct db *db, const struct db_job *job, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_ADD]);
	db_bind_text(&statement, ":id", job->id);
	db_bind_text(&statement, ":kind", job->kind);
	db_bind_text(&statement, ":location", job->location);
	db_bind_text(&statement, ":requested_by", job->requested_by);
	db_bind_integer(&statement, ":is_automatic", job->is_automatic);
	db_bind_text(&statement, ":parameters", job->parameters);
	db_bind_integer(&statement, ":created_time", job->created_time);
	return db_statement_run(&statement, NULL, err);
}

static const char *kind_in_words(const char *kind)
{
	static const struct {
		const char *kind, *words;
	} known[] = {
		{ "backup", "the backup" },       { "locationUpdate", "the location update" },
		{ "prune", "the prune" },         { "restore", "the restore" },
		{ "verify", "the verification" },
	};
	for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
		if (strcmp(known[i].kind, kind) == 0)
			return known[i].words;
	return "the job";
}

/* OK with the job that is in the way of @job; STATUS_NOT_FOUND. */
static enum status find_in_the_way(struct db *db, const struct db_job *job, struct db_job *out,
				   struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_IN_THE_WAY]);
	db_bind_text(&statement, ":location", job->location);
	db_bind_text(&statement, ":id", job->id);
	db_bind_text(&statement, ":kind", job->kind);
	db_bind_integer(&statement, ":is_automatic", job->is_automatic);
	return db_statement_only(&statement, &db_job_columns, out, err);
}

static enum status fail_in_the_way(const struct db_job *job, struct db_job *other,
				   struct error *err)
{
	bool running = strcmp(other->state, "Running") == 0;
	char since[CLOCK_TEXT_SIZE];
	enum status status =
		fail(err, STATUS_CONFLICT, queries[Q_JOB_ADD].step, job->location,
		     "%s %s has been %s for this location since %s (requested by %s), and a "
		     "location is worked on by one at a time; wait until it has ended or cancel it",
		     kind_in_words(other->kind), other->id, running ? "running" : "queued",
		     clock_text(running ? other->started_time : other->created_time, since),
		     other->requested_by);
	db_job_done(other);
	return status;
}

struct addition {
	const struct db_job *job;
};

/* No index keeps a prune that comes by itself from queueing up behind others: it is to come when
 * there are none. */
static enum status add(struct db *db, void *context, struct error *err)
{
	const struct db_job *job = ((const struct addition *)context)->job;
	struct db_job other = { .id = "" };
	bool looks_first = job->is_automatic && strcmp(job->kind, "prune") == 0;
	enum status status = looks_first ? STATUS_EXISTS : insert(db, job, err);
	if (status != STATUS_EXISTS)
		return status;
	status = find_in_the_way(db, job, &other, err);
	if (status == STATUS_OK)
		return fail_in_the_way(job, &other, err);
	if (status != STATUS_NOT_FOUND)
		return status;
	status = looks_first ? insert(db, job, err) : STATUS_EXISTS;
	return status != STATUS_EXISTS ? status
				       : fail(err, STATUS_EXISTS, queries[Q_JOB_ADD].step, job->id,
					      "there is a job with this id already");
}

enum status db_job_add(struct db *db, const struct db_job *job, struct error *err)
{
	struct addition addition = { .job = job };
	return db_transaction(db, add, &addition, err);
}

static enum status read_answer(struct db_statement *statement, bool *out, struct error *err)
{
	bool row = false;
	enum status status = db_statement_step(statement, &row, err);
	if (status == STATUS_OK)
		*out = sqlite3_column_int64(statement->handle, 0) != 0;
	return status;
}

enum status db_job_goes_before_verify(struct db *db, const char *location, bool is_automatic,
				      bool *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_BEFORE_VERIFY]);
	db_bind_text(&statement, ":location", location);
	db_bind_integer(&statement, ":is_automatic", is_automatic);
	return read_answer(&statement, out, err);
}

enum status db_job_is_running(struct db *db, const char *location, const char *kind, bool *out,
			      struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_IS_RUNNING]);
	db_bind_text(&statement, ":location", location);
	db_bind_text(&statement, ":kind", kind);
	return read_answer(&statement, out, err);
}

enum status db_job_put_finished(struct db *db, const struct db_job *job, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_PUT_FINISHED]);
	db_bind_text(&statement, ":id", job->id);
	db_bind_text(&statement, ":kind", job->kind);
	db_bind_text(&statement, ":location", job->location);
	db_bind_text(&statement, ":state", job->state);
	db_bind_text(&statement, ":requested_by", job->requested_by);
	db_bind_integer(&statement, ":is_automatic", job->is_automatic);
	db_bind_integer(&statement, ":created_time", job->created_time);
	db_bind_integer(&statement, ":started_time", job->started_time);
	db_bind_integer(&statement, ":ended_time", job->ended_time);
	db_bind_text(&statement, ":error_status", job->error_status);
	db_bind_text(&statement, ":error_message", job->error_message);
	return db_statement_run(&statement, NULL, err);
}

enum status db_job_get(struct db *db, const char *id, struct db_job *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_GET]);
	db_bind_text(&statement, ":id", id);
	struct db_job row = { .id = "" };
	enum status status = db_statement_only(&statement, &db_job_columns, &row, err);
	if (status == STATUS_NOT_FOUND)
		return fail(err, STATUS_NOT_FOUND, queries[Q_JOB_GET].step, id,
			    "there is no job with this id");
	if (status == STATUS_OK)
		*out = row;
	return status;
}

/* --- running --- */

enum status db_job_claim(struct db *db, int64_t now, int64_t lease_until, struct db_job *out,
			 struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_CLAIM]);
	db_bind_integer(&statement, ":now", now);
	db_bind_integer(&statement, ":lease_until", lease_until);
	struct db_job row = { .id = "" };
	enum status status = db_statement_only(&statement, &db_job_columns, &row, err);
	if (status == STATUS_OK)
		*out = row;
	return status;
}

/* Without waiting for the disk, unless it is part of somebody's transaction. */
static enum status run_undurable(struct db *db, struct db_statement *statement, int *changed,
				 struct error *err)
{
	bool alone = sqlite3_get_autocommit(db->handle) != 0;
	enum status status = STATUS_OK;
	if (alone)
		status = db_execute(db, "PRAGMA synchronous = NORMAL", statement->query->step, err);
	if (status == STATUS_OK)
		status = db_statement_run(statement, changed, err);
	/* Ends the transaction, which the pragma must not be in. */
	db_statement_reset(statement);
	if (!alone)
		return status;
	enum status restored = db_execute(db, "PRAGMA synchronous = FULL", statement->query->step,
					  status == STATUS_OK ? err : NULL);
	return status == STATUS_OK ? restored : status;
}

enum status db_job_heartbeat(struct db *db, const char *id, int64_t now, int64_t lease_until,
			     struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_HEARTBEAT]);
	db_bind_text(&statement, ":id", id);
	db_bind_integer(&statement, ":now", now);
	db_bind_integer(&statement, ":lease_until", lease_until);
	int changed = 0;
	enum status status = run_undurable(db, &statement, &changed, err);
	if (status == STATUS_OK && changed == 0)
		return fail(err, STATUS_CONFLICT, queries[Q_JOB_HEARTBEAT].step, id,
			    "the job is no longer running");
	return status;
}

enum status db_job_progress(struct db *db, const char *id, const char *phase, uint64_t bytes_done,
			    uint64_t bytes_total, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_PROGRESS]);
	db_bind_text(&statement, ":id", id);
	db_bind_text(&statement, ":phase", phase);
	db_bind_unsigned(&statement, ":bytes_done", bytes_done);
	db_bind_unsigned(&statement, ":bytes_total", bytes_total);
	return run_undurable(db, &statement, NULL, err);
}

/* --- ending --- */

struct ending {
	const char *id, *state, *result;
	int64_t ended_time;
	const struct error *fault;
};

void db_bind_fault(struct db_statement *statement, const struct error *fault,
		   char text[DB_FAULT_TEXT_SIZE])
{
	bool none = fault == NULL || fault->status == STATUS_OK;
	db_bind_text(statement, ":error_status", none ? NULL : status_name(fault->status));
	db_bind_text(statement, ":error_message",
		     none ? NULL : error_text(fault, text, DB_FAULT_TEXT_SIZE));
}

static const char *text_or_null(const struct error *fault, const char *text)
{
	return fault == NULL || fault->status == STATUS_OK || *text == '\0' ? NULL : text;
}

static enum status fail_finished(struct db *db, const char *id, struct error *err)
{
	struct db_job job = { .id = "" };
	enum status status = db_job_get(db, id, &job, err);
	if (status != STATUS_OK)
		return status;
	status = fail(err, STATUS_CONFLICT, queries[Q_JOB_FINISH].step, id,
		      "the job has ended already: %s", job.state);
	db_job_done(&job);
	return status;
}

static enum status finish(struct db *db, void *context, struct error *err)
{
	const struct ending *ending = context;
	const struct error *fault = ending->fault;
	char text[DB_FAULT_TEXT_SIZE];
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_FINISH]);
	db_bind_text(&statement, ":id", ending->id);
	db_bind_text(&statement, ":state", ending->state);
	db_bind_integer(&statement, ":ended_time", ending->ended_time);
	db_bind_text(&statement, ":result", ending->result);
	db_bind_fault(&statement, fault, text);
	db_bind_text(&statement, ":error_step",
		     fault == NULL ? NULL : text_or_null(fault, fault->step));
	db_bind_text(&statement, ":error_path",
		     fault == NULL ? NULL : text_or_null(fault, fault->path));
	db_bind_text(&statement, ":error_cause",
		     fault == NULL ? NULL : text_or_null(fault, fault->cause_name));
	int changed = 0;
	enum status status = db_statement_run(&statement, &changed, err);
	if (status == STATUS_OK && changed == 0)
		return fail_finished(db, ending->id, err);
	if (status == STATUS_OK)
		status = db_job_role_close(db, ending->id, ending->state, ending->ended_time, fault,
					   err);
	return status;
}

enum status db_job_finish(struct db *db, const char *id, const char *state, int64_t ended_time,
			  const char *result, const struct error *fault, struct error *err)
{
	struct ending ending = {
		.id = id, .state = state, .result = result, .ended_time = ended_time, .fault = fault
	};
	return db_transaction(db, finish, &ending, err);
}

struct interruption {
	int64_t now;
	void (*describe)(const struct db_job *job, void *context, struct error *fault);
	void *context;
	size_t count;
};

static enum status next_running(struct db *db, struct db_job *out, struct error *err)
{
	AUTO_STATEMENT statement = db_statement_begin(db, &queries[Q_JOB_NEXT_RUNNING]);
	return db_statement_only(&statement, &db_job_columns, out, err);
}

static enum status fail_running(struct db *db, void *context, struct error *err)
{
	struct interruption *interruption = context;
	interruption->count = 0;
	for (;;) {
		struct db_job job = { .id = "" };
		enum status status = next_running(db, &job, err);
		if (status != STATUS_OK)
			return status == STATUS_NOT_FOUND ? STATUS_OK : status;
		struct error fault = { .status = STATUS_FAILED };
		interruption->describe(&job, interruption->context, &fault);
		status = db_job_finish(db, job.id, "Failed", interruption->now, NULL, &fault, err);
		db_job_done(&job);
		if (status != STATUS_OK)
			return status;
		interruption->count++;
	}
}

enum status db_job_fail_interrupted(struct db *db, int64_t now,
				    void (*describe)(const struct db_job *job, void *context,
						     struct error *fault),
				    void *context, size_t *count, struct error *err)
{
	struct interruption interruption = { .now = now, .describe = describe, .context = context };
	enum status status = db_transaction(db, fail_running, &interruption, err);
	if (status == STATUS_OK)
		*count = interruption.count;
	return status;
}

/* --- history --- */

enum status db_job_list(struct db *db, const char *location, const char *kind, size_t max,
			enum status (*each)(const struct db_job *job, void *context,
					    struct error *err),
			void *context, struct error *err)
{
	return db_job_list_after(db, location, kind, NULL, max, each, context, err);
}

enum status db_job_list_after(struct db *db, const char *location, const char *kind,
			      const char *after, size_t max,
			      enum status (*each)(const struct db_job *job, void *context,
						  struct error *err),
			      void *context, struct error *err)
{
	AUTO_STATEMENT statement =
		db_statement_begin(db, &queries[kind == NULL ? Q_JOB_LIST : Q_JOB_LIST_KIND]);
	db_bind_text(&statement, ":location", location);
	if (kind != NULL)
		db_bind_text(&statement, ":kind", kind);
	db_bind_text(&statement, ":after", after);
	db_bind_unsigned(&statement, ":max", max);
	for (;;) {
		struct db_job row = { .id = "" };
		bool more = false;
		enum status status =
			db_statement_next(&statement, &db_job_columns, &row, &more, err);
		if (status != STATUS_OK || !more)
			return status;
		status = each(&row, context, err);
		db_job_done(&row);
		if (status != STATUS_OK)
			return status;
	}
}

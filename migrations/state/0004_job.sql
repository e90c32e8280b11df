-- SPDX-License-Identifier: Apache-2.0
-- Jobs: the queue, the leases and the history of everything that takes long. Times are milliseconds
-- since 1970 UTC, 0 when it has not happened yet.

CREATE TABLE job (
	-- Order of arrival: the queue is served by it, and no clock can disturb it.
	sequence INTEGER PRIMARY KEY AUTOINCREMENT,
	id TEXT NOT NULL		-- GUID; the operation's id, and of a backup the backup's
		CONSTRAINT job_id_unique UNIQUE
		CONSTRAINT job_id_guid CHECK (length(id) = 36),
	-- An open list: kinds are registered when the service starts, one it does not know fails.
	kind TEXT NOT NULL
		CONSTRAINT job_kind_form
		CHECK (length(kind) BETWEEN 1 AND 64 AND kind NOT GLOB '*[^A-Za-z0-9]*'),
	location TEXT NOT NULL COLLATE NOCASE,	-- backup location it works on
	state TEXT NOT NULL DEFAULT 'Queued'
		CONSTRAINT job_state_known
		CHECK (state IN ('Queued', 'Running', 'Succeeded', 'PartialSucceeded', 'Failed',
				 'Skipped', 'Cancelled')),
	requested_by TEXT NOT NULL,	-- name of the token, or "schedule"
	is_automatic INTEGER NOT NULL DEFAULT 0
		CONSTRAINT job_automatic_boolean CHECK (is_automatic IN (0, 1)),
	-- JSON, checked by the program: a schema that is not trusted may not call json_valid().
	parameters TEXT,		-- for its kind, secrets in it sealed; NULL: none
	result TEXT,			-- of the finished job; NULL: none
	created_time INTEGER NOT NULL,
	started_time INTEGER NOT NULL DEFAULT 0,
	ended_time INTEGER NOT NULL DEFAULT 0,
	phase TEXT,			-- what it is doing: "upload"; NULL: nothing said yet
	bytes_done INTEGER NOT NULL DEFAULT 0
		CONSTRAINT job_done_positive CHECK (bytes_done >= 0),
	bytes_total INTEGER NOT NULL DEFAULT 0	-- 0: unknown
		CONSTRAINT job_total_positive CHECK (bytes_total >= 0),
	heartbeat_time INTEGER NOT NULL DEFAULT 0,	-- its worker was alive then
	lease_until INTEGER NOT NULL DEFAULT 0,	-- nobody else may take it before
	attempt INTEGER NOT NULL DEFAULT 0	-- how often it was claimed
		CONSTRAINT job_attempt_positive CHECK (attempt >= 0),
	-- Why it failed, or what was missing; all NULL when nothing was wrong.
	error_status TEXT,		-- name of the status, from the program's own table
	error_message TEXT,		-- one sentence for a person
	error_step TEXT,		-- evidence: what was being done,
	error_path TEXT,		-- to what,
	error_cause TEXT,		-- and the system's or the server's name for the fault
	CONSTRAINT job_error_complete CHECK ((error_status IS NULL) = (error_message IS NULL)),
	CONSTRAINT job_end_when_final
		CHECK (ended_time = 0 OR state NOT IN ('Queued', 'Running'))
) STRICT;

-- A location is worked on by one of these at a time: two backups would write the same generation, and a
-- location update would move the share from under a backup. The index decides, also between processes.
CREATE UNIQUE INDEX job_location_busy ON job (location)
	WHERE kind IN ('backup', 'locationUpdate') AND state IN ('Queued', 'Running');
-- The next job to claim, and what runs, without reading the history.
CREATE INDEX job_queued ON job (sequence) WHERE state = 'Queued';
CREATE INDEX job_running ON job (sequence) WHERE state = 'Running';
-- Newest first of a location, of all kinds or of one: the sequence ends every index by itself.
CREATE INDEX job_by_location ON job (location);
CREATE INDEX job_by_location_kind ON job (location, kind);

-- What a job did for each role (an infrastructure service).
CREATE TABLE job_role (
	job_id TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
	position INTEGER NOT NULL	-- order within the job
		CONSTRAINT job_role_position_positive CHECK (position >= 0),
	role TEXT NOT NULL,		-- "Certificates"
	state TEXT NOT NULL
		CONSTRAINT job_role_state_known
		CHECK (state IN ('Queued', 'Running', 'Succeeded', 'PartialSucceeded', 'Failed',
				 'Cancelled')),
	entries INTEGER NOT NULL DEFAULT 0,	-- files, folders, links seen
	bytes INTEGER NOT NULL DEFAULT 0,	-- of their content
	new_bytes INTEGER NOT NULL DEFAULT 0,	-- of it, not on the share before
	files_read INTEGER NOT NULL DEFAULT 0,
	files_unchanged INTEGER NOT NULL DEFAULT 0,	-- not read: known from last time
	problems INTEGER NOT NULL DEFAULT 0,	-- entries that could not be taken as they are
	started_time INTEGER NOT NULL DEFAULT 0,
	ended_time INTEGER NOT NULL DEFAULT 0,
	error_status TEXT,		-- as in job
	error_message TEXT,
	PRIMARY KEY (job_id, role)
) STRICT, WITHOUT ROWID;

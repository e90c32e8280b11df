-- SPDX-License-Identifier: Apache-2.0
-- Maintenance of the cloud: while it is on, no backup is made. The newest row of a location counts.
-- Times are milliseconds since 1970 UTC, 0 when it has not happened.

CREATE TABLE maintenance (
	sequence INTEGER PRIMARY KEY AUTOINCREMENT,
	location TEXT NOT NULL COLLATE NOCASE,
	operation TEXT NOT NULL		-- what is done to the cloud
		CONSTRAINT maintenance_operation_known
		CHECK (operation IN ('Update', 'HardwareReplacement', 'SecretRotation')),
	requested_by TEXT NOT NULL,	-- name of the token
	created_time INTEGER NOT NULL,
	started_time INTEGER NOT NULL DEFAULT 0,	-- 0: the backup before it is not over
	planned_end INTEGER NOT NULL DEFAULT 0,	-- for people: nothing happens then
	ended_time INTEGER NOT NULL DEFAULT 0,
	ended_by TEXT,			-- NULL: not ended, or it never began
	backup_before TEXT,		-- id of the job; NULL: none was asked for
	is_backup_after INTEGER NOT NULL DEFAULT 0	-- one is to be made after the end
		CONSTRAINT maintenance_after_boolean CHECK (is_backup_after IN (0, 1)),
	backup_after TEXT,		-- id of that job; NULL: not queued yet
	note TEXT			-- why it never began
) STRICT;

CREATE UNIQUE INDEX maintenance_open ON maintenance (location) WHERE ended_time = 0;
CREATE INDEX maintenance_by_location ON maintenance (location);

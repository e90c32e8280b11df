-- SPDX-License-Identifier: Apache-2.0
-- Retention: which repository a backup is in, whether it is pinned, and jobs that delete.

-- A location that was moved has backups in more than one repository.
ALTER TABLE backup ADD COLUMN repository TEXT;	-- GUID; NULL: made before this was noted
-- Not deleted before; ms since 1970 UTC, 0: not pinned, 9223372036854775807: for ever.
ALTER TABLE backup ADD COLUMN pinned_until INTEGER NOT NULL DEFAULT 0
	CONSTRAINT backup_pin_positive CHECK (pinned_until >= 0);

-- What deletes must meet no writer.
DROP INDEX job_location_busy;
CREATE UNIQUE INDEX job_location_busy ON job (location)
	WHERE kind IN ('backup', 'locationUpdate', 'prune') AND state IN ('Queued', 'Running');

-- SPDX-License-Identifier: Apache-2.0
-- A restore writes the services that backups read, from packs that a prune deletes and a share that
-- an update replaces: one of these at a time.

DROP INDEX job_location_busy;
CREATE UNIQUE INDEX job_location_busy ON job (location)
	WHERE kind IN ('backup', 'locationUpdate', 'prune', 'restore')
	AND state IN ('Queued', 'Running') AND NOT (kind = 'prune' AND is_automatic);

DROP INDEX job_location_works;
CREATE UNIQUE INDEX job_location_works ON job (location)
	WHERE kind IN ('backup', 'locationUpdate', 'prune', 'restore') AND state = 'Running';

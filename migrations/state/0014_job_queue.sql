-- SPDX-License-Identifier: Apache-2.0
-- A prune that the service starts by itself is in nobody's way: what is asked for while it runs
-- waits until it has ended.

DROP INDEX job_location_busy;
CREATE UNIQUE INDEX job_location_busy ON job (location)
	WHERE kind IN ('backup', 'locationUpdate', 'prune') AND state IN ('Queued', 'Running')
	AND NOT (kind = 'prune' AND is_automatic);
CREATE UNIQUE INDEX job_location_prune ON job (location)
	WHERE kind = 'prune' AND is_automatic AND state IN ('Queued', 'Running');

-- Whatever is queued, one at a time works on a location.
CREATE UNIQUE INDEX job_location_works ON job (location)
	WHERE kind IN ('backup', 'locationUpdate', 'prune') AND state = 'Running';

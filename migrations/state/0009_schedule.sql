-- SPDX-License-Identifier: Apache-2.0
-- What the scheduler must know after any end of the process, beside backup_location.next_backup_time.
-- A table of its own: a location update writes its row as a whole, the scheduler moves on meanwhile.
-- Times are milliseconds since 1970 UTC, 0 when it has not happened.

CREATE TABLE backup_schedule (
	location TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,
	last_slot_time INTEGER NOT NULL DEFAULT 0,	-- point of the grid that was used up last
	is_owed INTEGER NOT NULL DEFAULT 0	-- a skipped run is to be made up when it can be
		CONSTRAINT schedule_owed_boolean CHECK (is_owed IN (0, 1))
) STRICT;

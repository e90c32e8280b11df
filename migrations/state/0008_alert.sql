-- SPDX-License-Identifier: Apache-2.0
-- Alerts: what an operator must know, from the moment it was found until somebody or the end of its
-- cause closed it. Texts are not here: they come from the program's catalogue by the fault's name.

CREATE TABLE alert (
	sequence INTEGER PRIMARY KEY AUTOINCREMENT,	-- order of raising
	id TEXT NOT NULL		-- GUID
		CONSTRAINT alert_id_unique UNIQUE
		CONSTRAINT alert_id_guid CHECK (length(id) = 36),
	fault_id TEXT NOT NULL		-- GUID that clients show beside the id
		CONSTRAINT alert_fault_id_guid CHECK (length(fault_id) = 36),
	location TEXT NOT NULL COLLATE NOCASE,	-- backup location it is about
	fault TEXT NOT NULL		-- its name in the catalogue
		CONSTRAINT alert_fault_form
		CHECK (length(fault) BETWEEN 1 AND 96 AND fault NOT GLOB '*[^A-Za-z0-9]*'),
	-- Faults of one topic replace each other: a location has one open alert of it at most.
	topic TEXT NOT NULL
		CONSTRAINT alert_topic_form
		CHECK (length(topic) BETWEEN 1 AND 96 AND topic NOT GLOB '*[^A-Za-z0-9]*'),
	occurrence TEXT,		-- what raised it last: a job's id, a missed time; NULL: a condition
	evidence TEXT NOT NULL,		-- JSON object of texts
	times_raised INTEGER NOT NULL DEFAULT 1
		CONSTRAINT alert_raised_positive CHECK (times_raised > 0),
	-- Times are milliseconds since 1970 UTC.
	created_time INTEGER NOT NULL,
	updated_time INTEGER NOT NULL,
	closed_time INTEGER NOT NULL DEFAULT 0,	-- 0: open
	closed_by TEXT,			-- name of the caller; NULL: closed by itself, or open
	close_reason TEXT,		-- for the log and for people; NULL while open
	-- Closed, and its cause was seen to be gone: the next one is news again.
	is_settled INTEGER NOT NULL DEFAULT 0
		CONSTRAINT alert_settled_boolean CHECK (is_settled IN (0, 1)),
	CONSTRAINT alert_closed_completely CHECK ((closed_time = 0) = (close_reason IS NULL))
) STRICT;

CREATE UNIQUE INDEX alert_open ON alert (location, topic) WHERE closed_time = 0;
CREATE INDEX alert_topic ON alert (location, topic);

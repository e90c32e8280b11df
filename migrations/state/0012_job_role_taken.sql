-- SPDX-License-Identifier: Apache-2.0
-- A role that a repeated backup did not read but took over from an earlier one.

ALTER TABLE job_role ADD COLUMN taken_from TEXT	-- id of the backup that read it, at started_time to
	CONSTRAINT job_role_taken_guid CHECK (length(taken_from) = 36);	-- ended_time; NULL: this one

-- SPDX-License-Identifier: Apache-2.0
-- What read a role: services can be configured otherwise later, and history stays what it was.

ALTER TABLE job_role ADD COLUMN provider TEXT;	-- "directory"; NULL: not noted

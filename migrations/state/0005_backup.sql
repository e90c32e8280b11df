-- SPDX-License-Identifier: Apache-2.0
-- Committed backups: what the share holds, as this service knows it. Rebuilt from the share's
-- backup.json files when it is lost, so it does not refer to jobs, which are not on the share.

CREATE TABLE backup (
	id TEXT NOT NULL PRIMARY KEY	-- GUID; the id of the job that made it
		CONSTRAINT backup_id_guid CHECK (length(id) = 36),
	location TEXT NOT NULL COLLATE NOCASE,
	sequence INTEGER NOT NULL	-- 1, 2, ... within the repository
		CONSTRAINT backup_sequence_positive CHECK (sequence > 0),
	folder TEXT NOT NULL,		-- below backups/ on the share
	generation TEXT NOT NULL REFERENCES generation (name),	-- where its newest packs are
	status TEXT NOT NULL
		CONSTRAINT backup_status_known
		CHECK (status IN ('Succeeded', 'PartialSucceeded', 'Corrupted', 'Deleted')),
	started_time INTEGER NOT NULL,	-- ms since 1970 UTC
	completed_time INTEGER NOT NULL,
	stamp_version TEXT NOT NULL,	-- of the cloud that was backed up
	oem_version TEXT,		-- of its hardware vendor's package; NULL: none
	deployment_id TEXT NOT NULL,
	thumbprint TEXT NOT NULL	-- whose private key opens it
		CONSTRAINT backup_thumbprint_form
		CHECK (length(thumbprint) = 40 AND thumbprint NOT GLOB '*[^0-9A-F]*'),
	is_automatic INTEGER NOT NULL
		CONSTRAINT backup_automatic_boolean CHECK (is_automatic IN (0, 1)),
	is_cloud_recovery_ready INTEGER NOT NULL	-- every essential role is in it
		CONSTRAINT backup_ready_boolean CHECK (is_cloud_recovery_ready IN (0, 1)),
	bytes INTEGER NOT NULL		-- content of all its roles
		CONSTRAINT backup_bytes_positive CHECK (bytes >= 0),
	new_bytes INTEGER NOT NULL	-- of it, not on the share before
		CONSTRAINT backup_new_bytes_positive CHECK (new_bytes >= 0),
	record_sha256 BLOB NOT NULL	-- of backup.json: the next one names it
		CONSTRAINT backup_record_hash CHECK (length(record_sha256) = 32)
) STRICT;

CREATE UNIQUE INDEX backup_sequence ON backup (location, sequence);
CREATE INDEX backup_generation ON backup (generation);

-- SPDX-License-Identifier: Apache-2.0
-- Where backups go, how often, and for how long: the resource that operators set through REST.

CREATE TABLE backup_location (
	name TEXT NOT NULL COLLATE NOCASE PRIMARY KEY,	-- the region; resource names ignore case
	path TEXT,			-- share or directory; NULL: not configured yet
	user_name TEXT,			-- to log on to the share; NULL: none
	password_sealed BLOB,		-- sealed under the master key; NULL: none
	certificate BLOB,		-- DER of the recipient's certificate; NULL: none
	thumbprint TEXT			-- SHA-1 of the certificate, upper-case hex; NULL: none
		CONSTRAINT location_thumbprint_form
		CHECK (length(thumbprint) = 40 AND thumbprint NOT GLOB '*[^0-9A-F]*'),
	-- The allowed ranges belong to the API and differ between its versions; here only sense.
	frequency_hours INTEGER NOT NULL DEFAULT 12
		CONSTRAINT location_frequency_positive CHECK (frequency_hours > 0),
	retention_days INTEGER NOT NULL DEFAULT 7
		CONSTRAINT location_retention_positive CHECK (retention_days > 0),
	scheduler_enabled INTEGER NOT NULL DEFAULT 0	-- automatic backups
		CONSTRAINT location_scheduler_boolean CHECK (scheduler_enabled IN (0, 1)),
	-- Times are milliseconds since 1970 UTC.
	next_backup_time INTEGER NOT NULL DEFAULT 0,	-- 0: none planned
	last_backup_time INTEGER NOT NULL DEFAULT 0,	-- when the newest one was completed; 0: none yet
	capacity_total INTEGER NOT NULL DEFAULT -1	-- bytes of the share; -1: unknown
		CONSTRAINT location_total_known CHECK (capacity_total >= -1),
	capacity_free INTEGER NOT NULL DEFAULT -1	-- bytes free on it; -1: unknown
		CONSTRAINT location_free_known CHECK (capacity_free >= -1),
	changed_time INTEGER NOT NULL DEFAULT 0,	-- of the last change by an operator
	CONSTRAINT location_certificate_named CHECK ((certificate IS NULL) = (thumbprint IS NULL))
) STRICT;

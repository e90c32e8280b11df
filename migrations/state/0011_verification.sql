-- SPDX-License-Identifier: Apache-2.0
-- What was found whole when, pack by pack and backup by backup, and what is damaged. It stands here
-- and not in the catalogue because the share does not say it: a rebuilt catalogue would have
-- forgotten it, and a damaged pack would be used again. Times are ms since 1970 UTC, 0: never.

CREATE TABLE pack_check (
	repository TEXT NOT NULL	-- GUID of the repository on the share
		CONSTRAINT pack_check_repository_guid CHECK (length(repository) = 36),
	generation TEXT NOT NULL,	-- folder that it is in
	sha256 BLOB NOT NULL		-- of its bytes; also its name
		CONSTRAINT pack_check_sha256_size CHECK (length(sha256) = 32),
	size INTEGER NOT NULL		-- bytes
		CONSTRAINT pack_check_size_positive CHECK (size >= 0),
	hashed_time INTEGER NOT NULL DEFAULT 0,	-- every byte was read and has the hash
	opened_time INTEGER NOT NULL DEFAULT 0	-- and every block was decrypted, every chunk's id fits
		CONSTRAINT pack_check_opened_hashed CHECK (opened_time <= hashed_time),
	tried_time INTEGER NOT NULL DEFAULT 0,	-- read last, whatever came of it
	damaged_time INTEGER NOT NULL DEFAULT 0,	-- found damaged; no backup uses it then
	problem TEXT,			-- what is wrong with it; NULL: nothing
	PRIMARY KEY (repository, generation, sha256),
	CONSTRAINT pack_check_problem_told CHECK ((damaged_time = 0) = (problem IS NULL))
) STRICT, WITHOUT ROWID;

-- A backup without a row was taken in from the share and has not been verified since.
CREATE TABLE backup_verification (
	backup_id TEXT NOT NULL PRIMARY KEY REFERENCES backup (id) ON DELETE CASCADE,
	repository TEXT,		-- GUID of the one that it is in; NULL: not seen there yet
	read_back_time INTEGER NOT NULL DEFAULT 0,	-- all that it added was read back
	hashes_time INTEGER NOT NULL DEFAULT 0,	-- since then every file that it needs was found whole
	content_time INTEGER NOT NULL DEFAULT 0,	-- and its packs were opened
	files_time INTEGER NOT NULL DEFAULT 0,	-- and its files put together
	-- A check of files that has not come to its end: when it began, how many it has done.
	files_since INTEGER NOT NULL DEFAULT 0,
	files_done INTEGER NOT NULL DEFAULT 0
		CONSTRAINT verification_files_positive CHECK (files_done >= 0),
	damaged_time INTEGER NOT NULL DEFAULT 0,	-- found damaged
	is_own_damage INTEGER NOT NULL DEFAULT 0	-- in the backup's folder, not only in packs
		CONSTRAINT verification_own_boolean CHECK (is_own_damage IN (0, 1)),
	problem TEXT,			-- what is wrong; NULL: nothing
	harm TEXT,			-- JSON: roles and files that cannot be read; NULL: not looked for
	CONSTRAINT verification_problem_told CHECK ((damaged_time = 0) = (problem IS NULL))
) STRICT, WITHOUT ROWID;

-- One verification at a time that somebody asked for, and one that came by itself.
CREATE UNIQUE INDEX job_location_verify ON job (location, is_automatic)
	WHERE kind = 'verify' AND state IN ('Queued', 'Running');

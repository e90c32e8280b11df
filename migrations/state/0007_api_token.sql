-- SPDX-License-Identifier: Apache-2.0
-- Tokens of the REST API. The token itself is shown once and never stored.

CREATE TABLE api_token (
	id TEXT NOT NULL PRIMARY KEY	-- GUID
		CONSTRAINT token_id_guid CHECK (length(id) = 36),
	name TEXT NOT NULL		-- for people, the audit log and job.requested_by
		CONSTRAINT token_name_length CHECK (length(name) BETWEEN 1 AND 64),
	hash BLOB NOT NULL		-- SHA-256 of the token, 256 random bits: no salt is needed
		CONSTRAINT token_hash_unique UNIQUE
		CONSTRAINT token_hash_size CHECK (length(hash) = 32),
	role TEXT NOT NULL
		CONSTRAINT token_role_known CHECK (role IN ('Reader', 'Operator', 'Administrator')),
	created_time INTEGER NOT NULL,	-- ms since 1970 UTC
	expires_time INTEGER NOT NULL DEFAULT 0,	-- 0: never
	revoked_time INTEGER NOT NULL DEFAULT 0	-- 0: not; revoked ones stay, for the audit
) STRICT;

-- A name means one caller; it may be used again once its token is revoked.
CREATE UNIQUE INDEX token_name ON api_token (name) WHERE revoked_time = 0;

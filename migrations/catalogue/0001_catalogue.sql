-- SPDX-License-Identifier: Apache-2.0
-- What is on the share: a cache for finding chunks again, rebuilt from the packs' clear indexes
-- when it is lost.

-- Complete packs.
CREATE TABLE pack (
	-- AUTOINCREMENT: the number of a forgotten pack is never given to another one, so that
	-- what is remembered elsewhere by number cannot come to mean the wrong pack.
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	generation TEXT NOT NULL,	-- folder that it is in
	sha256 BLOB NOT NULL		-- of its bytes; also its name
		CONSTRAINT pack_sha256_size CHECK (length(sha256) = 32),
	size INTEGER NOT NULL		-- bytes
		CONSTRAINT pack_size_positive CHECK (size >= 0),
	session_id TEXT NOT NULL	-- whose key encrypted it; not a foreign key: a rebuild meets
		CONSTRAINT pack_session_guid CHECK (length(session_id) = 36),	-- packs first
	CONSTRAINT pack_unique UNIQUE (generation, sha256)
) STRICT;

-- Where each chunk is. Filled by the ten thousands, so nothing that can be done without: no index but
-- the key (a pack is forgotten by a scan, which is rare), and no foreign key (pack and chunks come and
-- go in one transaction).
CREATE TABLE chunk (
	id BLOB NOT NULL PRIMARY KEY	-- keyed hash of the plaintext
		CONSTRAINT chunk_id_size CHECK (length(id) = 32),
	pack INTEGER NOT NULL,		-- pack.id
	block INTEGER NOT NULL,		-- number of the block within the pack
	offset INTEGER NOT NULL,	-- within the block once it is opened
	length INTEGER NOT NULL		-- bytes of plaintext
) STRICT, WITHOUT ROWID;

-- Wrapped keys of the sessions that made the packs; every backup carries those of its packs.
CREATE TABLE session (
	id TEXT NOT NULL PRIMARY KEY	-- GUID
		CONSTRAINT session_id_guid CHECK (length(id) = 36),
	generation TEXT NOT NULL,	-- folder that its .p7m is in
	wrapped_key BLOB NOT NULL	-- CMS EnvelopedData, DER
		CONSTRAINT session_key_present CHECK (length(wrapped_key) > 0)
) STRICT;

-- SPDX-License-Identifier: Apache-2.0
-- Generations: the folders on the share whose packs belong together (one certificate, one dedup
-- secret).

CREATE TABLE generation (
	number INTEGER PRIMARY KEY	-- 1, 2, ...; the highest is the one that is written to
		CONSTRAINT generation_number_positive CHECK (number BETWEEN 1 AND 4294967295),
	name TEXT NOT NULL		-- its folder: "0001-89abcdef"
		CONSTRAINT generation_name_unique UNIQUE,
	thumbprint TEXT NOT NULL	-- of the certificate that its session keys are wrapped for
		CONSTRAINT generation_thumbprint_form
		CHECK (length(thumbprint) = 40 AND thumbprint NOT GLOB '*[^0-9A-F]*'),
	dedup_secret_sealed BLOB,	-- key of its chunk ids, sealed; NULL: lost, no more writes to it
	created_time INTEGER NOT NULL,	-- ms since 1970 UTC
	backups INTEGER NOT NULL DEFAULT 0	-- committed ones in it
		CONSTRAINT generation_backups_counted CHECK (backups BETWEEN 0 AND 4294967295)
) STRICT;

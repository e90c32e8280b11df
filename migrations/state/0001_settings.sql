-- SPDX-License-Identifier: Apache-2.0
-- Settings and sealed secrets of the service.

-- What the service remembers about itself and is not worth a table: one text a name.
CREATE TABLE setting (
	name TEXT NOT NULL PRIMARY KEY	-- "repository", "drill-certificate", ...
		CONSTRAINT setting_name_length CHECK (length(name) BETWEEN 1 AND 200),
	value TEXT NOT NULL		-- meaning and format belong to whoever set it
) STRICT, WITHOUT ROWID;

-- Secrets of the service. Never in clear: the master key is not in this file.
CREATE TABLE secret (
	name TEXT NOT NULL PRIMARY KEY	-- also bound into the sealing as its purpose
		CONSTRAINT secret_name_length CHECK (length(name) BETWEEN 1 AND 200),
	sealed BLOB NOT NULL		-- AES-256-GCM under the master key
		CONSTRAINT secret_not_empty CHECK (length(sealed) > 0)
) STRICT;

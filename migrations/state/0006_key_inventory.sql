-- SPDX-License-Identifier: Apache-2.0
-- Which certificates were ever recipients of session keys: says which private keys must be kept.

CREATE TABLE key_use (
	thumbprint TEXT NOT NULL	-- SHA-1 of the certificate, upper-case hex
		CONSTRAINT key_thumbprint_form
		CHECK (length(thumbprint) = 40 AND thumbprint NOT GLOB '*[^0-9A-F]*'),
	purpose TEXT NOT NULL		-- the operator's, an escrow recipient, the service's own
		CONSTRAINT key_purpose_known CHECK (purpose IN ('location', 'escrow', 'drill')),
	subject TEXT NOT NULL,		-- of the certificate, for people
	not_after INTEGER NOT NULL,	-- it expires then; ms since 1970 UTC
	first_used INTEGER NOT NULL,
	last_used INTEGER NOT NULL,
	backups INTEGER NOT NULL	-- that it can open
		CONSTRAINT key_backups_positive CHECK (backups >= 0),
	PRIMARY KEY (thumbprint, purpose)
) STRICT, WITHOUT ROWID;

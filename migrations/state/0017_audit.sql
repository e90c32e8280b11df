-- SPDX-License-Identifier: Apache-2.0
-- Who changed what, and who was refused: append-only, chained by keyed hashes (module audit). Times
-- are milliseconds since 1970 UTC, 0: not yet. Texts are NULL when there is nothing to tell.

CREATE TABLE audit_event (
	sequence INTEGER PRIMARY KEY	-- from 1, without gaps
		CONSTRAINT audit_sequence_positive CHECK (sequence > 0),
	event_time INTEGER NOT NULL,
	caller TEXT,			-- NULL: nobody who is known
	caller_kind TEXT NOT NULL,
	address TEXT,			-- of the client; '*': several
	method TEXT,
	path TEXT,			-- without the query
	operation TEXT,			-- id of the route
	api_version TEXT,
	request_id TEXT,
	correlation_id TEXT,
	hash BLOB NOT NULL		-- of everything above and of the hash before it
		CONSTRAINT audit_hash_size CHECK (length(hash) = 32),
	-- The outcome, set once: until then the row tells that something was begun.
	ended_time INTEGER NOT NULL DEFAULT 0,
	http_status INTEGER NOT NULL DEFAULT 0,	-- 0: it was no request
	error_code TEXT,		-- NULL: it succeeded
	job_id TEXT,			-- that resulted
	requests INTEGER NOT NULL DEFAULT 1,	-- that the row stands for
	outcome_hash BLOB
		CONSTRAINT audit_outcome_size CHECK (length(outcome_hash) = 32),
	CONSTRAINT audit_outcome_complete CHECK ((ended_time = 0) = (outcome_hash IS NULL))
) STRICT;

-- Where the chain begins and ends.
CREATE TABLE audit_chain (
	id INTEGER PRIMARY KEY CONSTRAINT audit_chain_one CHECK (id = 1),
	pruned_sequence INTEGER NOT NULL,	-- the newest that was let go for its age; 0: none
	pruned_hash BLOB NOT NULL,
	last_sequence INTEGER NOT NULL,
	last_hash BLOB NOT NULL,
	damaged_sequence INTEGER NOT NULL,	-- when this row was added the end did not fit; 0: never
	open_sequences BLOB,		-- rows without an outcome, 8 bytes each; NULL: none
	hash BLOB NOT NULL		-- of everything above
) STRICT;

CREATE TRIGGER audit_event_replace BEFORE INSERT ON audit_event
	WHEN EXISTS (SELECT 1 FROM audit_event WHERE sequence = NEW.sequence)
BEGIN
	SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event
	WHEN OLD.outcome_hash IS NOT NULL OR NEW.sequence <> OLD.sequence OR NEW.hash <> OLD.hash
	OR NEW.event_time <> OLD.event_time OR NEW.caller IS NOT OLD.caller
	OR NEW.caller_kind <> OLD.caller_kind OR NEW.address IS NOT OLD.address
	OR NEW.method IS NOT OLD.method OR NEW.path IS NOT OLD.path
	OR NEW.operation IS NOT OLD.operation OR NEW.api_version IS NOT OLD.api_version
	OR NEW.request_id IS NOT OLD.request_id OR NEW.correlation_id IS NOT OLD.correlation_id
BEGIN
	SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- The beginning of the chain is moved first.
CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event
	WHEN OLD.sequence > (SELECT coalesce(max(pruned_sequence), 0) FROM audit_chain)
BEGIN
	SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_chain_update BEFORE UPDATE ON audit_chain
	WHEN NEW.last_sequence < OLD.last_sequence OR NEW.pruned_sequence < OLD.pruned_sequence
	OR NEW.pruned_sequence > NEW.last_sequence
BEGIN
	SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_chain_delete BEFORE DELETE ON audit_chain
BEGIN
	SELECT RAISE(ABORT, 'the audit log is append-only');
END;

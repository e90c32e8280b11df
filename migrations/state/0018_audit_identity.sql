-- SPDX-License-Identifier: Apache-2.0
-- Who a caller is when names change, in the audit log.

ALTER TABLE audit_event ADD COLUMN caller_identity TEXT;	-- NULL: nothing to tell

CREATE TRIGGER audit_event_identity BEFORE UPDATE OF caller_identity ON audit_event
	WHEN NEW.caller_identity IS NOT OLD.caller_identity
BEGIN
	SELECT RAISE(ABORT, 'the audit log is append-only');
END;

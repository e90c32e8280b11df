-- SPDX-License-Identifier: Apache-2.0
-- When a token was last accepted, to the minute: a token that nobody uses can be revoked.

ALTER TABLE api_token ADD COLUMN last_used_time INTEGER NOT NULL DEFAULT 0;	-- ms since 1970 UTC; 0: never

# SPDX-License-Identifier: Apache-2.0
"""The audit log beside the service: its rows, its check, and hands that alter it."""

import contextlib
import json
import os
import sqlite3

import harness

TRIGGERS = ("audit_event_replace", "audit_event_update", "audit_event_identity", "audit_event_delete", "audit_chain_update",
            "audit_chain_delete")


def database(deployment):
    return os.path.join(deployment.config["stateDir"], "state.sqlite")


def rows(deployment):
    """All of them, the oldest first, by column."""
    with contextlib.closing(sqlite3.connect(database(deployment))) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM audit_event ORDER BY sequence")]


def alter(deployment, *statements):
    """As somebody would who has the file but not the key."""
    with contextlib.closing(sqlite3.connect(database(deployment))) as connection, connection:
        for trigger in TRIGGERS:
            connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            connection.execute(statement)


def verify(deployment, *options):
    """(exit status, what verify-audit --json says)"""
    result = harness.run("verify-audit", "-c", deployment.config_path, "--json", *options, check=False)
    return result.returncode, json.loads(result.stdout)

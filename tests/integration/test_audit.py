#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# also: asan
"""The audit log, black-box: what is in it, what a flood leaves, and that any edit is found."""

import contextlib
import json
import os
import sqlite3
import unittest
import urllib.parse

import audit_log
import backups
import harness
from contract import Contract

EXIT_NOT_FOUND, EXIT_INTEGRITY = 4, 6


class Rows(Contract):
    """A service that runs."""

    def new_rows(self, before):
        return audit_log.rows(self.deployment)[len(before):]

    def assert_sound(self):
        status, report = audit_log.verify(self.deployment)
        self.assertEqual((status, report["sound"], report["findings"]), (0, True, []))
        return report

    def test_a_write_is_one_row_and_a_read_none(self):
        before = audit_log.rows(self.deployment)
        self.deployment.configure(self.service)
        identifier = backups.start(self.service)
        self.client.get(self.location)
        backups.wait(self.service, identifier)
        # What the service queues by itself afterwards has rows of its own.
        update, backup = [row for row in self.new_rows(before) if row["caller_kind"] == "apiToken"]
        self.assertEqual((update["operation"], update["method"], update["http_status"]),
                         ("BackupLocations_Update", "PUT", 202))
        self.assertEqual((update["caller"], update["address"], update["path"]), ("init", "127.0.0.1", self.location))
        self.assertEqual((backup["operation"], backup["job_id"]), ("BackupLocations_CreateBackup", identifier))
        self.assertIsNone(backup["error_code"])
        self.assert_sound()

    def test_what_fails_is_a_row_with_its_code(self):
        before = audit_log.rows(self.deployment)
        answer = self.client.put(self.location, {"properties": 7}, headers={"x-ms-correlation-request-id":
                                                                            "6f1d6a3e-5c0b-4e57-9b1e-0a4c1d2e3f40"})
        [row] = self.new_rows(before)
        self.assertEqual((row["http_status"], row["error_code"]), (answer.status, answer.code))
        self.assertEqual(row["request_id"], answer.headers["x-ms-request-id"])
        self.assertEqual(row["correlation_id"], "6f1d6a3e-5c0b-4e57-9b1e-0a4c1d2e3f40")

    def test_a_flood_of_refusals_is_a_row_a_status(self):
        before = audit_log.rows(self.deployment)
        stranger = self.client.with_token("ib_" + "x" * 43)
        statuses = [stranger.get(f"{self.location}/backups/{number}").status for number in range(300)]
        stranger.close()
        new = self.new_rows(before)
        self.assertEqual([row["http_status"] for row in new], sorted(set(statuses)))
        self.assertIn(401, statuses)
        for row in new:
            self.assertEqual((row["caller"], row["caller_kind"]), (None, "none"))
        self.assert_sound()

    def test_secrets_are_not_recorded(self):
        reader = self.deployment.new_token("Reader", "audit-reader")
        other = self.client.with_token(reader)
        body = self.deployment.location_body(password="the share's own secret")
        self.assertEqual(other.call("PUT", f"{self.location}?key=in-the-query", body).status, 403)
        other.close()
        self.client.wait(self.client.put(self.location, body))
        text = repr(audit_log.rows(self.deployment))
        for secret in (reader, self.deployment.token, "the share's own secret", "in-the-query"):
            self.assertNotIn(secret, text)

    def test_tokens_made_and_revoked_beside_the_service(self):
        before = audit_log.rows(self.deployment)
        self.deployment.new_token("Operator", "night-shift")
        harness.run("token", "revoke", "-c", self.deployment.config_path, "night-shift")
        failed = harness.run("token", "revoke", "-c", self.deployment.config_path, "nobody", check=False)
        self.assertEqual(failed.returncode, EXIT_NOT_FOUND)
        made, revoked = self.new_rows(before)
        self.assertEqual((made["operation"], made["path"]), ("Token_Create", "tokens/night-shift (Operator)"))
        self.assertEqual((revoked["operation"], revoked["path"]), ("Token_Revoke", "tokens/night-shift"))
        self.assertEqual((made["caller_kind"], made["caller_identity"]), ("local", f"uid:{os.getuid()}"))
        self.assert_sound()

    def pages(self, query):
        """All entries that the pages of a list have, and how many pages."""
        answer = self.ok(f"{self.location}/activityLogs?{query}", "activity_log_list")
        entries, count = answer["value"], 1
        while answer["nextLink"] is not None:
            answer = self.ok(answer["nextLink"], "activity_log_list")
            entries += answer["value"]
            count += 1
        return [entry["properties"] for entry in entries], count

    def test_the_log_over_rest_is_what_the_database_holds(self):
        self.client.put(self.location, {"properties": 7})
        rows = audit_log.rows(self.deployment)
        entries, pages = self.pages("$top=2")
        self.assertEqual([entry["sequence"] for entry in entries],
                         [row["sequence"] for row in reversed(rows)])
        self.assertEqual(pages, (len(rows) + 1) // 2)
        newest, row = entries[0], rows[-1]
        self.assertEqual((newest["operationName"], newest["httpStatus"], newest["errorCode"], newest["status"]),
                         (row["operation"], row["http_status"], row["error_code"], "Failed"))
        self.assertEqual((newest["hash"], newest["callerIdentity"]), (row["hash"].hex(), row["caller_identity"]))

    def test_the_log_is_filtered(self):
        self.client.put(self.location, {"properties": 7})
        moment = self.pages("")[0][0]["eventTimestamp"]
        for text, holds in (("status eq 'Failed'", lambda entry: entry["status"] == "Failed"),
                            ("httpStatus eq 400 and caller eq 'INIT'", lambda entry: entry["httpStatus"] == 400),
                            ("operationName eq 'Service_Start'", lambda entry: entry["callerKind"] == "service"),
                            (f"eventTimestamp ge '{moment}'", lambda entry: entry["eventTimestamp"] >= moment),
                            (f"eventTimestamp le '{moment}'", lambda entry: entry["sequence"] >= 1)):
            entries, _ = self.pages("$filter=" + urllib.parse.quote(text))
            self.assertTrue(entries, text)
            for entry in entries:
                self.assertTrue(holds(entry), (text, entry))
        for text in ("caller ne 'init'", "status eq 'Failed' or caller eq 'init'", "httpStatus eq 'x'",
                     "eventTimestamp ge 'yesterday'", "caller eq 'a' and caller eq 'b'", "path eq 'x'"):
            answer = self.client.get(f"{self.location}/activityLogs?$filter=" + urllib.parse.quote(text))
            self.assert_error(answer, 400, "BadRequest", "$filter")

    def test_the_command_shows_it(self):
        self.client.put(self.location, {"properties": 7})
        command = ["activity", "--url", self.service.url, "-c", self.deployment.config_path, "--token-file",
                   self.deployment.path("admin.token")]
        with open(command[-1], "w", encoding="utf-8") as file:
            file.write(self.deployment.token)
        self.assertRegex(harness.run(*command, "--top", "1").stdout,
                         r"Failed +400 +init +127\.0\.0\.1 +BackupLocations_Update \(BadRequest\)")
        found = json.loads(harness.run(*command, "--caller", "it's nobody", "--since", "2020-01-01T00:00:00Z", "--json")
                           .stdout)
        self.assertEqual(found["value"], [])

    def test_the_database_refuses_to_change_rows(self):
        for statement in ("UPDATE audit_event SET caller = 'x'", "DELETE FROM audit_event",
                          "DELETE FROM audit_chain"):
            with contextlib.closing(sqlite3.connect(audit_log.database(self.deployment))) as connection, \
                    self.assertRaisesRegex(sqlite3.IntegrityError, "append-only"):
                connection.execute(statement)


class Alone(unittest.TestCase):
    """A deployment a test, whose service comes and goes."""

    def setUp(self):
        self.deployment = harness.Deployment()
        self.addCleanup(self.deployment.remove)

    def test_starts_and_stops_are_rows(self):
        with self.deployment.serve():
            pass
        self.assertEqual([row["operation"] for row in audit_log.rows(self.deployment)],
                         ["State_Init", "Service_Start", "Service_Stop"])
        with self.deployment.serve() as service:
            service.kill()
        self.assertEqual(audit_log.rows(self.deployment)[-1]["operation"], "Service_Start")
        self.assertEqual(audit_log.verify(self.deployment)[0], 0)

    def test_what_was_counted_is_written_at_the_stop(self):
        with self.deployment.serve() as service:
            stranger = service.client.with_token("nobody")
            for _ in range(50):
                stranger.get(self.deployment.location)
            stranger.close()
        refused = [row for row in audit_log.rows(self.deployment) if row["http_status"] == 401]
        self.assertEqual([row["requests"] for row in refused], [1, 49])

    def test_any_alteration_is_found_and_named(self):
        with self.deployment.serve() as service:
            self.deployment.configure(service)
        last = audit_log.rows(self.deployment)[-1]["sequence"]
        status, report = audit_log.verify(self.deployment)
        self.assertEqual((status, report["head"].split(":")[0]), (0, str(last)))
        audit_log.alter(self.deployment, f"DELETE FROM audit_event WHERE sequence = {last}")
        status, report = audit_log.verify(self.deployment)
        self.assertEqual((status, report["findings"][0]["sequence"]), (EXIT_INTEGRITY, last))
        audit_log.alter(self.deployment, "UPDATE audit_event SET caller = 'somebody else' WHERE sequence = 2")
        status, report = audit_log.verify(self.deployment)
        self.assertEqual((status, report["findings"][0]["sequence"]), (EXIT_INTEGRITY, 2))
        text = harness.run("verify-audit", "-c", self.deployment.config_path, check=False)
        self.assertIn("row 2: the row was altered", text.stdout)
        self.assertIn("the first row is 2", text.stderr)
        # The service is not stopped that way, and what was done stays visible.
        with self.deployment.serve() as service:
            self.assertEqual(service.client.post(f"{self.deployment.location}/createBackup").status, 202)
            self.assertIn("the audit log was altered", service.log())
        status, report = audit_log.verify(self.deployment)
        self.assertEqual((status, report["findings"][0]["sequence"]), (EXIT_INTEGRITY, 2))

    def test_a_database_put_back_whole_shows_against_a_head_from_elsewhere(self):
        with self.deployment.serve():
            pass
        path = audit_log.database(self.deployment)
        with open(path, "rb") as file:
            older = file.read()
        with self.deployment.serve() as service:
            self.deployment.configure(service)
        head = audit_log.verify(self.deployment)[1]["head"]
        self.assertEqual(audit_log.verify(self.deployment, "--head", head)[0], 0)
        with open(path, "wb") as file:
            file.write(older)
        self.assertEqual(audit_log.verify(self.deployment)[0], 0)
        status, report = audit_log.verify(self.deployment, "--head", head)
        self.assertEqual((status, len(report["findings"])), (EXIT_INTEGRITY, 1))

    def test_a_database_made_anew_goes_on_with_the_log(self):
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            self.deployment.backup(service)
        os.remove(audit_log.database(self.deployment))
        with self.deployment.serve():
            pass
        status, report = audit_log.verify(self.deployment)
        self.assertEqual((status, report["sound"]), (0, True), report)
        self.assertGreater(report["pruned"], 0)
        self.assertEqual(audit_log.rows(self.deployment)[0]["operation"], "AuditLog_Resume")


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# also: asan
# also: tsan
"""Maintenance over REST, black-box: what is refused meanwhile, the backups before and after, and who may."""

import unittest

import backups
from contract import Contract
from harness import validate


class Maintenance(Contract):
    """The methods run in the order of their names."""

    @property
    def path(self):
        return f"{self.location}/maintenance"

    def shown(self):
        return self.ok(self.path, "maintenance")["properties"]

    def accept(self, answer):
        self.assertEqual(answer.status, 200, answer)
        validate(answer.json, "maintenance")
        self.assert_common_headers(answer)
        return answer.json["properties"]

    def begin(self, **body):
        validate(body, "maintenance_begin", "request")
        return self.client.post(self.path, body)

    def end(self, body=None):
        return self.client.post(f"{self.path}/end", body)

    def test_1_none_yet(self):
        shown = self.shown()
        self.assertEqual(shown["state"], "None")
        self.assertIsNone(shown["operation"])
        self.assert_error(self.end(), 409, "RequestConflict")
        # Without a share there can be no backup before it.
        answer = self.begin(operation="Update", backupBefore=True)
        self.assertEqual(answer.status, 409, answer)
        self.assertEqual(self.shown()["state"], "None")

    def test_2_backups_are_refused_by_name(self):
        self.deployment.configure(self.service)
        shown = self.accept(self.begin(operation="SecretRotation", plannedEnd="2999-01-01T00:00:00Z"))
        self.assertEqual((shown["state"], shown["operation"]), ("Active", "SecretRotation"))
        self.assertEqual((shown["requestedBy"], shown["plannedEnd"]), ("init", "2999-01-01T00:00:00Z"))
        self.assertIs(shown["isBackupBeforeOffered"], True)
        self.assertIn("backupBefore", shown["note"])
        self.assertEqual(self.shown(), shown)
        answer = self.client.post(f"{self.location}/createBackup")
        self.assert_error(answer, 409, "BackupConflictException")
        self.assertIn("SecretRotation", answer.message)
        self.assertIn("2999-01-01T00:00:00Z", answer.message)
        answer = self.begin(operation="Update")
        self.assert_error(answer, 409, "BackupConflictException")
        # Settings may change, and a restart changes nothing.
        self.deployment.configure(self.service)
        self.assertEqual(self.service.stop(), 0)
        type(self).service = self.deployment.serve()
        self.addClassCleanup(self.service.__exit__, None, None, None)
        type(self).client = self.service.client
        self.assertEqual(self.shown(), shown)

    def test_3_end_makes_a_backup(self):
        body = {"backupAfter": True}
        validate(body, "maintenance_end", "request")
        shown = self.accept(self.end(body))
        self.assertEqual((shown["state"], shown["endedBy"]), ("Ended", "init"))
        self.assertIs(shown["isBackupBeforeOffered"], False)
        self.assertEqual(backups.wait(self.service, shown["backupAfter"])["state"], "Succeeded")
        self.assertEqual(self.shown()["state"], "Ended")

    def test_4_begin_after_a_backup(self):
        answer = self.begin(operation="HardwareReplacement", backupBefore=True)
        before = self.assert_accepted(answer, 60)
        self.assertEqual(self.client.wait(answer)["properties"]["backupInfo"]["status"], "Succeeded")
        while self.shown()["state"] == "Pending":
            pass
        shown = self.shown()
        self.assertEqual((shown["state"], shown["backupBefore"]), ("Active", before))
        self.assertIs(shown["isBackupBeforeOffered"], False)
        shown = self.accept(self.end({"backupAfter": False}))
        self.assertEqual((shown["isBackupAfterWanted"], shown["backupAfter"]), (False, None))
        self.deployment.backup(self.service)

    def test_5_refusals(self):
        for body, target in (({}, "operation"), ({"operation": "Lunch"}, "operation"), ({"operation": 1}, "operation"),
                             ({"operation": "Update", "plannedEnd": "soon"}, "plannedEnd"),
                             ({"operation": "Update", "plannedEnd": "2001-01-01T00:00:00Z"}, "plannedEnd"),
                             ({"operation": "Update", "backupBefore": "yes"}, "backupBefore"),
                             ({"operation": "Update", "planedEnd": None}, "planedEnd")):
            self.assert_error(self.client.post(self.path, body), 400, "BadRequest", target)
        self.assertEqual(self.client.post(self.path).status, 400)
        self.assert_error(self.end({"backupAfter": 1}), 400, "BadRequest", "backupAfter")
        operator = self.client.with_token(self.deployment.new_token("Operator"))
        for path in (self.path, f"{self.path}/end"):
            self.assert_error(operator.post(path, {"operation": "Update"}), 403, "AuthorizationFailed")
        self.assertEqual(operator.get(self.path).status, 200)
        answer = self.client.call("DELETE", self.path)
        self.assert_error(answer, 405, "MethodNotAllowed")
        self.assertEqual(answer.headers["Allow"], "GET, HEAD, POST")
        self.assertEqual(self.shown()["state"], "Ended")


if __name__ == "__main__":
    unittest.main(verbosity=2)

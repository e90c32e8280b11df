#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# also: asan
# also: tsan
"""Cancelling, black-box: a backup in the middle of its work, what is left of it, and what is refused."""

import errno
import os
import time
import unittest
import urllib.parse
import uuid

import alerts
import backups
import harness
from contract import Contract
from harness import validate


def gated_services(deployment):
    """Plain files, and a role whose program reads a pipe: it runs for as long as the test likes."""
    gate = deployment.path("gate")
    os.mkfifo(gate)
    return [{"role": "Files", "provider": "directory", "path": deployment.source},
            {"role": "Gated", "provider": "command", "command": ["/bin/cat", gate], "entryName": "data"}]


class Cancel(Contract):
    """A backup that runs until it is cancelled."""

    options = {"services": gated_services}

    def setUp(self):
        self.deployment.configure(self.service)

    def start(self):
        """The id of a backup whose gated role waits, and the gate's open end."""
        identifier = backups.start(self.service)
        end = time.monotonic() + harness.JOB_SECONDS
        while time.monotonic() < end:
            try:
                return identifier, os.open(self.deployment.path("gate"), os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                self.assertEqual(error.errno, errno.ENXIO)
            time.sleep(0.02)
        return self.fail("the role's program was not started")

    def assert_cancelling(self, answer, identifier):
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual(answer.raw, b"")
        self.assertEqual(answer.headers["Retry-After"], "5")
        self.assert_common_headers(answer)
        location = urllib.parse.urlsplit(answer.headers["Location"])
        self.assertEqual(location.path, f"{self.location}/operations/{identifier}")
        self.assertEqual(self.client.get(answer.headers["Location"]).status, 200)

    def cancel_and_wait(self, path, identifier, body, who):
        answer = self.client.post(path, body)
        self.assert_cancelling(answer, identifier)
        shown = backups.wait(self.service, identifier)
        validate(self.client.get(answer.headers["Location"]).json, "operation")
        self.assertEqual(shown["state"], "Cancelled", shown)
        self.assertEqual(shown["error"]["failureClass"], "cancelled")
        self.assertIn(f"cancelled by {who}", shown["error"]["message"])
        return shown

    def test_backup_is_cancelled_and_leaves_nothing(self):
        identifier, gate = self.start()
        body = {"reason": "the share is moved"}
        validate(body, "cancel", "request")
        shown = self.cancel_and_wait(f"{self.location}/backups/{identifier}/cancel", identifier, body, "init")
        os.close(gate)
        self.assertIn("the share is moved", shown["error"]["message"])
        self.assertIn("Cancelled", [role["state"] for role in shown["roles"]])
        # The contract's version has no word for it.
        backup = self.ok(f"{self.location}/backups/{identifier}", "backup")["properties"]["backupInfo"]
        self.assertEqual(backup["status"], "Failed")
        self.assertIs(backup["completelyUploaded"], False)
        result = self.client.get(f"{self.location}/operationResults/{identifier}")
        self.assertEqual(result.status, 500, result)
        validate(result.json, "operation_failed")
        self.assertIn("ancelled by", result.message)
        # An operator's wish is no fault.
        self.assertEqual(set(alerts.listed(self.service)), {"BackupSchedulerPausedFault"})
        self.assertEqual(backups.folders(self.deployment), [])
        self.assertEqual([path for path in backups.files_on(self.deployment.share) if ".temporary-" in path], [])
        self.assert_next_works()
        for path in (f"backups/{identifier}", f"operations/{identifier}"):
            self.assert_error(self.client.post(f"{self.location}/{path}/cancel"), 409, "RequestConflict")

    def assert_next_works(self):
        before = len(backups.committed(self.deployment))
        identifier, gate = self.start()
        with os.fdopen(gate, "wb") as writer:
            writer.write(b"data")
        self.assertEqual(backups.wait(self.service, identifier)["state"], "Succeeded")
        self.assertEqual(len(backups.committed(self.deployment)), before + 1)

    def test_operation_is_cancelled_by_an_operator(self):
        operator = self.client.with_token(self.deployment.new_token("Operator", "ann"))
        identifier, gate = self.start()
        answer = operator.post(f"{self.location}/operations/{identifier.upper()}/cancel")
        self.assert_cancelling(answer, identifier)
        shown = backups.wait(self.service, identifier)
        os.close(gate)
        self.assertEqual(shown["state"], "Cancelled", shown)
        self.assertIn("cancelled by ann", shown["error"]["message"])

    def test_refusals(self):
        update = self.client.put(self.location, self.deployment.location_body())
        self.client.wait(update)
        operation = update.headers["Location"].rsplit("/", 1)[1].split("?")[0]
        # Over, and no backup.
        self.assert_error(self.client.post(f"{self.location}/operations/{operation}/cancel"), 409, "RequestConflict")
        self.assert_error(self.client.post(f"{self.location}/backups/{operation}/cancel"), 404, "ResourceNotFound")
        for collection in ("backups", "operations"):
            for name in (str(uuid.uuid4()), "nothing"):
                path = f"{self.location}/{collection}/{name}/cancel"
                self.assert_error(self.client.post(path), 404, "ResourceNotFound")
            path = f"{self.location}/{collection}/{operation}/cancel"
            answer = self.client.get(path)
            self.assert_error(answer, 405, "MethodNotAllowed")
            self.assertEqual(answer.headers["Allow"], "POST")
        reader = self.client.with_token(self.deployment.new_token("Reader", "bert"))
        self.assert_error(reader.post(f"{self.location}/operations/{operation}/cancel"), 403, "AuthorizationFailed")
        path = f"{self.location}/operations/{operation}/cancel"
        for body in ("[]", "{", '"text"'):
            self.assertEqual(self.client.post(path, body).status, 400)
        self.assert_error(self.client.post(path, {"reason": "a\nb"}), 400, "BadRequest", "reason")
        self.assert_error(self.client.post(path, {"reason": 1}), 400, "BadRequest", "reason")
        self.assert_error(self.client.post(path, {"reason": "x" * 257}), 400, "BadRequest", "reason")


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A backup that repeats what failed, over REST and on the command line; what it says about times is what happened."""

import json
import os
import shutil
import subprocess
import sys
import unittest
from datetime import datetime

import backups
import counted
import harness


class Retry(unittest.TestCase):
    def setUp(self):
        self.deployment = harness.Deployment(services=lambda d: [
            {"role": "Files", "provider": "directory", "path": d.source},
            {"role": "Late", "provider": "directory", "path": d.path("late")}])
        self.addCleanup(self.deployment.remove)
        service = self.deployment.serve()
        self.service = service.__enter__()
        self.addCleanup(service.__exit__, None, None, None)
        self.deployment.configure(self.service)
        self.token = self.deployment.path("token")
        with open(self.token, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(self.deployment.token)

    def partial(self):
        shown = backups.wait(self.service, backups.start(self.service))
        self.assertEqual(shown["state"], "PartialSucceeded", shown)
        return shown

    def mend(self):
        os.mkdir(self.deployment.path("late"))
        shutil.copy(os.path.join(self.deployment.source, "hello.txt"), self.deployment.path("late"))

    def post(self, identifier):
        return self.service.client.post(f"{self.deployment.location}/backups/{identifier}/retry")

    def cli(self, *arguments):
        return harness.run("backup", "-c", self.deployment.config_path, "--url", self.service.url, "--token-file",
                           self.token, "--wait", *arguments, check=False)

    def assert_order(self, *times):
        parsed = [datetime.fromisoformat(time) for time in times]
        self.assertEqual(parsed, sorted(parsed))

    def test_over_rest(self):
        earlier = self.partial()
        with open(os.path.join(self.deployment.source, "hello.txt"), "w", encoding="utf-8") as file:
            file.write("changed since\n")
        self.mend()
        answer = self.post(earlier["operationId"].upper())
        self.assertEqual(answer.status, 202, answer)
        identifier = answer.headers["Location"].rsplit("/", 1)[1].split("?")[0]
        self.assertEqual(backups.wait(self.service, identifier)["state"], "Succeeded")
        shown = self.service.client.get(f"{self.deployment.location}/operations/{identifier}").json
        harness.validate(shown, "operation")
        roles = {role["roleName"]: role for role in shown["properties"]["roles"]}
        self.assertEqual(roles["Files"]["takenFromBackupId"], earlier["operationId"])
        self.assert_order(earlier["startedTime"], roles["Files"]["startedTime"], roles["Files"]["endedTime"],
                          earlier["endedTime"])
        self.assertIsNone(roles["Late"]["takenFromBackupId"])
        self.assert_order(shown["properties"]["startedTime"], roles["Late"]["startedTime"])
        # The share says the same, to our reader and to one that knows the format alone.
        listed = {role["name"]: role for role in backups.committed(self.deployment)[-1]["roles"]}
        self.assertEqual(listed["Files"]["takenFromBackupId"], earlier["operationId"])
        self.assertIsNone(listed["Late"]["takenFromBackupId"])
        backups.verify(self.deployment)
        reader = os.path.join(harness.ROOT, "tests", "reader", "infrabackup_reader.py")
        target = self.deployment.path("read")
        result = subprocess.run([sys.executable, reader, *self.reader_arguments(target)], text=True,
                                capture_output=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        with open(os.path.join(target, "Files", "hello.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "hello\n")

    def reader_arguments(self, target):
        return [self.deployment.share, self.deployment.pfx_file, self.deployment.password_file, target]

    def test_refusals(self):
        earlier = self.partial()["operationId"]
        self.mend()
        good = backups.make(self.service)["operationId"]
        for identifier in (earlier, good):
            answer = self.post(identifier)
            self.assertEqual(answer.status, 409, answer)
            harness.validate(answer.json, "error")
        for identifier in ("11111111-0000-4000-8000-000000000000", "no-guid"):
            self.assertEqual(self.post(identifier).status, 404)

    def test_on_the_command_line(self):
        earlier = self.partial()["operationId"]
        self.mend()
        done = self.cli("--retry", earlier)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"taken over from backup {earlier}", done.stdout)
        self.assertEqual(self.cli("--retry", earlier).returncode, 1)
        self.assertEqual(self.cli("--retry", "latest").returncode, 2)
        self.assertEqual(json.loads(self.cli("--json").stdout)["properties"]["state"], "Succeeded")


if __name__ == "__main__":
    counted.main()

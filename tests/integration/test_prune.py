#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Retention, black-box: a service whose wall clock the test moves; what goes over REST and by the commands."""

import json
import os
import random
import time
import unittest

import backups
from contract import Contract
from harness import Deployment, run, validate
from moved_clock import Clock

DAY = 24 * 3600
BACKUPS = 10
KEPT = 7


class Prune(Contract):
    """The methods run in the order of their names, over ten daily backups."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.remove)
        cls.clock = Clock(cls.deployment)
        cls.clock.set(-(BACKUPS - 1) * DAY)
        cls.service = cls.deployment.serve(env=cls.clock.environment)
        cls.addClassCleanup(cls.service.__exit__, None, None, None)
        cls.client = cls.service.client
        cls.location = cls.deployment.location
        cls.token_file = cls.deployment.path("token")
        cls.deployment._write(cls.token_file, cls.deployment.token.encode(), 0o600)
        cls.deployment.configure(cls.service, isBackupSchedulerEnabled=False, backupRetentionPeriodInDays=14)
        generator = random.Random(4)
        cls.ids = []
        for number in range(BACKUPS):
            if number > 0:
                cls.clock.set(cls.clock.offset + DAY)
            backups.write_files(cls.deployment.source, 1, 60_000, generator)
            cls.ids.append(backups.make(cls.service)["operationId"])

    def command(self, command, *arguments):
        return [*command.split(), "-c", self.deployment.config_path, "--url", self.service.url, "--token-file",
                self.token_file, *arguments]

    def prune(self, body=None):
        """The paths as both poll addresses tell them."""
        if body is not None:
            validate(body, "prune", "request")
        answer = self.client.post(f"{self.location}/pruneExternalStore", body)
        self.assertEqual((answer.status, answer.raw), (202, b""), answer)
        self.assertEqual(answer.headers["Retry-After"], "60")
        followed = answer.headers["Azure-AsyncOperation"]
        self.assertEqual(followed, answer.headers["Location"] + "&IsAsyncOperation=1")
        identifier = answer.headers["Location"].rsplit("/", 1)[1].split("?")[0]
        running = self.client.get(followed)
        self.assertEqual(running.status, 200, running)
        validate(running.json, "prune_async")
        shown = backups.wait(self.service, identifier)
        self.assertEqual(shown["state"], "Succeeded", shown)
        done, result = self.client.get(followed), self.client.get(answer.headers["Location"])
        self.assertEqual((done.status, result.status), (200, 200), (done, result))
        validate(done.json, "prune_async")
        validate(result.json, "prune_result")
        self.assertEqual(done.json["status"], "Succeeded")
        self.assertEqual(done.json["properties"], result.json["properties"])
        validate(self.client.get(f"{self.location}/operations/{identifier}").json, "operation")
        return result.json["properties"]["pathsToDelete"], shown["retentionPlan"]

    def test_1_refusals(self):
        post = self.client.post
        answer = post(f"{self.location}/pruneExternalStore", {"operationType": "Everything"})
        self.assert_error(answer, 400, "BadRequest", "operationType")
        answer = post(f"{self.location}/backups/{self.ids[0]}/pin", {"until": "2001-01-01T00:00:00Z"})
        self.assert_error(answer, 400, "BadRequest", "until")
        answer = post(f"{self.location}/backups/00000000-0000-4000-8000-000000000000/pin")
        self.assertEqual(answer.status, 404, answer)
        self.assertEqual(self.prune()[0], [])

    def test_2_a_shorter_retention_tells_what_goes(self):
        shown = run(*self.command("configure", "--retention", "2")).stdout
        self.assertIn(f"lets {BACKUPS - KEPT} of {BACKUPS} backups go", shown)
        self.assertEqual(len(self.ok(f"{self.location}/backups", "backup_list")["value"]), BACKUPS)

    def test_3_pin_and_dry_run(self):
        self.assertIn("is pinned", run(*self.command("pin", self.ids[1])).stdout)
        pinned = self.ok(f"{self.location}/backups/{self.ids[1]}", "backup")["properties"]
        self.assertEqual(pinned["pin"], {"isPinned": True, "pinnedUntil": None})
        listed = self.ok(f"{self.location}/backups", "backup_list")["value"]
        self.assertEqual([item["name"].split("/")[1] for item in listed if "pin" in item["properties"]], [self.ids[1]])
        until = "2099-01-01T00:00:00Z"
        self.assertEqual(self.client.post(f"{self.location}/backups/{self.ids[1]}/pin", {"until": until}).status, 200)
        pinned = self.ok(f"{self.location}/backups/{self.ids[1]}", "backup")["properties"]
        self.assertEqual(pinned["pin"], {"isPinned": True, "pinnedUntil": until})
        shown = run(*self.command("prune", "--dry-run")).stdout
        self.assertIn(f"2 of {BACKUPS} backups would go to the trash", shown)
        lines = [line for line in shown.splitlines() if self.ids[1] in line]
        self.assertRegex(lines[0], r"yes +stays +pinned")
        plan = json.loads(run(*self.command("prune", "--dry-run", "--json")).stdout)["properties"]["retentionPlan"]
        self.assertEqual([item["backupId"] for item in plan["backups"] if item["goes"]], [self.ids[0], self.ids[2]])

    def test_4_default_does_what_the_dry_run_says(self):
        announced, _ = self.prune({"operationType": "DryRun"})
        self.assertEqual(len(announced), 2)
        self.assertTrue(announced[0].startswith("masbackup/backups/00000001-"), announced)
        self.assertTrue(announced[0].endswith(self.ids[0]), announced)
        done, plan = self.prune({"operationType": "Default"})
        self.assertEqual(done, announced)
        self.assertIs(plan["isDryRun"], False)
        self.assertEqual(self.prune({})[0], [])
        answer = self.client.get(f"{self.location}/backups/{self.ids[0]}")
        self.assertEqual(answer.status, 404, answer)
        self.assertEqual(len(self.ok(f"{self.location}/backups", "backup_list")["value"]), BACKUPS - 2)
        run("verify", "--from", self.deployment.share)

    def test_5_a_plan_that_looks_wrong_is_confirmed(self):
        folder = os.path.join(self.deployment.share, "MASBackup", "backups")
        missing = next(name for name in os.listdir(folder) if self.ids[1] in name)
        os.rename(os.path.join(folder, missing), self.deployment.path("stolen"))
        refused = run(*self.command("prune"), check=False)
        self.assertEqual(refused.returncode, 1, refused)
        self.assertIn("not on the share", refused.stderr)
        self.assertIn("not on the share any more", refused.stdout)
        plan = refused.stderr.rsplit("confirmed: ", 1)[1][:16]
        refused = run(*self.command("prune", "--confirm", "0" * 16), check=False)
        self.assertEqual(refused.returncode, 1, refused)
        os.rename(self.deployment.path("stolen"), os.path.join(folder, missing))
        # Nothing is wrong any more.
        run(*self.command("prune", "--confirm", plan))
        self.assertIn("not pinned", run(*self.command("unpin", self.ids[1])).stdout)

    def test_6_a_good_backup_is_followed_by_a_prune(self):
        backups.make(self.service)
        pruned = []
        while not pruned:
            time.sleep(0.02)
            pruned = [job for job in backups.jobs(self.service) if job["kind"] == "prune"
                      and job["requestedBy"] == "schedule" and job["state"] not in backups.RUNNING]
        self.assertEqual((pruned[0]["state"], pruned[0]["retentionPlan"]), ("Succeeded", None))
        answer = self.client.get(f"{self.location}/backups/{self.ids[1]}")
        self.assertEqual(answer.status, 404, answer)
        self.assertEqual(len(self.ok(f"{self.location}/backups", "backup_list")["value"]), KEPT)
        run("verify", "--from", self.deployment.share)


if __name__ == "__main__":
    unittest.main()

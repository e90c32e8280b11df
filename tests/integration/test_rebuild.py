#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The databases are deleted: with master key, configuration and share everything is known again but the jobs that
made no backup."""

import glob
import json
import os
import random
import unittest

import backups
import counted
import harness

SIZE = 4 << 20


def delete(deployment, *names):
    for name in names:
        for path in glob.glob(os.path.join(deployment.path("state"), name)):
            os.unlink(path)


class Rebuild(unittest.TestCase):
    def setUp(self):
        self.deployment = harness.Deployment()
        self.addCleanup(self.deployment.remove)
        backups.write_files(self.deployment.source, 4, SIZE, random.Random(1))
        with self.deployment.serve() as service:
            self.deployment.configure(service, backupRetentionPeriodInDays=9)
            self.pin(service, backups.make(service)["operationId"])
            backups.make(service)
            self.before = self.known(service)
            self.inventory = self.keys()
        self.newest = backups.committed(self.deployment)[-1]

    def pin(self, service, backup):
        answer = service.client.post(f"{self.deployment.location}/backups/{backup}/pin")
        self.assertEqual(answer.status, 200, answer)

    def known(self, service):
        """What REST says of the location and its backups, but for what time and use alone change."""
        location = service.client.get(self.deployment.location).json
        store = location["properties"]["externalStoreDefault"]
        for name in ("availableCapacity", "nextBackupTime"):
            store.pop(name, None)
        listed = service.client.get(f"{self.deployment.location}/backups").json
        # A sealed copy is older than the backup with which it is stored: how far that one is verified is not claimed.
        newest = max(listed["value"], key=lambda backup: backup["properties"]["backupInfo"]["createdDateTime"])
        self.assertIn(newest["properties"].pop("verification")["state"], ("Committed", "ReadBack"))
        return location, listed

    def keys(self):
        shown = json.loads(harness.run("key", "inventory", "-c", self.deployment.config_path, "--json").stdout)
        return shown

    def wait_until_known(self, service):
        for job in backups.jobs(service):
            self.assertEqual(backups.wait(service, job["operationId"])["state"], "Succeeded", job)

    def check(self, service):
        """All is as before, and the next backup goes on where the last one stopped."""
        self.wait_until_known(service)
        self.assertEqual(self.known(service), self.before)
        self.assertEqual(self.keys(), self.inventory)
        packs = backups.packs(self.deployment)
        backups.make(service)
        newest = backups.committed(self.deployment)[-1]
        self.assertEqual(newest["sequence"], self.newest["sequence"] + 1)
        self.assertLess(newest["newBytes"], SIZE)
        self.assertLessEqual(set(packs), set(backups.packs(self.deployment)))
        self.assertEqual(len(os.listdir(os.path.join(self.deployment.share, "MASBackup", "generations"))), 1)
        backups.verify(self.deployment)

    def test_serve_alone_makes_the_databases_anew(self):
        delete(self.deployment, "state.sqlite*", "catalogue.sqlite*")
        with self.deployment.serve() as service:
            self.check(service)

    def test_newest_pin_is_kept_beside_the_database(self):
        with self.deployment.serve() as service:
            self.pin(service, self.newest["id"])
            self.before = self.known(service)
        delete(self.deployment, "state.sqlite*")
        with self.deployment.serve() as service:
            self.check(service)

    def test_catalogue_alone(self):
        delete(self.deployment, "catalogue.sqlite*")
        with self.deployment.serve() as service:
            self.check(service)

    def test_nothing_but_the_master_key_is_left(self):
        for name in os.listdir(self.deployment.path("state")):
            if name != "master.key":
                harness.shutil.rmtree(self.deployment.path(f"state/{name}"), ignore_errors=True)
        delete(self.deployment, "[!m]*")
        self.assertEqual(os.listdir(self.deployment.path("state")), ["master.key"])
        refused = harness.run("serve", "-c", self.deployment.config_path, check=False)
        self.assertEqual(refused.returncode, 4, refused)
        self.assertIn("infrabackup init -c CONFIG --from SHARE", refused.stderr)
        # Neither needs service, database nor key.
        self.assertEqual(len(backups.committed(self.deployment)), 2)
        harness.run("verify", "--from", self.deployment.share)
        made = json.loads(harness.run("init", "-c", self.deployment.config_path, "--from", self.deployment.share,
                                      "--json").stdout)
        self.assertEqual(harness.run("init", "-c", self.deployment.config_path, "--from", self.deployment.share,
                                     check=False).returncode, 1)
        with self.deployment.serve() as service:
            # The tokens of before are good, and so is the new one.
            self.assertEqual(service.client.with_token(made["token"]).get(self.deployment.location).status, 200)
            self.check(service)

    def test_other_master_key_is_told(self):
        delete(self.deployment, "state.sqlite*", "state.sealed", "master.key")
        with open(self.deployment.path("state/master.key"), "wb",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(os.urandom(32))
        refused = harness.run("init", "-c", self.deployment.config_path, "--from", self.deployment.share,
                              check=False)
        self.assertEqual(refused.returncode, 6, refused)
        self.assertIn("none opens with this master key", refused.stderr)
        self.assertIn("set share and certificate again", refused.stderr)
        self.assertFalse(os.path.exists(self.deployment.path("state/state.sqlite")))


if __name__ == "__main__":
    counted.main()

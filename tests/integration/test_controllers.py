#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two services at one folder of a real SMB server: who is refused and in which words, how one takes over from the
other, and one that is frozen while it loses the folder and then wakes."""

import json
import os
import shutil
import signal
import time
import unittest

import backups
import counted
import harness
from smb_server import PASSWORD, USER, SmbServer

LEASE_SECONDS = 3
# In the time of a lease.
RENEWALS = 3
FREEZES = 3
OTHER_DEPLOYMENT = "c7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002"


def second_controller(first, **deployment):
    """A deployment with a copy of the state directory of @first, as a restored machine would have it, and its keys.
    @deployment: members of the configuration that differ."""
    second = harness.Deployment(config={"engine": {"leaseSeconds": LEASE_SECONDS}, "deployment": deployment},
                                initialize=False)
    shutil.copytree(first.path("state"), second.path("state"))
    for name in ("token", "certificate_file", "pfx_file", "password_file"):
        setattr(second, name, getattr(first, name))
    return second


class Controllers(unittest.TestCase):
    def setUp(self):
        self.server = SmbServer()
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)
        self.first = harness.Deployment(config={"engine": {"leaseSeconds": LEASE_SECONDS}})
        self.addCleanup(self.first.remove)
        with open(self.first.path("share.password"), "w", encoding="utf-8",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(PASSWORD + "\n")
        self.logon = ["--user", USER, "--password-file", self.first.path("share.password")]
        with self.first.serve() as service:
            self.configure(self.first, service)
            backups.make(service)

    def configure(self, deployment, service):
        deployment.configure(service, path=self.server.url(), userName=USER, password=PASSWORD)

    def second(self, **deployment):
        second = second_controller(self.first, **deployment)
        self.addCleanup(second.remove)
        return second

    def listed(self, name="sequence"):
        """Sequence numbers (or another member) of the committed backups; all of them verify with the PFX."""
        shown = json.loads(harness.run("list", "--from", self.server.url(), *self.logon, "--json").stdout)
        harness.run("verify", "--from", self.server.url(), *self.logon, "--pfx", self.first.pfx_file,
                    "--pfx-password-file", self.first.password_file)
        self.assertTrue(all(backup["isCommitted"] for backup in shown["backups"]), shown)
        return [backup[name] for backup in shown["backups"]]

    def refused(self, service, *patterns):
        shown = backups.wait(service, backups.start(service))
        self.assertEqual(shown["state"], "Failed", shown)
        for pattern in patterns:
            self.assertRegex(shown["error"]["message"], pattern)

    def lease_number(self):
        return max(int(name.split(".")[0]) for name in os.listdir(os.path.join(self.server.data, "MASBackup/leases"))
                   if name[0].isdigit())

    def wait_for_renewals(self, count):
        first, end = self.lease_number(), time.monotonic() + harness.JOB_SECONDS
        while self.lease_number() < first + count:
            if time.monotonic() > end:
                raise harness.Failure("the lease is not renewed")
            time.sleep(0.05)

    def take_over(self, service):
        """Tries until the lease of the other one has run out."""
        end = time.monotonic() + harness.JOB_SECONDS
        while True:
            shown = backups.wait(service, backups.start(service))
            if shown["state"] == "Succeeded":
                return
            self.assertIn("holds this folder since", shown["error"]["message"])
            if time.monotonic() > end:
                raise harness.Failure(f"the folder was never free: {shown}")

    def test_second_is_refused_until_the_first_gives_way(self):
        second = self.second()
        with self.first.serve() as one, second.serve() as two:
            backups.make(one)
            self.refused(two, f"deployment {self.first.deployment_id} on host {os.uname().nodename} ",
                         r"holds this folder since \d{4}-", "infrabackup share release --share")
            answer = two.client.poll(two.client.put(second.location, second.location_body(
                path=self.server.url(), userName=USER, password=PASSWORD)))
            self.assertNotEqual(answer.status, 200)
            self.assertIn("holds this folder since", answer.text)
            # While the first lives it renews: no waiting makes the folder free.
            self.wait_for_renewals(2 * RENEWALS)
            self.refused(two, "holds this folder since")
            self.assertEqual(one.stop(), 0)
            backups.make(two)
        self.assertEqual(self.listed(), [1, 2, 3])

    def test_other_deployment_is_refused(self):
        other = self.second(id=OTHER_DEPLOYMENT)
        with self.first.serve() as one, other.serve() as two:
            backups.make(one)
            self.refused(two, f"belongs to deployment {self.first.deployment_id}",
                         f"host {os.uname().nodename} holds it since")

    def test_taken_over_on_purpose(self):
        second = self.second()
        with self.first.serve() as one, second.serve() as two:
            backups.make(one)
            released = json.loads(harness.run("share", "release", "--share", self.server.url(), *self.logon,
                                              "--json").stdout)
            self.assertTrue(released["released"])
            self.assertEqual(released["host"], os.uname().nodename)
            backups.make(two)
            self.refused(one, "folder")
        self.assertEqual(self.listed()[:2], [1, 2])

    def test_frozen_holder_wakes_after_it_lost_the_folder(self):
        second = self.second()
        for number in range(8):
            with open(os.path.join(self.first.source, f"large-{number}"), "wb") as file:
                file.write(os.urandom(8 << 20))
        with self.first.serve() as one, second.serve() as two:
            identifier = backups.start(one)
            backups.wait(one, identifier, lambda job: job["phase"] == "taking snapshots", 0.001)
            one.process.send_signal(signal.SIGSTOP)
            try:
                self.take_over(two)
            finally:
                one.process.send_signal(signal.SIGCONT)
            shown = backups.wait(one, identifier)
            self.assertEqual(shown["state"], "Failed", shown)
            self.assertIn("no longer holds the folder: deployment", shown["error"]["message"])
            self.refused(one, "holds this folder since")
            backups.make(two)
        numbers = self.listed()
        self.assertEqual(len(numbers), len(set(numbers)))
        self.assertEqual(len(numbers), 3)

    def test_frozen_while_it_commits(self):
        """Wherever it stops: its backup is listed if and only if its job says so."""
        second = self.second()
        for _ in range(FREEZES):
            with self.first.serve() as one, second.serve() as two:
                identifier = backups.start(one)
                backups.wait(one, identifier, lambda job: job["phase"] == "committing", 0.001)
                one.process.send_signal(signal.SIGSTOP)
                try:
                    self.take_over(two)
                finally:
                    one.process.send_signal(signal.SIGCONT)
                shown = backups.wait(one, identifier)
                self.assertIn(shown["state"], ("Succeeded", "Failed"), shown)
                self.assertEqual(identifier in self.listed("id"), shown["state"] == "Succeeded", shown)
                numbers = self.listed()
                self.assertEqual(len(numbers), len(set(numbers)))
                # The first has lost the folder; the next round begins with it.
                self.assertEqual(two.stop(), 0)


if __name__ == "__main__":
    counted.main()

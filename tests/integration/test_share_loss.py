#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# weight: 2
"""Real file systems that fail under a backup: a full tmpfs, a mount that vanishes, a frozen ext4. The job ends Failed with
its class and the evidence, requests are answered meanwhile, and afterwards the next backup succeeds and reuses complete
packs. Runs in a mount namespace of its own, as an ordinary user in a user namespace too."""

import contextlib
import os
import random
import subprocess
import sys
import time
import unittest

import backups
import counted
import harness
import namespace
from asker import Asker
from harness import Deployment

FILES, FILE_SIZE = 96, 1 << 20
DEADLINE_SECONDS = 2


class ShareLoss(unittest.TestCase):
    """A deployment whose share is @place, on which the test mounts something."""

    def setUp(self):
        self.deployment = Deployment(config={"engine": {"shareDeadlineSeconds": DEADLINE_SECONDS}})
        self.addCleanup(self.deployment.remove)
        self.place = self.deployment.share
        self.fill(1)

    def fill(self, seed):
        backups.write_files(self.deployment.source, FILES, FILE_SIZE, random.Random(seed))

    def mount(self, *arguments):
        namespace.mount(self, self.place, *arguments)

    def until(self, service, identifier, is_reached):
        """Returns when the share looks so; the backup must be running then."""
        shown = backups.wait(service, identifier, lambda _: is_reached(backups.files_on(self.place)), 0.002)
        self.assertIn(shown["state"], backups.RUNNING, shown)

    def assert_failed(self, shown, *classes):
        self.assertEqual(shown["state"], "Failed", shown)
        self.assertIn(shown["error"]["failureClass"], classes, shown)
        self.assertTrue(shown["error"]["step"], shown)
        self.assertTrue(shown["error"]["message"], shown)
        print(f"{shown['error']['failureClass']}: {shown['error']['message']} "
              f"[{shown['error']['step']}, {shown['error']['path']}, {shown['error']['cause']}]", flush=True)

    def assert_recovers(self, service, packs_before):
        """The next backup succeeds and writes nothing that complete packs hold; all of it is sound."""
        left = sum(size for path, size in backups.packs(self.deployment).items() if path not in packs_before)
        backups.make(service)
        newest = backups.committed(self.deployment)[-1]
        print(f"complete packs left {left >> 20} MiB, the next backup wrote {newest['newBytes'] >> 20} MiB", flush=True)
        self.assertLessEqual(newest["newBytes"] + left, FILES * FILE_SIZE * 1.02 + (2 << 20))
        self.assertEqual([path for path in backups.files_on(self.place)
                          if ".temporary-" in path and "/trash/" not in path], [])
        backups.verify(self.deployment)
        return left

    def test_full(self):
        self.mount("-t", "tmpfs", "-o", f"size={FILES * 2 // 3}m", "tmpfs")
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            shown = backups.wait(service, backups.start(service))
            self.assert_failed(shown, "share-full")
            self.assertEqual(shown["error"]["cause"], "ENOSPC")
            self.assertEqual(backups.committed(self.deployment), [])
            # As long as it is as full as that, the same.
            self.assert_failed(backups.wait(service, backups.start(service)), "share-full")
            # Other options than the size would be read back as a user namespace does not take them.
            namespace.call("mount", "--options-mode", "ignore", "-t", "tmpfs", "-o", "remount,size=512m", "tmpfs", self.place)
            # Whoever filled a share gives the room back.
            self.assertEqual(self.assert_recovers(service, {}), 0)

    def test_vanished_before(self):
        self.mount("--bind", self.store())
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            backups.make(service)
            before = backups.packs(self.deployment)
            namespace.call("umount", "-l", self.place)
            self.fill(2)
            self.assert_failed(backups.wait(service, backups.start(service)), "share-path")
            self.assertEqual(os.listdir(self.place), [])
            self.mount("--bind", self.deployment.path("store"))
            self.assert_recovers(service, before)

    def store(self):
        """A tmpfs that lives on when its second mount at the share's place is gone."""
        path = self.deployment.path("store")
        os.mkdir(path)
        namespace.call("mount", "-t", "tmpfs", "-o", "size=1g", "tmpfs", path)
        self.addCleanup(subprocess.run, ["umount", "-l", path], check=False)
        return path

    def test_vanishing_meanwhile(self):
        """Handles that are open stay good after a lazy unmount, new ones find the empty folder below."""
        self.mount("--bind", self.store())
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            backups.make(service)
            outcomes = [self.vanish(service, packs, seed) for seed, packs in enumerate((0, 0, 0, 1, 2), 2)]
        print("vanished meanwhile:", *outcomes, flush=True)
        self.assertIn("Failed", outcomes)

    def vanish(self, service, packs, seed):
        """The mount goes away when @packs are complete and the next one is begun; the state of the job."""
        before = backups.packs(self.deployment)
        self.fill(seed)
        identifier = backups.start(service)
        self.until(service, identifier, lambda files: count_packs(files) >= len(before) + packs and
                   any("/packs/.temporary-" in path for path in files))
        namespace.call("umount", "-l", self.place)
        shown = backups.wait(service, identifier)
        self.assertEqual(os.listdir(self.place), [], "written below the mount point")
        self.mount("--bind", self.deployment.path("store"))
        if shown["state"] != "Succeeded":
            self.assert_failed(shown, "share-path", "share-connection", "share-not-accessible")
            self.assert_recovers(service, before)
        backups.verify(self.deployment)
        return shown["state"]


def count_packs(files):
    return sum(path.endswith(".pack") for path in files)


@contextlib.contextmanager
def frozen(place):
    """Writes to the file system hang, until the end of the block or of this process, whatever ends it."""
    thaw = subprocess.Popen(["sh", "-c", 'read line; fsfreeze --unfreeze "$0"', place], stdin=subprocess.PIPE,
                            start_new_session=True)
    namespace.call("fsfreeze", "--freeze", place)
    try:
        yield
    finally:
        thaw.communicate()


class ShareHang(ShareLoss):
    """An ext4 that is frozen: whoever writes to it hangs in the kernel and cannot be interrupted."""

    test_full = test_vanished_before = test_vanishing_meanwhile = None

    def test_hung(self):
        image = self.deployment.path("image")
        with open(image, "wb") as file:
            file.truncate(1 << 30)
        namespace.call("mkfs.ext4", "-q", image)
        self.mount("-o", "loop", image)
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            for seed, packs in ((1, 0), (2, 1), (3, 2)):
                self.hang(service, seed, packs)

    def hang(self, service, seed, packs):
        """A freeze when so many packs are complete."""
        before = backups.packs(self.deployment)
        self.fill(seed)
        identifier = backups.start(service)
        self.until(service, identifier, lambda files: count_packs(files) >= len(before) + packs)
        with frozen(self.place), Asker(service, [(self.deployment.location, harness.VERSION)]) as asker:
            shown = backups.wait(service, identifier)
        self.assert_failed(shown, "share-connection")
        print(f"{asker.answers} requests meanwhile, {len(asker.failures)} failed, slowest {asker.slowest * 1000:.1f} ms",
              flush=True)
        self.assertEqual(asker.failures, [])
        self.assertGreater(asker.answers, 0)
        self.assert_recovers(service, before)


def main():
    if namespace.enter() != "root":
        # The unit tests' share that hangs covers it there.
        print("left out: a frozen file system needs root")
        globals().pop("ShareHang")
    counted.main()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A backup with nothing changed: it writes less than 2 % of what the first one did and opens no unchanged file."""

import os
import random
import time
import unittest

import backups
import counted
from harness import Deployment
from opens import Opens

FOLDERS, FILES, FILE_SIZE = 40, 4000, 40 << 10
SHARE_PERCENT = 2
# Younger files are read again, because a change might not show in their times.
GRANULARITY_SECONDS = 2.5


class Unchanged(unittest.TestCase):
    """The tests' order is that of a service's life; each backup is made by a newly started service."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.remove)
        cls.generator = random.Random(1)
        for folder in range(FOLDERS):
            path = os.path.join(cls.deployment.source, f"folder-{folder}")
            os.mkdir(path)
            backups.write_files(path, FILES // FOLDERS, FILE_SIZE, cls.generator)
        with cls.deployment.serve() as service:
            cls.deployment.configure(service)
        cls.used = [cls.on_share()]

    @classmethod
    def on_share(cls):
        """Bytes in blocks, as du counts them."""
        return sum(os.lstat(os.path.join(folder, name)).st_blocks * 512
                   for folder, _, names in os.walk(cls.deployment.share) for name in names)

    def wait_until_old(self):
        """Until the newest file is older than what the stat cache trusts."""
        newest = max(os.lstat(os.path.join(folder, name)).st_ctime
                     for folder, _, names in os.walk(self.deployment.source) for name in names)
        while time.time() < newest + GRANULARITY_SECONDS:
            time.sleep(0.1)

    def back_up(self):
        """The job's row of the role, its files that were opened with how often, and the bytes added to the share."""
        self.wait_until_old()
        with Opens(self.deployment.source) as opens:
            with self.deployment.serve() as service:
                shown = backups.make(service)
            opened = opens.files()
        self.used.append(self.on_share())
        role = next(role for role in shown["roles"] if role["roleName"] == "Files")
        return role, opened, self.used[-1] - self.used[-2]

    def test_1_first_reads_everything(self):
        role, opened, added = self.back_up()
        self.assertEqual(role["filesRead"], FILES + 1)
        # The proof that opened files are seen.
        self.assertEqual(len(opened), FILES + 1)
        self.assertGreater(added, FILES * FILE_SIZE)
        print(f"first: {added >> 20} MiB on the share, {len(opened)} files opened", flush=True)

    def test_2_nothing_changed(self):
        role, opened, added = self.back_up()
        share = 100 * added / (self.used[1] - self.used[0])
        print(f"nothing changed: {added >> 10} KiB, {share:.2f} %, {len(opened)} files opened", flush=True)
        self.assertEqual((role["filesRead"], role["filesUnchanged"]), (0, FILES + 1))
        self.assertEqual(opened, {})
        self.assertLess(share, SHARE_PERCENT)

    def test_3_one_file_changed(self):
        changed = os.path.join(self.deployment.source, "folder-7", "data-00042")
        with open(changed, "r+b") as file:
            file.write(b"changed")
        role, opened, _ = self.back_up()
        self.assertEqual(list(opened), [changed])
        self.assertEqual((role["filesRead"], role["filesUnchanged"]), (1, FILES))

    def test_4_same_size_and_time_but_another_file(self):
        """A file put in another's place with its times set back is read: its change time tells."""
        victim = os.path.join(self.deployment.source, "folder-8", "data-00001")
        times = os.lstat(victim)
        with open(victim + ".new", "wb") as file:
            file.write(self.generator.randbytes(FILE_SIZE))
        os.utime(victim + ".new", ns=(times.st_atime_ns, times.st_mtime_ns))
        os.rename(victim + ".new", victim)
        role, opened, _ = self.back_up()
        self.assertEqual(list(opened), [victim])
        self.assertEqual(role["filesRead"], 1)

    def test_5_all_of_it_verifies(self):
        backups.verify(self.deployment)
        self.assertEqual(len(backups.committed(self.deployment)), 4)


if __name__ == "__main__":
    counted.main()

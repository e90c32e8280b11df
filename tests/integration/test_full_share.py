#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# weight: 2
"""A share without a free byte, as a folder on a file system of its own and on a real SMB server: what is on it can be
listed, verified and recovered, a backup that does not fit leaves nothing behind, and says before it starts that it
would not. Runs in a mount namespace of its own."""

import errno
import os
import random
import unittest

import backups
import counted
import harness
import namespace
from smb_server import PASSWORD, USER, SmbServer
from moved_clock import Clock
from trees import differences

MIB = 1 << 20
RESERVE = MIB
HOUR = 3600
DAY = 24 * HOUR
KEPT = 7
BACKUPS = KEPT + 2


def fill(folder):
    """Takes every free byte of the file system below @folder; the file that does."""
    path = os.path.join(folder, "filler")
    with open(path, "wb", buffering=0) as file:
        for size in (MIB, 4096):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    space = os.statvfs(folder)
    if space.f_bavail != 0:
        raise harness.Failure(f"{folder} still has {space.f_bavail} free blocks")
    return path


class Full:
    """What holds on any share. @self.folder: the share's folder as the test sees it."""

    def run_tool(self, command, *options):
        return harness.run(command, "--from", self.address, *self.credentials, *options)

    def keyed(self, command, *options):
        return self.run_tool(command, "--pfx", self.deployment.pfx_file, "--pfx-password-file",
                             self.deployment.password_file, *options)

    def assert_usable(self):
        """list, verify with and without the key, and recover, as if the share had room."""
        self.assertRegex(self.run_tool("list").stdout, r"Succeeded(.|\n)*\nfree [0-9.]+ [KM]?B of [0-9.]+ MB\n")
        self.run_tool("verify")
        self.keyed("verify")
        target = self.deployment.path(f"recovered-{self.recovered}")
        self.recovered += 1
        self.keyed("recover", "--to", target)
        self.assertEqual(differences(self.kept, os.path.join(target, "Files")), [])

    def refused(self, service):
        shown = backups.wait(service, backups.start(service))
        self.assertEqual(shown["state"], "Failed", shown)
        self.assertEqual(shown["error"]["failureClass"], "share-full", shown)
        return shown["error"]

    def stored(self):
        """Everything below MASBackup but keys of sessions and leases, which are small and say nothing."""
        return {path: size for path, size in backups.files_on(os.path.join(self.folder, "MASBackup")).items()
                if not path.endswith(".p7m") and not path.startswith("leases/")}

    def write(self, seed, size):
        backups.write_files(self.deployment.source, 1, size, random.Random(seed))

    def capacity(self, service):
        answer = service.client.get(f"{self.deployment.location}/capacity")
        self.assertEqual(answer.status, 200, answer)
        harness.validate(answer.json, "capacity")
        return answer.json["properties"]

    def status(self, service):
        token = self.deployment.path("token")
        with open(token, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(self.deployment.token)
        return harness.run("status", "-c", self.deployment.config_path, "--url", service.url, "--token-file",
                           token).stdout

    def test_full(self):
        """From the first good backup to a share without a byte, and back."""
        self.recovered = 0
        self.kept = self.deployment.path("kept")
        self.write(1, MIB)
        with self.deployment.serve() as service:
            self.configure(service)
            backups.make(service)
            namespace.call("cp", "-a", self.deployment.source, self.kept)
            before = self.stored()
            self.assertEqual(before["reserve"], RESERVE)

            # What does not fit leaves nothing, in whatever file it ran out.
            self.write(2, 2 * self.size)
            self.assertNotEqual(self.refused(service)["step"], "check free space")
            self.assertEqual(self.stored(), before)
            self.assert_usable()

            # Not one byte: everything that reads works, and a backup is refused with both figures.
            filler = fill(self.folder)
            self.write(1, MIB)
            error = self.refused(service)
            self.assertEqual(error["step"], "check free space")
            self.assertRegex(error["message"], r"\(0 bytes\) are free, about .* \([1-9][0-9]+ bytes\) are needed")
            self.assertEqual(self.stored(), before)
            self.assert_usable()

            os.unlink(filler)
            backups.make(service)
            self.assert_usable()

    def test_forecast_refuses(self):
        """A backup that earlier ones say will not fit is refused before anything is written."""
        with self.deployment.serve() as service:
            self.configure(service)
            self.assertIsNone(self.capacity(service)["neededBytes"])
            backups.make(service)
            full = self.capacity(service)
            self.write(1, MIB)
            backups.make(service)
            found = self.capacity(service)
            self.assertEqual(found["totalBytes"], self.size)
            # What the file system has, and what a backup of one megabyte took.
            space = os.statvfs(self.folder)
            self.assertEqual(found["freeBytes"], space.f_bavail * space.f_frsize)
            self.assertEqual(found["bytesPerFullBackup"], full["bytesPerFullBackup"])
            self.assertAlmostEqual(found["bytesPerBackup"], MIB, delta=MIB // 4)
            self.assertEqual(found["neededBytes"], found["backupsKept"] * found["bytesPerBackup"]
                             + found["bytesPerFullBackup"] + RESERVE)
            self.assertEqual(found["isAlmostFull"], found["freeBytes"] < found["neededBytes"])
            self.assertIn(f"full in {found['daysToFull']} days", self.status(service))
            os.posix_fallocate(os.open(os.path.join(self.folder, "filler"), os.O_CREAT | os.O_WRONLY), 0,
                               os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize - 3 * MIB // 2)
            before = self.stored()
            error = self.refused(service)
            self.assertEqual(error["step"], "check free space")
            self.assertIn("1.50 MB", error["message"])
            self.assertEqual(self.stored(), before)

    def prune(self, service):
        """The paths that a prune, which must succeed, names."""
        answer = service.client.post(f"{self.deployment.location}/pruneExternalStore")
        self.assertEqual(answer.status, 202, answer)
        identifier = answer.headers["Location"].rsplit("/", 1)[1].split("?")[0]
        shown = backups.wait(service, identifier)
        self.assertEqual(shown["state"], "Succeeded", shown)
        return service.client.get(answer.headers["Location"]).json["properties"]["pathsToDelete"]

    def names(self, folder):
        return os.listdir(os.path.join(self.folder, "MASBackup", folder))

    def free(self):
        space = os.statvfs(self.folder)
        return space.f_bavail * space.f_frsize

    def test_deletion_makes_room(self):
        """Without a free byte: a shorter retention and the share's password are taken, a prune marks and moves with the
        room of the reserve; what it removes after the grace makes room for all that was given up."""
        clock = Clock(self.deployment)
        clock.set(-BACKUPS * DAY)
        with self.deployment.serve(env=clock.environment) as service:
            self.configure(service, backupRetentionPeriodInDays=14)
            for number in range(BACKUPS):
                clock.set(clock.offset + DAY)
                self.write(number, MIB)
                backups.make(service)
            self.assertEqual(self.prune(service), [])

            filler = fill(self.folder)
            self.configure(service, backupRetentionPeriodInDays=2)
            # Nothing was gained but, at most, the reserve.
            self.assertLessEqual(self.free(), RESERVE)
            self.assertEqual(len(self.prune(service)), BACKUPS - KEPT)
            self.assertEqual((len(self.names("backups")), len(self.names("trash"))), (KEPT, BACKUPS - KEPT))
            self.assertLessEqual(self.free(), RESERVE)
            self.run_tool("verify")

            partial = os.path.join("generations", max(self.names("generations")), "packs", ".temporary-killed")
            with open(os.path.join(self.folder, "MASBackup", partial), "wb") as file:
                file.write(bytes(MIB // 2))
            clock.set(clock.offset + DAY + HOUR)
            self.assertGreater(len(self.prune(service)), BACKUPS - KEPT)
            self.assertEqual(self.names("trash"), [])
            self.assertNotIn(partial, self.stored())
            self.assertIn("reserve", self.names("."))
            os.unlink(filler)
            # Nothing expires, so that no prune follows the backup while it is looked at.
            self.configure(service, backupRetentionPeriodInDays=14)
            backups.make(service)
            self.run_tool("verify")


class Folder(Full, unittest.TestCase):
    # Room for packs that are complete before there is none.
    size = 40 * MIB
    credentials = ()

    def setUp(self):
        self.deployment = harness.Deployment(config={"engine": {"generationBackups": 3}})
        self.addCleanup(self.deployment.remove)
        self.folder = self.address = self.deployment.share
        namespace.mount(self, self.folder, "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs")

    def configure(self, service, **members):
        self.deployment.configure(service, **members)


class Server(Full, unittest.TestCase):
    size = 40 * MIB

    def setUp(self):
        server = SmbServer()
        server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        self.deployment = harness.Deployment(config={"engine": {"generationBackups": 3}})
        self.addCleanup(self.deployment.remove)
        self.address = server.url("bounded")
        # The server has mounted it where only it sees it.
        self.folder = f"/proc/{server.process.pid}/root{server.folder}/bounded"
        password = self.deployment.path("share-password")
        with open(password, "w", encoding="utf-8") as file:
            file.write(PASSWORD)
        self.credentials = ("--user", USER, "--password-file", password)

    def configure(self, service, **members):
        self.deployment.configure(service, path=self.address, userName=USER, password=PASSWORD, **members)


if __name__ == "__main__":
    namespace.enter()
    counted.main()

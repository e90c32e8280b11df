#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The independent reader against archives that the program itself wrote: equal to the last byte."""

# also: asan

import json
import os
import random
import shutil
import stat
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))

from harness import Deployment  # noqa: E402

RANDOM = random.Random(11)
TIME = 1600000000987654321


def write(folder, name, data, mode=0o644):
    path = os.path.join(os.fsencode(folder), name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)
    return path


def fill(folder):
    """Everything that a file system can hold, within reason."""
    write(folder, b"empty", b"")
    write(folder, b"noise", RANDOM.randbytes(3 << 20), 0o600)
    write(folder, b"text", b"a line that repeats itself\n" * 100000)
    write(folder, b"tool", b"#!/bin/sh\n", 0o4755)
    write(folder, b"\xff\xfe not utf-8 \n", b"odd name")
    for number in range(300):
        write(folder, b"many/%d/file" % number, b"small %d" % number)
    sparse = write(folder, b"sparse", b"begin")
    with open(sparse, "r+b") as file:
        file.seek(20 << 20)
        file.write(b"end")
        file.truncate(30 << 20)
    root = os.fsencode(folder)
    os.link(os.path.join(root, b"noise"), os.path.join(root, b"second name"))
    os.symlink(b"../\xff outside", os.path.join(root, b"link"))
    os.mkfifo(os.path.join(root, b"pipe"), 0o620)
    os.makedirs(os.path.join(root, b"closed/inner"))
    try:
        os.setxattr(os.path.join(root, b"text"), "user.note", b"\x00\x01binary\xff")
    except OSError:
        pass  # a file system without attributes; then there are none on either side
    os.utime(os.path.join(root, b"link"), ns=(TIME, TIME), follow_symlinks=False)
    os.utime(os.path.join(root, b"text"), ns=(TIME, TIME))
    os.chmod(os.path.join(root, b"closed"), 0o500)


def attributes(path):
    try:
        return {n: os.getxattr(path, n, follow_symlinks=False)
                for n in os.listxattr(path, follow_symlinks=False)}
    except OSError:
        return {}


def picture(folder):
    """What must be equal, by relative path; hard links by the names that share an inode."""
    found, inodes = {}, {}
    root = os.fsencode(folder)
    names = [b"."]
    for path, folders, files in os.walk(root):
        names += [os.path.relpath(os.path.join(path, name), root) for name in folders + files]
    for name in sorted(names):
        path = os.path.join(root, name)
        info = os.lstat(path)
        content = None
        if stat.S_ISLNK(info.st_mode):
            content = os.readlink(path)
        elif stat.S_ISREG(info.st_mode):
            with open(path, "rb") as file:
                content = file.read()
        shared = inodes.setdefault(info.st_ino, name)
        found[name] = (info.st_mode, info.st_uid, info.st_gid, info.st_mtime_ns, content, shared,
                       attributes(path))
    return found


class RealArchiveTest(unittest.TestCase):
    maxDiff = 2000

    def read(self, deployment, out, *more):
        command = ["/usr/bin/python3", os.path.join(HERE, "infrabackup_reader.py"), deployment.share,
                   deployment.pfx_file, deployment.password_file, out, "--json", *more]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def assert_equal_trees(self, expected, folder):
        found = picture(folder)
        self.assertEqual(sorted(found), sorted(expected))
        for name, value in expected.items():
            self.assertTrue(found[name] == value, f"{name!r}: {found[name][:4]} is not {value[:4]}, or "
                            "content, links or attributes differ")

    def round_trip(self, compression):
        with Deployment(config={"engine": {"compression": compression}}) as deployment:
            fill(deployment.source)
            with deployment.serve() as service:
                deployment.configure(service)
                before = picture(deployment.source)
                deployment.backup(service)
                with open(os.path.join(deployment.source, "text"), "r+b") as file:
                    file.seek(1000)
                    file.write(b"changed in the middle")
                os.unlink(os.path.join(deployment.source, "empty"))
                after = picture(deployment.source)
                deployment.backup(service)

            newest = self.read(deployment, deployment.path("newest"))
            self.assertEqual(newest["sequence"], 2)
            self.assert_equal_trees(after, deployment.path("newest/Files"))
            folders = os.listdir(os.path.join(deployment.share, "MASBackup", "backups"))
            oldest = min(folders).split("-", 2)[2]
            self.read(deployment, deployment.path("oldest"), "--backup", oldest, "--role", "Files")
            self.assert_equal_trees(before, deployment.path("oldest/Files"))
            for name in ("newest", "oldest"):
                shutil.rmtree(deployment.path(name))

    def test_two_backups_with_zstd(self):
        self.round_trip("zstd:1")

    def test_two_backups_with_zlib(self):
        self.round_trip("zlib:1")

    def test_two_backups_without_compression(self):
        self.round_trip("none")


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    bad = len(result.failures) + len(result.errors) + len(result.skipped)
    print(f"{result.testsRun - min(bad, result.testsRun)} passed, {bad} failed")
    sys.exit(1 if bad else 0)

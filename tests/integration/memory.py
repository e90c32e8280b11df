# SPDX-License-Identifier: Apache-2.0
"""Peak memory of the service while it backs many files up, and of the programs that verify and recover them."""

import json
import os
import random
import subprocess
import time
import unittest

import backups
import harness
from harness import Deployment

LIMIT_MIB = 128
FOLDER_FILES = 500
POOL_SIZE = 4 << 20


class Source:
    """@files of @size bytes together: most small, some large; random bytes, text, and a mixture of both. Cut out of a
    pool of random bytes that each file's number changes, so that hardly a chunk repeats."""

    def __init__(self, files, size, seed=1):
        self.generator = random.Random(seed)
        self.random_bytes = self.generator.randbytes(POOL_SIZE)
        self.text = " ".join(f"{self.generator.randrange(1 << 40):x}" for _ in range(POOL_SIZE // 10)).encode()
        self.files, self.size = files, size

    def sizes(self):
        """Nine of ten are a fifth of the mean and less, the tenth makes up for it."""
        mean = self.size // self.files
        left, small = self.size, 0
        for number in range(self.files):
            if number % 10 != 9:
                amount = self.generator.randrange(1, mean * 2 // 5)
                small += amount
            else:
                amount = mean * 10 - small
                small = 0
            left -= amount
            yield amount if number + 1 < self.files else max(amount + left, 0)

    def content(self, number, amount):
        pool = self.text if number % 3 == 1 else self.random_bytes
        written = 0
        while written < amount:
            # Another piece of the pool behind a head of its own: chunks are cut by content.
            part = min(amount - written, 32 << 10)
            head = self.generator.randbytes(min(part, part // 2 if number % 3 else part))
            start = self.generator.randrange(len(pool) - part)
            yield head + pool[start:start + part - len(head)]
            written += part

    def write(self, folder):
        """The bytes written."""
        total = 0
        for number, amount in enumerate(self.sizes()):
            path = os.path.join(folder, f"{number // FOLDER_FILES:04}")
            if number % FOLDER_FILES == 0:
                os.mkdir(path)
            with open(os.path.join(path, f"file-{number:06}"), "wb") as file:
                for piece in self.content(number, amount):
                    file.write(piece)
            total += amount
        return total


def peak_of(pid):
    """MiB; the highest resident size of a running process so far."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["VmHWM"].split()[0]) / 1024


def run_measured(*arguments):
    """(peak MiB, standard output) of a program that must succeed and says little."""
    peak = 0.0
    with subprocess.Popen([*harness.PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        # Its own figure, which only rises; that of wait4() would hold the peak of this process at the fork.
        while process.poll() is None:
            try:
                peak = max(peak, peak_of(process.pid))
            except (OSError, KeyError):
                pass
            time.sleep(0.01)
        output, errors = process.communicate()
    if process.returncode != 0:
        raise harness.Failure(f"{' '.join(arguments)} ended with {process.returncode}:\n{output}{errors}")
    return peak, output


def compare(first, second):
    """True when two trees hold the same files."""
    return subprocess.run(["diff", "-r", "-q", first, second], check=False).returncode == 0


class Memory(unittest.TestCase):
    """Subclasses say how much."""

    files = size = None

    def back_up(self, deployment):
        harness.JOB_SECONDS = 3600
        with deployment.serve() as service:
            deployment.configure(service)
            idle = peak_of(service.process.pid)
            shown = backups.make(service)
            role = next(role for role in shown["roles"] if role["roleName"] == "Files")
            self.assertEqual((role["filesRead"], role["bytes"]), (self.files + 1, self.written + len("hello\n")))
            first = peak_of(service.process.pid)
            backups.make(service)
            second = peak_of(service.process.pid)
        print(f"serve: peak {first:.1f} MiB after the first backup, {second:.1f} after one without changes "
              f"(idle {idle:.1f})", flush=True)
        return second

    def recover(self, deployment):
        source = ["--from", deployment.share, "--pfx", deployment.pfx_file, "--pfx-password-file",
                  deployment.password_file]
        peak, output = run_measured("verify", *source, "--json")
        found = json.loads(output)
        self.assertTrue(found["sound"])
        print(f"verify: peak {peak:.1f} MiB, {found['files']} files, {found['chunks']} chunks", flush=True)
        target = deployment.path("back")
        peak, _ = run_measured("recover", *source, "--to", target)
        print(f"recover: peak {peak:.1f} MiB", flush=True)
        self.assertTrue(compare(deployment.source, os.path.join(target, "Files")))

    def test_peak_is_bounded(self):
        with Deployment() as deployment:
            self.written = Source(self.files, self.size).write(deployment.source)
            print(f"\n{self.files} files, {self.written >> 20} MiB", flush=True)
            peak = self.back_up(deployment)
            self.recover(deployment)
            stored = sum(backups.files_on(deployment.share).values())
            print(f"{stored >> 20} MiB on the share", flush=True)
            self.assertLess(peak, LIMIT_MIB)

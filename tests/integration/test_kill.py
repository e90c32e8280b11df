#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# weight: 2
"""kill -9 of the service in the middle of backups: at moments of a backup's time, when a phase begins, and before
the Nth system call that makes something durable. Afterwards every committed backup verifies with the PFX, no half
one is listed, the job has failed with a reason, the next backup succeeds and reuses complete packs.

KILLS: random moments (6; `make kill-matrix`: 50). KILL_STEP: every how manieth system call (24; there: 1).
KILL_SEED: repeats a run.
"""

import collections
import http.client
import os
import random
import time
import unittest

import aftermath
import backups
import counted
import killing
from harness import Deployment

KILLS = int(os.environ.get("KILLS") or 6)
STEP = int(os.environ.get("KILL_STEP") or 24)
SEED = int(os.environ.get("KILL_SEED") or random.SystemRandom().randrange(1 << 32))
FILES, FILE_SIZE = 112, 1 << 20
# Less than a generation has, and few enough that verifying all of them again and again stays cheap.
ROUNDS_A_DEPLOYMENT = 6
AIMED_ATTEMPTS = 3
PHASES = ("checking the share", "taking snapshots", "committing")
CALLS = ("renameat2", "rename", "fdatasync", "fsync", "unlinkat", "mkdirat", "pwrite64")


def kill_at(service, identifier, moment):
    """@moment: seconds from now."""
    end = time.monotonic() + moment
    backups.wait(service, identifier, lambda _: time.monotonic() >= end, 0.001)
    service.kill()


def kill_in(service, identifier, phase, delay):
    """As soon as the job is seen in @phase, and @delay seconds later."""
    backups.wait(service, identifier, lambda job: job["phase"] == phase, 0.001)
    time.sleep(delay)
    service.kill()


class Moments(unittest.TestCase):
    """Random moments of a backup that takes seconds."""

    def setUp(self):
        self.generator = random.Random(SEED)
        self.hits = collections.Counter()
        self.seconds = None

    def measure(self, service):
        """How long a whole backup takes here."""
        begin = time.monotonic()
        backups.make(service)
        self.seconds = time.monotonic() - begin

    def aim(self, number, attempt):
        """(text, function of service and job that kills). A phase may be over before it is seen."""
        if number % 2 == 0 or attempt >= AIMED_ATTEMPTS:
            moment = self.generator.uniform(0.01, 1.0) * self.seconds
            return f"{moment:.3f} s of {self.seconds:.3f}", lambda *job: kill_at(*job, moment)
        phase = PHASES[number // 2 % len(PHASES)]
        delay = self.generator.uniform(0, 0.02 if phase == "committing" else 0.3 * self.seconds)
        return f"{delay:.3f} s into '{phase}'", lambda *job: kill_in(*job, phase, delay)

    def one(self, deployment, number, attempt):
        """True when the kill came in time."""
        text, kill = self.aim(number, attempt)
        before = backups.packs(deployment)
        backups.write_files(deployment.source, FILES, FILE_SIZE, self.generator)
        with deployment.serve() as service:
            identifier = backups.start(service)
            kill(service, identifier)
            in_time = f"[{identifier}] job of kind backup ended" not in service.log()
        found = aftermath.check(self, deployment, identifier, before, FILES * FILE_SIZE)
        if in_time:
            self.hits[f"{found.phase}, {'committed' if found.committed else 'not committed'}"] += 1
            self.hits["left complete packs"] += found.packs > 0
            self.hits["left a folder without COMMIT"] += found.half
        print(f"kill {number + 1:2}: {text}: {found}{'' if in_time else ' (too late, not counted)'}", flush=True)
        return in_time

    def rounds(self, first, last):
        with Deployment() as deployment:
            backups.write_files(deployment.source, FILES, FILE_SIZE, self.generator)
            with deployment.serve() as service:
                deployment.configure(service)
                if self.seconds is None:
                    self.measure(service)
            for number in range(first, last):
                attempt = 0
                while not self.one(deployment, number, attempt):
                    attempt += 1

    def test_random_moments(self):
        print(f"\nKILL_SEED={SEED} KILLS={KILLS}", flush=True)
        for first in range(0, KILLS, ROUNDS_A_DEPLOYMENT):
            self.rounds(first, min(first + ROUNDS_A_DEPLOYMENT, KILLS))
        for text, count in sorted(self.hits.items()):
            print(f"{count:4} kills: {text}")
        if KILLS >= 2 * len(PHASES):
            # Or nothing about reuse was tried.
            self.assertGreater(self.hits["left complete packs"], 0)


class Calls(unittest.TestCase):
    """Before every STEP-th system call of one kind, on a small source."""

    def one(self, deployment, call, number, seed):
        """What was found, or None when the backup was over without so many calls."""
        backups.write_files(deployment.source, 3, 1 << 20, random.Random(seed))
        before = backups.packs(deployment)
        identifier = None
        with deployment.serve() as service:
            with killing.killed_before(service, call, number):
                try:
                    identifier = backups.start(service)
                    backups.wait(service, identifier)
                    return None
                except (OSError, http.client.HTTPException):
                    service.process.wait()
                    service.client.close()
        return aftermath.check(self, deployment, identifier, before, 3 << 20)

    def sweep(self, call, first):
        """Every deployment takes a few, then a new one makes the listings short again."""
        results, number = [], first
        while True:
            with Deployment() as deployment:
                with deployment.serve() as service:
                    deployment.configure(service)
                    backups.make(service)
                for _ in range(ROUNDS_A_DEPLOYMENT):
                    with self.subTest(call=call, number=number):
                        found = self.one(deployment, call, number, number)
                        if found is None:
                            return results
                        results.append(found)
                    number += STEP

    def test_before_every_call(self):
        for position, call in enumerate(CALLS):
            step_in = 1 + position * 3 % STEP
            results = self.sweep(call, step_in)
            print(f"{call:10} {len(results):3} kills: {sum(r.committed for r in results)} after COMMIT, "
                  f"{sum(r.half for r in results)} left a folder without COMMIT, "
                  f"{sum(r.packs > 0 for r in results)} complete packs", flush=True)


if os.geteuid() != 0:
    # The service lets nobody but root trace it.
    print("left out: kills before system calls need root")
    del Calls

if __name__ == "__main__":
    counted.main()

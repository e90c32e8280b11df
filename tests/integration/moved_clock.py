# SPDX-License-Identifier: Apache-2.0
"""A wall clock in the test's hands, see tests/preload/clock_shift.c."""

import mmap
import os
import struct
import time

import harness


class Clock:
    """For processes with .environment: the real time and an offset."""

    def __init__(self, deployment, name="clock"):
        path = deployment.path(name)
        with open(path, "wb") as file:
            file.write(bytes(8))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 8)
        self.offset = 0
        library = os.path.join(os.path.dirname(harness.PROGRAM[-1]), "tests", "preload", "clock_shift.so")
        if not os.path.exists(library):
            raise harness.Failure(f"{library} is missing: make test-tools")
        self.environment = {**os.environ, "CLOCK_SHIFT_FILE": path, "LD_PRELOAD": library}

    def set(self, offset):
        self.offset = offset
        struct.pack_into("=q", self.memory, 0, offset)

    def now(self):
        return time.time() + self.offset

    def advance_to(self, moment):
        self.set(self.offset + round(moment - self.now()) + 1)

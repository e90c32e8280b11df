#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an SMB server was told to make durable is: it calls fsync before success is reported, and nothing of what was
reported is lost when the server is killed."""

import array
import glob
import os
import re
import subprocess
import unittest

import counted
import fault_places
import fault_table

BLOCK = 1 << 20


def pack_bytes(number):
    """What share_upload.c writes into that pack."""
    data = bytearray()
    for offset in range(0, fault_table.PACK_SIZE, BLOCK):
        first = (number << 40) + offset
        data += array.array("Q", range(first, first + BLOCK // 8)).tobytes()
    return bytes(data)


class Trace:
    """The system calls of a server, from the begin of the with-block on."""

    CALLS = "pwrite64,pwritev,pwritev2,fsync,fdatasync,renameat,renameat2"

    def __init__(self, server):
        self.server = server
        self.path = os.path.join(server.folder, "trace")

    def __enter__(self):
        self.process = subprocess.Popen(
            ["strace", "-f", "-y", "-e", f"trace={self.CALLS}", "-o", self.path, "-p", str(self.server.process.pid)],
            stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "attached" in line:
                return self
        raise AssertionError(f"strace ended with {self.process.wait()}")

    def __exit__(self, *_):
        with self.process:
            self.process.terminate()

    def calls(self):
        """(name, arguments) of every call that went well, in the order in which they ended."""
        begun = {}
        with open(self.path, encoding="utf-8", errors="replace") as file:
            for line in file:
                pid, text = line.split(None, 1)
                call = re.match(r"(\w+)\((.*)", text)
                if call:
                    begun[pid] = call.groups()
                if re.search(r"\) += \d+$", text.rstrip()):
                    yield begun.pop(pid)


class Durable(unittest.TestCase):
    def test_flushed_before_success_and_there_after_a_kill(self):
        with fault_places.Smb() as place:
            with Trace(place.server) as trace:
                outcome = fault_table.upload(place.address, at="close:2",
                                             provoke=lambda: self.check_and_kill(place, trace))
            outcome.finish()
            self.assertEqual(outcome.result["class"], "ShareConnection")
            self.assertEqual(len(outcome.uploaded), 1)
            self.check_content(place, ".temporary-*", 2)
            self.check_content(place, "*.pack", 1)
            place.server.start()
            self.assertEqual(fault_table.upload(place.address).finish(), 0)

    def check_and_kill(self, place, trace):
        """The flush of the second pack was reported, its close not even asked for."""
        calls = list(trace.calls())
        names = os.listdir(os.path.join(place.data, "packs"))
        self.assertEqual(len(names), 2)
        for name in names:
            self.check_flushed(calls, *re.search(r"([0-9a-f-]{36})(\.pack)?$", name).groups())
        place.kill()

    def check_flushed(self, calls, guid, is_final):
        """The last write to a file comes before its fsync, and that before it gets its final name."""
        order = [name for name, arguments in calls if guid in arguments]
        wanted = r"(pwrite\w* )+f(data)?sync " + (r"rename\w* " if is_final else "")
        self.assertRegex(" ".join(order) + " ", f"^{wanted}$")

    def check_content(self, place, pattern, number):
        path, = glob.glob(os.path.join(place.data, "packs", pattern))
        with open(path, "rb") as file:
            self.assertTrue(file.read() == pack_bytes(number), path)


if __name__ == "__main__":
    fault_places.enter_namespaces()
    counted.main()

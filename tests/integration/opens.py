# SPDX-License-Identifier: Apache-2.0
"""Which files are opened, by whomever, as the kernel tells it: inotify, which needs no rights over who opens them."""

import collections
import ctypes
import errno
import os
import struct

OPEN, OVERFLOW, IS_FOLDER = 0x20, 0x4000, 0x40000000
EVENT = struct.Struct("iIII")


class Opens:
    """Watches every folder below @root from now on; close it with a with-block."""

    def __init__(self, root):
        self.library = ctypes.CDLL(None, use_errno=True)
        self.descriptor = self.check(self.library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self.folders = {}
        for folder, _, _ in os.walk(root):
            watch = self.library.inotify_add_watch(self.descriptor, os.fsencode(folder), OPEN)
            self.folders[self.check(watch)] = folder

    @staticmethod
    def check(result):
        if result < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return result

    def files(self):
        """{path: how often} of the files opened since the last call."""
        found = collections.Counter()
        while True:
            try:
                data = os.read(self.descriptor, 1 << 20)
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    raise
                return dict(found)
            position = 0
            while position < len(data):
                watch, mask, _, length = EVENT.unpack_from(data, position)
                name = data[position + EVENT.size:position + EVENT.size + length].rstrip(b"\0")
                position += EVENT.size + length
                if mask & OVERFLOW:
                    raise AssertionError("more events than the kernel keeps")
                if not mask & IS_FOLDER and name:
                    found[os.path.join(self.folders[watch], os.fsdecode(name))] += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.descriptor)

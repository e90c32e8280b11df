# SPDX-License-Identifier: Apache-2.0
"""Puts the entries of one role back into a folder that did not exist."""

import collections
import errno
import hashlib
import os
import stat

from reader_format import Bytes, Refused, require

FILE, FOLDER, SYMBOLIC_LINK, HARD_LINK, FIFO, SOCKET, CHARACTER, BLOCK = range(1, 9)
UNREADABLE, VANISHED = 1, 2
ZEROS = bytes(1 << 20)

Entry = collections.namedtuple(
    "Entry", "kind problem cause mode user group major minor size time path target attributes")


def parse_entry(payload):
    data = Bytes(payload, "manifest: entry")
    kind, problem, cause = data.number("B"), data.number("B"), data.number("i")
    mode, user, group = data.number("I"), data.number("I"), data.number("I")
    major, minor, size = data.number("I"), data.number("I"), data.number("Q")
    time, path = data.number("q"), data.text()
    target = data.text() if data.flag() else None
    attributes = [(data.text(), data.blob()) for _ in range(data.number("I"))]
    data.end()
    what = f"manifest: {path!r}"
    require(FILE <= kind <= BLOCK, f"{what}: unknown type {kind}")
    require(problem <= 3, f"{what}: unknown problem {problem}")
    require(mode <= 0o7777, f"{what}: mode {mode:o}")
    require(target is None or kind in (SYMBOLIC_LINK, HARD_LINK), f"{what}: a link target")
    require(target is not None or kind != HARD_LINK, f"{what}: no link target")
    parts = path.split(b"/") if path else []
    require(not any(part in (b"", b".", b"..") for part in parts), f"{what}: not a relative path")
    require(len({name for name, _ in attributes}) == len(attributes), f"{what}: an attribute twice")
    return Entry(kind, problem, cause, mode, user, group, major, minor, size, time, path, target,
                 attributes)


class Output:
    """The file just begun; without a descriptor it is only hashed."""

    def __init__(self, entry, descriptor):
        self.entry, self.descriptor = entry, descriptor
        self.size, self.digest = 0, hashlib.sha256()

    def write(self, data):
        self.digest.update(data)
        self.size += len(data)
        if self.descriptor is not None:
            view = memoryview(data)
            while view:
                view = view[os.write(self.descriptor, view):]

    def hole(self, length):
        self.size += length
        if self.descriptor is not None:
            os.lseek(self.descriptor, length, os.SEEK_CUR)
        while length > 0:
            self.digest.update(ZEROS[:min(length, len(ZEROS))])
            length -= len(ZEROS)


class Role:
    """One role's content. @folder None: nothing is written, everything is checked."""

    def __init__(self, name, folder, notes):
        self.name, self.notes = name, notes
        self.kinds = {}
        self.problems = []
        self.left_out = set()  # files that are not there, and hard links of them
        self.bytes = 0
        self.late = []  # folders get their times and modes when nothing is put into them any more
        self.output = None
        self.root = None
        if folder is not None:
            try:
                os.mkdir(folder)
            except OSError as error:
                raise Refused(f"{folder}: {error.strerror}") from error
            self.root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)

    def note(self, entry, text):
        self.notes.append(f"{self.name}/{os.fsdecode(entry.path)}: {text}")

    def open_parent(self, path):
        """A descriptor of the folder above; no symbolic link is followed."""
        parts = path.split(b"/")
        descriptor = os.dup(self.root)
        for part in parts[:-1]:
            try:
                below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            finally:
                os.close(descriptor)
            descriptor = below
        return descriptor, parts[-1]

    def add(self, entry):
        path = entry.path
        require(path not in self.kinds, f"manifest: {path!r} twice")
        if path == b"":
            require(entry.kind == FOLDER, "manifest: the role's folder is not a folder")
        elif b"/" in path:
            parent = path.rpartition(b"/")[0]
            require(self.kinds.get(parent) == FOLDER, f"manifest: {path!r} before its folder")
        if entry.kind == HARD_LINK:
            require(entry.target in self.kinds and self.kinds[entry.target] != FOLDER,
                    f"manifest: {path!r} links to what is not there")
        self.kinds[path] = entry.kind
        if entry.kind == FILE:
            self.output = Output(entry, self.create_file(entry))
            return
        if entry.problem:
            self.problems.append(entry)
        if self.root is not None:
            self.restore(entry)

    def create_file(self, entry):
        if self.root is None or entry.path == b"":
            return None
        parent, name = self.open_parent(entry.path)
        try:
            return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600,
                           dir_fd=parent)
        finally:
            os.close(parent)

    def finish_file(self, size, digest, problem, cause):
        output, self.output = self.output, None
        entry = output.entry._replace(problem=problem, cause=cause)
        what = f"{self.name}/{os.fsdecode(entry.path)}"
        if problem == UNREADABLE:
            require(output.size <= size, f"{what}: {output.size} bytes instead of at most {size}")
        else:
            require(output.size == size, f"{what}: {output.size} bytes instead of {size}")
            require(output.digest.digest() == digest, f"{what}: the content's hash is wrong")
        self.bytes += size
        if problem:
            self.problems.append(entry)
        if output.descriptor is None:
            return
        os.ftruncate(output.descriptor, output.size)
        os.close(output.descriptor)
        parent, name = self.open_parent(entry.path)
        try:
            if problem == VANISHED or (problem == UNREADABLE and output.size == 0 < entry.size):
                os.unlink(name, dir_fd=parent)
                self.left_out.add(entry.path)
            else:
                self.set_metadata(entry, parent, name)
        finally:
            os.close(parent)

    def restore(self, entry):
        if entry.path == b"":
            self.late.append(entry)
            return
        vanished = entry.problem == VANISHED and entry.kind != FOLDER
        if vanished or (entry.kind == SYMBOLIC_LINK and not entry.target):
            return
        if entry.kind == HARD_LINK and entry.target in self.left_out:
            self.note(entry, "the file that it links to could not be read")
            return
        parent, name = self.open_parent(entry.path)
        try:
            if self.create(entry, parent, name):
                self.set_metadata(entry, parent, name)
        finally:
            os.close(parent)

    def create(self, entry, parent, name):
        """True when metadata are to be set at once."""
        if entry.kind == FOLDER:
            os.mkdir(name, 0o700, dir_fd=parent)
            self.late.append(entry)
            return False
        if entry.kind == SYMBOLIC_LINK:
            os.symlink(entry.target, name, dir_fd=parent)
        elif entry.kind == HARD_LINK:
            other, first = self.open_parent(entry.target)
            try:
                os.link(first, name, src_dir_fd=other, dst_dir_fd=parent, follow_symlinks=False)
            finally:
                os.close(other)
            return False
        elif entry.kind == FIFO:
            os.mkfifo(name, 0o600, dir_fd=parent)
        elif entry.kind == SOCKET:
            self.note(entry, "a socket is not restored")
            return False
        else:
            kind = stat.S_IFCHR if entry.kind == CHARACTER else stat.S_IFBLK
            try:
                os.mknod(name, kind | 0o600, os.makedev(entry.major, entry.minor), dir_fd=parent)
            except PermissionError:
                self.note(entry, "devices need more rights")
                return False
        return True

    def set_metadata(self, entry, parent, name):
        """In this order: a change of the owner takes the set-user-id bit and capabilities away."""
        path = f"/proc/self/fd/{parent}/".encode() + name
        try:
            os.chown(path, entry.user, entry.group, follow_symlinks=False)
        except PermissionError:
            self.note(entry, "its owner needs more rights")
        for attribute, value in entry.attributes:
            try:
                os.setxattr(path, attribute, value, follow_symlinks=False)
            except OSError as error:
                if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EACCES):
                    raise
                self.note(entry, f"attribute {os.fsdecode(attribute)}: {error.strerror}")
        if entry.kind != SYMBOLIC_LINK:
            os.chmod(path, entry.mode)
        os.utime(path, ns=(entry.time, entry.time), follow_symlinks=False)

    def finish(self, entries, size, problems):
        require(entries == len(self.kinds), f"{self.name}: {len(self.kinds)} entries, {entries} said")
        require(size == self.bytes, f"{self.name}: {self.bytes} bytes, {size} said")
        counted = sum(entry.problem != VANISHED for entry in self.problems)
        require(problems == counted, f"{self.name}: {counted} problems, {problems} said")
        for entry in reversed(self.late):
            if entry.path == b"":
                self.set_metadata(entry, self.root, b".")
                continue
            parent, name = self.open_parent(entry.path)
            try:
                self.set_metadata(entry, parent, name)
            finally:
                os.close(parent)
        for entry in self.problems:
            self.note(entry, f"problem {entry.problem}" +
                      (f" ({errno.errorcode.get(entry.cause, entry.cause)})" if entry.cause else ""))
        if self.root is not None:
            os.close(self.root)

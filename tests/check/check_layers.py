#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses includes that tests/layers.txt does not allow."""

import fnmatch
import os
import re
import sys

import source_files


def read_table():
    modules, libraries = {}, []
    for line in source_files.read("tests/layers.txt").splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0].startswith("<"):
            libraries.append((words[0].strip("<>"), words[1:]))
        else:
            modules[words[0].rstrip(":")] = words[1:]
    return modules, libraries


def module_of(name):
    """The module a source or public header belongs to, None for tests."""
    match = re.match(r"src/([^/]+)/|include/infrabackup/([^/.]+)", name)
    return (match.group(1) or match.group(2)) if match else None


def owner_of_private(name, included):
    """The path of a quoted include beside the file or under tests/, or None when it does not exist."""
    beside = os.path.normpath(os.path.join(os.path.dirname(name), included))
    for path in (beside, os.path.join("tests", included)):
        if os.path.isfile(os.path.join(source_files.ROOT, path)):
            return path
    return None


class Checker:
    def __init__(self):
        self.modules, self.libraries = read_table()

    def public(self, name, included):
        module = module_of(name)
        used = included.split("/")[1].split(".")[0]
        if module is None or used == module:
            return None
        if module not in self.modules:
            return f"module {module} is not in tests/layers.txt"
        if used in self.modules[module] or "*" in self.modules[module]:
            return None
        return f"{module} may not include {used} (tests/layers.txt)"

    def private(self, name, included):
        path = owner_of_private(name, included)
        if path is None:
            return f'"{included}" is neither beside this file nor under tests/'
        folder, own = os.path.dirname(path), os.path.dirname(name)
        if folder == own or (module_of(name) is None and path.startswith("tests/")):
            return None
        tested = re.match(r"tests/(?:unit|fault|fuzz)/([^/]+)", name)
        if tested and (folder == "src/" + tested.group(1) or name.startswith("tests/fuzz/")):
            return None
        return f'"{included}" is a private header of {folder}'

    def library(self, name, included):
        for pattern, places in self.libraries:
            if not fnmatch.fnmatchcase(included, pattern):
                continue
            if name.startswith("tests/") or any(fnmatch.fnmatchcase(name, p) for p in places):
                return None
            return f"<{included}> belongs into {' '.join(places)}"
        return None

    def check(self, name, line):
        match = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
        if not match:
            return None
        quote, included = match.groups()
        if quote == "<":
            if included.startswith("infrabackup/"):
                return "own headers are included with quotes"
            return self.library(name, included)
        if included.startswith("infrabackup/"):
            return self.public(name, included)
        return self.private(name, included)


def main():
    checker, findings = Checker(), []
    names = source_files.matching("*.c", "*.h")
    for name in names:
        for number, line in enumerate((source_files.read(name) or "").splitlines(), 1):
            finding = checker.check(name, line)
            if finding:
                findings.append(f"{name}:{number}: {finding}")
    return source_files.finish("check-layers", findings, f"{len(names)} files")


if __name__ == "__main__":
    sys.exit(main())

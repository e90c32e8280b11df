#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The files of the project for the checkers: what git knows, or would if it were added.

As a program: prints those whose path matches one of the patterns.
"""

import fnmatch
import os
import re
import subprocess
import sys

ROOT = os.environ.get("CHECK_ROOT") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
)


def listed():
    """Relative paths, sorted. An unpacked archive without git counts every file that is not built."""
    command = ["git", "-c", "safe.directory=*", "-C", ROOT, "ls-files", "-z", "--cached"]
    command += ["--others", "--exclude-standard"]
    try:
        output = subprocess.run(command, check=True, capture_output=True).stdout
        names = output.decode("utf-8", "surrogateescape").split("\0")
    except (OSError, subprocess.CalledProcessError):
        names = []
        for folder, folders, files in os.walk(ROOT):
            folders[:] = [n for n in folders if n not in (".git", "__pycache__", "build")
                          and not n.startswith("build-")]
            names += [os.path.relpath(os.path.join(folder, name), ROOT) for name in files]
    return sorted({n for n in names if n and os.path.isfile(os.path.join(ROOT, n))})


def matching(*patterns):
    """A * in a pattern also matches slashes."""
    return [n for n in listed() if any(fnmatch.fnmatchcase(n, p) for p in patterns)]


def read(name):
    """The text of a file, or None when it is not text."""
    with open(os.path.join(ROOT, name), "rb") as file:
        data = file.read()
    if b"\0" in data:
        return None
    return data.decode("utf-8", "surrogateescape")


def code_only(text):
    """C source with comments and the content of literals blanked out; lines stay where they are."""

    def blank(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] + found[0]
        return re.sub(r"[^\n]", " ", found)

    pattern = r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
    return re.sub(pattern, blank, text, flags=re.DOTALL)


def finish(checker, findings, note=""):
    """Prints the findings and returns the exit code."""
    for finding in findings:
        print(finding)
    if findings:
        print(f"{checker}: {len(findings)} found")
        return 1
    print(f"{checker}: ok" + (f" ({note})" if note else ""))
    return 0


if __name__ == "__main__":
    print("\n".join(matching(*(sys.argv[1:] or ["*"]))))

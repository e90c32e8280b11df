#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses functions and files that are too long, and a median function that is.

A function that is long for a good reason has `/* long: the reason */` on the line before it.
"""

import os
import re
import statistics
import subprocess
import sys

import source_files

FUNCTION_WARN, FUNCTION_MAX, MEDIAN_MAX = 80, 120, 25
FILE_WARN, FILE_MAX = 400, 700


def functions(names):
    """(file, line, name, length) of every function that is defined."""
    command = ["ctags", "-x", "--_xformat=%{end} %n %N %F", "--languages=C", "--kinds-C=f"]
    command += ["--fields=+ne", "-I", "MUST_CHECK,AUTO_FREE,AUTO_CLOSE,AUTO_JSON,AUTO_SECRET"]
    output = subprocess.run(command + ["-L", "-"], input="\n".join(names), text=True, check=True,
                            capture_output=True, cwd=source_files.ROOT).stdout
    for line in output.splitlines():
        end, start, function, name = line.split(" ", 3)
        if end.isdigit():
            yield name, int(start), function, int(end) - int(start) + 1


def has_reason(name, line):
    """The comment stands before the function, whose return type may have a line of its own."""
    lines = source_files.read(name).splitlines()
    return any(re.search(r"/\* long: \S", text) for text in lines[max(0, line - 3):line])


def check_functions(findings, warnings):
    lengths = []
    for name, line, function, length in functions(source_files.matching("*.c")):
        if name.startswith("src/"):
            lengths.append(length)
        if length <= FUNCTION_WARN or has_reason(name, line):
            continue
        text = f"{name}:{line}: {function} has {length} lines"
        if length > FUNCTION_MAX:
            findings.append(f"{text}, more than {FUNCTION_MAX} are refused")
        else:
            warnings.append(f"warning: {text}, look at it again over {FUNCTION_WARN}")
    median = statistics.median(lengths) if lengths else 0
    if median > MEDIAN_MAX:
        findings.append(f"src: the median function has {median:g} lines, {MEDIAN_MAX} are allowed")
    longest = max(lengths, default=0)
    return f"{len(lengths)} functions in src, median {median:g} lines, longest {longest}"


def check_files(findings, warnings):
    for name in source_files.matching("*.c", "*.h", "*.py", "*.sh"):
        length = len((source_files.read(name) or "").splitlines())
        if length > FILE_MAX:
            findings.append(f"{name}:1: {length} lines, more than {FILE_MAX} are refused")
        elif length > FILE_WARN:
            warnings.append(f"warning: {name}: {length} lines, split by noun over {FILE_WARN}")


def main():
    findings, warnings = [], []
    note = check_functions(findings, warnings)
    check_files(findings, warnings)
    if warnings:
        print("\n".join(warnings))
    return source_files.finish("check-lengths", findings, note)


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"
    sys.exit(main())

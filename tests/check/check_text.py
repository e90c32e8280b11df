#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses banned functions, missing licence lines, markers, paths of one machine, untidy white space."""

import re
import sys

import source_files

BANNED = (
    "strcpy strcat strncat sprintf vsprintf gets strtok atoi atol atoll strncpy alloca system popen "
    "mktemp tmpnam tempnam rand srand readdir_r"
).split()
LICENCE = "SPDX-License-Identifier: Apache-2.0"
# Written apart so that this file does not find itself.
MARKERS = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
MACHINE = re.compile(r"(?<![\w.$}~-])/(?:" + "|".join(("work", "root", "home", "farm")) + r")/\w")
CALL = r"(?<![\w.>])(%s)\s*\("
TYPEDEF = re.compile(r"\btypedef\s+(?:struct|union|enum)\s*\w*\s*(?:\{|\w+\s*;)")
SECRET_COMPARE = re.compile(r"\b(?:memcmp|strcmp)\s*\([^;]*(?:secret|password|token|hmac|mac)\b", re.I)


def check_calls(name, lines):
    """Functions that are not to be called; @lines without comments and literals."""
    banned = re.compile(CALL % "|".join(BANNED))
    ending = re.compile(CALL % "exit|abort|quick_exit")
    sleeping = re.compile(CALL % "sleep|usleep|nanosleep|clock_nanosleep")
    below_app = name.startswith("src/") and not name.startswith("src/app/")
    for number, line in enumerate(lines, 1):
        for match in banned.finditer(line):
            yield number, f"{match.group(1)}() is banned"
        if below_app and ending.search(line):
            yield number, "only src/app may end the process"
        if name.startswith("tests/unit/") and sleeping.search(line):
            yield number, "a test waits for what happens, it does not sleep"
        if name.startswith("src/") and SECRET_COMPARE.search(line):
            yield number, "secrets are compared with secret_equal() or CRYPTO_memcmp()"


def check_head(name, lines):
    """The licence line and the sentence about the purpose."""
    if name.endswith((".c", ".h")):
        if not lines or lines[0] != f"/* {LICENCE} */":
            yield 1, f"the first line is not /* {LICENCE} */"
        elif len(lines) < 2 or not lines[1].startswith("/* "):
            yield 2, "the second line is not a comment that says what the file is for"
    elif name.endswith((".sh", ".py", ".awk")) or (lines and lines[0].startswith("#!")):
        if not any(LICENCE in line for line in lines[:3]):
            yield 1, f"no {LICENCE} in the first three lines"


def check_lines(name, text, lines):
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield number, "white space at the end of the line"
        marker = MARKERS.search(line)
        if marker:
            yield number, f"{marker.group(1)}: do it or leave it"
        if MACHINE.search(line):
            yield number, "a path of one machine"
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end"
    if text.endswith("\n\n"):
        yield len(lines), "empty line at the end"


def check(name, text):
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    yield from check_head(name, lines)
    yield from check_lines(name, text, lines)
    if name.endswith((".c", ".h")):
        code = source_files.code_only(text)
        yield from check_calls(name, code.split("\n"))
        for match in TYPEDEF.finditer(code):
            yield code.count("\n", 0, match.start()) + 1, "no typedef for structs"


def main():
    findings, count = [], 0
    for name in source_files.listed():
        text = source_files.read(name) if name != "LICENSE" else None
        if text is None:
            continue
        count += 1
        findings += [f"{name}:{number}: {finding}" for number, finding in check(name, text)]
    return source_files.finish("check-text", findings, f"{count} files")


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses scripts that their interpreter does not parse."""

import ast
import os
import subprocess
import sys

import source_files


def interpreter_of(name, text):
    first = text.split("\n", 1)[0]
    for kind in ("bash", "python3", "sh"):
        if first.startswith("#!") and first.split("/")[-1].split()[-1] == kind:
            return kind
    if first.startswith("#!"):
        return first
    return {".sh": "sh", ".py": "python3"}.get(os.path.splitext(name)[1])


def check(name, text):
    """What is wrong, or None."""
    interpreter = interpreter_of(name, text)
    if interpreter is None:
        executable = os.access(os.path.join(source_files.ROOT, name), os.X_OK)
        return "executable without an interpreter line" if executable else None
    if interpreter == "python3":
        try:
            ast.parse(text, name)
        except SyntaxError as error:
            return f"line {error.lineno}: {error.msg}"
        return None
    if interpreter not in ("sh", "bash"):
        return f"unknown interpreter {interpreter}"
    result = subprocess.run([interpreter, "-n", name], cwd=source_files.ROOT, text=True,
                            capture_output=True)
    return result.stderr.strip() if result.returncode != 0 else None


def main():
    findings, count = [], 0
    for name in source_files.listed():
        text = source_files.read(name)
        if text is None:
            continue
        finding = check(name, text)
        count += interpreter_of(name, text) is not None
        if finding:
            findings.append(f"{name}:1: {finding}")
    return source_files.finish("check-scripts", findings, f"{count} scripts")


if __name__ == "__main__":
    sys.exit(main())

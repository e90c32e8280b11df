#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses C files that clang-format would change: `make format` changes them."""

import subprocess
import sys

import source_files


def main():
    names = source_files.matching("*.c", "*.h")
    findings = []
    if names:
        command = ["clang-format", "--dry-run", "-Werror", "--ferror-limit=1"] + names
        result = subprocess.run(command, cwd=source_files.ROOT, text=True, capture_output=True)
        findings = [line for line in result.stderr.splitlines() if "error:" in line]
        if result.returncode != 0 and not findings:
            findings = [result.stderr.strip()]
    return source_files.finish("check-format", findings, f"{len(names)} files")


if __name__ == "__main__":
    sys.exit(main())

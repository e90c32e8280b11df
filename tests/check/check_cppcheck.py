#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs cppcheck over src/. What a build folder remembers makes the next run shorter."""

import os
import subprocess
import sys

import source_files

# missingInclude*: system headers are not read, cppcheck knows the libraries it needs from its own
# descriptions. unknownMacro: attributes in front of declarations. memleak, resourceLeak: it does not
# know the cleanup attribute of AUTO_FREE and its kin; the address sanitizer and valgrind look for leaks
# while the tests run. readdirCalled: a stream that one thread owns is safe, readdir_r is not (readdir(3)).
# uninitvar, zerodivcond: it guesses wrong about `p = q ? q : &local` and about constants in tables; the
# compilers, valgrind and the undefined behaviour sanitizer do not.
SUPPRESSED = ("missingInclude missingIncludeSystem unknownMacro memleak resourceLeak readdirCalled "
              "uninitvar zerodivcond").split()


def main():
    names = source_files.matching("src/*.c")
    if not names:
        return source_files.finish("check-cppcheck", [], "no files")
    build = os.path.join(source_files.ROOT, sys.argv[1] if len(sys.argv) > 1 else "build", "cppcheck")
    os.makedirs(build, exist_ok=True)
    command = ["cppcheck", "--quiet", "--std=c11", "--language=c", "--library=posix", "-Iinclude"]
    command += ["--enable=warning,performance,portability", "--inline-suppr", "--error-exitcode=1"]
    command += [f"--cppcheck-build-dir={build}", f"-j{os.cpu_count()}", "-D_GNU_SOURCE"]
    command += ["--template={file}:{line}: {severity} {id}: {message}"]
    command += [f"--suppress={name}" for name in SUPPRESSED]
    result = subprocess.run(command + names, cwd=source_files.ROOT, text=True, capture_output=True)
    findings = [line for line in result.stderr.splitlines() if line.strip()]
    if result.returncode != 0 and not findings:
        findings = [result.stdout.strip() or f"cppcheck ended with {result.returncode}"]
    return source_files.finish("check-cppcheck", findings, f"{len(names)} files")


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the tests: tests/run_tests.py [--build DIR] [--only REGEX] [group...]

Groups: source unit asan tsan valgrind schema reader integration; without any, all of them, where
tsan, valgrind and asan are the bounded sample SAMPLES: a group that is named runs whole.

Scripts in tests/integration may ask for more with comment lines: `# also: asan`, `# also: tsan`,
`# also: valgrind`, and `# weight: 2` when they keep more than one processor busy. A C test that makes
no sense under valgrind (asan, tsan) says `/* not under valgrind: reason */`; one that needs other options
of the address sanitizer says `/* asan options: NAME=VALUE: reason */`.
"""

import argparse
import glob
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys

from run_jobs import Job, Runner

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = "/usr/bin/python3"
GROUPS = "source unit asan tsan valgrind schema reader integration".split()
CHECKS = "checkers layers lengths text scripts format cppcheck seen".split()
SANITIZED = {
    "asan": ["CC=clang", "SANITIZE=address,undefined"],
    "tsan": ["CC=clang", "SANITIZE=thread"],
}
# What a whole run takes of the slow groups, by name of the source: threads under tsan, parsers and
# owners of memory under valgrind, everything but the long ones under asan.
SAMPLES = {
    "asan": r"^(?!.*(test_backup_(large|changing|lease|prune|prune_lease|reconcile|retry|roles|scheduler|trees"
            r"|verify|verify_faults|verify_prune)\b|test_recover_(chain|keys|tamper)\b"
            r"|test_share_(conformance_lies|smb_(domain|expiry|suite))\b|fault/test_backup_cancel"
            r"|test_snapshot_walk|smb_matrix|fault/test_(crash|prune_faults|backup_faults))).*$",
    "tsan": r"unit/(jobs|http|backup/test_backup_(run|location|reconcile))|base_(queue|thread|cancel)"
            r"|share_(call|directory|fake)\b|db_(pool|job)\b",
    "valgrind": r"unit/(base|config|auth)/|archive_(block|pack|manifest|record_(?!parse))|crypto_(hash|aead|seal)"
                r"|db_(statement|job|token)\b|api_(backups|dispatch|location)|recover_versions"
                r"|backup_(cache|chunks|packs)",
}
VALGRIND = ["valgrind", "-q", "--vgdb=no", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite,possible", "--show-leak-kinds=definite,possible",
            "--child-silent-after-fork=yes", "--log-file=@LOG@.valgrind.%p"]


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def test_sources():
    return sorted(glob.glob("tests/unit/*/test_*.c") + glob.glob("tests/fault/test_*.c"))


def short_name(source):
    return re.sub(r"^tests/(unit/)?|\.(c|py)$", "", source)


class Plan:
    """The jobs of the chosen groups, in the order in which they start."""

    def __init__(self, options):
        self.options = options
        self.groups = options.groups or GROUPS
        self.scripts = sorted(glob.glob("tests/integration/test_*.py") +
                              glob.glob("tests/reader/test_real_*.py"))
        self.also = {script: set(re.findall(r"^# also: (\w+)", read(script), re.M))
                     for script in self.scripts}
        self.loader = self.fixed_addresses()

    @staticmethod
    def fixed_addresses():
        """The thread sanitizer of clang 14 does not stand every layout; a container may forbid this."""
        command = ["setarch", "-R"]
        try:
            works = subprocess.run(command + ["true"], capture_output=True, check=False)
        except OSError:
            return []
        return command if works.returncode == 0 else []

    def folder(self, kind):
        return self.options.build if kind == "plain" else f"{self.options.build}-{kind}"

    def environment(self, kind):
        """@LOG@ becomes the path of the job's log."""
        common = "log_path=@LOG@.sanitizer:print_stacktrace=1"
        return {
            "asan": {
                "ASAN_OPTIONS": f"{common}:detect_leaks=1:strict_string_checks=1",
                "UBSAN_OPTIONS": common,
            },
            "tsan": {"TSAN_OPTIONS": "log_path=@LOG@.sanitizer:second_deadlock_stack=1"},
        }.get(kind, {})

    def wants(self, kind):
        """Whether a script of the integration tests or a group needs this build, as make's targets."""
        targets = []
        unit = {"plain": {"unit", "valgrind"}}.get(kind, {kind})
        if unit & set(self.groups) and test_sources():
            targets.append("test-programs")
        if "integration" in self.groups and self.scripts:
            if kind == "plain" or any(kind in kinds for kinds in self.also.values()):
                targets += ["all", "test-tools"] if kind == "plain" else ["all"]
        return targets

    def builds(self):
        for kind in ("plain", "asan", "tsan"):
            targets = self.wants(kind)
            if targets:
                command = ["make", "-s", f"-j{os.cpu_count()}", f"BUILD={self.folder(kind)}"]
                command += SANITIZED.get(kind, []) + self.options.make + targets
                yield Job(f"build:{kind}", command, weight=os.cpu_count(), is_test=False)

    def unit(self, group):
        kind = group if group in SANITIZED else "plain"
        for source in test_sources():
            if re.search(rf"/\* not under {group}: \S", read(source)):
                continue
            if not self.options.groups and not re.search(SAMPLES.get(group, ""), source):
                continue
            command = [os.path.join(self.folder(kind), source[:-2])]
            if group == "valgrind":
                command = VALGRIND + command
            if group == "tsan":
                command = self.loader + command
            environment = self.environment(kind)
            more = re.search(r"/\* asan options: ([\w=]+): \S", read(source))
            if group == "asan" and more:
                environment["ASAN_OPTIONS"] += f":{more.group(1)}"
            yield Job(f"{group}:{short_name(source)}", command, environment, after=f"build:{kind}")

    def under_valgrind(self):
        """A program that is the product under valgrind, for scripts that want one path."""
        path = os.path.abspath(os.path.join(self.options.build, "infrabackup-valgrind"))
        words = [word.replace("@LOG@", "$VALGRIND_LOG") for word in VALGRIND]
        program = os.path.abspath(os.path.join(self.options.build, "infrabackup"))
        os.makedirs(self.options.build, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            quoted = " ".join(f'"{word}"' for word in words)
            file.write(f'#!/bin/sh\nexec {quoted} "{program}" "$@"\n')
        os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
        return path

    def integration(self):
        for script in self.scripts:
            weight = int((re.findall(r"^# weight: (\d+)", read(script), re.M) or ["1"])[0])
            for kind in ["plain"] + sorted(self.also[script]):
                build = kind if kind in SANITIZED else "plain"
                program = os.path.abspath(os.path.join(self.folder(build), "infrabackup"))
                environment = dict(self.environment(build), INFRABACKUP=program)
                command = [PYTHON, script]
                if kind == "valgrind":
                    environment.update(INFRABACKUP=self.under_valgrind(), VALGRIND_LOG="@LOG@")
                if kind == "tsan":
                    command = self.loader + command
                suffix = "" if kind == "plain" else f" ({kind})"
                yield Job(short_name(script) + suffix, command, environment, weight, f"build:{build}")

    def source(self):
        for check in CHECKS:
            yield Job(f"source:check-{check}", ["make", "-s", f"BUILD={self.options.build}",
                                                f"check-{check}"])

    @staticmethod
    def python(pattern):
        for script in sorted(glob.glob(pattern)):
            yield Job(short_name(script), [PYTHON, script])

    def tests(self):
        for group in self.groups:
            if group == "source":
                yield from self.source()
            elif group == "integration":
                yield from self.integration()
            elif group == "schema":
                yield from self.python("tests/schema/*.py")
            elif group == "reader":
                yield from self.python("tests/reader/test_reader.py")
            else:
                yield from self.unit(group)

    def jobs(self):
        tests = [job for job in self.tests() if re.search(self.options.only, job.name)]
        needed = {job.after for job in tests}
        return [job for job in self.builds() if job.name in needed], tests


def remembered(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def main():
    parser = argparse.ArgumentParser(description="Builds and runs the tests.")
    parser.add_argument("--build", default="build", help="folder of the plain build")
    parser.add_argument("--make", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--only", default="", metavar="REGEX", help="jobs whose names match")
    # One more than processors: many wait for a server, a disk or a deadline.
    parser.add_argument("--jobs", type=int, default=os.cpu_count() + 1, help="how many side by side")
    parser.add_argument("groups", nargs="*", metavar="group", help=", ".join(GROUPS))
    options = parser.parse_args()
    unknown = set(options.groups) - set(GROUPS)
    if unknown:
        parser.error(f"unknown group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    os.chdir(ROOT)
    # Being ended ends the jobs, as an interrupt from the keyboard does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    builds, tests = Plan(options).jobs()
    durations = os.path.join(options.build, "test-durations.json")
    last = remembered(durations)
    # What took longest comes first, so that the end is not one long job alone.
    tests.sort(key=lambda job: -last.get(job.name, 0))
    logs = os.path.abspath(os.path.join(options.build, "test-logs"))
    results = Runner(logs, max(1, options.jobs)).run(builds + tests)

    last.update({name: round(result.seconds, 2) for name, result in results.items()})
    with open(durations, "w", encoding="utf-8") as file:
        json.dump(last, file)
    passed = sum(result.passed for result in results.values())
    failed = sum(result.failed for result in results.values())
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    if shutil.which("make") is None:
        sys.exit("run_tests: make is missing; sh deploy/test.sh installs what is")
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)

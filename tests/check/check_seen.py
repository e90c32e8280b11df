#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Refuses an alert, an error code or an end of a job that no test expects by its code.

A fault that is in the catalogue, a code that is in the error table and a final state of jobs are promises
to people's scripts; each must have been seen by a test, in the words that go over the wire or by the name
that the code has for it.
"""

import re
import sys

import source_files

# These walk over the whole list, and so expect nothing of one.
LISTS = ("tests/unit/alert/test_alert_catalogue.c", "tests/unit/alert/test_alert_view.c",
         "tests/unit/backup/test_backup_alert_fault.c", "tests/unit/jobs/test_jobs_state.c",
         "tests/check/*", "tests/fuzz/*", "tests/schema/*")
# Nothing raises it yet.
NOT_RAISED = {}


def table(name):
    """The text of the file, none when there is no such file."""
    return "".join(source_files.read(n) or "" for n in source_files.matching(name))


def promised():
    """(what it is, its words on the wire, its name in the code or None)"""
    catalogue = table("src/alert/alert_catalogue.c")
    for name, fault in re.findall(r'\[(ALERT_\w+)\]\s*=\s*\{\s*"(\w+)"', catalogue):
        yield "alert", fault, name
    errors = table("src/api/api_errors.c")
    for code in sorted(set(re.findall(r'\{\s*\d{3},\s*"(\w+)"', errors))):
        yield "error code", code, None
    states = table("src/jobs/jobs_state.c")
    for name, state in re.findall(r'\[(JOB_\w+)\]\s*=\s*\{\s*"(\w+)",\s*0\s*\}', states):
        yield "end of a job", state, name


def main():
    lists = set(source_files.matching(*LISTS))
    names = [n for n in source_files.matching("tests/*.c", "tests/*.py", "tests/*.sh") if n not in lists]
    words = set()
    for name in names:
        words.update(re.findall(r"\w+", source_files.read(name) or ""))
    found, findings = 0, []
    for kind, wire, name in promised():
        found += 1
        is_seen = wire in words or name in words
        if not is_seen and wire not in NOT_RAISED:
            findings.append(f"{kind} {wire}: no test expects it")
        if is_seen and wire in NOT_RAISED:
            findings.append(f"{kind} {wire}: a test expects it; it is not to be in NOT_RAISED")
    if found == 0:
        findings.append("nothing is promised: the tables were not found")
    return source_files.finish("check-seen", findings, f"{found} alerts, error codes and ends of jobs")


if __name__ == "__main__":
    sys.exit(main())

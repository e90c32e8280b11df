#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The test runner itself: whatever goes wrong in a job must be a failure, and nothing else."""

import contextlib
import io
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run_jobs  # noqa: E402

CMOCKA = "[  PASSED  ] 3 test(s).\n"
CMOCKA_FAILED = "[  PASSED  ] 2 test(s).\n[  FAILED  ] 1 test(s), listed below:\n"
CMOCKA_SKIPPED = "[  PASSED  ] 2 test(s).\n[  SKIPPED ] 1 test(s), listed below:\n"


def shell(text, **more):
    return run_jobs.Job("job", ["sh", "-c", text], **more)


def said(text, code=0):
    return shell(f"printf '%s' '{text}'; exit {code}")


# What is run, and the tests it must count as (passed, failed).
CASES = {
    "a plain success": ([shell("true")], (1, 0)),
    "a plain failure": ([shell("false")], (0, 1)),
    "a program that is missing": ([run_jobs.Job("job", ["/nonexistent/program"])], (0, 1)),
    "cmocka's counts": ([said(CMOCKA)], (3, 0)),
    "cmocka's failure": ([said(CMOCKA_FAILED, 1)], (2, 1)),
    "a skipped test has not passed": ([said(CMOCKA_SKIPPED)], (2, 1)),
    "a bad end after good tests": ([said(CMOCKA, 99)], (3, 1)),
    "a script's own counts": ([said("5 passed, 0 failed")], (5, 0)),
    "a script's own failures": ([said("4 passed, 2 failed", 1)], (4, 2)),
    "a crash": ([shell("kill -SEGV $$")], (0, 1)),
    "a file left behind": ([shell('touch "$TMPDIR/left"')], (0, 1)),
    "a process left running": ([shell("sleep 600 & exit 0")], (0, 1)),
    "a program that hangs": ([shell("sleep 600")], (0, 1)),
    "a report of a sanitizer": ([shell('echo race > "$REPORT.1"', environment={"REPORT": "@LOG@"})], (0, 1)),
    "an empty report": ([shell(': > "$REPORT.1"', environment={"REPORT": "@LOG@"})], (1, 0)),
    "a build is not a test": ([run_jobs.Job("job", ["true"], is_test=False)], (0, 0)),
    "a build that fails": ([run_jobs.Job("job", ["false"], is_test=False)], (0, 1)),
    "a test whose build failed": (
        [run_jobs.Job("build", ["false"], is_test=False, weight=9), shell("true", after="build")], (0, 2)),
}


def main():
    bound = run_jobs.HANGING_AFTER
    passed = failed = 0
    for name, (jobs, expected) in CASES.items():
        run_jobs.HANGING_AFTER = 1 if "hangs" in name else bound
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            results = run_jobs.Runner(os.path.join(folder, "logs"), 2).run(jobs)
        found = (sum(r.passed for r in results.values()), sum(r.failed for r in results.values()))
        if found == expected:
            passed += 1
        else:
            failed += 1
            print(f"test_runner: {name}: counted {found}, expected {expected}")
    print(f"test_runner: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

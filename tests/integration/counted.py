# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of the main module and ends with the line that the runner counts by."""

import sys
import unittest


def main():
    """`N passed, M failed`, and the exit status; what was skipped has not passed."""
    program = unittest.main(module="__main__", exit=False, verbosity=2,
                            testRunner=unittest.TextTestRunner(stream=sys.stdout, verbosity=2))
    result = program.result
    failed = (len(result.failures) + len(result.errors) + len(result.skipped) +
              len(result.unexpectedSuccesses))
    passed = max(result.testsRun - failed, 0)
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(0 if passed and not failed else 1)

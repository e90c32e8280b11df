#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""api/errors.md says what the error table says."""

import os
import subprocess
import unittest

import harness


class ErrorsPage(unittest.TestCase):
    def test_page_is_fresh(self):
        tool = os.path.join(os.path.dirname(harness.PROGRAM[-1]), "tests", "tools", "errors_page")
        printed = subprocess.run([tool], text=True, capture_output=True, check=False)
        self.assertEqual(printed.returncode, 0, printed.stderr)
        with open(os.path.join(harness.ROOT, "api", "errors.md"), encoding="utf-8") as page:
            self.assertEqual(page.read(), printed.stdout, "api/errors.md is stale: run make errors-page")


if __name__ == "__main__":
    unittest.main(verbosity=2)

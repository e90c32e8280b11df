# SPDX-License-Identifier: Apache-2.0
"""Rows of a table of faults as tests of their own."""

import re

import fault_table


def add(case, row):
    """To @case, a class of tests: one that runs @row and fails for what is wrong with it."""
    def test(self):
        row.run()
        fault_table.print_row(row)
        self.assertEqual(row.findings, [])

    setattr(case, "test_" + re.sub(r"\W+", "_", row.fault.name), test)

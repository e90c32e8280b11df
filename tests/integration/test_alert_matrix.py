#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# weight: 2
"""A sample of the truth table of alerts on real servers and file systems: `make alert-matrix` has all of it."""

import contextlib
import unittest

import alert_rows
import alert_table
import counted
import fault_places
import row_tests

SAMPLE = ("wrong password", "server killed in mid-write", "server: full at the commit", "mount: frozen in mid-write")


class Sample(unittest.TestCase):
    """A test a row, added below."""


if __name__ == "__main__":
    fault_places.enter_namespaces()
    with contextlib.ExitStack() as stack:
        faults = alert_rows.all_faults(stack)
        for chosen in SAMPLE:
            row_tests.add(Sample, alert_table.Row(faults[chosen]))
        counted.main()

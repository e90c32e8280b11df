#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A sample of the table of faults on real servers and file systems: `make share-faults` has all of it."""

import contextlib
import unittest

import counted
import fault_places
import fault_rows
import fault_table
import row_tests

SAMPLE = ("wrong password", "DFS link", "server refuses encryption", "name service down", "not an SMB server (HTTP)",
          "packets dropped", "server killed in mid-write", "server frozen before rename",
          "connection reset in mid-write", "server: full in the last block", "server: quota used up (btrfs)",
          "server: EIO at flush file",
          "server: other bytes come back", "mount: full in the middle", "mount: frozen in mid-write",
          "mount: ESTALE at write file")
SLACK_SECONDS = 8


class Sample(unittest.TestCase):
    """A test a row, added below."""


if __name__ == "__main__":
    fault_places.enter_namespaces()
    with contextlib.ExitStack() as stack:
        faults = fault_rows.all_faults(stack)
        for chosen in SAMPLE:
            row_tests.add(Sample, fault_table.Row(faults[chosen], SLACK_SECONDS))
        counted.main()

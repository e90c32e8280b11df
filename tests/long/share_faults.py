#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints what is reported when real servers and file systems fail, a row a fault: `make share-faults`, as root.
Arguments: regular expressions; only rows whose names match one."""

import contextlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

import fault_places
import fault_rows
import fault_table


def main():
    fault_places.enter_namespaces()
    wanted = "|".join(sys.argv[1:])
    with contextlib.ExitStack() as stack:
        passed, failed = fault_table.run_table(
            [fault for name, fault in fault_rows.all_faults(stack).items() if re.search(wanted, name)])
    print(f"{passed} passed, {failed} failed")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()

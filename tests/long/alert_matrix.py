#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints which alert a service raises when its share fails, a row a fault: `make alert-matrix`, as root.
Arguments: regular expressions; only rows whose names match one."""

import contextlib
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

import alert_rows
import alert_table
import fault_places


def main():
    fault_places.enter_namespaces()
    wanted = "|".join(sys.argv[1:])
    with contextlib.ExitStack() as stack:
        passed, failed = alert_table.run_table(
            [fault for name, fault in alert_rows.all_faults(stack).items() if re.search(wanted, name)])
    print(f"{passed} passed, {failed} failed")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()

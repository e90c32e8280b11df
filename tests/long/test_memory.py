#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The service's peak memory while it backs 4 GiB in 100,000 files up: `make memory-limit`. Needs 13 GiB below $TMPDIR."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))

import counted
import memory


class Whole(memory.Memory):
    """Minutes."""

    files, size = 100000, 4 << 30


if __name__ == "__main__":
    counted.main()

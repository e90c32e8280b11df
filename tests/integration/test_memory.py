#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# weight: 2
"""The service's peak memory does not grow with a backup: the sample of tests/long/test_memory.py."""

import counted
import memory


class Sample(memory.Memory):
    """Seconds."""

    files, size = 10000, 200 << 20


if __name__ == "__main__":
    counted.main()

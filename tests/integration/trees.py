# SPDX-License-Identifier: Apache-2.0
"""Folders to back up, and what recovering them must bring back."""

import filecmp
import os


def fill(folder):
    for name, size in (("empty", 0), ("small", 100), ("large", 40 << 20)):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(os.urandom(size))
    os.mkdir(os.path.join(folder, "folder"))
    with open(os.path.join(folder, "folder", "grüße.txt"), "w", encoding="utf-8") as file:
        file.write("text\n")


def differences(left, right):
    """Names that are not in both with the same content."""
    found = []
    for folder, _, files in os.walk(left):
        other = os.path.join(right, os.path.relpath(folder, left))
        found += [os.path.join(folder, name) for name in files
                  if not os.path.exists(os.path.join(other, name))
                  or not filecmp.cmp(os.path.join(folder, name), os.path.join(other, name), False)]
    return found

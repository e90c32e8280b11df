# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line share."""

import os
import subprocess
import unittest

from harness import run

PFX_PASSWORD = "correct horse battery staple"


def environment(**changes):
    """Without whatever the machine's own environment says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INFRABACKUP_")}
    return {**kept, **changes}


def tree(folder):
    """Everything below @folder: name, mode and content."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(path, name)
            with open(full, "rb") as file:
                found[os.path.relpath(full, folder)] = (os.lstat(full).st_mode, file.read())
        found[os.path.relpath(path, folder) + "/"] = os.lstat(path).st_mode
    return found


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Cli(unittest.TestCase):
    def assert_refused(self, arguments, code, *parts, env=None):
        """The command ends with @code, says nothing on stdout, and every one of @parts on stderr."""
        result = run(*arguments, check=False, env=env or environment(), text="")
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        for part in parts:
            self.assertIn(part, result.stderr)
        return result

# SPDX-License-Identifier: Apache-2.0
"""Mounts that are nobody else's business: the script goes on in a mount namespace of its own, as an ordinary user in a
user namespace too."""

import os
import subprocess
import sys

INSIDE = "INFRABACKUP_TEST_NAMESPACE"


def enter():
    """Starts the script anew inside, once; there, "root" or "user": who it is outside."""
    if INSIDE not in os.environ:
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        os.environ[INSIDE] = "root" if os.geteuid() == 0 else "user"
        os.execvp("unshare", ["unshare", *user, "--mount", "--propagation", "private", sys.executable, *sys.argv])
    return os.environ[INSIDE]


def call(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def mount(case, place, *arguments):
    """`mount ARGUMENTS PLACE` until the test is over."""
    call("mount", *arguments, place)
    case.addCleanup(subprocess.run, ["umount", "-l", place], check=False, stderr=subprocess.DEVNULL)

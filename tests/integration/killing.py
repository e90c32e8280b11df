# SPDX-License-Identifier: Apache-2.0
"""A service that ends, as by a power cut, before one system call."""

import contextlib
import os
import subprocess
import time

import harness


@contextlib.contextmanager
def killed_before(service, call, number):
    """Any thread of the service ends it when it is about to make its @number-th @call from now on."""
    tracer = subprocess.Popen(
        ["strace", "-f", "-qqq", "-o", "/dev/null", "-e", f"trace={call}", "-e",
         f"inject={call}:signal=KILL:when={number}", "-p", str(service.process.pid)],
        stderr=subprocess.PIPE, text=True)
    try:
        wait_until_traced(service.process.pid, tracer)
        yield
    finally:
        tracer.terminate()
        tracer.communicate()


def wait_until_traced(pid, tracer):
    """All threads have a tracer."""
    end = time.monotonic() + harness.READY_SECONDS
    while tracer.poll() is None and time.monotonic() < end:
        lines = []
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/status", encoding="utf-8") as file:
                lines += [line for line in file if line.startswith("TracerPid:")]
        if lines and all(line.split()[1] == str(tracer.pid) for line in lines):
            return
        time.sleep(0.005)
    raise harness.Failure(f"strace does not attach: {tracer.stderr.read() if tracer.poll() else 'it hangs'}")

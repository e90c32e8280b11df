# SPDX-License-Identifier: Apache-2.0
"""One row a fault: a real share is broken under tests/tools/share_upload.c, and what that reports is compared with what
the row expects."""

import dataclasses
import json
import os
import subprocess
import tempfile
import textwrap
import threading
import time

from fault_places import TOOLS
from smb_server import PASSWORD, USER

# More than the client keeps in flight is left after the middle of a pack.
PACKS, PACK_SIZE = 3, 20 << 20
DEADLINE_SECONDS = 3
HANGING_SECONDS = 90
TEMPORARY = ".temporary-"


def nothing(_):
    """Breaks or heals nothing."""


@dataclasses.dataclass
class Fault:
    """@place: makes the place; @failure, @cause, @step: what must be reported, "" when the upload must succeed.
    @provoke is called with the place before the upload or, with @at ("write:2": see share_upload.c), when it has come
    there. After @heal, an upload to the place's good address as its good user must succeed; None: nothing to heal."""

    name: str
    place: object
    failure: str
    cause: str
    step: str
    provoke: object = nothing
    at: str = None
    heal: object = nothing
    address: object = None  # made from the place; None: the good one
    user: str = USER
    password: str = PASSWORD
    logons: int = 1  # how many the server sees; None: there is no server that could tell
    left: int = 0  # temporary files that stay, because the share could not be reached to remove them


@dataclasses.dataclass
class Outcome:
    """What an upload reported."""

    result: dict
    uploaded: dict  # name -> size of every file that is said to be complete
    resumed: float
    begun: float
    ended: float
    process: subprocess.Popen

    @property
    def seconds(self):
        """From the fault, or from the begin of the call that met it, to its report."""
        return max(0.0, self.result["at"] - max(self.begun, self.resumed))

    @property
    def cleaning(self):
        return self.ended - self.result["at"]

    def finish(self):
        """Waits for the process, which a file system that hangs keeps from ending; its exit status."""
        with self.process:
            return self.process.wait(HANGING_SECONDS)


def upload(address, user=USER, password=PASSWORD, at=None, provoke=None):
    """Runs share_upload to its last word; @provoke is called at its pause @at."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as secret:
        secret.write(password)
        secret.flush()
        command = [os.path.join(TOOLS, "share_upload"), "--to", address, "--deadline", str(DEADLINE_SECONDS * 1000),
                   "--packs", str(PACKS), "--size", str(PACK_SIZE), "--user", user, "--password-file", secret.name]
        process = subprocess.Popen(command + (["--pause", at] if at else []), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True)
        watchdog = threading.Timer(HANGING_SECONDS, process.kill)
        watchdog.start()
        try:
            return follow(process, provoke)
        except BaseException:
            process.kill()
            raise
        finally:
            watchdog.cancel()


def follow(process, provoke):
    result, uploaded, resumed, begun, ended = None, {}, 0.0, 0.0, None
    while ended is None:
        event = json.loads(process.stdout.readline() or '{"event": "nothing", "step": "end", "at": 0.0}')
        if event["event"] == "paused":
            provoke()
            resumed = time.monotonic()
            process.stdin.write("\n")
            process.stdin.flush()
        elif event["event"] == "result":
            result = event
        elif event["event"] == "begun":
            begun = event["at"]
        elif event["step"] in ("rename", "put"):
            uploaded[event["name"]] = event["size"]
        elif event["step"] == "end":
            ended = event["at"]
    if result is None:
        raise AssertionError(f"share_upload ended with {process.wait()} without a result")
    return Outcome(result, uploaded, resumed, begun, ended, process)


def files_below(folder):
    """Relative path and size of every file."""
    found = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            found[os.path.relpath(path, folder)] = os.lstat(path).st_size
    return found


class Row:
    """A fault, provoked: what happened and what is wrong with it. @slack: seconds that a busy machine may add to a
    deadline before it counts as missed."""

    columns = (("fault", 40), ("class", 19), ("cause", 31), ("step", 19), ("report", 6), ("tidied", 6), ("logons", 6),
               ("left", 4), ("message", 0))

    def __init__(self, fault, slack=0.5):
        self.fault = fault
        self.slack = slack
        self.findings = []
        self.outcome = self.logons = self.left = None

    def run(self):
        """Never raises for what the fault does, so that the next row runs."""
        try:
            with self.fault.place() as place:
                self.provoke(place)
                self.judge()
                if self.fault.heal is not None:
                    self.recover(place)
            self.outcome.finish()
        except AssertionError as error:
            self.findings.append(str(error))
        return self

    def provoke(self, place):
        fault = self.fault
        seen = self.count_logons(place)
        before = files_below(place.data) if place.data is not None else {}
        if fault.at is None:
            fault.provoke(place)
        self.outcome = upload(fault.address(place) if fault.address else place.address, fault.user, fault.password,
                              fault.at, lambda: fault.provoke(place))
        if fault.logons is not None:
            self.logons = self.count_logons(place) - seen
        self.look(place, before)

    @staticmethod
    def count_logons(place):
        return len(place.logons()) if place.server is not None else 0

    def look(self, place, before):
        """At what is new on the share, if anybody can."""
        found = files_below(place.data) if place.data is not None else {}
        found = {name: size for name, size in found.items() if name not in before}
        self.left = sum(TEMPORARY in name for name in found)
        self.findings += [f"{name} of {size} bytes has a final name, but was not reported as uploaded"
                          for name, size in found.items() if name.startswith("packs/") and TEMPORARY not in name
                          and self.outcome.uploaded.get(name) != size]
        if found:
            self.findings += [f"{name} was reported as uploaded and is not there" for name in self.outcome.uploaded
                              if name not in found]

    def judge(self):
        fault, result = self.fault, self.outcome.result
        wanted = {"class": fault.failure, "cause": fault.cause, "step": fault.step}
        self.findings += [f"{name} is {result[name]!r}, expected {value!r}" for name, value in wanted.items()
                          if result[name] != value]
        if self.outcome.seconds > DEADLINE_SECONDS + self.slack:
            self.findings.append(f"reported after {self.outcome.seconds:.2f} s, the deadline is {DEADLINE_SECONDS} s")
        if fault.logons is not None and self.logons != fault.logons:
            self.findings.append(f"the server saw {self.logons} logons, expected {fault.logons}")
        if self.left != fault.left:
            self.findings.append(f"{self.left} temporary files are left, expected {fault.left}")
        if fault.failure and not result["message"]:
            self.findings.append("there is no message")

    def recover(self, place):
        self.fault.heal(place)
        again = upload(place.address)
        if again.finish() != 0:
            self.findings.append(f"afterwards the same upload fails: {again.result['message']}")
        elif not again.uploaded or not again.uploaded.items() <= files_below(place.data).items():
            self.findings.append("afterwards the upload succeeds, but its files are not there")

    def cells(self):
        if self.outcome is None:
            return [self.fault.name, *["-"] * (len(self.columns) - 1)]
        result = self.outcome.result
        return [self.fault.name, result["class"] or "uploaded", result["cause"] or "-", result["step"],
                f"{self.outcome.seconds:.2f}", f"{self.outcome.cleaning:.2f}",
                "-" if self.logons is None else str(self.logons), str(self.left), result["message"]]


def line(cells, columns):
    """@columns: name and width of each."""
    return " | ".join(f"{cell:{width}}" for cell, (_, width) in zip(cells, columns)).rstrip()


def print_row(row):
    print(line(row.cells(), row.columns), flush=True)
    for finding in row.findings:
        print(textwrap.indent(finding, "    WRONG: "), flush=True)


def print_head(text, columns):
    print(text + "\n\n" + line([name for name, _ in columns], columns))


def run_table(faults):
    """Prints every row; how many are as expected, and how many not."""
    print_head(f"Seconds from the fault to its report and from there until everything is closed; the deadline is "
               f"{DEADLINE_SECONDS} s.\nLogons that the server saw. Temporary files that are left.", Row.columns)
    bad = 0
    for fault in faults:
        row = Row(fault).run()
        print_row(row)
        bad += bool(row.findings)
    return len(faults) - bad, bad

# SPDX-License-Identifier: Apache-2.0
"""One row a fault: a real share is broken under a real service that has made a good backup on it, and the one alert
that follows is held against what the row expects, until a good backup closes it."""

import contextlib
import dataclasses
import os
import random
import shutil
import time

import alerts
import backups
import harness
from asker import Asker
from fault_places import wait_until
from fault_table import TEMPORARY, nothing, print_head, print_row
from smb_server import PASSWORD, USER

MIB = 1 << 20
DEADLINE_SECONDS = 3
ALERT_SECONDS = 60
ANSWER_MS = 200
INTEGRITY = 6  # exit status
# Backups go to a folder of the place's share, which a row may take away.
FOLDER = "cloud"
# Whether backups are good is none of their business.
ASIDE = {"BackupSchedulerPausedFault", "ExternalShareAlmostFullFault"}


@dataclasses.dataclass
class Fault:
    """@place: makes the place; @alert: the middle of the fault type's name; @cause and @step: its evidence, cause ""
    when it has none; @path: a part of the path in it. @provoke is called with the place before the backup or, with
    @midway, while it writes a pack; on what @heal leaves, a backup must succeed."""

    name: str
    place: object
    alert: str
    cause: str
    step: str
    path: str = ""
    provoke: object = nothing
    heal: object = nothing
    midway: bool = False
    address: object = None  # of the share, made from the place; None: the good one
    user: str = USER
    logons: int = None  # how many the server may see in the failed backup; None: any number
    has_number: bool = False  # it failed after it had taken its number: the next one commits it, too


class Source:
    """Two services: a folder, and a program that stops half way when it is told to hold."""

    def __init__(self, deployment):
        self.folder = deployment.path("stream")
        os.mkdir(self.folder)
        os.mkfifo(self.path("gate"))
        # Open for both, so that neither side ever waits for the other to open it.
        self.gate = os.open(self.path("gate"), os.O_RDWR)
        self.files = deployment.source
        script = f"cd {self.folder}; cat first; if [ -e hold ]; then : >reached; read -r _ <gate; fi; cat second"
        self.services = [{"role": "Files", "provider": "directory", "path": self.files},
                         {"role": "Stream", "provider": "command", "command": ["/bin/sh", "-c", script]}]

    def path(self, name):
        return os.path.join(self.folder, name)

    def fill(self, seed, first=MIB, second=MIB):
        """Everything anew, in bytes that do not compress."""
        generator = random.Random(seed)
        backups.write_files(self.files, 2, MIB, generator)
        for name, size in (("first", first), ("second", second)):
            with open(self.path(name), "wb") as file:
                file.write(generator.randbytes(size))

    def hold(self):
        with open(self.path("hold"), "wb"):
            pass

    def is_holding(self):
        return os.path.exists(self.path("reached"))

    def go_on(self):
        os.unlink(self.path("hold"))
        os.write(self.gate, b"\n")

    def close(self):
        os.close(self.gate)


class Row:
    """A fault, provoked: what the service said and what is wrong with it. @answer_ms: how long an answer may take."""

    columns = (("fault", 38), ("alert", 26), ("cause", 30), ("step", 16), ("told s", 6), ("GET ms", 6), ("logons", 6),
               ("closed", 6), ("reason", 0))

    def __init__(self, fault, answer_ms=None):
        self.fault = fault
        self.answer_ms = answer_ms
        self.findings = []
        self.shown = self.alert = self.seconds = self.slowest_ms = self.logons = None
        self.found = {}
        self.closed = False
        self.source = self.deployment = self.begun = None

    def run(self):
        """Never raises for what the fault does, so that the next row runs."""
        try:
            with contextlib.ExitStack() as stack:
                self.follow(stack)
        except AssertionError as error:
            self.findings.append(str(error))
        return self

    def follow(self, stack):
        place = stack.enter_context(self.fault.place())
        folder = os.path.join(place.data, FOLDER)
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        self.deployment = stack.enter_context(harness.Deployment(
            services=self.make_source, config={"engine": {"shareDeadlineSeconds": DEADLINE_SECONDS}}))
        stack.callback(self.source.close)
        self.deployment.share = folder
        service = stack.enter_context(self.deployment.serve())
        self.source.fill(1)
        address = (self.fault.address(place) if self.fault.address else place.address) + "/" + FOLDER
        self.deployment.configure(service, path=address, userName=self.fault.user, password=PASSWORD)
        first = backups.make(service)["operationId"]
        self.expect(set(alerts.listed(service)) <= ASIDE, f"before the fault: {alerts.listed(service)}")
        self.fail(service, place)
        self.judge(address)
        # What stopped at its very last step is complete, and a finding until the next backup.
        self.expect_backups(service, [first], (0, INTEGRITY))
        self.recover(service, first)

    def make_source(self, deployment):
        self.source = Source(deployment)
        return self.source.services

    def expect(self, is_so, finding):
        if not is_so:
            self.findings.append(finding)

    # --- the fault ---

    def fail(self, service, place):
        """Breaks the share and heals it again, whatever comes between: a service that hangs in a frozen file system
        could not even be ended."""
        location = self.deployment.location
        targets = [(location + part, harness.VERSION) for part in ("", "/operations", "/backups")]
        targets.append((self.deployment.alerts, alerts.VERSION))
        seen = self.count_logons(place)
        self.source.fill(2, first=8 * MIB, second=24 * MIB)
        try:
            with Asker(service, targets) as asker:
                self.provoke(service, place)
            self.slowest_ms = asker.slowest * 1000
            self.found = alerts.listed(service)
            if place.server is not None:
                self.logons = self.count_logons(place) - seen
        finally:
            self.fault.heal(place)
        self.expect(not asker.failures, f"asked meanwhile: {asker.failures[:3]}")

    def provoke(self, service, place):
        if self.fault.midway:
            self.source.hold()
        else:
            self.fault.provoke(place)
        self.begun = time.monotonic()
        identifier = backups.start(service)
        if self.fault.midway:
            wait_until(self.is_midway, "writing a pack")
            self.begun = time.monotonic()
            self.fault.provoke(place)
            self.source.go_on()
        self.shown = backups.wait(service, identifier)
        self.seconds = time.monotonic() - self.begun

    def is_midway(self):
        return self.source.is_holding() and any(
            TEMPORARY in path and size > 0 for path, size in backups.files_on(self.deployment.share).items())

    @staticmethod
    def count_logons(place):
        return len(place.logons()) if place.server is not None else 0

    # --- what is expected of it ---

    def judge(self, address):
        fault, shown = self.fault, self.shown
        self.expect(shown["state"] == "Failed", f"the backup ended {shown['state']}")
        wanted = f"BackupFailed{fault.alert}Fault"
        self.expect(set(self.found) - ASIDE == {wanted}, f"the alerts are {sorted(self.found)}, expected {wanted}")
        self.expect(self.seconds <= ALERT_SECONDS, f"told after {self.seconds:.1f} s, allowed are {ALERT_SECONDS} s")
        if fault.logons is not None:
            self.expect(self.logons == fault.logons, f"{self.logons} logons, expected {fault.logons}")
        if self.answer_ms is not None:
            self.expect(self.slowest_ms <= self.answer_ms, f"an answer took {self.slowest_ms:.0f} ms")
        self.alert = self.found.get(wanted)
        if self.alert is not None:
            self.judge_evidence(address)

    def judge_evidence(self, address):
        evidence, text = self.alert["alertProperties"], alerts.text(self.alert)
        for name, value in (("externalSharePath", address), ("backupId", self.shown["operationId"]),
                            ("timesRaised", "1"), ("step", self.fault.step), ("cause", self.fault.cause or None)):
            self.expect(evidence.get(name) == value, f"{name} is {evidence.get(name)!r}, expected {value!r}")
        self.expect(self.fault.path in evidence.get("path", ""),
                    f"path is {evidence.get('path')!r}, expected {self.fault.path!r} in it")
        for part in (address, self.fault.cause, self.fault.step):
            self.expect(part in text, f"{part!r} is not in {text!r}")
        self.expect(self.alert["severity"] == "Critical", f"its severity is {self.alert['severity']}")
        self.expect(PASSWORD not in str(self.found), "the password is in an alert")

    def expect_backups(self, service, wanted, allowed=(0,)):
        """On the share and in the answers, and no half one. @allowed: what `list` may end with."""
        listed = [backup["id"] for backup in backups.committed(self.deployment, allowed)]
        self.expect(listed == wanted, f"on the share are {listed}, expected {wanted}")
        answer = service.client.get(f"{self.deployment.location}/backups").json["value"]
        answered = {item["name"].rsplit("/", 1)[1] for item in answer
                    if item["properties"]["backupInfo"]["status"] == "Succeeded"}
        self.expect(answered == set(wanted), f"listed by the service are {answered}, expected {wanted}")

    # --- afterwards ---

    def recover(self, service, first):
        second = backups.make(service)["operationId"]
        self.closed = set(alerts.listed(service)) <= ASIDE
        self.expect(self.closed, f"after a good backup there are {sorted(alerts.listed(service))}")
        finished = [self.shown["operationId"]] if self.fault.has_number else []
        self.expect_backups(service, [first, *finished, second])
        backups.verify(self.deployment)

    def cells(self):
        if self.slowest_ms is None:
            return [self.fault.name, *["-"] * (len(self.columns) - 1)]
        told = ", ".join(name.removeprefix("BackupFailed").removesuffix("Fault")
                         for name in sorted(set(self.found) - ASIDE)) or "none"
        evidence = (self.alert or {}).get("alertProperties", {})
        return [self.fault.name, told, evidence.get("cause", "-"), evidence.get("step", "-"), f"{self.seconds:.2f}",
                f"{self.slowest_ms:.0f}", "-" if self.logons is None else str(self.logons),
                "yes" if self.closed else "NO", (self.shown["error"] or {}).get("message", "-")]


def run_table(faults):
    """Prints every row; how many are as expected, and how many not."""
    print_head(
        f"Alerts of a service whose share fails. Seconds from the fault, or from the begin of the backup that meets "
        f"it, until the alert\nis there, with {DEADLINE_SECONDS} s for one call of the share; the slowest of all "
        f"answers meanwhile; logons that the server saw in\nthe failed backup; whether the next good backup closed "
        f"the alert.", Row.columns)
    rows = []
    for fault in faults:
        rows.append(Row(fault, ANSWER_MS).run())
        print_row(rows[-1])
    bad = sum(bool(row.findings) for row in rows)
    done = [row for row in rows if row.slowest_ms is not None]
    if done:
        print(f"\nslowest alert {max(row.seconds for row in done):.2f} s, "
              f"slowest answer {max(row.slowest_ms for row in done):.0f} ms")
    return len(rows) - bad, bad

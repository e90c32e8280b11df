# SPDX-License-Identifier: Apache-2.0
"""A simulated life: steps of a plan, and after each of them what must be true at any time.

Time passes between the steps only, in one jump; a step itself takes real time. What lasts (a server that is down, a
wrong clock) begins with a step and ends some steps later."""

import collections
import datetime
import os
import signal
import time

import alerts
import backups
import harness
from simulation_world import CONFLICT

HOUR = 3600
OVER = ("Succeeded", "PartialSucceeded", "Failed")
LONG_AHEAD, LONG_BACK = 20, 30  # hours by which a clock may be wrong


def seconds(text):
    """Since 1970, of a time in an answer."""
    return datetime.datetime.fromisoformat(text[:19] + "+00:00").timestamp()


class Broken(AssertionError):
    """A promise of the service."""


class Life:
    """@self.count: events and ends of jobs by name; @self.seen: the schedule as it was at the last look."""

    def __init__(self, world):
        self.world = world
        self.count = collections.Counter()
        self.ends = {}  # condition -> steps until it ends
        self.is_clock_set = False  # since the last look
        self.skipped = 0  # scheduled backups in this maintenance
        self.is_update = False  # maintenance was begun
        self.was_disabled = False  # while it is on
        self.seen = None
        self.look()

    # --- looking ---

    def scheduled(self, jobs):
        return [job for job in jobs if job["kind"] == "backup" and job["requestedBy"] == "schedule"]

    def look(self):
        """Waits until nothing runs and the next backup lies ahead; what the schedule is now."""
        end = time.monotonic() + harness.JOB_SECONDS
        while True:
            jobs = self.world.wait_until_idle()
            store = self.world.store()
            planned = seconds(store["nextBackupTime"])
            if planned > self.world.now() or time.monotonic() > end:
                break
            self.nudge()
        frequency = store["backupFrequencyInHours"] * HOUR
        if not self.world.now() < planned <= self.world.now() + frequency + 5:
            raise Broken(f"the next backup is planned for {store['nextBackupTime']}, {planned - self.world.now():.0f} s "
                         f"from now; the interval is {frequency} s")
        self.seen = {"planned": planned, "frequency": frequency, "enabled": store["isBackupSchedulerEnabled"],
                     "scheduled": len(self.scheduled(jobs)), "jobs": jobs}
        self.check_alerts()
        return self.seen

    def nudge(self):
        """Has the service look at its clock now and not within ten seconds, as the end of any job does."""
        if self.world.start("pruneExternalStore", {"operationType": "DryRun"}) is not None:
            self.world.wait_until_idle()

    def check_schedule(self):
        """Since the last look time has passed: exactly one run when a point has, whatever became of it."""
        before = self.seen
        is_due = before["enabled"] and before["planned"] <= self.world.now()
        self.nudge()
        after = self.look()
        new = self.scheduled(after["jobs"])[:after["scheduled"] - before["scheduled"]]
        if len(new) > 1 or (not self.is_clock_set and len(new) != is_due):
            raise Broken(f"a backup was {'' if is_due else 'not '}due, {len(new)} were made: {new}")
        if self.is_update and any(job["state"] != "Skipped" for job in new):
            raise Broken(f"a backup was made during maintenance: {new}")
        for job in new:
            self.count[f"scheduled: {job['state']}"] += 1
        self.skipped += sum(job["state"] == "Skipped" for job in new)
        self.was_disabled = self.was_disabled or not after["enabled"]
        self.count["points that fell due"] += is_due
        self.is_clock_set = False
        return new

    def check_alerts(self):
        """Of the newest backup, and of the schedule."""
        newest = next((job for job in self.seen["jobs"] if job["kind"] == "backup" and job["state"] in OVER), None)
        found = alerts.listed(self.world.service)
        failures = {name: alert for name, alert in found.items()
                    if name.startswith(("BackupFailed", "BackupPartial"))}
        state = newest and newest["state"]
        text = f"the newest backup is {newest and newest['operationId']} ({state}), the alerts are {found}"
        if (len(failures) == 1) != (state in ("Failed", "PartialSucceeded")) or len(failures) > 1:
            raise Broken(text)
        for name, alert in failures.items():
            if (alert["alertProperties"]["backupId"] != newest["operationId"]
                    or name.startswith("BackupPartial") != (state == "PartialSucceeded")):
                raise Broken(text)
        told = next((job["state"] for job in self.seen["jobs"] if job["kind"] == "backup"
                     and job["state"] in ("Succeeded", "PartialSucceeded", "Skipped")), None)
        if ("BackupSkippedWithFailedOperationFault" in found) != (told == "Skipped"):
            raise Broken(f"the newest backup that was made or skipped is {told}, the alerts are {list(found)}")
        if ("BackupSchedulerPausedFault" in found) == self.seen["enabled"]:
            raise Broken(f"the scheduler is {'on' if self.seen['enabled'] else 'off'}, the alerts are {list(found)}")

    def wait(self, identifier):
        """The end of a job, counted."""
        job = backups.wait(self.world.service, identifier)
        self.count[f"{job['kind']}: {job['state']}"] += 1
        return job

    # --- the steps ---

    def take(self, step):
        self.end_conditions()
        self.world.pass_time(step.minutes * 60)
        self.world.change_sources(step.seed)
        self.check_schedule()
        if step.action not in self.ends and getattr(self, step.action)(step) is not False:
            self.count[f"event: {step.action.replace('_', ' ')}"] += 1
            if step.lasts:
                self.ends[step.action] = step.lasts
        self.look()

    def end_conditions(self, at_once=False):
        for name in list(self.ends):
            self.ends[name] -= 1
            if at_once or self.ends[name] == 0:
                del self.ends[name]
                getattr(self, f"end_{name}")()

    def backup(self, _):
        identifier = self.world.start()
        return identifier is not None and self.wait(identifier)

    def cancel(self, step):
        identifier = self.world.start()
        if identifier is None:
            return False
        time.sleep(step.delay)
        return self.cancel_job(identifier)

    def cancel_job(self, identifier):
        is_asked = self.world.post(f"operations/{identifier}/cancel").status != CONFLICT
        job = self.wait(identifier)
        if is_asked and job["state"] == "Failed":
            raise Broken(f"it was cancelled and says that it failed: {job}")
        return is_asked

    def kill(self, step):
        identifier = self.world.start()
        time.sleep(step.delay)
        self.world.kill()
        self.come_back(step)
        if identifier is None:
            return None
        job = self.wait(identifier)
        if job["state"] == "Cancelled":
            raise Broken(f"nobody cancelled it: {job}")
        return job

    def kill_idle(self, step):
        self.world.kill()
        self.come_back(step)

    def restart(self, step):
        self.world.start()
        time.sleep(step.delay)
        self.world.stop()
        self.come_back(step)

    def come_back(self, step):
        self.world.pass_time(step.hours * HOUR)
        self.world.serve()
        self.check_schedule()

    def server_down(self, _):
        if "share_full" in self.ends:
            return False
        return self.world.server.kill()

    def end_server_down(self):
        self.world.server.start()

    def share_full(self, _):
        return False if "server_down" in self.ends else self.world.fill_share()

    def end_share_full(self):
        self.world.empty_share()

    def freeze(self, step):
        """The server hangs under a backup, which is cancelled, killed with the service, let go on or left alone."""
        if "server_down" in self.ends:
            return False
        identifier = self.world.start()
        if identifier is None:
            return False
        time.sleep(step.delay)
        self.world.server.signal(signal.SIGSTOP)
        try:
            way = int(step.choice * 4)
            if way == 0:
                self.cancel_job(identifier)
            elif way == 1:
                self.world.kill()
            elif way == 2:
                time.sleep(0.5)
            else:
                backups.wait(self.world.service, identifier)
        finally:
            self.world.server.signal(signal.SIGCONT)
        if self.world.service is None:
            self.come_back(step)
        return self.wait(identifier)

    def clock_jump(self, step):
        hours = step.choice * (LONG_AHEAD + LONG_BACK) - LONG_BACK
        self.world.set_skew(round(hours * HOUR))
        self.is_clock_set = True
        self.check_schedule()

    def end_clock_jump(self):
        self.world.set_skew(0)
        self.is_clock_set = True
        self.check_schedule()

    def maintenance(self, step):
        body = {"operation": "Update", "backupBefore": step.choice < 0.3}
        if self.world.post("maintenance", body).status == CONFLICT:
            return False
        self.look()
        state = self.world.service.client.get(f"{self.world.deployment.location}/maintenance").json["properties"]["state"]
        self.is_update = state == "Active"
        self.skipped, self.was_disabled = 0, not self.seen["enabled"]
        if self.is_update and self.world.post("createBackup").status != CONFLICT:
            raise Broken("a backup was accepted during maintenance")
        return None if self.is_update else False

    def end_maintenance(self):
        self.check_schedule()
        before, wanted = self.seen, self.skipped % 2 == 0
        if self.world.post("maintenance/end", {"backupAfter": wanted}).status == CONFLICT:
            raise Broken("maintenance does not end")
        self.is_update = False
        after = self.look()
        new = [job for job in after["jobs"] if job["kind"] == "backup"][:len(after["jobs"]) - len(before["jobs"])]
        new = [job for job in new if job["operationId"] not in {old["operationId"] for old in before["jobs"]}]
        if len(new) != (wanted or self.skipped > 0) and not self.was_disabled:
            raise Broken(f"{self.skipped} were skipped, a backup after was {'' if wanted else 'not '}wanted: {new}")

    def settings(self, step):
        days = 2 + int(step.choice * 97 % 1 * 5)
        frequency = (4, 4, 6, 8, 12)[int(step.choice * 89 % 1 * 5)]
        self.world.configure(backupRetentionPeriodInDays=days, backupFrequencyInHours=frequency)

    def pause_schedule(self, _):
        self.world.configure(isBackupSchedulerEnabled=False)
        self.look()
        return None if not self.seen["enabled"] else False

    def end_pause_schedule(self):
        self.world.configure(isBackupSchedulerEnabled=True)
        self.look()
        if not self.seen["enabled"]:
            # The share is not there, and what was tested is not kept.
            self.ends["pause_schedule"] = 1

    def flip(self, step):
        return self.world.flip(step.choice) is not None

    def role_gone(self, _):
        os.rename(self.world.extra, self.world.extra + ".gone")

    def end_role_gone(self):
        os.rename(self.world.extra + ".gone", self.world.extra)

    def retry(self, _):
        newest = next((job for job in self.seen["jobs"] if job["kind"] == "backup"), None)
        if newest is None or newest["state"] not in ("Failed", "PartialSucceeded"):
            return False
        identifier = self.world.start(f"backups/{newest['operationId']}/retry")
        return identifier is not None and self.wait(identifier)

    def prune(self, _):
        identifier = self.world.start("pruneExternalStore", {"operationType": "Default"})
        return identifier is not None and self.wait(identifier)

    def pin(self, step):
        known = sorted(self.world.listed())
        if not known:
            return False
        word = "pin" if step.choice < 0.5 else "unpin"
        self.world.post(f"backups/{known[int(step.choice * len(known))]}/{word}")
        return None

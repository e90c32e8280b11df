# SPDX-License-Identifier: Apache-2.0
"""The end of a simulated life: everything is mended, a quiet day passes, and what is there is held against what should
be."""

import contextlib
import json
import os
import sqlite3
import time

import alerts
import backups
import harness
from simulation_life import HOUR, Broken
from simulation_world import World
from trees import differences

# Longer than a clock can have been ahead, and than what was deleted stays in the trash.
QUIET_HOURS, QUIET_STEP = 27, 3
FLOOR = 7
INTEGRITY = 6


def require(holds, what):
    if not holds:
        raise Broken(what)


def quiet_day(life):
    """Heals, then every point of the schedule must give a good backup; one more on demand ends it."""
    world = life.world
    while life.ends:
        life.end_conditions(at_once=True)
        life.look()
    world.configure(backupFrequencyInHours=4, backupRetentionPeriodInDays=2)
    life.look()
    for _ in range(0, QUIET_HOURS, QUIET_STEP):
        world.pass_time(QUIET_STEP * HOUR)
        world.change_sources(world.elapsed)
        for job in life.check_schedule():
            require(job["state"] == "Succeeded", f"nothing is wrong any more, and a scheduled backup failed: {job}")
    # The look at what is stored is due every hour and comes before the last backup, which so avoids what is damaged.
    job = backups.make(world.service)
    life.look()
    confirm_prune(life)
    return job["operationId"]


def confirm_prune(life):
    """A prune that is held back says what by and goes on once an operator agrees."""
    world = life.world
    if "BackupDeletionFailedFault" not in alerts.listed(world.service):
        return
    plan = backups.wait(world.service, world.start("pruneExternalStore", {"operationType": "DryRun"}))["retentionPlan"]
    require(plan is not None and plan["brakes"] == ["moreThanHalf"], f"deleting fails without a reason: {plan}")
    life.count["event: prune confirmed"] += 1
    harness.run("prune", "-c", world.deployment.config_path, "--url", world.service.url, "--token-file",
                token_file(world), "--confirm", plan["confirm"])
    life.look()


def token_file(world: World):
    path = world.deployment.path("token")
    world.deployment._write(path, world.deployment.token.encode(), 0o600)
    return path


def rows(world, query):
    """Of the state database, while no service runs."""
    path = world.deployment.path("state/state.sqlite")
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return database.execute(query).fetchall()


def record(world, backup):
    path = os.path.join(world.server.data, "MASBackup", "backups", backup["folder"], "backup.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def packs_of(document):
    """Paths below MASBackup of the packs that a backup.json names."""
    return {f"generations/{document['generation']}/packs/{pack['sha256'][:2]}/{pack['sha256']}.pack"
            for pack in document["packs"]}


class End:
    """Checks by name, for the table: each raises, or returns what it has seen in a few words."""

    def __init__(self, life, newest):
        self.life = life
        self.world = life.world
        self.newest = newest
        self.checks = [
            ("no job is left", self.no_job_is_left), ("no alert without a cause", self.alerts),
            ("share and database agree", self.agreement), ("every kept backup verifies", self.verification),
            ("the floor is kept", self.floor), ("damage is known", self.damage),
            ("the newest restores", self.restore), ("nothing is left over", self.leftovers)]

    def run(self):
        """(name, what was found or what is wrong, whether it holds) of every check."""
        self.rest = self.world.listed()
        self.open_alerts = alerts.listed(self.world.service)
        self.world.stop()
        self.kept = backups.committed(self.world.deployment, (0, INTEGRITY))
        self.packs = {backup["id"]: packs_of(record(self.world, backup)) for backup in self.kept}
        self.bad = {backup["id"]: self.packs[backup["id"]] & set(self.world.flipped) for backup in self.kept}
        for name, check in self.checks:
            try:
                yield name, check(), True
            except AssertionError as error:
                yield name, str(error), False

    def no_job_is_left(self):
        found = rows(self.world, "SELECT state, count(*) FROM job GROUP BY state")
        require(not {state for state, _ in found} & set(backups.RUNNING), f"jobs by state: {found}")
        return f"{sum(number for _, number in found)} jobs"

    def alerts(self):
        require(not self.open_alerts, f"open: {json.dumps(self.open_alerts, indent=1)}")
        closed = rows(self.world, "SELECT count(*) FROM alert WHERE closed_time <> 0")[0][0]
        return f"{closed} were open and are closed"

    def agreement(self):
        known = dict(rows(self.world, "SELECT id, status FROM backup WHERE status <> 'Deleted'"))
        there = {backup["id"]: backup["status"] for backup in self.kept}
        require(known == there, f"only known: {known.items() - there.items()}, "
                                f"only on the share: {there.items() - known.items()}")
        require(self.rest == there, f"REST shows {self.rest}, the share has {there}")
        return f"{len(known)} backups"

    def verification(self):
        sound = 0
        for backup in self.kept:
            result = backups.verify(self.world.deployment, "--backup", backup["id"], "--json", check=False)
            expected = {f"MASBackup/{path}" for path in self.bad[backup["id"]]}
            fatal = {finding["path"] for finding in json.loads(result.stdout)["findings"] if finding["fatal"]}
            fatal = {path if path.startswith("MASBackup/") else f"MASBackup/{path}" for path in fatal}
            require(result.returncode == (INTEGRITY if expected else 0),
                    f"verify of {backup['folder']} ends with {result.returncode}: {result.stdout}{result.stderr}")
            require(expected <= fatal, f"{backup['folder']}: flipped {expected}, named {fatal}")
            require(all(path in expected or backup["folder"] in path or not path.endswith(".pack") for path in fatal),
                    f"{backup['folder']}: flipped {expected}, named {fatal}")
            sound += not expected
        return f"{sound} are sound, {len(self.kept) - sound} need a flipped pack and say so"

    def floor(self):
        sound = sum(not bad for bad in self.bad.values())
        made = rows(self.world, "SELECT count(*) FROM backup")[0][0]
        require(sound >= min(FLOOR, made), f"{sound} sound backups are left of {made}")
        return f"{sound} sound backups of {made} that were made"

    def damage(self):
        expected = {identifier for identifier, bad in self.bad.items() if bad}
        known = {row[0] for row in rows(
            self.world, "SELECT backup_id FROM backup_verification JOIN backup ON id = backup_id"
                        " WHERE damaged_time <> 0 AND status <> 'Deleted'")}
        require(known == expected, f"damaged are {expected}, known as damaged {known}")
        require(not self.bad[self.newest], f"the newest backup uses what is damaged: {self.bad[self.newest]}")
        return f"{len(self.world.flipped)} packs were flipped, {len(expected)} backups that need them are kept"

    def restore(self):
        target = self.world.deployment.path("recovered")
        harness.run("recover", "--from", self.world.server.data, "--pfx", self.world.deployment.pfx_file,
                    "--pfx-password-file", self.world.deployment.password_file, "--backup", self.newest, "--to", target)
        wrong = []
        for role, source in (("Files", self.world.deployment.source), ("Extra", self.world.extra)):
            back = os.path.join(target, role)
            wrong += differences(source, back) + differences(back, source)
        require(not wrong, f"differ: {wrong}")
        return f"{len(backups.files_on(target))} files are equal"

    def leftovers(self):
        root = os.path.join(self.world.server.data, "MASBackup")
        paths = backups.files_on(root)
        temporary = [path for path in paths if ".temporary-" in path]
        require(not temporary, f"temporary names: {temporary}")
        half = set(backups.folders(self.world.deployment)) - {backup["folder"] for backup in self.kept}
        require(not half, f"folders of no backup: {half}")
        trash = os.path.join(root, "trash")
        young = sorted(os.listdir(trash)) if os.path.isdir(trash) else []
        # The last backup was followed by a prune, a moment ago.
        oldest = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self.world.now() - 24 * HOUR - 600))
        require(all(name[:16] >= oldest for name in young), f"older than {oldest} in the trash: {young}")
        needed = set().union(*self.packs.values())
        for name in young:
            path = os.path.join(trash, name, "backup.json")
            if os.path.exists(path):
                with open(path, encoding="utf-8") as file:
                    needed |= packs_of(json.load(file))
        packs = {path for path in paths if path.endswith(".pack")}
        require(packs == needed, f"packs that nothing names: {packs - needed}, that are missing: {needed - packs}")
        return f"{len(packs)} packs are all needed, {len(young)} folders wait in the trash"

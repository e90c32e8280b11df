# SPDX-License-Identifier: Apache-2.0
"""What must be true after the service ended in the middle of a backup, whatever it was doing."""

import dataclasses
import json
import os

import backups
# `list` and `verify` end so while a folder is complete and signed but for its COMMIT: it could also be a
# backup whose COMMIT somebody removed. The next backup moves it away.
INTEGRITY = 6


@dataclasses.dataclass
class Aftermath:
    state: str  # of the job
    phase: str  # that it was in
    reason: str
    half: bool  # a folder without COMMIT was left
    committed: bool  # COMMIT was written before the end
    packs: int  # complete ones that were left
    pack_bytes: int
    new_bytes: int = 0  # of the next backup

    def __str__(self):
        left = "COMMIT written" if self.committed else "folder without COMMIT" if self.half else "no folder"
        return (f"{self.state} in '{self.phase}', {left}, {self.packs} complete packs "
                f"({self.pack_bytes >> 20} MiB); next wrote {self.new_bytes >> 20} MiB")


def has_commit(deployment, folder):
    return os.path.exists(os.path.join(deployment.share, "MASBackup", "backups", folder, "COMMIT"))


def has_number(deployment, folder):
    """Its run had taken the sequence number: only COMMIT was to follow, and the next run writes that."""
    number, _, identifier = folder.split("-", 2)
    path = os.path.join(deployment.share, "MASBackup", "sequence", f"{number}.json")
    if not os.path.exists(path):
        return False
    with open(path, encoding="utf-8") as file:
        return json.load(file)["backupId"] == identifier


def check_backup(case, deployment, backup):
    """It verifies with the PFX; the only fault that may be named is the lack of another one's COMMIT."""
    case.assertEqual(backup["status"], "Succeeded", backup)
    result = backups.verify(deployment, "--backup", backup["id"], "--json", check=False)
    case.assertIn(result.returncode, (0, INTEGRITY), result)
    document = json.loads(result.stdout)
    case.assertEqual(document["backups"], 1, document)
    fatal = [finding["path"] for finding in document["findings"] if finding["fatal"]]
    case.assertEqual([path for path in fatal if not path.endswith("/COMMIT") or
                      has_commit(deployment, path.split("/")[-2])], [], document)
    case.assertEqual(result.returncode, INTEGRITY if fatal else 0, document)


def check_listing(case, deployment):
    """Only what has a COMMIT is listed as a backup; each of those verifies with the PFX by itself."""
    committed = backups.committed(deployment, (0, INTEGRITY))
    on_share = [folder for folder in backups.folders(deployment) if has_commit(deployment, folder)]
    case.assertEqual([backup["folder"] for backup in committed], on_share)
    for backup in committed:
        check_backup(case, deployment, backup)
    return {backup["id"] for backup in committed}


def check_job(case, service, identifier, was_committed):
    """The job of @identifier after the restart; nothing is left Running. Interrupted, it is Failed with the reason,
    unless its backup was complete or it had not begun and was taken up again. @identifier None: the caller never
    learnt it, so that there may be no job at all."""
    at_once = {shown["operationId"]: shown for shown in backups.jobs(service)}
    for shown in at_once.values():
        backups.wait(service, shown["operationId"])
    if identifier is None:
        return next(iter(at_once.values()))
    shown = backups.job(service, identifier)
    begun = at_once[identifier]["startedTime"] is not None
    case.assertIn(shown["state"], ("Failed", "Succeeded") if was_committed or not begun else ("Failed",), shown)
    if shown["state"] == "Failed":
        case.assertRegex(shown["error"]["message"], r"\S+ \S+")
    return shown


def check(case, deployment, identifier, packs_before, changed_bytes):
    """Restarts the service and checks all of it; ends with a backup that must succeed and be sound.
    @packs_before: backups.packs() before the interrupted run; @changed_bytes: what that had to store."""
    left = {path: size for path, size in backups.packs(deployment).items() if path not in packs_before}
    half = [folder for folder in backups.folders(deployment) if not has_commit(deployment, folder)]
    committed = check_listing(case, deployment)
    with deployment.serve() as service:
        shown = check_job(case, service, identifier, identifier in committed or any(
            has_number(deployment, folder) for folder in half if folder.endswith(identifier or "/")))
        found = Aftermath(shown["state"], shown["phase"], (shown["error"] or {}).get("message", ""),
                          bool(half), identifier in committed, len(left), sum(left.values()))
        backups.make(service)
        states = {info["backupId"]: info["status"] for info in (
            item["properties"]["backupInfo"] for item in
            service.client.get(f"{deployment.location}/backups").json["value"])}
    newest = backups.committed(deployment)[-1]
    found.new_bytes = newest["newBytes"]
    case.assertNotIn("Running", states.values())
    case.assertLessEqual({backup["id"] for backup in backups.committed(deployment)}, set(states))
    # What complete packs hold is not written again; a manifest and the service's own role always are.
    case.assertLessEqual(newest["newBytes"] + found.pack_bytes, changed_bytes * 1.02 + (2 << 20), found)
    case.assertEqual(backups.folders(deployment), [b["folder"] for b in backups.committed(deployment)])
    case.assertEqual([path for path in backups.files_on(deployment.share)
                      if ".temporary-" in path and "/trash/" not in path], [])
    backups.verify(deployment)
    return found

# SPDX-License-Identifier: Apache-2.0
"""What must be true after the service ended in the middle of a backup, whatever it was doing."""

import dataclasses
import os

import backups
import harness

# `list` and `verify` of everything end so while a folder is complete and signed but for its COMMIT:
# it could also be a backup whose COMMIT somebody removed.
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


def check_listing(case, deployment):
    """Only what has a COMMIT is listed as a backup; each of those verifies with the PFX by itself."""
    committed = backups.committed(deployment, (0, INTEGRITY))
    on_share = [folder for folder in backups.folders(deployment) if has_commit(deployment, folder)]
    case.assertEqual([backup["folder"] for backup in committed], on_share)
    for backup in committed:
        case.assertEqual(backup["status"], "Succeeded", backup)
        backups.verify(deployment, "--backup", backup["id"])
    return {backup["id"] for backup in committed}


def check_job(case, service, identifier):
    """It is over, it says why, and nothing else runs. A job that had not begun may be taken up again."""
    shown = backups.job(service, identifier)
    if shown["state"] in backups.RUNNING and shown["startedTime"] is None:
        shown = backups.wait(service, identifier)
    case.assertIn(shown["state"], ("Failed", "Succeeded"), shown)
    if shown["state"] == "Failed":
        case.assertRegex(shown["error"]["message"], r"\S+ \S+")
    case.assertEqual([job for job in backups.jobs(service) if job["state"] in backups.RUNNING], [])
    return shown


def check(case, deployment, identifier, packs_before, changed_bytes):
    """Restarts the service and checks all of it; ends with a backup that must succeed and be sound.
    @packs_before: backups.packs() before the interrupted run; @changed_bytes: what that had to store."""
    left = {path: size for path, size in backups.packs(deployment).items() if path not in packs_before}
    half = [folder for folder in backups.folders(deployment) if not has_commit(deployment, folder)]
    committed = check_listing(case, deployment)
    with deployment.serve() as service:
        shown = check_job(case, service, identifier)
        found = Aftermath(shown["state"], shown["phase"], (shown["error"] or {}).get("message", ""),
                          bool(half), identifier in committed, len(left), sum(left.values()))
        backups.make(service)
        names = [item["properties"]["backupInfo"] for item in
                 service.client.get(f"{deployment.location}/backups").json["value"]]
        case.assertEqual([name for name in names if name["status"] == "Running"], [])
    newest = backups.committed(deployment)[-1]
    found.new_bytes = newest["newBytes"]
    # What complete packs hold is not written again; a manifest and the service's own role always are.
    case.assertLessEqual(newest["newBytes"] + found.pack_bytes, changed_bytes * 1.02 + (2 << 20), found)
    case.assertEqual(backups.folders(deployment), [b["folder"] for b in backups.committed(deployment)])
    case.assertEqual([path for path in backups.files_on(deployment.share) if ".temporary-" in path and "/trash/" not in path], [])
    backups.verify(deployment)
    return found


def check_failed(case, found):
    case.assertEqual(found.state, "Failed", found)
    if not found.reason:
        raise harness.Failure(f"no reason: {found}")

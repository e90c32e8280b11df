# SPDX-License-Identifier: Apache-2.0
"""Backups as tests see them from outside: jobs while they run, what is on the share, what verifies."""

import json
import os
import time

import harness

RUNNING = ("Queued", "Running")


def write_files(folder, count, size, generator):
    """@count files of @size bytes that do not compress, replaced when they are there."""
    for number in range(count):
        with open(os.path.join(folder, f"data-{number:05}"), "wb") as file:
            file.write(generator.randbytes(size))


def start(service):
    """The id of the job that makes the next backup."""
    answer = service.client.post(f"{service.deployment.location}/createBackup")
    if answer.status != 202:
        raise harness.Failure(f"no backup was started: {answer}")
    return answer.headers["Location"].rsplit("/", 1)[1].split("?")[0]


def job(service, identifier):
    """What .../operations/{id} shows of it."""
    answer = service.client.get(f"{service.deployment.location}/operations/{identifier}")
    if answer.status != 200:
        raise harness.Failure(f"operation {identifier}: {answer}")
    return answer.json["properties"]


def jobs(service):
    answer = service.client.get(f"{service.deployment.location}/operations")
    if answer.status != 200:
        raise harness.Failure(f"the list of operations: {answer}")
    return [item["properties"] for item in answer.json["value"]]


def wait(service, identifier, until=None, pause=0.02):
    """Polls the job until @until(job) or, without it, its end; in any case not beyond its end."""
    end = time.monotonic() + harness.JOB_SECONDS
    while True:
        shown = job(service, identifier)
        if shown["state"] not in RUNNING or (until is not None and until(shown)):
            return shown
        if time.monotonic() > end:
            raise harness.Failure(f"still running after {harness.JOB_SECONDS} s: {shown}")
        time.sleep(pause)


def make(service):
    """A backup that must succeed; its job."""
    shown = wait(service, start(service))
    if shown["state"] != "Succeeded":
        raise harness.Failure(f"the backup did not succeed: {shown}\n{service.log()[-4000:]}")
    return shown


def listed(deployment, allowed=(0,)):
    """(exit code, document) of `list --json`."""
    result = harness.run("list", "--from", deployment.share, "--json", check=False)
    if result.returncode not in allowed:
        raise harness.Failure(f"list ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.returncode, json.loads(result.stdout)


def committed(deployment, allowed=(0,)):
    """The committed backups of `list --json`, oldest first."""
    return [backup for backup in listed(deployment, allowed)[1]["backups"] if backup["isCommitted"]]


def verify(deployment, *options, check=True):
    """`verify` with the PFX, of everything or with --backup; @check: raises unless it finds all sound."""
    return harness.run("verify", "--from", deployment.share, "--pfx", deployment.pfx_file,
                       "--pfx-password-file", deployment.password_file, *options, check=check)


def files_on(folder):
    """{path: size} of every file below @folder, which somebody may be working in."""
    found = {}
    for path, _, names in os.walk(folder):
        for name in names:
            full = os.path.join(path, name)
            try:
                found[os.path.relpath(full, folder)] = os.lstat(full).st_size
            except FileNotFoundError:
                pass
    return found


def packs(deployment):
    """{path: size} of the complete packs on the share."""
    return {path: size for path, size in files_on(deployment.share).items() if path.endswith(".pack")}


def folders(deployment):
    """Names of the backups' folders on the share, whatever is in them."""
    path = os.path.join(deployment.share, "MASBackup", "backups")
    return sorted(os.listdir(path)) if os.path.isdir(path) else []

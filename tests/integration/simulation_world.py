# SPDX-License-Identifier: Apache-2.0
"""Where a simulated life takes place: a service with a clock of its own, sources, and a share on a real SMB server."""

import os
import random
import shutil
import signal
import time
import urllib.parse

import backups
import harness
import namespace
from moved_clock import Clock
from smb_server import PASSWORD, USER, SmbServer

MIB = 1 << 20
SHARE_SIZE = 384 * MIB
FILES, FILE_SIZE = 24, MIB // 2
# A share that hangs ends a call after so long, so that a frozen server costs seconds.
DEADLINE_SECONDS = 3
CONFLICT = 409


class World:
    """Inside the with-block the server runs, and the service until it is killed. @self.elapsed: seconds of simulated
    time beyond the real one; @self.skew: by how much the service's clock is wrong."""

    def __init__(self):
        self.deployment = harness.Deployment(
            config={"engine": {"shareDeadlineSeconds": DEADLINE_SECONDS}},
            services=lambda deployment: [
                {"role": "Files", "provider": "directory", "path": deployment.source},
                {"role": "Extra", "provider": "directory", "path": deployment.path("extra"), "essential": False}])
        self.clock = Clock(self.deployment)
        # The server's, which is always right: a logon is refused when clocks differ by more than 36 hours.
        self.right_clock = Clock(self.deployment, "right-clock")
        self.server = SmbServer(environment=self.right_clock.environment)
        self.deployment.share = self.server.data
        self.extra = self.deployment.path("extra")
        self.elapsed = self.skew = 0
        self.service = None
        self.last_service = None  # also one that has ended
        self.flipped = {}  # path of a pack below MASBackup -> where

    def __enter__(self):
        os.mkdir(self.server.data)
        namespace.call("mount", "-t", "tmpfs", "-o", f"size={SHARE_SIZE},mode=0777", "tmpfs", self.server.data)
        self.server.start()
        os.mkdir(self.extra)
        self.change_sources(0)
        self.serve()
        self.configure(backupFrequencyInHours=4, backupRetentionPeriodInDays=2, isBackupSchedulerEnabled=True)
        return self

    def __exit__(self, *_):
        if self.service is not None:
            self.service.kill()
            self.service.process.stdout.close()
        if self.server.process.poll() is None:
            self.server.signal(signal.SIGCONT)
        self.server.__exit__()
        namespace.call("umount", "-l", self.server.data)
        shutil.rmtree(self.server.folder, ignore_errors=True)
        self.deployment.remove()

    # --- time ---

    def now(self):
        """What the service takes for the time."""
        return self.clock.now()

    def pass_time(self, seconds):
        self.elapsed += seconds
        self.right_clock.set(self.elapsed)
        self.clock.set(self.elapsed + self.skew)

    def set_skew(self, seconds):
        self.skew = seconds
        self.clock.set(self.elapsed + self.skew)

    # --- the service ---

    def serve(self):
        self.service = self.last_service = self.deployment.serve(env=self.clock.environment)

    def kill(self):
        self.service.kill()
        self.service.process.stdout.close()
        self.service = None

    def stop(self):
        """SIGTERM; it must end well."""
        service, self.service = self.service, None
        if service.stop() != 0:
            raise harness.Failure(f"serve ended with {service.process.returncode}:\n{service.log()[-4000:]}")

    def log(self):
        return self.last_service.log() if self.last_service is not None else ""

    def configure(self, **members):
        """The end of the update's job."""
        answer = self.service.client.put(self.deployment.location, self.deployment.location_body(
            **{"path": self.server.url(), "userName": USER, "password": PASSWORD, "backupFrequencyInHours": None,
               "backupRetentionPeriodInDays": None, "isBackupSchedulerEnabled": None, **members}))
        return answer if answer.status == CONFLICT else self.service.client.poll(answer)

    def post(self, path, body=None):
        """202 and 200 are given back, and 409; anything else is a failure."""
        answer = self.service.client.post(f"{self.deployment.location}/{path}", body)
        if answer.status not in (200, 202, CONFLICT):
            raise harness.Failure(f"{path}: {answer}")
        return answer

    def start(self, path="createBackup", body=None):
        """The id of the job that was queued; None: another one is in the way."""
        answer = self.post(path, body)
        if answer.status == CONFLICT:
            return None
        return urllib.parse.urlsplit(answer.headers["Location"]).path.rsplit("/", 1)[1]

    def store(self):
        return self.service.client.get(self.deployment.location).json["properties"]["externalStoreDefault"]

    def jobs(self):
        """The newest first."""
        answer = self.service.client.get(f"{self.deployment.location}/operations?$top=1000")
        if answer.status != 200:
            raise harness.Failure(f"the list of operations: {answer}")
        return [item["properties"] for item in answer.json["value"]]

    def listed(self):
        """What the contract shows of committed backups: id -> status."""
        value = self.service.client.get(f"{self.deployment.location}/backups").json["value"]
        infos = [item["properties"]["backupInfo"] for item in value]
        return {info["backupId"]: info["status"] for info in infos if info["completelyUploaded"]}

    def wait_until_idle(self):
        """No job runs or waits, and nothing follows from the last one; the jobs."""
        end = time.monotonic() + harness.JOB_SECONDS
        before = None
        while True:
            jobs = self.jobs()
            if all(job["state"] not in backups.RUNNING for job in jobs) and before == len(jobs):
                return jobs
            if time.monotonic() > end:
                raise harness.Failure(f"never idle: {jobs[:5]}\n{self.service.log()[-4000:]}")
            before = len(jobs)
            time.sleep(0.08)

    # --- what changes around it ---

    def change_sources(self, seed):
        """A few files get new content, one more is there, one goes."""
        generator = random.Random(seed)
        for folder, count in ((self.deployment.source, 3), (self.extra, 1)):
            if not os.path.isdir(folder):
                continue
            for _ in range(count):
                path = os.path.join(folder, f"file-{generator.randrange(FILES):02}")
                with open(path, "wb") as file:
                    file.write(generator.randbytes(generator.randrange(FILE_SIZE)))
            path = os.path.join(folder, f"file-{generator.randrange(FILES):02}")
            if os.path.exists(path):
                os.unlink(path)

    def flip(self, choice):
        """One bit of one pack, as a disk does it: nobody is told. The pack, or None when there is none."""
        root = os.path.join(self.server.data, "MASBackup")
        packs = sorted(path for path in backups.files_on(root) if path.endswith(".pack"))
        if not packs:
            return None
        path = packs[int(choice * len(packs))]
        if path in self.flipped:
            return None
        full = os.path.join(root, path)
        status = os.stat(full)
        position = int(choice * 7919 % 1 * status.st_size)
        with open(full, "r+b") as file:
            file.seek(position)
            byte = file.read(1)[0]
            file.seek(position)
            file.write(bytes([byte ^ 1]))
        os.utime(full, ns=(status.st_atime_ns, status.st_mtime_ns))
        self.flipped[path] = position
        return path

    def fill_share(self):
        with open(os.path.join(self.server.data, "filler"), "wb", buffering=0) as file:
            for size in (MIB, 4096):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    pass

    def empty_share(self):
        os.unlink(os.path.join(self.server.data, "filler"))

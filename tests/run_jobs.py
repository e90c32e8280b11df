# SPDX-License-Identifier: Apache-2.0
"""Runs jobs side by side, each in a process group and a temporary folder of its own, and counts tests."""

import dataclasses
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

# A bound for what hangs, not an expectation of how long anything takes.
HANGING_AFTER = 900
SHOWN_LINES = 60


@dataclasses.dataclass
class Job:
    name: str
    command: list
    environment: dict = dataclasses.field(default_factory=dict)
    weight: int = 1
    after: str = None  # name of the job that must have passed
    is_test: bool = True  # False: a build, which counts only when it fails


@dataclasses.dataclass
class Result:
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    reason: str = ""


def count_tests(text):
    """(passed, failed) as the program counted them itself, or None."""
    passed = re.findall(r"^\[  PASSED  \] (\d+) test\(s\)\.", text, re.M)
    failed = re.findall(r"^\[  FAILED  \] (\d+) test\(s\), listed below", text, re.M)
    skipped = re.findall(r"^\[  SKIPPED \] (\d+) test\(s\), listed below", text, re.M)
    if passed or failed:
        # What was skipped has not passed.
        return sum(map(int, passed)), sum(map(int, failed + skipped))
    line = re.findall(r"(\d+) passed, (\d+) failed$", text.rstrip().rsplit("\n", 1)[-1])
    return (int(line[0][0]), int(line[0][1])) if line else None


def living_group(group):
    """Process ids of a group, zombies left out."""
    living = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX" and int(fields[2]) == group:
            living.append(int(path.split("/")[2]))
    return living


def write_stacks(pids, log):
    """Where the processes hang, for the log."""
    for pid in pids:
        log.write(f"\n--- hanging: process {pid}\n")
        log.flush()
        if shutil.which("gdb"):
            command = ["gdb", "-p", str(pid), "-batch", "-nx", "-ex", "thread apply all bt"]
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=120,
                           check=False)
            continue
        for path in glob.glob(f"/proc/{pid}/task/*/wchan"):
            try:
                with open(path, encoding="utf-8") as file:
                    log.write(f"{path}: {file.read()}\n")
            except OSError:
                pass


def end_group(group):
    """Ends what a job left running; true when there was something. Dying processes get a moment."""
    moment = time.monotonic() + 2
    while living_group(group):
        if time.monotonic() > moment:
            os.killpg(group, signal.SIGKILL)
            return True
        time.sleep(0.05)
    return False


class Runner:
    """Jobs start in their order; one that does not fit yet holds back those behind it."""

    def __init__(self, log_folder, capacity):
        self.log_folder = log_folder
        self.capacity = capacity
        self.free = capacity
        self.changed = threading.Condition()
        self.results = {}
        self.groups = {}  # process group: name of the job

    def log_path(self, job):
        return os.path.join(self.log_folder, re.sub(r"[^\w.-]+", "-", job.name) + ".log")

    def run(self, jobs):
        """The results by name. An interrupt ends everything that runs."""
        shutil.rmtree(self.log_folder, ignore_errors=True)
        os.makedirs(self.log_folder)
        waiting, threads = list(jobs), []
        try:
            while waiting:
                threads.append(self.start_next(waiting))
            for thread in threads:
                thread.join()
            reasons = [r.reason for r in self.results.values() if r.reason.startswith("not run")]
            for reason in dict.fromkeys(reasons):
                print(f"FAILED {reasons.count(reason)} {reason}")
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # once is enough
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            for group, name in list(self.groups.items()):
                print(f"ENDED         {name}", flush=True)
                os.killpg(group, signal.SIGKILL)
            for thread in threads:
                thread.join(10)  # they remove their temporary folders
            raise
        return self.results

    def start_next(self, waiting):
        with self.changed:
            while True:
                job = next((j for j in waiting if not j.after or j.after in self.results), None)
                weight = min(job.weight, self.capacity) if job else None
                if job and weight <= self.free:
                    break
                self.changed.wait()
            waiting.remove(job)
            self.free -= weight
        thread = threading.Thread(target=self.perform, args=(job, weight), daemon=True)
        thread.start()
        return thread

    def perform(self, job, weight):
        began = time.monotonic()
        if job.after and self.results[job.after].failed:
            result = Result(failed=1, reason=f"not run: {job.after} failed")
        else:
            result = self.execute(job)
        result.seconds = time.monotonic() - began
        with self.changed:
            self.report(job, result)
            self.results[job.name] = result
            self.free += weight
            self.changed.notify_all()

    def execute(self, job):
        temporary = tempfile.mkdtemp(prefix="ib-")
        os.chmod(temporary, 0o1777)  # some tests become another user
        path = self.log_path(job)
        environment = dict(os.environ, LC_ALL="C.UTF-8", TMPDIR=temporary, PYTHONDONTWRITEBYTECODE="1",
                           CMOCKA_MESSAGE_OUTPUT="stdout")
        # A make above this program is not the master of the makes below it.
        for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES"):
            environment.pop(name, None)
        environment.update({k: v.replace("@LOG@", path) for k, v in job.environment.items()})
        command = [word.replace("@LOG@", path) for word in job.command]
        try:
            with open(path, "w", encoding="utf-8", errors="replace") as log:
                faults, code = self.attend(job, command, environment, log)
            faults += self.reports_of_tools(path)
            faults += [f"left behind {n}" for n in sorted(os.listdir(temporary))] if not code else []
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return self.judge(job, path, code, faults)

    def attend(self, job, command, environment, log):
        """Runs one command to its end, its faults beyond the exit code listed."""
        faults = []
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env=environment, start_new_session=True)
        except OSError as error:
            return [str(error)], 127
        self.groups[process.pid] = job.name
        try:
            code = process.wait(HANGING_AFTER)
        except subprocess.TimeoutExpired:
            faults.append(f"hung for {HANGING_AFTER} s")
            write_stacks(living_group(process.pid), log)
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        if end_group(process.pid) and not faults:
            faults.append("left processes running")
        self.groups.pop(process.pid)
        return faults, code

    @staticmethod
    def reports_of_tools(path):
        """What sanitizers and valgrind wrote into files beside the log, children included."""
        faults = []
        for report in sorted(glob.glob(glob.escape(path) + ".*")):
            with open(report, encoding="utf-8", errors="replace") as file:
                # Lines of valgrind about itself, such as a system call that it does not know.
                text = "".join(line for line in file if not re.match(r"--\d+-- ", line))
            os.unlink(report)
            if text.strip():
                faults.append("memory or thread fault reported")
                with open(path, "a", encoding="utf-8") as log:
                    log.write("\n" + text)
        return faults

    @staticmethod
    def judge(job, path, code, faults):
        with open(path, encoding="utf-8", errors="replace") as log:
            counts = count_tests(log.read()) if job.is_test else None
        passed, failed = counts or (int(code == 0 and job.is_test), 0)
        if code != 0 and failed == 0:
            name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            faults = faults + [f"ended with {name}"]
        if faults and failed == 0:
            failed = 1
            passed = passed if counts else 0
        return Result(passed, failed, reason="; ".join(dict.fromkeys(faults)))

    def report(self, job, result):
        if result.reason.startswith("not run"):
            return  # said once for all of them
        word = "FAILED" if result.failed else "ok"
        print(f"{word:6} {result.seconds:6.1f}s {job.name}" +
              (f" ({result.reason})" if result.reason else ""), flush=True)
        path = self.log_path(job)
        with open(path, encoding="utf-8", errors="replace") as log:
            lines = log.read().splitlines()
        if not result.failed:
            # What a test could not do on this machine.
            print("".join(f"    | {line}\n" for line in lines if line.startswith("note: ")), end="", flush=True)
            return
        left_out = len(lines) - SHOWN_LINES
        if left_out > 0:
            print(f"    | ({left_out} lines before these are in {os.path.relpath(path)})")
        print("".join(f"    | {line}\n" for line in lines[-SHOWN_LINES:]), end="", flush=True)

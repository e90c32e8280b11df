#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast packs go to a share over encrypted SMB and come back, beside Samba's own clients.

    bench_smb.py BUILD [--rounds N] [--packs N] [--megabytes N]

All write to one private server that requires encryption, with its share in memory, one after the other
in every round, the first another one each time. Whole processes are measured: log on, packs, log off.
Ours flushes every pack, the others cannot. Exit status 1: writing is slower than both others.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "integration"))
from smb_server import PASSWORD, USER, SmbServer  # noqa: E402

CIPHER = "AES-128-GCM"
# Run by the server at every connection, as root, until there is a file "measuring".
NOTE = """[ -e {0}/measuring ] || exec smbstatus -s {0}/smb.conf -p >>{0}/sessions
"""


class Bench:
    def __init__(self, server, folder, options):
        self.server = server
        self.folder = folder
        self.build = options.build
        self.packs = options.packs
        self.bytes = options.megabytes << 20
        self.password = self.write("password", f"{PASSWORD}\n")
        domain, name = USER.split("\\")
        self.login = self.write("login", f"username={name}\npassword={PASSWORD}\ndomain={domain}\n")
        # The library and the program read this one instead of the machine's.
        self.config = self.write("smb.conf", "[global]\nclient min protocol = SMB3_11\n")
        self.pack = self.write("pack", "Z" * self.bytes)
        self.clients = {"infrabackup": self.ours, "libsmbclient": self.library,
                        "smbclient": self.program}

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def ours(self, kind):
        return [os.path.join(self.build, "tests/bench/bench_share"), kind, self.server.url(),
                USER, self.password, str(self.packs), str(self.bytes)]

    def library(self, kind):
        return [os.path.join(self.build, "tests/bench/bench_libsmbclient"), kind, self.server.url(),
                USER, self.password, str(self.packs), str(self.bytes)]

    def program(self, kind):
        verb = f"put {self.pack} pack-{{0}}" if kind == "write" else "get pack-{0} /dev/null"
        commands = "; ".join(verb.format(number) for number in range(self.packs))
        return ["smbclient", "-p", str(self.server.port), "-A", self.login,
                "--client-protection=encrypt", "//127.0.0.1/data", "-c", commands]

    def run(self, client, kind):
        """Seconds, processor seconds, peak KiB of one client process."""
        environment = dict(os.environ, SMB_CONF_PATH=self.config, LC_ALL="C.UTF-8")
        figures = os.path.join(self.folder, "figures")
        # By a small program of its own: the peak of a child of this one would begin with this one's.
        command = ["/usr/bin/time", "-q", "-o", figures, "-f", "%U %S %M"] + self.clients[client](kind)
        begun = time.monotonic()
        result = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        seconds = time.monotonic() - begun
        if result.returncode != 0:
            sys.exit(f"bench_smb: {client} {kind} failed: {result.stdout[-500:]}")
        with open(figures, encoding="ascii") as file:
            user, system, peak = file.read().split()
        return seconds, float(user) + float(system), int(peak)

    def empty_share(self):
        for name in os.listdir(self.server.data):
            os.unlink(os.path.join(self.server.data, name))

    def stored(self):
        sizes = [entry.stat().st_size for entry in os.scandir(self.server.data)]
        return len(sizes) == self.packs and set(sizes) == {self.bytes}

    def check(self, client):
        """A round that is not counted: what comes and goes is whole, and encrypted."""
        sessions = os.path.join(self.server.folder, "sessions")
        for kind in ("write", "read"):
            with open(sessions, "w", encoding="ascii"):
                pass
            os.chmod(sessions, 0o666)
            self.run(client, kind)
            with open(sessions, encoding="utf-8") as file:
                seen = [line for line in file if line[:1].isdigit()]
            if not seen or not all(CIPHER in line and "SMB3_11" in line for line in seen):
                sys.exit(f"bench_smb: {client} {kind}: not encrypted with {CIPHER}: {seen}")
        if not self.stored():
            sys.exit(f"bench_smb: {client} did not store {self.packs} packs of {self.bytes} bytes")
        self.empty_share()

    def measure(self, rounds):
        figures = {(client, kind): [] for client in self.clients for kind in ("write", "read")}
        names = list(self.clients)
        for number in range(rounds):
            first = number % len(names)
            for client in names[first:] + names[:first]:
                for kind in ("write", "read"):
                    figures[client, kind].append(self.run(client, kind))
                self.empty_share()
        return figures


def report(figures, megabytes):
    """Prints the table; the median rates by (client, kind)."""
    rates = {key: [megabytes / run[0] for run in runs] for key, runs in figures.items()}
    medians = {key: statistics.median(values) for key, values in rates.items()}
    for kind in ("write", "read"):
        ours = medians["infrabackup", kind]
        print(f"\n{kind:<14}{'MB/s median':>12}{'least':>8}{'most':>8}{'ours is':>9}{'CPU s':>8}"
              f"{'peak MiB':>10}")
        for (client, each), runs in figures.items():
            if each != kind:
                continue
            print(f"{client:<14}{medians[client, kind]:>12.0f}{min(rates[client, kind]):>8.0f}"
                  f"{max(rates[client, kind]):>8.0f}{ours / medians[client, kind]:>8.2f}x"
                  f"{statistics.median(run[1] for run in runs):>8.2f}"
                  f"{max(run[2] for run in runs) / 1024:>10.1f}")
    return medians


def main():
    parser = argparse.ArgumentParser(description="Measures the SMB client beside Samba's.")
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--packs", type=int, default=64)
    parser.add_argument("--megabytes", type=int, default=16, help="of a pack")
    options = parser.parse_args()
    if not os.access("/dev/shm", os.W_OK):
        sys.exit("bench_smb: /dev/shm cannot be written: the share would measure the disk")
    tempfile.tempdir = "/dev/shm"
    folder = tempfile.mkdtemp(prefix="bench-smb-")
    try:
        server = SmbServer()
        note = os.path.join(server.folder, "note.sh")
        with open(note, "w", encoding="utf-8") as file:
            file.write(NOTE.format(server.folder))
        server.options = f"root preexec = sh {note}"
        with server:
            bench = Bench(server, folder, options)
            for client in bench.clients:
                bench.check(client)
            with open(os.path.join(server.folder, "measuring"), "w", encoding="ascii"):
                pass
            figures = bench.measure(options.rounds)
    finally:
        shutil.rmtree(folder)
    total = options.packs * options.megabytes * 1.048576
    print(f"{total:.0f} MB in packs of {options.megabytes} MiB over SMB 3.1.1, {CIPHER}, each client's"
          f" encryption seen by smbstatus; {options.rounds} rounds, {os.cpu_count()} processors")
    medians = report(figures, total)
    peers = [medians[client, "write"] for client in ("libsmbclient", "smbclient")]
    if medians["infrabackup", "write"] < min(peers):
        print("bench_smb: writing is slower than both others")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

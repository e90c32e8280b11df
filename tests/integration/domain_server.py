# SPDX-License-Identifier: Apache-2.0
"""A domain controller of one's own: see tests/fake/domain_private.sh for its names, shares and users.

    enter_namespaces()              # first of all: the script goes on inside a network of its own
    with Domain() as domain:
        harness.run("list", "--from", domain.url(), "--user", KERBEROS_USER, ...)
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

FAKE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "fake")
PYTHON = "/usr/bin/python3"  # whose modules are Debian's: Samba's are among them
KERBEROS_USER = "backup-user@contoso.com"
NTLM_USER = "CONTOSO\\backup-user"
PASSWORD = "Passw0rd!"
ADDRESS = "198.51.100.10"
SERVER = "dc1.contoso.com"
SECOND_NAME = "filesrv01.contoso.com"
WITHOUT_PRINCIPAL = "alias.contoso.com"
READY_SECONDS = 60
OUTER = "OUTER_NAMESPACES"  # those that were left, for domain_private.sh


def namespaces():
    return [os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "mnt")]


def note_outer():
    """Before the namespaces are left."""
    os.environ[OUTER] = " ".join(namespaces())


def is_inside():
    outer = os.environ.get(OUTER, "").split()
    return len(outer) == 2 and not set(outer) & set(namespaces())


def enter_namespaces():
    """The script starts again in network and mount namespaces of its own, which end with it: services and clients
    that it starts live there too."""
    if not is_inside():
        note_outer()
        os.execvp("unshare", ["unshare", "-n", "-m", "--propagation", "private", sys.executable, *sys.argv])


class Domain:
    """Running inside the with-block; .data is the folder behind the share "data". @ticket_seconds: how long tickets
    that clients ask for live, at least 121. @options: lines for [global] of smb.conf."""

    def __init__(self, encrypt="required", ticket_seconds=None, options=""):
        if not is_inside():
            raise AssertionError("enter_namespaces() comes first")
        self.folder = tempfile.mkdtemp(prefix="domain-")
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "data")
        self.encrypt = encrypt
        self.environment = {**os.environ, "DOMAIN_OPTIONS": options,
                            "DOMAIN_TICKET": str(ticket_seconds or "")}
        self.process = None

    @staticmethod
    def url(path="data", server=SERVER):
        return f"smb://{server}/{path}"

    def start(self):
        # Should the test be killed, the kernel ends the domain.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "sh", os.path.join(FAKE, "domain_private.sh"), self.folder,
             self.encrypt], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=self.environment)
        end = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("the domain controller did not start")
            time.sleep(0.05)

    @staticmethod
    def is_ready():
        try:
            for port in (53, 88, 389, 445):
                socket.create_connection((ADDRESS, port), 1).close()
        except OSError:
            return False
        return os.path.exists("/run/samba/winbindd/pipe")

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        for mount in ("/etc", "/run/samba", self.folder):
            subprocess.run(["umount", "-R", "-l", mount], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    # --- accounts ---

    def _account(self, action, user, *value):
        return subprocess.run([PYTHON, os.path.join(FAKE, "domain_accounts.py"), self.folder, action, user, *value],
                              check=True, capture_output=True, text=True).stdout.strip()

    def bad_logons(self, user):
        """How many there were since the user's last good logon: badPwdCount."""
        return int(self._account("bad-logons", user))

    def forgive(self, user):
        """No bad logons any more, and no lockout."""
        self._account("forgive", user)

    def set_password(self, user, password):
        """Twice, because the one before the present one lets in over NTLM for another hour."""
        for each in (password + " soon", password):
            self._account("password", user, each)

    def spoil(self, user, like):
        """From now on the user is like that other one: "disabled-user", "must-change-user" and so on."""
        self._account("spoil", user, like)

    def mend(self, user):
        """Takes back what the two above did: as the user was at first."""
        self._account("mend", user)

    def log(self):
        """Of all of its processes; lines with "Auth:" and "Successful AuthZ:" are about logons."""
        with open(os.path.join(self.folder, "log", "domain"), encoding="utf-8", errors="replace") as file:
            return file.read()

    # --- faults ---

    def block(self, port, how="drop", address=ADDRESS):
        """What goes to that TCP and UDP port vanishes ("drop") or is answered as when nobody listens ("reject")."""
        tcp = "reject with tcp reset" if how == "reject" else how
        self._nft(f"add table inet domain; "
                  f"add chain inet domain input {{ type filter hook input priority 0; }}; "
                  f"add rule inet domain input ip daddr {address} tcp dport {port} {tcp}; "
                  f"add rule inet domain input ip daddr {address} udp dport {port} {how}")

    def unblock(self):
        """Takes back every block()."""
        self._nft("add table inet domain; delete table inet domain")

    @staticmethod
    def _nft(commands):
        subprocess.run(["nft", commands], check=True)

    def signal(self, number, pattern=r"^\S*smbd\b"):
        """To all of its processes whose command line matches: smbd, or r"task\\[kdc" for the Kerberos server."""
        for pid in self._descendants(self.process.pid):
            if re.search(pattern, self._read(f"/proc/{pid}/cmdline").replace("\0", " ")):
                os.kill(pid, number)

    def _descendants(self, pid):
        for child in self._read(f"/proc/{pid}/task/{pid}/children").split():
            yield int(child)
            yield from self._descendants(int(child))

    @staticmethod
    def _read(path):
        """Nothing of a process that is gone."""
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except (FileNotFoundError, ProcessLookupError):
            return ""

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

# SPDX-License-Identifier: Apache-2.0
"""A Samba server of one's own on loopback: see tests/fake/smbd_private.sh for its shares and users."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
USER = "CONTOSO\\backup-user"
PASSWORD = "Passw0rd!"
READY_SECONDS = 60


class SmbServer:
    """Running inside the with-block; .data is the folder behind the share "data". @options: lines for [global];
    @environment: what the server has beside ours."""

    def __init__(self, encrypt="required", options="", environment=None):
        self.folder = tempfile.mkdtemp(prefix="smbd-")
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "data")
        self.encrypt = encrypt
        self.options = options
        self.environment = environment or {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    def url(self, path="data"):
        return f"smb://127.0.0.1:{self.port}/{path}"

    def start(self):
        script = os.path.join(ROOT, "tests", "fake", "smbd_private.sh")
        self.process = subprocess.Popen(
            ["sh", script, self.folder, str(self.port), self.encrypt], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "SMBD_OPTIONS": self.options, **self.environment})
        end = time.monotonic() + READY_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise AssertionError("the Samba server did not start") from None
                time.sleep(0.05)

    def set_password(self, password):
        """Of USER; counts from the next logon on."""
        script = ('. "$0/deploy/private-share.sh"; [ "$(id -u)" -eq 0 ] || private_share_pretend;'
                  ' private_share_password "$1" "$2"')
        subprocess.run(["sh", "-c", script, ROOT, self.folder, USER.partition("\\")[2]],
                       input=password + "\n", text=True, check=True)

    def change_account(self, how):
        """Of USER: "-d" disables it, "-e" enables it, "-x" removes it until it gets a password."""
        script = ('. "$0/deploy/private-share.sh"; [ "$(id -u)" -eq 0 ] || private_share_pretend;'
                  ' private_share_run "$1" smbpasswd -c "$1/smb.conf" -L "$3" "$2"')
        subprocess.run(["sh", "-c", script, ROOT, self.folder, USER.partition("\\")[2], how], check=True,
                       stdout=subprocess.DEVNULL)

    def bad_logons(self):
        """How often somebody was refused a logon, by the server's own log."""
        with open(os.path.join(self.folder, "log.smbd"), encoding="utf-8", errors="replace") as log:
            return sum("Auth: [SMB2" in line and "NT_STATUS_OK" not in line for line in log)

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

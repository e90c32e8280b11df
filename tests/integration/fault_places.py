# SPDX-License-Identifier: Apache-2.0
"""Shares that are broken on order: file systems and servers of one's own, in namespaces that end with the script.

A place is a with-block that has .address (of a good share), .data (the folder behind it), .server (None for a folder)
and .storage (the file system below .data, see the classes of storage)."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from domain_server import Domain, note_outer
from smb_server import ROOT, SmbServer

# Whether the script has come to its own mounts and network, then to its own processes.
STAGE = "INFRABACKUP_TEST_FAULTS"
# Where the guard hears which folder hangs.
GUARD = "INFRABACKUP_TEST_FAULTS_GUARD"
PROGRAM = os.environ.get("INFRABACKUP") or os.path.join(ROOT, "build", "infrabackup")
TOOLS = os.path.join(os.path.dirname(PROGRAM), "tests", "tools")
READY_SECONDS = 60


def enter_namespaces():
    """Starts this script anew with mounts, a network and processes of its own; all end with it, however it ends."""
    stage = os.environ.get(STAGE)
    if os.geteuid() != 0:
        sys.exit("real file systems and firewalls need root")
    if stage is None:
        note_outer()
        restart("mounts", "--mount", "--net", "--propagation", "private")
    if stage == "mounts":
        os.environ[GUARD] = str(start_guard())
        restart("processes", "--pid", "--fork", "--kill-child=SIGTERM")
    # As the first process of the namespace it hears only what it handles.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.set_inheritable(int(os.environ[GUARD]), False)
    call("mount", "-t", "proc", "proc", "/proc")
    call("ip", "link", "set", "lo", "up")


def restart(stage, *options):
    os.environ[STAGE] = stage
    os.execvp("unshare", ["unshare", *options, sys.executable, *sys.argv])


def start_guard():
    """A process that outlives the script by as long as it takes to let go on what was last said to hang: whoever hangs
    in a frozen file system cannot be ended, and would hold it for ever. The descriptor to tell it by."""
    listening, telling = os.pipe()
    # Freezing may only be under way.
    script = """while read -r line; do last=$line; done
        for _ in 1 2 3 4 5 6 7 8 9; do [ -z "$last" ] || fsfreeze --unfreeze "$last" && break; sleep 1; done"""
    subprocess.Popen(["sh", "-c", script], stdin=listening, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                     start_new_session=True)
    os.close(listening)
    os.set_inheritable(telling, True)
    return telling


def tell_guard(folder):
    os.write(int(os.environ[GUARD]), f"{folder}\n".encode())


def call(*command, text=None):
    done = subprocess.run(command, input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}")


def wait_until(is_so, what):
    end = time.monotonic() + READY_SECONDS
    while not is_so():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {READY_SECONDS} s")
        time.sleep(0.01)


# --- what is below the share ---


class Plain:
    """An ordinary folder."""

    def __init__(self, folder):
        self.folder = folder

    def mount(self):
        """On the folder, which exists."""

    def unmount(self):
        """Also what is broken."""

    def thaw(self):
        """Lets go on whoever hangs in it, who could not even be killed."""


class Mounted(Plain):
    def unmount(self):
        subprocess.run(["umount", "-l", self.folder], check=False, stderr=subprocess.DEVNULL)

    def remount(self, options):
        call("mount", "-o", f"remount,{options}", self.folder)


class Memory(Mounted):
    """A tmpfs of @size bytes."""

    def __init__(self, folder, size=256 << 20):
        super().__init__(folder)
        self.size = size

    def mount(self):
        call("mount", "-t", "tmpfs", "-o", f"size={self.size},mode=0777", "tmpfs", self.folder)

    def fill(self):
        with contextlib.suppress(OSError), open(os.path.join(self.folder, "ballast"), "wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))

    def grow(self):
        self.remount("size=256m")


class Image(Mounted):
    """A file system in a file: @kind is "ext4" or "btrfs". An ext4 that finds itself damaged becomes read-only."""

    kind, size = "ext4", 256 << 20

    def __init__(self, folder):
        super().__init__(folder)
        self.image = folder + ".image"

    def mount(self):
        with open(self.image, "wb") as file:
            file.truncate(self.size)
        call(f"mkfs.{self.kind}", "-q", self.image)
        call("mount", "-o", "loop" + (",errors=remount-ro" if self.kind == "ext4" else ""), self.image, self.folder)
        os.chmod(self.folder, 0o777)

    def freeze(self):
        tell_guard(self.folder)
        call("fsfreeze", "--freeze", self.folder)

    def thaw(self):
        subprocess.run(["fsfreeze", "--unfreeze", self.folder], check=False, stderr=subprocess.DEVNULL)
        tell_guard("")

    def damage(self):
        device = os.stat(self.folder).st_dev
        name = os.path.basename(os.readlink(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}"))
        with open(f"/sys/fs/ext4/{name}/trigger_fs_error", "w", encoding="ascii") as file:
            file.write("damaged on order")

    def repair(self):
        self.unmount()
        self.mount()

    def unmount(self):
        self.thaw()
        super().unmount()
        with contextlib.suppress(OSError):
            os.unlink(self.image)


class Quota(Image):
    """A btrfs whose folder may hold @limit bytes: the quota that needs nothing but the kernel's file system."""

    kind, limit = "btrfs", 30 << 20

    def mount(self):
        super().mount()
        whole = self.folder + ".whole"
        os.mkdir(whole)
        call("mount", "--move", self.folder, whole)
        call("btrfs", "quota", "enable", whole)
        call("btrfs", "subvolume", "create", f"{whole}/limited")
        call("btrfs", "qgroup", "limit", str(self.limit), f"{whole}/limited")
        call("mount", "--bind", f"{whole}/limited", self.folder)
        os.chmod(self.folder, 0o777)

    def tighten(self):
        """To less than there is already."""
        call("btrfs", "qgroup", "limit", str(1 << 20), self.folder)

    def grow(self):
        # By its number (the first there is) from outside: inside, not even this would find room.
        call("btrfs", "qgroup", "limit", "none", "0/256", self.folder + ".whole")

    def unmount(self):
        super().unmount()
        subprocess.run(["umount", "-l", self.folder + ".whole"], check=False, stderr=subprocess.DEVNULL)


class Failing(Mounted):
    """A folder behind tests/tools/fuse_faults.c."""

    def __init__(self, folder):
        super().__init__(folder)
        self.behind, self.control = folder + ".behind", folder + ".control"
        self.process = None

    def mount(self):
        os.mkdir(self.behind)
        os.chmod(self.behind, 0o777)
        self.order()
        self.process = subprocess.Popen(
            [os.path.join(TOOLS, "fuse_faults"), self.behind, self.control, self.folder])
        wait_until(lambda: self.process.poll() is not None or os.path.ismount(self.folder), "mounting")
        if self.process.poll() is not None:
            raise AssertionError(f"fuse_faults ended with {self.process.returncode}")

    def order(self, **faults):
        """@faults: the errno an operation fails with, or "ERRNO PART" (see fuse_faults.c); without, all is well."""
        with open(self.control + ".new", "w", encoding="ascii") as file:
            file.writelines(f"{name} {number}\n" for name, number in faults.items())
        os.rename(self.control + ".new", self.control)

    def die(self):
        self.process.kill()
        self.process.wait()

    def revive(self):
        super().unmount()
        shutil.rmtree(self.behind)
        self.mount()

    def unmount(self):
        if self.process is not None and self.process.poll() is None:
            self.die()
        super().unmount()


# --- places ---


class Folder:
    """A share that is a mounted folder, for the directory driver."""

    server = None

    def __init__(self, storage=Plain, **options):
        self.folder = tempfile.mkdtemp(prefix="faults-")
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, "data")
        self.storage = storage(self.data, **options)

    @property
    def address(self):
        return self.data

    def __enter__(self):
        os.mkdir(self.data)
        try:
            self.storage.mount()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.storage.unmount()
        shutil.rmtree(self.folder, ignore_errors=True)


class Smb:
    """A share of a Samba server. @encrypt, @lines: see SmbServer."""

    def __init__(self, storage=Plain, encrypt="required", lines="", **options):
        self.server = SmbServer(encrypt, lines)
        self.data = self.server.data
        self.storage = storage(self.data, **options)

    @property
    def address(self):
        return self.server.url()

    def logons(self):
        """The results of all logons that the server saw, by its own log."""
        results = []
        with contextlib.suppress(FileNotFoundError), \
                open(os.path.join(self.server.folder, "log.smbd"), encoding="utf-8", errors="replace") as log:
            results = [line.split("status [")[1].split("]")[0] for line in log if "Auth: [SMB2" in line]
        return results

    def kill(self):
        """Returns when all of its processes are gone: those of single connections are this namespace's orphans."""
        self.server.signal(signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-self.server.process.pid, 0)
        self.server.process.wait()

    def __enter__(self):
        os.mkdir(self.data)
        try:
            self.storage.mount()
            self.server.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        firewall()
        self.storage.thaw()
        if self.server.process is not None and self.server.process.poll() is None:
            self.kill()
        self.storage.unmount()
        shutil.rmtree(self.server.folder, ignore_errors=True)


class DomainShare:
    """A share in a domain of its own, started by the first row that enters it and ended with @stack."""

    def __init__(self, stack):
        self.stack = stack
        self.server = None

    @property
    def address(self):
        return self.server.url()

    @property
    def data(self):
        return self.server.data

    def logons(self):
        """All attempts at the file server and at the Kerberos server, good and bad."""
        return [line for line in self.server.log().split("\n")
                if "Auth: [SMB2," in line or "Auth: [Kerberos KDC," in line]

    def start(self):
        # The domain insists on a network that nobody uses.
        call("ip", "link", "set", "lo", "down")
        self.stack.callback(subprocess.run, ["ip", "link", "delete", "domain0"], check=False, stderr=subprocess.DEVNULL)
        self.server = self.stack.enter_context(Domain())

    def __enter__(self):
        if self.server is None:
            self.start()
        return self

    def __exit__(self, *_):
        self.server.forgive("lockout-user")


class Speaker:
    """Something that listens where a server should be; @answer: what it says to whatever it hears, None: nothing.
    @port 0: any."""

    server = storage = data = None

    def __init__(self, answer=None, port=0):
        self.answer = answer
        self.socket = socket.create_server(("127.0.0.1", port))
        self.connections = []

    @property
    def address(self):
        return f"smb://127.0.0.1:{self.socket.getsockname()[1]}/data"

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.connections.append(connection)
                if self.answer is not None and connection.recv(65536):
                    connection.sendall(self.answer)
                    connection.shutdown(socket.SHUT_WR)

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        # Who waits in accept() would keep the port.
        self.socket.shutdown(socket.SHUT_RDWR)
        for one in [self.socket, *self.connections]:
            one.close()


def firewall(rule=None):
    """One rule for packets that come in to 127.0.0.1; none lets all pass."""
    call("nft", "flush", "ruleset")
    if rule is not None:
        call("nft", "-f", "-", text="table inet faults {\nchain input {\ntype filter hook input priority 0\n"
                                    f"{rule}\n}}\n}}\n")


@contextlib.contextmanager
def bound_over(path, text):
    """@text in place of a file of the system, inside the block."""
    with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        call("mount", "--bind", file.name, path)
        try:
            yield
        finally:
            call("umount", path)

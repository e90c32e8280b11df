# SPDX-License-Identifier: Apache-2.0
"""The rows of the table of faults on real servers and real file systems: name -> Fault."""

import contextlib
import errno
import os
import signal
from functools import partial

from fault_places import DomainShare, Failing, Folder, Image, Memory, Quota, Smb, Speaker, bound_over, firewall
from fault_table import PACK_SIZE, PACKS, Fault

MIB = 1 << 20
ALL = PACKS * PACK_SIZE
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"

AUTHENTICATION, CONNECTION, PATH = "ShareAuthentication", "ShareConnection", "SharePathInvalid"
FULL, ACCESS, WRITE, UPLOAD = "ShareOutOfCapacity", "ShareNotAccessible", "ShareReadWrite", "ShareUploadData"

# The upload's step that is broken, and how the library calls what then fails.
STEPS = {"create": "create file", "write": "write file", "fsync": "flush file", "flush": "close file",
         "read": "read file", "rename": "rename file"}


# --- what breaks and heals a place ---


def kill(place):
    place.kill()


def start(place):
    place.server.start()


def stop(place):
    place.server.signal(signal.SIGSTOP)


def resume(place):
    place.server.signal(signal.SIGCONT)


def drop_packets(place):
    firewall(f"tcp dport {place.server.port} drop")


def reset_packets(place):
    firewall(f"tcp dport {place.server.port} reject with tcp reset")


def pass_packets(_):
    firewall()


def order(**faults):
    return lambda place: place.storage.order(**faults)


def storage(action, *arguments):
    """Calls that method of what is below the share."""
    return lambda place: getattr(place.storage, action)(*arguments)


def at_share(name):
    """The address of another share, or of a folder in it."""
    return lambda place: place.server.url(name)


# --- accounts ---


def account_faults():
    logon = partial(Fault, place=Smb, failure=AUTHENTICATION, step="open share")
    yield logon("wrong password", cause="STATUS_LOGON_FAILURE", password="not it")
    yield logon("unknown user", cause="STATUS_LOGON_FAILURE", user="CONTOSO\\nobody-here")
    yield logon("account disabled", cause="STATUS_ACCOUNT_DISABLED", user="CONTOSO\\disabled-user")


def domain_faults(stack):
    """Accounts as only a domain has them, by NTLM and by Kerberos, which tells less apart."""
    domain = DomainShare(stack)
    logon = partial(Fault, place=lambda: domain, failure=AUTHENTICATION, step="open share")
    for name, user, ntlm, kerberos in (
            ("unknown user", "nobody-here", "STATUS_LOGON_FAILURE", "KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN"),
            ("account disabled", "disabled-user", "STATUS_ACCOUNT_DISABLED", "KRB5KDC_ERR_CLIENT_REVOKED"),
            ("account locked out", "locked-user", "STATUS_ACCOUNT_LOCKED_OUT", "KRB5KDC_ERR_CLIENT_REVOKED"),
            ("account expired", "account-expired-user", "STATUS_ACCOUNT_EXPIRED", "KRB5KDC_ERR_CLIENT_REVOKED"),
            ("password expired", "password-expired-user", "STATUS_PASSWORD_EXPIRED", "KRB5KDC_ERR_KEY_EXP"),
            ("password must change", "must-change-user", "STATUS_PASSWORD_MUST_CHANGE", "KRB5KDC_ERR_KEY_EXP")):
        yield logon(f"domain, NTLM: {name}", cause=ntlm, user=f"CONTOSO\\{user}")
        yield logon(f"domain, Kerberos: {name}", cause=kerberos, user=f"{user}@contoso.com")
    wrong = partial(logon, password="not it")
    yield wrong("domain, NTLM: wrong password", cause="STATUS_LOGON_FAILURE", user="CONTOSO\\lockout-user")
    yield wrong("domain, Kerberos: wrong password", cause="KRB5KDC_ERR_PREAUTH_FAILED",
                user="lockout-user@contoso.com")


# --- shares and rights ---


def share_faults():
    opening = partial(Fault, place=Smb, step="open share")
    yield opening("share missing", failure=PATH, cause="STATUS_BAD_NETWORK_NAME", address=at_share("missing"))
    yield opening("share's folder gone", failure=PATH, cause="STATUS_BAD_NETWORK_NAME", address=at_share("gone"))
    yield opening("folder missing", failure=PATH, cause="STATUS_OBJECT_NAME_NOT_FOUND", address=at_share("data/none"))
    yield opening("share denied to the account", failure=ACCESS, cause="STATUS_ACCESS_DENIED",
                  address=at_share("denied"))
    denied = partial(Fault, place=Smb, failure=WRITE, cause="STATUS_ACCESS_DENIED", step="make folder")
    yield denied("share is read-only", address=at_share("readonly"))
    yield denied("account without the right to write", provoke=lambda place: os.chmod(place.data, 0o755),
                 heal=lambda place: os.chmod(place.data, 0o777))


class DfsServer(Smb):
    """With a DFS root, a link in it, and a share that is nothing but a link."""

    def __init__(self):
        super().__init__()
        self.server.options = "\n".join((
            "host msdfs = yes",
            "[dfs]", f"path = {self.data}", "msdfs root = yes", "read only = no",
            "[proxy]", f"path = {self.data}", "msdfs root = yes", "msdfs proxy = \\\\other.example.com\\share"))

    def add_link(self):
        os.symlink("msdfs:other.example.com\\share", os.path.join(self.data, "link"))


def dfs_faults():
    dfs = partial(Fault, place=DfsServer, failure=PATH, step="open share", provoke=DfsServer.add_link)
    yield dfs("DFS root itself", failure="", cause="", step="", address=at_share("dfs"))
    yield dfs("DFS link", cause="STATUS_PATH_NOT_COVERED", address=at_share("dfs/link"))
    yield dfs("share is a DFS link to another server", cause="STATUS_BAD_NETWORK_NAME", address=at_share("proxy"))


# --- the way there ---


def protocol_faults():
    refused = partial(Fault, failure=ACCESS, step="open share", logons=0, heal=None)
    yield refused("server refuses encryption", place=partial(Smb, encrypt="off"), cause="")
    for dialect in ("SMB3_02", "SMB3_00", "SMB2_10"):
        lines = f"server min protocol = SMB2_02\nserver max protocol = {dialect}"
        yield refused(f"server speaks no more than {dialect}", place=partial(Smb, encrypt="desired", lines=lines),
                      cause="STATUS_NOT_SUPPORTED")
    other = partial(Fault, failure=CONNECTION, step="open share", logons=None, heal=None)
    yield other("not an SMB server (HTTP)", place=partial(Speaker, HTTP), cause="EPROTO")
    yield other("mute server", place=Speaker, cause="ETIMEDOUT")


class UnknownNames(Smb):
    """Asked for by a name, which is looked up where @sources says."""

    sources = "files"

    def __init__(self):
        super().__init__()
        self.overlays = contextlib.ExitStack()

    def break_names(self):
        self.overlays.enter_context(bound_over("/etc/nsswitch.conf", f"hosts: {self.sources}\n"))

    def heal_names(self):
        self.overlays.close()
        firewall()

    def __exit__(self, *reason):
        self.overlays.close()
        super().__exit__(*reason)


class DeadNameService(UnknownNames):
    sources = "files dns"

    def break_names(self):
        super().break_names()
        self.overlays.enter_context(bound_over("/etc/resolv.conf", "nameserver 127.0.0.1\n"))


class MuteNameService(DeadNameService):
    def break_names(self):
        super().break_names()
        firewall("udp dport 53 drop")


def way_faults():
    opening = partial(Fault, step="open share", logons=0)
    name = partial(opening, provoke=lambda place: place.break_names(), heal=lambda place: place.heal_names(),
                   address=lambda place: f"smb://files.example.com:{place.server.port}/data")
    yield name("server's name does not exist", UnknownNames, PATH, "EAI_NONAME")
    yield name("name service down", DeadNameService, CONNECTION, "EAI_AGAIN")
    yield name("name service mute", MuteNameService, CONNECTION, "ETIMEDOUT")
    yield opening("connection refused", Smb, CONNECTION, "ECONNREFUSED", provoke=kill, heal=start)
    yield opening("frozen server", Smb, CONNECTION, "ETIMEDOUT", provoke=stop, heal=resume)
    yield opening("packets dropped", Smb, CONNECTION, "ETIMEDOUT", provoke=drop_packets, heal=pass_packets)
    yield opening("connection reset by a firewall", Smb, CONNECTION, "ECONNREFUSED", provoke=reset_packets,
                  heal=pass_packets)


def midway_faults():
    """While the second of three packs is written, and at each later step."""
    write = partial(Fault, place=Smb, failure=CONNECTION, step="write file", at="write:2", left=1)
    killed = partial(write, provoke=kill, heal=start)
    frozen = partial(write, cause="ETIMEDOUT", provoke=stop, heal=resume)
    hanging = partial(write, place=partial(Smb, Image), cause="ETIMEDOUT", provoke=storage("freeze"),
                      heal=storage("thaw"))
    yield killed("server killed in mid-write", cause="ECONNRESET")
    yield frozen("server frozen in mid-write")
    yield write("packets dropped in mid-write", cause="ETIMEDOUT", provoke=drop_packets, heal=pass_packets)
    yield write("connection reset in mid-write", cause="ECONNRESET", provoke=reset_packets, heal=pass_packets)
    # What needs no open file tries a new connection.
    for step, report, cause in (("flush", "flush file", "ECONNRESET"), ("close", "close file", "ECONNRESET"),
                                ("read", "open file", "ECONNREFUSED"), ("rename", "rename file", "ECONNREFUSED")):
        yield killed(f"server killed before {step}", cause=cause, at=f"{step}:2", step=report)
        yield frozen(f"server frozen before {step}", at=f"{step}:2", step=report)
    yield hanging("server's disk hangs in mid-write")
    for step, report, left in (("create", "create file", 0), ("flush", "flush file", 1), ("rename", "rename file", 1)):
        yield hanging(f"server's disk hangs at {step}", at=f"{step}:2", step=report, left=left)


# --- what is behind the share: the same for both drivers ---


def room_faults(kind, place, full_cause, quota_cause):
    full = partial(Fault, failure=FULL, cause=full_cause, step="write file", heal=storage("grow"),
                   logons=None if place is Folder else 1)
    yield full(f"{kind}: full at the start", partial(place, Memory, size=ALL), provoke=storage("fill"))
    yield full(f"{kind}: full in the middle", partial(place, Memory, size=ALL // 2))
    yield full(f"{kind}: full in the last block", partial(place, Memory, size=ALL - MIB))
    yield full(f"{kind}: quota used up (btrfs)", partial(place, Quota), cause=quota_cause)
    for step in ("create", "fsync", "flush", "rename"):
        last = partial(full, place=partial(place, Failing), step=STEPS[step], at=f"create:{PACKS}", heal=order())
        yield last(f"{kind}: ENOSPC at {STEPS[step]}", provoke=order(**{step: errno.ENOSPC}))
        yield last(f"{kind}: EDQUOT at {STEPS[step]}", provoke=order(**{step: errno.EDQUOT}), cause=quota_cause)


def disk_faults(kind, place, failed_cause, read_only_cause):
    failing = partial(Fault, place=partial(place, Failing), failure=WRITE, at="create:2", heal=order(),
                      logons=None if place is Folder else 1)
    for step, report in STEPS.items():
        yield failing(f"{kind}: EIO at {report}", cause=failed_cause, step=report,
                      provoke=order(**{step: errno.EIO}))
    yield failing(f"{kind}: other bytes come back", failure=UPLOAD, cause="", step="read back file", at=f"put:{PACKS}",
                  provoke=order(corrupt=1))
    read_only = partial(failing, cause=read_only_cause)
    yield read_only(f"{kind}: remounted read-only", place=partial(place, Memory), step="create file",
                    provoke=storage("remount", "ro"), heal=storage("remount", "rw"))
    yield read_only(f"{kind}: ext4 damaged, so read-only", place=partial(place, Image), step="write file",
                    at="write:2", provoke=storage("damage"), heal=None, left=1)


def mount_faults():
    mounted = partial(Fault, logons=None, failure=CONNECTION)
    yield mounted("mount: gone at the start", partial(Folder, Memory), failure=PATH, cause="ENOENT", step="open share",
                  provoke=storage("unmount"), heal=storage("mount"),
                  address=lambda place: os.path.join(place.data, "backups"))
    hanging = partial(mounted, place=partial(Folder, Image), cause="ETIMEDOUT", provoke=storage("freeze"),
                      heal=storage("thaw"), left=1)
    yield hanging("mount: frozen in mid-write", step="write file", at="write:2")
    yield hanging("mount: frozen before rename", step="rename file", at="rename:2")
    failing = partial(mounted, place=partial(Folder, Failing))
    for step in ("create", "write", "read"):
        yield failing(f"mount: ESTALE at {STEPS[step]}", cause="ESTALE", step=STEPS[step], at="create:2",
                      provoke=order(**{step: errno.ESTALE}), heal=order())
    yield failing("mount: its program died in mid-write", cause="ENOTCONN", step="write file", at="write:2",
                  provoke=storage("die"), heal=storage("revive"))


def all_faults(stack):
    """@stack: ends what rows share."""
    groups = (account_faults(), share_faults(), dfs_faults(), protocol_faults(), way_faults(), midway_faults(),
              room_faults("server", Smb, "STATUS_DISK_FULL", "STATUS_DISK_FULL"),
              disk_faults("server", Smb, "STATUS_IO_DEVICE_ERROR", "STATUS_MEDIA_WRITE_PROTECTED"),
              room_faults("mount", Folder, "ENOSPC", "EDQUOT"),
              disk_faults("mount", Folder, "EIO", "EROFS"), mount_faults(), domain_faults(stack))
    return {fault.name: fault for group in groups for fault in group}

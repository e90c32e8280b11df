# SPDX-License-Identifier: Apache-2.0
"""The rows of the table of faults on real servers and real file systems; NAME -> Fault."""

import contextlib
import errno
import functools
import os
import signal

from fault_places import DomainShare, Failing, Folder, Image, Memory, Plain, Quota, Smb, Speaker, bound_over, firewall
from fault_table import PACK_SIZE, PACKS, Fault

ALL = PACKS * PACK_SIZE
MIB = 1 << 20
HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
DFS = """
host msdfs = yes
[dfs]
path = %(folder)s
msdfs root = yes
read only = no
[proxy]
path = %(folder)s
msdfs root = yes
msdfs proxy = \\\\other.example.com\\share
"""

AUTHENTICATION, CONNECTION, PATH = "ShareAuthentication", "ShareConnection", "SharePathInvalid"
FULL, ACCESS, WRITE, UPLOAD = "ShareOutOfCapacity", "ShareNotAccessible", "ShareReadWrite", "ShareUploadData"


def at_share(name):
    """The address of another share, or of a folder in it."""
    return lambda place: place.server.url(name)


def order(**faults):
    return lambda place: place.storage.order(**faults)


def send(number):
    return lambda place: place.server.signal(number)


def grow(place):
    place.storage.grow()


def filter_packets(verdict):
    return lambda place: firewall(f"tcp dport {place.server.port} {verdict}")


def pass_packets(_):
    firewall()


def kill(place):
    place.kill()


def start(place):
    place.server.start()


def account_faults():
    logon = functools.partial(Fault, place=Smb, failure=AUTHENTICATION, step="open share")
    yield logon("wrong password", cause="STATUS_LOGON_FAILURE", password="not it")
    yield logon("unknown user", cause="STATUS_LOGON_FAILURE", user="CONTOSO\\nobody-here")
    yield logon("account disabled", cause="STATUS_ACCOUNT_DISABLED", user="CONTOSO\\disabled-user")


def domain_faults(stack):
    """Accounts as only a domain has them, by NTLM and by Kerberos, which tells less apart."""
    domain = DomainShare(stack)
    logon = functools.partial(Fault, place=lambda: domain, failure=AUTHENTICATION, step="open share")
    for name, user, ntlm, kerberos in (
            ("unknown user", "nobody-here", "STATUS_LOGON_FAILURE", "KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN"),
            ("account disabled", "disabled-user", "STATUS_ACCOUNT_DISABLED", "KRB5KDC_ERR_CLIENT_REVOKED"),
            ("account locked out", "locked-user", "STATUS_ACCOUNT_LOCKED_OUT", "KRB5KDC_ERR_CLIENT_REVOKED"),
            ("account expired", "account-expired-user", "STATUS_ACCOUNT_EXPIRED", "KRB5KDC_ERR_CLIENT_REVOKED"),
            ("password expired", "password-expired-user", "STATUS_PASSWORD_EXPIRED", "KRB5KDC_ERR_KEY_EXP"),
            ("password must change", "must-change-user", "STATUS_PASSWORD_MUST_CHANGE", "KRB5KDC_ERR_KEY_EXP")):
        yield logon(f"domain, NTLM: {name}", cause=ntlm, user=f"CONTOSO\\{user}")
        yield logon(f"domain, Kerberos: {name}", cause=kerberos, user=f"{user}@contoso.com")
    wrong = functools.partial(logon, password="not it")
    yield wrong("domain, NTLM: wrong password", cause="STATUS_LOGON_FAILURE", user="CONTOSO\\lockout-user")
    yield wrong("domain, Kerberos: wrong password", cause="KRB5KDC_ERR_PREAUTH_FAILED", user="lockout-user@contoso.com")


def place_faults():
    opening = functools.partial(Fault, place=Smb, step="open share")
    denied = functools.partial(Fault, place=Smb, failure=WRITE, cause="STATUS_ACCESS_DENIED", step="make folder")
    yield opening("share missing", failure=PATH, cause="STATUS_BAD_NETWORK_NAME", address=at_share("missing"))
    yield opening("share's folder gone", failure=PATH, cause="STATUS_BAD_NETWORK_NAME", address=at_share("gone"))
    yield opening("folder missing", failure=PATH, cause="STATUS_OBJECT_NAME_NOT_FOUND", address=at_share("data/none"))
    yield opening("share denied to the account", failure=ACCESS, cause="STATUS_ACCESS_DENIED", address=at_share("denied"))
    yield denied("share is read-only", address=at_share("readonly"))
    yield denied("account without the right to write", provoke=lambda place: os.chmod(place.data, 0o755),
                 heal=lambda place: os.chmod(place.data, 0o777))


def dfs_faults():
    def link(place):
        os.symlink("msdfs:other.example.com\\share", os.path.join(place.data, "link"))

    dfs = functools.partial(Fault, place=DfsServer, failure=PATH, step="open share", provoke=link)
    yield dfs("DFS link", cause="STATUS_PATH_NOT_COVERED", address=at_share("dfs/link"))
    yield dfs("share is a DFS link to another server", cause="STATUS_BAD_NETWORK_NAME", address=at_share("proxy"))


class DfsServer(Smb):
    def __init__(self):
        super().__init__()
        self.server.options = DFS % {"folder": self.data}


def protocol_faults():
    refused = functools.partial(Fault, failure=ACCESS, step="open share", logons=0, heal=None)
    yield refused("server refuses encryption", place=functools.partial(Smb, encrypt="off"), cause="")
    for dialect in ("SMB3_02", "SMB3_00", "SMB2_10"):
        lines = f"server min protocol = SMB2_02\nserver max protocol = {dialect}"
        yield refused(f"server speaks no more than {dialect}", place=functools.partial(Smb, lines=lines, encrypt="desired"),
                      cause="STATUS_NOT_SUPPORTED")
    for name, answer, cause in (("not an SMB server (HTTP)", HTTP, "EPROTO"), ("mute server", None, "ETIMEDOUT")):
        yield Fault(name, place=functools.partial(Speaker, answer), failure=CONNECTION, cause=cause, step="open share",
                    logons=None, heal=None)


class UnknownNames(Smb):
    """@hosts: where names are looked up; the server is asked for by a name."""

    hosts = "hosts: files\n"

    def __init__(self):
        super().__init__()
        self.overlays = contextlib.ExitStack()

    def break_names(self):
        self.overlays.enter_context(bound_over("/etc/nsswitch.conf", self.hosts))

    def __exit__(self, *reason):
        self.overlays.close()
        super().__exit__(*reason)


class DeadNameService(UnknownNames):
    hosts = "hosts: files dns\n"

    def break_names(self):
        super().break_names()
        self.overlays.enter_context(bound_over("/etc/resolv.conf", "nameserver 127.0.0.1\n"))


class MuteNameService(DeadNameService):
    def break_names(self):
        super().break_names()
        firewall("udp dport 53 drop")


def way_faults():
    opening = functools.partial(Fault, step="open share", logons=0)
    name = functools.partial(opening, provoke=lambda place: place.break_names(),
                             address=lambda place: f"smb://files.example.com:{place.server.port}/data",
                             heal=lambda place: place.overlays.close())
    yield name("server's name does not exist", UnknownNames, PATH, "EAI_NONAME")
    yield name("name service down", DeadNameService, CONNECTION, "EAI_AGAIN")
    yield name("name service mute", MuteNameService, CONNECTION, "ETIMEDOUT",
               heal=lambda place: (place.overlays.close(), firewall()))
    yield opening("connection refused", Smb, CONNECTION, "ECONNREFUSED", provoke=kill,
                  heal=start)
    yield opening("frozen server", Smb, CONNECTION, "ETIMEDOUT", provoke=send(signal.SIGSTOP), heal=send(signal.SIGCONT))
    yield opening("packets dropped", Smb, CONNECTION, "ETIMEDOUT", provoke=filter_packets("drop"), heal=pass_packets)
    yield opening("connection reset by a firewall", Smb, CONNECTION, "ECONNREFUSED",
                  provoke=filter_packets("reject with tcp reset"), heal=pass_packets)


def midway_faults():
    """While the second of three packs is written; one at each later step."""
    write = functools.partial(Fault, place=Smb, failure=CONNECTION, step="write file", at="write:2", left=1)
    yield write("server killed in mid-write", cause="ECONNRESET", provoke=kill, heal=start)
    yield write("server frozen in mid-write", cause="ETIMEDOUT", provoke=send(signal.SIGSTOP), heal=send(signal.SIGCONT))
    yield write("packets dropped in mid-write", cause="ETIMEDOUT", provoke=filter_packets("drop"), heal=pass_packets)
    yield write("connection reset in mid-write", cause="ECONNRESET", provoke=filter_packets("reject with tcp reset"),
                heal=pass_packets)
    # What needs no open file tries a new connection.
    for step, report, cause in (("flush", "flush file", "ECONNRESET"), ("close", "close file", "ECONNRESET"),
                                ("read", "open file", "ECONNREFUSED"), ("rename", "rename file", "ECONNREFUSED")):
        at = functools.partial(write, at=f"{step}:2", step=report)
        yield at(f"server killed before {step}", cause=cause, provoke=kill, heal=start)
        yield at(f"server frozen before {step}", cause="ETIMEDOUT", provoke=send(signal.SIGSTOP), heal=send(signal.SIGCONT))


def room_faults(kind, place, cause, more_cause):
    """For both drivers: @place makes one, given a storage; @more_cause: as it names what is over a quota."""
    def sized(size):
        return functools.partial(place, Memory, size=size)

    logons = None if place is Folder else 1
    full = functools.partial(Fault, failure=FULL, cause=cause, step="write file", heal=grow, logons=logons)
    yield full(f"{kind}: full at the start", sized(ALL), provoke=lambda at: at.storage.fill())
    yield full(f"{kind}: full in the middle", sized(ALL // 2))
    yield full(f"{kind}: full in the last block", sized(ALL - MIB))
    yield full(f"{kind}: quota used up (btrfs)", functools.partial(place, Quota), cause=more_cause)
    for step, report in (("create", "create file"), ("fsync", "flush file"), ("flush", "close file"),
                         ("rename", "rename file")):
        for name in ("ENOSPC", "EDQUOT"):
            yield full(f"{kind}: {name} at {step}", functools.partial(place, Failing),
                       cause=more_cause if name == "EDQUOT" else cause, step=report, at=f"create:{PACKS}",
                       provoke=order(**{step: getattr(errno, name)}), heal=order())


def disk_faults(kind, place, causes):
    """@causes: errno of the file system -> cause that is reported."""
    logons = None if place is Folder else 1
    failing = functools.partial(Fault, place=functools.partial(place, Failing), failure=WRITE, at="create:2", heal=order(),
                                logons=logons)
    for step, report in (("create", "create file"), ("write", "write file"), ("fsync", "flush file"),
                         ("flush", "close file"), ("read", "read file"), ("rename", "rename file")):
        yield failing(f"{kind}: EIO at {step}", cause=causes["EIO"], step=report, provoke=order(**{step: errno.EIO}))
    yield failing(f"{kind}: other bytes come back", failure=UPLOAD, cause="", step="read back file", at=f"put:{PACKS}",
                  provoke=order(corrupt=1))
    read_only = functools.partial(failing, cause=causes["EROFS"])
    yield read_only(f"{kind}: remounted read-only", place=functools.partial(place, Memory), step="create file",
                    provoke=lambda at: at.storage.remount("ro"), heal=lambda at: at.storage.remount("rw"))
    yield read_only(f"{kind}: ext4 damaged, so read-only", place=functools.partial(place, Image), step="write file",
                    at="write:2", provoke=lambda at: at.storage.damage(), heal=None, left=1)


def directory_faults():
    mounted = functools.partial(Fault, logons=None, failure=CONNECTION)
    yield mounted("mount: gone at the start", functools.partial(Folder, Memory), failure=PATH, cause="ENOENT", step="open share",
                  provoke=lambda at: at.storage.unmount(), heal=lambda at: at.storage.mount(),
                  address=lambda at: os.path.join(at.data, "backups"))
    yield mounted("mount: frozen in mid-write", functools.partial(Folder, Image), cause="ETIMEDOUT", step="write file",
                  at="write:2", provoke=lambda at: at.storage.freeze(), heal=lambda at: at.storage.thaw(), left=1)
    yield mounted("mount: frozen before rename", functools.partial(Folder, Image), cause="ETIMEDOUT", step="rename file",
                  at="rename:2", provoke=lambda at: at.storage.freeze(), heal=lambda at: at.storage.thaw(), left=1)
    for step, report in (("create", "create file"), ("write", "write file"), ("read", "read file")):
        yield mounted(f"mount: ESTALE at {step}", functools.partial(Folder, Failing), cause="ESTALE", step=report,
                      at="create:2", provoke=order(**{step: errno.ESTALE}), heal=order())
    yield mounted("mount: its program died in mid-write", functools.partial(Folder, Failing), cause="ENOTCONN",
                  step="write file", at="write:2", provoke=lambda at: at.storage.die(), heal=lambda at: at.storage.revive())


def all_faults(stack):
    """@stack: ends what rows share."""
    smb_causes = {"EIO": "STATUS_IO_DEVICE_ERROR", "EROFS": "STATUS_MEDIA_WRITE_PROTECTED"}
    groups = (account_faults(), place_faults(), dfs_faults(), protocol_faults(), way_faults(), midway_faults(),
              room_faults("server", Smb, "STATUS_DISK_FULL", "STATUS_DISK_FULL"),
              disk_faults("server", Smb, smb_causes),
              room_faults("mount", Folder, "ENOSPC", "EDQUOT"),
              disk_faults("mount", Folder, {"EIO": "EIO", "EROFS": "EROFS"}), directory_faults(), domain_faults(stack))
    return {fault.name: fault for group in groups for fault in group}

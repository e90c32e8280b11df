# SPDX-License-Identifier: Apache-2.0
"""The rows of the truth table of alerts: name -> Fault. Places and what breaks them are those of fault_rows.py."""

import contextlib
import errno
import os
from functools import partial

import fault_rows
from alert_table import FOLDER, Fault
from domain_server import KERBEROS_USER, NTLM_USER
from fault_places import DomainShare, Failing, Folder, Image, Memory, Quota, Smb, Speaker, bound_over
from fault_rows import drop_packets, kill, order, pass_packets, reset_packets, resume, start, stop, storage
from smb_server import PASSWORD

AUTHENTICATION, CONNECTION, PATH = "ShareAuthentication", "ShareConnection", "SharePathInvalid"
FULL, ACCESS, WRITE = "ShareOutOfCapacity", "ShareNotAccessibleGeneral", "ShareReadWrite"
WRONG_PASSWORD = "not it any more"


# --- what breaks and heals a place ---


def again(place, encrypt="required", lines=""):
    """The server starts anew, set up like this."""
    place.kill()
    place.server.encrypt, place.server.options = encrypt, lines
    place.server.start()


def set_up(**how):
    return lambda place: again(place, **how)


def restrict(line):
    """The share anew with one line more. Without its path a section would count as switched off."""
    return lambda place: again(place, lines=f"[data]\npath = {place.data}\n{line}")


def folder_of(place):
    return os.path.join(place.data, FOLDER)


def change_password(place):
    place.server.set_password(WRONG_PASSWORD)


def account(how):
    return lambda place: place.server.change_account(how)


def put_password_back(place):
    place.server.set_password(PASSWORD)


def hide_folder(place):
    os.rename(folder_of(place), folder_of(place) + ".away")


def show_folder(place):
    os.rename(folder_of(place) + ".away", folder_of(place))


def deny_writing(place):
    """To the account, which made what is there."""
    for path, _, _ in os.walk(folder_of(place)):
        os.chmod(path, 0o555)


def allow_writing(place):
    for path, _, _ in os.walk(folder_of(place)):
        os.chmod(path, 0o777)


class Impostor(Smb):
    """In whose place something answers that is no SMB server."""

    speaker = None

    def replace(self):
        self.kill()
        self.speaker = Speaker(fault_rows.HTTP, self.server.port)
        self.speaker.__enter__()

    def come_back(self):
        self.speaker.__exit__()
        self.server.start()


class NamedServer(Smb):
    """Asked for by a name that only this machine knows, until it forgets it."""

    name = "files.example.com"

    def __init__(self):
        super().__init__()
        self.overlays = contextlib.ExitStack()
        self.forgotten = contextlib.ExitStack()

    @property
    def address(self):
        return f"smb://{self.name}:{self.server.port}/data"

    def forget(self):
        self.forgotten.enter_context(bound_over("/etc/hosts", "127.0.0.1 localhost\n"))

    def remember(self):
        self.forgotten.close()

    def __enter__(self):
        self.overlays.enter_context(bound_over("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n"))
        self.overlays.enter_context(bound_over("/etc/hosts", f"127.0.0.1 localhost {self.name}\n"))
        return super().__enter__()

    def __exit__(self, *reason):
        self.forgotten.close()
        self.overlays.close()
        super().__exit__(*reason)


# --- accounts ---


def account_faults():
    logon = partial(Fault, place=Smb, alert=AUTHENTICATION, step="open share", logons=1, heal=put_password_back)
    yield logon("wrong password", cause="STATUS_LOGON_FAILURE", provoke=change_password)
    yield logon("unknown user", cause="STATUS_LOGON_FAILURE", provoke=account("-x"))
    yield logon("account disabled", cause="STATUS_ACCOUNT_DISABLED", provoke=account("-d"), heal=account("-e"))


def spoil(like):
    return lambda place: place.server.spoil("backup-user", like)


def domain_faults(stack):
    """What happens to an account in a domain, as NTLM and Kerberos tell it."""
    domain = DomainShare(stack)
    logon = partial(Fault, place=lambda: domain, alert=AUTHENTICATION, step="open share", logons=1,
                    heal=lambda place: place.server.mend("backup-user"))
    for name, provoke, ntlm, kerberos in (
            ("wrong password", lambda place: place.server.set_password("backup-user", "An0ther!Passw0rd"),
             "STATUS_LOGON_FAILURE", "KRB5KDC_ERR_PREAUTH_FAILED"),
            ("account disabled", spoil("disabled-user"), "STATUS_ACCOUNT_DISABLED", "KRB5KDC_ERR_CLIENT_REVOKED"),
            ("account locked out", spoil("locked-user"), "STATUS_ACCOUNT_LOCKED_OUT", "KRB5KDC_ERR_CLIENT_REVOKED"),
            ("account expired", spoil("account-expired-user"), "STATUS_ACCOUNT_EXPIRED", "KRB5KDC_ERR_CLIENT_REVOKED"),
            ("password expired", spoil("password-expired-user"), "STATUS_PASSWORD_EXPIRED", "KRB5KDC_ERR_KEY_EXP"),
            ("password must change", spoil("must-change-user"), "STATUS_PASSWORD_MUST_CHANGE",
             "KRB5KDC_ERR_KEY_EXP")):
        yield logon(f"domain, NTLM: {name}", cause=ntlm, user=NTLM_USER, provoke=provoke)
        yield logon(f"domain, Kerberos: {name}", cause=kerberos, user=KERBEROS_USER, provoke=provoke)


# --- shares, and the way there ---


def share_faults():
    opening = partial(Fault, place=Smb, step="open share", heal=set_up())
    yield opening("share missing", alert=PATH, cause="STATUS_BAD_NETWORK_NAME",
                  provoke=restrict("available = no"))
    yield opening("folder missing", alert=PATH, cause="STATUS_OBJECT_NAME_NOT_FOUND", provoke=hide_folder,
                  heal=show_folder)
    yield opening("share denied to the account", alert=ACCESS, cause="STATUS_ACCESS_DENIED",
                  provoke=restrict("invalid users = backup-user"))
    yield opening("server refuses encryption", alert=ACCESS, cause="", provoke=set_up(encrypt="off"))
    denied = partial(Fault, place=Smb, alert=WRITE, cause="STATUS_ACCESS_DENIED", step="create file")
    yield denied("read-only share", provoke=restrict("read list = backup-user"), heal=set_up())
    yield denied("write denied", provoke=deny_writing, heal=allow_writing)


def way_faults():
    opening = partial(Fault, place=Smb, alert=CONNECTION, step="open share", logons=0)
    yield opening("name does not resolve", place=NamedServer, alert=PATH, cause="EAI_NONAME",
                  provoke=NamedServer.forget, heal=NamedServer.remember)
    yield opening("connection refused", cause="ECONNREFUSED", provoke=kill, heal=start)
    yield opening("not an SMB server", place=Impostor, cause="EPROTO", provoke=Impostor.replace,
                  heal=Impostor.come_back)
    yield opening("server frozen", cause="ETIMEDOUT", provoke=stop, heal=resume)
    yield opening("packets dropped", cause="ETIMEDOUT", provoke=drop_packets, heal=pass_packets)
    yield opening("connection reset", cause="ECONNREFUSED", provoke=reset_packets, heal=pass_packets)
    midway = partial(Fault, place=Smb, alert=CONNECTION, step="write file", path=".temporary-", midway=True)
    yield midway("server killed in mid-write", cause="ECONNRESET", provoke=kill, heal=start)
    yield midway("server frozen in mid-write", cause="ETIMEDOUT", provoke=stop, heal=resume)
    yield midway("packets dropped in mid-write", cause="ETIMEDOUT", provoke=drop_packets, heal=pass_packets)
    yield midway("connection reset in mid-write", cause="ECONNRESET", provoke=reset_packets, heal=pass_packets)
    yield midway("server's disk hangs in mid-write", place=partial(Smb, Image), cause="ETIMEDOUT",
                 provoke=storage("freeze"), heal=storage("thaw"))


# --- what is behind the share: the same for both drivers ---


def room_faults(kind, place, full_cause, quota_cause):
    full = partial(Fault, alert=FULL, cause=full_cause, step="write file")
    memory = partial(full, place=partial(place, Memory, size=128 << 20), provoke=storage("fill"), heal=storage("grow"))
    yield memory(f"{kind}: full at the start", cause="", step="check free space")
    # Enough for what is looked for, too little for what comes.
    yield memory(f"{kind}: too little room at the start", path=".temporary-", provoke=storage("remount", "size=20m"))
    yield memory(f"{kind}: full in the middle", path=".temporary-", midway=True)
    yield full(f"{kind}: full at the commit", place=partial(place, Failing), step="rename file", path="/backups/",
               has_number=True, provoke=order(rename=f"{errno.ENOSPC} /COMMIT"), heal=order())
    yield full(f"{kind}: quota used up", place=partial(place, Quota), cause=quota_cause, path=".temporary-",
               midway=True, provoke=storage("tighten"), heal=storage("grow"))


def disk_faults(kind, place, failed_cause, read_only_cause):
    failing = partial(Fault, place=partial(place, Failing), alert=WRITE, cause=failed_cause, heal=order())
    for step in ("write", "fsync", "read"):
        yield failing(f"{kind}: EIO at {fault_rows.STEPS[step]}", step=fault_rows.STEPS[step], path="MASBackup/",
                      midway=True, provoke=order(**{step: errno.EIO}))
    yield failing(f"{kind}: remounted read-only", place=partial(place, Memory), cause=read_only_cause,
                  step="create file", provoke=storage("remount", "ro"), heal=storage("remount", "rw"))


def mount_faults():
    yield Fault("mount: gone", partial(Folder, Memory), PATH, "ENOENT", "open share", provoke=hide_folder,
                heal=show_folder)
    yield Fault("mount: frozen in mid-write", partial(Folder, Image), CONNECTION, "ETIMEDOUT", "write file",
                path=".temporary-", midway=True, provoke=storage("freeze"), heal=storage("thaw"))
    yield Fault("mount: ESTALE", partial(Folder, Failing), CONNECTION, "ESTALE", "write file", path=".temporary-",
                midway=True, provoke=order(write=errno.ESTALE), heal=order())


def all_faults(stack):
    """@stack: ends what rows share."""
    groups = (account_faults(), share_faults(), way_faults(),
              room_faults("server", Smb, "STATUS_DISK_FULL", "STATUS_DISK_FULL"),
              disk_faults("server", Smb, "STATUS_IO_DEVICE_ERROR", "STATUS_MEDIA_WRITE_PROTECTED"),
              room_faults("mount", Folder, "ENOSPC", "EDQUOT"), disk_faults("mount", Folder, "EIO", "EROFS"),
              mount_faults(), domain_faults(stack))
    return {fault.name: fault for group in groups for fault in group}

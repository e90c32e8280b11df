#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An independent reader of infrabackup archives, written from api/FORMAT.md alone.

infrabackup_reader.py SHARE_DIR PFX PFX_PASSWORD_FILE OUT_DIR [--backup ID] [--role R]...
                      [--signer SHA256:...] [--json]

Checks everything that the page says about the backup and restores its roles below OUT_DIR. Roles that
are not asked for are checked too. Exit codes: 0 done, 1 refused (the reason is on stderr), 2 usage.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from cryptography.exceptions import InvalidSignature  # noqa: E402
from cryptography.hazmat.primitives import hashes, serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: E402
from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: E402

from reader_format import (BACKUP_MAX, SMALL_MAX, Bytes, Refused, Store, guid_bytes,  # noqa: E402
                           manifest_records, parse_json, read_file, require)
from reader_restore import FILE, Role, parse_entry  # noqa: E402

GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
FOLDER = re.compile(rf"(\d{{8,}})-(\d{{8}}T\d{{6}}Z)-({GUID})")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*[1-9])?Z")
GENERATION, ROLE, ENTRY, EXTENTS, FILE_END, ROLE_END, END = range(1, 8)
HOLE = 0xFFFFFFFF

# Exactly these members, by name and type; None: null is allowed too.
REPOSITORY = {"repositoryId": "guid", "deploymentId": "guid", "externalDomain": str, "region": str,
              "createdTime": "time", "signerPublicKey": str}
COMMIT = {"backupId": "guid", "sequence": int, "backupSha256": "hex", "signatureSha256": "hex"}
BACKUP = {"repositoryId": "guid", "repositorySha256": "hex", "deploymentId": "guid",
          "externalDomain": str, "region": str, "backupId": "guid", "sequence": int,
          "sessionId": "guid", "generation": str, "startedTime": "time", "completedTime": "time",
          "status": str, "isAutomatic": bool, "isCloudRecoveryReady": bool, "stampVersion": str,
          "oemVersion": (str, None), "encryptionCertThumbprint": "thumbprint", "manifest": dict,
          "bytes": int, "newBytes": int, "previous": (dict, None), "recipients": list, "roles": list,
          "sessions": list, "packs": list}
MANIFEST = {"size": int, "sha256": "hex"}
PREVIOUS = {"backupId": "guid", "sequence": int, "sha256": "hex"}
RECIPIENT = {"thumbprint": "thumbprint", "sha256": "hex", "purpose": str}
ROLE_STATE = {"roleName": str, "provider": str, "essential": bool, "restorePriority": int,
              "status": str, "entries": int, "bytes": int, "newBytes": int, "problems": int,
              "error": (str, None)}
TAKEN_FROM = {"backupId": "guid", "startedTime": "time", "endedTime": "time"}
DELETION = {"repositoryId": "guid", "backup": dict, "deletedTime": "time", "reason": str,
            "previous": (dict, None)}
SESSION = {"sessionId": "guid", "wrappedKey": str}
PACK = {"sha256": "hex", "size": int, "session": int}
FORMS = {"guid": re.compile(GUID), "hex": re.compile("[0-9a-f]{64}"), "time": TIME,
         "thumbprint": re.compile("[0-9A-F]{40}")}


def check_members(value, members, what):
    require(isinstance(value, dict), f"{what}: not an object")
    unknown = set(value) - set(members) - {"format"}
    require(not unknown, f"{what}: unknown members {sorted(unknown)}")
    for name, kind in members.items():
        require(name in value, f"{what}: {name} is missing")
        found, kinds = value[name], kind if isinstance(kind, tuple) else (kind,)
        if found is None and None in kinds:
            continue
        form = FORMS.get(kinds[0]) if isinstance(kinds[0], str) else None
        right = isinstance(found, str) and form.fullmatch(found) if form else (
            isinstance(found, kinds[0]) and isinstance(found, bool) == (kinds[0] is bool))
        require(right, f"{what}: {name} is {found!r}")
        if kinds[0] is int:
            low, high = (-2**31, 2**31) if name == "restorePriority" else (0, 2**63)
            require(low <= found < high, f"{what}: {name} is {found}")


def check_backup_members(backup):
    check_members(backup, BACKUP, "backup.json")
    check_members(backup["manifest"], MANIFEST, "backup.json: manifest")
    if backup["previous"] is not None:
        check_members(backup["previous"], PREVIOUS, "backup.json: previous")
        require(backup["previous"]["sequence"] < backup["sequence"], "backup.json: previous is later")
    for name, members in (("recipients", RECIPIENT), ("roles", ROLE_STATE), ("sessions", SESSION),
                          ("packs", PACK)):
        for index, item in enumerate(backup[name]):
            what = f"backup.json: {name}[{index}]"
            if name == "roles" and "takenFrom" in item:
                check_members(item["takenFrom"], TAKEN_FROM, f"{what}: takenFrom")
                item = {key: value for key, value in item.items() if key != "takenFrom"}
            check_members(item, members, what)
    require(backup["status"] in ("Succeeded", "PartialSucceeded"), "backup.json: unknown status")
    for role in backup["roles"]:
        require(role["status"] in ("Succeeded", "PartialSucceeded", "Failed"),
                f"backup.json: role {role['roleName']}: unknown status")
    for recipient in backup["recipients"]:
        require(recipient["purpose"] in ("location", "escrow", "drill"), "backup.json: unknown purpose")
    require(re.fullmatch(r"\d{4,}-[0-9a-f]{8}", backup["generation"]), "backup.json: bad generation")
    for pack in backup["packs"]:
        require(pack["session"] < len(backup["sessions"]), "backup.json: a pack without its session")
    for name, key in (("packs", "sha256"), ("sessions", "sessionId"), ("roles", "roleName")):
        values = [item[key] for item in backup[name]]
        require(len(set(values)) == len(values), f"backup.json: {name}: {key} twice")


class Share:
    """The marker and the backups that have a COMMIT."""

    def __init__(self, path, notes, signer=None):
        self.path, self.notes = os.path.join(path, "MASBackup"), notes
        data = self.read_marker()
        self.marker = parse_json(data, "repository.json")
        check_members(self.marker, REPOSITORY, "repository.json")
        self.marker_hash = hashlib.sha256(data).hexdigest()
        self.repository = guid_bytes(self.marker["repositoryId"], "repository.json")
        public = decode(self.marker["signerPublicKey"], "repository.json: signerPublicKey")
        require(len(public) == 32, "repository.json: signerPublicKey has not 32 bytes")
        self.fingerprint = "SHA256:" + hashlib.sha256(public).hexdigest()
        require(signer in (None, self.fingerprint), f"the signer is {self.fingerprint}")
        if signer is None:
            notes.append("origin not proven: no --signer given")
        self.public = Ed25519PublicKey.from_public_bytes(public)
        self.folders = self.find_backups()

    def read_marker(self):
        found = []
        for name in ("repository.json", "repository.json.copy"):
            try:
                data = read_file(os.path.join(self.path, name), SMALL_MAX)
                parse_json(data, name)
                found.append(data)
            except Refused as error:
                self.notes.append(str(error))
        require(found, "neither repository.json nor its copy can be read")
        require(found[0] == found[-1], "repository.json and its copy differ")
        return found[0]

    def find_backups(self):
        """Folder by backup id."""
        folders = {}
        root = os.path.join(self.path, "backups")
        for name in sorted(os.listdir(root) if os.path.isdir(root) else []):
            match = FOLDER.fullmatch(name)
            if match and os.path.exists(os.path.join(root, name, "COMMIT")):
                require(match.group(3) not in folders, f"backup {match.group(3)} twice")
                folders[match.group(3)] = os.path.join(root, name)
        return folders

    def newest(self):
        require(self.folders, "no backup on the share")
        return max(self.folders, key=lambda i: int(os.path.basename(self.folders[i]).split("-")[0]))

    def find_mark(self, named):
        """[11] The mark of a deleted backup, checked; None: there is none."""
        path = os.path.join(self.path, "deletions", f"{named['sequence']:08d}-{named['backupId']}")
        if not os.path.exists(path + ".json"):
            return None
        what = "deletion mark of " + named["backupId"]
        data = read_file(path + ".json", SMALL_MAX)
        try:
            self.public.verify(read_file(path + ".sig", 64), data)
        except InvalidSignature as error:
            raise Refused(f"{what}: the signature is wrong") from error
        mark = parse_json(data, what)
        check_members(mark, DELETION, what)
        for link in (mark["backup"], mark["previous"] or mark["backup"]):
            check_members(link, PREVIOUS, what)
        require(mark["repositoryId"] == self.marker["repositoryId"], f"{what}: of another repository")
        require(mark["backup"] == named, f"{what}: not of the backup that its successor names")
        require(mark["previous"] is None or mark["previous"]["sequence"] < named["sequence"],
                f"{what}: previous is later")
        return mark

    def open_backup(self, identity):
        """[9] backup.json and its hash, after COMMIT, hashes and signature were checked."""
        require(identity in self.folders, f"no backup {identity} on the share")
        folder = self.folders[identity]
        commit = parse_json(read_file(os.path.join(folder, "COMMIT"), SMALL_MAX), "COMMIT")
        check_members(commit, COMMIT, "COMMIT")
        data = read_file(os.path.join(folder, "backup.json"), BACKUP_MAX)
        signature = read_file(os.path.join(folder, "backup.sig"), 64)
        digest = hashlib.sha256(data).hexdigest()
        require(digest == commit["backupSha256"], "COMMIT: the hash of backup.json is wrong")
        require(hashlib.sha256(signature).hexdigest() == commit["signatureSha256"],
                "COMMIT: the hash of backup.sig is wrong")
        try:
            self.public.verify(signature, data)
        except InvalidSignature as error:
            raise Refused(f"backup {identity}: the signature is wrong") from error
        backup = parse_json(data, "backup.json")
        check_backup_members(backup)
        sequence = int(os.path.basename(folder).split("-")[0])
        for value in (commit, backup):
            require(value["backupId"] == identity and value["sequence"] == sequence,
                    f"backup {identity}: says that it is another one")
        for name in ("repositoryId", "deploymentId", "externalDomain", "region"):
            require(backup[name] == self.marker[name], f"backup.json: {name} is not the repository's")
        require(backup["repositorySha256"] == self.marker_hash, "backup.json: of another marker")
        return backup, digest

    def check_chain(self, backup):
        """[10, 11] Every predecessor names the one before it, or left a mark when it was deleted."""
        named = backup["previous"]
        while named is not None:
            if named["backupId"] in self.folders:
                before, digest = self.open_backup(named["backupId"])
                require(digest == named["sha256"] and before["sequence"] == named["sequence"],
                        f"chain: {named['backupId']} is not the backup that its successor names")
            else:
                before = self.find_mark(named)
                if before is None:
                    self.notes.append(f"chain: predecessor {named['sequence']} is not on the share, "
                                      "and no mark says that the service deleted it")
                    return
            named = before["previous"]


def decode(text, what):
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused(f"{what}: not Base64") from error


class Identity:
    """[4] The private key and certificate of a PFX."""

    def __init__(self, path, password_file):
        with open(password_file, "rb") as file:
            password = file.read().rstrip(b"\n")
        with open(path, "rb") as file:
            data = file.read()
        try:
            key, certificate, _ = pkcs12.load_key_and_certificates(data, password)
        except ValueError as error:
            raise Refused(f"{path}: {error}") from error
        require(key is not None and certificate is not None, f"{path}: no key with a certificate")
        self.key = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption())
        self.certificate = certificate.public_bytes(serialization.Encoding.PEM)
        der = certificate.public_bytes(serialization.Encoding.DER)
        self.sha256 = hashlib.sha256(der).hexdigest()
        self.thumbprint = certificate.fingerprint(hashes.SHA1()).hex().upper()

    def check_recipient(self, backup):
        for recipient in backup["recipients"]:
            if recipient["sha256"] == self.sha256:
                require(recipient["thumbprint"] == self.thumbprint, "recipient: wrong thumbprint")
                return
        raise Refused(f"certificate {self.thumbprint} is no recipient of this backup")

    def unwrap(self, wrapped):
        with tempfile.TemporaryDirectory() as folder:
            paths = [os.path.join(folder, name) for name in ("key", "certificate", "message")]
            for path, data in zip(paths, (self.key, self.certificate, wrapped)):
                with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                    file.write(data)
            result = subprocess.run(
                ["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-inkey", paths[0],
                 "-recip", paths[1], "-in", paths[2]], capture_output=True, check=False)
        require(result.returncode == 0, "a session key does not decrypt")
        require(len(result.stdout) == 32, "a session key has not 32 bytes")
        return result.stdout


def open_sessions(share, backup, identity):
    """(GUID, key) by index; what lies in sessions/ must be the same bytes."""
    keys = []
    for session in backup["sessions"]:
        wrapped = decode(session["wrappedKey"], "backup.json: wrappedKey")
        path = os.path.join(share.path, "generations", backup["generation"], "sessions",
                            session["sessionId"] + ".p7m")
        if os.path.exists(path):
            require(read_file(path, SMALL_MAX) == wrapped, f"{path}: not what backup.json has")
        else:
            share.notes.append(f"session {session['sessionId']} has no file of its own")
        keys.append((guid_bytes(session["sessionId"], "session"), identity.unwrap(wrapped)))
    return keys


class Walk:
    """[7] The grammar of the manifest, role by role into folders."""

    def __init__(self, backup, store, out, wanted, notes):
        self.backup, self.store, self.out = backup, store, out
        self.wanted, self.notes = wanted, notes
        self.role, self.done, self.state = None, {}, "start"

    def step(self, kind, payload):
        data = Bytes(payload, f"manifest: record {kind}")
        expected = {"start": (GENERATION,), "between": (ROLE, END), "role": (ENTRY, ROLE_END),
                    "file": (EXTENTS, FILE_END), "end": ()}[self.state]
        require(kind in expected, f"manifest: record {kind} where {expected} may stand")
        {GENERATION: self.generation, ROLE: self.begin_role, ENTRY: self.entry, EXTENTS: self.extents,
         FILE_END: self.file_end, ROLE_END: self.role_end, END: self.end}[kind](data)
        data.end()

    def generation(self, data):
        require(data.number("I") == int(self.backup["generation"].split("-")[0]),
                "manifest: of another generation")
        self.store.set_secret(data.take(32))
        self.state = "between"

    def begin_role(self, data):
        name, provider = data.text().decode(), data.text().decode()
        essential, priority = data.flag(), data.number("i")
        listed = {role["roleName"]: role for role in self.backup["roles"]}.get(name)
        require(listed is not None and name not in self.done, f"manifest: role {name!r}")
        require((provider, essential, priority) ==
                (listed["provider"], listed["essential"], listed["restorePriority"]),
                f"manifest: role {name} is not as in backup.json")
        require(name not in ("", ".", "..") and "/" not in name and len(name.encode()) <= 255,
                f"manifest: role {name!r}")
        folder = os.path.join(self.out, name) if not self.wanted or name in self.wanted else None
        self.role, self.state = Role(name, folder, self.notes), "role"

    def entry(self, data):
        entry = parse_entry(data.take(len(data.data)))
        self.role.add(entry)
        self.state = "file" if entry.kind == FILE else "role"

    def extents(self, data):
        count = data.number("I")
        require(count <= 4096, "manifest: too many extents in a record")
        for _ in range(count):
            pack, block = data.number("I"), data.number("I")
            if pack == HOLE:
                require(block == 0, "manifest: a hole with a block")
                length = data.number("Q")
                require(0 < length < 2**63 - self.role.output.size, f"manifest: a hole of {length}")
                self.role.output.hole(length)
                continue
            offset, length = data.number("I"), data.number("I")
            require(length > 0, "manifest: an empty extent")
            self.role.output.write(self.store.read(pack, block, offset, length))

    def file_end(self, data):
        size, digest = data.number("Q"), data.take(32)
        problem, cause = data.number("B"), data.number("i")
        require(problem <= 3, f"manifest: unknown problem {problem}")
        self.role.finish_file(size, digest, problem, cause)
        self.state = "role"

    def role_end(self, data):
        entries, size, problems = data.number("Q"), data.number("Q"), data.number("Q")
        self.role.finish(entries, size, problems)
        listed = {role["roleName"]: role for role in self.backup["roles"]}[self.role.name]
        if listed["status"] != "Failed":
            require((entries, size, problems) ==
                    (listed["entries"], listed["bytes"], listed["problems"]),
                    f"manifest: the sums of role {self.role.name} are not as in backup.json")
        self.done[self.role.name] = {"entries": entries, "bytes": size, "problems": problems,
                                     "status": listed["status"]}
        self.state = "between"

    def end(self, _):
        missing = [role["roleName"] for role in self.backup["roles"]
                   if role["status"] != "Failed" and role["roleName"] not in self.done]
        require(not missing, f"manifest: roles are missing: {missing}")
        self.state = "end"


def read_backup(options, notes):
    share = Share(options.share, notes, options.signer)
    identity = options.backup or share.newest()
    backup, _ = share.open_backup(identity)
    share.check_chain(backup)
    names = [role["roleName"] for role in backup["roles"]]
    for role in options.role:
        require(role in names, f"the backup has no role {role!r}; it has {', '.join(names)}")
    pfx = Identity(options.pfx, options.password_file)
    pfx.check_recipient(backup)
    keys = open_sessions(share, backup, pfx)
    own = dict(keys).get(guid_bytes(backup["sessionId"], "backup.json"))
    require(own is not None, "backup.json: its own session is not in sessions")

    store = Store(os.path.join(share.path, "generations", backup["generation"]), backup,
                  share.repository, keys)
    os.makedirs(options.out, exist_ok=True)
    walk = Walk(backup, store, options.out, set(options.role), notes)
    path = os.path.join(share.folders[identity], "manifest.bin")
    for kind, payload in manifest_records(path, backup["manifest"], share.repository,
                                          guid_bytes(backup["sessionId"], "backup.json"),
                                          guid_bytes(identity, "backup.json"), own):
        walk.step(kind, payload)
    require(walk.state == "end", "manifest: has no end record")
    store.check_all()
    return {"backupId": identity, "sequence": backup["sequence"], "signer": share.fingerprint,
            "packs": len(backup["packs"]), "roles": walk.done, "notes": notes}


def main():
    parser = argparse.ArgumentParser(description="Reads a backup by api/FORMAT.md.")
    parser.add_argument("share", metavar="SHARE_DIR")
    parser.add_argument("pfx", metavar="PFX")
    parser.add_argument("password_file", metavar="PFX_PASSWORD_FILE")
    parser.add_argument("out", metavar="OUT_DIR")
    parser.add_argument("--backup", metavar="ID", help="default: the newest")
    parser.add_argument("--role", action="append", default=[], help="restore only this one")
    parser.add_argument("--signer", metavar="SHA256:...", help="fingerprint from the recovery kit")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    notes = []
    try:
        report = read_backup(options, notes)
    except (Refused, OSError, UnicodeDecodeError) as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(report))
        return 0
    print(f"backup {report['sequence']} {report['backupId']}: {report['packs']} packs, all checked")
    for name, role in report["roles"].items():
        print(f"role {name}: {role['entries']} entries, {role['bytes']} bytes, "
              f"{role['problems']} problems")
    for note in notes:
        print(f"note: {note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

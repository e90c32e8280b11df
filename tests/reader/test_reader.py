#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The independent reader against archives of an equally independent writer, sound and tampered with."""

import glob
import hashlib
import json
import os
import random
import shutil
import stat
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True

import archive_writer as writer  # noqa: E402
from archive_writer import entry, extents, file_end, role, role_end, role_state  # noqa: E402

READER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "infrabackup_reader.py")
RANDOM = random.Random(5)
NOISE = RANDOM.randbytes(200000)
TEXT = b"one line like every other\n" * 8000
SMALL = b"-----BEGIN CERTIFICATE-----\n"
SPARSE = SMALL + bytes(3 << 20) + SMALL
ZLIB = b"as compressible as the other, with another codec\n" * 1000
BIG = NOISE + TEXT + ZLIB
BINARY = b"\x01\x00\x00\x02\xff"
TIME = 1600000000987654321
# The empty one, SMALL twice, the sparse one and BIG.
CERTIFICATES_BYTES = len(SMALL) + len(SPARSE) + len(BIG) + 5


def lay(archive):
    """Two packs in two sessions with every codec; returns the extents of the pieces."""
    archive.begin()
    first, numbers = archive.pack([(0, [SMALL]), (1, [NOISE[:1000], NOISE[1000:]]), (1, [ZLIB])])
    places = {SMALL: (first, numbers[0], 0, len(SMALL)), NOISE: (first, numbers[1], 0, len(NOISE)),
              ZLIB: (first, numbers[2], 0, len(ZLIB))}
    archive.begin()
    second, numbers = archive.pack([(2, [TEXT[:100000], TEXT[100000:]]), (2, [b"hello", b"other"])])
    places[TEXT] = (second, numbers[0], 0, len(TEXT))
    places[b"hello"] = (second, numbers[1], 0, 5)
    places[b"other"] = (second, numbers[1], 5, 5)
    return places


def certificates(places):
    hello = places[b"hello"]
    records = [role(b"Certificates")]
    records += [entry(2, b"", 0o750, TIME), entry(2, b"closed", 0o500, TIME)]
    records += [entry(1, b"closed/small.pem", 0o640, TIME, attributes=[(b"user.note", BINARY)]),
                extents(places[SMALL]), file_end(SMALL)]
    records += [entry(1, b"empty", 0o4755, TIME), file_end(b"")]
    records += [entry(1, b"sparse", 0o600, TIME), extents(places[SMALL], 3 << 20),
                extents(places[SMALL]), file_end(SPARSE)]
    records += [entry(1, b"\xffname", 0o600, TIME), extents(places[NOISE], places[TEXT], places[ZLIB]), file_end(BIG)]
    records += [entry(3, b"link", 0o777, TIME, target=b"../outside"),
                entry(4, b"second", target=b"closed/small.pem"), entry(5, b"pipe", 0o620, TIME),
                entry(6, b"socket")]
    records += [entry(1, b"changed", 0o600, TIME), extents(hello), file_end(b"hello", problem=3)]
    return records + [role_end(11, CERTIFICATES_BYTES, 1)]


def arm(places, piece=b"hello"):
    return [role(b"ARM", priority=5), entry(1, b"dump", time=TIME), extents(places[piece]),
            file_end(piece), role_end(1, 5, 0)]


STATES = [role_state("Certificates", 11, CERTIFICATES_BYTES, 1), role_state("ARM", 1, 5, 0, priority=5),
          role_state("Vaults", 0, 0, 0, "Failed")]


def replace_record(kind, payload, occurrence=0):
    """A fault that puts another payload into the nth record of a type."""
    def change(records):
        index = [i for i, (k, _) in enumerate(records) if k == kind][occurrence]
        return records[:index] + [(kind, payload)] + records[index + 1:]
    return change


def drop_record(kind):
    def change(records):
        index = [k for k, _ in records].index(kind)
        return records[:index] + records[index + 1:]
    return change


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def with_member(**changed):
    return lambda value: {**value, **changed}


def traversal(path):
    return replace_record(3, entry(1, path)[1], occurrence=2)


# By name: the stage of the writer, the fault, and what the reader must say. Everything that comes after
# the stage (hashes, signature) is computed over the faulty value: only the reader's own checks are left.
FAULTS = {
    "chunk id": ("chunk id", lambda data: flip(data, 0), "wrong chunk id"),
    "mac": ("mac", lambda data: flip(data, 0), "wrong MAC"),
    "compressed": ("compressed", lambda data: data[:-1] + b"\0\0", "pack"),
    "index too short": ("index", lambda data: data[:-1], "ends too early"),
    "index too long": ("index", lambda data: data + b"\0", "bytes after the end"),
    "block plain length": ("index", lambda data: data[:8] + struct.pack("<I", 1) + data[12:],
                           "bad lengths"),
    "chunk length": ("index", lambda data: data[:52] + struct.pack("<I", 1) + data[56:],
                     "chunks do not fill it"),
    "manifest bytes": ("manifest", lambda data: flip(data, 100), "does not decrypt"),
    "manifest header": ("manifest", lambda data: flip(data, 20), "wrong header"),
    "manifest short": ("manifest", lambda data: data[:-1], "ends too early"),
    "manifest long": ("manifest", lambda data: data + b"x", "after the last segment"),
    "no generation": ("records", drop_record(1), "record 2 where"),
    "no role": ("records", drop_record(2), "record 3 where"),
    "no end of file": ("records", drop_record(5), "record 3 where"),
    "no extents": ("records", drop_record(4), "bytes instead of"),
    "no end of role": ("records", drop_record(6), "record 2 where"),
    "no end": ("records", lambda records: records[:-1], "no end record"),
    "after the end": ("records", lambda records: records + records[-1:], "record 7 where"),
    "folder after content": ("records", lambda records: records[:3] + records[4:] + records[3:4],
                             "before its folder"),
    "unknown record": ("records", lambda records: records[:2] + [(9, b"")] + records[2:], "record 9"),
    "path upwards": ("records", traversal(b"../evil"), "not a relative path"),
    "path from the root": ("records", traversal(b"/evil"), "not a relative path"),
    "path with a dot": ("records", traversal(b"closed/./evil"), "not a relative path"),
    "path twice": ("records", traversal(b"closed"), "twice"),
    "path through a link": ("records", lambda records: records[:4] + [
        entry(3, b"way", target=b"closed"), entry(2, b"way/in")] + records[4:], "before its folder"),
    "path with a NUL": ("records", traversal(b"a\0b"), "NUL in a text"),
    "role upwards": ("records", lambda records: [
        (k, v.replace(b"\x0c\0\0\0Certificates", b"\x0c\0\0\0../../../../")) for k, v in records], "role"),
    "file hash": ("records", lambda records: [
        (k, v if k != 5 else flip(v, 12)) for k, v in records], "content's hash"),
    "file size": ("records", lambda records: [
        (k, v if k != 5 else flip(v, 0)) for k, v in records], "bytes instead of"),
    "extent of no pack": ("records", replace_record(4, extents((9, 0, 0, 1))[1]), "pack 9"),
    "extent of no block": ("records", replace_record(4, extents((0, 9, 0, 1))[1]), "no block 9"),
    "extent too long": ("records", replace_record(4, extents((0, 0, 0, 1 << 20))[1]), "outside"),
    "sums of a role": ("records", replace_record(6, role_end(11, 1, 1)[1]), "bytes, 1 said"),
    "a role too few": ("backup", lambda value: {**value, "roles": value["roles"][1:]}, "manifest: role"),
    "a role too many": ("backup", lambda value: {
        **value, "roles": value["roles"] + [role_state("More", 0, 0, 0)]}, "roles are missing"),
    "unknown format": ("backup", with_member(format="infrabackup-2"), "format is not"),
    "member missing": ("backup", lambda value: {k: v for k, v in value.items() if k != "status"},
                       "status is missing"),
    "member unknown": ("backup", with_member(extra=1), "unknown members ['extra']"),
    "time with zeros": ("backup", with_member(startedTime="2026-11-21T05:26:36.120Z"), "startedTime is"),
    "an empty hole": ("records", replace_record(4, extents(0)[1]), "a hole of 0"),
    "an empty extent": ("records", replace_record(4, extents((0, 0, 0, 0))[1]), "an empty extent"),
    "a file with a target": ("records", replace_record(3, entry(1, b"closed/a", target=b"b")[1], 2),
                             "a link target"),
    "a hard link without one": ("records", replace_record(3, entry(4, b"second")[1], 7), "no link target"),
    "member of another type": ("backup", with_member(sequence=True), "sequence is True"),
    "another repository": ("backup", with_member(repositorySha256="0" * 64), "another marker"),
    "predecessor's hash": ("backup", lambda value: {
        **value, "previous": value["previous"] and {**value["previous"], "sha256": "0" * 64}},
        "not the backup that its successor names"),
    "signature": ("signature", lambda data: flip(data, 3), "signature is wrong"),
    "commit": ("commit", with_member(backupSha256="0" * 64), "hash of backup.json is wrong"),
    "commit of another": ("commit", with_member(sequence=9), "says that it is another one"),
}


class ReaderTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.keys = writer.Keys(cls.folder)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.work = tempfile.mkdtemp(dir=self.folder)
        self.share, self.out = os.path.join(self.work, "share"), os.path.join(self.work, "out")

    def write(self, faults=None):
        """Two backups, the second with a changed role; faults concern the second."""
        archive = writer.Archive(self.share, self.keys)
        archive.faults = {k: v for k, v in (faults or {}).items() if k in ("chunk id", "mac", "index",
                                                                           "compressed")}
        places = lay(archive)
        first = archive.backup(certificates(places) + arm(places), STATES)
        archive.faults = faults or {}
        second = archive.backup(certificates(places) + arm(places, b"other"), STATES)
        return first, second

    def read(self, *more, recipient=None):
        recipient = recipient or self.keys.location
        command = ["/usr/bin/python3", READER, self.share, recipient.pfx_path,
                   self.keys.password_file, self.out, "--json", *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def read_well(self, *more, recipient=None):
        result = self.read(*more, recipient=recipient)
        self.assertEqual(result.returncode, 0, result.stderr)
        return json.loads(result.stdout)

    def assert_refused(self, text, *more, recipient=None):
        result = self.read(*more, recipient=recipient)
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        self.assertIn(text, result.stderr)
        self.assertTrue(result.stderr.startswith("refused: "), result.stderr)

    def content(self, name):
        with open(os.path.join(self.out.encode(), name), "rb") as file:
            return file.read()

    def stat(self, name):
        return os.lstat(os.path.join(self.out.encode(), b"Certificates", name))

    def file_of(self, name, backup=None):
        return glob.glob(os.path.join(self.share, "MASBackup", "backups", f"*{backup or ''}", name))[0]

    def test_read_newest_restores_content(self):
        _, second = self.write()
        report = self.read_well()
        self.assertEqual(report["backupId"], second)
        self.assertEqual(report["packs"], 2)
        self.assertEqual(self.content(b"Certificates/closed/small.pem"), SMALL)
        self.assertEqual(self.content(b"Certificates/empty"), b"")
        self.assertEqual(self.content(b"Certificates/sparse"), SPARSE)
        self.assertEqual(self.content(b"Certificates/\xffname"), BIG)
        self.assertEqual(self.content(b"ARM/dump"), b"other")
        self.assertFalse(os.path.exists(os.path.join(self.out, "Vaults")))

    def test_read_newest_restores_metadata(self):
        self.write()
        report = self.read_well()
        for name, kind, mode in ((b".", stat.S_IFDIR, 0o750), (b"closed", stat.S_IFDIR, 0o500),
                                 (b"closed/small.pem", stat.S_IFREG, 0o640),
                                 (b"empty", stat.S_IFREG, 0o4755), (b"pipe", stat.S_IFIFO, 0o620)):
            found = self.stat(name)
            self.assertEqual((found.st_mode, found.st_mtime_ns), (kind | mode, TIME), name)
        self.assertEqual(os.readlink(os.path.join(self.out, "Certificates/link")), "../outside")
        self.assertEqual(self.stat(b"link").st_mtime_ns, TIME)
        self.assertEqual(self.stat(b"second").st_ino, self.stat(b"closed/small.pem").st_ino)
        self.assertLess(self.stat(b"sparse").st_blocks * 512, len(SPARSE))
        notes = "\n".join(report["notes"])
        self.assertIn("socket is not restored", notes)
        self.assertIn("changed: problem 3", notes)
        path = os.path.join(self.out, "Certificates/closed/small.pem")
        if "attribute user.note" not in notes:  # said when the file system has no attributes
            self.assertEqual(os.getxattr(path, "user.note"), BINARY)

    def test_read_older_backup_by_id(self):
        first, _ = self.write()
        self.assertEqual(self.read_well("--backup", first)["sequence"], 1)
        self.assertEqual(self.content(b"ARM/dump"), b"hello")

    def test_read_one_role_restores_no_other(self):
        self.write()
        self.assertEqual(set(self.read_well("--role", "ARM")["roles"]), {"Certificates", "ARM"})
        self.assertEqual(os.listdir(self.out), ["ARM"])

    def test_read_with_escrow_key(self):
        self.write()
        self.read_well(recipient=self.keys.escrow)
        self.assertEqual(self.content(b"ARM/dump"), b"other")

    def test_read_with_foreign_key_is_refused(self):
        self.write()
        self.assert_refused("no recipient", recipient=self.keys.stranger)

    def test_read_unknown_role_is_refused(self):
        self.write()
        self.assert_refused("it has Certificates, ARM, Vaults", "--role", "arm")

    def test_read_into_existing_folder_is_refused(self):
        self.write()
        self.read_well()
        self.assert_refused("File exists")

    def test_signer_is_compared(self):
        self.write()
        fingerprint = "SHA256:" + hashlib.sha256(self.keys.public).hexdigest()
        report = self.read_well("--signer", fingerprint)
        self.assertNotIn("origin not proven", "\n".join(report["notes"]))
        self.assert_refused("the signer is", "--signer", "SHA256:" + "0" * 64)

    def test_backup_without_commit_does_not_exist(self):
        first, second = self.write()
        os.unlink(self.file_of("COMMIT", second))
        self.assertEqual(self.read_well()["backupId"], first)

    def test_marker_copy_stands_in(self):
        self.write()
        os.unlink(os.path.join(self.share, "MASBackup", "repository.json"))
        self.read_well()

    def test_deleted_predecessor_is_said(self):
        first, _ = self.write()
        shutil.rmtree(os.path.dirname(self.file_of("COMMIT", first)))
        self.assertIn("predecessor 1 is not on the share", "\n".join(self.read_well()["notes"]))

    def write_four(self):
        """Four backups; by number what the next one names as its predecessor."""
        archive = writer.Archive(self.share, self.keys)
        places, links = lay(archive), [None]
        for _ in range(4):
            archive.backup(certificates(places) + arm(places), STATES)
            links.append(archive.previous)
        return archive, links

    def test_marks_lead_past_deleted_backups(self):
        archive, links = self.write_four()
        archive.delete(links[2], links[1])
        archive.delete(links[3], links[1])
        self.assertNotIn("chain", "\n".join(self.read_well()["notes"]))
        shutil.rmtree(self.out)
        # Nothing leads to the mark of 2 any more; 1 is still looked for.
        os.unlink(glob.glob(os.path.join(self.share, "MASBackup", "deletions", "00000002-*.json"))[0])
        self.assertNotIn("chain", "\n".join(self.read_well()["notes"]))
        shutil.rmtree(self.out)
        archive.remove(links[1])
        self.assertIn("predecessor 1 is not on the share", "\n".join(self.read_well()["notes"]))
        shutil.rmtree(self.out)
        self.write_mark(archive, links[1], None)
        self.assertNotIn("chain", "\n".join(self.read_well()["notes"]))

    @staticmethod
    def write_mark(archive, link, previous):
        archive.remove = lambda link: None
        archive.delete(link, previous)

    def test_marks_that_are_wrong_are_refused(self):
        stranger = writer.Keys(tempfile.mkdtemp(dir=self.folder)).signer
        def changed(**members):
            return lambda data: json.dumps({**json.loads(data), **members}).encode()
        for text, faults in {
                "the signature is wrong": {"mark signature": lambda data: flip(data, 5)},
                "deletion mark": {"mark signature": lambda data: stranger.sign(b"mark")},
                "of another repository": {"mark": changed(repositoryId="0" * 8 + "-0000-0000-0000-" + "0" * 12)},
                "not of the backup": {"mark": changed(backup={
                    "backupId": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "sequence": 3, "sha256": "0" * 64})},
                "unknown members": {"mark": changed(more=1)},
                "previous is later": {"mark": changed(previous={
                    "backupId": "0" * 8 + "-0000-0000-0000-" + "0" * 12, "sequence": 3, "sha256": "0" * 64})},
        }.items():
            with self.subTest(text):
                self.setUp()
                archive, links = self.write_four()
                archive.faults = faults
                archive.delete(links[3], links[2])
                self.assert_refused(text)

    def test_every_file_of_a_backup_with_one_bit_flipped_is_refused(self):
        _, second = self.write()
        packs = os.path.join(self.share, "MASBackup", "generations", "*", "packs", "*", "*")
        names = [self.file_of(n, second) for n in ("COMMIT", "backup.json", "backup.sig", "manifest.bin")]
        names += glob.glob(packs) + [os.path.join(self.share, "MASBackup", "repository.json")]
        self.assertEqual(len(names), 7)
        for name in names:
            with self.subTest(os.path.basename(name)), open(name, "r+b") as file:
                data = file.read()
                file.seek(len(data) // 2)
                file.write(flip(data, len(data) // 2)[len(data) // 2:])
                file.flush()
                self.assert_refused("")
                shutil.rmtree(self.out, ignore_errors=True)
                file.seek(0)
                file.write(data)
        self.read_well()

    def test_unreadable_file_may_be_short(self):
        archive = writer.Archive(self.share, self.keys)
        places = lay(archive)
        hello = struct.pack("<Q", 9) + bytes(32) + struct.pack("<Bi", 1, 5)
        archive.backup([role(b"ARM", priority=5), entry(1, b"dump"), extents(places[b"hello"]),
                        (5, hello), role_end(1, 9, 1)], [role_state("ARM", 1, 9, 1, priority=5)])
        self.assertIn("ARM/dump: problem 1 (EIO)", self.read_well()["notes"])
        self.assertEqual(self.content(b"ARM/dump"), b"hello")

    def test_missing_pack_is_refused(self):
        self.write()
        pattern = os.path.join(self.share, "MASBackup", "generations", "*", "packs", "*", "*")
        os.unlink(glob.glob(pattern)[0])
        self.assert_refused("No such file")


def fault_test(stage, fault, text):
    def test(self):
        self.write({stage: fault})
        self.assert_refused(text)
        self.assertFalse(os.path.exists(os.path.join(self.work, "evil")))
    return test


for fault_name, case in FAULTS.items():
    setattr(ReaderTest, f"test_fault_{fault_name.replace(' ', '_')}_is_refused", fault_test(*case))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    bad = len(result.failures) + len(result.errors) + len(result.skipped)
    print(f"{result.testsRun - min(bad, result.testsRun)} passed, {bad} failed")
    sys.exit(1 if bad else 0)

# SPDX-License-Identifier: Apache-2.0
"""Writes small archives by api/FORMAT.md, faults on request: the counterpart of the reader in its tests."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import random
import shutil
import struct
import subprocess
import uuid
import zlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import pkcs12

PASSWORD = b"open sesame"
MOMENT = "2026-11-21T05:26:36.123Z"


def hkdf(key, info):
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"", info=info).derive(key)


def sha(data):
    return hashlib.sha256(data).hexdigest()


def text(data):
    return struct.pack("<I", len(data)) + data


def squeeze(codec, data):
    """The codec that was used, and the bytes: what does not become smaller stays as it is."""
    packed = data
    if codec == 1:
        packed = zlib.compress(data)
    if codec == 2:
        packed = subprocess.run(["zstd", "-q", "-1", "-c"], input=data, capture_output=True,
                                check=True).stdout
    return (codec, packed) if len(packed) < len(data) else (0, data)


class Recipient:
    """A self-signed certificate and its PFX."""

    def __init__(self, folder, purpose, key):
        self.purpose = purpose
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, purpose)])
        now = datetime.datetime(2026, 1, 1)
        self.certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=9999)).sign(key, hashes.SHA256()))
        self.der = self.certificate.public_bytes(serialization.Encoding.DER)
        self.thumbprint = hashlib.sha1(self.der).hexdigest().upper()
        self.pem_path = os.path.join(folder, purpose + ".pem")
        self.pfx_path = os.path.join(folder, purpose + ".pfx")
        self.key_options = ["-keyopt", "ecdh_kdf_md:sha256"]
        if isinstance(key, rsa.RSAPrivateKey):
            self.key_options = ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256",
                                "-keyopt", "rsa_mgf1_md:sha256"]
        with open(self.pem_path, "wb") as file:
            file.write(self.certificate.public_bytes(serialization.Encoding.PEM))
        with open(self.pfx_path, "wb") as file:
            file.write(pkcs12.serialize_key_and_certificates(
                b"key", key, self.certificate, None, serialization.BestAvailableEncryption(PASSWORD)))


class Keys:
    """What takes time to make, once for all archives of a test run."""

    def __init__(self, folder):
        self.password_file = os.path.join(folder, "password")
        with open(self.password_file, "wb") as file:
            file.write(PASSWORD + b"\n")
        self.location = Recipient(folder, "location", rsa.generate_private_key(65537, 2048))
        self.escrow = Recipient(folder, "escrow", ec.generate_private_key(ec.SECP256R1()))
        self.stranger = Recipient(folder, "stranger", ec.generate_private_key(ec.SECP256R1()))
        self.signer = ed25519.Ed25519PrivateKey.generate()
        self.public = self.signer.public_key().public_bytes(serialization.Encoding.Raw,
                                                            serialization.PublicFormat.Raw)


class Session:
    def __init__(self, keys):
        self.guid, self.key = uuid.uuid4(), os.urandom(32)
        command = ["openssl", "cms", "-encrypt", "-binary", "-outform", "DER", "-aes-256-cbc"]
        for recipient in (keys.location, keys.escrow):
            command += ["-recip", recipient.pem_path] + recipient.key_options
        self.wrapped = subprocess.run(command, input=self.key, capture_output=True, check=True).stdout


class Archive:
    """One share with one generation. @faults: by stage, a function that changes the stage's value."""

    def __init__(self, path, keys, faults=None):
        self.root, self.keys, self.faults = os.path.join(path, "MASBackup"), keys, faults or {}
        self.repository, self.deployment = uuid.uuid4(), uuid.uuid4()
        self.generation = "0001-" + keys.location.thumbprint[:8].lower()
        self.secret = os.urandom(32)
        self.sessions, self.packs, self.previous, self.sequence = [], [], None, 0
        self.open = None
        marker = json.dumps({
            "format": "infrabackup-1", "repositoryId": str(self.repository),
            "deploymentId": str(self.deployment), "externalDomain": "contoso.com", "region": "north",
            "createdTime": MOMENT, "signerPublicKey": base64.b64encode(keys.public).decode()}).encode()
        self.marker_hash = sha(marker)
        self.write("repository.json", marker)
        self.write("repository.json.copy", marker)

    def fault(self, stage, value):
        return self.faults[stage](value) if stage in self.faults else value

    def write(self, name, data):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)

    def begin(self):
        """A new session; packs and backups belong to it."""
        session = Session(self.keys)
        self.sessions.append(session)
        self.write(f"generations/{self.generation}/sessions/{session.guid}.p7m", session.wrapped)

    def pack(self, blocks):
        """Stores blocks, each (codec, [chunk, ...]); returns the pack's index and the block numbers."""
        session, number = self.sessions[-1], 7 + len(self.packs)
        numbers = list(range(len(blocks)))
        random.Random(1).shuffle(numbers)
        body, index, count = b"", b"", 0
        for block, (codec, chunks) in zip(numbers, blocks):
            plain = b"".join(chunks)
            codec, packed = squeeze(codec, plain)
            packed = self.fault("compressed", packed)
            bound = b"IBBLOCK1" + self.repository.bytes + session.guid.bytes + struct.pack(
                "<IIIIB", number, block, len(plain), len(packed), codec)
            key = AESGCM(hkdf(session.key, b"infrabackup-1 block"))
            stored = key.encrypt(struct.pack("<III", number, block, 0), packed, bound)
            body += stored
            index += struct.pack("<IIIB3xI", block, len(stored), len(plain), codec, len(chunks))
            for chunk in chunks:
                identity = hmac.digest(hkdf(self.secret, b"infrabackup-1 chunk"), chunk, "sha256")
                index += self.fault("chunk id", identity) + struct.pack("<I", len(chunk))
            count += len(chunks)
        index = self.fault("index", index)
        data = b"IBPACK01" + self.repository.bytes + session.guid.bytes + struct.pack("<I20x", number)
        data += body
        data += index + struct.pack("<QIIQ", len(data), len(blocks), count, len(index))
        mac = hmac.digest(hkdf(self.secret, b"infrabackup-1 pack"), hashlib.sha256(data).digest(),
                          "sha256")
        data += self.fault("mac", mac) + b"IBPKEND1"
        name = sha(data)
        self.write(f"generations/{self.generation}/packs/{name[:2]}/{name}.pack", data)
        self.packs.append({"sha256": name, "size": len(data), "session": len(self.sessions) - 1})
        return len(self.packs) - 1, numbers

    def manifest(self, backup, records):
        """Records (type, payload), a few in each segment."""
        session = self.sessions[-1]
        data = b"IBMANIF1" + self.repository.bytes + session.guid.bytes + backup.bytes
        head, groups = data, [records[i:i + 5] for i in range(0, len(records), 5)]
        for number, group in enumerate(groups):
            plain = b"".join(struct.pack("<BI", kind, len(load)) + load for kind, load in group)
            last = number == len(groups) - 1
            codec, packed = squeeze(number % 3, plain)
            bound = head + struct.pack("<IIIBB3x", number, len(plain), len(packed), codec, last)
            key = AESGCM(hkdf(session.key, b"infrabackup-1 manifest"))
            stored = key.encrypt(struct.pack("<III", number, 0, 0), packed, bound)
            data += struct.pack("<IIIBB2x", len(stored), len(plain), number, codec, last) + stored
        return self.fault("manifest", data)

    def backup(self, records, roles):
        """Commits a backup of the records between the generation's and the end; returns its GUID."""
        guid, self.sequence = uuid.uuid4(), self.sequence + 1
        records = [(1, struct.pack("<I", 1) + self.secret)] + records + [(7, b"")]
        manifest = self.manifest(guid, self.fault("records", records))
        value = self.fault("backup", {
            "format": "infrabackup-1", "repositoryId": str(self.repository),
            "repositorySha256": self.marker_hash, "deploymentId": str(self.deployment),
            "externalDomain": "contoso.com", "region": "north", "backupId": str(guid),
            "sequence": self.sequence, "sessionId": str(self.sessions[-1].guid),
            "generation": self.generation, "startedTime": MOMENT, "completedTime": MOMENT,
            "status": "PartialSucceeded", "isAutomatic": False, "isCloudRecoveryReady": True,
            "stampVersion": "1.2311.1.22", "oemVersion": None,
            "encryptionCertThumbprint": self.keys.location.thumbprint,
            "manifest": {"size": len(manifest), "sha256": sha(manifest)},
            "bytes": 0, "newBytes": 0, "previous": self.previous,
            "recipients": [{"thumbprint": r.thumbprint, "sha256": sha(r.der), "purpose": r.purpose}
                           for r in (self.keys.location, self.keys.escrow)],
            "roles": roles,
            "sessions": [{"sessionId": str(s.guid), "wrappedKey": base64.b64encode(s.wrapped).decode()}
                         for s in self.sessions],
            "packs": self.packs})
        data = json.dumps(value).encode()
        signature = self.fault("signature", self.keys.signer.sign(data))
        commit = self.fault("commit", {
            "format": "infrabackup-1", "backupId": str(guid), "sequence": self.sequence,
            "backupSha256": sha(data), "signatureSha256": sha(signature)})
        folder = f"backups/{self.sequence:08d}-20261121T052636Z-{guid}"
        self.write(f"{folder}/manifest.bin", manifest)
        self.write(f"{folder}/backup.json", data)
        self.write(f"{folder}/backup.sig", signature)
        self.write(f"{folder}/COMMIT", json.dumps(commit).encode())
        self.previous = {"backupId": str(guid), "sequence": self.sequence, "sha256": sha(data)}
        return str(guid)


    def delete(self, link, previous):
        """Removes the backup that @link names and leaves the mark, which leads to @previous."""
        self.remove(link)
        data = self.fault("mark", json.dumps({
            "format": "infrabackup-1", "repositoryId": str(self.repository), "backup": link,
            "deletedTime": MOMENT, "reason": "expired", "previous": previous}).encode())
        name = f"deletions/{link['sequence']:08d}-{link['backupId']}"
        self.write(name + ".json", data)
        self.write(name + ".sig", self.fault("mark signature", self.keys.signer.sign(data)))

    def remove(self, link):
        shutil.rmtree(os.path.join(
            self.root, f"backups/{link['sequence']:08d}-20261121T052636Z-{link['backupId']}"))


def entry(kind, path, mode=0o644, time=1700000000123456789, target=None, attributes=(), size=0,
          problem=0):
    """Payload of record 3, with the test's own user and group."""
    data = struct.pack("<BBIIIIIIQq", kind, problem, 0, mode, os.getuid(), os.getgid(), 0, 0, size, time)
    data += text(path) + struct.pack("<B", target is not None)
    data += text(target) if target is not None else b""
    data += struct.pack("<I", len(attributes))
    return 3, data + b"".join(text(name) + text(value) for name, value in attributes)


def extents(*parts):
    """Record 4 of (pack, block, offset, length), or a number for a hole."""
    data = struct.pack("<I", len(parts))
    for part in parts:
        hole = isinstance(part, int)
        data += struct.pack("<IIQ", 0xFFFFFFFF, 0, part) if hole else struct.pack("<IIII", *part)
    return 4, data


def file_end(content, problem=0):
    return 5, struct.pack("<Q", len(content)) + hashlib.sha256(content).digest() + struct.pack(
        "<BI", problem, 0)


def role(name, provider="directory", priority=0):
    return 2, text(name) + text(provider.encode()) + struct.pack("<Bi", 1, priority)


def role_end(entries, size, problems):
    return 6, struct.pack("<QQQ", entries, size, problems)


def role_state(name, entries, size, problems, status="Succeeded", priority=0):
    return {"roleName": name, "provider": "directory", "essential": True, "restorePriority": priority,
            "status": status, "entries": entries, "bytes": size, "newBytes": size,
            "problems": problems, "error": None if status == "Succeeded" else "it broke"}

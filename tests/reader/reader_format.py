# SPDX-License-Identifier: Apache-2.0
"""The bytes on the share, read by api/FORMAT.md alone (the numbers in brackets are its sections)."""

import collections
import hashlib
import hmac
import json
import os
import struct
import subprocess
import tempfile
import uuid
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK_MAX = 256 << 10
BLOCK_MAX, BLOCK_CHUNKS_MAX = 1 << 20, 8192
PACK_MAX, PACK_BLOCKS_MAX, PACK_CHUNKS_MAX = 32 << 20, 65536, 65536
SEGMENT_MAX = 1 << 20
BACKUP_MAX, SMALL_MAX = 64 << 20, 1 << 20
TAG = 16
# Blocks that are decompressed with one call.
GROUP_PLAIN = 16 << 20

Block = collections.namedtuple("Block", "number offset stored plain codec chunks")


class Refused(Exception):
    """Something on the share is not what the page says."""


def require(condition, text):
    if not condition:
        raise Refused(text)


def read_file(path, limit):
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    require(len(data) <= limit, f"{path}: more than {limit} bytes")
    return data


def parse_json(data, what):
    def no_doubles(pairs):
        require(len(dict(pairs)) == len(pairs), f"{what}: a key twice")
        return dict(pairs)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=no_doubles)
    except ValueError as error:
        raise Refused(f"{what}: {error}") from error
    require(isinstance(value, dict), f"{what}: not an object")
    require(value.get("format") == "infrabackup-1", f"{what}: format is not infrabackup-1")
    return value


def derive(key, purpose):
    """[4]"""
    return HKDF(hashes.SHA256(), 32, None, b"infrabackup-1 " + purpose).derive(key)


def keyed_hash(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def decrypt(key, nonce, data, bound, what):
    try:
        return AESGCM(key).decrypt(nonce, data, bound)
    except InvalidTag as error:
        raise Refused(f"{what}: does not decrypt") from error


def right_lengths(codec, plain, stored):
    """[5]"""
    packed = stored - TAG
    return packed == plain > 0 if codec == 0 else 0 < packed <= plain


class Bytes:
    """Walks over bytes without ever passing the end."""

    def __init__(self, data, what):
        self.data, self.at, self.what = data, 0, what

    def take(self, length):
        require(length <= len(self.data) - self.at, f"{self.what}: ends too early")
        self.at += length
        return self.data[self.at - length:self.at]

    def number(self, code):
        return struct.unpack("<" + code, self.take(struct.calcsize("<" + code)))[0]

    def blob(self):
        return self.take(self.number("I"))

    def text(self):
        data = self.blob()
        require(b"\0" not in data, f"{self.what}: NUL in a text")
        return data

    def flag(self):
        value = self.number("B")
        require(value <= 1, f"{self.what}: a flag is {value}")
        return value == 1

    def end(self):
        require(self.at == len(self.data), f"{self.what}: bytes after the end")


def inflate(codec, pieces, lengths, what):
    """Decompresses pieces of one codec, whose plain lengths are known."""
    if codec == 0:
        plain = list(pieces)
    elif codec == 1:
        plain = []
        for piece, length in zip(pieces, lengths):
            engine = zlib.decompressobj()
            try:
                plain.append(engine.decompress(piece, length + 1))
            except zlib.error as error:
                raise Refused(f"{what}: {error}") from error
            require(engine.eof and not engine.unused_data, f"{what}: not one zlib stream")
    elif codec == 2:
        plain = inflate_zstd(pieces, lengths, what)
    else:
        raise Refused(f"{what}: unknown codec {codec}")
    for piece, length in zip(plain, lengths):
        require(len(piece) == length, f"{what}: {len(piece)} bytes instead of {length}")
    return plain


def inflate_zstd(pieces, lengths, what):
    """Frames end to end decompress to contents end to end, so one process does many."""
    for piece in pieces:
        require(piece[:4] == b"\x28\xb5\x2f\xfd", f"{what}: not a Zstandard frame")
    with tempfile.TemporaryFile() as source:
        source.write(b"".join(pieces))
        source.seek(0)
        with subprocess.Popen(["zstd", "-d", "-c", "-q"], stdin=source, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            data = process.stdout.read(sum(lengths) + 1)
            process.stdout.close()
            code = process.wait()
    require(code == 0 and len(data) == sum(lengths), f"{what}: Zstandard frames do not decompress")
    plain, at = [], 0
    for length in lengths:
        plain.append(data[at:at + length])
        at += length
    return plain


class Pack:
    """[6] One pack, its whole layout checked."""

    def __init__(self, path, listed, repository, session):
        self.what = f"pack {listed['sha256']}"
        self.data = read_file(path, PACK_MAX)
        require(len(self.data) == listed["size"], f"{self.what}: size is not {listed['size']}")
        found = hashlib.sha256(self.data).hexdigest()
        require(found == listed["sha256"], f"{self.what}: the bytes hash to {found}")
        require(len(self.data) >= 128, f"{self.what}: too short")
        self.repository, self.session = repository, session
        head = Bytes(self.data[:64], self.what)
        require(head.take(8) == b"IBPACK01", f"{self.what}: no pack header")
        require(head.take(16) == repository, f"{self.what}: of another repository")
        require(head.take(16) == session, f"{self.what}: of another session")
        self.number = head.number("I")
        require(head.take(20) == bytes(20), f"{self.what}: header not padded with zeros")
        self.blocks = self.read_index(*self.read_trailer())
        self.groups, self.group_of = self.make_groups()

    def read_trailer(self):
        tail = Bytes(self.data[-64:], self.what)
        offset, blocks = tail.number("Q"), tail.number("I")
        chunks, length = tail.number("I"), tail.number("Q")
        self.mac = tail.take(32)
        require(tail.take(8) == b"IBPKEND1", f"{self.what}: no pack trailer")
        require(blocks <= PACK_BLOCKS_MAX and chunks <= PACK_CHUNKS_MAX, f"{self.what}: too much in it")
        require(offset >= 64 and offset + length == len(self.data) - 64,
                f"{self.what}: index at a wrong place")
        return offset, blocks, chunks

    def read_index(self, offset, count, chunk_count):
        index = Bytes(self.data[offset:-64], self.what)
        blocks, at, chunks_seen = {}, 64, 0
        for _ in range(count):
            number, stored, plain = index.number("I"), index.number("I"), index.number("I")
            codec = index.number("B")
            require(index.take(3) == bytes(3), f"{self.what}: index entry not padded with zeros")
            chunks = [(index.take(32), index.number("I")) for _ in range(self.chunks_of(index))]
            what = f"{self.what}: block {number}"
            require(number not in blocks, f"{what}: twice")
            require(plain <= BLOCK_MAX and right_lengths(codec, plain, stored), f"{what}: bad lengths")
            require(all(0 < length <= CHUNK_MAX for _, length in chunks), f"{what}: bad chunk length")
            require(sum(length for _, length in chunks) == plain, f"{what}: chunks do not fill it")
            blocks[number] = Block(number, at, stored, plain, codec, chunks)
            at += stored
            chunks_seen += len(chunks)
        index.end()
        require(at == offset, f"{self.what}: blocks do not end where the index begins")
        require(chunks_seen == chunk_count, f"{self.what}: number of chunks is wrong")
        return blocks

    def chunks_of(self, index):
        count = index.number("I")
        require(0 < count <= BLOCK_CHUNKS_MAX, f"{self.what}: {count} chunks in a block")
        return count

    def make_groups(self):
        groups, group_of, size = [], {}, GROUP_PLAIN
        for block in self.blocks.values():
            if size + block.plain > GROUP_PLAIN:
                groups.append([])
                size = 0
            groups[-1].append(block)
            group_of[block.number] = len(groups) - 1
            size += block.plain
        return groups, group_of

    def check_mac(self, key):
        expected = keyed_hash(key, hashlib.sha256(self.data[:-40]).digest())
        require(hmac.compare_digest(expected, self.mac), f"{self.what}: wrong MAC")

    def open_block(self, block, key):
        """[5] The compressed bytes."""
        nonce = struct.pack("<III", self.number, block.number, 0)
        bound = b"IBBLOCK1" + self.repository + self.session + struct.pack(
            "<IIIIB", self.number, block.number, block.plain, block.stored - TAG, block.codec)
        data = self.data[block.offset:block.offset + block.stored]
        return decrypt(key, nonce, data, bound, f"{self.what}: block {block.number}")

    def open_group(self, index, key, chunk_key):
        """Plain bytes by block number, every chunk's id checked."""
        plain = {}
        for codec in sorted({block.codec for block in self.groups[index]}):
            blocks = [block for block in self.groups[index] if block.codec == codec]
            pieces = [self.open_block(block, key) for block in blocks]
            opened = inflate(codec, pieces, [block.plain for block in blocks], self.what)
            plain.update(zip((block.number for block in blocks), opened))
        for block in self.groups[index]:
            at = 0
            for identity, length in block.chunks:
                found = keyed_hash(chunk_key, plain[block.number][at:at + length])
                require(found == identity, f"{self.what}: block {block.number}: wrong chunk id")
                at += length
        return plain


class Store:
    """The packs of one backup: opened when needed, a few kept."""

    def __init__(self, folder, backup, repository, keys):
        self.folder, self.backup, self.repository, self.keys = folder, backup, repository, keys
        self.packs, self.plain, self.checked = {}, collections.OrderedDict(), set()
        self.numbers = {}
        self.chunk_key = self.mac_key = None

    def set_secret(self, secret):
        self.chunk_key, self.mac_key = derive(secret, b"chunk"), derive(secret, b"pack")

    def pack(self, index):
        packs = self.backup["packs"]
        require(index < len(packs), f"manifest: pack {index} of {len(packs)}")
        if index not in self.packs:
            listed = packs[index]
            name = listed["sha256"]
            path = os.path.join(self.folder, "packs", name[:2], name + ".pack")
            session, _ = self.keys[listed["session"]]
            pack = Pack(path, listed, self.repository, session)
            pack.check_mac(self.mac_key)
            owner = self.numbers.setdefault((session, pack.number), index)
            require(owner == index, f"{pack.what}: its number is used twice in the session")
            if len(self.packs) >= 4:
                self.packs.pop(next(iter(self.packs)))
            self.packs[index] = pack
        return self.packs[index]

    def group(self, pack_index, group):
        if (pack_index, group) not in self.plain:
            _, key = self.keys[self.backup["packs"][pack_index]["session"]]
            opened = self.pack(pack_index).open_group(group, derive(key, b"block"), self.chunk_key)
            self.checked.add((pack_index, group))
            self.plain[pack_index, group] = opened
            if len(self.plain) > 8:
                self.plain.popitem(last=False)
        self.plain.move_to_end((pack_index, group))
        return self.plain[pack_index, group]

    def read(self, pack_index, number, offset, length):
        pack = self.pack(pack_index)
        require(number in pack.blocks, f"{pack.what}: has no block {number}")
        data = self.group(pack_index, pack.group_of[number])[number]
        require(offset + length <= len(data), f"{pack.what}: extent outside of block {number}")
        return data[offset:offset + length]

    def check_all(self):
        """What no file asked for must be right too."""
        for index in range(len(self.backup["packs"])):
            for group in range(len(self.pack(index).groups)):
                if (index, group) not in self.checked:
                    self.group(index, group)


def manifest_records(path, listed, repository, session, backup, key):
    """[7] (type, payload) one after the other; the file's hash is checked before the first."""
    digest, size = hashlib.sha256(), 0
    try:
        with open(path, "rb") as file:
            while data := file.read(1 << 20):
                digest.update(data)
                size += len(data)
            require(size == listed["size"], f"manifest: {size} bytes instead of {listed['size']}")
            require(digest.hexdigest() == listed["sha256"], "manifest: the hash is wrong")
            file.seek(0)
            head = file.read(56)
            require(head == b"IBMANIF1" + repository + session + backup, "manifest: wrong header")
            for segment in manifest_segments(file, head, key):
                yield from segment_records(segment)
    except OSError as error:
        raise Refused(f"manifest: {error.strerror}") from error


def manifest_segments(file, head, key):
    key, expected, last = derive(key, b"manifest"), 0, False
    while not last:
        what = f"manifest: segment {expected}"
        fields = Bytes(file.read(16), what)
        stored, plain, number = fields.number("I"), fields.number("I"), fields.number("I")
        codec, last = fields.number("B"), fields.flag()
        require(fields.take(2) == bytes(2), f"{what}: not padded with zeros")
        require(number == expected and 0 < plain <= SEGMENT_MAX, f"{what}: bad number or length")
        require(right_lengths(codec, plain, stored), f"{what}: bad stored length")
        data = Bytes(file.read(stored), what).take(stored)
        bound = head + struct.pack("<IIIBB3x", number, plain, stored - TAG, codec, last)
        packed = decrypt(key, struct.pack("<III", number, 0, 0), data, bound, what)
        yield inflate(codec, [packed], [plain], what)[0]
        expected += 1
    require(file.read(1) == b"", "manifest: bytes after the last segment")


def segment_records(segment):
    reader = Bytes(segment, "manifest")
    while reader.at < len(segment):
        kind = reader.number("B")
        yield kind, reader.take(reader.number("I"))


def guid_bytes(text, what):
    try:
        value = uuid.UUID(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise Refused(f"{what}: {text!r} is not a GUID") from error
    require(str(value) == text, f"{what}: {text!r} is not a GUID in lower case")
    return value.bytes

# SPDX-License-Identifier: Apache-2.0
"""A search for secrets in every form in which one could have been written down.

    search = Search()
    search.add("share password", b"...")
    search.find(data)          # names of the secrets that are in it, with the form
"""

import base64
import json
import os
import re
import subprocess
import urllib.parse

# Of a long secret, so that a line break or a cut hides no more than one of them.
SLICE = 24


def base64_forms(secret):
    """What of its base64 does not depend on what stands before and behind it, in both alphabets."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + secret)
        # The first and the last group are made of neighbours as well.
        first = 4 if before else 0
        last = len(text) - 4 if (before + len(secret)) % 3 else len(text)
        yield text[first:last]
        yield text[first:last].translate(bytes.maketrans(b"+/", b"-_"))


def forms(secret):
    """{form: bytes} that would give @secret away."""
    found = {"raw": secret, "hex": secret.hex().encode(), "HEX": secret.hex().upper().encode()}
    for number, text in enumerate(base64_forms(secret)):
        found[f"base64 {number}"] = text
    try:
        text = secret.decode("utf-8")
    except UnicodeDecodeError:
        return found
    found["UTF-16LE"] = text.encode("utf-16-le")
    for is_ascii in (True, False):
        escaped = json.dumps(text, ensure_ascii=is_ascii)[1:-1]
        found[f"JSON {is_ascii}"] = escaped.encode()
        found[f"JSON {is_ascii} twice"] = json.dumps(escaped, ensure_ascii=is_ascii)[1:-1].encode()
        found[f"JSON {is_ascii} slashes"] = escaped.replace("/", "\\/").encode()
    found["percent"] = urllib.parse.quote(text, safe="").encode()
    return found


class Search:
    """Secrets by name."""

    def __init__(self):
        self.needles = {}  # bytes -> "name, form"
        self.names = []

    def add(self, name, secret):
        """@secret: bytes or text; of what is long, slices."""
        if isinstance(secret, str):
            secret = secret.encode()
        assert len(secret) >= 12, f"{name} is too short to be told from other bytes"
        self.names.append(name)
        pieces = [secret]
        if len(secret) > 2 * SLICE:
            step = max(2 * SLICE, len(secret) // 8)
            pieces = [secret[at:at + SLICE] for at in range(0, len(secret) - SLICE, step)]
        for piece in pieces:
            for form, needle in forms(piece).items():
                self.needles.setdefault(needle, f"{name}, {form}")

    def find(self, data):
        return sorted({where for needle, where in self.needles.items() if needle in data})

    def find_in_tree(self, folder, but=()):
        """[(path, what)] below @folder, in names and contents; @but: paths where a secret has its place."""
        found, files = [], 0
        for path, _, names in os.walk(folder):
            for name in sorted(names):
                file = os.path.join(path, name)
                if file in but or not os.path.isfile(file):
                    continue
                with open(file, "rb") as content:
                    data = content.read()
                files += 1
                found += [(file, what) for what in self.find(name.encode() + b"\n" + data)]
        return found, files


def private_numbers(key_file, password_file=None):
    """{name: bytes} of what is private in a PEM key, or in a PFX when there is a password."""
    pem = None
    if password_file is not None:
        pem = subprocess.run(["openssl", "pkcs12", "-in", key_file, "-nodes", "-nocerts", "-passin",
                              f"file:{password_file}"], capture_output=True, check=True).stdout
    text = subprocess.run(["openssl", "pkey", "-text", "-noout"] + (["-in", key_file] if pem is None else []),
                          input=pem, capture_output=True, check=True).stdout.decode()
    numbers = {}
    for name, digits in re.findall(r"^(privateExponent|prime1|prime2|priv):\n((?:\s+[0-9a-f:]+\n)+)", text, re.M):
        number = bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")
        numbers[name] = number
        # As a library keeps it in memory on this machine.
        numbers[f"{name} from behind"] = number[::-1]
    assert numbers, text
    return numbers


def memory_of(process):
    """The private memory of a process, one bytes a mapping; PermissionError for whoever may not look."""
    with open(f"/proc/{process}/maps", encoding="utf-8") as maps, open(f"/proc/{process}/mem", "rb", 0) as memory:
        for line in maps:
            match = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw.p ", line)
            if match is None:
                continue
            start, end = (int(number, 16) for number in match.groups())
            memory.seek(start)
            try:
                yield memory.read(end - start)
            except OSError:
                # Gone since, or a guard page.
                continue

# SPDX-License-Identifier: Apache-2.0
"""The Swagger documents in api/: every operation with its parameters resolved, and its examples."""

import glob
import json
import os

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
API = os.path.join(ROOT, "api")
SHARED = [os.path.join(API, name) for name in ("common.json", "definitions.json")]
BACKUP = "Microsoft.Backup.Admin"


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def document_paths():
    """The documents that have operations, by name."""
    return sorted(glob.glob(os.path.join(API, "*", "*", "*.json"))) + [os.path.join(API, "service.json")]


class Broken(Exception):
    """A $ref that leads nowhere."""


def resolve(path, reference):
    """(file, value) of @reference as it stands in file @path."""
    target, _, pointer = reference.partition("#")
    target = os.path.normpath(os.path.join(os.path.dirname(path), target)) if target else path
    try:
        value = read_json(target)
        for part in filter(None, pointer.split("/")):
            value = value[part.replace("~1", "/").replace("~0", "~")]
    except (OSError, KeyError) as error:
        raise Broken(f"{path}: {reference} leads nowhere") from error
    return target, value


class Operation:
    """One operation of one document."""

    def __init__(self, file, document, path, method, value):
        self.file = file
        self.version = document["info"]["version"]
        # A document may stand for several api-versions.
        self.versions = document["info"].get("x-api-versions", [self.version])
        self.path = path
        self.method = method.upper()
        self.value = value
        self.id = value["operationId"]
        self.parameters = [resolve(file, one["$ref"])[1] if "$ref" in one else one
                           for one in value.get("parameters", [])]

    @property
    def is_official(self):
        """Azure's documents have it too."""
        return os.path.basename(self.file) not in ("Extensions.json", "service.json")

    def __repr__(self):
        return f"{self.id} {self.version}"

    def response(self, status):
        """What the document says of @status, or of all that it does not name."""
        value = self.value["responses"].get(str(status), self.value["responses"]["default"])
        return resolve(self.file, value["$ref"])[1] if "$ref" in value else value

    def examples(self):
        """{title: file}"""
        folder = os.path.dirname(self.file)
        return {title: os.path.normpath(os.path.join(folder, value["$ref"]))
                for title, value in self.value.get("x-ms-examples", {}).items()}


def operations():
    for file in document_paths():
        document = read_json(file)
        for path, methods in document["paths"].items():
            for method, value in methods.items():
                yield Operation(file, document, path, method, value)


def backup_versions():
    """The api-versions that Microsoft.Backup.Admin is documented in."""
    return sorted({version for operation in operations() if BACKUP in operation.path
                   for version in operation.versions})

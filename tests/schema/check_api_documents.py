#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the Swagger documents in api/ as far as that takes no foreign tool: `make contract` has Azure's own judges.

api/definitions.json is what schema/ makes it; every reference leads somewhere and everything shared is used; every
operation declares the parameters of its path, what it answers and what a failure looks like.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "api"))
# pylint: disable=wrong-import-position
import api_documents as api
import definitions

# Their 202 is not the beginning of what ends with their 200.
OTHER_202 = ("OperationResults_Get", "Maintenance_Begin")
ERROR = "definitions.json#/definitions/Error"
SECRET = re.compile(r"password$|Key$|KeyBase64$|decryptionCert", re.I)


def references(value):
    """Every $ref below @value."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for below in value.values():
            yield from references(below)
    elif isinstance(value, list):
        for below in value:
            yield from references(below)


def check_definitions():
    with open(definitions.TARGET, encoding="utf-8") as file:
        if file.read() != definitions.document():
            yield "api/definitions.json is not what schema/ says: run make api-definitions"


def check_secrets():
    """What a client must not log is marked for it."""
    for name, definition in api.read_json(definitions.TARGET)["definitions"].items():
        for key, value in definition.get("properties", {}).items():
            if SECRET.search(key) and value.get("type") == "string" and not value.get("x-ms-secret") \
                    and "Request" in name:
                yield f"schema/: {name}.{key} is not marked x-ms-secret"


def check_references():
    """Both ways: nothing leads nowhere, and nothing shared is unused."""
    used = set()
    for path in api.document_paths() + api.SHARED:
        for reference in references(api.read_json(path)):
            try:
                target, _ = api.resolve(path, reference)
                used.add((target, reference.partition("#")[2]))
            except api.Broken as error:
                yield str(error)
    for path in api.SHARED[:1]:
        for section in ("parameters", "responses"):
            for name in api.read_json(path)[section]:
                if (path, f"/{section}/{name}") not in used:
                    yield f"{path}: nothing uses {section}/{name}"


def check_heads():
    for path in api.document_paths():
        document = api.read_json(path)
        folder = os.path.basename(os.path.dirname(path))
        if document.get("swagger") != "2.0":
            yield f"{path}: not Swagger 2.0"
        if re.match(r"\d", folder) and document["info"]["version"] != folder:
            yield f"{path}: info.version is not the folder's {folder}"


def check_operation(operation):
    named = {one["name"] for one in operation.parameters if one["in"] == "path"}
    wanted = set(re.findall(r"\{(\w+)\}", operation.path))
    if named != wanted:
        yield f"path parameters {sorted(named)} are not those of the path, {sorted(wanted)}"
    if "/providers/" in operation.path and "api-version" not in {one["name"] for one in operation.parameters}:
        yield "no api-version"
    default = operation.value["responses"].get("default", {})
    if not default.get("schema", {}).get("$ref", "").endswith(ERROR):
        yield "the default answer is not the error envelope"
    if not {"200", "202"} & set(operation.value["responses"]) and operation.id != "Alerts_Repair":
        yield "no answer of a success"
    if ("202" in operation.value["responses"]) != operation.value.get("x-ms-long-running-operation", False) \
            and operation.id not in OTHER_202:
        yield "202 and x-ms-long-running-operation do not go together"


def check_examples(operation):
    """Every success has one, and it has the parameters that the operation wants."""
    if not operation.examples():
        yield "no example"
    known = {one["name"]: one.get("required", False) for one in operation.parameters}
    for file in operation.examples().values():
        given = set(api.read_json(file)["parameters"])
        if not given <= set(known) or not {name for name in known if known[name]} <= given:
            yield f"{file}: parameters {sorted(given)} for {sorted(known)}"


def check_operations():
    seen = {}
    for operation in api.operations():
        for problem in (*check_operation(operation), *check_examples(operation)):
            yield f"{operation.file}: {operation.id}: {problem}"
        key = (os.path.dirname(operation.file), operation.id)
        if seen.setdefault(key, operation.path) != operation.path:
            yield f"{operation.file}: {operation.id} is used twice"


def main():
    problems = [problem for check in (check_definitions, check_secrets, check_references, check_heads, check_operations)
                for problem in check()]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples in api/ are what the service does: each is sent as it stands, and the answer has its form.

`test_api_examples.py --write` (make api-examples) puts today's answers into them instead, with the same ids, times and
figures every time.
"""

import json
import re
import sys
import unittest

import api_documents
import api_tour
import harness

GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# (what differs from run to run, what an example has in its place)
SAME = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "2024-03-01T20:21:07.44Z"),
    (re.compile(r"PT[\d.HMS]+"), "PT21M3.0172931S"),
    (re.compile(r"\b[0-9A-F]{40}\b"), "5C1B0E0F4AF2E6B1B6C1A97B1D8E0C1F2A3B4C5D"),
    (re.compile(r"^[\d.]+ [KMGT]?B$"), "1.36 TB"),
    (re.compile(r"^https?://[^/]+"), "https://adminmanagement.north.example.com"),
    (re.compile(r"^[0-9a-f]{16}$"), "0123456789abcdef"),
    (re.compile(r"^[0-9a-f]{64}$"), 4 * "0123456789abcdef"),
    (re.compile(r"^[A-Za-z0-9+/]{200,}=*$"), "base64 of the wrapped key"),
)
# Free text with figures of the run.
TEXTS = {"found": "What was found, with its figures."}


class Plain:
    """An answer without what differs from run to run."""

    def __init__(self, deployment):
        self.deployment = deployment
        self.names = {deployment.subscription: deployment.subscription,
                      deployment.deployment_id: deployment.deployment_id}

    def guid(self, match):
        return self.names.setdefault(match.group(), f"00000000-0000-4000-8000-{len(self.names) - 1:012}")

    def text(self, key, value):
        if key in TEXTS:
            return TEXTS[key]
        value = value.replace(self.deployment.share, "/mnt/share").replace(self.deployment.folder, "/srv/infrabackup")
        for pattern, same in SAME:
            value = pattern.sub(same, value)
        return GUID.sub(self.guid, value)

    def value(self, value, key=None):
        if isinstance(value, dict):
            return {name: self.value(below, name) for name, below in value.items()}
        if isinstance(value, list):
            return [self.value(below, key) for below in value]
        if isinstance(value, str):
            return self.text(key, value)
        is_figure = isinstance(value, int) and not isinstance(value, bool) and key != "httpStatus" \
            and (value > 14 or key == "milliseconds")
        return 1024 if is_figure else value


def differences(found, wanted, where="$"):
    """Where the two have other names, another order or other types. null goes with everything: a figure may be
    unknown in one run; the members of a list are each compared with the one that is most like it."""
    if found is None or wanted is None:
        return []
    if isinstance(found, dict) and isinstance(wanted, dict):
        if list(found) != list(wanted):
            return [f"{where}: {list(found)}, the example has {list(wanted)}"]
        return [line for name in found for line in differences(found[name], wanted[name], f"{where}.{name}")]
    if isinstance(found, list) and isinstance(wanted, list):
        if bool(found) != bool(wanted):
            return [f"{where}: {len(found)} members, the example has {len(wanted)}"]
        return [line for one in found
                for line in min((differences(one, other, f"{where}[]") for other in wanted), key=len)]
    return [] if type(found) is type(wanted) else [f"{where}: {found!r}, the example has {wanted!r}"]


def answered(exchange):
    """What an example says of an answer."""
    said = {}
    headers = {name: exchange.answer.headers[name] for name in ("Location", "Azure-AsyncOperation", "Retry-After")
               if exchange.answer.headers[name] is not None}
    if headers and exchange.answer.status == 202:
        said["headers"] = headers
    if exchange.answer.json is not None:
        said["body"] = exchange.answer.json
    return str(exchange.answer.status), said


def walk(version):
    """{example file: responses} of one walk."""
    with harness.Deployment(services=api_tour.services) as deployment, deployment.serve() as service:
        tour = api_tour.Tour(deployment, service, version)
        tour.everything()
        found = {}
        for exchange in tour.exchanges:
            for operation in filter(None, (exchange.ends and exchange.ends.operation, exchange.operation)):
                status, said = answered(exchange)
                is_shown = not exchange.is_refused or status in operation.value["responses"]
                # What no api-version of the backup provider changes is shown as the main one's walk met it.
                is_own = version == (operation.version if api_documents.BACKUP in operation.path else harness.VERSION)
                for file in operation.examples().values():
                    if is_shown and is_own:
                        found.setdefault(file, {}).setdefault(status, said)
        return {file: dict(sorted(Plain(deployment).value(responses).items())) for file, responses in found.items()}


def write(file, example):
    with open(file, "w", encoding="utf-8") as output:
        json.dump(example, output, indent=2)
        output.write("\n")


class Examples(unittest.TestCase):
    def test_examples_are_what_the_service_does(self):
        wanted = {file for operation in api_documents.operations() for file in operation.examples().values()}
        met = set()
        for version in api_documents.backup_versions():
            for file, responses in walk(version).items():
                met.add(file)
                with self.subTest(file):
                    self.assertEqual([], differences(responses, api_documents.read_json(file)["responses"]))
        self.assertEqual(met, wanted)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        for one in api_documents.backup_versions():
            for path, answers in walk(one).items():
                write(path, {**api_documents.read_json(path), "responses": answers})
    else:
        unittest.main(verbosity=2)

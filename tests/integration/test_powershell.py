#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The PowerShell module: the requests that its cmdlets are written to send are sent to a service and followed to their
end; then its Pester tests are run by a real PowerShell, where one can be had."""

import base64
import glob
import json
import os
import subprocess
import sys
import time
import unittest
import urllib.parse

import harness

sys.path.insert(0, os.path.join(harness.ROOT, "tests", "powershell"))
import wire  # pylint: disable=wrong-import-position

# Members that no answer of the way below has: only other services have alerts of their parts.
ELSEWHERE = {"Alert": {"ResourceRegistrationId"}}
RUNNING = ("Queued", "Running")


def note(text):
    """A line that the runner shows; unittest may have begun one of its own."""
    print(f"\nnote: {text}", flush=True)


def names_of(deployment):
    """What stands in {braces} in requests.json before any answer is there."""
    with open(deployment.pfx_file, "rb") as file:
        pfx = base64.b64encode(file.read()).decode()
    return {
        "subscription": deployment.subscription, "region": deployment.region, "share": deployment.share,
        "sharePassword": "a share password", "certificate": deployment.certificate_file,
        "certificateBase64": deployment.certificate_base64(), "pfx": deployment.pfx_file, "pfxBase64": pfx,
        "pfxPassword": "correct horse battery staple", "key": base64.b64encode(b"Abcd" * 16).decode()}


class Requests(unittest.TestCase):
    """tests/powershell/requests.json from its first case to its last, against one service."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = harness.Deployment()
        cls.addClassCleanup(cls.deployment.remove)
        cls.service = cls.deployment.serve()
        cls.addClassCleanup(cls.service.__exit__, None, None, None)
        cls.names = names_of(cls.deployment)
        cls.seen = {}

    def follow(self, case, answer):
        """Polls as the module does, with shorter pauses; the answer that has the result."""
        until = wire.WIRE["operations"][case["operation"]].get("until")
        self.assertRegex(answer.headers["Retry-After"], r"^\d+$")
        location = answer.headers["Location"]
        polled = answer.headers["Azure-AsyncOperation"] or location
        while True:
            time.sleep(0.05)
            answer = self.service.client.poll(answer) if polled == location else self.service.client.get(polled)
            self.assertEqual(answer.status, 200, f"{case}: {answer}")
            body = answer.json or {}
            state = wire.member(body, until)[1] if until else (
                wire.member(body, "properties.provisioningState")[1] or body.get("status"))
            if until and state not in RUNNING:
                return answer
            if state in (None, "Succeeded") and polled != location:
                return self.service.client.get(location)
            if state in (None, "Succeeded"):
                return answer
            self.assertIn(state, ("Accepted",) + RUNNING, f"{case}: {answer}")

    def outputs(self, case, answer):
        """What the cmdlet returns; notes which members were there."""
        definition = wire.WIRE["operations"][case["operation"]]
        if "emit" in definition:
            there, items = wire.member(answer.json, definition["emit"])
            self.assertTrue(there, answer)
            return items
        if answer.json is None:
            return []
        items = answer.json["value"] if definition.get("list") else [answer.json]
        for item in items:
            members = self.seen.setdefault(wire.output_name(definition, item), set())
            for name, source in wire.WIRE["outputs"][wire.output_name(definition, item)].items():
                if wire.member(item, source.partition("|")[0])[0]:
                    members.add(name)
        return [wire.output(definition, item) for item in items]

    def send(self, case):
        """The outputs of one case, whose request must be the one that the module's table leads to."""
        filled = wire.fill({key: case[key] for key in ("parameters", "query", "body")}, self.names)
        path = wire.fill(wire.case_path(case), self.names)
        target = wire.target_of(filled["parameters"], self.deployment.subscription, self.deployment.region)
        self.assertEqual(wire.request(case["operation"], filled["parameters"], target),
                         (case["method"], path, filled["query"], filled["body"]))
        address = path + "?" + "&".join(f"{key}={urllib.parse.quote(value, safe='')}"
                                        for key, value in filled["query"].items())
        answer = self.service.client.call(case["method"], address, filled["body"])
        self.assertEqual((answer.status, answer.code), (case["status"], case.get("code")), f"{case}: {answer}")
        if answer.status >= 400:
            harness.validate(answer.json, "error")
            return []
        if "fails" in case:
            answer = self.service.client.poll(answer)
            self.assertEqual((answer.status, answer.code), (500, case["fails"]), f"{case}: {answer}")
            return []
        return self.outputs(case, self.follow(case, answer) if answer.status == 202 else answer)

    def check(self, case):
        outputs = self.send(case)
        expected = wire.fill(case.get("expect", {}), self.names)
        found = [shown for shown in outputs
                 if isinstance(shown, dict) and expected.items() <= shown.items()] if expected else outputs
        if expected:
            self.assertTrue(found, f"{case}: {outputs}")
        for name, source in case.get("save", {}).items():
            self.names[name] = found[0][source]

    def test_requests_lead_to_what_the_cmdlets_return(self):
        for case in wire.REQUESTS["cases"]:
            self.check(case)
        for name, members in self.seen.items():
            unseen = set(wire.WIRE["outputs"][name]) - members - ELSEWHERE.get(name, set())
            self.assertEqual(unseen, set(), f"{name}: no answer had what these are read from")
        self.assertEqual(set(wire.WIRE["outputs"]), set(self.seen))


class Cmdlets(unittest.TestCase):
    """The Pester tests, where there is a PowerShell."""

    def test_cmdlets(self):
        folder = os.path.join(harness.ROOT, "build", "powershell")
        installed = subprocess.run(["sh", os.path.join(harness.ROOT, "deploy", "install-powershell.sh"), folder],
                                   text=True, capture_output=True, check=False)
        if installed.returncode != 0:
            note(f"powershell: its Pester tests are not run: {installed.stdout.strip()}")
            return
        with harness.Deployment() as deployment, deployment.serve() as service:
            with open(deployment.path("token"), "w", encoding="utf-8") as file:
                file.write(deployment.token)
            names = {**names_of(deployment), "endpoint": service.url, "token": deployment.token,
                     "tokenFile": deployment.path("token")}
            with open(deployment.path("names.json"), "w", encoding="utf-8") as file:
                json.dump(names, file)
            pester = glob.glob(os.path.join(folder, "packages", "pester", "**", "Pester.psd1"), recursive=True)[0]
            run = subprocess.run(
                [os.path.join(folder, "pwsh"), "-NoProfile", "-NonInteractive", "-File",
                 os.path.join(harness.ROOT, "tests", "powershell", "Run.ps1"), pester], text=True,
                capture_output=True, check=False, timeout=harness.JOB_SECONDS * 3,
                env={**os.environ, "INFRABACKUP_NAMES": deployment.path("names.json")})
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()

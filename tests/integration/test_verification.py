#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Verification as a state, over REST and on the command line, of backups on a real server: how far each is verified, what
is found damaged, and how the next backup heals it."""

import glob
import json
import os
import random
import signal
import unittest

import alerts
import backups
from cli_case import environment
from harness import Deployment, run, validate
from smb_server import PASSWORD, USER, SmbServer

DAMAGED = "BackupDataDamagedFault"


def flip(path):
    """One bit in the middle of a file."""
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


class VerificationCase(unittest.TestCase):
    def setUp(self):
        self.server = SmbServer()
        self.addCleanup(self.server.__exit__)
        self.server.start()
        self.deployment = Deployment()
        self.addCleanup(self.deployment.remove)
        backups.write_files(self.deployment.source, 4, 1 << 20, random.Random(5))
        self.service = self.deployment.serve()
        self.addCleanup(self.service.__exit__, None, None, None)
        self.client = self.service.client
        self.location = self.deployment.location
        self.deployment.configure(self.service, path=self.server.url(), userName=USER, password=PASSWORD)

    def back_up(self):
        """The id of a new backup."""
        return backups.make(self.service)["operationId"]

    def shown(self, backup):
        """(verification, isCloudRecoveryReady) of one, the same in the list."""
        answer = self.client.get(f"{self.location}/backups/{backup}")
        self.assertEqual(answer.status, 200, answer)
        validate(answer.json, "backup")
        properties = answer.json["properties"]
        listed = self.client.get(f"{self.location}/backups").json
        validate(listed, "backup_list")
        one = next(item["properties"] for item in listed["value"] if item["name"].endswith(backup))
        without_files = {name: value for name, value in properties["verification"].items() if name != "harmedFiles"}
        self.assertEqual(one, {**properties, "verification": without_files})
        return properties["verification"], properties["backupInfo"]["isCloudRecoveryReady"]

    def start(self, backup=None, depth=None):
        """The 202 of a verification of one, or of all."""
        body = None if depth is None else {"depth": depth}
        if body is not None:
            validate(body, "verify", "request")
        answer = self.client.post(f"{self.location}/{f'backups/{backup}/' if backup else ''}verify", body)
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual(answer.headers["Retry-After"], "60")
        return answer

    def verify(self, *arguments):
        """What a verification that must find nothing wrong reports."""
        report = self.client.wait(self.start(*arguments))
        validate(report, "verification")
        return report

    def verify_damaged(self, *arguments):
        """What one reports that must find damage; and its message."""
        answer = self.client.poll(self.start(*arguments))
        self.assertEqual(answer.status, 500, answer)
        validate(answer.json, "operation_failed")
        information = answer.json["error"]["additionalInfo"][0]
        self.assertEqual(information["type"], "Verification")
        return information["info"], answer.message

    def largest_pack(self):
        packs = glob.glob(os.path.join(self.server.data, "MASBackup", "generations", "*", "packs", "*", "*.pack"))
        return max(packs, key=os.path.getsize)

    def operation_of(self, answer):
        return answer.headers["Location"].rsplit("/", 1)[1].split("?")[0]


class OverRest(VerificationCase):
    def test_good_backup_climbs_from_read_back_to_deep(self):
        first, second = self.back_up(), self.back_up()
        verification, ready = self.shown(first)
        self.assertEqual((verification["state"], ready), ("ReadBack", True))
        self.assertIsNotNone(verification["readBackTime"])
        self.assertIsNone(verification["hashesTime"])
        report = self.verify(first, "Hashes")
        self.assertEqual((report["depth"], report["filesRead"]), ("Hashes", 0))
        self.assertEqual(self.shown(first)[0]["state"], "HashVerified")
        report = self.verify(first)
        self.assertEqual((report["depth"], report["isComplete"], report["damagedPacks"]), ("Files", True, []))
        self.assertEqual(report["backups"], [{"backupId": first, "state": "DeepVerified", "problem": None}])
        self.assertGreaterEqual(report["bytesRead"], 4 << 20)
        verification, ready = self.shown(first)
        self.assertEqual((verification["state"], ready), ("DeepVerified", True))
        times = [verification[name] for name in ("readBackTime", "hashesTime", "contentTime", "filesTime")]
        self.assertNotIn(None, times)
        self.assertEqual([verification[name] for name in ("damagedTime", "problem", "filesHarmed", "harmedRoles")],
                         [None] * 4)
        # The other one was not asked about.
        self.assertEqual(self.shown(second)[0]["state"], "ReadBack")
        report = self.verify()
        self.assertEqual({backup["backupId"]: backup["state"] for backup in report["backups"]},
                         {first: "DeepVerified", second: "DeepVerified"})
        self.assertEqual(self.shown(second)[0]["state"], "DeepVerified")
        self.assertNotIn(DAMAGED, alerts.listed(self.service))

    def test_flipped_bit_is_found_told_and_healed_by_the_next_backup(self):
        harmed = self.back_up()
        pack = self.largest_pack()
        flip(pack)
        self.assertEqual(self.shown(harmed)[0]["state"], "ReadBack")
        report, message = self.verify_damaged(harmed, "Hashes")
        name = os.path.basename(pack)
        self.assertIn(name, message)
        self.assertIn(harmed, message)
        self.assertEqual([(os.path.basename(item["path"]), item["backups"]) for item in report["damagedPacks"]],
                         [(name, [harmed])])
        verification, ready = self.shown(harmed)
        self.assertEqual((verification["state"], ready), ("Damaged", False))
        self.assertIn(name, verification["problem"])
        self.assertIsNotNone(verification["damagedTime"])
        self.assertEqual(verification["harmedRoles"], ["Files"])
        self.assertGreater(verification["filesHarmed"], 0)
        self.assertEqual(len(verification["harmedFiles"]), verification["filesHarmed"])
        alert = alerts.listed(self.service)[DAMAGED]
        for part in (name, harmed):
            self.assertIn(part, alerts.text(alert))
        # The source still has it all.
        good = self.back_up()
        self.assertNotIn(DAMAGED, alerts.listed(self.service))
        verification, ready = self.shown(good)
        self.assertEqual((verification["state"], ready), ("ReadBack", True))
        self.verify(good)
        self.assertEqual(self.shown(good)[0]["state"], "DeepVerified")
        sound = run("verify", "--from", self.server.data, "--pfx", self.deployment.pfx_file, "--pfx-password-file",
                    self.deployment.password_file, "--files", "--backup", good)
        self.assertIn("sound", sound.stdout)
        # What is gone is gone: the old one stays what it is, also when all are asked about.
        report, _ = self.verify_damaged()
        self.assertEqual({backup["backupId"]: backup["state"] for backup in report["backups"]},
                         {harmed: "Damaged", good: "DeepVerified"})
        self.assertEqual(self.shown(harmed)[1], False)
        # A copy that is brought back is seen.
        flip(pack)
        self.verify(harmed)
        self.assertEqual(self.shown(harmed)[0]["state"], "DeepVerified")
        self.assertEqual(self.shown(harmed)[1], True)

    def test_one_at_a_time_and_cancelled_while_the_server_hangs(self):
        backup = self.back_up()
        before = self.shown(backup)
        self.server.signal(signal.SIGSTOP)
        answer = self.start(backup)
        for path in (f"backups/{backup}/verify", "verify"):
            second = self.client.post(f"{self.location}/{path}")
            self.assertEqual((second.status, second.code), (409, "BackupConflictException"))
            self.assertIn(self.operation_of(answer), second.message)
        identifier = self.operation_of(answer)
        backups.wait(self.service, identifier, until=lambda job: job["state"] == "Running")
        self.assertEqual(self.client.post(f"{self.location}/operations/{identifier}/cancel").status, 202)
        self.assertEqual(backups.wait(self.service, identifier)["state"], "Cancelled")
        self.server.signal(signal.SIGCONT)
        ended = self.client.poll(answer)
        self.assertEqual(ended.status, 500)
        validate(ended.json, "operation_failed")
        self.assertEqual(self.shown(backup), before)
        self.verify(backup)

    def test_before_there_is_a_share_or_a_backup(self):
        self.assertEqual(self.verify()["backups"], [])
        missing = self.client.post(f"{self.location}/backups/11111111-0000-4000-8000-000000000000/verify")
        self.assertEqual((missing.status, missing.code), (404, "ResourceNotFound"))
        with Deployment() as other, other.serve() as service:
            answer = service.client.post(f"{other.location}/verify")
            self.assertEqual((answer.status, answer.code), (409, "BackupLocationNotConfigured"))


class OnTheCommandLine(VerificationCase):
    def command(self, *arguments, code=0):
        token = self.deployment.path("token")
        self.deployment._write(token, self.deployment.token.encode(), 0o600)
        result = run(*arguments[0].split(), "-c", self.deployment.config_path, "--url", self.service.url,
                     "--token-file", token, *arguments[1:], check=False, env=environment())
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def test_verify_and_look(self):
        self.assertRegex(self.command("status").stdout, r"(?m)^backups +-$")
        backup = self.back_up()
        self.assertRegex(self.command("backups").stdout, rf"(?m)^\d.* Succeeded +{backup} +yes +ReadBack +-$")
        shown = self.command("location verify").stdout
        self.assertRegex(shown, rf"(?m)^DeepVerified +{backup}$")
        self.assertRegex(shown, r"(?m)^depth Files: read \d+ packs, .* put [1-9]\d* files together$")
        self.assertRegex(self.command("backups").stdout, rf"(?m)^\d.*{backup} +yes +DeepVerified +\d")
        self.assertRegex(self.command("status").stdout, r"(?m)^backups +1, 0 damaged; the newest, .* is DeepVerified$")
        pack = self.largest_pack()
        flip(pack)
        name = os.path.basename(pack)
        damaged = self.command("location verify", "--backup", backup, "--depth", "Content", code=6)
        self.assertRegex(damaged.stdout, rf"(?m)^Damaged +{backup}$")
        self.assertRegex(damaged.stdout, rf"(?m)^damaged pack +\S*{name}, needed by 1 of the backups$")
        self.assertIn(name, damaged.stderr)
        self.assertIn(f"{name}", self.command("backups").stdout)
        shown = self.command("backups show", backup).stdout
        for line in (r"recovery-ready +no", r"verification +Damaged", r"files harmed +[1-9]\d*", r"  Files: data-0000\d: .+"):
            self.assertRegex(shown, f"(?m)^{line}$")
        self.assertRegex(self.command("status").stdout, r"(?m)^backups +1, 1 damaged; the newest, .* is Damaged$")
        document = json.loads(self.command("location verify", "--backup", "all", "--json", code=6).stdout)
        self.assertEqual(document.pop("error")["status"], "integrity")
        validate(document, "verification")
        document = json.loads(self.command("status", "--json").stdout)
        for item in document["backups"]:
            validate(item, "backup")
        self.assertEqual(json.loads(self.command("backups", "--json").stdout)["backups"], document["backups"])
        validate(json.loads(self.command("backups show", backup, "--json").stdout), "backup")

    def test_refusals(self):
        self.assertIn("infrabackup backups", self.command("location verify", "--backup", "latest", code=2).stderr)
        self.assertIn("Content", self.command("location verify", "--depth", "deep", code=2).stderr)
        self.command("location verify", "--backup", "11111111-0000-4000-8000-000000000000", code=4)
        self.command("backups show", "11111111-0000-4000-8000-000000000000", code=4)
        self.command("backups show", "..", code=2)


if __name__ == "__main__":
    unittest.main()

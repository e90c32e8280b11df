#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The service tests shares: on request (testConnection) and before it stores an update of its location."""

import json
import os
import shutil
import signal
import tempfile
import unittest

import backups
from cli_case import environment
from harness import Deployment, run, validate
from smb_server import PASSWORD, USER, SmbServer

WRONG = "wr0ng-9c2e"


class ConnectionCase(unittest.TestCase):
    CONFIG = {}

    def setUp(self):
        self.deployment = Deployment(config=self.CONFIG)
        self.addCleanup(self.deployment.remove)
        self.service = self.deployment.serve()
        self.addCleanup(self.service.__exit__, None, None, None)
        self.client = self.service.client
        self.target = f"{self.deployment.location}/testConnection"

    def report(self, body=None):
        """The report of a finished test, and its checks by id."""
        if body:
            validate(body, "connection_test", "request")
        report = self.client.wait(self.client.post(self.target, body))
        validate(report, "share_test")
        return report, {check["id"]: check for check in report["checks"]}

    def kept(self):
        answer = self.client.get(self.target)
        if answer.status == 404:
            return None
        self.assertEqual(answer.status, 200)
        validate(answer.json, "share_test")
        return answer.json

    def location(self):
        return self.client.get(self.deployment.location).json

    def update(self, **members):
        return self.client.poll(self.client.put(self.deployment.location, {
            "location": self.deployment.region, "properties": {"externalStoreDefault": members}}))

    def refused(self, check, *parts, **members):
        """An update that the share does not stand: what it says, and that nothing has changed."""
        before, kept = self.location(), self.kept()
        answer = self.update(**members)
        self.assertEqual(answer.status, 500, answer)
        validate(answer.json, "operation_failed")
        for part in (f'check "{check}"', "To do: ", *parts):
            self.assertIn(part, answer.message)
        report = answer.json["error"]["additionalInfo"][0]["info"]
        self.assertEqual([c["id"] for c in report["checks"] if c["result"] == "failed"][0], check)
        self.assertEqual((self.location(), self.kept()), (before, kept))
        return answer


class OfFolder(ConnectionCase):
    def test_saved_folder_is_tested_and_the_report_is_kept(self):
        self.assertIsNone(self.kept())
        self.deployment.configure(self.service)
        essential = self.kept()
        self.assertEqual(essential["share"], self.deployment.share)
        report, checks = self.report()
        self.assertEqual(self.kept(), report)
        self.assertGreater(len(report["checks"]), len(essential["checks"]))
        self.assertEqual(checks["publish"]["result"], "passed")
        self.assertEqual(os.listdir(self.deployment.share), ["MASBackup"])

    def test_not_configured(self):
        answer = self.client.post(self.target)
        self.assertEqual((answer.status, answer.code), (409, "BackupLocationNotConfigured"))

    def test_unsaved_folder_needs_an_administrator_and_saves_nothing(self):
        self.deployment.configure(self.service)
        before, kept = self.location(), self.kept()
        other = self.deployment.path("other")
        os.mkdir(other)
        report, _ = self.report({"path": other})
        self.assertIn(report["result"], ("passed", "warning"))
        self.assertEqual(os.listdir(other), [])
        self.assertEqual((self.location(), self.kept()), (before, kept))
        operator = self.client.with_token(self.deployment.new_token("Operator"))
        self.addCleanup(operator.close)
        self.assertEqual(operator.post(self.target, {"path": other}).status, 403)
        self.assertEqual(operator.wait(operator.post(self.target))["share"], self.deployment.share)

    def test_missing_folder_is_a_result_of_a_test_and_a_refusal_of_an_update(self):
        self.deployment.configure(self.service)
        missing = self.deployment.path("missing")
        report, checks = self.report({"path": missing})
        self.assertEqual(report["result"], "failed")
        self.assertEqual(checks["share-open"]["cause"], "ENOENT")
        self.refused("share-open", "ENOENT", missing, path=missing)

    def test_warnings_are_kept_with_the_location(self):
        memory = tempfile.mkdtemp(prefix="connection-", dir="/dev/shm")
        self.addCleanup(shutil.rmtree, memory, True)
        self.deployment.configure(self.service, path=memory)
        kept = self.kept()
        self.assertEqual(kept["result"], "warning")
        storage = next(check for check in kept["checks"] if check["id"] == "storage")
        self.assertEqual(storage["result"], "warning")
        self.assertTrue(storage["remedy"])


class OfServer(ConnectionCase):
    @classmethod
    def setUpClass(cls):
        cls.server = SmbServer()
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)

    def setUp(self):
        super().setUp()
        # A folder of its own for each deployment.
        self.folder = tempfile.mkdtemp(dir=self.server.data)
        os.chmod(self.folder, 0o777)

    def account(self, share=None, password=PASSWORD):
        path = self.server.url(share or f"data/{os.path.basename(self.folder)}")
        return {"path": path, "userName": USER, "password": password}

    def assert_no_secret(self, *secrets):
        operations = self.client.get(f"{self.deployment.location}/operations").text
        for text in (operations, self.service.log()):
            for secret in secrets:
                self.assertNotIn(secret, text)

    def test_good_server(self):
        self.deployment.configure(self.service, **self.account())
        self.assertTrue(self.kept()["transport"]["isEncrypted"])
        report, checks = self.report()
        self.assertEqual(report["transport"]["authentication"], "NTLMv2")
        self.assertEqual(checks["encryption"]["result"], "passed")
        self.assertNotIn("failed", [check["result"] for check in checks.values()])
        self.assertNotIn(PASSWORD, json.dumps(report))
        self.assert_no_secret(PASSWORD)
        backups.make(self.service)

    def test_wrong_password_is_one_logon_and_leaves_the_old_location_in_force(self):
        self.deployment.configure(self.service, **self.account())
        before = self.server.bad_logons()
        answer = self.refused("logon", "STATUS_LOGON_FAILURE", password=WRONG)
        self.assertEqual(self.server.bad_logons(), before + 1)
        self.assertNotIn(WRONG, answer.text)
        report, checks = self.report({"password": WRONG})
        self.assertEqual(checks["logon"]["cause"], "STATUS_LOGON_FAILURE")
        self.assertNotIn(WRONG, json.dumps(report))
        self.assertEqual(self.server.bad_logons(), before + 2)
        self.assert_no_secret(WRONG)
        backups.make(self.service)
        self.assertEqual(self.server.bad_logons(), before + 2)

    def test_shares_that_do_not_do(self):
        self.deployment.configure(self.service, **self.account())
        for share, check, cause in (("readonly", "create-folder", "STATUS_ACCESS_DENIED"),
                                    ("denied", "share-open", "STATUS_ACCESS_DENIED"),
                                    ("gone", "share-open", "STATUS_BAD_NETWORK_NAME"),
                                    ("small", "free-space", "free")):
            with self.subTest(share):
                self.refused(check, cause, **self.account(share))

    def test_full_share_is_named(self):
        _, checks = self.report(self.account("small"))
        self.assertEqual(checks["free-space"]["status"], "share-full")
        self.assertIn("Free space", checks["free-space"]["remedy"])

    def test_saved_account_does_not_go_to_another_server(self):
        self.deployment.configure(self.service, **self.account())
        other = self.server.url("gone")
        for body, target in (({"path": other}, "userName"), ({"path": other, "userName": USER}, "password"),
                             ({"userName": "somebody"}, "password")):
            answer = self.client.post(self.target, body)
            self.assertEqual((answer.status, answer.target), (400, target))

    def test_connection_refused(self):
        server = SmbServer()
        self.addCleanup(shutil.rmtree, server.folder, True)
        account = {**self.account(), "path": server.url()}
        _, checks = self.report(account)
        self.assertEqual(checks["server-connect"]["cause"], "ECONNREFUSED")
        self.assertEqual(checks["logon"]["result"], "not-run")
        self.deployment.configure(self.service, **self.account())
        self.refused("server-connect", "ECONNREFUSED", **account)


class OfFrozenServer(ConnectionCase):
    def test_one_test_at_a_time_that_blocks_nobody_and_can_be_left(self):
        with SmbServer() as server:
            self.deployment.configure(self.service, path=server.url(), userName=USER, password=PASSWORD)
            kept = self.kept()
            server.signal(signal.SIGSTOP)
            answer = self.client.post(self.target)
            self.assertEqual(answer.status, 202)
            second = self.client.post(self.target)
            self.assertEqual((second.status, second.code), (409, "BackupConflictException"))
            self.assertEqual(self.client.get(answer.headers["Location"]).status, 202)
            self.assertEqual(self.kept(), kept)
            server.signal(signal.SIGCONT)
            self.assertNotEqual(self.client.wait(answer)["result"], "failed")
            self.report()

    def test_a_cancelled_test_ends_while_the_server_hangs(self):
        with SmbServer() as server:
            self.deployment.configure(self.service, path=server.url(), userName=USER, password=PASSWORD)
            kept = self.kept()
            server.signal(signal.SIGSTOP)
            answer = self.client.post(self.target)
            identifier = answer.headers["Location"].rsplit("/", 1)[1].split("?")[0]
            backups.wait(self.service, identifier, until=lambda shown: shown["state"] == "Running")
            self.assertEqual(self.client.post(f"{self.deployment.location}/operations/{identifier}/cancel").status, 202)
            self.assertEqual(backups.wait(self.service, identifier)["state"], "Cancelled")
            server.signal(signal.SIGCONT)
            self.assertEqual(self.client.poll(answer).status, 500)
            self.assertEqual(self.kept(), kept)
            self.report()


class OfServerWithoutEncryption(ConnectionCase):
    def test_it_is_refused_and_told_how_to_allow_it(self):
        with SmbServer("off") as server:
            account = {"path": server.url(), "userName": USER, "password": PASSWORD}
            self.refused("encryption", "does not offer encryption", "smb.unencryptedServers", **account)
            _, checks = self.report(account)
            self.assertIn("smb.unencryptedServers", checks["encryption"]["remedy"])
            self.assertEqual(checks["logon"]["result"], "not-run")


class OfNamedServerWithoutEncryption(ConnectionCase):
    CONFIG = {"smb": {"unencryptedServers": ["127.0.0.1"]}}

    def test_it_is_used_with_a_warning_that_is_kept(self):
        with SmbServer("off") as server:
            self.deployment.configure(self.service, path=server.url(), userName=USER, password=PASSWORD)
            kept = self.kept()
            self.assertEqual(kept["result"], "warning")
            self.assertFalse(kept["transport"]["isEncrypted"])


class OnTheCommandLine(ConnectionCase):
    def location_test(self, *arguments, code=0, password=None):
        token = self.deployment.path("token")
        self.deployment._write(token, self.deployment.token.encode(), 0o600)
        changes = {} if password is None else {"INFRABACKUP_SHARE_PASSWORD": password}
        result = run("location", "test", "-c", self.deployment.config_path, "--url", self.service.url,
                     "--token-file", token, *arguments, check=False, env=environment(**changes))
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result

    def test_table_and_json(self):
        self.deployment.configure(self.service)
        table = self.location_test().stdout
        self.assertRegex(table, r"(?m)^RESULT +CHECK +MS +FOUND$")
        self.assertRegex(table, r"(?m)^passed +publish +\d+  \w")
        self.assertRegex(table, r"(?m)^\d\d checks in \d+\.\d s: \d+ passed")
        report = json.loads(self.location_test("--json").stdout)
        validate(report, "share_test")
        self.assertEqual(report["share"], self.deployment.share)

    def test_bad_share_ends_as_share_test_does(self):
        missing = self.deployment.path("missing")
        result = self.location_test("--path", missing, code=4)
        self.assertRegex(result.stdout, r"(?m)^failed +share-open +\d+  ")
        self.assertIn('check "share-open"', result.stderr)
        report = json.loads(self.location_test("--path", missing, "--json", code=4).stdout)
        validate(report, "share_test")
        self.assertEqual(report["error"]["status"], "share-path")
        self.location_test("--path", "relative", code=2)

    def test_wrong_password(self):
        with SmbServer() as server:
            result = self.location_test("--path", server.url(), "--user", USER, code=5, password=WRONG)
            self.assertIn("STATUS_LOGON_FAILURE", result.stdout)
            self.assertNotIn(WRONG, result.stdout + result.stderr)
            self.assertEqual(server.bad_logons(), 1)


if __name__ == "__main__":
    unittest.main()

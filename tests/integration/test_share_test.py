#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`infrabackup share test`, black-box: of a folder and of a server, its exit codes, JSON, Ctrl-C."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest

from cli_case import Cli, environment
from harness import PROGRAM, run, validate
from smb_server import PASSWORD, USER, SmbServer

PREFIX = ".infrabackup-test-"


class ShareTest(Cli):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="share-test-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.share = os.path.join(self.folder, "share")
        os.mkdir(self.share)

    def report(self, *arguments, code=0):
        """The JSON of a test that ends with @code, by check id."""
        result = run("share", "test", *arguments, "--json", check=False, env=environment())
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        report = json.loads(result.stdout)
        validate(report, "share_test")
        self.assertEqual("error" in report, code != 0)
        return report, {check["id"]: check for check in report["checks"]}

    def password_file(self, text=PASSWORD):
        path = os.path.join(self.folder, "password")
        with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(text + "\n")
        return path


class OfFolder(ShareTest):
    def test_table_shows_every_check_and_a_summary(self):
        result = run("share", "test", "--share", self.share)
        self.assertRegex(result.stdout, r"(?m)^RESULT +CHECK +MS +FOUND$")
        for check in ("create-file", "rename-existing", "large-file", "clean-up"):
            self.assertRegex(result.stdout, rf"(?m)^passed +{check} +\d+  \w")
        self.assertRegex(result.stdout, r"(?m)^not-applicable +encryption +0  \w")
        self.assertRegex(result.stdout, r"(?m)^\d\d checks in \d+\.\d s: \d+ passed")
        self.assertEqual(result.stderr, "")
        self.assertEqual(os.listdir(self.share), [])

    def test_json_of_a_good_folder(self):
        report, checks = self.report("--share", self.share)
        self.assertIn(report["result"], ("passed", "warning"))
        self.assertEqual(report["share"], self.share)
        self.assertFalse(report["transport"]["isEncrypted"])
        self.assertEqual(checks["publish"]["result"], "passed")
        self.assertEqual(checks["logon"]["result"], "not-applicable")
        self.assertEqual(os.listdir(self.share), [])

    def test_memory_is_a_warning_with_a_remedy_and_no_failure(self):
        folder = tempfile.mkdtemp(prefix="share-test-", dir="/dev/shm")
        self.addCleanup(shutil.rmtree, folder, True)
        result = run("share", "test", "--share", folder)
        self.assertRegex(result.stdout, r"(?m)^warning +storage +\d+  tmpfs")
        self.assertRegex(result.stdout, r"(?m)^warning: storage \(.*\)\n  found: tmpfs.*\n  to do: \w")

    def test_missing_folder(self):
        _, checks = self.report("--share", self.share + "/missing", code=4)
        self.assertEqual(checks["share-open"]["cause"], "ENOENT")
        self.assertEqual(checks["create-file"]["result"], "not-run")
        result = run("share", "test", "--share", self.share + "/missing", check=False)
        self.assertEqual(result.returncode, 4)
        self.assertIn("check \"share-open\"", result.stderr)

    def test_bad_arguments_are_named(self):
        self.assert_refused(["share", "test", "--share", "relative"], 2, "--share")
        self.assert_refused(["share", "test", "--share", self.share, "--password-file", "x"], 2, "--password-file",
                            "without --user")
        self.assert_refused(["share", "test", "--share", self.share, "--limit", "0"], 2, "--limit")

    def test_ctrl_c_ends_it_and_leaves_nothing(self):
        process = subprocess.Popen([*PROGRAM, "share", "test", "--share", self.share], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=environment())
        for line in process.stdout:
            if "create-folder" in line:
                self.assertIn(PREFIX, "".join(os.listdir(self.share)))
                process.send_signal(signal.SIGINT)
                break
        output, errors = process.communicate()
        self.assertEqual(process.returncode, 1, output + errors)
        self.assertRegex(output, r"(?m)^not-run +large-file +\d+  the test was cancelled")
        self.assertRegex(output, r"(?m)^passed +clean-up")
        self.assertEqual(os.listdir(self.share), [])


class OfServer(ShareTest):
    @classmethod
    def setUpClass(cls):
        cls.server = SmbServer()
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)

    def of(self, share, code=0, password=PASSWORD):
        return self.report("--share", self.server.url(share), "--user", USER, "--password-file",
                           self.password_file(password), code=code)

    def bad_logons(self):
        with open(os.path.join(self.server.folder, "log.smbd"), encoding="utf-8", errors="replace") as file:
            return sum("Auth: [SMB2" in line and "NT_STATUS_OK" not in line for line in file)

    def test_good_server(self):
        report, checks = self.of("data")
        self.assertEqual(report["transport"], {
            "protocol": "SMB 3.1.1", "cipher": report["transport"]["cipher"], "signing": "AES-128-GMAC",
            "authentication": "NTLMv2", "isEncrypted": True})
        for check in checks.values():
            if check["id"] not in ("storage", "free-space-truth"):
                self.assertEqual(check["result"], "passed", check)
        self.assertEqual(os.listdir(self.server.data), [])

    def test_wrong_password_is_tried_once(self):
        before = self.bad_logons()
        report, checks = self.of("data", code=5, password="wrong")
        self.assertEqual(checks["logon"]["cause"], "STATUS_LOGON_FAILURE")
        self.assertEqual(checks["logon"]["status"], "share-authentication")
        self.assertNotIn("transport", report)
        self.assertEqual(self.bad_logons(), before + 1)

    def test_shares_that_do_not_do(self):
        for share, code, check, cause in (("readonly", 1, "create-folder", "STATUS_ACCESS_DENIED"),
                                          ("denied", 1, "share-open", "STATUS_ACCESS_DENIED"),
                                          ("gone", 4, "share-open", "STATUS_BAD_NETWORK_NAME"),
                                          ("small", 1, "free-space", None)):
            with self.subTest(share):
                report, checks = self.of(share, code=code)
                self.assertEqual(report["result"], "failed")
                self.assertEqual([c["id"] for c in report["checks"] if c["result"] == "failed"], [check])
                self.assertEqual(checks[check].get("cause"), cause)


if __name__ == "__main__":
    unittest.main()

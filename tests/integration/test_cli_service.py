#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# also: asan
"""The commands that are clients of a running service, black-box; no secret in any argv."""

import datetime
import json
import os
import signal
import subprocess
import unittest
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import harness
from cli_case import Cli, PFX_PASSWORD, environment, openssl
from harness import Deployment, run


SHARE_PASSWORD = "share-pass-5e1f"


def expired_certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "expired")])
    begin = datetime.datetime(2020, 1, 1)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
                   .serial_number(1).not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days=9))
                   .sign(key, hashes.SHA256()))
    return certificate.public_bytes(serialization.Encoding.PEM)


class Running(Cli):
    """One service; each test configures what it needs."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.remove)
        cls.service = cls.deployment.serve()
        cls.addClassCleanup(cls.service.__exit__, None, None, None)
        cls.token_file = cls.deployment.path("token")
        cls.deployment._write(cls.token_file, cls.deployment.token.encode(), 0o600)
        cls.share_password = cls.deployment.path("share.password")
        cls.deployment._write(cls.share_password, SHARE_PASSWORD.encode(), 0o600)

    def client(self, command, *arguments, token=True):
        return [*command.split(), "-c", self.deployment.config_path, "--url", self.service.url,
                *(["--token-file", self.token_file] if token else []), *arguments]

    def location(self):
        return self.service.client.get(self.deployment.location).json

    def test_a_backup_before_anything_is_configured(self):
        self.assert_refused(self.client("backup", "--wait"), 1, "BackupLocationNotConfigured", "path")
        status = json.loads(run(*self.client("status", "--json")).stdout)
        self.assertEqual(status["operations"], [])

    def test_b_path_without_certificate_makes_no_backup(self):
        run(*self.client("configure", "--path", self.deployment.share))
        self.assert_refused(self.client("backup"), 1, "certificate")

    def test_c_bad_certificates_are_refused_by_name(self):
        folder = self.deployment.folder
        weak, key, pair = (os.path.join(folder, name) for name in ("weak.pem", "key.pem", "pair.pem"))
        openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "2", "-subj", "/CN=weak", "-keyout", key,
                "-out", weak)
        with open(pair, "wb") as out:
            for name in (weak, key):
                with open(name, "rb") as part:
                    out.write(part.read())
        before = self.location()
        for path, part in ((weak, "2048"), (key, "private key"), (pair, "private key"),
                           (self.deployment.pfx_file, "PFX"), (self.deployment.config_path, "certificate")):
            with self.subTest(path):
                self.assert_refused(self.client("configure", "--cert", path), 2, "--cert", part)
        self.assert_refused(self.client("configure", "--cert", os.path.join(folder, "nothing")), 4, "nothing")
        self.assertEqual(self.location(), before)

    def test_d_expired_certificate_is_allowed_and_warned(self):
        expired = self.deployment.path("expired.pem")
        with open(expired, "wb") as file:
            file.write(expired_certificate())
        result = run(*self.client("configure", "--path", self.deployment.share, "--cert", expired))
        self.assertRegex(result.stderr, "warning: .* expired")

    def test_e_share_that_does_not_work_keeps_the_old_configuration(self):
        run(*self.client("configure", "--path", self.deployment.share, "--cert", self.deployment.certificate_file))
        before = self.location()
        result = self.assert_refused(self.client("configure", "--path", self.deployment.path("nothing")), 1,
                                     "nothing")
        self.assertIn("locationUpdate", result.stderr)
        after = self.location()
        self.assertEqual(after["properties"]["externalStoreDefault"]["path"],
                         before["properties"]["externalStoreDefault"]["path"])

    def test_f_schedule_and_user_are_set(self):
        run(*self.client("configure", "--path", self.deployment.share, "--cert", self.deployment.certificate_file,
                         "--user", "EXAMPLE\\ann", "--password-file", self.share_password, "--frequency", "8",
                         "--retention", "5", "--scheduler", "off"))
        store = self.location()["properties"]["externalStoreDefault"]
        self.assertEqual((store["backupFrequencyInHours"], store["backupRetentionPeriodInDays"],
                          store["isBackupSchedulerEnabled"], store["userName"], store["password"]),
                         (8, 5, False, "EXAMPLE\\ann", None))

    def test_g_wrong_token_and_weak_role(self):
        env = environment(INFRABACKUP_TOKEN="ib_" + "x" * 43)
        self.assert_refused(self.client("status", token=False), 5, "AuthenticationFailed", env=env)
        env = environment(INFRABACKUP_TOKEN=self.deployment.new_token("Reader"))
        self.assert_refused(self.client("backup", token=False), 5, "AuthorizationFailed", env=env)
        self.assert_refused(self.client("status", token=False), 2, "--token-file", "INFRABACKUP_TOKEN")

    def test_h_service_that_is_not_there(self):
        self.assert_refused(["status", "-c", self.deployment.config_path, "--url", "http://127.0.0.1:1",
                             "--token-file", self.token_file], 1, "127.0.0.1:1")
        self.assert_refused(["status", "-c", self.deployment.config_path, "--token-file", self.token_file], 2,
                            "--url")

    def test_i_second_process_is_refused(self):
        self.assert_refused(["serve", "-c", self.deployment.config_path], 1, "another process")

    def test_j_backup_with_wait_prints_its_id_and_roles(self):
        run(*self.client("configure", "--path", self.deployment.share, "--cert", self.deployment.certificate_file))
        result = run(*self.client("backup", "--wait"))
        self.assertRegex(result.stdout.split("\n")[0], r"^[0-9a-f-]{36}$")
        self.assertRegex(result.stdout, r"(?m)^Files +Succeeded +")
        self.assertNotIn("\r", result.stderr)
        shown = json.loads(run(*self.client("backup", "--wait", "--json")).stdout)
        self.assertEqual(shown["properties"]["state"], "Succeeded")
        keys = json.loads(run("key", "inventory", "-c", self.deployment.config_path, "--json").stdout)["keys"]
        self.assertEqual({key["purpose"] for key in keys}, {"location", "drill"})

    def test_j_maintenance(self):
        self.assertRegex(run(*self.client("maintenance show")).stdout, "(?m)^state +None$")
        shown = run(*self.client("maintenance begin", "--operation", "Update", "--backup-before")).stdout
        self.assertRegex(shown, "(?m)^backup before +[0-9a-f-]{36}$")
        while "Pending" in shown:
            shown = run(*self.client("maintenance show")).stdout
        self.assertRegex(shown, "(?m)^state +Active$")
        self.assert_refused(self.client("backup"), 1, "Maintenance (Update) is on")
        shown = json.loads(run(*self.client("maintenance end", "--no-backup", "--json")).stdout)
        self.assertEqual(shown["properties"]["state"], "Ended")
        self.assert_refused(self.client("maintenance end"), 1, "No maintenance is on")
        self.assert_refused(["maintenance", "begin", "--operation", "Lunch"], 2, "SecretRotation")

    def test_k_no_secret_in_any_command_line(self):
        with open(f"/proc/{self.service.process.pid}/cmdline", "rb") as file:
            words = file.read().split(b"\0")
        self.assertIn(self.deployment.config_path.encode(), words)
        for secret in (self.deployment.token, SHARE_PASSWORD, PFX_PASSWORD):
            self.assertFalse([word for word in words if secret.encode() in word])
        self.assertNotIn(self.deployment.token, self.service.log())
        self.assertNotIn(SHARE_PASSWORD, self.service.log())


class Waiting(Cli):
    """A command provider that waits for a file keeps a backup running for as long as a test needs."""

    def setUp(self):
        def services(deployment):
            script = ("touch '{0}/started'; while [ ! -e '{0}/go' ]; do sleep 0.05; done; "
                      "[ ! -e '{0}/bad' ] || {{ echo it is bad >&2; exit 7; }}; echo done")
            return [{"role": "Slow", "provider": "command", "essential": False,
                     "command": ["/bin/sh", "-c", script.format(deployment.folder)]},
                    {"role": "Files", "provider": "directory", "path": deployment.source}]
        self.deployment = Deployment(services=services)
        self.addCleanup(self.deployment.remove)
        self.service = self.deployment.serve()
        self.addCleanup(self.service.__exit__, None, None, None)
        self.deployment.configure(self.service)
        self.env = environment(INFRABACKUP_TOKEN=self.deployment.token, INFRABACKUP_URL=self.service.url)
        self.config = ["-c", self.deployment.config_path]

    def start(self):
        """A `backup --wait` whose id has been printed."""
        process = subprocess.Popen([*harness.PROGRAM, "backup", *self.config, "--wait"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.env)
        self.addCleanup(lambda: [stream.close() for stream in (process.stdout, process.stderr)])
        identity = process.stdout.readline().strip()
        self.assertRegex(identity, r"^[0-9a-f-]{36}$")
        return process, identity

    def go(self, bad=False):
        for name in (["bad"] if bad else []) + ["go"]:
            with open(self.deployment.path(name), "w", encoding="utf-8"):
                pass

    def test_second_backup_while_one_runs_is_refused(self):
        first, _ = self.start()
        self.assert_refused(["backup", *self.config], 1, "BackupConflictException", env=self.env)
        self.go()
        _, errors = first.communicate(timeout=harness.JOB_SECONDS)
        self.assertEqual(first.returncode, 0, errors)

    def test_jobs_are_shown_and_cancelled(self):
        first, identity = self.start()
        while not os.path.exists(self.deployment.path("started")):
            self.assertIsNone(first.poll())
        listed = run("jobs", *self.config, env=self.env).stdout.splitlines()
        self.assertRegex(listed[0], "^ID +KIND +STATE +CREATED +BYTES +REQUESTED BY$")
        self.assertRegex(listed[1], f"^{identity} +backup +Running +20.*Z .* init$")
        self.assertIn("locationUpdate", listed[2])
        self.assertEqual(len(run("jobs", *self.config, "--top", "1", env=self.env).stdout.splitlines()), 2)
        shown = json.loads(run("jobs", *self.config, "--kind", "locationUpdate", "--json", env=self.env).stdout)
        self.assertEqual({job["properties"]["kind"] for job in shown["value"]}, {"locationUpdate"})
        details = run("jobs", "show", *self.config, identity, env=self.env).stdout
        self.assertRegex(details, "(?m)^state +Running$")
        self.assertRegex(details, r"(?m)^Slow +(Queued|Running) ")
        cancelled = run("cancel", *self.config, "--reason", "enough", identity, env=self.env).stdout
        self.assertEqual(cancelled, f"{identity} is cancelled\n")
        _, errors = first.communicate(timeout=harness.JOB_SECONDS)
        self.assertEqual(first.returncode, 1)
        self.assertIn("cancelled by init: enough", errors)
        details = json.loads(run("jobs", "show", *self.config, "--json", identity, env=self.env).stdout)
        self.assertEqual(details["properties"]["state"], "Cancelled")
        self.assert_refused(["cancel", *self.config, identity], 1, "RequestConflict", env=self.env)
        self.assert_refused(["cancel", *self.config, str(uuid.uuid4())], 4, "ResourceNotFound", env=self.env)
        self.assert_refused(["jobs", "show", *self.config, str(uuid.uuid4())], 4, env=self.env)
        self.assert_refused(["cancel", *self.config, "latest"], 2, "a GUID", env=self.env)
        self.assert_refused(["jobs", *self.config, "--kind", "a b"], 2, "--kind", env=self.env)
        self.assert_refused(["jobs", "shwo", *self.config], 2, "shwo", env=self.env)

    def test_interrupt_ends_the_waiting_not_the_backup(self):
        first, identity = self.start()
        # The signal is blocked before the first poll, which the service has answered when it logged it.
        while identity not in "".join(line for line in self.service.log().split("\n") if "GET" in line):
            self.assertIsNone(first.poll())
        first.send_signal(signal.SIGINT)
        _, errors = first.communicate(timeout=harness.JOB_SECONDS)
        self.assertEqual(first.returncode, 1)
        self.assertIn("goes on in the service", errors)
        shown = self.service.client.get(f"{self.deployment.location}/operations/{identity}").json
        self.assertIn(shown["properties"]["state"], ("Queued", "Running"))
        self.go()

    def test_stop_while_a_backup_runs_is_clean_and_leaves_nothing_running(self):
        first, identity = self.start()
        while not os.path.exists(self.deployment.path("started")):
            self.assertIsNone(first.poll())
        self.assertEqual(self.service.stop(), 0, self.service.log())
        # Its own watchdog would have ended it, with another exit code, had it taken ten seconds.
        self.assertNotIn("takes too long", self.service.log())
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=harness.JOB_SECONDS)
        with self.deployment.serve() as again:
            shown = again.client.get(f"{self.deployment.location}/operations/{identity}").json["properties"]
        self.assertEqual(shown["state"], "Failed")
        self.assertTrue(shown["error"]["message"])

    def test_role_that_fails_makes_it_partial(self):
        first, _ = self.start()
        self.go(bad=True)
        output, errors = first.communicate(timeout=harness.JOB_SECONDS)
        self.assertEqual(first.returncode, 3, output + errors)
        self.assertRegex(output, r"(?m)^Slow +Failed ")
        self.assertIn("it is bad", output)
        self.assertRegex(output, r"(?m)^Files +Succeeded ")


if __name__ == "__main__":
    unittest.main()

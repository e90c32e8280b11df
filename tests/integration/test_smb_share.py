#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Backups over SMB to a server that requires encryption, and back: through REST and on the command line."""

import os
import signal
import unittest

import alerts
import harness
from smb_server import PASSWORD, USER, SmbServer
from trees import differences, fill


class SmbCase(unittest.TestCase):
    ENCRYPT = "required"
    CONFIG = {}

    def setUp(self):
        self.server = SmbServer(self.ENCRYPT)
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)
        self.deployment = harness.Deployment(config=self.CONFIG)
        self.addCleanup(self.deployment.remove)

    def configure(self, service, **members):
        return self.deployment.configure(service, **{
            "path": self.server.url(), "userName": USER, "password": PASSWORD, **members})

    def write_password(self, text=PASSWORD):
        path = self.deployment.path("share.password")
        with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
            file.write(text + "\n")
        return path

    def share_options(self):
        return ["--from", self.server.url(), "--user", USER, "--password-file", self.write_password()]


class OverSmb(SmbCase):
    def test_backup_and_recovery(self):
        fill(self.deployment.source)
        with self.deployment.serve() as service:
            self.configure(service)
            backup = self.deployment.backup(service)
            self.assertEqual(backup["properties"]["backupInfo"]["status"]
                             if "backupInfo" in backup["properties"]
                             else backup["properties"]["status"], "Succeeded")
        self.assertIn("MASBackup", os.listdir(self.server.data))

        target = self.deployment.path("recovered")
        listed = harness.run("list", *self.share_options(), "--json").stdout
        self.assertIn(self.deployment.deployment_id, listed)
        harness.run("recover", *self.share_options(), "--pfx", self.deployment.pfx_file,
                    "--pfx-password-file", self.deployment.password_file, "--to", target)
        self.assertEqual(differences(self.deployment.source, os.path.join(target, "Files")), [])

    def test_wrong_password_is_refused_and_named(self):
        with self.deployment.serve() as service:
            answer = service.client.poll(service.client.put(
                self.deployment.location, self.deployment.location_body(
                    path=self.server.url(), userName=USER, password="wrong")))
            self.assertIn("STATUS_LOGON_FAILURE", answer.text)
        options = self.share_options()
        self.write_password("wrong")
        result = harness.run("list", *options, check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("STATUS_LOGON_FAILURE", result.stderr)

    def test_changed_password_is_one_bad_logon_and_an_alert_until_a_backup_succeeds(self):
        with self.deployment.serve() as service:
            self.configure(service)
            self.deployment.backup(service)
            self.server.set_password("An0ther!")
            failed = service.client.poll(service.client.post(f"{self.deployment.location}/createBackup"))
            self.assertEqual(failed.status, 500)
            self.assertIn("STATUS_LOGON_FAILURE", failed.text)
            self.assertEqual(self.server.bad_logons(), 1)
            alert = alerts.listed(service)["BackupFailedShareAuthenticationFault"]
            self.assertIn("STATUS_LOGON_FAILURE", alerts.text(alert))
            self.assertEqual(alert["alertProperties"]["externalSharePath"], self.server.url())
            self.configure(service, password="An0ther!")
            # A password that works is not yet a backup.
            self.assertIn("BackupFailedShareAuthenticationFault", alerts.listed(service))
            self.deployment.backup(service)
            self.assertEqual(self.server.bad_logons(), 1)
            self.assertEqual(set(alerts.listed(service)), {"BackupSchedulerPausedFault"})
            whole = service.client.get(self.deployment.alerts, version=alerts.VERSION).text + service.log()
            self.assertEqual([word for word in (PASSWORD, "An0ther!") if word in whole], [])

    def test_frozen_server_does_not_freeze_the_service(self):
        with self.deployment.serve() as service:
            self.configure(service)
            self.server.signal(signal.SIGSTOP)
            answer = service.client.post(f"{self.deployment.location}/createBackup")
            self.assertEqual(answer.status, 202)
            self.assertEqual(service.client.get(self.deployment.location).status, 200)
            self.server.signal(signal.SIGCONT)
            service.client.wait(answer)

    def test_kerberos_alone_does_not_fall_back(self):
        result = harness.run("list", *self.share_options(), "--authentication", "kerberos", check=False)
        self.assertEqual(result.returncode, 5)
        self.assertIn("Kerberos needs a user like name@realm", result.stderr)


class WithoutEncryption(SmbCase):
    """A server that offers none is used only where somebody named it."""

    ENCRYPT = "off"
    CONFIG = {"smb": {"authentication": "ntlm", "unencryptedServers": ["127.0.0.1"]}}

    def test_named_server_is_used(self):
        with self.deployment.serve() as service:
            self.configure(service)
            self.deployment.backup(service)
        harness.run("list", *self.share_options(), "--unencrypted-server", "127.0.0.1")
        for options in ([], ["--unencrypted-server", "localhost"]):
            refused = harness.run("list", *self.share_options(), *options, check=False)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("does not offer encryption", refused.stderr)


if __name__ == "__main__":
    unittest.main()

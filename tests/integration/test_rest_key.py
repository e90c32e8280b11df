#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pre-shared key of api-version 2016-05-01, over REST and on the command line: configure, back up, list, recover
with the key alone, restore without a body; then the step to a certificate, from which there is no way back."""

import base64
import os
import shutil
import unittest

import backups
import harness
import trees

OLD, NEW = "2016-05-01", "2018-09-01"
# As New-AzsEncryptionKeyBase64 makes them.
KEY = base64.b64encode(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl").decode()
FAULT = "AzureStack.BackupController.KeyBasedEncryptionDeprecatedFault"


class Key(unittest.TestCase):
    def setUp(self):
        self.deployment = harness.Deployment()
        self.addCleanup(self.deployment.remove)
        trees.fill(self.deployment.source)
        self.before = self.deployment.path("before")
        shutil.copytree(self.deployment.source, self.before)
        self.service = self.deployment.serve()
        self.addCleanup(self.service.__exit__, None, None, None)
        self.client = self.service.client

    def put(self, version, **members):
        return self.client.put(self.deployment.location,
                               self.deployment.location_body(encryptionCertBase64=None, **members), version=version)

    def configure(self):
        # AzureStack-Tools spell it like that.
        done = self.client.poll(self.put(OLD, EncryptionKeyBase64=KEY))
        self.assertEqual(done.status, 200, done)
        return done

    def shown(self, version):
        return self.client.get(self.deployment.location, version=version).json["properties"]["externalStoreDefault"]

    def backup(self, version, identifier):
        answer = self.client.get(f"{self.deployment.location}/backups/{identifier}", version=version)
        self.assertEqual(answer.status, 200, answer)
        return answer.json["properties"]["backupInfo"]

    def alerts(self):
        listed = self.client.get(self.deployment.alerts, version=OLD).json["value"]
        return {alert["properties"]["state"] for alert in listed if alert["properties"]["faultTypeId"] == FAULT}

    def assert_is_back(self, folder):
        self.assertEqual(trees.differences(self.before, folder), [])

    def recover(self, key, name, **options):
        file = self.deployment.path(f"{name}.key")
        with open(file, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as output:
            output.write(key + "\n")
        return harness.run("recover", "--from", self.deployment.share, "--key-file", file, "--to",
                           self.deployment.path(name), "--role", "Files", **options)

    def destroy(self):
        shutil.rmtree(self.deployment.source)
        os.mkdir(self.deployment.source)

    def test_from_the_key_to_a_certificate(self):
        done = self.configure()
        self.assertNotIn(KEY, done.text)
        self.assertIsNone(done.json["properties"]["externalStoreDefault"]["encryptionKeyBase64"])
        self.assertNotIn("encryptionCertThumbprint", self.shown(OLD))
        # Nobody has the certificate that stands for it.
        self.assertIsNone(self.shown(NEW)["encryptionCertThumbprint"])
        self.assertEqual(self.alerts(), {"Active"})
        first = backups.make(self.service)["operationId"]
        self.assertNotIn("encryptionCertThumbprint", self.backup(OLD, first))
        self.assertIsNone(self.backup(NEW, first)["encryptionCertThumbprint"])

        # With the share and the key, and nothing else.
        self.recover(KEY, "recovered")
        self.assert_is_back(os.path.join(self.deployment.path("recovered"), "Files"))
        wrong = self.recover(base64.b64encode(bytes(64)).decode(), "wrong", check=False)
        self.assertEqual(wrong.returncode, 5, wrong)
        self.assertIn("pre-shared key", wrong.stderr)
        verified = harness.run("verify", "--from", self.deployment.share, "--key-file",
                               self.deployment.path("recovered.key"), "--files")
        self.assertIn("sound", verified.stdout)

        # Through the service, which keeps the key.
        self.restore(first)

        # The step to a certificate.
        self.client.wait(self.client.put(self.deployment.location, self.deployment.location_body(), version=NEW))
        self.assertRegex(self.shown(NEW)["encryptionCertThumbprint"], "^[0-9A-F]{40}$")
        self.assertEqual(self.alerts(), {"Closed"})
        refused = self.put(OLD, encryptionKeyBase64=KEY)
        self.assertEqual((refused.status, refused.target),
                         (409, "properties.externalStoreDefault.encryptionKeyBase64"), refused)
        second = backups.make(self.service)["operationId"]
        self.assertRegex(self.backup(NEW, second)["encryptionCertThumbprint"], "^[0-9A-F]{40}$")
        refused = self.client.post(f"{self.deployment.location}/backups/{second}/restore", version=OLD)
        self.assertEqual((refused.status, refused.target), (400, "decryptionCertBase64"), refused)
        self.restore(first)

    def restore(self, backup):
        self.destroy()
        answer = self.client.post(f"{self.deployment.location}/backups/{backup}/restore", version=OLD)
        self.assertEqual((answer.status, answer.raw, answer.headers["Retry-After"]), (202, b"", "60"), answer)
        done = self.client.poll(answer)
        self.assertEqual((done.status, done.raw), (200, b""), done)
        self.assert_is_back(self.deployment.source)

    def test_refused(self):
        for version, key, status in ((OLD, "c2hvcnQ=", 400), (OLD, "*", 400), (NEW, KEY, 400)):
            answer = self.put(version, encryptionKeyBase64=key)
            self.assertEqual((answer.status, answer.target),
                             (status, "properties.externalStoreDefault.encryptionKeyBase64"), answer)
            self.assertNotIn(KEY, answer.text)
        self.assertEqual(self.alerts(), set())

    def test_is_found_nowhere(self):
        self.configure()
        backups.make(self.service)
        needles = [KEY[:48].encode(), base64.b64decode(KEY)[:40]]
        for folder, _, names in os.walk(self.deployment.folder):
            for name in names:
                path = os.path.join(folder, name)
                with open(path, "rb") as file:
                    content = file.read()
                for needle in needles:
                    self.assertNotIn(needle, content, path)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TLS client certificates shown by curl: callers, a front door and what it may say, and those that are refused."""

import json
import shutil
import subprocess
import tempfile
import time
import unittest

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

import harness
from authority import Authority

PUBLIC = "https://adminmanagement.north.example.com:30024"


class Shown:
    """What curl got: status (0: no answer), headers, JSON."""

    def __init__(self, output):
        head, _, body = output.replace("\r\n", "\n").partition("\n\n")
        lines = head.split("\n")
        self.status = int(lines[0].split()[1]) if lines[0].startswith("HTTP/") else 0
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        self.json = json.loads(body) if body.strip() else None

    @property
    def message(self):
        return self.json["error"]["message"]


class ClientCertificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="infrabackup-certificates-")
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        authority, other = Authority(cls.folder, "clients"), Authority(cls.folder, "strangers")
        cls.reader = authority.issue("monitoring")
        cls.operator = authority.issue("operator")
        cls.door = authority.issue("arm", [x509.DNSName("arm.north.example.com")])
        cls.unknown = authority.issue("somebody")
        cls.bad = {
            "expired": authority.issue("monitoring", days=-1),
            "issuer is unknown": other.issue("monitoring"),
            "purpose": authority.issue("monitoring", purpose=ExtendedKeyUsageOID.SERVER_AUTH)}
        cls.deployment = harness.Deployment(tls=True)
        cls.addClassCleanup(cls.deployment.remove)
        http = cls.deployment.config["http"]
        http["publicUrl"] = "https://configured.example.com"
        http["tls"]["clientCaFile"] = authority.certificate_file
        http["authentication"] = {"clientCertificates": [
            {"commonName": "MONITORING", "role": "Reader"},
            {"sha256": cls.operator[2], "role": "Operator"},
            {"subjectAlternativeName": "arm.north.example.com", "kind": "frontDoor", "role": "Administrator",
             "roleHeader": "x-ms-client-role"}]}

    def serve(self, certificates="request"):
        self.deployment.config["http"]["tls"]["clientCertificate"] = certificates
        with open(self.deployment.config_path, "w", encoding="utf-8") as file:
            json.dump(self.deployment.config, file)
        return self.deployment.serve()

    def curl(self, service, certificate=None, method="GET", path=None, body=None, headers=()):
        """@path: below the backup location, or a whole one."""
        path = path if path and path.startswith("/healthz") else self.deployment.location + (path or "")
        command = ["curl", "-sS", "-i", "--cacert", self.deployment.server_ca, "-X", method,
                   f"{service.url}{path}?api-version={harness.VERSION}"]
        if certificate:
            command += ["--cert", certificate[0], "--key", certificate[1]]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body)]
        for header in headers:
            command += ["-H", header]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=harness.CALL_SECONDS)
        return Shown(done.stdout)

    def test_callers(self):
        with self.serve() as service:
            self.assertEqual(self.curl(service, self.reader).status, 200)
            refused = self.curl(service, self.reader, "POST", "/createBackup")
            self.assertEqual((refused.status, refused.json["error"]["code"]), (403, "AuthorizationFailed"))
            self.assertIn("monitoring", refused.message)
            # 409: not configured yet, which only somebody with the right learns.
            self.assertEqual(self.curl(service, self.operator, "POST", "/createBackup").status, 409)
            nobody = self.curl(service)
            self.assertEqual((nobody.status, nobody.headers["www-authenticate"]), (401, "Bearer"))
            token = f"Authorization: Bearer {self.deployment.token}"
            self.assertEqual(self.curl(service, headers=[token]).status, 200)
            # A token beside a certificate counts, whatever the certificate is good for.
            self.assertEqual(self.curl(service, self.reader, "POST", "/createBackup", headers=[token]).status, 409)
            self.assertEqual(self.curl(service, self.unknown, headers=[token]).status, 200)

    def test_bad_certificates(self):
        token = f"Authorization: Bearer {self.deployment.token}"
        with self.serve() as service:
            for why, certificate in self.bad.items():
                with self.subTest(why):
                    for headers in ([], [token]):
                        answer = self.curl(service, certificate, headers=headers)
                        self.assertEqual(answer.status, 403)
                        self.assertIn(why, answer.message)
                    self.assertEqual(self.curl(service, certificate, path="/healthz").status, 200)
            stranger = self.curl(service, self.unknown)
            self.assertEqual(stranger.status, 403)
            self.assertIn("clientCertificates", stranger.message)

    def test_required(self):
        with self.serve("require") as service:
            for certificate in (None, *self.bad.values()):
                self.assertEqual(self.curl(service, certificate, path="/healthz").status, 0)
            self.assertEqual(self.curl(service, self.reader).status, 200)
            token = f"Authorization: Bearer {self.deployment.token}"
            self.assertEqual(self.curl(service, self.unknown, headers=[token]).status, 200)

    def maintain(self, service, certificate, *headers):
        """Begins maintenance, shows who is said to have done it, and ends it."""
        begun = self.curl(service, certificate, "POST", "/maintenance", {"operation": "Update"}, headers)
        if begun.status == 200:
            self.assertEqual(self.curl(service, certificate, "POST", "/maintenance/end", headers=headers).status, 200)
        return begun.status, begun.json["properties"]["requestedBy"] if begun.status == 200 else None

    def test_front_door_names_callers(self):
        anna, object_id = "x-ms-client-principal-name: anna@example.com", "x-ms-client-object-id: 4f0d6e3a"
        administrator = "x-ms-client-role: Administrator"
        with self.serve() as service:
            self.assertEqual(self.maintain(service, self.door, anna, object_id, administrator),
                             (200, "anna@example.com"))
            self.assertEqual(self.maintain(service, self.door, object_id, administrator), (200, "4f0d6e3a"))
            self.assertEqual(self.maintain(service, self.door), (200, "arm"))
            for headers in ([anna], [anna, "x-ms-client-role: Owner"], [anna, "x-ms-client-role: Reader"]):
                self.assertEqual(self.maintain(service, self.door, *headers), (403, None))
            # From anybody else they mean nothing.
            self.assertEqual(self.maintain(service, None, anna, administrator), (401, None))
            self.assertEqual(self.maintain(service, self.reader, anna, administrator), (403, None))
            self.assertEqual(self.maintain(service, self.bad["expired"], anna, administrator), (403, None))
            token = f"Authorization: Bearer {self.deployment.token}"
            self.assertEqual(self.maintain(service, None, token, anna, administrator), (200, "init"))

    @staticmethod
    def followed(service, path):
        """The status at which the operation ends."""
        end = time.monotonic() + harness.JOB_SECONDS
        while (status := service.client.get(path).status) == 202 and time.monotonic() < end:
            time.sleep(0.05)
        return status

    def test_front_door_gives_the_public_address(self):
        headers = ["x-ms-client-object-id: 4f0d6e3a", "x-ms-client-role: Administrator"]
        token = f"Authorization: Bearer {self.deployment.token}"
        right = f"referer: {PUBLIC}{self.deployment.location}?api-version=2018-09-01"
        body = self.deployment.location_body()
        with self.serve() as service:
            for certificate, sent, base in (
                    (self.door, [*headers, right], PUBLIC),
                    (self.door, headers, "https://configured.example.com"),
                    (self.door, [*headers, f"referer: {PUBLIC}/other"], "https://configured.example.com"),
                    (self.door, [*headers, right.replace("https", "http")], "https://configured.example.com"),
                    (None, [token, right], "https://configured.example.com")):
                answer = self.curl(service, certificate, "PUT", "", body, sent)
                self.assertEqual(answer.status, 202, answer.json)
                self.assertTrue(answer.headers["location"].startswith(f"{base}/subscriptions/"), answer.headers)
                self.assertEqual(self.followed(service, answer.headers["location"][len(base):]), 200)


if __name__ == "__main__":
    unittest.main()

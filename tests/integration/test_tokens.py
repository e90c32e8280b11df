#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# also: tsan
"""JSON web tokens of a real issuer over HTTPS: roles, refusals, change of keys, an issuer that is down, hangs or lies."""

import json
import os
import shutil
import tempfile
import time
import unittest

from cryptography.hazmat.primitives.asymmetric import rsa

import harness
from authority import Authority
from issuer import AUDIENCE, Issuer

ROLES = [{"claim": "roles", "value": f"Backup.{role}", "role": role}
         for role in ("Reader", "Operator", "Administrator")]


class Tokens(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plain = harness.Deployment()
        cls.addClassCleanup(cls.plain.remove)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="infrabackup-tokens-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.authority = Authority(self.folder, "authority")
        certificate, key, _ = self.authority.issue_server()
        self.issuer = Issuer(certificate, key)
        self.addCleanup(self.issuer.stop)
        self.issuer.new_key("rsa-1")
        self.issuer.new_key("ec-1", "EC")

    def deployment(self, **changes):
        """Trusts the issuer; @changes: members of its entry, None leaves out."""
        issuer = {"issuer": self.issuer.name, "audiences": [AUDIENCE], "jwksUrl": self.issuer.url,
                  "caFile": self.authority.certificate_file, "roles": ROLES, **changes}
        issuer = {name: value for name, value in issuer.items() if value is not None}
        self.plain.config["http"]["authentication"] = {
            "issuers": [issuer], "jwksIntervalSeconds": 1, "jwksLifetimeSeconds": 60}
        with open(self.plain.config_path, "w", encoding="utf-8") as file:
            json.dump(self.plain.config, file)
        return self.plain

    @staticmethod
    def get(service, token):
        client = service.client.with_token(token)
        answer = client.get(service.deployment.location)
        client.close()
        return answer

    def until(self, service, token, status):
        """The answer with @status, which may take as long as the issuer's keys."""
        end = time.monotonic() + harness.READY_SECONDS
        answer = self.get(service, token)
        while answer.status != status:
            self.assertIn(answer.status, (200, 401, 503), answer)
            if answer.status == 503:
                self.assertEqual(answer.code, "ServiceUnavailable")
                self.assertRegex(answer.headers["Retry-After"], r"^[0-9]+$")
            self.assertLess(time.monotonic(), end, answer)
            time.sleep(0.05)
            answer = self.get(service, token)
        return answer

    def test_roles_and_refusals(self):
        issuer, deployment = self.issuer, self.deployment()
        with deployment.serve() as service:
            self.until(service, issuer.token("rsa-1"), 200)
            self.assertEqual(self.get(service, issuer.token("ec-1")).status, 200)
            many = service.client.with_token(issuer.token("ec-1", roles=["x", "Backup.Administrator"]))
            self.assertEqual(many.post(f"{deployment.location}/maintenance", {"operation": "Update"}).status, 200)
            many.close()
            shown = service.client.get(f"{deployment.location}/maintenance").json
            self.assertEqual(shown["properties"]["requestedBy"], "anna@example.com")
            reader = service.client.with_token(issuer.token("rsa-1"))
            refused = reader.post(f"{deployment.location}/createBackup")
            reader.close()
            self.assertEqual((refused.status, refused.code), (403, "AuthorizationFailed"))
            self.assertRegex(refused.headers["WWW-Authenticate"], r'^Bearer error="insufficient_scope", ')
            self.assertEqual(self.get(service, issuer.token("rsa-1", roles=None)).status, 403)
            stranger = rsa.generate_private_key(65537, 2048)
            now = int(time.time())
            for token in (issuer.token("rsa-1", stranger), issuer.token("rsa-1", exp=now - 301),
                          issuer.token("rsa-1", aud="https://other.example.com"),
                          issuer.token("rsa-1", iss="https://other.example.com"), "bm90LWE.c2lnbmVk.dG9rZW4", "wordwordword"):
                answer = self.get(service, token)
                self.assertEqual((answer.status, answer.code), (401, "AuthenticationFailed"), answer)
                self.assertRegex(answer.headers["WWW-Authenticate"],
                                 r'^Bearer error="invalid_token", error_description="[^"]+"$')
                self.assertNotIn(token.rpartition(".")[2], answer.text + service.log())
            self.assertEqual(service.client.get(deployment.location).status, 200)

    def test_change_of_keys(self):
        with self.deployment().serve() as service:
            old = self.issuer.token("rsa-1")
            self.until(service, old, 200)
            self.issuer.keys.clear()
            self.issuer.new_key("rsa-2")
            new = self.issuer.token("rsa-2")
            self.until(service, new, 200)
            self.until(service, old, 401)
            self.assertEqual(self.get(service, new).status, 200)

    def test_issuer_is_down_and_comes_back(self):
        issuer = self.issuer
        with self.deployment().serve() as service:
            self.until(service, issuer.token("rsa-1"), 200)
            issuer.stop()
            issuer.new_key("rsa-2")
            # Somebody asks for a key that nobody can give: who has an old one does not feel it.
            self.until(service, issuer.token("rsa-2"), 503)
            self.assertEqual(self.get(service, issuer.token("rsa-1")).status, 200)
            issuer.start()
            self.until(service, issuer.token("rsa-2"), 200)

    def test_service_starts_before_its_issuer(self):
        self.issuer.stop()
        with self.deployment().serve() as service:
            self.assertEqual(service.client.get(service.deployment.location).status, 200)
            answer = self.get(service, self.issuer.token("rsa-1"))
            self.assertEqual((answer.status, answer.code), (503, "ServiceUnavailable"))
            self.issuer.start()
            self.until(service, self.issuer.token("rsa-1"), 200)

    def test_issuer_that_hangs_keeps_nobody_waiting(self):
        self.issuer.answer = self.issuer.hang
        with self.deployment().serve() as service:
            for _ in range(20):
                self.assertEqual(self.get(service, self.issuer.token("rsa-1")).status, 503)
                self.assertEqual(service.client.get(service.deployment.location).status, 200)
            # The end of the block stops the service in order, although an answer is outstanding.

    def test_issuer_that_cannot_be_believed(self):
        other = Authority(self.folder, "other-authority")
        for answer, changes, why in (
                (self.issuer.publish, {"caFile": other.certificate_file}, "certificate"),
                (self.issuer.publish, {"caFile": None}, "certificate"),
                (self.issuer.refer, {}, "status 302"),
                (self.issuer.flood, {}, "longer than"),
                (lambda request: self.issuer.publish(request, b"<html>"), {}, "JSON"),
                (lambda request: self.issuer.publish(request, b'{"keys":[]}'), {}, "keys in the set")):
            self.issuer.answer = answer
            with self.subTest(why), self.deployment(**changes).serve() as service:
                end = time.monotonic() + harness.READY_SECONDS
                while "cannot be fetched" not in service.log():
                    self.assertEqual(self.get(service, self.issuer.token("rsa-1")).status, 503)
                    self.assertLess(time.monotonic(), end)
                    time.sleep(0.05)
                self.assertRegex(service.log(), f"cannot be fetched: .*{why}")
                self.assertEqual(self.get(service, self.issuer.token("rsa-1")).status, 503)

    def test_keys_in_a_file(self):
        path = os.path.join(self.folder, "jwks.json")
        deployment = self.deployment(jwksUrl=None, caFile=None, jwksFile=path)

        def write():
            with open(path + ".new", "w", encoding="utf-8") as file:
                json.dump(self.issuer.jwks(), file)
            os.rename(path + ".new", path)

        refused = harness.run("serve", "-c", deployment.config_path, check=False)
        self.assertEqual(refused.returncode, 4, refused)
        self.assertRegex(refused.stderr, f"keys of the issuer .*{path}")
        write()
        with deployment.serve() as service:
            self.assertEqual(self.get(service, self.issuer.token("rsa-1")).status, 200)
            self.issuer.new_key("rsa-2")
            write()
            self.until(service, self.issuer.token("rsa-2"), 200)
        self.assertEqual(self.issuer.asked, 0)


if __name__ == "__main__":
    unittest.main()

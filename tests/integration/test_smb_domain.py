#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Backups to a server in a domain: Kerberos, NTLM, and how refused accounts are told apart."""

import os
import subprocess
import tempfile
import unittest

import harness
from domain_server import (FAKE, KERBEROS_USER, NTLM_USER, OUTER, PASSWORD, SECOND_NAME, SERVER, WITHOUT_PRINCIPAL,
                           Domain, enter_namespaces, namespaces)
from trees import differences, fill

AUTHENTICATION = 5  # exit status
NOT_FOUND = 4
LOCKOUT_THRESHOLD = 3  # of domain_accounts.py
DOMAIN = None


def setUpModule():
    global DOMAIN
    DOMAIN = Domain()
    DOMAIN.__enter__()
    unittest.addModuleCleanup(DOMAIN.__exit__)


def logons(before):
    """Who was let in over SMB since the log had the length @before, as (mechanism, user)."""
    lines = [line for line in DOMAIN.log()[before:].split("\n") if "Successful AuthZ: [SMB2," in line]
    return [(line.split("[SMB2,")[1].split("]")[0], line.split("\\[")[1].split("]")[0]) for line in lines]


def write_password(deployment, text=PASSWORD):
    path = deployment.path("share.password")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(text + "\n")
    return path


class Logons(unittest.TestCase):
    def setUp(self):
        self.deployment = harness.Deployment(initialize=False)
        self.addCleanup(self.deployment.remove)

    def list(self, user, password=PASSWORD, server=SERVER, share="small"):
        return harness.run("list", "--from", DOMAIN.url(share, server), "--user", user, "--password-file",
                           write_password(self.deployment, password), check=False)

    def expect_let_in(self, mechanism, user, server=SERVER):
        before = len(DOMAIN.log())
        result = self.list(user, server=server)
        self.assertEqual(result.returncode, NOT_FOUND, result.stderr)
        self.assertIn("no repository", result.stderr)
        self.assertEqual(logons(before), [(mechanism, "backup-user")])

    def expect_refused(self, user, cause, password=PASSWORD):
        before = len(DOMAIN.log())
        result = self.list(user, password)
        self.assertEqual(result.returncode, AUTHENTICATION, result.stderr)
        self.assertIn(f"({cause})", result.stderr)
        self.assertEqual(logons(before), [])
        return DOMAIN.log()[before:]

    def test_kerberos_for_names_of_the_domain(self):
        self.expect_let_in("krb5", KERBEROS_USER)
        self.expect_let_in("krb5", "backup-user@CONTOSO.COM")
        self.expect_let_in("krb5", KERBEROS_USER, SECOND_NAME)

    def test_ntlm_for_other_names_and_servers(self):
        self.expect_let_in("NTLMSSP", NTLM_USER)
        self.expect_let_in("NTLMSSP", KERBEROS_USER, WITHOUT_PRINCIPAL)

    def test_share_without_rights(self):
        for user in (KERBEROS_USER, NTLM_USER):
            result = self.list(user, share="denied")
            self.assertEqual(result.returncode, 1, result.stderr)
            self.assertIn("STATUS_ACCESS_DENIED", result.stderr)

    def test_refused_accounts_by_ntlm(self):
        for user, cause in (("disabled-user", "STATUS_ACCOUNT_DISABLED"),
                            ("locked-user", "STATUS_ACCOUNT_LOCKED_OUT"),
                            ("account-expired-user", "STATUS_ACCOUNT_EXPIRED"),
                            ("password-expired-user", "STATUS_PASSWORD_EXPIRED"),
                            ("must-change-user", "STATUS_PASSWORD_MUST_CHANGE"),
                            ("nobody-here", "STATUS_LOGON_FAILURE")):
            with self.subTest(user):
                self.expect_refused(f"CONTOSO\\{user}", cause)

    def test_refused_accounts_by_kerberos_are_not_tried_by_ntlm(self):
        for user, cause in (("disabled-user", "KRB5KDC_ERR_CLIENT_REVOKED"),
                            ("locked-user", "KRB5KDC_ERR_CLIENT_REVOKED"),
                            ("account-expired-user", "KRB5KDC_ERR_CLIENT_REVOKED"),
                            ("password-expired-user", "KRB5KDC_ERR_KEY_EXP"),
                            ("must-change-user", "KRB5KDC_ERR_KEY_EXP"),
                            ("nobody-here", "KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN")):
            with self.subTest(user):
                self.assertNotIn("Auth: [SMB2,", self.expect_refused(f"{user}@contoso.com", cause))

    def test_wrong_password_is_one_bad_logon(self):
        for user, cause in (("CONTOSO\\lockout-user", "STATUS_LOGON_FAILURE"),
                            ("lockout-user@contoso.com", "KRB5KDC_ERR_PREAUTH_FAILED")):
            with self.subTest(user):
                self.expect_refused(user, cause, "wrong")
                self.assertEqual(DOMAIN.bad_logons("lockout-user"), 1)
                DOMAIN.forgive("lockout-user")


class Guard(unittest.TestCase):
    """Tried in namespaces of the test's own: were it let in, nobody else would notice."""

    def refuse(self, outer, *wrapper):
        with tempfile.TemporaryDirectory() as folder:
            environment = {name: value for name, value in os.environ.items() if name != OUTER}
            result = subprocess.run([*wrapper, "sh", os.path.join(FAKE, "domain_private.sh"), folder, "required"],
                                    env={**environment, **outer}, capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn("domain_private:", result.stderr)

    def test_domain_is_not_started_in_namespaces_that_may_be_shared(self):
        net, mnt = namespaces()
        new = ["unshare", "-n", "-m", "--propagation", "private"]
        self.refuse({})
        self.refuse({}, *new)
        self.refuse({OUTER: ""}, *new)
        self.refuse({OUTER: "garbage"}, *new)
        self.refuse({OUTER: net}, *new)
        self.refuse({OUTER: f"{net} {mnt}"})
        self.refuse({OUTER: f"{net} {mnt}"}, "unshare", "-n")
        self.refuse({OUTER: f"{net} {mnt}"}, "unshare", "-m")


class Backups(unittest.TestCase):
    def test_backup_and_recovery_over_kerberos(self):
        with harness.Deployment() as deployment:
            fill(deployment.source)
            before = len(DOMAIN.log())
            with deployment.serve() as service:
                deployment.configure(service, path=f"\\\\{SERVER}\\data", userName=KERBEROS_USER, password=PASSWORD)
                backup = deployment.backup(service)
                self.assertEqual(backup["properties"]["backupInfo"]["status"], "Succeeded")
            self.assertIn("MASBackup", os.listdir(DOMAIN.data))

            target = deployment.path("recovered")
            harness.run("recover", "--from", DOMAIN.url(server=SECOND_NAME), "--user", KERBEROS_USER,
                        "--password-file", write_password(deployment), "--pfx", deployment.pfx_file,
                        "--pfx-password-file", deployment.password_file, "--to", target)
            self.assertEqual(differences(deployment.source, os.path.join(target, "Files")), [])
            self.assertEqual(set(logons(before)), {("krb5", "backup-user")})

    def test_wrong_password_of_the_service_is_one_bad_logon(self):
        with harness.Deployment() as deployment, deployment.serve() as service:
            for user, cause in (("CONTOSO\\lockout-user", "STATUS_LOGON_FAILURE"),
                                ("lockout-user@contoso.com", "KRB5KDC_ERR_PREAUTH_FAILED")):
                with self.subTest(user):
                    answer = service.client.poll(service.client.put(deployment.location, deployment.location_body(
                        path=DOMAIN.url(), userName=user, password="wrong")))
                    self.assertIn(cause, answer.text)
                    self.assertEqual(DOMAIN.bad_logons("lockout-user"), 1)
                    DOMAIN.forgive("lockout-user")

    def test_lockout_is_said(self):
        with harness.Deployment(initialize=False) as deployment:
            options = ["list", "--from", DOMAIN.url(), "--user", NTLM_USER.replace("backup-user", "lockout-user")]
            wrong = write_password(deployment, "wrong")
            for _ in range(LOCKOUT_THRESHOLD):
                harness.run(*options, "--password-file", wrong, check=False)
            result = harness.run(*options, "--password-file", write_password(deployment), check=False)
            self.assertEqual(result.returncode, AUTHENTICATION)
            self.assertIn("STATUS_ACCOUNT_LOCKED_OUT", result.stderr)
            DOMAIN.forgive("lockout-user")


if __name__ == "__main__":
    enter_namespaces()
    unittest.main()

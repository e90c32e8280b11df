#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# also: asan
"""The commands that read a share, black-box: list, verify, recover."""

import glob
import json
import os
import shutil
import stat
import unittest

from cli_case import Cli, environment, tree
from harness import Deployment, run


class Reading(Cli):
    """One share with two backups; every test gets its own copy of it."""

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment()
        cls.addClassCleanup(cls.deployment.remove)
        with cls.deployment.serve() as service:
            cls.deployment.configure(service)
            cls.backups = [cls.deployment.backup(service) for _ in range(2)]
        listed = json.loads(run("list", "--from", cls.deployment.share, "--json").stdout)
        cls.identities = [backup["id"] for backup in listed["backups"]]
        cls.head = listed["backups"][-1]["head"]
        cls.pfx = ["--pfx", cls.deployment.pfx_file, "--pfx-password-file", cls.deployment.password_file]

    def setUp(self):
        self.share = self.deployment.path("copy")
        self.target = self.deployment.path("target")
        shutil.copytree(self.deployment.share, self.share)
        self.addCleanup(shutil.rmtree, self.share, True)
        self.addCleanup(shutil.rmtree, self.target, True)
        self.source = ["--from", self.share]

    def damage(self, pattern):
        path = sorted(glob.glob(os.path.join(self.share, "MASBackup", pattern), recursive=True))[0]
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            byte = file.read(1)
            file.seek(0)
            file.write(bytes([byte[0] ^ 1]))
        return os.path.basename(path)

    def test_list_shows_every_backup_and_the_head(self):
        result = run("list", *self.source)
        for identity in self.identities:
            self.assertIn(identity, result.stdout)
        self.assertIn(f"head {self.head}", result.stdout)
        self.assertIn("origin is not proven", result.stdout)

    def test_verify_sound(self):
        self.assertIn("content not checked", run("verify", *self.source).stdout)
        shown = json.loads(run("verify", *self.source, *self.pfx, "--files", "--head", self.head, "--json").stdout)
        self.assertTrue(shown["sound"])
        self.assertEqual(shown["backups"], 2)
        self.assertGreater(shown["files"], 0)

    def test_verify_damage_is_named(self):
        name = self.damage("generations/**/*.pack")
        result = self.assert_refused(["verify", *self.source], 6, "not sound")
        self.assertRegex(result.stdout, rf"(?m)^MASBackup/\S*{name}: \w")
        result = run("verify", *self.source, "--json", check=False)
        self.assertFalse(json.loads(result.stdout)["sound"])

    def test_verify_wrong_signer_or_head(self):
        self.assert_refused(["verify", *self.source, "--signer", "SHA256:" + "0" * 64], 6)
        self.assert_refused(["verify", *self.source, "--head", "SHA256:" + "0" * 64], 6)
        shutil.rmtree(glob.glob(os.path.join(self.share, "MASBackup/backups/*2*" + self.identities[1]))[0])
        self.assert_refused(["verify", *self.source, "--head", self.head], 6)

    def test_recover_brings_the_files_back(self):
        result = run("recover", *self.source, *self.pfx, "--to", self.target)
        self.assertRegex(result.stdout, r"(?m)^recovered \d+ files, \d+ bytes$")
        self.assertEqual(tree(os.path.join(self.target, "Files")), tree(self.deployment.source))
        self.assertEqual(sorted(os.listdir(self.target)), ["Files", "infrabackup"])

    def test_recover_one_role_of_a_named_backup(self):
        shown = json.loads(run("recover", *self.source, *self.pfx, "--to", self.target, "--role", "Files", "--backup",
                               self.identities[0], "--json").stdout)
        self.assertEqual([role["role"] for role in shown["roles"]], ["Files"])
        self.assertEqual(os.listdir(self.target), ["Files"])

    def test_recover_damage_writes_nothing(self):
        self.damage("generations/**/*.pack")
        self.assert_refused(["recover", *self.source, *self.pfx, "--to", self.target], 6, "nothing was written")
        self.assertFalse(os.path.exists(self.target))

    def test_recover_into_what_is_there_is_refused(self):
        os.mkdir(self.target)
        with open(os.path.join(self.target, "precious"), "w", encoding="utf-8") as file:
            file.write("x")
        before = tree(self.target)
        self.assert_refused(["recover", *self.source, *self.pfx, "--to", self.target], 2, "--to", "precious",
                            "empty")
        self.assert_refused(["recover", *self.source, *self.pfx, "--to", os.path.join(self.target, "precious")], 2,
                            "--to")
        self.assertEqual(tree(self.target), before)

    def test_recover_unknown_backup_or_role_is_not_found(self):
        nobody = "00000000-0000-4000-8000-000000000000"
        self.assert_refused(["recover", *self.source, *self.pfx, "--to", self.target, "--backup", nobody], 4, nobody)
        self.assert_refused(["recover", *self.source, *self.pfx, "--to", self.target, "--role", "Nobody"], 4, "Nobody")
        self.assertFalse(os.path.exists(self.target))

    def test_recover_wrong_password_or_no_recipient(self):
        with open(self.deployment.path("wrong"), "w", encoding="utf-8") as file:
            file.write("wrong")
        os.chmod(self.deployment.path("wrong"), 0o600)
        self.assert_refused(["recover", *self.source, "--pfx", self.deployment.pfx_file, "--pfx-password-file",
                             self.deployment.path("wrong"), "--to", self.target], 5, "password")
        other = self.deployment.path("other")
        if not os.path.exists(other + ".pfx"):
            run("key", "new-cert", "--ec", "--out", other, "--password-file", self.deployment.password_file)
        thumbprint = json.loads(run("list", *self.source, "--json").stdout)["backups"][0]["thumbprint"]
        for command in (["recover", "--to", self.target], ["verify"]):
            self.assert_refused([*command, *self.source, "--pfx", other + ".pfx", "--pfx-password-file",
                                 self.deployment.password_file], 5, thumbprint)
        self.assert_refused(["recover", *self.source, "--pfx", self.deployment.certificate_file,
                             "--pfx-password-file", self.deployment.password_file, "--to", self.target], 2, "PFX")
        self.assertFalse(os.path.exists(self.target))

    def test_recover_version_rule(self):
        self.assert_refused(["recover", *self.source, *self.pfx, "--to", self.target, "--stamp-version",
                             "1.1908.0.1"], 1, "1.1908.0.1", "1.2311.1.22")
        self.assertFalse(os.path.exists(self.target))

    def test_recover_into_the_services_of_a_fresh_machine(self):
        config = {**self.deployment.config, "stateDir": os.path.join(self.target, "state"),
                  "services": [{"role": "Files", "provider": "directory", "path": os.path.join(self.target, "files")}]}
        path = self.deployment.path("fresh.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        os.mkdir(self.target)
        arguments = ["recover", *self.source, *self.pfx, "-c", path]
        temporary = self.deployment.path("temporary")
        os.makedirs(temporary, exist_ok=True)
        run(*arguments, env=environment(TMPDIR=temporary))
        self.assertEqual(os.listdir(temporary), [])
        self.assertEqual(tree(os.path.join(self.target, "files")), tree(self.deployment.source))
        state = os.path.join(self.target, "state")
        self.assertEqual(stat.S_IMODE(os.stat(state).st_mode), 0o700)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(state, "master.key")).st_mode), 0o600)
        names = {token["name"] for token in json.loads(run("token", "list", "-c", path, "--json").stdout)["tokens"]}
        self.assertEqual(names, {"init"})
        before = tree(state)
        self.assert_refused(arguments, 1, "initialised already", "--role")
        self.assertEqual(tree(state), before)
        run(*arguments, "--role", "Files")

    def test_recover_role_without_a_service_is_refused(self):
        config = {**self.deployment.config, "stateDir": os.path.join(self.target, "state"), "services": []}
        path = self.deployment.path("none.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        os.mkdir(self.target)
        self.assert_refused(["recover", *self.source, *self.pfx, "-c", path], 6, "Files", "no service")
        self.assertEqual(os.listdir(self.target), [])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# also: asan
"""The command line without a service, black-box: help, options, keys, state directory, bad input."""

import json
import os
import pty
import select
import stat
import subprocess
import unittest

import harness
from cli_case import Cli, PFX_PASSWORD, environment, openssl, tree
from harness import Deployment, run


COMMANDS = ("init", "serve", "token create", "token list", "token revoke", "key new-cert", "key new-psk",
            "key inventory", "configure", "backup", "status", "share test", "list", "verify", "recover")


class WithoutDeployment(Cli):
    def test_help_names_every_command_and_exit_code(self):
        result = run("--help")
        for command in COMMANDS:
            self.assertRegex(result.stdout, rf"(?m)^  {command} +\w")
        for code in range(7):
            self.assertRegex(result.stdout, rf"\b{code} \w")

    def test_help_of_every_command_has_options_and_an_example(self):
        for command in COMMANDS:
            with self.subTest(command):
                result = run(*command.split(), "--help")
                self.assertIn(f"usage: infrabackup {command}", result.stdout)
                self.assertIn("--json", result.stdout)
                self.assertIn(f"infrabackup {command}", result.stdout.split("Examples:")[1])
                self.assertEqual(result.stderr, "")
                self.assertFalse([line for line in result.stdout.split("\n") if len(line) > 100])

    def test_version(self):
        self.assertRegex(run("--version").stdout, r"^infrabackup \d+\.\d+\.\d+\n$")

    def test_no_or_unknown_command_shows_usage(self):
        self.assert_refused([], 2, "usage: infrabackup COMMAND", "recover")
        self.assert_refused(["nonsense"], 2, "unknown command 'nonsense'", "usage:")
        self.assert_refused(["token"], 2, "missing", "token create")
        self.assert_refused(["token", "eat"], 2, "'eat'", "token revoke")

    def test_unknown_option_shows_usage(self):
        for command in COMMANDS:
            with self.subTest(command):
                result = self.assert_refused([*command.split(), "--nonsense"], 2, "--nonsense: unknown option",
                                             f"usage: infrabackup {command}")
                self.assertEqual(result.stdout, "")

    def test_missing_option_is_named(self):
        for arguments, option in ((["init"], "--config"), (["serve"], "--config"),
                                  (["token", "create", "-c", "x", "--name", "x"], "--role"),
                                  (["token", "revoke", "-c", "x"], "NAME|ID"), (["key", "new-cert"], "--out"),
                                  (["key", "new-psk"], "--out"), (["list"], "--from"), (["verify"], "--from"),
                                  (["share", "test"], "--share"), (["recover", "--from", "/"], "--pfx"),
                                  (["recover", "--from", "/", "--pfx", "x"], "--to"),
                                  (["backup"], "--url"), (["status"], "--url"), (["configure"], "--path"),
                                  (["verify", "--from", "/", "--files"], "--files")):
            with self.subTest(arguments):
                self.assert_refused(arguments, 2, f"{option}: ")

    def test_values_out_of_range_name_what_is_allowed(self):
        for value in ("3", "13", "x", "-1"):
            self.assert_refused(["configure", f"--frequency={value}"], 2, "--frequency", f"'{value}'", "4 to 12")
        for value in ("1", "15"):
            self.assert_refused(["configure", f"--retention={value}"], 2, "--retention", f"'{value}'", "2 to 14")
        self.assert_refused(["configure", "--scheduler", "maybe"], 2, "--scheduler", "'maybe'", "on or off")
        self.assert_refused(["token", "create", "-c", "x", "--name", "x", "--role", "King"], 2, "--role", "'King'",
                            "Reader", "Operator", "Administrator")
        self.assert_refused(["list", "--from", "/tmp", "--signer", "SHA256:12"], 2, "--signer", "64 hex")
        self.assert_refused(["list", "--from", "/tmp", "--head", "x"], 2, "--head", "64 hex")
        self.assert_refused(["status", "--url", "http://127.0.0.1:1", "--subscription", "x"], 2, "--subscription",
                            "GUID")

    def test_share_that_is_no_share_is_named(self):
        for command in (["list", "--from"], ["verify", "--from"], ["configure", "--path"], ["share", "test", "--share"]):
            for share in ("relative/path", "\\\\server", "ftp://server/share", "/a/../b"):
                with self.subTest((command, share)):
                    self.assert_refused([*command, share], 2, command[-1], share, "\\\\server\\share")

    def test_share_without_backups_is_not_found(self):
        with Deployment(initialize=False) as deployment:
            self.assert_refused(["list", "--from", deployment.share], 4, "no repository")
            self.assert_refused(["list", "--from", deployment.path("nothing")], 4)
            result = run("list", "--from", deployment.share, "--json", check=False)
            self.assertEqual(json.loads(result.stdout)["error"]["status"], "not-found")


class Keys(Cli):
    def setUp(self):
        self.deployment = Deployment(initialize=False)
        self.addCleanup(self.deployment.remove)
        self.base = self.deployment.path("key")
        self.password = self.deployment.password_file

    def new(self, *arguments, **options):
        return run("key", "new-cert", "--out", self.base, *arguments, **options)

    def test_new_certificate_writes_a_pair_that_openssl_opens(self):
        for kind, text in (("--rsa", "(3072 bit)"), ("--ec", "P-256")):
            with self.subTest(kind):
                self.base = self.deployment.path("key" + kind)
                self.new(kind, "--common-name", "test key", "--days", "30", "--password-file", self.password)
                self.assertEqual(stat.S_IMODE(os.stat(self.base + ".pfx").st_mode), 0o600)
                shown = subprocess.run(["openssl", "x509", "-inform", "DER", "-in", self.base + ".cer", "-noout",
                                        "-text"], check=True, capture_output=True, text=True).stdout
                self.assertIn(text, shown)
                self.assertIn("CN = test key", shown)
                openssl("pkcs12", "-in", self.base + ".pfx", "-passin", f"file:{self.password}", "-nodes",
                        "-out", self.base + ".pem")

    def test_new_certificate_never_overwrites(self):
        for name in (".cer", ".pfx"):
            with self.subTest(name):
                path = self.base + name
                with open(path, "w", encoding="utf-8") as file:
                    file.write("precious")
                before = tree(self.deployment.folder)
                self.assert_refused(["key", "new-cert", "--out", self.base, "--password-file", self.password], 1,
                                    path, "not overwritten")
                self.assertEqual(tree(self.deployment.folder), before)
                os.unlink(path)

    def test_new_certificate_without_password_writes_nothing(self):
        empty = self.deployment.path("empty")
        with open(empty, "w", encoding="utf-8"):
            pass
        before = tree(self.deployment.folder)
        self.assert_refused(["key", "new-cert", "--out", self.base, "--password-file", empty], 2, "--password-file",
                            "empty")
        self.assert_refused(["key", "new-cert", "--out", self.base, "--rsa", "--ec"], 2, "--ec", "--rsa")
        self.assert_refused(["key", "new-cert", "--out", self.base, "--password-file",
                             self.deployment.path("nothing")], 4, "nothing")
        self.assertEqual(tree(self.deployment.folder), before)

    def test_new_certificate_takes_its_password_from_the_environment(self):
        self.new("--ec", env=environment(INFRABACKUP_PFX_PASSWORD=PFX_PASSWORD))
        openssl("pkcs12", "-in", self.base + ".pfx", "-passin", f"file:{self.password}", "-nodes", "-out",
                self.base + ".pem")

    def test_new_certificate_asks_on_a_terminal_without_echo(self):
        """The password is typed twice at a prompt and never shown."""
        child, terminal = pty.fork()
        if child == 0:
            os.execve(harness.PROGRAM[0], [*harness.PROGRAM, "key", "new-cert", "--ec", "--out", self.base],
                      environment())
        seen = b""
        typed = 0
        while select.select([terminal], [], [], harness.CALL_SECONDS)[0]:
            try:
                seen += os.read(terminal, 4096)
            except OSError:
                break
            if seen.count(b": ") > typed and typed < 2 and seen.endswith(b": "):
                # The prompt is written before the echo goes off; its flush drops what came too early.
                while b"-echo " not in subprocess.run(["stty", "-a"], stdin=terminal, check=True,
                                                      capture_output=True).stdout:
                    pass
                os.write(terminal, PFX_PASSWORD.encode() + b"\n")
                typed += 1
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0, seen)
        os.close(terminal)
        self.assertEqual(typed, 2)
        self.assertNotIn(PFX_PASSWORD.encode(), seen)
        openssl("pkcs12", "-in", self.base + ".pfx", "-passin", f"file:{self.password}", "-nodes", "-out",
                self.base + ".pem")

    def test_new_psk_is_private_and_random(self):
        texts = set()
        for name in ("a", "b"):
            path = self.deployment.path(name)
            run("key", "new-psk", "--out", path)
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with open(path, encoding="utf-8") as file:
                texts.add(file.read())
        self.assertEqual(len(texts), 2)
        for text in texts:
            self.assertRegex(text, r"^[A-Za-z0-9+/]{64}\n$")
        self.assert_refused(["key", "new-psk", "--out", self.deployment.path("a")], 1, self.deployment.path("a"))


class State(Cli):
    def setUp(self):
        self.deployment = Deployment(initialize=False)
        self.addCleanup(self.deployment.remove)
        self.config = self.deployment.config_path

    def test_commands_before_init_name_init_and_make_nothing(self):
        for command in (["serve"], ["token", "list"], ["key", "inventory"], ["token", "revoke", "x"]):
            with self.subTest(command):
                self.assert_refused([*command, "-c", self.config], 4, "infrabackup init")
                self.assertFalse(os.path.exists(self.deployment.path("state/state.sqlite")))

    def test_bad_configuration_is_named_by_its_path(self):
        for text, part in (("{", "line"), ('{"stateDirr": 1}', "stateDirr"), ("[]", "object")):
            with open(self.config, "w", encoding="utf-8") as file:
                file.write(text)
            for command in (["init"], ["serve"], ["token", "list"]):
                with self.subTest((text, command)):
                    self.assert_refused([*command, "-c", self.config], 2, part)
        self.assert_refused(["init", "-c", self.deployment.path("nothing")], 4, "nothing")
        self.assertFalse(os.path.exists(self.deployment.path("state")))

    def test_init_twice_is_refused_and_changes_nothing(self):
        shown = json.loads(run("init", "-c", self.config, "--json").stdout)
        self.assertRegex(shown["token"], r"^ib_[A-Za-z0-9_-]{43}$")
        self.assertRegex(shown["signer"], r"^SHA256:[0-9a-f]{64}$")
        state = self.deployment.path("state")
        self.assertEqual(stat.S_IMODE(os.stat(state).st_mode), 0o700)
        before = tree(state)
        self.assert_refused(["init", "-c", self.config], 1, "initialised already")
        self.assertEqual(tree(state), before)

    def test_tokens_are_made_listed_and_revoked(self):
        run("init", "-c", self.config)
        made = json.loads(run("token", "create", "-c", self.config, "--name", "watch", "--role", "reader",
                              "--expires-days", "3", "--json").stdout)
        listed = run("token", "list", "-c", self.config, "--json").stdout
        self.assertNotIn(made["token"], listed)
        rows = {token["name"]: token for token in json.loads(listed)["tokens"]}
        self.assertEqual((rows["watch"]["role"], rows["watch"]["state"]), ("Reader", "valid"))
        self.assertIsNotNone(rows["watch"]["expiresTime"])
        self.assertIsNone(rows["watch"]["lastUsedTime"])
        self.assert_refused(["token", "create", "-c", self.config, "--name", "watch", "--role", "Reader"], 1, "watch")
        run("token", "revoke", "-c", self.config, "watch")
        rows = json.loads(run("token", "list", "-c", self.config, "--json").stdout)["tokens"]
        self.assertEqual([token["state"] for token in rows if token["name"] == "watch"], ["revoked"])
        self.assert_refused(["token", "revoke", "-c", self.config, "nobody"], 4, "nobody")


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Stopping, black-box: SIGTERM in the middle of a backup and beside it, two services on one state directory, TLS."""

import json
import os
import random
import signal
import subprocess
import unittest

import aftermath
import backups
import counted
import harness
from harness import Deployment

# Of the contract: a stop takes no longer, whatever runs.
STOP_SECONDS = 10
FILES, FILE_SIZE = 128, 1 << 20


class Stop(unittest.TestCase):
    """A new deployment a test, with enough data that a backup is still running when it is stopped."""

    def setUp(self):
        self.deployment = Deployment()
        self.addCleanup(self.deployment.remove)

    def fill(self, seed):
        backups.write_files(self.deployment.source, FILES, FILE_SIZE, random.Random(seed))

    def terminate(self, service, number=signal.SIGTERM):
        """The exit status; a stop that takes too long raises."""
        service.process.send_signal(number)
        status = service.process.wait(STOP_SECONDS)
        service.client.close()
        return status

    def stop_during(self, seed, number=signal.SIGTERM):
        """Stops a backup that has completed a pack, and checks what is left."""
        before = backups.packs(self.deployment)
        self.fill(seed)
        with self.deployment.serve() as service:
            identifier = backups.start(service)
            shown = backups.wait(service, identifier,
                                 lambda _: len(backups.packs(self.deployment)) > len(before), 0.002)
            self.assertIn(shown["state"], backups.RUNNING, shown)
            self.assertEqual(self.terminate(service, number), 0, service.log()[-4000:])
            log = service.log()
        found = aftermath.check(self, self.deployment, identifier, before, FILES * FILE_SIZE)
        print(f"{number.name}: {found}", flush=True)
        return found, log

    def test_backup_is_stopped(self):
        with self.deployment.serve() as service:
            self.deployment.configure(service)
        found, log = self.stop_during(1)
        self.assertEqual(found.state, "Failed")
        self.assertIn("the service was stopped while the job was running", found.reason)
        self.assertFalse(found.committed)
        self.assertGreater(found.packs, 0)
        self.assertNotIn("ending at once", log)
        found, _ = self.stop_during(2, signal.SIGINT)
        self.assertEqual(found.state, "Failed")

    def test_program_of_a_role_is_stopped(self):
        """A role's program that never ends is not left behind."""
        gate = self.deployment.path("gate")
        os.mkfifo(gate)
        self.deployment.config["services"].append(
            {"role": "Gated", "provider": "command", "command": ["/bin/cat", gate], "entryName": "data"})
        with open(self.deployment.config_path, "w", encoding="utf-8") as file:
            json.dump(self.deployment.config, file)
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            identifier = backups.start(service)
            # Opens when the program reads, which then waits for as long as this is open.
            with open(gate, "wb"):
                self.assertNotEqual(readers(gate), [])
                self.assertEqual(self.terminate(service), 0, service.log()[-4000:])
                self.assertEqual(readers(gate), [])
        with self.deployment.serve() as service:
            shown = backups.job(service, identifier)
            self.assertEqual(shown["state"], "Failed", shown)
            self.assertIn("the service was stopped", shown["error"]["message"])

    def test_idle_service_stops(self):
        service = self.deployment.serve()
        self.addCleanup(service.__exit__, None, None, None)
        self.assertEqual(service.client.get("/readyz", version=None).status, 200)
        self.assertEqual(self.terminate(service), 0)

    def test_second_service_is_refused(self):
        with self.deployment.serve() as service:
            result = harness.run("serve", "-c", self.deployment.config_path, check=False)
            self.assertEqual(result.returncode, 1, result)
            self.assertIn("another process serves this state directory", result.stderr)
            self.assertNotIn("listening", result.stdout)
            # Nobody was disturbed.
            self.deployment.configure(service)
            backups.make(service)
        # And the directory is free again.
        with self.deployment.serve() as service:
            backups.make(service)


def readers(path):
    """Processes that have @path open."""
    found = []
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            links = [os.readlink(f"/proc/{process}/fd/{name}") for name in os.listdir(f"/proc/{process}/fd")]
        except OSError:
            continue
        if path in links and int(process) != os.getpid():
            found.append(int(process))
    return found


class Tls(unittest.TestCase):
    """The program's own client over TLS, against a certificate that openssl made."""

    def client(self, deployment, service, *arguments, ca_file=None):
        token_file = deployment.path("token")
        with open(token_file, "w", encoding="utf-8") as file:
            file.write(deployment.token)
        trust = ["--ca-file", ca_file] if ca_file else []
        return harness.run(arguments[0], "-c", deployment.config_path, "--url", service.url, "--token-file",
                           token_file, *trust, *arguments[1:], check=False)

    def test_client_backs_up_over_tls(self):
        with Deployment(tls=True) as deployment, deployment.serve() as service:
            self.assertTrue(service.url.startswith("https://"))
            for arguments in (["configure", "--path", deployment.share, "--cert", deployment.certificate_file],
                              ["backup", "--wait"], ["status"]):
                result = self.client(deployment, service, *arguments, ca_file=deployment.server_ca)
                self.assertEqual(result.returncode, 0, result)
            self.assertEqual(len(backups.committed(deployment)), 1)

    def test_client_trusts_only_the_ca(self):
        with Deployment(tls=True) as deployment, Deployment(tls=True) as other, deployment.serve() as service:
            # The other's configuration names the other's certificate, which is trusted by default.
            for who, ca_file in ((other, None), (deployment, other.server_ca)):
                result = self.client(who, service, "status", ca_file=ca_file)
                self.assertEqual(result.returncode, 1, result)
                self.assertRegex(result.stderr, "(?i)certificate")
                self.assertNotIn(deployment.token, result.stdout + result.stderr)

    def test_key_that_does_not_fit_is_refused(self):
        with Deployment(tls=True) as deployment:
            subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                            deployment.config["http"]["tls"]["keyFile"]], check=True, capture_output=True)
            result = harness.run("serve", "-c", deployment.config_path, check=False)
            self.assertNotEqual(result.returncode, 0, result)
            self.assertNotIn("listening", result.stdout)
            self.assertIn(deployment.server_ca, result.stderr)


if __name__ == "__main__":
    counted.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# weight: 2
"""Alerts of a real service over real file systems: each fault raises the one alert that is right, with its evidence, and
the next good backup closes it. Runs in a mount namespace of its own."""

import os
import random
import unittest

import alerts
import backups
import counted
import harness
import namespace

PAUSED = "BackupSchedulerPausedFault"
SECRET = "a-share-password-77"


class AlertCase(unittest.TestCase):
    def deploy(self, **options):
        deployment = harness.Deployment(**options)
        self.addCleanup(deployment.remove)
        backups.write_files(deployment.source, 8, 1 << 20, random.Random(1))
        return deployment

    def fail(self, service, fault, *evidence):  # pylint: disable=arguments-renamed
        """A backup that must fail, and what its alert says; the alert is the only one about a backup."""
        shown = backups.wait(service, backups.start(service))
        self.assertEqual(shown["state"], "Failed", shown)
        # Nothing is waited for: whoever sees the end of the job sees its alert.
        found = alerts.listed(service)
        self.assertEqual(set(found) - {PAUSED}, {fault}, found)
        alert = found[fault]
        for part in (service.deployment.share, *evidence):
            self.assertIn(part, alerts.text(alert))
        self.assertEqual(alert["alertProperties"]["backupId"], shown["operationId"])
        self.assertEqual(alert["severity"], "Critical")
        return alert

    def assert_healed(self, service):
        backups.make(service)
        self.assertEqual(set(alerts.listed(service)), {PAUSED})


class Share(AlertCase):
    """A deployment whose share is a file system that the test mounted."""

    def setUp(self):
        self.deployment = self.deploy()
        self.share = self.deployment.share

    def test_full(self):
        namespace.mount(self, self.share, "-t", "tmpfs", "-o", "size=20m", "tmpfs")
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            backups.write_files(self.deployment.source, 32, 1 << 20, random.Random(2))
            first = self.fail(service, "BackupFailedShareOutOfCapacityFault", "ENOSPC")
            again = self.fail(service, "BackupFailedShareOutOfCapacityFault")
            self.assertEqual(again["alertId"], first["alertId"])
            self.assertEqual(again["alertProperties"]["timesRaised"], "2")
            self.assertEqual(again["createdTimestamp"], first["createdTimestamp"])
            # Another class takes its place.
            namespace.call("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", self.share)
            self.fail(service, "BackupFailedSharePathInvalidFault", "marker")
            namespace.call("umount", self.share)
            namespace.call("mount", "--options-mode", "ignore", "-t", "tmpfs", "-o", "remount,size=512m", "tmpfs",
                           self.share)
            self.assert_healed(service)
            closed = alerts.listed(service, "State eq 'Closed' and Severity eq 'Critical'")
            self.assertEqual(set(closed), {"BackupFailedShareOutOfCapacityFault",
                                           "BackupFailedSharePathInvalidFault"})
            for alert in closed.values():
                self.assertNotIn("closedByUserAlias", alert)
                self.assertEqual(alert["closedTimestamp"], alert["lastUpdatedTimestamp"])

    def test_almost_full(self):
        # A test of the share needs more room than what makes it almost full.
        namespace.mount(self, self.share, "-t", "tmpfs", "-o", "size=24m", "tmpfs")
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            with open(os.path.join(self.share, "of-others"), "wb") as file:
                file.write(bytes(10 << 20))
            backups.make(service)
            found = alerts.listed(service)
            self.assertEqual(set(found), {PAUSED, "ExternalShareAlmostFullFault"})
            full = found["ExternalShareAlmostFullFault"]
            self.assertRegex(alerts.text(full), r"[0-9.]+ MB are free\. [0-9.]+ MB are expected .* [0-9]+ days\.")
            namespace.call("mount", "--options-mode", "ignore", "-t", "tmpfs", "-o", "remount,size=512m", "tmpfs",
                           self.share)
            self.assert_healed(service)

    def test_not_writable(self):
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            backups.make(service)
            namespace.mount(self, self.share, "--bind", self.share)
            namespace.call("mount", "-o", "remount,bind,ro", self.share)
            self.fail(service, "BackupFailedShareReadWriteFault", "EROFS")
            namespace.call("umount", self.share)
            self.assert_healed(service)

    def test_missing(self):
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            backups.make(service)
            os.rename(self.share, self.share + "-gone")
            self.fail(service, "BackupFailedSharePathInvalidFault", "ENOENT")
            os.rename(self.share + "-gone", self.share)
            self.assert_healed(service)

    def test_of_another_deployment(self):
        marker = os.path.join(self.share, "MASBackup", "repository.json")
        with self.deployment.serve() as service:
            self.deployment.configure(service)
            with open(marker, encoding="utf-8") as file:
                ours = file.read()
            with open(marker, "w", encoding="utf-8") as file:
                file.write(ours.replace(self.deployment.deployment_id, "11111111-0d4c-4a54-8d08-0c1a56d7c002"))
            self.fail(service, "BackupFailedShareForeignFault", "11111111-0d4c-4a54-8d08-0c1a56d7c002")
            with open(marker, "w", encoding="utf-8") as file:
                file.write(ours)
            self.assert_healed(service)


class Life(AlertCase):
    def test_not_configured_then_paused_then_neither(self):
        deployment = self.deploy()
        with deployment.serve() as service:
            found = alerts.listed(service)
            self.assertEqual(set(found), {"BackupShareNotConfiguredFault"})
            self.assertEqual(found["BackupShareNotConfiguredFault"]["severity"], "Warning")
            deployment.configure(service, isBackupSchedulerEnabled=True, password=SECRET)
            self.assertEqual(alerts.listed(service), {})
            deployment.configure(service, isBackupSchedulerEnabled=False, password=SECRET)
            self.assertEqual(set(alerts.listed(service)), {PAUSED})
            deployment.configure(service, isBackupSchedulerEnabled=True, password=SECRET)
            self.assertEqual(alerts.listed(service), {})
            self.assertNotIn(SECRET, service.client.get(deployment.alerts, version=alerts.VERSION).text)

    def test_partial(self):
        deployment = self.deploy(services=lambda d: [
            {"role": "Files", "provider": "directory", "path": d.source},
            {"role": "Ledger", "provider": "command", "essential": False,
             "command": ["/bin/sh", "-c", f"test -e {d.path('up')} && echo data || {{ echo ledger is down >&2; exit 1; }}"]}])
        with deployment.serve() as service:
            deployment.configure(service)
            shown = backups.wait(service, backups.start(service))
            self.assertEqual(shown["state"], "PartialSucceeded", shown)
            found = alerts.listed(service)
            self.assertEqual(set(found), {PAUSED, "BackupPartialSucceededFault"})
            partial = found["BackupPartialSucceededFault"]
            self.assertEqual(partial["alertProperties"]["rolesFailedInBackup"], "Ledger")
            self.assertIn("ledger is down", alerts.text(partial))
            with open(deployment.path("up"), "w", encoding="utf-8"):
                pass
            self.assert_healed(service)

    def test_killed_service_tells_at_its_next_start(self):
        deployment = self.deploy()
        with deployment.serve() as service:
            deployment.configure(service)
            backups.write_files(deployment.source, 64, 1 << 20, random.Random(3))
            identifier = backups.start(service)
            backups.wait(service, identifier, lambda shown: shown["state"] == "Running")
            service.kill()
        with deployment.serve() as service:
            found = alerts.listed(service)
            general = found["BackupFailedGeneralFault"]
            self.assertEqual(general["alertProperties"]["backupId"], identifier)
            self.assertIn("interrupted", alerts.text(general))
        with deployment.serve() as service:
            again = alerts.listed(service)["BackupFailedGeneralFault"]
            self.assertEqual(again, general)
            self.assert_healed(service)

    def test_operator_closes_over_rest_and_on_the_command_line(self):
        deployment = self.deploy()
        token = deployment.path("operator.token")
        deployment._write(token, deployment.new_token("Operator", "olga").encode(), 0o600)
        with deployment.serve() as service:
            deployment.configure(service)
            options = ["-c", deployment.config_path, "--url", service.url, "--token-file", token]
            shown = harness.run("alerts", *options).stdout
            for part in ("Warning: Infrastructure backups are paused", "seen 1 time", "found", "to do    1. "):
                self.assertIn(part, shown)
            self.assertTrue(all(len(line) <= 102 for line in shown.splitlines()), shown)
            identifier = alerts.listed(service)[PAUSED]["alertId"]
            self.assertIn("by olga", harness.run("alerts", "close", *options, identifier).stdout)
            self.assertEqual(harness.run("alerts", *options).stdout, "no alerts\n")
            closed = alerts.get(service, f"/{identifier}", "alert")["properties"]
            self.assertEqual((closed["state"], closed["closedByUserAlias"]), ("Closed", "olga"))
            # What an operator closed is quiet, also after the next job.
            backups.make(service)
            self.assertEqual(alerts.listed(service), {})
            self.assertIn("by olga", harness.run("alerts", *options, "--all").stdout)
            document = harness.run("alerts", *options, "--all", "--json").stdout
            self.assertIn(identifier, document)
            self.assertEqual(harness.run("alerts", "close", *options, identifier[::-1], check=False).returncode, 2)
            missing = harness.run("alerts", "close", *options, "11111111-0000-4000-8000-000000000000", check=False)
            self.assertEqual(missing.returncode, 4, missing.stderr)

    def test_health_counts(self):
        deployment = self.deploy()
        with deployment.serve() as service:
            region = deployment.alerts.rsplit("/", 1)[0]
            for path, schema in ((region.rsplit("/", 1)[0], "region_health_list"), (region, "region_health"),
                                 (f"{region}/serviceHealths", "service_health_list")):
                answer = service.client.get(path, version=alerts.VERSION)
                self.assertEqual(answer.status, 200, answer)
                harness.validate(answer.json, schema)
            entry = answer.json["value"][0]
            self.assertEqual(entry["properties"]["healthState"], "Warning")
            self.assertEqual(entry["properties"]["alertSummary"],
                             {"criticalAlertCount": 0, "warningAlertCount": 1})
            answer = service.client.get(f"{entry['id']}/resourceHealths", version=alerts.VERSION)
            harness.validate(answer.json, "resource_health_list")
            operations = service.client.get("/providers/Microsoft.InfrastructureInsights.Admin/operations",
                                            version=alerts.VERSION)
            harness.validate(operations.json, "provider_operations")


if __name__ == "__main__":
    namespace.enter()
    counted.main()

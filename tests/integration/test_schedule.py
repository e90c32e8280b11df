#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The schedule, black-box: a service whose wall clock the test moves, killed and restarted at will."""

import datetime
import random
import time
import unittest

import alerts
import backups
import counted
from harness import Deployment, validate
from moved_clock import Clock

HOUR = 3600


def seconds(text):
    """Since 1970, of a time in an answer."""
    return datetime.datetime.fromisoformat(text[:19] + "+00:00").timestamp()


class Schedule(unittest.TestCase):
    """One deployment a test, its clock in the test's hands."""

    def setUp(self):
        self.deployment = Deployment()
        self.addCleanup(self.deployment.remove)
        self.clock = Clock(self.deployment)

    def serve(self):
        return self.deployment.serve(env=self.clock.environment)

    def store(self, service):
        answer = service.client.get(self.deployment.location)
        validate(answer.json, "backup_location")
        return answer.json["properties"]["externalStoreDefault"]

    def next_time(self, service):
        return seconds(self.store(service)["nextBackupTime"])

    def automatic(self, service):
        """The scheduled jobs, all of them over."""
        while True:
            jobs = [job for job in backups.jobs(service) if job["kind"] == "backup"]
            if all(job["state"] not in backups.RUNNING for job in jobs):
                return [job for job in jobs if job["requestedBy"] == "schedule"]
            time.sleep(0.02)

    def test_1_running_service_follows_its_clock(self):
        with self.serve() as service:
            self.deployment.configure(service, isBackupSchedulerEnabled=True, backupFrequencyInHours=4)
            planned = self.next_time(service)
            self.assertAlmostEqual(planned, self.clock.now() + 4 * HOUR, delta=120)
            self.clock.advance_to(planned)
            while not self.automatic(service):
                time.sleep(0.1)
            job, = self.automatic(service)
            self.assertEqual(job["state"], "Succeeded", job)
            self.assertEqual(self.next_time(service), planned + 4 * HOUR)
            listed = service.client.get(f"{self.deployment.location}/backups").json["value"]
            self.assertEqual([item["properties"]["backupInfo"]["isAutomaticBackup"] for item in listed], [True])
            self.assertEqual(self.store(service)["lastBackupTime"],
                             listed[0]["properties"]["backupInfo"]["createdDateTime"])
            # On demand: neither automatic nor of the grid.
            shown = self.deployment.backup(service)
            self.assertIs(shown["properties"]["backupInfo"]["isAutomaticBackup"], False)
            self.assertEqual(self.next_time(service), planned + 4 * HOUR)

    def test_2_down_for_days_makes_up_once(self):
        with self.serve() as service:
            self.deployment.configure(service, isBackupSchedulerEnabled=True, backupFrequencyInHours=12)
            planned = self.next_time(service)
        for round_number in (1, 2):
            self.clock.set(self.clock.offset + 75 * HOUR)
            for _ in range(3):
                with self.serve() as service:
                    self.wait_until_looked(service)
                    self.assertEqual(len(self.automatic(service)), round_number)
                    self.assertEqual((self.next_time(service) - planned) % (12 * HOUR), 0)

    def wait_until_looked(self, service):
        """The look at the start is over when the next point lies ahead."""
        while self.next_time(service) <= self.clock.now():
            time.sleep(0.02)

    def test_3_killed_at_any_moment_neither_loses_nor_doubles(self):
        generator = random.Random(11)
        with self.serve() as service:
            self.deployment.configure(service, isBackupSchedulerEnabled=True, backupFrequencyInHours=4)
        for points in range(1, 6):
            self.clock.set(self.clock.offset + 4 * HOUR)
            for _ in range(3):
                with self.serve() as service:
                    # Any moment: before the look, within it, after it.
                    time.sleep(generator.random() * 0.02)
                    service.kill()
            with self.serve() as service:
                self.wait_until_looked(service)
                jobs = self.automatic(service)
                self.assertEqual(len(jobs), points, jobs)

    def test_4_paused(self):
        with self.serve() as service:
            self.deployment.configure(service, isBackupSchedulerEnabled=False, backupFrequencyInHours=4)
            planned = self.next_time(service)
        self.clock.set(9 * HOUR)
        with self.serve() as service:
            self.wait_until_looked(service)
            self.assertEqual(self.next_time(service), planned + 8 * HOUR)
            self.deployment.configure(service, isBackupSchedulerEnabled=True, backupFrequencyInHours=None)
            self.assertEqual(self.next_time(service), planned + 8 * HOUR)
            self.assertEqual(self.automatic(service), [])

    def test_5_maintenance(self):
        with self.serve() as service:
            self.deployment.configure(service, isBackupSchedulerEnabled=True, backupFrequencyInHours=4)
            planned = self.next_time(service)
            service.client.post(f"{self.deployment.location}/maintenance", {"operation": "Update"})
        self.clock.set(5 * HOUR)
        with self.serve() as service:
            self.wait_until_looked(service)
            job, = self.automatic(service)
            self.assertEqual(job["state"], "Skipped", job)
            self.assertIn("maintenance (Update)", job["error"]["message"])
            skipped = alerts.listed(service)["BackupSkippedWithFailedOperationFault"]["alertProperties"]
            self.assertEqual(skipped["failedAdminOperations"], "Update")
            self.assertEqual((seconds(skipped["scheduledBackupDateTime"]), seconds(skipped["nextBackupDateTime"])),
                             (planned, planned + 4 * HOUR))
            # The contract's list of backups has neither data nor a word for it.
            listed = service.client.get(f"{self.deployment.location}/backups").json["value"]
            self.assertEqual(listed, [])
            self.assertEqual(service.client.get(f"{self.deployment.location}/backups/{job['operationId']}").status, 404)
            service.client.post(f"{self.deployment.location}/maintenance/end", {"backupAfter": False})
            while len(self.automatic(service)) < 2:
                time.sleep(0.02)
            self.assertEqual([item["state"] for item in self.automatic(service)], ["Succeeded", "Skipped"])
            self.assertEqual(alerts.listed(service), {})
            self.assertEqual(self.next_time(service), planned + 4 * HOUR)


if __name__ == "__main__":
    counted.main()

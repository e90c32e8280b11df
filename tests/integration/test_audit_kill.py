#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The service ends in the middle of a write: the audit log tells that it was begun."""

import contextlib
import http.client
import os
import sqlite3
import unittest

import audit_log
import harness

LIBRARY = os.path.join(os.path.dirname(harness.PROGRAM[-1]), "tests", "preload", "end_at_flush.so")


class AuditKill(unittest.TestCase):
    def setUp(self):
        if not os.path.exists(LIBRARY):
            raise harness.Failure(f"{LIBRARY} is missing: make test-tools")
        self.deployment = harness.Deployment()
        self.addCleanup(self.deployment.remove)

    def killed_create(self, number):
        """Rows of a createBackup that ends the service before the @number-th flush, and jobs it left."""
        order = self.deployment.path("end-at-flush")
        environment = {**os.environ, "END_AT_FLUSH": order, "LD_PRELOAD": LIBRARY}
        with self.deployment.serve(env=environment) as service:
            self.deployment.configure(service)
            with open(order + ".new", "w", encoding="utf-8") as file:
                file.write(str(number))
            os.rename(order + ".new", order)
            with self.assertRaises((http.client.HTTPException, ConnectionError)):
                service.client.post(f"{self.deployment.location}/createBackup")
            os.remove(order)
            service.kill()
        with contextlib.closing(sqlite3.connect(audit_log.database(self.deployment))) as connection:
            [[jobs]] = connection.execute("SELECT count(*) FROM job WHERE kind = 'backup'")
        rows = audit_log.rows(self.deployment)
        return [row for row in rows if row["operation"] == "BackupLocations_CreateBackup"], jobs

    def killed_create_where(self, numbers, is_there):
        """The same at the first of @numbers that hits: the update before it may still flush something."""
        for number in numbers:
            rows, jobs = self.killed_create(number)
            if is_there(rows, jobs):
                return rows, jobs
        return self.fail(f"none of the flushes {list(numbers)} is that of the request")

    def test_before_the_change_the_row_stays_begun(self):
        [row], jobs = self.killed_create_where([1] * 5, lambda rows, jobs: rows)
        self.assertEqual(jobs, 0)
        self.assertEqual((row["ended_time"], row["outcome_hash"]), (0, None))
        status, report = audit_log.verify(self.deployment)
        self.assertEqual((status, report["begun"]), (0, 1))
        # It stays, and the log goes on behind it.
        with self.deployment.serve():
            pass
        status, report = audit_log.verify(self.deployment)
        self.assertEqual((status, report["begun"]), (0, 1))

    def test_between_the_change_and_its_outcome_the_row_stays_begun(self):
        rows, jobs = self.killed_create_where(range(2, 8), lambda rows, jobs: jobs > 0)
        self.assertEqual((jobs, rows[-1]["ended_time"]), (1, 0))
        self.assertEqual(audit_log.verify(self.deployment)[0], 0)


if __name__ == "__main__":
    unittest.main()

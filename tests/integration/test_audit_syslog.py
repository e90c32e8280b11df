#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""audit.syslog: every row is one line of the system's log, and nobody writes lines of his own."""

import os
import re
import unittest

import audit_log
import harness

AUTHPRIV_NOTICE = 10 << 3 | 5


class Syslog(unittest.TestCase):
    def setUp(self):
        self.deployment = harness.Deployment(config={"audit": {"syslog": True}})
        self.addCleanup(self.deployment.remove)
        library = os.path.join(os.path.dirname(harness.PROGRAM[-1]), "tests", "preload", "syslog_file.so")
        self.assertTrue(os.path.exists(library), f"{library} is missing: make test-tools")
        self.path = self.deployment.path("syslog")
        self.environment = {**os.environ, "SYSLOG_FILE": self.path, "LD_PRELOAD": library}

    def lines(self):
        with open(self.path, encoding="ascii") as file:
            return file.read().splitlines()

    def test_every_row_is_a_line(self):
        with self.deployment.serve(env=self.environment) as service:
            self.deployment.configure(service)
            for target in ("/%C3%A9%22%20http=%22200", "/plain"):
                self.assertEqual(service.client.post(target).status, 404)
        # init ran before, without the library.
        rows = audit_log.rows(self.deployment)[1:]
        lines = self.lines()
        self.assertEqual([f'{row["sequence"]}:{row["hash"].hex()}' for row in rows],
                         [re.search(r'head="([^"]*)"', line).group(1) for line in lines])
        for line in lines:
            self.assertRegex(line, rf'^<{AUTHPRIV_NOTICE}>audit( [a-z]+="[^"\\]*(\\x[0-9a-f]{{2}}[^"\\]*)*")+$')
            self.assertNotIn(self.deployment.token, line)
            self.assertNotIn("a share password", line)
        [refused] = [line for line in lines if "xc3" in line]
        self.assertIn(r'path="/\xc3\xa9\x22 http=\x22200"', refused)
        self.assertIn('http="404"', refused)


if __name__ == "__main__":
    unittest.main()

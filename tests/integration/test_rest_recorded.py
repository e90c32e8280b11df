#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the service sends against what real stamps were recorded to send: order of keys, nulls, headers, Retry-After,
the course of operations, forms of times and durations. recorded_table.py has the rows, this makes them tests."""

import re
import unittest

import recorded_life
import recorded_table


class Recorded(unittest.TestCase):
    """One life for all rows; a test an exchange and section, added below."""

    @classmethod
    def setUpClass(cls):
        life = recorded_life.Life()
        life.live()
        cls.exchanges = life.exchanges

    def check(self, version, exchange, what, expected):
        self.assertIn((version, exchange), self.exchanges, "this was not exchanged")
        for answer in self.exchanges[version, exchange]:
            try:
                found = recorded_life.looked_at(answer, what)
            except (KeyError, IndexError, TypeError, StopIteration) as error:
                self.fail(f"{what}: there is none ({error!r}) in {answer}")
            self.assertTrue(recorded_life.fits(found, expected),
                            f"{what}: found {found!r}, recorded is {expected!r}, in {answer}")

    def test_no_exchange_is_without_a_row(self):
        known = {(version, row[2]) for row in recorded_table.rows_of() for version in row[1]}
        free = {"prune dry run async running", "prune async running", "prune without body async running",
                "prune dry run running", "prune running", "prune without body running", "PUT again", "PUT again running",
                "createBackup that fails"}
        self.assertEqual({name for name in self.exchanges if name not in known and name[1] not in free}, set())


def add_tests():
    tests = {}
    for section, versions, exchange, what, expected in recorded_table.rows_of():
        for version in versions:
            tests.setdefault((version, section, exchange), []).append((what, expected))
    for (version, section, exchange), rows in tests.items():
        def test(self, version=version, section=section, exchange=exchange, rows=rows):
            for what, expected in rows:
                with self.subTest(contract=section, version=version, exchange=exchange, what=what):
                    self.check(version, exchange, what, expected)
        setattr(Recorded, "test_" + re.sub(r"\W+", "_", f"{version} section {section} {exchange}"), test)


add_tests()

if __name__ == "__main__":
    unittest.main(verbosity=2)

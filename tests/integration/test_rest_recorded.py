#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the service sends against what real stamps were recorded to send: order of keys, nulls, headers, Retry-After,
the course of operations, forms of times and durations. recorded_table.py has the rows, this makes them tests."""

import re
import unittest

import recorded_life
import recorded_table


class Recorded(unittest.TestCase):
    """One life an api-version for all rows; a test an exchange and section, added below."""

    @classmethod
    def setUpClass(cls):
        cls.exchanges = {}
        for version in recorded_table.VERSIONS:
            life = recorded_life.Life(version)
            life.live()
            cls.exchanges.update(life.exchanges)

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
        known = {(row[1], row[2]) for row in recorded_table.rows_of()}
        # The first answers are told for another of the same kind; how long they run is up to the machine.
        free = {"PUT again", "createBackup that fails"}
        left = {name for name in self.exchanges if name not in known and not name[1].endswith("running")}
        self.assertEqual({name for name in left if name[1] not in free}, set())


def add_tests():
    tests = {}
    for section, version, exchange, what, expected in recorded_table.rows_of():
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

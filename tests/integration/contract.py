# SPDX-License-Identifier: Apache-2.0
"""What the tests of the REST contract share: a service a class, and assertions on every kind of answer."""

import re
import unittest
import urllib.parse

from harness import Deployment, validate

GUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class Contract(unittest.TestCase):
    """One deployment for all tests of a class; each class starts from an unconfigured one."""

    options = {}

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment(**cls.options)
        cls.addClassCleanup(cls.deployment.remove)
        cls.service = cls.deployment.serve()
        cls.addClassCleanup(cls.service.__exit__, None, None, None)
        cls.client = cls.service.client
        cls.location = cls.deployment.location

    def assert_common_headers(self, answer):
        self.assertEqual(answer.headers["Cache-Control"], "no-cache")
        self.assertEqual(answer.headers["Pragma"], "no-cache")
        self.assertEqual(answer.headers["Expires"], "-1")
        self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")
        self.assertRegex(answer.headers["x-ms-request-id"], GUID)

    def assert_error(self, answer, status, code, target=None):
        self.assertEqual((answer.status, answer.code), (status, code), answer)
        validate(answer.json, "error")
        self.assertEqual(answer.target, target, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/json; charset=utf-8")
        self.assert_common_headers(answer)

    def assert_accepted(self, answer, retry_after):
        self.assertEqual(answer.status, 202, answer)
        self.assertEqual(answer.raw, b"")
        self.assertEqual(answer.headers["Content-Length"], "0")
        self.assertIsNone(answer.headers["Content-Type"])
        self.assertEqual(answer.headers["Retry-After"], str(retry_after))
        self.assertIsNone(answer.headers["Azure-AsyncOperation"])
        self.assert_common_headers(answer)
        location = urllib.parse.urlsplit(answer.headers["Location"])
        self.assertEqual(f"{location.scheme}://{location.netloc}", self.service.url)
        self.assertEqual(location.query, "api-version=2018-09-01")
        prefix, operation = location.path.rsplit("/", 1)
        self.assertEqual(prefix, f"{self.location}/operationResults")
        self.assertRegex(operation, GUID)
        return operation

    def ok(self, target, schema, **options):
        answer = self.client.get(target, **options)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.headers["Content-Type"], "application/json; charset=utf-8")
        self.assert_common_headers(answer)
        validate(answer.json, schema)
        return answer.json

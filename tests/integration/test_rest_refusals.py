#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# also: asan
# also: tsan
"""What the REST interface refuses, black-box: callers, paths, versions, parameters, bodies."""

import unittest
import uuid

import harness
from contract import Contract


class Refusals(Contract):
    """Errors, in the order in which they are looked for."""

    def test_nobody_learns_what_exists(self):
        for token in (None, "", "ib_wrong", "ib_" + "A" * 43, "x" * 4000):
            stranger = self.client.with_token(token)
            for path in (self.location, "/nowhere", f"{self.location}/backups/{uuid.uuid4()}",
                         "/providers/Microsoft.Backup.Admin/operations",
                         self.location.replace(self.deployment.subscription, str(uuid.uuid4()))):
                for version in (harness.VERSION, None, "1999-01-01"):
                    answer = stranger.get(path, version=version)
                    self.assert_error(answer, 401, "AuthenticationFailed")
                    challenge = answer.headers["WWW-Authenticate"]
                    if token is None:
                        self.assertEqual(challenge, "Bearer")
                    else:
                        self.assertRegex(challenge, r'^Bearer error="invalid_token", error_description="[^"\\]+"$')
            self.assert_error(stranger.call("DELETE", self.location), 401, "AuthenticationFailed")

    def test_wrong_scheme_is_refused(self):
        headers = {"Authorization": f"Basic {self.deployment.token}"}
        self.assert_error(self.client.get(self.location, headers=headers), 401, "AuthenticationFailed")

    def test_roles(self):
        reader = self.client.with_token(self.deployment.new_token("Reader"))
        operator = self.client.with_token(self.deployment.new_token("Operator"))
        self.assertEqual(reader.get(self.location).status, 200)
        self.assert_error(reader.put(self.location, {}), 403, "AuthorizationFailed")
        self.assert_error(reader.post(f"{self.location}/createBackup"), 403, "AuthorizationFailed")
        self.assert_error(operator.put(self.location, {}), 403, "AuthorizationFailed")
        self.assertEqual(operator.post(f"{self.location}/createBackup").status, 409)

    def test_unknown_path(self):
        for path in ("/", "/nowhere", f"{self.location}/nowhere", f"{self.location}/backups/a/b",
                     self.deployment.provider, f"{self.location}//backups"):
            self.assert_error(self.client.get(path), 404, "ResourceNotFound")

    def test_unknown_method_names_the_allowed_ones(self):
        for method, path, allow in (("DELETE", self.location, "GET, HEAD, PUT"),
                                    ("PATCH", self.location, "GET, HEAD, PUT"),
                                    ("GET", f"{self.location}/createBackup", "POST"),
                                    ("POST", f"{self.location}/backups", "GET, HEAD"),
                                    ("DELETE", f"{self.location}/backups/{uuid.uuid4()}", "GET, HEAD")):
            answer = self.client.call(method, path)
            self.assert_error(answer, 405, "MethodNotAllowed")
            self.assertEqual(answer.headers["Allow"], allow)

    def test_version_missing_and_unknown(self):
        for path in (self.location, "/providers/Microsoft.Backup.Admin/operations"):
            answer = self.client.get(path, version=None)
            self.assert_error(answer, 400, "MissingApiVersionParameter", "api-version")
            answer = self.client.get(path, version="2018-09-02")
            self.assert_error(answer, 400, "InvalidApiVersionParameter", "api-version")
            self.assertIn("2018-09-01", answer.message)
        self.assertEqual(self.client.get(f"{self.location}?API-VERSION=2018-09-01", version=None).status, 200)

    def test_scope(self):
        other = str(uuid.uuid4())
        self.assert_error(self.client.get(self.location.replace(self.deployment.subscription, other)),
                          404, "SubscriptionNotFound")
        self.assert_error(self.client.get(self.location.replace("system.north", "system.south")),
                          404, "ResourceNotFound")
        answer = self.client.get(self.location.replace("backupLocations/north", "backupLocations/south"))
        self.assert_error(answer, 404, "ResourceNotFound")
        self.assertIn("Microsoft.Backup.Admin/backupLocations/south", answer.message)
        self.assertIn("system.north", answer.message)

    def test_unknown_ids(self):
        for collection in ("backups", "operationResults", "operations"):
            for name in (str(uuid.uuid4()), "nothing", "x" * 95, "x" * 500, "%20", "..", "%2e%2e"):
                answer = self.client.get(f"{self.location}/{collection}/{name}")
                self.assert_error(answer, 404, "ResourceNotFound")

    def test_page_parameters(self):
        for path in (f"{self.deployment.provider}/backupLocations", f"{self.location}/backups",
                     f"{self.location}/operations"):
            for name in ("$top", "$skip"):
                for value in ("-1", "a", "", "1.5", "99999999999999999999", "1%20", "%2B1", "0x1"):
                    answer = self.client.get(f"{path}?{name}={value}")
                    self.assert_error(answer, 400, "BadRequest", name)

    def test_limits(self):
        self.assert_error(self.client.get(f"/{'a' * 8200}", version=None), 414, "RequestUriTooLong")
        self.assert_error(self.client.get(self.location, headers={"X-Long": "a" * 16400}),
                          431, "RequestHeaderFieldsTooLarge")
        self.assert_error(self.client.put(self.location, b" " * (1 << 20) + b"{}"),
                          413, "PayloadTooLargeException")

    def test_malformed_targets(self):
        for target in ("/a%00b", "/a%0ab", "/%zz", "/%ff", "/a%2Fb", "/a%5cb"):
            answer = self.client.get(target, version=None)
            self.assert_error(answer, 400, "BadRequest")
            self.assertEqual(answer.headers["x-ms-correlation-request-id"], answer.headers["x-ms-request-id"])

    def test_parameter_sent_twice(self):
        self.assert_error(self.client.get(f"{self.location}/backups?$top=1&$top=2"), 400, "BadRequest", "$top")

    def test_ids_of_requests_are_echoed(self):
        correlation = str(uuid.uuid4())
        answer = self.client.get(self.location, headers={
            "x-ms-correlation-request-id": correlation, "x-ms-client-request-id": "mine",
            "x-ms-return-client-request-id": "true"})
        self.assertEqual(answer.headers["x-ms-correlation-request-id"], correlation)
        self.assertEqual(answer.headers["x-ms-client-request-id"], "mine")
        answer = self.client.get(self.location, headers={"x-ms-client-request-id": "mine"})
        self.assertIsNone(answer.headers["x-ms-client-request-id"])

    def test_every_line_of_a_request_names_its_ids(self):
        correlation = str(uuid.uuid4())
        for path, status in ((self.location, 200), ("/a%00b", 400), ("/nowhere", 404)):
            answer = self.client.get(path, version=harness.VERSION, headers={
                "x-ms-correlation-request-id": correlation, "x-ms-client-request-id": f"mine-{status}"})
            self.assertEqual(answer.status, status)
            ids = f"[{correlation} request={answer.headers['x-ms-request-id']} client=mine-{status}]"
            self.assertIn(ids, self.service.log())

    def test_conditions(self):
        tag = self.client.get(self.location).headers["ETag"]
        answer = self.client.get(self.location, headers={"If-None-Match": tag})
        self.assertEqual((answer.status, answer.text, answer.headers["ETag"]), (304, "", tag))
        self.assert_error(self.client.put(self.location, {}, headers={"If-Match": '"other"'}),
                          412, "PreconditionFailedException", "If-Match")
        self.assert_error(self.client.get(self.location, headers={"If-Match": "other"}), 400, "BadRequest", "If-Match")

    def test_what_is_left_of_the_rate_is_told(self):
        for call, name in ((self.client.get, "reads"), (self.client.put, "writes")):
            left = [int(call(self.location).headers[f"x-ms-ratelimit-remaining-subscription-{name}"])
                    for _ in range(2)]
            self.assertGreater(left[0], 0)
            self.assertLessEqual(left[1], left[0])

    def test_connection_is_kept_over_answers_of_all_kinds(self):
        client = self.client.with_token(self.deployment.token)
        for _ in range(5):
            client.get(self.location)
            client.get("/nowhere")
            client.put(self.location, "{")
            client.post(f"{self.location}/createBackup")
        self.assertEqual(client.connects, 1)


class PutRefusals(Contract):
    """Bodies that change nothing."""

    def put(self, body, status=400, code="BadRequest", target=None, **options):
        answer = self.client.put(self.location, body, **options)
        self.assert_error(answer, status, code, target)
        return answer

    def store(self, **members):
        return {"properties": {"externalStoreDefault": members}}

    def test_not_an_object(self):
        self.put(b"")
        for text in ("[]", "1", "null", '"a"', "{}"):
            target = "properties" if text == "{}" else None
            self.put(text, target=target)

    def test_not_json_names_the_place_and_not_the_text(self):
        answer = self.put('{\n  "properties": {"externalStoreDefault": {"password": hunter2 }}}')
        self.assertRegex(answer.message, r"line 2 column \d+")
        self.assertNotIn("hunter2", answer.text)
        self.put('{"a":1,"a":2}')
        self.put("{}{}")
        self.put(b'{"a":"\xff"}')
        self.assertRegex(self.put("[" * 40 + "]" * 40).message, "32")

    def test_wrong_media_type(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""):
            self.put("{}", 415, "UnsupportedMediaType", "Content-Type", headers={"Content-Type": kind})

    def test_wrong_types_are_named(self):
        prefix = "properties.externalStoreDefault"
        self.put({"properties": []}, target="properties")
        self.put({"properties": {}}, target=prefix)
        self.put({"properties": {"externalStoreDefault": 1}}, target=prefix)
        for name, value in (("path", 1), ("userName", []), ("password", {"hunter2": 1}),
                            ("encryptionCertBase64", True), ("backupFrequencyInHours", "12"),
                            ("backupFrequencyInHours", 12.5), ("backupRetentionPeriodInDays", True),
                            ("isBackupSchedulerEnabled", "true")):
            answer = self.put(self.store(**{name: value}), target=f"{prefix}.{name}")
            self.assertNotIn("hunter2", answer.text)

    def test_values_out_of_range_are_named(self):
        prefix = "properties.externalStoreDefault"
        for name, value in (("backupFrequencyInHours", 3), ("backupFrequencyInHours", 13),
                            ("backupFrequencyInHours", -(2 ** 62)), ("backupRetentionPeriodInDays", 1),
                            ("backupRetentionPeriodInDays", 15), ("path", "not a path"), ("path", "x" * 2000),
                            ("encryptionCertBase64", "%%%"), ("encryptionCertBase64", "aGVsbG8=")):
            body = self.deployment.location_body(**{name: value})
            answer = self.put(body, target=f"{prefix}.{name}")
            self.assertNotIn("a share password", answer.text)

    def test_identity_that_contradicts_the_address(self):
        body = self.deployment.location_body()
        for name, value in (("id", "/subscriptions/x"), ("name", "south"), ("type", "Microsoft.Compute/disks"),
                            ("location", "south")):
            self.put({**body, name: value}, target=name)

    def tearDown(self):
        store = self.ok(self.location, "backup_location")["properties"]["externalStoreDefault"]
        self.assertEqual(store["path"], "", "a refused body changed the location")

if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# also: asan
# also: tsan
"""The REST contract, black-box: status codes, headers, order of keys, schemas, long-running operations."""

import errno
import http.client
import json
import os
import ssl
import time
import unittest
import urllib.parse

import harness
from contract import Contract
from harness import validate

STORE_KEYS = ("path userName password encryptionCertBase64 encryptionCertThumbprint backupFrequencyInHours "
              "availableCapacity isBackupSchedulerEnabled nextBackupTime lastBackupTime "
              "backupRetentionPeriodInDays").split()
RESOURCE_KEYS = "id name type location tags properties".split()
BACKUP_KEYS = ("backupDataVersion backupId roleStatus status createdDateTime timeTakenToCreate stampVersion "
               "oemVersion deploymentID encryptionCertThumbprint completelyUploaded isAutomaticBackup "
               "isCloudRecoveryReady").split()
RESULT_KEYS = "encryptedBackupEncryptionKey backupSizeInKb compressedBackupSizeInKb".split()


class Unconfigured(Contract):
    """What a service answers before anything was set."""

    def test_location_has_the_cleared_shape(self):
        location = self.ok(self.location, "backup_location")
        self.assertEqual(list(location), RESOURCE_KEYS)
        self.assertEqual(location["id"], self.location)
        self.assertEqual(location["name"], "north")
        self.assertEqual(location["location"], "north")
        self.assertEqual(location["tags"], {})
        store = location["properties"]["externalStoreDefault"]
        self.assertEqual(list(location["properties"]), ["externalStoreDefault"])
        self.assertEqual(list(store), STORE_KEYS)
        self.assertEqual(store, {
            "path": "", "userName": "", "password": None, "encryptionCertBase64": None,
            "encryptionCertThumbprint": None, "backupFrequencyInHours": 12, "availableCapacity": None,
            "isBackupSchedulerEnabled": None, "nextBackupTime": None, "lastBackupTime": None,
            "backupRetentionPeriodInDays": 7})

    def test_location_list_has_one_and_null_next_link(self):
        answer = self.client.get(f"{self.deployment.provider}/backupLocations")
        self.assertTrue(answer.text.endswith('"nextLink":null}'))
        listed = self.ok(f"{self.deployment.provider}/backupLocations", "backup_location_list")
        self.assertEqual(listed["value"], [self.ok(self.location, "backup_location")])
        self.assertEqual(list(listed), ["value", "nextLink"])

    def test_location_list_pages(self):
        base = f"{self.deployment.provider}/backupLocations"
        self.assertEqual(len(self.ok(f"{base}?$top=10&$skip=0", "backup_location_list")["value"]), 1)
        self.assertEqual(self.ok(f"{base}?$skip=1", "backup_location_list")["value"], [])
        self.assertEqual(self.ok(f"{base}?$top=0", "backup_location_list")["value"], [])

    def test_backups_are_none(self):
        self.assertEqual(self.ok(f"{self.location}/backups", "backup_list"), {"value": [], "nextLink": None})

    def test_create_backup_is_refused(self):
        answer = self.client.post(f"{self.location}/createBackup")
        self.assertEqual(answer.status, 409, answer)
        self.assertIn(answer.code, ("BackupLocationNotConfigured", "EncryptionCertNotConfiguredException"))
        validate(answer.json, "error")

    def test_capacity_of_a_new_location(self):
        capacity = self.ok(f"{self.location}/capacity", "capacity")
        self.assertEqual(capacity["name"], self.deployment.region)
        self.assertEqual(list(capacity), ["id", "name", "type", "location", "tags", "properties"])

    def test_provider_operations(self):
        listed = self.ok("/providers/Microsoft.Backup.Admin/operations", "provider_operations")
        self.assertEqual(list(listed), ["value"])
        names = [item["name"] for item in listed["value"]]
        for name in ("backupLocations/read", "backupLocations/createBackup/action", "backupLocations/backups/read"):
            self.assertIn(f"Microsoft.Backup.Admin/{name}", names)
        self.assertEqual(listed["value"][0]["display"]["operation"], "Returns backup locations")

    def test_health_needs_no_token_and_no_version(self):
        nobody = self.client.with_token(None)
        for path in ("/healthz", "/readyz", "/HEALTHZ"):
            answer = nobody.get(path, version=None)
            self.assertEqual(answer.text, '{"status":"ok"}')
            validate(answer.json, "health")

    def test_paths_are_matched_without_case(self):
        odd = (self.location.replace("resourceGroups", "RESOURCEgroups")
               .replace("Microsoft.Backup.Admin", "microsoft.backup.ADMIN")
               .replace("backupLocations/north", "BackupLocations/NORTH")
               .replace("system.north", "System.NORTH"))
        location = self.ok(odd, "backup_location")
        # Fixed parts as the contract spells them, subscription and group as the caller did.
        self.assertEqual(location["id"], self.location.replace("system.north", "System.NORTH"))
        self.assertEqual(location["name"], "north")

    def test_subscription_in_capitals_is_the_same(self):
        odd = self.location.replace(self.deployment.subscription, self.deployment.subscription.upper())
        self.assertEqual(self.ok(odd, "backup_location")["id"], odd)

    def test_head_is_get_without_body(self):
        answer = self.client.call("HEAD", self.location)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.raw, b"")
        self.assertGreater(int(answer.headers["Content-Length"]), 100)


class Working(Contract):
    """The way through: configure, back up, look at it. The methods run in the order of their names."""

    def test_1_put_configures_the_location(self):
        body = self.deployment.location_body()
        validate(body, "backup_location", "request")
        answer = self.client.put(self.location, body)
        self.assert_accepted(answer, 5)
        done = self.client.poll(answer)
        self.assertEqual(done.status, 200, done)
        self.assertEqual(done.headers["Content-Type"], "application/json")
        validate(done.json, "backup_location")
        self.assertEqual(list(done.json["properties"]["externalStoreDefault"]), STORE_KEYS)
        store = done.json["properties"]["externalStoreDefault"]
        self.assertEqual(store["path"], self.deployment.share)
        self.assertEqual(store["userName"], "EXAMPLE\\backupsvc")
        self.assertRegex(store["encryptionCertThumbprint"], "^[0-9A-F]{40}$")
        self.assertIs(store["isBackupSchedulerEnabled"], False)
        self.assertIsNotNone(store["nextBackupTime"])
        self.assertNotIn("a share password", done.text)
        self.assertEqual(self.ok(self.location, "backup_location"), done.json)
        # A finished operation can be read again.
        self.assertEqual(self.client.get(answer.headers["Location"]).json, done.json)

    def test_2_put_merges_and_ignores_what_is_read_only(self):
        before = self.ok(self.location, "backup_location")
        sent = json.loads(json.dumps(before))
        sent["properties"]["externalStoreDefault"].update({
            "availableCapacity": "1 TB", "lastBackupTime": "never", "password": "", "unknown": {"a": 1}})
        sent["PROPERTIES"] = sent.pop("properties")
        store = sent["PROPERTIES"]["ExternalStoreDefault"] = sent["PROPERTIES"].pop("externalStoreDefault")
        del store["backupRetentionPeriodInDays"]
        store["BACKUPretentionPeriodInDays"] = 6
        after = self.client.wait(self.client.put(self.location, sent))
        before["properties"]["externalStoreDefault"]["backupRetentionPeriodInDays"] = 6
        for name in ("availableCapacity", "nextBackupTime"):
            before["properties"]["externalStoreDefault"].pop(name)
            after["properties"]["externalStoreDefault"].pop(name)
        self.assertEqual(after, before)

    def test_3_put_of_a_share_that_does_not_exist_fails_and_changes_nothing(self):
        before = self.ok(self.location, "backup_location")
        missing = os.path.join(self.deployment.folder, "missing")
        answer = self.client.put(self.location, self.deployment.location_body(path=missing, password="hunter2"))
        self.assert_accepted(answer, 5)
        failed = self.client.poll(answer)
        self.assertEqual(failed.status, 500, failed)
        self.assertEqual(failed.headers["x-ms-failure-cause"], "service")
        self.assertEqual(failed.headers["Content-Type"], "application/json")
        validate(failed.json, "operation_failed")
        self.assertEqual(list(failed.json), ["error", "properties"])
        self.assertIn(missing, failed.message)
        self.assertNotIn("hunter2", failed.text)
        self.assertNotIn("backupsvc", failed.text)
        after = self.ok(self.location, "backup_location")
        before["properties"]["externalStoreDefault"]["availableCapacity"] = \
            after["properties"]["externalStoreDefault"]["availableCapacity"]
        self.assertEqual(after, before)

    def test_4_create_backup(self):
        odd = self.location.replace("system.north", "System.North").replace("north", "NORTH")
        answer = self.client.post(f"{odd}/createbackup")
        identifier = self.assert_accepted(answer, 60)
        running = []
        done = self.client.poll(answer, running)
        for poll in running[1:]:
            self.assertEqual(self.assert_accepted(poll, 60), identifier)
        self.assertEqual(done.status, 200, done)
        validate(done.json, "backup_result")
        self.assertEqual(list(done.json), RESOURCE_KEYS)
        info = done.json["properties"]["backupInfo"]
        self.assertEqual(list(info), BACKUP_KEYS + RESULT_KEYS)
        self.assertEqual(done.json["id"], f"{self.location}/backups/{identifier}")
        self.assertEqual(done.json["name"], f"north/{identifier}")
        self.assertEqual(info["backupId"], identifier)
        self.assertEqual(info["status"], "Succeeded", done)
        self.assertIn({"roleName": "Files", "status": "Succeeded"}, info["roleStatus"])
        self.assertEqual(info["deploymentID"], self.deployment.deployment_id)
        self.assertEqual(info["stampVersion"], "1.2311.1.22")
        self.assertEqual(info["oemVersion"], "2.2.2311.1")
        self.assertIs(info["completelyUploaded"], True)
        self.assertIs(info["isAutomaticBackup"], False)
        self.assertIs(info["isCloudRecoveryReady"], True)
        store = self.ok(self.location, "backup_location")["properties"]["externalStoreDefault"]
        self.assertEqual(store["lastBackupTime"], info["createdDateTime"])
        self.assertEqual(store["encryptionCertThumbprint"], info["encryptionCertThumbprint"])
        type(self).result = done.json

    def test_5_get_has_the_recorded_shape(self):
        expected = json.loads(json.dumps(self.result))
        for name in RESULT_KEYS:
            del expected["properties"]["backupInfo"][name]
        identifier = expected["properties"]["backupInfo"]["backupId"]
        for name in (identifier, identifier.upper()):
            self.assertEqual(self.ok(f"{self.location}/backups/{name}", "backup"), expected)
        got = self.ok(f"{self.location}/backups/{identifier}", "backup")
        self.assertEqual(list(got["properties"]["backupInfo"]), BACKUP_KEYS)

    def test_6_list_is_whole_and_ordered(self):
        for _ in range(2):
            self.deployment.backup(self.service)
        listed = self.ok(f"{self.location}/backups", "backup_list")
        identifiers = [item["properties"]["backupInfo"]["backupId"] for item in listed["value"]]
        self.assertGreaterEqual(len(identifiers), 3)
        self.assertEqual(identifiers, sorted(identifiers))
        self.assertIsNone(listed["nextLink"])
        page = self.ok(f"{self.location}/backups?$top=1&$skip=1", "backup_list")
        self.assertEqual(page["value"], listed["value"][1:2])
        self.assertEqual(self.ok(f"{self.location}/backups?$skip=100", "backup_list")["value"], [])

    def test_7_operations_show_every_job(self):
        listed = self.ok(f"{self.location}/operations", "operation_list")
        kinds = [item["properties"]["kind"] for item in listed["value"]]
        self.assertEqual(kinds.count("backup"), 3)
        self.assertGreaterEqual(kinds.count("locationUpdate"), 3)
        created = [item["properties"]["createdTime"] for item in listed["value"]]
        self.assertEqual(len(created), len(listed["value"]))
        self.assertEqual(len(self.ok(f"{self.location}/operations?$top=2", "operation_list")["value"]), 2)
        for item in listed["value"]:
            shown = self.ok(item["id"], "operation")
            # It names every backup: the list leaves it out.
            shown["properties"]["retentionPlan"] = None
            self.assertEqual(shown, item)
        backup = next(item for item in listed["value"] if item["properties"]["kind"] == "backup")
        self.assertEqual(backup["properties"]["state"], "Succeeded")
        self.assertIn("Files", [role["roleName"] for role in backup["properties"]["roles"]])
        failed = next(item for item in listed["value"] if item["properties"]["state"] == "Failed")
        self.assertEqual(failed["properties"]["error"]["code"], "BcdrOperationException")
        self.assertTrue(failed["properties"]["error"]["failureClass"])

    def test_8_restart_keeps_everything(self):
        before = self.ok(f"{self.location}/backups", "backup_list")
        settings = self.ok(self.location, "backup_location")
        self.assertEqual(self.service.stop(), 0)
        type(self).service = self.deployment.serve()
        self.addClassCleanup(self.service.__exit__, None, None, None)
        type(self).client = self.service.client
        self.assertEqual(self.ok(f"{self.location}/backups", "backup_list"), before)
        self.assertEqual(self.ok(self.location, "backup_location"), settings)

    def test_9_secrets_are_in_no_file_in_clear(self):
        secrets = [b"a share password", b"hunter2", self.deployment.token.encode()]
        checked = 0
        # Logs, databases, the share: whatever the service has written.
        for folder, _, names in os.walk(self.deployment.folder):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    data = file.read()
                for secret in secrets:
                    self.assertNotIn(secret, data, os.path.join(folder, name))
                checked += 1
        self.assertGreater(checked, 8)


def gated_service(deployment):
    """A role whose program reads a pipe: the backup runs for as long as the test keeps it open."""
    gate = deployment.path("gate")
    os.mkfifo(gate)
    return [{"role": "Gated", "provider": "command", "command": ["/bin/cat", gate], "entryName": "data"}]


class Conflict(Contract):
    """While a backup runs: it is shown, and a second one is refused."""

    options = {"services": gated_service}

    def open_gate(self, location):
        """Waits until the role's program reads."""
        end = time.monotonic() + harness.JOB_SECONDS
        while time.monotonic() < end:
            try:
                return os.open(self.deployment.path("gate"), os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                self.assertEqual(error.errno, errno.ENXIO)
            answer = self.client.get(location)
            self.assertEqual(answer.status, 202, answer)
            time.sleep(0.02)
        return self.fail("the role's program was not started")

    def test_second_backup_is_refused(self):
        self.deployment.configure(self.service)
        answer = self.client.post(f"{self.location}/createBackup")
        identifier = self.assert_accepted(answer, 60)
        with open(self.open_gate(answer.headers["Location"]), "wb") as gate:
            self.assert_error(self.client.post(f"{self.location}/createBackup"), 409, "BackupConflictException")
            self.assert_error(self.client.put(self.location, self.deployment.location_body()),
                              409, "BackupConflictException")
            shown = self.ok(f"{self.location}/backups/{identifier}", "backup")["properties"]["backupInfo"]
            self.assertEqual(shown["status"], "Running")
            self.assertEqual(shown["timeTakenToCreate"], "PT0S")
            self.assertIs(shown["isCloudRecoveryReady"], False)
            self.assertIn(identifier, [item["properties"]["backupInfo"]["backupId"] for item in
                                       self.ok(f"{self.location}/backups", "backup_list")["value"]])
            self.assertEqual(self.ok(f"{self.location}/operations/{identifier}", "operation")
                             ["properties"]["state"], "Running")
            self.assertEqual(self.assert_accepted(self.client.get(answer.headers["Location"]), 60), identifier)
            gate.write(b"data")
        done = self.client.wait(answer)
        self.assertEqual(done["properties"]["backupInfo"]["status"], "Succeeded")


class Secured(Contract):
    """The same over TLS, with a fixed public address and interval."""

    options = {"tls": True, "config": {"http": {"publicUrl": "https://adminmanagement.north.example.com",
                                                "retryAfterSeconds": 1}}}

    def test_answers_over_tls(self):
        answer = self.client.get(self.location)
        self.assertEqual(answer.status, 200)
        self.assertIn("max-age=31536000", answer.headers["Strict-Transport-Security"])

    def test_location_uses_the_public_address(self):
        answer = self.client.put(self.location, self.deployment.location_body())
        self.assertEqual(answer.status, 202, answer)
        self.assertTrue(answer.headers["Location"].startswith(
            f"https://adminmanagement.north.example.com{self.location}/operationResults/"))
        self.assertEqual(answer.headers["Retry-After"], "1")
        self.client.wait(answer)

    def test_stranger_is_not_trusted(self):
        parts = urllib.parse.urlsplit(self.service.url)
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=harness.CALL_SECONDS)
        with self.assertRaises(ssl.SSLCertVerificationError):
            connection.request("GET", "/healthz")
        connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)

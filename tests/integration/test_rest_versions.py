#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The life of a backup location in each api-version: the order of keys, nulls, headers and polls as the contract has
them, and results of operations that are read days later by another process.
"""

import json
import time
import unittest
import urllib.parse

import harness
from contract import Contract
from moved_clock import Clock

DAY = 24 * 60 * 60
RESOURCE = "id name type location tags properties".split()
STORE_2016 = ("path userName password encryptionKeyBase64 backupFrequencyInHours availableCapacity "
              "isBackupSchedulerEnabled nextBackupTime lastBackupTime backupRetentionPeriodInDays").split()
STORE_2018 = ("path userName password encryptionCertBase64 encryptionCertThumbprint backupFrequencyInHours "
              "availableCapacity isBackupSchedulerEnabled nextBackupTime lastBackupTime "
              "backupRetentionPeriodInDays").split()
STORE_2021 = STORE_2018 + ["blobStorageUrl", "blobStorageKey"]
INFO_2016 = ("backupDataVersion backupId roleStatus status createdDateTime timeTakenToCreate stampVersion oemVersion "
             "deploymentID").split()
INFO_2018 = INFO_2016 + "encryptionCertThumbprint completelyUploaded isAutomaticBackup isCloudRecoveryReady".split()
RESULT = "encryptedBackupEncryptionKey backupSizeInKb compressedBackupSizeInKb".split()
ACCEPTED = {"status": "Accepted", "properties": {"provisioningState": "Accepted"}}
BLOB = {"blobStorageUrl": "https://account.blob.example.com/container", "blobStorageKey": "a key of an account"}


class Life(Contract):
    """Calls in one api-version. The test methods of its classes run in the order of their names."""

    version = None

    def call(self, method, target, body=None):
        return self.client.call(method, target, body, version=self.version)

    def update(self, method, **members):
        return self.call(method, self.location, {"location": self.deployment.region,
                                                 "properties": {"externalStoreDefault": members}})

    def store(self):
        answer = self.call("GET", self.location)
        self.assertEqual(answer.status, 200, answer)
        return answer.json["properties"]["externalStoreDefault"]

    def assert_followed(self, answer, has_async):
        """The addresses of an operation; the second is None where the version has none."""
        location, follow = answer.headers["Location"], answer.headers["Azure-AsyncOperation"]
        parts = urllib.parse.urlsplit(location)
        self.assertEqual(f"{parts.scheme}://{parts.netloc}", self.service.url)
        self.assertTrue(parts.path.startswith(f"{self.location}/operationResults/"), location)
        self.assertEqual(parts.query, f"api-version={self.version}")
        self.assertEqual(follow, f"{location}&IsAsyncOperation=1" if has_async else None)
        return location, follow

    def accepted(self, answer, retry_after, has_async):
        self.assertEqual((answer.status, answer.raw), (202, b""), answer)
        self.assertEqual(answer.headers["Retry-After"], str(retry_after))
        self.assertEqual(answer.headers["Content-Length"], "0")
        self.assert_common_headers(answer)
        return self.assert_followed(answer, has_async)

    def poll(self, address, running_status, retry_after, has_async):
        """The first answer at @address that does not say that the operation runs."""
        while True:
            answer = self.client.get(address)
            is_running = answer.status == 202 or answer.json == ACCEPTED
            if not is_running:
                self.assertIsNone(answer.headers["Location"])
                self.assertIsNone(answer.headers["Azure-AsyncOperation"])
                return answer
            self.assertEqual(answer.status, running_status, answer)
            self.assertEqual(answer.headers["Retry-After"], str(retry_after))
            self.assert_followed(answer, has_async)
            # Polls have a rate, like every call.
            time.sleep(0.05)

    def end(self, answer, retry_after, has_async=False, status=200):
        """What Location answers in the end; Azure-AsyncOperation goes before and says the same, and both again."""
        location, follow = self.accepted(answer, retry_after, has_async)
        summary = self.poll(follow, 200, 30, has_async) if has_async else None
        done = self.poll(location, 202, 60, has_async)
        self.assertEqual(done.status, status, done)
        self.assertEqual(done.headers["Content-Type"], "application/json")
        self.assertEqual(self.client.get(location).json, done.json)
        if has_async:
            self.assertEqual(self.client.get(follow).json, summary.json)
            self.assertEqual(summary.status, status, summary)
            expected = done.json if status != 200 else \
                {"status": "Succeeded", **{name: done.json[name] for name in ("id", "name", "properties")}}
            self.assertEqual(json.dumps(summary.json), json.dumps(expected))
        return done

    def assert_failed(self, done, says):
        self.assertEqual(done.headers["x-ms-failure-cause"], "service")
        self.assertEqual(list(done.json), ["error", "properties"])
        self.assertEqual(done.code, "BcdrOperationException")
        self.assertEqual(done.json["properties"], {"provisioningState": "Failed"})
        self.assertIn(says, done.message)

    def full(self, **members):
        return self.deployment.location_body(**members)["properties"]["externalStoreDefault"]


class Life2018(Life):
    version = "2018-09-01"

    def test_1_put_is_followed_by_location_alone(self):
        done = self.end(self.update("PUT", **self.full()), 5)
        self.assertEqual(list(done.json), RESOURCE)
        self.assertEqual(list(done.json["properties"]), ["externalStoreDefault"])
        store = done.json["properties"]["externalStoreDefault"]
        self.assertEqual(list(store), STORE_2018)
        self.assertEqual([name for name in store if store[name] is None],
                         ["password", "encryptionCertBase64", "lastBackupTime"])
        self.assertEqual(self.store(), store)

    def test_2_empty_texts_and_nulls_keep_what_is_stored(self):
        before = self.store()
        self.end(self.update("PUT", path="", userName="", password="", encryptionCertBase64="",
                             backupRetentionPeriodInDays=6, backupFrequencyInHours=None, **BLOB), 5)
        self.assertEqual({**before, "backupRetentionPeriodInDays": 6, "availableCapacity": None},
                         {**self.store(), "availableCapacity": None})

    def test_3_patch_is_not_there(self):
        answer = self.update("PATCH", backupRetentionPeriodInDays=5)
        self.assert_error(answer, 405, "MethodNotAllowed")
        self.assertEqual(answer.headers["Allow"], "GET, HEAD, PUT")

    def test_4_create_backup_and_prune(self):
        done = self.end(self.call("POST", f"{self.location}/createBackup"), 60)
        info = done.json["properties"]["backupInfo"]
        self.assertEqual(list(info), INFO_2018 + RESULT)
        self.assertEqual(info["backupDataVersion"], "1.0.1")
        self.assertEqual([list(role) for role in info["roleStatus"]],
                         [["roleName", "status"]] * len(info["roleStatus"]))
        pruned = self.end(self.call("POST", f"{self.location}/pruneExternalStore", {"operationType": "DryRun"}), 60,
                          has_async=True)
        self.assertEqual(pruned.json["properties"], {"pathsToDelete": []})

    def test_5_the_same_in_2016(self):
        backup = self.call("GET", f"{self.location}/backups").json["value"][0]["name"].split("/")[1]
        location = self.client.get(self.location, version="2016-05-01")
        self.assertEqual(list(location.json["properties"]), ["externalStoreDefault"])
        self.assertEqual(list(location.json["properties"]["externalStoreDefault"]), STORE_2016)
        self.assertIsNone(location.json["properties"]["externalStoreDefault"]["encryptionKeyBase64"])
        shown = self.client.get(f"{self.location}/backups/{backup}", version="2016-05-01")
        self.assertEqual(list(shown.json["properties"]["backupInfo"]), INFO_2016)
        self.assert_error(self.client.post(f"{self.location}/pruneExternalStore", version="2016-05-01"),
                          404, "ResourceNotFound")


class Life2021(Life):
    version = "2021-09-01"

    def test_1_put_is_followed_at_two_addresses(self):
        done = self.end(self.update("PUT", **self.full(backupFrequencyInHours=6, isBackupSchedulerEnabled=True)), 60,
                        has_async=True)
        self.assertEqual(list(done.json), RESOURCE)
        self.assertEqual(list(done.json["properties"]), ["externalStoreDefault", "provisioningState"])
        self.assertEqual(done.json["properties"]["provisioningState"], "Succeeded")
        store = done.json["properties"]["externalStoreDefault"]
        self.assertEqual(list(store), STORE_2021)
        self.assertEqual([name for name in store if store[name] is None],
                         ["password", "encryptionCertBase64", "lastBackupTime", "blobStorageUrl", "blobStorageKey"])
        got = self.call("GET", self.location)
        self.assertEqual(got.json, done.json)
        listed = self.call("GET", f"{self.deployment.provider}/backupLocations")
        self.assertEqual(listed.json, {"value": [got.json], "nextLink": None})

    def test_2_what_is_read_and_sent_back_changes_nothing(self):
        before = self.call("GET", self.location).json
        self.end(self.call("PUT", self.location, before), 60, has_async=True)
        after = self.call("GET", self.location).json
        for one in (before, after):
            one["properties"]["externalStoreDefault"]["availableCapacity"] = None
        self.assertEqual(after, before)

    def test_3_put_replaces(self):
        self.end(self.update("PUT", path=self.deployment.share, backupRetentionPeriodInDays=6), 60, has_async=True)
        store = self.store()
        self.assertEqual((store["userName"], store["backupFrequencyInHours"], store["backupRetentionPeriodInDays"],
                          store["isBackupSchedulerEnabled"]), ("", 12, 6, False))
        answer = self.update("PUT", backupRetentionPeriodInDays=5)
        self.assert_error(answer, 400, "BadRequest", "properties.externalStoreDefault.path")

    def test_4_patch_merges_and_an_empty_text_clears(self):
        self.end(self.update("PATCH", userName="EXAMPLE\\backupsvc", password="a share password",
                             blobStorageUrl="", blobStorageKey=""), 5, has_async=True)
        self.end(self.update("PATCH", backupRetentionPeriodInDays=5, path=None), 5, has_async=True)
        store = self.store()
        self.assertEqual((store["path"], store["userName"], store["backupRetentionPeriodInDays"]),
                         (self.deployment.share, "EXAMPLE\\backupsvc", 5))
        self.assertRegex(store["encryptionCertThumbprint"], "^[0-9A-F]{40}$")
        self.end(self.update("PATCH", userName="", password=""), 5, has_async=True)
        self.assertEqual({**store, "userName": "", "availableCapacity": None},
                         {**self.store(), "availableCapacity": None})

    def test_5_a_blob_container_fails_and_changes_nothing(self):
        before = self.store()
        for method, retry_after, members in (
                ("PUT", 60, BLOB), ("PATCH", 5, {**BLOB, "path": "", "userName": "", "password": ""})):
            done = self.end(self.update(method, **members), retry_after, has_async=True, status=500)
            self.assert_failed(done, "not supported by this release")
            self.assertNotIn(BLOB["blobStorageKey"], done.text)
        self.assertEqual(self.store(), before)
        self.assert_error(self.update("PATCH", path=self.deployment.share, **BLOB), 400, "BadRequest",
                          "properties.externalStoreDefault.blobStorageUrl")
        self.assertNotIn(BLOB["blobStorageKey"], self.service.log())

    def test_6_a_share_that_is_not_there(self):
        missing = self.deployment.path("missing")
        self.assert_failed(self.end(self.update("PATCH", path=missing), 5, has_async=True, status=500), missing)

    def test_7_create_backup(self):
        done = self.end(self.call("POST", f"{self.location}/createBackup"), 60, has_async=True)
        info = done.json["properties"]["backupInfo"]
        self.assertEqual(list(info), INFO_2018 + RESULT)
        self.assertEqual(info["backupDataVersion"], "1.1.0")
        self.assertIsNone(info["encryptedBackupEncryptionKey"])
        self.assertIn({"roleName": "Files",
                       "repositoryStatus": [{"fullRepositoryName": "Files;directory;-;Files", "status": "Succeeded"}],
                       "status": "Succeeded"}, info["roleStatus"])
        shown = self.call("GET", f"{self.location}/backups/{info['backupId']}").json
        self.assertEqual(shown["properties"]["backupInfo"],
                         {name: value for name, value in info.items() if name not in RESULT})

    def test_8_blank_put_clears_and_keeps_the_backups(self):
        last = self.store()["lastBackupTime"]
        self.assertIsNotNone(last)
        done = self.end(self.update("PUT", userName=""), 60, has_async=True)
        cleared = {"path": "", "userName": "", "password": None, "encryptionCertBase64": None,
                   "encryptionCertThumbprint": None, "backupFrequencyInHours": 12, "availableCapacity": None,
                   "isBackupSchedulerEnabled": None, "nextBackupTime": None, "lastBackupTime": last,
                   "backupRetentionPeriodInDays": 7, "blobStorageUrl": None, "blobStorageKey": None}
        self.assertEqual(done.json["properties"],
                         {"externalStoreDefault": cleared, "provisioningState": "Succeeded"})
        self.end(self.call("PUT", self.location, self.call("GET", self.location).json), 60, has_async=True)
        self.assertEqual(self.store(), cleared)
        self.assertEqual(len(self.call("GET", f"{self.location}/backups").json["value"]), 1)
        self.assert_error(self.call("POST", f"{self.location}/createBackup"), 409, "BackupLocationNotConfigured")
        # And it is not the end.
        self.end(self.update("PUT", **self.full()), 60, has_async=True)
        self.end(self.call("POST", f"{self.location}/createBackup"), 60, has_async=True)


class Results(unittest.TestCase):
    """Results of operations, good and bad, outlive the process and are there for longer than a week."""

    def test_results_are_read_after_eight_days_by_another_process(self):
        with harness.Deployment() as deployment:
            clock = Clock(deployment)
            with deployment.serve(env=clock.environment) as service:
                deployment.configure(service)
                client = service.client
                answers = [client.post(f"{deployment.location}/createBackup")]
                first = [client.poll(answers[0])]
                answers.append(client.put(deployment.location,
                                          deployment.location_body(path=deployment.path("missing"))))
                first.append(client.poll(answers[1]))
            self.assertEqual([one.status for one in first], [200, 500])
            clock.set(8 * DAY)
            with deployment.serve(env=clock.environment) as service:
                for answer, expected in zip(answers * 2, first * 2):
                    target = urllib.parse.urlsplit(answer.headers["Location"])
                    found = service.client.get(f"{target.path}?{target.query}")
                    self.assertEqual((found.status, found.json), (expected.status, expected.json))
                    newer = service.client.get(f"{target.path}?IsAsyncOperation=1", version="2021-09-01")
                    self.assertEqual(newer.status, expected.status)
                unknown = service.client.get(f"{deployment.location}/operationResults/"
                                             "00000000-0000-4000-8000-000000000001")
                self.assertEqual((unknown.status, unknown.code), (404, "ResourceNotFound"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

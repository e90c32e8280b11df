#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Restore over REST: real folders and a database that is in use are backed up, destroyed and brought back, one role
and all; the PFX that does it is found nowhere afterwards; a service that is killed meanwhile asks for it again."""

import base64
import contextlib
import os
import shutil
import sqlite3
import time
import unittest

import backups
import harness
import trees

# Blocks the first time it is run, until somebody has opened the fifo; takes its input the second time.
SLOW = "if mkdir {0}/begun 2>/dev/null; then cat {0}/fifo; exit 1; fi; cat > {0}/slow"


class RestoreCase(unittest.TestCase):
    def setUp(self):
        self.deployment = harness.Deployment(services=self.services)
        self.addCleanup(self.deployment.remove)
        self.database = self.deployment.path("data.sqlite")
        trees.fill(self.deployment.source)
        self.writer = sqlite3.connect(self.database)
        self.addCleanup(self.writer.close)
        with self.writer:
            self.writer.execute("PRAGMA journal_mode = WAL")
            self.writer.execute("CREATE TABLE kept (number INTEGER)")
            self.writer.executemany("INSERT INTO kept VALUES (?)", ((number,) for number in range(1000)))
        self.service = None
        self.serve()
        self.deployment.configure(self.service)
        self.backup = backups.make(self.service)["operationId"]
        self.before = self.deployment.path("before")
        shutil.copytree(self.deployment.source, self.before)

    @staticmethod
    def services(deployment):
        return [{"role": "Files", "provider": "directory", "path": deployment.source},
                {"role": "Database", "provider": "sqlite", "path": deployment.path("data.sqlite")}]

    def serve(self):
        self.service = self.deployment.serve()
        self.addCleanup(lambda service: service.__exit__(None, None, None), self.service)

    def body(self, **members):
        with open(self.deployment.pfx_file, "rb") as file:
            pfx = base64.b64encode(file.read()).decode()
        return {"decryptionCertBase64": pfx, "decryptionCertPassword": "correct horse battery staple", **members}

    def post(self, **members):
        return self.service.client.post(f"{self.deployment.location}/backups/{self.backup}/restore",
                                        self.body(**members))

    def destroy(self):
        shutil.rmtree(self.deployment.source)
        os.mkdir(self.deployment.source)
        with self.writer:
            self.writer.execute("DELETE FROM kept")

    def rows(self):
        with contextlib.closing(sqlite3.connect(self.database)) as reader:
            return reader.execute("SELECT count(*), sum(number) FROM kept").fetchone()

    def assert_files_are_back(self):
        self.assertEqual(trees.differences(self.before, self.deployment.source), [])
        self.assertEqual(trees.differences(self.deployment.source, self.before), [])

    def restore(self, **members):
        answer = self.post(**members)
        harness.validate(self.body(**members), "restore", "request")
        self.assertEqual((answer.status, answer.raw), (202, b""), answer)
        self.assertEqual(answer.headers["Retry-After"], "60")
        self.assertNotIn("Azure-AsyncOperation", answer.headers)
        seen = []
        done = self.service.client.poll(answer, seen)
        self.assertEqual({(poll.status, poll.raw, poll.headers["Retry-After"]) for poll in seen}, {(202, b"", "60")})
        return done


class Restore(RestoreCase):
    def test_one_role_and_all(self):
        self.destroy()
        done = self.restore(roleName="files")
        self.assertEqual((done.status, done.raw), (200, b""), done)
        self.assertNotIn("Content-Type", done.headers)
        self.assert_files_are_back()
        self.assertEqual(self.rows(), (0, None))
        shutil.rmtree(os.path.join(self.deployment.source, "folder"))
        self.writer.close()
        # The old module means all of them by "-".
        done = self.restore(roleName="-")
        self.assertEqual((done.status, done.raw), (200, b""), done)
        self.assert_files_are_back()
        self.assertEqual(self.rows(), (1000, 499500))
        newest = backups.jobs(self.service)[0]
        self.assertEqual((newest["kind"], newest["state"]), ("restore", "Succeeded"), newest)
        self.assertEqual({role["roleName"]: role["state"] for role in newest["roles"]},
                         {"Files": "Succeeded", "Database": "Succeeded"})
        # And what was restored is backed up as ever.
        backups.make(self.service)
        backups.verify(self.deployment)

    def test_refused_at_once(self):
        self.destroy()
        for members, target in (({"decryptionCertPassword": "wrong"}, "decryptionCertPassword"),
                                ({"decryptionCertPassword": None}, "decryptionCertPassword"),
                                ({"decryptionCertBase64": "bm8gUEZY"}, "decryptionCertBase64"),
                                ({"decryptionCertBase64": None}, "decryptionCertBase64"),
                                ({"roleName": "Fules"}, "roleName"),
                                ({"roleName": "infrabackup"}, "roleName")):
            answer = self.post(**members)
            self.assertEqual((answer.status, answer.code, answer.target), (400, "BadRequest", target), answer)
            harness.validate(answer.json, "error")
        self.deployment.new_certificate("foreign")
        answer = self.post()
        self.assertEqual((answer.status, answer.target), (400, "decryptionCertBase64"), answer)
        self.assertIn("not the backup's", answer.message)
        self.assertNotIn("restore", {job["kind"] for job in backups.jobs(self.service)})
        self.assertEqual(os.listdir(self.deployment.source), [])

    def test_a_key_of_another_backup_fails_by_name(self):
        # Known to the service, so that only the share can tell that it does not open this one.
        old = self.deployment.pfx_file
        self.deployment.new_certificate("new")
        self.deployment.configure(self.service)
        self.backup = backups.make(self.service)["operationId"]
        self.deployment.pfx_file = old
        self.destroy()
        done = self.restore()
        self.assertEqual((done.status, done.code), (500, "BcdrOperationException"), done)
        harness.validate(done.json, "operation_failed")
        self.assertIn("does not open backup", done.message)
        self.assertEqual(os.listdir(self.deployment.source), [])

    def test_found_nowhere(self):
        body = self.body()
        pfx = base64.b64decode(body["decryptionCertBase64"])
        self.restore()
        needles = [body["decryptionCertPassword"].encode(), body["decryptionCertBase64"][100:160].encode(), pfx[64:112]]
        known = {self.deployment.pfx_file, self.deployment.password_file}
        searched = 0
        for folder, _, names in os.walk(self.deployment.folder):
            for path in {os.path.join(folder, name) for name in names} - known:
                with open(path, "rb") as file:
                    content = file.read()
                searched += 1
                for needle in needles:
                    self.assertNotIn(needle, content, path)
        self.assertGreater(searched, 20)
        self.assertIn("job of kind restore", self.service.log())

    def test_command_line(self):
        self.destroy()
        self.writer.close()
        token = self.deployment.path("token")
        with open(token, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(self.deployment.token)
        arguments = ["restore", "-c", self.deployment.config_path, "--url", self.service.url, "--token-file", token,
                     "--backup", self.backup, "--pfx", self.deployment.pfx_file, "--wait"]
        result = harness.run(*arguments, "--pfx-password-file", self.deployment.password_file, "--role", "Files")
        self.assertIn("Succeeded", result.stdout)
        self.assert_files_are_back()
        self.assertEqual(self.rows()[0], 0)
        harness.run(*arguments, "--pfx-password-file", self.deployment.password_file, "--json")
        self.assertEqual(self.rows(), (1000, 499500))
        wrong = self.deployment.path("wrong")
        with open(wrong, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write("wrong\n")
        result = harness.run(*arguments, "--pfx-password-file", wrong, check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("decryptionCertPassword", result.stderr)


class Killed(RestoreCase):
    @staticmethod
    def services(deployment):
        os.mkfifo(deployment.path("fifo"))
        with open(deployment.path("slow"), "w", encoding="utf-8") as file:
            file.write("slow\n")
        return [*RestoreCase.services(deployment),
                {"role": "Slow", "provider": "command", "restorePriority": 9,
                 "command": ["/bin/cat", deployment.path("slow")],
                 "restoreCommand": ["/bin/sh", "-c", SLOW.format(deployment.folder)]}]

    def test_in_the_middle(self):
        self.destroy()
        self.writer.close()
        os.unlink(self.deployment.path("slow"))
        answer = self.post()
        end = time.monotonic() + harness.JOB_SECONDS
        while not os.path.exists(self.deployment.path("begun")):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)
        refused = self.service.client.post(f"{self.deployment.location}/createBackup")
        self.assertEqual((refused.status, refused.code), (409, "BackupConflictException"), refused)
        self.service.kill()
        # Lets the program go that takes the data back.
        os.close(os.open(self.deployment.path("fifo"), os.O_RDWR))
        self.serve()
        done = self.service.client.get(answer.headers["Location"].replace(
            answer.headers["Location"].split("/subscriptions")[0], ""))
        self.assertEqual((done.status, done.code), (500, "BcdrOperationException"), done)
        self.assertIn("ask again with the PFX", done.message)
        self.restore(roleName="")
        self.assert_files_are_back()
        self.assertEqual(self.rows(), (1000, 499500))
        with open(self.deployment.path("slow"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "slow\n")


if __name__ == "__main__":
    unittest.main()

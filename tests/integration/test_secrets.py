#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every secret that is sent in a whole life of the service is searched for afterwards, in every form: in answers, logs,
the output of the program, database files with their write-ahead logs, the share, temporary files, arguments and
environment, and in the core that a crash would leave."""

import base64
import json
import os
import resource
import shutil
import signal
import sqlite3
import tempfile
import time
import unittest

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

import harness
import leaks
from harness import Client, Deployment
from smb_server import USER, SmbServer

PASSWORD = 'q7"Share\\Pass/Wort=9xK'
WRONG_PASSWORD = 'n3"Other\\Pass/Wort=2zR'
PFX_PASSWORD = 'r5"Pfx\\Word/Lang=8mT'
WRONG_PFX_PASSWORD = 'k1"Pfx\\Wrong/Lang=4bQ'
OLD = "2016-05-01"
# Not in order: tables of that kind are in every program.
SHARED_KEY = bytes(number * 89 % 251 for number in range(1, 65))
BLOB_KEY = bytes(number * 97 % 241 for number in range(1, 65))
JWT = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (
    b'{"alg":"RS256","kid":"nobody"}', b'{"iss":"https://nobody.example.com","sub":"someone who may nothing"}',
    bytes(number * 101 % 239 for number in range(1, 129))))

# What the service has no use for any more when its operation is over; for the PFX, what came in: its bytes, which say
# nothing without the password, pass through a library that frees them as they are. Tokens are not here: they come in
# headers, and the transport does not clear its buffers.
OVER = ("share password", "wrong share password", "PFX password", "wrong PFX password", "PFX, base64", "backup key",
        "shared key", "blob key")


class KeepingClient(Client):
    """Everything that was answered, as bytes."""

    def __init__(self, *arguments, kept=None):
        super().__init__(*arguments)
        self.kept = [] if kept is None else kept

    def with_token(self, token):
        return KeepingClient(self.url.geturl(), token, self.ca_file, kept=self.kept)

    def call(self, method, target, *arguments, **options):
        answer = super().call(method, target, *arguments, **options)
        self.kept.append((f"{method} {target.split('?')[0].rsplit('/', 1)[-1]} {answer.status}",
                          str(answer.headers).encode() + b"\n" + answer.raw))
        return answer


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Issuer:
    """Of web tokens, whose keys the service has in a file."""

    name, audience = "https://adfs.north.example.com/adfs", "https://adminmanagement.north.example.com"

    def __init__(self, path):
        self.key = rsa.generate_private_key(65537, 2048)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"keys": [{**public, "kid": "one", "use": "sig"}]}, file)
        self.configuration = {"issuers": [{
            "issuer": self.name, "audiences": [self.audience], "jwksFile": path,
            "roles": [{"claim": "roles", "value": "Backup.Reader", "role": "Reader"}]}]}

    def token(self, expires):
        now = int(time.time())
        return jwt.encode({"iss": self.name, "aud": self.audience, "iat": now, "nbf": now - 7200,
                           "exp": now + expires, "upn": "anna@example.com", "oid": "4f0d6e3a-6a39-4c5e-9a64-"
                           "0b6c86f1a001", "roles": ["Backup.Reader"]}, self.key, "RS256", headers={"kid": "one"})


class Life:
    """Configure, back up, verify, prune, restore; wrong passwords, wrong tokens. .search knows what was sent."""

    def __init__(self, server):
        self.server = server
        self.deployment = Deployment(tls=True, initialize=False)
        self.issuer = Issuer(self.deployment.path("jwks.json"))
        self.deployment.config["http"]["authentication"] = self.issuer.configuration
        with open(self.deployment.config_path, "w", encoding="utf-8") as file:
            json.dump(self.deployment.config, file)
        self.search = leaks.Search()
        self.answers, self.outputs = [], []
        self.service = self.client = None
        # Where the test itself has put one, for the program to read.
        self.own_files = []

    def write(self, name, text):
        path = self.deployment.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        self.own_files.append(path)
        return path

    def begin(self):
        deployment = self.deployment
        self.server.set_password(PASSWORD)
        with open(deployment.password_file, "w", encoding="utf-8") as file:
            file.write(PFX_PASSWORD + "\n")
        deployment.initialize()
        self.own_files += [deployment.password_file, deployment.pfx_file, deployment.path("server.key"),
                           os.path.join(deployment.config["stateDir"], "master.key")]
        # A service that does not mind would leave a core.
        limits = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
        self.service = deployment.serve()
        resource.setrlimit(resource.RLIMIT_CORE, limits)
        self.service.client.close()
        self.client = KeepingClient(self.service.url, deployment.token, deployment.server_ca, kept=self.answers)
        self.service.client = self.client
        self.know()

    def know(self):
        for name, secret in {"share password": PASSWORD, "wrong share password": WRONG_PASSWORD,
                             "PFX password": PFX_PASSWORD, "wrong PFX password": WRONG_PFX_PASSWORD,
                             "shared key": SHARED_KEY, "blob key": BLOB_KEY, "JWT": JWT.split(".")[2],
                             "token": self.deployment.token, "PFX": read(self.deployment.pfx_file)}.items():
            self.search.add(name, secret)
        self.search.add("token's bytes", base64.urlsafe_b64decode(self.deployment.token[3:] + "="))
        self.search.add("master key", read(os.path.join(self.deployment.config["stateDir"], "master.key")).strip())
        for name, number in leaks.private_numbers(self.deployment.pfx_file, self.deployment.password_file).items():
            self.search.add(f"backup key, {name}", number)
        for name, number in leaks.private_numbers(self.deployment.path("server.key")).items():
            self.search.add(f"TLS key, {name}", number)

    def operation(self, answer, *statuses):
        """Polled to its end, which has one of @statuses; an answer that is none is fine as well if it has one."""
        done = self.client.poll(answer) if answer.status == 202 else answer
        if done.status not in statuses:
            raise harness.Failure(f"{done} is none of {statuses}")
        return done.json

    def live(self):
        location = self.deployment.location

        def body(**members):
            return self.deployment.location_body(path=self.server.url(), userName=USER, **members)

        self.with_a_key(body)
        self.operation(self.client.put(location, body(password=WRONG_PASSWORD)), 500)
        self.operation(self.client.put(location, body(password=PASSWORD)), 200)
        self.client.put(location, {"properties": {"externalStoreDefault": {"password": [WRONG_PASSWORD]}}})
        self.client.put(location, f'{{"properties": "{PASSWORD}')
        self.operation(self.client.post(f"{location}/testConnection", {"path": self.server.url(), "userName": USER,
                                                                       "password": WRONG_PASSWORD}), 200)
        backup = self.operation(self.client.post(f"{location}/createBackup"), 200)
        identifier = backup["properties"]["backupInfo"]["backupId"]
        self.operation(self.client.post(f"{location}/backups/{identifier}/verify"), 200)
        self.operation(self.client.post(f"{location}/pruneExternalStore", {}), 200)
        self.restore(f"{location}/backups/{identifier}/restore")
        self.other_versions()
        self.strangers()
        self.command_line()
        for target in (location, f"{location}/backups", f"{location}/operations", self.deployment.provider +
                       "/backupLocations"):
            self.client.get(target)
        self.client.get(self.deployment.alerts, version=OLD)

    def with_a_key(self, body):
        """As clients of 2016-05-01 began, before there were certificates."""
        def old(answer):
            return self.operation(answer, 200)

        location = self.deployment.location
        old(self.client.put(location, body(password=PASSWORD, encryptionCertBase64=None, EncryptionKeyBase64=(
            base64.b64encode(SHARED_KEY).decode())), version=OLD))
        backup = old(self.client.post(f"{location}/createBackup", version=OLD))
        identifier = backup["properties"]["backupInfo"]["backupId"]
        old(self.client.post(f"{location}/backups/{identifier}/restore", version=OLD))

    def restore(self, target):
        pfx = base64.b64encode(read(self.deployment.pfx_file)).decode()
        for password, statuses in ((WRONG_PFX_PASSWORD, (400, 500)), (PFX_PASSWORD, (200,))):
            self.operation(self.client.post(target, {"roleName": "Files", "decryptionCertBase64": pfx,
                                                     "decryptionCertPassword": password}), *statuses)

    def other_versions(self):
        """What they know and 2018-09-01 does not; whether it is taken is not the point."""
        for method, version, members in (
                ("PUT", "2018-09-01", {"encryptionKeyBase64": base64.b64encode(SHARED_KEY).decode()}),
                ("PUT", OLD, {"EncryptionKeyBase64": base64.b64encode(SHARED_KEY).decode()}),
                ("PATCH", "2021-09-01", {"blobStorageUrl": "https://127.0.0.1:1/container",
                                         "blobStorageKey": base64.b64encode(BLOB_KEY).decode()})):
            answer = self.client.call(method, self.deployment.location,
                                      {"properties": {"externalStoreDefault": members}}, version=version)
            self.operation(answer, 200, 400, 405, 409, 500)

    def strangers(self):
        wrong = self.deployment.token[:-4] + ("AAAA" if not self.deployment.token.endswith("AAAA") else "BBBB")
        self.search.add("wrong token", wrong)
        reader = self.deployment.new_token("Reader")
        self.search.add("reader's token", reader)
        web, expired = self.issuer.token(3600), self.issuer.token(-3600)
        self.search.add("JWT of the issuer", web.split(".")[2])
        self.search.add("JWT that is expired", expired.split(".")[2])
        for token, status in ((wrong, 401), (JWT, 401), (expired, 401), (web, 403), (reader, 403)):
            client = self.client.with_token(token)
            if client.post(f"{self.deployment.location}/createBackup").status != status:
                raise harness.Failure("somebody is let in")
            client.get(f"{self.deployment.location}/backups?token={token}")
            client.close()

    def command_line(self):
        token = self.write("token", self.deployment.token)
        password = self.write("share.password", WRONG_PASSWORD)
        for arguments in (["status"], ["jobs"], ["alerts"], ["backups", "--json"],
                          ["configure", "--path", self.server.url(), "--user", USER, "--password-file", password]):
            result = harness.run(*arguments, "-c", self.deployment.config_path, "--token-file", token, check=False)
            self.outputs.append((arguments[0], (result.stdout + result.stderr).encode()))


class Secrets(unittest.TestCase):
    """One life; then places, one a test. The last ones stop the service."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SmbServer())
        cls.life = Life(cls.server)
        cls.addClassCleanup(cls.life.deployment.remove)
        cls.life.begin()
        cls.addClassCleanup(cls.end)
        cls.life.live()
        cls.search = cls.life.search

    @classmethod
    def end(cls):
        if cls.life.service.process.poll() is None:
            cls.life.service.kill()
        cls.life.service.process.stdout.close()

    def assert_clean(self, parts):
        found = [(name, what) for name, data in parts for what in self.search.find(data)]
        self.assertEqual(found, [])

    def test_1_answers(self):
        data = b"".join(data for _, data in self.life.answers)
        # It is the traffic of this life that is searched.
        self.assertGreater(len(self.life.answers), 30)
        self.assertIn(json.dumps(USER)[1:-1].encode(), data)
        self.assert_clean(self.life.answers)

    def test_2_log_and_output(self):
        log = self.life.service.log().encode()
        self.assertIn(b"restore", log)
        self.assert_clean([("log", log), *self.life.outputs])

    def test_3_arguments_and_environment(self):
        process = self.life.service.process.pid
        self.assert_clean([(name, read(f"/proc/{process}/{name}")) for name in ("cmdline", "environ", "comm")])

    def test_4_files_of_the_running_service(self):
        """Databases with their write-ahead logs, temporary files, the share."""
        state = self.life.deployment.config["stateDir"]
        names = os.listdir(state)
        self.assertTrue([name for name in names if name.endswith("-wal")], names)
        self.assertIn(USER.encode(), b"".join(read(os.path.join(state, name)) for name in names
                                              if name.startswith("state.") or "sqlite" in name))
        for folder in (self.life.deployment.folder, self.server.data):
            found, files = self.search.find_in_tree(folder, self.life.own_files)
            self.assertGreater(files, 3)
            self.assertEqual(found, [])

    def test_5_memory_is_shown_to_nobody_without_the_right(self):
        """What was sent and is over is in no memory of the process either; others cannot even look."""
        process = self.life.service.process.pid
        if os.geteuid() != 0:
            with self.assertRaises(PermissionError):
                next(leaks.memory_of(process))
            return
        self.overwrite_buffers()
        found, seen = set(), 0
        for data in leaks.memory_of(process):
            seen += data.count(self.life.deployment.subscription.encode())
            found.update(self.search.find(data))
        self.assertGreater(seen, 0)
        # It holds these as long as it runs, which shows that the search would see the others.
        self.assertIn("TLS key", " ".join(found))
        self.assertEqual([what for what in sorted(found) if what.startswith(OVER)], [])

    def overwrite_buffers(self):
        """The transport's own buffers keep what came last until others' requests come: these do."""
        padding = {"properties": {"padding": "x" * 200000}}
        for _ in range(8):
            self.life.client.close()
            self.life.client.put(self.life.deployment.location, padding, headers={"x-padding": "x" * 8000})
        self.life.client.close()

    def test_6_crash_leaves_no_core(self):
        process = self.life.service.process
        with open(f"/proc/{process.pid}/limits", encoding="utf-8") as limits:
            core = next(line for line in limits if line.startswith("Max core file size"))
        self.assertEqual(core.split()[4:6], ["0", "0"])
        os.kill(process.pid, signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, -signal.SIGABRT)
        self.assertFalse(os.WCOREDUMP(status))

    def test_7_files_after_a_crash(self):
        for folder in (self.life.deployment.folder, self.server.data):
            self.assertEqual(self.search.find_in_tree(folder, self.life.own_files)[0], [])


class Control(unittest.TestCase):
    """The search finds what is there."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="leaks-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.search = leaks.Search()
        self.secrets = {"text": PASSWORD.encode(), "key": bytes(range(128, 160)), "long": os.urandom(400)}
        for name, secret in self.secrets.items():
            self.search.add(name, secret)

    def test_every_form_is_found_wherever_it_stands(self):
        for name, secret in self.secrets.items():
            planted = {"raw": secret, "hex": secret.hex().encode(), "HEX": secret.hex().upper().encode()}
            for before in range(3):
                around = b"x" * before + secret + b"yz"
                planted[f"base64 {before}"] = base64.b64encode(around)
                planted[f"base64url {before}"] = base64.urlsafe_b64encode(around)
            if name == "text":
                text = secret.decode()
                planted.update({"UTF-16": text.encode("utf-16-le"), "JSON": json.dumps({"a": text}).encode(),
                                "JSON in JSON": json.dumps(json.dumps(text)).encode()})
            for form, data in planted.items():
                with self.subTest(secret=name, form=form):
                    self.assertIn(name, " ".join(self.search.find(b"before " + data + b" behind")))
        self.assertEqual(self.search.find(b"nothing to see" * 100), [])

    def test_deleted_rows_are_found_in_database_and_log(self):
        database = os.path.join(self.folder, "some.sqlite")
        connection = sqlite3.connect(database)
        self.addCleanup(connection.close)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (v)")
        connection.execute("INSERT INTO t VALUES (?)", (PASSWORD,))
        connection.commit()
        connection.execute("DELETE FROM t")
        connection.commit()
        found, _ = self.search.find_in_tree(self.folder)
        self.assertIn((database + "-wal", "text, raw"), found)
        self.assertEqual(self.search.find_in_tree(self.folder, [database + "-wal"])[0], [])

    def test_memory_is_searched(self):
        kept = bytearray(self.secrets["key"])
        found = {what for data in leaks.memory_of(os.getpid()) for what in self.search.find(data)}
        self.assertIn("key, raw", found)
        self.assertEqual(len(kept), 32)


if __name__ == "__main__":
    unittest.main(verbosity=2)

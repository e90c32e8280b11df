# SPDX-License-Identifier: Apache-2.0
"""What black-box tests share: a deployment in a temporary folder, its running service, a client, schemas.

    with Deployment() as deployment:            # config.json, `infrabackup init`, a certificate
        with deployment.serve() as service:     # `infrabackup serve` on a port that the kernel chose
            answer = service.client.put(deployment.location, deployment.location_body())
            service.client.wait(answer)

$INFRABACKUP is the program under test; without it build/infrabackup.
"""

import base64
import http.client
import json
import os
import re
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid

import jsonschema

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "api"))
import definitions  # pylint: disable=wrong-import-position

PROGRAM = shlex.split(os.environ.get("INFRABACKUP") or os.path.join(ROOT, "build", "infrabackup"))
VERSION = "2018-09-01"
PROVIDER = "Microsoft.Backup.Admin"
# Nothing here is measured: these only turn a hang into a failure.
READY_SECONDS = 60
JOB_SECONDS = 180
CALL_SECONDS = 60


class Failure(AssertionError):
    """Something that the harness itself relies on went wrong."""


def load_schemas():
    """{api-version: {id: schema}}"""
    schemas = definitions.load()
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    return {version: {one: definitions.of_version(schema, version) for one, schema in schemas.items()}
            for version in definitions.VERSIONS}


SCHEMAS = load_schemas()


def validate(value, name, kind="response", version=VERSION):
    """Raises unless @value fits schema/<kind>s/<name>.json as @version has it."""
    schema = SCHEMAS[version][f"urn:infrabackup:schema:{kind}:{name}"]
    resolver = jsonschema.RefResolver.from_schema(schema, store=SCHEMAS[version])
    jsonschema.Draft202012Validator(schema, resolver=resolver).validate(value)


def run(*arguments, check=True, text=None, env=None):
    """`infrabackup ARGUMENTS`; the finished process with its output as text."""
    result = subprocess.run([*PROGRAM, *arguments], input=text, text=True, capture_output=True,
                            timeout=JOB_SECONDS, check=False, env=env)
    if check and result.returncode != 0:
        raise Failure(f"infrabackup {' '.join(arguments)} ended with {result.returncode}:\n"
                      f"{result.stdout}{result.stderr}")
    return result


class Answer:
    """One HTTP response: status, headers (also by any case), text and, when there is one, the JSON."""

    def __init__(self, response, raw):
        self.status = response.status
        self.headers = response.headers
        self.raw = raw
        self.text = raw.decode("utf-8")
        kind = (response.headers.get("Content-Type") or "").split(";")[0]
        self.json = json.loads(self.text) if self.text and kind == "application/json" else None

    @property
    def code(self):
        """Of the error envelope; None without one."""
        return ((self.json or {}).get("error") or {}).get("code")

    @property
    def target(self):
        return ((self.json or {}).get("error") or {}).get("target")

    @property
    def message(self):
        return ((self.json or {}).get("error") or {}).get("message")

    def __repr__(self):
        return f"<{self.status} {self.text[:2000]}>"


class Client:
    """Calls of one service on one kept connection; one thread at a time."""

    def __init__(self, url, token=None, ca_file=None):
        self.url = urllib.parse.urlsplit(url)
        self.token = token
        self.ca_file = ca_file
        self.connection = None
        self.connects = 0

    def with_token(self, token):
        return Client(self.url.geturl(), token, self.ca_file)

    def _connect(self):
        self.connects += 1
        if self.url.scheme == "https":
            context = ssl.create_default_context(cafile=self.ca_file)
            return http.client.HTTPSConnection(self.url.hostname, self.url.port, timeout=CALL_SECONDS,
                                               context=context)
        return http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=CALL_SECONDS)

    def call(self, method, target, body=None, headers=None, version=VERSION):
        """@target: a path, or an absolute address. @body: JSON when it is not bytes or text.
        @version is added as api-version unless it is None or @target has one."""
        parts = urllib.parse.urlsplit(target)
        query = parts.query
        if version is not None and "api-version" not in query:
            query = "&".join(filter(None, [query, f"api-version={version}"]))
        target = parts.path + (f"?{query}" if query else "")
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
            sent["Content-Type"] = "application/json; charset=utf-8"
        elif body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        for attempt in (1, 2):
            if self.connection is None:
                self.connection = self._connect()
            try:
                self.connection.request(method, target, body, sent)
                response = self.connection.getresponse()
                answer = Answer(response, response.read())
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # An idle connection that the server has closed meanwhile.
                self.close()
                if attempt == 2:
                    raise
        if response.will_close:
            self.close()
        return answer

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def get(self, target, **options):
        return self.call("GET", target, **options)

    def put(self, target, body=None, **options):
        return self.call("PUT", target, body, **options)

    def post(self, target, body=None, **options):
        return self.call("POST", target, body, **options)

    def poll(self, answer, seen=None):
        """The first answer of the operation behind a 202 that is not a 202 itself."""
        if answer.status != 202:
            raise Failure(f"not accepted: {answer}")
        location = answer.headers["Location"]
        end = time.monotonic() + JOB_SECONDS
        while answer.status == 202:
            if time.monotonic() > end:
                raise Failure(f"{location} still runs after {JOB_SECONDS} s")
            if seen is not None:
                seen.append(answer)
            time.sleep(0.05)
            answer = self.get(location)
        return answer

    def wait(self, answer):
        """The resource that the operation behind a 202 made; raises when the operation failed."""
        answer = self.poll(answer)
        if answer.status != 200:
            raise Failure(f"the operation failed: {answer}")
        return answer.json


def free_line(stream, pattern):
    """The first match of @pattern among the lines of @stream; None at its end."""
    for line in stream:
        match = re.search(pattern, line)
        if match:
            return match
    return None


class Service:
    """A running `infrabackup serve`; stopped when the with-block ends. @wrapper: a command that runs it."""

    def __init__(self, deployment, env=None, wrapper=()):
        self.deployment = deployment
        self.log_path = os.path.join(deployment.folder, f"serve-{uuid.uuid4()}.log")
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*wrapper, *PROGRAM, "serve", "-c", deployment.config_path], stdout=subprocess.PIPE,
                stderr=log, text=True, env=env)
        self.url = self._read_url()
        self.client = Client(self.url, deployment.token, deployment.server_ca)

    def _read_url(self):
        watchdog = threading.Timer(READY_SECONDS, self.process.kill)
        watchdog.start()
        try:
            match = free_line(self.process.stdout, r"^infrabackup: listening on (https?://\S+)")
        finally:
            watchdog.cancel()
        if match is None:
            self.process.wait()
            raise Failure(f"serve ended with {self.process.returncode} before it was ready:\n{self.log()}")
        return match.group(1)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        """SIGTERM; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(JOB_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"serve did not stop:\n{self.log()[-4000:]}") from None
        finally:
            self.client.close()
            self.process.stdout.close()
        return self.process.returncode

    def kill(self):
        """SIGKILL, as a power cut would."""
        self.process.kill()
        self.process.wait()
        self.client.close()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.returncode is not None:
            self.process.stdout.close()
            return
        status = self.stop()
        if kind is None and status != 0:
            raise Failure(f"serve ended with {status}:\n{self.log()[-8000:]}")


class Deployment:
    """A temporary folder with a configuration, sources, a share that is a directory, an initialised state
    directory and an encryption certificate. @services: the list of the configuration, or a function that makes
    it from the deployment; @config: what else differs from the default."""

    def __init__(self, services=None, tls=False, config=None, initialize=True):
        self.folder = tempfile.mkdtemp(prefix="infrabackup-")
        self.region = "north"
        self.subscription = "7d0f5f0e-6a39-4c5e-9a64-0b6c86f1a001"
        self.deployment_id = "b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002"
        self.share = self.path("share")
        self.source = self.path("source")
        os.mkdir(self.share)
        os.mkdir(self.source)
        self.server_ca = None
        self.token = None
        self.certificate_file = self.pfx_file = None
        self.password_file = self.path("pfx.password")
        self._write(self.password_file, b"correct horse battery staple\n", 0o600)
        self._write(os.path.join(self.source, "hello.txt"), b"hello\n")
        self.config = {
            "stateDir": self.path("state"),
            "deployment": {
                "id": self.deployment_id, "location": self.region, "externalDomain": "example.com",
                "subscriptionId": self.subscription, "stampVersion": "1.2311.1.22",
                "oemVersion": "2.2.2311.1"},
            "http": {"listen": "127.0.0.1:0"},
            # A small reserve: the share of a test has room for it.
            "engine": {"shareReserveMiB": 1},
            "services": [{"role": "Files", "provider": "directory", "path": self.source}]
            if services is None else services(self) if callable(services) else services}
        if tls:
            self._use_tls()
        for name, value in (config or {}).items():
            known = self.config.get(name)
            self.config[name] = {**known, **value} if isinstance(known, dict) else value
        self.config_path = self.path("config.json")
        self._write(self.config_path, json.dumps(self.config, indent=2).encode())
        if initialize:
            self.initialize()

    def path(self, name):
        return os.path.join(self.folder, name)

    @staticmethod
    def _write(path, data, mode=0o644):
        with open(path, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(data)

    def _use_tls(self):
        certificate, key = self.path("server.pem"), self.path("server.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", key, "-out", certificate],
                       check=True, capture_output=True)
        self.server_ca = certificate
        self.config["http"]["tls"] = {"certFile": certificate, "keyFile": key}

    def initialize(self):
        output = run("init", "-c", self.config_path, "--json").stdout
        self.token = json.loads(output)["token"]
        self.new_certificate("backup")

    def new_certificate(self, name):
        """Makes @name.cer and @name.pfx and lets later location bodies use them."""
        run("key", "new-cert", "--out", self.path(name), "--password-file", self.password_file)
        self.certificate_file = self.path(f"{name}.cer")
        self.pfx_file = self.path(f"{name}.pfx")

    def serve(self, **options):
        return Service(self, **options)

    @property
    def group(self):
        return f"system.{self.region}"

    @property
    def provider(self):
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{PROVIDER}"

    @property
    def location(self):
        return f"{self.provider}/backupLocations/{self.region}"

    @property
    def alerts(self):
        return (f"/subscriptions/{self.subscription}/resourceGroups/System.{self.region}/providers/"
                f"Microsoft.InfrastructureInsights.Admin/regionHealths/{self.region}/alerts")

    def certificate_base64(self):
        with open(self.certificate_file, "rb") as file:
            return base64.b64encode(file.read()).decode()

    def location_body(self, **members):
        """A PUT that configures the share; @members change externalStoreDefault, None leaves out."""
        store = {
            "path": self.share, "userName": "EXAMPLE\\backupsvc", "password": "a share password",
            "encryptionCertBase64": self.certificate_base64(), "backupFrequencyInHours": 12,
            "isBackupSchedulerEnabled": False, "backupRetentionPeriodInDays": 7, **members}
        store = {name: value for name, value in store.items() if value is not None}
        return {"location": self.region, "properties": {"externalStoreDefault": store}}

    def configure(self, service, **members):
        """Sets the location and waits until it is in force."""
        return service.client.wait(service.client.put(self.location, self.location_body(**members)))

    def backup(self, service):
        """Makes a backup and waits for it; the resource that the operation result shows."""
        return service.client.wait(service.client.post(f"{self.location}/createBackup"))

    def new_token(self, role, name=None):
        result = run("token", "create", "-c", self.config_path, "--name", name or f"{role}-token",
                     "--role", role, "--json")
        return json.loads(result.stdout)["token"]

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.remove()

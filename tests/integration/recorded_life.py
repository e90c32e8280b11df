# SPDX-License-Identifier: Apache-2.0
"""A life in which every verb of the contract is used once, kept answer by answer for recorded_table.py."""

import base64
import errno
import json
import os
import socket
import time

import harness
from harness import Deployment, Failure

INSIGHTS = "2016-05-01"
INSIGHTS_LIFE = "insights"
KEY = base64.b64encode(b"KeyOfSixtyFourLettersAsThatCmdletMakesThemAndAsItIsSentToService").decode()
NOBODY = "00000000-0000-4000-8000-000000000000"


class Life:
    """.exchanges: {(api-version, name): [answers]}; a name is kept more than once when it was polled."""

    def __init__(self, version):
        self.version = version
        # Short, so that a server which says nothing is given up soon.
        self.deployment = Deployment(services=self.services, config={"engine": {"shareReserveMiB": 1,
                                                                              "shareDeadlineSeconds": 2}})
        self.exchanges = {}

    @staticmethod
    def services(deployment):
        """A role that is taken at once, and one that takes as long as the test wants."""
        gate = deployment.path("gate")
        os.mkfifo(gate)
        return [{"role": "Files", "provider": "directory", "path": deployment.source},
                {"role": "Gated", "provider": "command", "command": ["/bin/cat", gate], "entryName": "data",
                 "restoreCommand": ["/bin/sh", "-c", "cat > /dev/null"]}]

    def keep(self, version, name, answer):
        self.exchanges.setdefault((version, name), []).append(answer)
        return answer

    def live(self):
        with self.deployment, self.deployment.serve() as service:
            self.contract(service.client, self.version)
            if self.version == "2018-09-01":
                self.insights(service.client)

    def contract(self, client, version):
        location, provider = self.deployment.location, self.deployment.provider

        def call(name, method, target, body=None, **options):
            return self.keep(version, name, client.call(method, target, body, **{"version": version, **options}))

        call("location unconfigured", "GET", location)
        body = self.deployment.location_body()
        if version < "2018":
            # As AzureStack-Tools spell it.
            body = self.deployment.location_body(encryptionCertBase64=None, EncryptionKeyBase64=KEY)
        self.operation(client, version, "PUT", call("PUT", "PUT", location, body))
        if version == "2018-09-01":
            again = {"location": "north", "properties": {"externalStoreDefault": {
                "userName": None, "backupRetentionPeriodInDays": 6}}}
            self.operation(client, version, "PUT again", call("PUT again", "PUT", location, again))
        # As a client that wants one other figure sends it; until 2021 there is no such thing.
        retention = {"properties": {"externalStoreDefault": {"backupRetentionPeriodInDays": 6}}}
        answer = call("PATCH", "PATCH", location, retention)
        if version >= "2021":
            self.operation(client, version, "PATCH", answer)
        self.put_that_hangs(client, version)
        self.backup(client, version, call)
        call("location", "GET", location)
        call("locations", "GET", f"{provider}/backupLocations")
        identifier = call("backups", "GET", f"{location}/backups").json["value"][0]["name"].split("/")[1]
        call("backup", "GET", f"{location}/backups/{identifier}")
        self.restore(client, version, call, f"{location}/backups/{identifier}/restore")
        if version >= "2018":
            self.prune(client, version, call)
        self.rest(client, version, call)

    def prune(self, client, version, call):
        location = self.deployment.location
        for name, body in (("prune dry run", {"operationType": "DryRun"}), ("prune", {}), ("prune without body", None)):
            self.operation(client, version, name, call(name, "POST", f"{location}/pruneExternalStore", body))

    def restore(self, client, version, call, target):
        if version < "2018":
            # All roles: the other one's program wants no input.
            self.operation(client, version, "restore", call("restore", "POST", target))
            return
        with open(self.deployment.pfx_file, "rb") as file:
            pfx = base64.b64encode(file.read()).decode()
        with open(self.deployment.password_file, encoding="utf-8") as file:
            password = file.read().strip()
        body = {"roleName": "Files", "decryptionCertBase64": pfx, "decryptionCertPassword": password}
        self.operation(client, version, "restore", call("restore", "POST", target, body))

    def rest(self, client, version, call):
        location = self.deployment.location
        call("operations", "GET", "/providers/Microsoft.Backup.Admin/operations")
        call("no such path", "GET", f"{location}/nothing")
        call("no such backup", "GET", f"{location}/backups/{NOBODY}")
        call("no such operation", "GET", f"{location}/operationResults/{NOBODY}")
        call("other subscription", "GET", location.replace(self.deployment.subscription, NOBODY))
        call("no version", "GET", location, version=None)
        call("unknown version", "GET", location, version="2019-01-01")
        self.backup_that_fails(client, version, call)
        if version >= "2021":
            # Clear-AzsBackupConfiguration, to the letter.
            clear = {"location": "north", "properties": {"externalStoreDefault": {"userName": ""}}}
            self.operation(client, version, "PUT clear", call("PUT clear", "PUT", location, clear))

    def operation(self, client, version, name, answer):
        """Polls both addresses to their end."""
        addresses = {f"{name} async": answer.headers["Azure-AsyncOperation"], name: answer.headers["Location"]}
        for kept, address in addresses.items():
            if address is None:
                continue
            end = time.monotonic() + harness.JOB_SECONDS
            while True:
                polled = client.get(address)
                is_running = polled.status == 202 or (polled.json or {}).get("status") == "Accepted"
                self.keep(version, f"{kept} {'running' if is_running else 'done'}", polled)
                if not is_running:
                    break
                if time.monotonic() > end:
                    raise Failure(f"{address} does not end")
                time.sleep(0.05)

    def put_that_hangs(self, client, version):
        """To a server that takes connections and says nothing: it runs until the deadline, and fails."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            path = f"smb://127.0.0.1:{silent.getsockname()[1]}/share"
            answer = client.call("PUT", self.deployment.location, self.deployment.location_body(path=path),
                                 version=version)
            self.keep(version, "PUT running", client.get(answer.headers["Location"]))
            address = answer.headers["Azure-AsyncOperation"]
            if address is not None:
                self.keep(version, "PUT async running", client.get(address))
            self.keep(version, "PUT failed", client.poll(answer))
            if address is not None:
                self.keep(version, "PUT async failed", client.get(address))

    def backup(self, client, version, call):
        location = self.deployment.location
        answer = call("createBackup", "POST", f"{location}/createBackup")
        with open(self.open_gate(client, answer), "wb") as gate:
            self.keep(version, "createBackup running", client.get(answer.headers["Location"]))
            if answer.headers["Azure-AsyncOperation"] is not None:
                self.keep(version, "createBackup async running", client.get(answer.headers["Azure-AsyncOperation"]))
            call("createBackup refused", "POST", f"{location}/createBackup")
            identifier = answer.headers["Location"].split("?")[0].rsplit("/", 1)[1]
            call("backup running", "GET", f"{location}/backups/{identifier}")
            gate.write(b"data")
        self.operation(client, version, "createBackup", answer)

    def open_gate(self, client, answer):
        """Waits until the program of the role reads."""
        end = time.monotonic() + harness.JOB_SECONDS
        while time.monotonic() < end:
            try:
                return os.open(self.deployment.path("gate"), os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:
                    raise
            if client.get(answer.headers["Location"]).status != 202:
                break
            time.sleep(0.02)
        raise Failure("the role's program was not started")

    def backup_that_fails(self, client, version, call):
        """The share is gone."""
        away = self.deployment.share + ".away"
        os.rename(self.deployment.share, away)
        answer = call("createBackup that fails", "POST", f"{self.deployment.location}/createBackup")
        self.keep(version, "createBackup failed", client.poll(answer))
        os.rename(away, self.deployment.share)

    def insights(self, client):
        base = self.deployment.alerts.rsplit("/", 1)[0]

        def call(name, method, target, body=None):
            return self.keep(INSIGHTS_LIFE, name, client.call(method, target, body, version=INSIGHTS))

        call("insights operations", "GET", "/providers/Microsoft.InfrastructureInsights.Admin/operations")
        call("regions", "GET", base.rsplit("/", 1)[0])
        call("region", "GET", base)
        service = call("services", "GET", f"{base}/serviceHealths").json["value"][0]["id"]
        call("service", "GET", service)
        resource = call("resources", "GET", f"{service}/resourceHealths").json["value"][0]["id"]
        call("resource", "GET", resource)
        failed = next(alert for alert in call("alerts", "GET", f"{base}/alerts").json["value"]
                      if alert["properties"]["faultTypeId"].startswith("AzureStack.BackupController.BackupFailed"))
        call("alert", "GET", failed["id"])
        call("alert closed", "PUT", f"{failed['id']}?user=somebody", {})


def looked_at(answer, what):
    """What a row looks at; see recorded_table.py."""
    kind, _, path = what.partition(" ")
    if kind == "status":
        return answer.status
    if kind == "body":
        return answer.text
    if kind == "header":
        return answer.headers[path]
    value = below(answer.json, path)
    if kind == "keys":
        return list(value)
    if kind == "nulls":
        return [key for key, member in value.items() if member is None]
    assert kind == "value", what
    return value


def below(value, path):
    """Along "a.0.b"; "[NAME]" is the item of a list that is called that."""
    while path:
        if path.startswith("["):
            name, _, path = path[1:].partition("].")
            value = next(item for item in value if item["name"] == name)
            continue
        part, _, path = path.partition(".")
        value = value[int(part) if isinstance(value, list) else part]
    return value


def fits(found, expected):
    if hasattr(expected, "fullmatch"):
        return isinstance(found, (str, int)) and expected.fullmatch(str(found)) is not None
    return type(found) is type(expected) and found == expected and \
        json.dumps(found) == json.dumps(expected)

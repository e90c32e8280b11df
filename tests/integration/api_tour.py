# SPDX-License-Identifier: Apache-2.0
"""One walk over every operation that the documents in api/ have, as a client that was made from them would take it.

Requests are built from a document and the parameters of its example; every exchange is kept, the polls of long-running
operations too. test_api_examples.py compares the answers with the examples, and tests/contract gives the exchanges to
Azure's validator.
"""

import base64
import hashlib
import os
import time
import urllib.parse
import uuid

import api_documents
import harness


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


# What an example says in words because only a deployment knows it.
PLACES = {
    "/mnt/share": lambda deployment: deployment.share,
    "base64 of the certificate": lambda deployment: deployment.certificate_base64(),
    "base64 of the key": lambda deployment: base64.b64encode(hashlib.sha512(deployment.folder.encode()).digest()).decode(),
    "base64 of the PFX": lambda deployment: base64.b64encode(read_bytes(deployment.pfx_file)).decode(),
    "password of the PFX": lambda deployment: read_bytes(deployment.password_file).decode().strip(),
}


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def services(deployment):
    """Files, and a role whose program reads a file that is not there at first: the backup is partial, can be retried
    and, once the file is a pipe, runs until it is cancelled."""
    return [{"role": "Files", "provider": "directory", "path": deployment.source},
            {"role": "Late", "provider": "command", "command": ["/bin/cat", deployment.path("late")],
             "restoreCommand": ["/usr/bin/tee", deployment.path("late.restored")], "entryName": "data"}]


class Exchange:
    """One request and its answer. @operation is None where a poll has an address of its own."""

    def __init__(self, operation, version, request, answer, is_refused):
        self.operation, self.version = operation, version
        self.method, self.target, self.body = request
        self.answer = answer
        self.is_refused = is_refused
        self.ends = None  # the first exchange of the long-running operation whose result this is

    def __repr__(self):
        return f"{self.operation} as {self.version}: {self.method} {self.target} {self.answer}"


class Tour:
    """The walk for one api-version of the backup provider over a fresh deployment that makes services()."""

    def __init__(self, deployment, service, version):
        self.deployment, self.service, self.version = deployment, service, version
        self.client = service.client
        self.exchanges = []
        self.operations = {}
        for operation in api_documents.operations():
            if version in operation.versions or api_documents.BACKUP not in operation.path:
                self.operations[operation.id] = operation
        self.reader = self.client.with_token(deployment.new_token("Reader"))
        self.stranger = self.client.with_token(None)

    def has(self, identifier):
        return identifier in self.operations

    def values(self, operation, given):
        """By parameter, from what is common to all, what the example says and what the caller gives."""
        insights = "InfrastructureInsights" in operation.path
        group = ("System" if insights else "system") + f".{self.deployment.region}"
        values = {"subscriptionId": self.deployment.subscription, "resourceGroupName": group,
                  "location": self.deployment.region}
        for file in operation.examples().values():
            example = api_documents.read_json(file)["parameters"]
            values.update({name: self.fill(value) for name, value in example.items() if name not in values})
            break
        values["api-version"] = self.version if api_documents.BACKUP in operation.path else \
            values.get("api-version", operation.version)
        return {**values, **given}

    def fill(self, value):
        if isinstance(value, dict):
            return {key: self.fill(below) for key, below in value.items()}
        return PLACES[value](self.deployment) if isinstance(value, str) and value in PLACES else value

    def request(self, operation, values):
        """(method, target, body) of @operation for these parameters."""
        target, query, body = operation.path, {}, None
        for parameter in operation.parameters:
            name, where = parameter["name"], parameter["in"]
            if name not in values:
                continue
            if where == "path":
                target = target.replace(f"{{{name}}}", urllib.parse.quote(values[name], safe=""))
            elif where == "query" and values[name] is not None:
                query[name] = values[name]
            elif where == "body":
                body = values[name]
        if query:
            target += "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote)
        return operation.method, target, body

    def send(self, operation, request, client=None, is_refused=False, headers=None):
        method, target, body = request
        answer = (client or self.client).call(method, target, body, version=None, headers=headers)
        self.exchanges.append(Exchange(operation, self.version, request, answer, is_refused))
        return answer

    def call(self, identifier, status=200, **given):
        """The answer of a call that must have @status."""
        operation = self.operations[identifier]
        answer = self.send(operation, self.request(operation, self.values(operation, given)),
                           is_refused=status >= 400)
        if answer.status != status:
            raise harness.Failure(f"{identifier}: {answer}")
        return answer

    def long(self, identifier, status=200, **given):
        """The same for a long-running operation: the answer when it has ended."""
        accepted = self.call(identifier, 202, **given)
        first = self.exchanges[-1]
        end = time.monotonic() + harness.JOB_SECONDS
        for header in ("Azure-AsyncOperation", "Location"):
            address = accepted.headers.get(header)
            while address is not None:
                parts = urllib.parse.urlsplit(address)
                answer = self.send(self.operations.get("OperationResults_Get"),
                                   ("GET", f"{parts.path}?{parts.query}", None), is_refused=status >= 400)
                is_running = answer.status == 202 or (answer.json or {}).get("status") == "Accepted"
                if not is_running:
                    break
                if time.monotonic() > end:
                    raise harness.Failure(f"{identifier} still runs: {answer}")
                time.sleep(0.05)
        if answer.status != status:
            raise harness.Failure(f"{identifier} ended with {answer}")
        if status == 200 and identifier != "Maintenance_Begin":
            self.exchanges[-1].ends = first
        return answer

    # --- the walk ---

    def everything(self):
        for identifier in ("Health_Get", "Ready_Get", "Operations_List", "InsightsOperations_List"):
            self.call(identifier)
        self.call("BackupLocations_CreateBackup", 409)
        self.configure()
        self.backups()
        self.stop_one()
        self.prune()
        self.maintenance()
        self.health()
        for identifier in ("Subscriptions_Put", "Providers_Register"):
            self.call(identifier)
        self.rest()
        self.refusals()
        self.reader.close()
        self.stranger.close()

    def configure(self):
        # Since 2021-09-01 the PUT has another name, and PATCH the one that it had.
        put = "BackupLocations_Set" if self.has("BackupLocations_Set") else "BackupLocations_Update"
        self.long(put)
        if self.has("BackupLocations_Update") and put != "BackupLocations_Update":
            self.long("BackupLocations_Update")
        self.long(put, 500, backup=self.deployment.location_body(path=self.deployment.path("nowhere")))
        self.call(put, 400, backup=self.deployment.location_body(backupFrequencyInHours=99))
        self.call("BackupLocations_List")
        self.call("BackupLocations_Get")
        self.long("BackupLocations_TestConnection")
        self.call("BackupLocations_GetConnection")

    def backups(self):
        partial = self.long("BackupLocations_CreateBackup").json["properties"]["backupInfo"]["backupId"]
        write(self.deployment.path("late"), b"data\n")
        whole = self.long("Backups_Retry", backup=partial).json["properties"]["backupInfo"]["backupId"]
        self.call("Backups_List")
        self.call("Backups_Get", backup=whole)
        self.call("Backups_Get", 404, backup=str(uuid.uuid4()))
        self.call("Backups_Pin", backup=whole)
        self.call("Backups_Unpin", backup=whole)
        self.long("Backups_Verify", backup=whole)
        self.long("BackupLocations_Verify")
        self.long("Backups_Restore", backup=whole)
        self.call("Capacity_Get")
        self.call("Jobs_List")
        self.call("ActivityLogs_List")
        self.call("Jobs_Get", operationId=whole)
        self.call("OperationResults_Get", operationId=whole)

    def stop_one(self):
        """A backup that runs until it is cancelled, twice: by the name of the backup and of the operation."""
        late = self.deployment.path("late")
        os.unlink(late)
        os.mkfifo(late)
        for identifier, name in (("Backups_Cancel", "backup"), ("Jobs_Cancel", "operationId")):
            accepted = self.call("BackupLocations_CreateBackup", 202)
            job = accepted.headers["Location"].rsplit("/", 1)[1].split("?")[0]
            self.until(job, lambda shown: shown["currentRole"] == "Late")
            self.call(identifier, 202, **{name: job})
            first = self.exchanges[-1]
            self.until(job, lambda shown: shown["state"] == "Cancelled")
            self.exchanges[-1].ends = first
        os.unlink(late)
        write(late, b"data\n")

    def until(self, job, is_so):
        end = time.monotonic() + harness.JOB_SECONDS
        while not is_so(self.call("Jobs_Get", operationId=job).json["properties"]):
            if time.monotonic() > end:
                raise harness.Failure(f"the operation {job} does not become what is waited for")
            time.sleep(0.05)

    def prune(self):
        if self.has("BackupLocations_PruneExternalStore"):
            self.long("BackupLocations_PruneExternalStore")
            self.long("BackupLocations_PruneExternalStore", option={"operationType": "Default"})

    def maintenance(self):
        self.call("Maintenance_Get")
        self.call("Maintenance_Begin")
        self.call("Maintenance_End")
        self.long("Maintenance_Begin", body={"operation": "SecretRotation", "backupBefore": True})
        while self.call("Maintenance_Get").json["properties"]["state"] == "Pending":
            time.sleep(0.05)
        self.call("Maintenance_End")

    def health(self):
        self.call("Alerts_List")
        fault = "AzureStack.BackupController.BackupPartialSucceededFault"
        listed = self.call("Alerts_List", **{"$filter": f"Properties/FaultTypeId eq '{fault}'"})
        name = listed.json["value"][0]["name"].rsplit("/", 1)[1]
        self.call("Alerts_Get", alertName=name)
        self.call("Alerts_Repair", 400, alertName=name)
        self.call("Alerts_Close", alertName=name)
        self.call("RegionHealths_List")
        self.call("RegionHealths_Get")
        self.call("ServiceHealths_List")
        service = self.registration("ServiceHealths_List")
        self.call("ServiceHealths_Get", serviceHealth=service)
        resource = self.registration("ResourceHealths_List", serviceRegistrationId=service)
        self.call("ResourceHealths_Get", serviceRegistrationId=service, resourceRegistrationId=resource)

    def registration(self, identifier, **given):
        return self.call(identifier, **given).json["value"][0]["properties"]["registrationId"]

    def rest(self):
        """What needs nothing but itself, if it was not met on the way."""
        met = {exchange.operation.id for exchange in self.exchanges if exchange.operation}
        for identifier, operation in self.operations.items():
            if identifier not in met and operation.method == "GET":
                self.call(identifier)

    def refusals(self):
        """Every operation: nobody, a reader where that is too little, another region, no api-version."""
        for operation in list(self.operations.values()):
            if "x-required-role" not in operation.value:
                continue
            values = self.values(operation, {})
            for parameter in operation.parameters:
                if parameter["in"] == "path":
                    values.setdefault(parameter["name"], str(uuid.uuid4()))
            self.refuse(operation, values, 401, self.stranger)
            if operation.value["x-required-role"] != "Reader":
                self.refuse(operation, values, 403, self.reader)
            if "subscriptionId" in values and "{subscriptionId}" in operation.path:
                self.refuse(operation, {**values, "subscriptionId": str(uuid.uuid4())}, 404)

    def refuse(self, operation, values, status, client=None):
        answer = self.send(operation, self.request(operation, values), client, is_refused=True)
        if answer.status != status:
            raise harness.Failure(f"{operation.id} is not refused with {status}: {answer}")

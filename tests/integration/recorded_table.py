# SPDX-License-Identifier: Apache-2.0
"""What recorded traffic of real stamps looks like, as rows that are held against what the service really sends.

A row: section of the contract, api-versions, exchange, what is looked at, what it must be. The exchanges are the names
under which recorded_life.py keeps answers. What is looked at:

    status, body            of the answer; body is its text
    header NAME             None: not sent
    keys PATH               names of an object in their order; PATH goes by dots and numbers, empty: the whole body
    nulls PATH              the names whose value is null
    value PATH              one value

What it must be: a value, or a pattern that a text matches as a whole.
"""

import re

V2018 = ("2018-09-01",)
INSIGHTS = ("2016-05-01",)

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# UTC, at most seven digits of a second, of which the last is no zero.
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z")
# As .NET writes a TimeSpan: nothing that is zero but the whole, minutes and seconds below sixty.
DURATION = re.compile(r"PT(?=.)(0S|([1-9]\d*H)?([1-5]?[1-9]M|[1-5]0M)?"
                      r"([1-5]?\d(\.\d{0,6}[1-9])?S)?)")
THUMBPRINT = re.compile(r"[0-9A-F]{40}")
NUMBER = re.compile(r"[0-9]+")
# Three significant digits, or two below one.
CAPACITY = re.compile(r"(\d\.\d\d|\d\d\.\d|\d{3,4}) [KMGTP]?B")

JSON = "application/json"
JSON_UTF8 = "application/json; charset=utf-8"
RESOURCE = "id name type location tags properties".split()
STORE = ("path userName password encryptionCertBase64 encryptionCertThumbprint backupFrequencyInHours "
         "availableCapacity isBackupSchedulerEnabled nextBackupTime lastBackupTime "
         "backupRetentionPeriodInDays").split()
SECRETS = ["password", "encryptionCertBase64"]
BACKUP = ("backupDataVersion backupId roleStatus status createdDateTime timeTakenToCreate stampVersion oemVersion "
          "deploymentID encryptionCertThumbprint completelyUploaded isAutomaticBackup isCloudRecoveryReady").split()
RESULT = BACKUP + "encryptedBackupEncryptionKey backupSizeInKb compressedBackupSizeInKb".split()
ALERT = ("closedTimestamp createdTimestamp description faultHash faultId alertId faultTypeId lastUpdatedTimestamp "
         "alertProperties remediation resourceProviderRegistrationId severity state title impactedResourceId "
         "impactedResourceDisplayName preview hasValidRemediationAction remediationHistory").split()
SERVICE = ("registrationId displayName namespace routePrefix serviceLocation infraURI alertSummary "
           "healthState").split()
RESOURCE_HEALTH = ("registrationId namespace routePrefix resourceType resourceName resourceDisplayName usageMetrics "
                   "resourceLocation resourceURI rpRegistrationId alertSummary healthState").split()
STORED = "properties.externalStoreDefault"
INFO = "properties.backupInfo"


def every(section, versions, exchange, *pairs):
    """Rows of one exchange."""
    return [(section, versions, exchange, what, expected) for what, expected in pairs]


def read(section, versions, exchange):
    """Of every answer with a body that is no operation's."""
    return every(section, versions, exchange, ("status", 200), ("header Content-Type", JSON_UTF8)) + \
        common(versions, exchange)


def common(versions, exchange):
    return every("12.3", versions, exchange, ("header Cache-Control", "no-cache"), ("header Pragma", "no-cache"),
                 ("header Expires", "-1"), ("header X-Content-Type-Options", "nosniff"),
                 ("header x-ms-request-id", GUID), ("header x-ms-correlation-request-id", GUID),
                 # No ETag is in recorded traffic, and these two are the front door's.
                 ("header x-ms-routing-request-id", None))


def accepted(section, versions, exchange, retry_after, is_async=False):
    """The 202 of an operation, first or polled."""
    rows = every(section, versions, exchange, ("status", 202), ("body", ""), ("header Content-Length", "0"),
                 ("header Content-Type", None), ("header Retry-After", retry_after),
                 ("header Location", re.compile(r"http://127\.0\.0\.1:\d+/subscriptions/[^/]+/resourceGroups/"
                                                r"system\.north/providers/Microsoft\.Backup\.Admin/backupLocations/"
                                                rf"north/operationResults/{GUID.pattern}"
                                                rf"\?api-version={versions[0]}")),
                 ("header Azure-AsyncOperation", re.compile(r"http://.*&IsAsyncOperation=1") if is_async else None))
    return rows + common(versions, exchange)


def failed(section, versions, exchange):
    """The end of an operation that failed, on either address."""
    return every(section, versions, exchange, ("status", 500), ("header Content-Type", JSON),
                 ("header x-ms-failure-cause", "service"), ("header Retry-After", None), ("keys", ["error", "properties"]),
                 ("value error.code", "BcdrOperationException"), ("value properties", {"provisioningState": "Failed"}))


def location_rows():
    rows = []
    for exchange in ("location unconfigured", "location", "PUT done", "PUT again done"):
        rows += every("3.1", V2018, exchange, ("keys", RESOURCE), ("value tags", {}),
                      ("value type", "Microsoft.Backup.Admin/backupLocations"), ("value name", "north"),
                      ("value location", "north"), ("keys properties", ["externalStoreDefault"]),
                      (f"keys {STORED}", STORE))
    rows += every("3.6", V2018, "location unconfigured",
                  (f"nulls {STORED}", [*SECRETS, "encryptionCertThumbprint", "availableCapacity",
                                       "isBackupSchedulerEnabled", "nextBackupTime", "lastBackupTime"]),
                  (f"value {STORED}.path", ""), (f"value {STORED}.userName", ""),
                  (f"value {STORED}.backupFrequencyInHours", 12),
                  (f"value {STORED}.backupRetentionPeriodInDays", 7))
    rows += every("3.1", V2018, "PUT done", (f"nulls {STORED}", [*SECRETS, "lastBackupTime"]),
                  (f"value {STORED}.encryptionCertThumbprint", THUMBPRINT),
                  (f"value {STORED}.availableCapacity", CAPACITY), (f"value {STORED}.nextBackupTime", TIME))
    rows += every("3.1", V2018, "location", (f"nulls {STORED}", SECRETS), (f"value {STORED}.lastBackupTime", TIME))
    rows += read("3.3", V2018, "location") + read("3.4", V2018, "locations") + read("3.3", V2018, "location unconfigured")
    rows += every("3.4", V2018, "locations", ("keys", ["value", "nextLink"]), ("value nextLink", None))
    rows += accepted("3.5", V2018, "PUT", "5") + accepted("3.5", V2018, "PUT running", "60")
    for exchange in ("PUT done", "PUT again done"):
        rows += every("3.5", V2018, exchange, ("status", 200), ("header Content-Type", JSON),
                      ("header Location", None), ("header Retry-After", None)) + common(V2018, exchange)
    # An absent field, and a null, keep what is stored.
    rows += every("3.5", V2018, "PUT again done", (f"value {STORED}.backupRetentionPeriodInDays", 6),
                  (f"value {STORED}.userName", "EXAMPLE\\backupsvc"), (f"value {STORED}.backupFrequencyInHours", 12))
    return rows + failed("9", V2018, "PUT failed") + common(V2018, "PUT failed")


def backup_rows():
    rows = accepted("4.2", V2018, "createBackup", "60") + accepted("4.2", V2018, "createBackup running", "60")
    rows += every("4.2", V2018, "createBackup done", ("status", 200), ("header Content-Type", JSON), ("keys", RESOURCE),
                  (f"keys {INFO}", RESULT),
                  # Not as recorded for 2018: the data key is wrapped for several, in the backup's own folder, and
                  # told to nobody. Clients do not need it (4.1); 2021 was recorded with null as well.
                  (f"value {INFO}.encryptedBackupEncryptionKey", None),
                  (f"value {INFO}.backupSizeInKb", NUMBER), (f"value {INFO}.compressedBackupSizeInKb", NUMBER))
    rows += common(V2018, "createBackup done")
    rows += every("4.2", V2018, "createBackup refused", ("status", 409), ("header Content-Type", JSON_UTF8),
                  ("value error.code", "BackupConflictException"))
    rows += read("4.3", V2018, "backups") + read("4.3", V2018, "backup")
    rows += every("4.3", V2018, "backups", ("keys", ["value", "nextLink"]), ("value nextLink", None))
    rows += every("4.1", V2018, "backup", (f"keys {INFO}", BACKUP))
    rows += every("4.1", V2018, "backup", (f"nulls {INFO}", [])) + \
        every("4.1", V2018, "backups", (f"nulls value.0.{INFO}", []))
    for exchange, at in (("createBackup done", ""), ("backup", ""), ("backups", "value.0.")):
        rows += every("4.1", V2018, exchange, (f"value {at}name", re.compile(f"north/{GUID.pattern}")),
                      (f"value {at}type", "Microsoft.Backup.Admin/backupLocations/backups"), (f"value {at}tags", {}),
                      (f"value {at}{INFO}.backupDataVersion", "1.0.1"),
                      (f"value {at}{INFO}.backupId", GUID), (f"keys {at}{INFO}.roleStatus.0", ["roleName", "status"]),
                      (f"value {at}{INFO}.status", "Succeeded"), (f"value {at}{INFO}.createdDateTime", TIME),
                      (f"value {at}{INFO}.timeTakenToCreate", DURATION), (f"value {at}{INFO}.deploymentID", GUID),
                      (f"value {at}{INFO}.encryptionCertThumbprint", THUMBPRINT),
                      (f"value {at}{INFO}.isCloudRecoveryReady", True))
    # While it runs: as long as nothing, and not ready.
    rows += every("4.1", V2018, "backup running", (f"keys {INFO}", BACKUP), (f"value {INFO}.status", "Running"),
                  (f"value {INFO}.timeTakenToCreate", "PT0S"), (f"value {INFO}.isCloudRecoveryReady", False))
    return rows + failed("9", V2018, "createBackup failed")


def prune_rows():
    rows = []
    for exchange in ("prune dry run", "prune", "prune without body"):
        rows += accepted("4.5", V2018, exchange, "60", is_async=True)
        rows += every("4.5", V2018, f"{exchange} async done", ("status", 200),
                      ("keys", ["status", "id", "name", "properties"]), ("value status", "Succeeded"),
                      ("value name", "north"), ("keys properties", ["pathsToDelete"]))
        rows += every("4.5", V2018, f"{exchange} done", ("status", 200), ("keys", RESOURCE), ("value tags", {}),
                      ("keys properties", ["pathsToDelete"]))
        rows += common(V2018, f"{exchange} done")
    return rows + every("4.5", V2018, "prune without body done", ("value properties.pathsToDelete", []))


def operations_rows():
    rows = []
    for versions, exchange in ((V2018, "operations"), (INSIGHTS, "insights operations")):
        rows += read("5", versions, exchange)
        rows += every("5", versions, exchange, ("keys", ["value"]),
                      ("keys value.0.display", "provider resource operation description".split()))
    recorded = {
        "read": ("Backup location", "Returns backup locations"),
        "createBackup/action": ("Backup", "Create a new backup"),
        "backups/read": ("Backup", "Get a backup")}
    for name, (resource, operation) in recorded.items():
        at = f"value value.[Microsoft.Backup.Admin/backupLocations/{name}].display"
        rows += every("5", V2018, "operations", (f"{at}.resource", resource), (f"{at}.operation", operation),
                      (f"{at}.provider", "Microsoft Backup Resource Provider."))
    return rows


def insights_rows():
    rows = []
    for exchange in ("alerts", "regions", "services", "resources"):
        # Recorded lists have no nextLink at all.
        rows += read("11", INSIGHTS, exchange) + every("11", INSIGHTS, exchange, ("keys", ["value"]))
    for exchange, properties in (("region", "usageMetrics alertSummary".split()), ("service", SERVICE),
                                 ("resource", RESOURCE_HEALTH)):
        rows += read("11", INSIGHTS, exchange)
        rows += every("11.4", INSIGHTS, exchange, ("keys", RESOURCE), ("keys properties", properties),
                      ("keys properties.alertSummary", ["criticalAlertCount", "warningAlertCount"]))
    rows += read("11", INSIGHTS, "alert") + read("11", INSIGHTS, "alert closed")
    at = "properties"
    rows += every("11.1", INSIGHTS, "alert", ("keys", RESOURCE), (f"keys {at}", ALERT), (f"nulls {at}", []),
                  ("value name", re.compile(f"north/{GUID.pattern}")),
                  ("value type", "Microsoft.InfrastructureInsights.Admin/regionHealths/alerts"),
                  (f"value {at}.closedTimestamp", "0001-01-01T00:00:00Z"), (f"value {at}.createdTimestamp", TIME),
                  (f"value {at}.state", "Active"), (f"value {at}.severity", "Critical"),
                  (f"value {at}.preview", "False"), (f"value {at}.hasValidRemediationAction", False),
                  (f"value {at}.remediationHistory", {}), (f"value {at}.impactedResourceDisplayName",
                                                           "Infrastructure backup"))
    with_alias = ALERT[:]
    with_alias.insert(with_alias.index("preview"), "closedByUserAlias")
    rows += every("11", INSIGHTS, "alert closed", (f"keys {at}", with_alias), (f"value {at}.state", "Closed"),
                  (f"value {at}.closedTimestamp", TIME), (f"value {at}.closedByUserAlias", re.compile(".+")))
    return rows


def refusal_rows():
    rows = []
    codes = {"no such path": (404, "ResourceNotFound"), "no such backup": (404, "ResourceNotFound"),
             "no such operation": (404, "ResourceNotFound"), "other subscription": (404, "SubscriptionNotFound"),
             "no version": (400, "MissingApiVersionParameter"), "unknown version": (400, "InvalidApiVersionParameter")}
    for exchange, (status, code) in codes.items():
        section = "12.2" if "version" in exchange else "12.1"
        rows += every(section, V2018, exchange, ("status", status), ("header Content-Type", JSON_UTF8),
                      ("keys", ["error"]), ("value error.code", code)) + common(V2018, exchange)
    return rows


def rows_of():
    return (location_rows() + backup_rows() + prune_rows() + operations_rows() + insights_rows() + refusal_rows())

# SPDX-License-Identifier: Apache-2.0
"""What recorded traffic of real stamps looks like, as rows that are held against what the service really sends.

A row: section of the contract, api-version, exchange, what is looked at, what it must be. The exchanges are the names
under which recorded_life.py keeps answers. What is looked at:

    status, body            of the answer; body is its text
    header NAME             None: not sent
    keys PATH               names of an object in their order; PATH goes by dots and numbers, empty: the whole body
    nulls PATH              the names whose value is null
    value PATH              one value

What it must be: a value, or a pattern that a text matches as a whole.
"""

import re

VERSIONS = ("2016-05-01", "2018-09-01", "2021-09-01")
# Insights has the api-version of the oldest contract, and a life of its own.
INSIGHTS_LIFE = "insights"

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
STORES = {
    "2016-05-01": ("path userName password encryptionKeyBase64 backupFrequencyInHours availableCapacity "
                   "isBackupSchedulerEnabled nextBackupTime lastBackupTime backupRetentionPeriodInDays").split(),
    "2018-09-01": ("path userName password encryptionCertBase64 encryptionCertThumbprint backupFrequencyInHours "
                   "availableCapacity isBackupSchedulerEnabled nextBackupTime lastBackupTime "
                   "backupRetentionPeriodInDays").split()}
STORES["2021-09-01"] = [*STORES["2018-09-01"], "blobStorageUrl", "blobStorageKey"]
SECRETS = {"password", "encryptionKeyBase64", "encryptionCertBase64", "blobStorageUrl", "blobStorageKey"}
BACKUP = ("backupDataVersion backupId roleStatus status createdDateTime timeTakenToCreate stampVersion oemVersion "
          "deploymentID").split()
SINCE_2018 = "encryptionCertThumbprint completelyUploaded isAutomaticBackup isCloudRecoveryReady".split()
RESULT = "encryptedBackupEncryptionKey backupSizeInKb compressedBackupSizeInKb".split()
ALERT = ("closedTimestamp createdTimestamp description faultHash faultId alertId faultTypeId lastUpdatedTimestamp "
         "alertProperties remediation resourceProviderRegistrationId severity state title impactedResourceId "
         "impactedResourceDisplayName preview hasValidRemediationAction remediationHistory").split()
SERVICE = ("registrationId displayName namespace routePrefix serviceLocation infraURI alertSummary "
           "healthState").split()
RESOURCE_HEALTH = ("registrationId namespace routePrefix resourceType resourceName resourceDisplayName usageMetrics "
                   "resourceLocation resourceURI rpRegistrationId alertSummary healthState").split()
STORED = "properties.externalStoreDefault"
INFO = "properties.backupInfo"
# Seconds until the first poll.
FIRST_OF_PUT = {"2016-05-01": "60", "2018-09-01": "5", "2021-09-01": "60"}


def every(section, version, exchange, *pairs):
    """Rows of one exchange."""
    return [(section, version, exchange, what, expected) for what, expected in pairs]


def read(section, version, exchange):
    """Of every answer with a body that is no operation's."""
    return every(section, version, exchange, ("status", 200), ("header Content-Type", JSON_UTF8)) + \
        common(version, exchange)


def common(version, exchange):
    return every("12.3", version, exchange, ("header Cache-Control", "no-cache"), ("header Pragma", "no-cache"),
                 ("header Expires", "-1"), ("header X-Content-Type-Options", "nosniff"),
                 ("header x-ms-request-id", GUID), ("header x-ms-correlation-request-id", GUID),
                 # The front door's.
                 ("header x-ms-routing-request-id", None))


def addresses(version, is_async):
    location = (r"http://127\.0\.0\.1:\d+/subscriptions/[^/]+/resourceGroups/system\.north/providers/"
                r"Microsoft\.Backup\.Admin/backupLocations/north/operationResults/" +
                GUID.pattern + rf"\?api-version={version}")
    return [("header Location", re.compile(location)),
            ("header Azure-AsyncOperation", re.compile(location + "&IsAsyncOperation=1") if is_async else None)]


def accepted(section, version, exchange, retry_after, is_async=None):
    """The 202 of an operation, first or polled; in 2021-09-01 all have both addresses."""
    is_async = version >= "2021" if is_async is None else is_async
    return every(section, version, exchange, ("status", 202), ("body", ""), ("header Content-Length", "0"),
                 ("header Content-Type", None), ("header Retry-After", retry_after),
                 *addresses(version, is_async)) + common(version, exchange)


def async_running(version, exchange):
    return every("9", version, exchange, ("status", 200), ("header Retry-After", "30"),
                 ("body", '{"status":"Accepted","properties":{"provisioningState":"Accepted"}}'),
                 *addresses(version, True)) + common(version, exchange)


def async_done(version, exchange):
    """The resource without its type, location and tags, and the status before it."""
    return every("9", version, exchange, ("status", 200), ("header Retry-After", None),
                 ("keys", ["status", "id", "name", "properties"]), ("value status", "Succeeded"))


def failed(section, version, exchange):
    """The end of an operation that failed, on either address."""
    return every(section, version, exchange, ("status", 500), ("header Content-Type", JSON),
                 ("header x-ms-failure-cause", "service"), ("header Retry-After", None),
                 ("keys", ["error", "properties"]), ("value error.code", "BcdrOperationException"),
                 ("value properties", {"provisioningState": "Failed"})) + common(version, exchange)


def nulls(version, *more):
    """The names of a store that are null, in the order of the version."""
    return [name for name in STORES[version] if name in SECRETS or name in more]


def location_shape(version, exchange):
    state = ["provisioningState"] if version >= "2021" else []
    rows = every("3.1", version, exchange, ("keys", RESOURCE), ("value tags", {}),
                 ("value type", "Microsoft.Backup.Admin/backupLocations"), ("value name", "north"),
                 ("value location", "north"), ("keys properties", ["externalStoreDefault", *state]),
                 (f"keys {STORED}", STORES[version]))
    return rows + every("3.1", version, exchange, *(("value properties.provisioningState", "Succeeded") for _ in state))


def location_rows(version):
    rows = []
    for exchange in ("location unconfigured", "location", "PUT done"):
        rows += location_shape(version, exchange)
    rows += cleared(version, "location unconfigured", "lastBackupTime")
    rows += every("3.1", version, "PUT done", (f"nulls {STORED}", nulls(version, "lastBackupTime")),
                  (f"value {STORED}.availableCapacity", CAPACITY), (f"value {STORED}.nextBackupTime", TIME))
    rows += every("3.1", version, "location", (f"nulls {STORED}", nulls(version)),
                  (f"value {STORED}.lastBackupTime", TIME))
    if version >= "2018":
        rows += every("3.1", version, "location", (f"value {STORED}.encryptionCertThumbprint", THUMBPRINT))
    for exchange in ("location", "location unconfigured"):
        rows += read("3.3", version, exchange)
    rows += read("3.4", version, "locations")
    return rows + every("3.4", version, "locations", ("keys", ["value", "nextLink"]), ("value nextLink", None))


def cleared(version, exchange, *more):
    """What is shown of a location that has no store; @more: what else is null."""
    return every("3.6", version, exchange,
                 (f"nulls {STORED}", nulls(version, "encryptionCertThumbprint", "availableCapacity",
                                           "isBackupSchedulerEnabled", "nextBackupTime", *more)),
                 (f"value {STORED}.path", ""), (f"value {STORED}.userName", ""),
                 (f"value {STORED}.backupFrequencyInHours", 12),
                 (f"value {STORED}.backupRetentionPeriodInDays", 7))


def patch_rows(version):
    if version < "2021":
        return every("3.7", version, "PATCH", ("status", 405), ("header Allow", "GET, HEAD, PUT"),
                     ("value error.code", "MethodNotAllowed"))
    rows = accepted("3.7", version, "PATCH", "5") + async_done(version, "PATCH async done")
    rows += location_shape(version, "PATCH done")
    rows += every("3.7", version, "PATCH done", (f"value {STORED}.backupRetentionPeriodInDays", 6),
                  (f"value {STORED}.userName", "EXAMPLE\\backupsvc"), (f"value {STORED}.backupFrequencyInHours", 12),
                  (f"value {STORED}.encryptionCertThumbprint", THUMBPRINT))
    rows += accepted("3.6", version, "PUT clear", "60") + async_done(version, "PUT clear async done")
    # When the last backup was made is kept.
    return rows + location_shape(version, "PUT clear done") + cleared(version, "PUT clear done") + \
        every("3.6", version, "PUT clear done", (f"value {STORED}.lastBackupTime", TIME))


def put_rows(version):
    rows = accepted("3.5" if version < "2021" else "3.6", version, "PUT", FIRST_OF_PUT[version])
    rows += accepted("3.5", version, "PUT running", "60")
    rows += every("3.5", version, "PUT done", ("status", 200), ("header Content-Type", JSON),
                  ("header Location", None), ("header Retry-After", None)) + common(version, "PUT done")
    rows += failed("9", version, "PUT failed")
    if version >= "2021":
        rows += async_running(version, "PUT async running") + async_done(version, "PUT async done")
        rows += failed("9", version, "PUT async failed")
    if version == "2018-09-01":
        # An absent field, and a null, keep what is stored.
        rows += location_shape(version, "PUT again done")
        rows += every("3.5", version, "PUT again done", (f"value {STORED}.backupRetentionPeriodInDays", 6),
                      (f"value {STORED}.userName", "EXAMPLE\\backupsvc"),
                      (f"value {STORED}.backupFrequencyInHours", 12))
    return rows


def backup_rows(version):
    shown = BACKUP + (SINCE_2018 if version >= "2018" else [])
    rows = accepted("4.2", version, "createBackup", "60") + accepted("4.2", version, "createBackup running", "60")
    if version >= "2021":
        rows += async_running(version, "createBackup async running") + async_done(version, "createBackup async done")
    rows += every("4.2", version, "createBackup done", ("status", 200), ("header Content-Type", JSON),
                  ("keys", RESOURCE), (f"keys {INFO}", shown + RESULT),
                  # Not as recorded before 2021: the data key is wrapped for several, in the backup's own folder, and
                  # told to nobody. Clients do not need it (4.1).
                  (f"value {INFO}.encryptedBackupEncryptionKey", None),
                  (f"value {INFO}.backupSizeInKb", NUMBER), (f"value {INFO}.compressedBackupSizeInKb", NUMBER))
    rows += common(version, "createBackup done")
    rows += every("4.2", version, "createBackup refused", ("status", 409), ("header Content-Type", JSON_UTF8),
                  ("value error.code", "BackupConflictException"))
    rows += read("4.3", version, "backups") + read("4.3", version, "backup")
    rows += every("4.3", version, "backups", ("keys", ["value", "nextLink"]), ("value nextLink", None))
    rows += every("4.1", version, "backup", (f"keys {INFO}", shown), (f"nulls {INFO}", []))
    for exchange, at in (("createBackup done", ""), ("backup", ""), ("backups", "value.0.")):
        rows += backup_shape(version, exchange, at)
    # While it runs it took no time yet.
    rows += every("4.1", version, "backup running", (f"keys {INFO}", shown), (f"value {INFO}.status", "Running"),
                  (f"value {INFO}.timeTakenToCreate", "PT0S"))
    return rows + failed("9", version, "createBackup failed")


def backup_shape(version, exchange, at):
    role = ["roleName", "status"] if version < "2021" else ["roleName", "repositoryStatus", "status"]
    rows = every("4.1", version, exchange, (f"value {at}name", re.compile(f"north/{GUID.pattern}")),
                 (f"value {at}type", "Microsoft.Backup.Admin/backupLocations/backups"), (f"value {at}tags", {}),
                 (f"value {at}{INFO}.backupDataVersion", "1.0.1" if version < "2021" else "1.1.0"),
                 (f"value {at}{INFO}.backupId", GUID), (f"keys {at}{INFO}.roleStatus.0", role),
                 (f"value {at}{INFO}.status", "Succeeded"), (f"value {at}{INFO}.createdDateTime", TIME),
                 (f"value {at}{INFO}.timeTakenToCreate", DURATION), (f"value {at}{INFO}.deploymentID", GUID))
    if version >= "2018":
        rows += every("4.1", version, exchange, (f"value {at}{INFO}.encryptionCertThumbprint", THUMBPRINT),
                      (f"value {at}{INFO}.isCloudRecoveryReady", True))
    return rows


def restore_rows(version):
    rows = accepted("4.4", version, "restore", "60")
    rows += every("4.4", version, "restore done", ("status", 200), ("body", "" if version < "2021" else "null"))
    if version >= "2021":
        rows += every("4.4", version, "restore async done", ("status", 200), ("body", '{"status":"Succeeded"}'))
        rows += every("4.4", version, "restore done", ("header Content-Type", JSON))
    return rows + common(version, "restore done")


def prune_rows(version):
    rows = []
    for exchange in ("prune dry run", "prune", "prune without body"):
        rows += accepted("4.5", version, exchange, "60", is_async=True)
        rows += async_done(version, f"{exchange} async done")
        rows += every("4.5", version, f"{exchange} async done", ("value name", "north"),
                      ("keys properties", ["pathsToDelete"]))
        rows += every("4.5", version, f"{exchange} done", ("status", 200), ("keys", RESOURCE), ("value tags", {}),
                      ("keys properties", ["pathsToDelete"]))
        rows += common(version, f"{exchange} done")
    return rows + every("4.5", version, "prune without body done", ("value properties.pathsToDelete", []))


def operations_rows(version, exchange):
    rows = read("5", version, exchange)
    return rows + every("5", version, exchange, ("keys", ["value"]),
                        ("keys value.0.display", "provider resource operation description".split()))


RECORDED_OPERATIONS = {
    "backupLocations/read": ("Backup location", "Returns backup locations"),
    "backupLocations/createBackup/action": ("Backup", "Create a new backup"),
    "backupLocations/backups/read": ("Backup", "Get a backup"),
    "backupLocations/backups/restore/action": ("Backup", "Restore a backup."),
    # Only listed, and only then.
    "generateBackupEncryptionKey/action": ("", "Generate a backup encryption key")}


def backup_operations_rows(version):
    rows = operations_rows(version, "operations")
    for name, (resource, operation) in RECORDED_OPERATIONS.items():
        if name.startswith("generate") and version != "2016-05-01":
            continue
        at = f"value value.[Microsoft.Backup.Admin/{name}].display"
        rows += every("5", version, "operations", (f"{at}.resource", resource), (f"{at}.operation", operation),
                      (f"{at}.provider", "Microsoft Backup Resource Provider."))
    return rows


def insights_rows():
    rows = operations_rows(INSIGHTS_LIFE, "insights operations")
    for exchange in ("alerts", "regions", "services", "resources"):
        # Recorded lists have no nextLink at all.
        rows += read("11", INSIGHTS_LIFE, exchange) + every("11", INSIGHTS_LIFE, exchange, ("keys", ["value"]))
    for exchange, properties in (("region", "usageMetrics alertSummary".split()), ("service", SERVICE),
                                 ("resource", RESOURCE_HEALTH)):
        rows += read("11", INSIGHTS_LIFE, exchange)
        rows += every("11.4", INSIGHTS_LIFE, exchange, ("keys", RESOURCE), ("keys properties", properties),
                      ("keys properties.alertSummary", ["criticalAlertCount", "warningAlertCount"]))
    rows += read("11", INSIGHTS_LIFE, "alert") + read("11", INSIGHTS_LIFE, "alert closed")
    at = "properties"
    rows += every("11.1", INSIGHTS_LIFE, "alert", ("keys", RESOURCE), (f"keys {at}", ALERT), (f"nulls {at}", []),
                  ("value name", re.compile(f"north/{GUID.pattern}")),
                  ("value type", "Microsoft.InfrastructureInsights.Admin/regionHealths/alerts"),
                  (f"value {at}.closedTimestamp", "0001-01-01T00:00:00Z"), (f"value {at}.createdTimestamp", TIME),
                  (f"value {at}.state", "Active"), (f"value {at}.severity", "Critical"),
                  (f"value {at}.preview", "False"), (f"value {at}.hasValidRemediationAction", False),
                  (f"value {at}.remediationHistory", {}), (f"value {at}.impactedResourceDisplayName",
                                                           "Infrastructure backup"))
    with_alias = ALERT[:]
    with_alias.insert(with_alias.index("preview"), "closedByUserAlias")
    rows += every("11", INSIGHTS_LIFE, "alert closed", (f"keys {at}", with_alias), (f"value {at}.state", "Closed"),
                  (f"value {at}.closedTimestamp", TIME), (f"value {at}.closedByUserAlias", re.compile(".+")))
    return rows


def refusal_rows(version):
    rows = []
    codes = {"no such path": (404, "ResourceNotFound"), "no such backup": (404, "ResourceNotFound"),
             "no such operation": (404, "ResourceNotFound"), "other subscription": (404, "SubscriptionNotFound"),
             "no version": (400, "MissingApiVersionParameter"), "unknown version": (400, "InvalidApiVersionParameter")}
    for exchange, (status, code) in codes.items():
        section = "12.2" if "version" in exchange else "12.1"
        rows += every(section, version, exchange, ("status", status), ("header Content-Type", JSON_UTF8),
                      ("keys", ["error"]), ("value error.code", code)) + common(version, exchange)
    return rows


def rows_of():
    rows = insights_rows()
    for version in VERSIONS:
        rows += location_rows(version) + put_rows(version) + patch_rows(version) + backup_rows(version)
        rows += backup_operations_rows(version) + refusal_rows(version) + restore_rows(version)
        if version >= "2018":
            rows += prune_rows(version)
    return rows

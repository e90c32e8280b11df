# SPDX-License-Identifier: Apache-2.0
"""Alerts as monitoring sees them: every answer is held against its schema."""

import urllib.parse

import harness

VERSION = "2016-05-01"
PREFIX = "AzureStack.BackupController."
OPEN = "Properties/State eq 'Active'"


def get(service, path="", schema="alert_list"):
    """What lies below the region's alerts."""
    answer = service.client.get(service.deployment.alerts + path, version=VERSION)
    if answer.status != 200:
        raise harness.Failure(f"alerts{path}: {answer}")
    harness.validate(answer.json, schema)
    return answer.json


def listed(service, condition=OPEN):
    """{fault without prefix: properties}; a fault that is there twice is a failure."""
    found = {}
    for alert in get(service, f"?$filter={urllib.parse.quote(condition)}")["value"]:
        properties = alert["properties"]
        name = properties["faultTypeId"].removeprefix(PREFIX)
        if name in found or properties["faultTypeId"] == name:
            raise harness.Failure(f"{properties['faultTypeId']}: twice, or without its prefix")
        found[name] = properties
    return found


def text(alert):
    """Its description as one line."""
    return " ".join(token.get("text", "") for token in alert["description"])

# SPDX-License-Identifier: Apache-2.0
"""The PowerShell module's table of operations, read the way the module reads it: what it would send for parameters,
and what it would make of an answer. A second reading, in another language, of the same table."""

import base64
import datetime
import json
import os
import re
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODULE = os.path.join(ROOT, "deploy", "powershell", "Infrabackup.Admin")


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


WIRE = load(os.path.join(MODULE, "Infrabackup.Admin.Wire.json"))
REQUESTS = load(os.path.join(ROOT, "tests", "powershell", "requests.json"))


def fill(value, names):
    """@value with every {name} replaced, in all that it holds."""
    if isinstance(value, dict):
        return {key: fill(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, names) for item in value]
    if isinstance(value, str):
        return re.sub(r"{(\w+)}", lambda match: str(names.get(match.group(1), match.group(0))), value)
    return value


def case_path(case):
    prefix, _, rest = case["path"].partition("/")
    return f"{REQUESTS['prefixes'][prefix]}/{rest}" if prefix else case["path"]


def member(value, path):
    """(whether it is there, the member)."""
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return False, None
        value = value[name]
    return True, value


def set_member(value, path, new):
    *names, last = path.split(".")
    for name in names:
        value = value.setdefault(name, {})
    value[last] = new


def sent_value(value, kind):
    if isinstance(value, dict):
        return value.get("secret", value.get("time"))
    if kind:
        with open(value, "rb") as file:
            return base64.b64encode(file.read()).decode()
    return value


def query_of(parameters):
    """What Get-AzsBackupOperation -Kind means."""
    if "Kind" in parameters:
        return {**parameters, "Filter": f"kind eq '{parameters['Kind']}'"}
    return parameters


def request(name, parameters, target):
    """(method, path, query, body) that the module sends; body None: none."""
    definition = WIRE["operations"][name]
    base = WIRE["bases"][definition["base"]]
    path = fill(base["path"] + definition["path"],
                {key: urllib.parse.quote(value, safe="") for key, value in target.items()})
    given = query_of(parameters)
    query = {"api-version": definition.get("version", base["version"])}
    query.update({key: str(given[source]) for key, source in definition.get("query", {}).items() if source in given})
    if "body" not in definition and "fixed" not in definition:
        return definition["method"], path, query, None
    body = {}
    for key, value in definition.get("fixed", {}).items():
        set_member(body, key, fill(value, target))
    for key, source in definition.get("body", {}).items():
        parameter, _, kind = source.partition(":")
        if parameter in parameters:
            set_member(body, key, sent_value(parameters[parameter], kind))
    return definition["method"], path, query, body


def target_of(parameters, subscription, region):
    """What the placeholders of a path stand for, as Resolve-InfrabackupTarget finds it."""
    target = {"subscription": subscription, "location": region, "group": f"system.{region}"}
    name = parameters.get("Name") or parameters.get("OperationId")
    if name:
        target["name"] = name.split("/")[-1]
    if "ServiceRegistrationId" in parameters:
        target["service"] = parameters["ServiceRegistrationId"].split("/")[-1]
    return target


def output_name(definition, answer):
    return WIRE["types"].get(answer.get("type"), definition.get("output"))


def output(definition, answer):
    """The properties of the object that the module returns; times as the wire has them, None for the year 1."""
    shown = {}
    for name, source in WIRE["outputs"][output_name(definition, answer)].items():
        path, _, kind = source.partition("|")
        value = member(answer, path)[1]
        if kind == "time" and value is not None:
            datetime.datetime.fromisoformat(value.split(".")[0].rstrip("Z"))
            value = None if value.startswith("0001-") else value
        shown[name] = value
    return shown

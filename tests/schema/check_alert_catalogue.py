#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks src/alert/catalogue.json against schema/alert_catalogue.json, and what a schema cannot say: every
placeholder is evidence that the fault lists, and all of that is shown or of use to other programs."""
import json
import pathlib
import re
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Evidence that need not be in a text: it identifies what the alert is about, or is a part of the reason.
SILENT = {"backupId", "nextBackupDateTime", "externalSharePath", "reason", "cause", "step", "path"}


def check_fault(fault):
    shown = set(re.findall(r"{([^}]*)}", " ".join(fault["description"])))
    known = set(fault["evidence"])
    for name in sorted(shown - known):
        yield f"{fault['name']}: {{{name}}} is not in its evidence"
    for name in sorted(known - shown - SILENT):
        yield f"{fault['name']}: evidence {name} is never shown"


def check(schema, catalogue):
    jsonschema.Draft202012Validator.check_schema(schema)
    for error in jsonschema.Draft202012Validator(schema).iter_errors(catalogue):
        yield f"{error.json_path}: {error.message}"
    names = [fault.get("name") for fault in catalogue["faults"]]
    titles = [fault.get("title") for fault in catalogue["faults"]]
    for text in {text for text in names + titles if (names + titles).count(text) > 1}:
        yield f"{text}: there twice"
    for fault in catalogue["faults"]:
        yield from check_fault(fault)


def broken(catalogue):
    """Copies of the catalogue with one mistake each, which check() must find."""
    def changed(**members):
        copy = json.loads(json.dumps(catalogue))
        copy["faults"][0].update(members)
        return copy
    yield "no remediation", changed(remediation=[])
    yield "another severity", changed(severity="Error")
    yield "unlisted placeholder", changed(description=["Found.", "It is {unheardOf}."])
    yield "placeholder in the first sentence", changed(description=["Found {reason}."])
    yield "unclosed placeholder", changed(description=["Found.", "It is {reason."])
    yield "title twice", changed(title=catalogue["faults"][1]["title"])
    yield "no closes", changed(closes="")
    yield "unknown key", changed(text="x")


def main():
    schema = json.loads((ROOT / "schema" / "alert_catalogue.json").read_text(encoding="utf-8"))
    catalogue = json.loads((ROOT / "src" / "alert" / "catalogue.json").read_text(encoding="utf-8"))
    problems = list(check(schema, catalogue))
    problems += [f"not found: {what}" for what, copy in broken(catalogue) if not list(check(schema, copy))]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"src/alert/catalogue.json: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

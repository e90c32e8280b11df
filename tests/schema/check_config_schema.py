#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that schema/config.json gives the verdicts that the program gives (test_config_load.c).

good/ passes, bad/ fails, and bad_beyond_schema/ passes here although the program refuses it: those
are the rules that a schema cannot express, and they are listed in its description.
"""
import json
import pathlib
import sys

import jsonschema

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "schema" / "config_cases"
VERDICTS = {"good": True, "bad": False, "bad_beyond_schema": True}


def walk(schema, where):
    """Yields (where, schema) of every place that describes a value."""
    if not isinstance(schema, dict):
        return
    yield where, schema
    for word in ("properties", "$defs"):
        for key, below in schema.get(word, {}).items():
            yield from walk(below, f"{where}.{key}")
    if isinstance(schema.get("items"), dict):
        yield from walk(schema["items"], f"{where}[]")


def check_style(schema):
    """Every key is described, every object is closed."""
    for where, part in walk(schema, "$"):
        if "description" not in part:
            yield f"{where}: no description"
        if part.get("type") == "object" and part.get("additionalProperties") is not False:
            yield f"{where}: additionalProperties is not false"


def check_cases(schema):
    """Each file gets the verdict that its folder says."""
    validator = jsonschema.Draft202012Validator(schema)
    for folder, verdict in VERDICTS.items():
        files = sorted((CASES / folder).glob("*.json"))
        if not files:
            yield f"{folder}: no cases"
        for file in files:
            errors = list(validator.iter_errors(json.loads(file.read_text(encoding="utf-8"))))
            if verdict and errors:
                yield f"{folder}/{file.name}: refused: {errors[0].json_path}: {errors[0].message}"
            if not verdict and not errors:
                yield f"{folder}/{file.name}: accepted"


def main():
    schema = json.loads((ROOT / "schema" / "config.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    problems = [*check_style(schema), *check_cases(schema)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"schema/config.json: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

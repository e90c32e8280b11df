#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""api/definitions.json, the bodies that the Swagger documents refer to, from the JSON Schemas in schema/:

    api/definitions.py            # prints it
    api/definitions.py --write    # rewrites the file (make api-definitions)

schema/ is the source: it knows more (const, oneOf, null as a type) than Swagger 2.0, and what Swagger lacks is
widened here. schema/responses/backup_list.json becomes BackupList, schema/requests/pin.json PinRequest; an object
inside one gets a name of its own, its owner's and its property's. Keywords that begin with x-ms- are passed on.

A property that only some api-versions of the backup provider have says so by "x-api-versions"; "x-api-versions-of" does
the same for values of an enum. Where that makes a difference BackupLocation2021 stands beside BackupLocation, which is
that of 2018-09-01.
"""

import glob
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SCHEMAS = os.path.join(os.path.dirname(HERE), "schema")
TARGET = os.path.join(HERE, "definitions.json")
DATE_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T"
# What makes an object a resource of Azure's, whose tools then hold more rules against it.
RESOURCE = {"id", "name", "type", "properties"}
KEPT = {"description", "pattern", "format", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems",
        "maxProperties", "required"}
# Conditions that Swagger 2.0 cannot say, and what identifies a schema.
DROPPED = {"$schema", "$id", "title", "if", "then", "else"}
VERSIONS = ("2016-05-01", "2018-09-01", "2021-09-01")
VERSION = "2018-09-01"
HANDLED = {"type", "const", "enum", "properties", "items", "additionalProperties", "oneOf", "$ref"}


def pascal(text):
    return "".join(word[:1].upper() + word[1:] for word in text.split("_"))


def name_of(identifier):
    """urn:infrabackup:schema:response:backup_list -> BackupList"""
    kind, name = identifier.split(":")[-2:]
    return pascal(name) + ("Request" if kind == "request" else "")


def of_version(value, version):
    """A schema, or any part of one, as @version has it."""
    if isinstance(value, list):
        return [of_version(one, version) for one in value]
    if not isinstance(value, dict):
        return value
    left_out = {key for key, below in value.get("properties", {}).items()
                if isinstance(below, dict) and version not in below.get("x-api-versions", VERSIONS)}
    limits = value.get("x-api-versions-of", {})
    result = {key: of_version(below, version) for key, below in value.items()
              if key not in ("x-api-versions", "x-api-versions-of")}
    if left_out:
        result["properties"] = {key: below for key, below in result["properties"].items() if key not in left_out}
        required = [key for key in result.pop("required", []) if key not in left_out]
        # An empty list is not allowed everywhere.
        result.update({"required": required} if required else {})
    if limits:
        result["enum"] = [one for one in result["enum"] if version in limits.get(one, VERSIONS)]
    return result


def load():
    """{id: schema} of every body, for all versions at once."""
    schemas = {}
    for path in sorted(glob.glob(os.path.join(SCHEMAS, "*", "*.json"))):
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        schemas[schema["$id"]] = schema
    return schemas


def varying(schemas, version):
    """The ids of those that @version has otherwise than VERSION, themselves or by what they refer to."""
    found = {one for one, schema in schemas.items() if of_version(schema, version) != of_version(schema, VERSION)}
    while True:
        more = {one for one, schema in schemas.items()
                if one not in found and any(f'"{other}"' in json.dumps(schema) for other in found)}
        if not more:
            return found
        found |= more


def sentence(words):
    return f"{words[0].upper()}{words[1:]}" + ("" if words.endswith(".") else ".")


class Definitions:
    """Every schema of schema/ as Swagger 2.0 definitions."""

    def __init__(self):
        self.all = {}
        self.title = None
        schemas = load()
        for version in VERSIONS:
            names = varying(schemas, version)
            self.names = {one: name_of(one) + (version[:4] if one in names else "") for one in schemas}
            for identifier, schema in schemas.items():
                self.title = schema["title"]
                described = {"description": sentence(self.title), **of_version(schema, version)}
                if version == VERSION or identifier in names:
                    self.add(self.names[identifier], described)

    def add(self, name, schema):
        """@schema becomes definition @name; whoever comes later with the same name means the same."""
        converted = self.convert(name, schema, is_root=True)
        if self.all.setdefault(name, converted) != converted:
            raise ValueError(f"two different schemas are called {name}")
        return {"$ref": f"#/definitions/{name}"}

    def convert(self, name, schema, is_root=False):
        unknown = {key for key in schema if not key.startswith("x-ms-")} - KEPT - DROPPED - HANDLED
        if unknown:
            raise ValueError(f"{name}: no rule for {', '.join(sorted(unknown))}")
        types = schema.get("type")
        is_nullable = isinstance(types, list) and "null" in types
        if isinstance(types, list):
            types = [one for one in types if one != "null"][0]
        if "oneOf" in schema:
            return self.one_of(name, schema, is_root)
        if "$ref" in schema:
            return {"$ref": f"#/definitions/{self.names[schema['$ref']]}"}
        if types == "object" and not is_root and "properties" in schema:
            converted = self.add(name, {"description": f"Part of: {self.title}.", **schema, "type": "object"})
            if schema.get("x-ms-client-flatten"):
                return {**converted, "x-ms-client-flatten": True}
            return {"x-nullable": True, "allOf": [converted]} if is_nullable else converted
        result = {key: value for key, value in schema.items() if key in KEPT or key.startswith("x-ms-")}
        result.pop("x-ms-client-flatten", None)
        self.values(name, schema, result, types)
        if result.get("pattern", "").startswith(DATE_TIME):
            # Swagger has a word for it, which clients turn into a time.
            del result["pattern"]
            result["format"] = "date-time"
        if types == "integer":
            result["format"] = "int32" if schema.get("maximum", 1 << 40) < 1 << 31 else "int64"
        if is_nullable or types == "null":
            result["x-nullable"] = True
        if result.get("format") == "uuid":
            # Azure's rules want texts.
            del result["format"]
        self.parts(name, schema, result)
        return result

    @staticmethod
    def values(name, schema, result, types):
        """type, and enum of what is one of a few."""
        if "const" in schema:
            types = {bool: "boolean", str: "string"}[type(schema["const"])]
            values = [schema["const"]]
        else:
            values = [value for value in schema.get("enum", []) if value not in (None, "")]
            types = types or ("string" if values else None)
        if types is not None:
            result["type"] = "string" if types == "null" else types
        # A constant is written as an enum of one only where it is a text: clients cannot name true.
        if types == "string" and values and values != [""]:
            result["enum"] = values
            result["x-ms-enum"] = {"name": name, "modelAsString": True}

    def parts(self, name, schema, result):
        if "properties" in schema:
            result["properties"] = {key: self.convert(name + pascal(key), value)
                                    for key, value in schema["properties"].items()}
            self.resource(result)
        if "items" in schema:
            result["items"] = self.convert(name + "Item", schema["items"])
        elif result.get("type") == "array":
            # One that is always empty: Swagger wants to know of what.
            result["items"] = {"type": "object"}
        extra = schema.get("additionalProperties")
        if extra is not None:
            result["additionalProperties"] = extra if isinstance(extra, bool) else self.convert(name + "Value", extra)

    @staticmethod
    def resource(result):
        """The members that Azure has in every resource, in the words of its own rules."""
        parts = result["properties"]
        if RESOURCE <= set(result.get("required", [])):
            result["x-ms-azure-resource"] = True
            for key in ("id", "name", "type"):
                parts[key]["readOnly"] = True
            parts["properties"]["x-ms-client-flatten"] = True
        if "tags" in parts:
            parts["tags"] = {"type": "object", "additionalProperties": {"type": "string"}}
        if "nextLink" in parts:
            # Azure's generators take null for absent, and do not compile what says that it is null.
            parts["nextLink"].pop("x-nullable", None)
            result["required"] = [key for key in result.get("required", []) if key != "nextLink"]
        if "provisioningState" in parts:
            parts["provisioningState"]["readOnly"] = True

    def one_of(self, name, schema, is_root):
        """null or one schema: nullable. Several objects: one with the properties of all."""
        choices = [choice for choice in schema["oneOf"] if choice.get("type") != "null"]
        if len(choices) == 1:
            described = {"description": schema["description"]} if "description" in schema else {}
            return {**described, "x-nullable": True, "allOf": [self.convert(name, choices[0])]}
        merged = {"type": "object", "additionalProperties": False, "properties": {}}
        if any("$ref" in choice for choice in choices):
            merged["additionalProperties"] = True
            choices = []
        required = [set(choice["required"]) for choice in choices]
        for choice in choices:
            for key, value in choice["properties"].items():
                known = merged["properties"].get(key)
                merged["properties"][key] = value if known is None else self.either(known, value)
        if required:
            merged["required"] = sorted(set.intersection(*required))
        merged.update({key: value for key, value in schema.items() if key not in ("oneOf", "$schema", "$id", "title")})
        return self.convert(name, merged, is_root)

    @staticmethod
    def either(one, other):
        """A value that fits @one or @other: texts that are one of a few, or objects."""
        if one == other:
            return one
        if one.get("type") == "object":
            return {"type": "object", "additionalProperties": False,
                    "properties": {**one["properties"], **other["properties"]}}
        texts = [value for schema in (one, other) for value in schema.get("enum", [schema.get("const")])]
        return {"enum": list(dict.fromkeys(texts))}


def document():
    """api/definitions.json as text."""
    swagger = {
        "swagger": "2.0",
        "info": {"title": "Bodies", "version": "1", "description":
                 "Made from schema/ by api/definitions.py: change the schema and run make api-definitions."},
        "paths": {}, "definitions": dict(sorted(Definitions().all.items()))}
    return json.dumps(swagger, indent=2) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        with open(TARGET, "w", encoding="utf-8") as output:
            output.write(document())
    else:
        sys.stdout.write(document())

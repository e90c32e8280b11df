#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has Azure's own tools judge the documents in api/ and the running service: run_contract.py BUILD

$AZURE_SPECS is a folder with Azure's `specification/` (of azure-rest-api-specs): with it the service is held against the
official Swagger and the client is generated from that; without it our own documents take its place. Everything that
npm installs and everything that is generated lands in BUILD/contract. What a tool says against us and does not count is
in suppressions.json, each with its reason; a suppression that is not needed fails.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "integration"))
# pylint: disable=wrong-import-position
import api_documents
import typed_client


def run(command, folder, **options):
    """The output of @command; its end status is the caller's to judge."""
    result = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            check=False, **options)
    return result.returncode, result.stdout


class Contract:
    """One run; what is wrong is collected in @problems."""

    def __init__(self, build):
        self.folder = os.path.join(os.path.abspath(build), "contract")
        self.own = os.path.join(self.folder, "specs", "own")
        self.official = os.path.join(self.folder, "specs", "official")
        self.source = os.environ.get("AZURE_SPECS", "")
        self.suppressions = api_documents.read_json(os.path.join(HERE, "suppressions.json"))
        self.problems = []
        os.makedirs(self.folder, exist_ok=True)

    @property
    def has_official(self):
        return os.path.isdir(os.path.join(self.source, "specification"))

    def say(self, part, problems, what):
        print(f"contract: {part}: {len(problems)} errors in {what}", flush=True)
        for problem in problems[:100]:
            print(f"    {problem}")
        self.problems += problems

    # --- what the tools need ---

    def install(self):
        """The npm packages of package.json, once."""
        wanted, installed = os.path.join(HERE, "package.json"), os.path.join(self.folder, "package.json")
        done = os.path.join(self.folder, "node_modules", ".complete")
        if not os.path.exists(done) or read(wanted) != read(installed):
            shutil.copy(wanted, installed)
            status, output = run(["npm", "install", "--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts",
                                  "--no-package-lock"], self.folder)
            if status != 0:
                sys.exit(f"contract: npm cannot install the tools:\n{output[-3000:]}")
            write(done, "")

    def prepare(self):
        """Copies of the documents as the tools want them: a file an api-version."""
        for folder in (self.own, self.official):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(api_documents.API, self.own, ignore=shutil.ignore_patterns("*.py", "*.md", "__pycache__"))
        for path in glob.glob(os.path.join(self.own, "*", "*", "*.json")):
            document = api_documents.read_json(path)
            for version in document["info"].pop("x-api-versions", []):
                self.write_version(path, document, version)
        if self.has_official:
            self.prepare_official()

    def write_version(self, path, document, version):
        """The same operations as @version has them, with its bodies where it has others."""
        known = api_documents.read_json(os.path.join(self.own, "definitions.json"))["definitions"]
        document = json.loads(json.dumps(document))
        document["info"]["version"] = version
        year = version.split("-", maxsplit=1)[0]
        text = re.sub(r'(definitions\.json#/definitions/)(\w+)"', lambda match: match[1] + (
            match[2] + year if match[2] + year in known else match[2]) + '"', json.dumps(document, indent=1))
        name = os.path.join(os.path.dirname(os.path.dirname(path)), version, os.path.basename(path))
        os.makedirs(os.path.dirname(name), exist_ok=True)
        write(name, text)

    def prepare_official(self):
        """Where Azure's older documents say nothing of failures, what its newest one says of them holds."""
        shutil.copytree(os.path.join(self.source, "specification"), os.path.join(self.official, "specification"))
        for path in glob.glob(os.path.join(self.official, "**", "*.Admin", "**", "*.json"), recursive=True):
            document = api_documents.read_json(path)
            folder = os.path.relpath(os.path.join(self.official, "specification", "common-types"), os.path.dirname(path))
            failed = {"description": "Failed.", "schema": {
                "$ref": f"{folder}/resource-management/v3/types.json#/definitions/ErrorResponse"}}
            for methods in document.get("paths", {}).values():
                for operation in methods.values():
                    if "schema" not in operation["responses"].get("default", {}):
                        operation["responses"]["default"] = failed
            write(path, json.dumps(document, indent=1))
        # Azure's package of 2021-09-01 takes the list of operations from the document of 2018-09-01.
        for path in glob.glob(os.path.join(self.official, "**", "stable", "2018-09-01", "Backup.json"), recursive=True):
            document = api_documents.read_json(path)
            document["info"]["version"] = "2021-09-01"
            write(path.replace(os.path.join("stable", "2018-09-01"), os.path.join("preview", "2021-09-01")),
                  json.dumps(document, indent=1))

    # --- the judges ---

    def live(self):
        """(a) What the service sends and answers."""
        traffic = os.path.join(self.folder, "traffic")
        shutil.rmtree(traffic, ignore_errors=True)
        subprocess.run([sys.executable, os.path.join(HERE, "record.py"), traffic], check=True)
        self.judge("own", self.own, sorted(glob.glob(os.path.join(traffic, "*.json"))))
        if not self.has_official:
            print("contract: AZURE_SPECS names no folder with Azure's specification/: the official documents are left out")
            return
        known = {os.path.basename(path) for path in
                 glob.glob(os.path.join(self.official, "specification", "azsadmin", "**", "Microsoft.Backup.Admin", "*",
                                        "20*"), recursive=True)}
        self.judge("official", self.official, [os.path.join(traffic, f"{version}.json") for version in sorted(known)
                                               if os.path.exists(os.path.join(traffic, f"{version}.json"))])

    def judge(self, which, folder, traffic):
        suppressions = [one for one in self.suppressions["live"] if one["documents"] == which]
        shutil.copy(os.path.join(HERE, "live.js"), self.folder)
        _, output = run(["node", "live.js", which, folder, *traffic], self.folder, input=json.dumps(suppressions))
        lines = [line for line in output.splitlines() if line.startswith("oav: ")]
        if not lines or not re.fullmatch(r"oav: judged [1-9]\d* exchanges", lines[-1]):
            sys.exit(f"contract: oav did not come to its end:\n{output[-3000:]}")
        self.say("oav", lines[:-1], f"{lines[-1].split()[2]} exchanges by the {which} documents")

    def examples(self):
        """(b) Our examples by our documents."""
        problems, count = [], 0
        for path in sorted(glob.glob(os.path.join(self.own, "*", "*", "*.json"))):
            if not os.path.exists(path.replace(self.own, api_documents.API)):
                continue  # made by prepare()
            status, output = run(["npx", "oav", "validate-example", path], self.folder)
            count += len(api_documents.read_json(path)["paths"])
            if status != 0 or "Validation completes without errors" not in output:
                said = re.findall(r"^  (?:code|message|exampleUrl|exampleJsonPath): (.*)", output, re.M)
                problems.append(f"{os.path.relpath(path, self.own)}: {' '.join(said)}")
        self.say("oav", problems, f"the examples of {count} paths")

    def autorest(self, *arguments):
        core = os.path.join(self.folder, "node_modules", "@autorest", "core")
        return run(["npx", "autorest", f"--version={core}", *arguments], self.folder,
                   env={**os.environ, "AUTOREST_HOME": os.path.join(self.folder, "autorest"), "NO_COLOR": "1"})

    def lint(self):
        """(b) Our documents by the rules for Azure Resource Manager."""
        validator = os.path.join(self.folder, "node_modules", "@microsoft.azure", "openapi-validator")
        found, used = [], set()
        documents = sorted(glob.glob(os.path.join(api_documents.API, "*", "*", "*.json")))
        for folder in sorted({os.path.dirname(path) for path in documents}):
            inputs = [f"--input-file={path}" for path in documents if os.path.dirname(path) == folder]
            _, output = self.autorest("--v3", "--spectral", "--azure-validator", f"--use={validator}",
                                      "--openapi-type=arm", *inputs)
            if "openapiValidatorPluginFunc: Return" not in output or "spectralPluginFunc: Return" not in output:
                sys.exit(f"contract: the linter did not come to its end:\n{output[-3000:]}")
            for rule, message, place in re.findall(
                    r"^(?:error|fatal)\s+\| (?:(\w+) \| )?([^\n]*)(?:\n\s+- file://(\S+))?", output, re.M):
                place = os.path.relpath(place, api_documents.API) if place else os.path.relpath(folder, api_documents.API)
                reasons = [one for one in self.suppressions["lint"]
                           if one["rule"] == rule and re.search(one.get("where", ""), f"{place} {message}")]
                used.update(json.dumps(one) for one in reasons)
                if not reasons:
                    found.append(f"{place}: {rule}: {message}")
        found += [f"the suppression of {one['rule']} is not needed" for one in self.suppressions["lint"]
                  if json.dumps(one) not in used]
        self.say("the ARM linter", found, f"{len(documents)} documents")

    # --- (c) a client nobody here wrote ---

    def client(self):
        specs = self.official if self.has_official else self.own
        typed_client.generate(self, specs)
        self.say("the TypeScript client", typed_client.drive(self.folder),
                 f"a round made from the {'official' if self.has_official else 'own'} documents")


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        return None


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    contract = Contract(sys.argv[1])
    contract.install()
    contract.prepare()
    for part in (contract.live, contract.examples, contract.lint, contract.client):
        part()
    print(f"contract: {len(contract.problems)} errors in all")
    return 1 if contract.problems else 0


if __name__ == "__main__":
    sys.exit(main())

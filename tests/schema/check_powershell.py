#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks deploy/powershell without PowerShell: what is exported has its file and its help, every route that is called
is served, secrets are SecureStrings, views show what objects have. Whether it parses, `make check-powershell` says."""

import json
import os
import re
import sys
import unittest
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "powershell"))
import wire  # pylint: disable=wrong-import-position

# What ends or overwrites something that is not easily had again asks by itself.
DESTRUCTIVE = {"Clear-AzsBackupConfiguration", "Restore-AzsBackup", "Invoke-AzsPruneBackupLocationExternalStore",
               "Stop-AzsBackup", "Remove-AzsBackupPin", "Repair-AzsAlert"}
CMDLETS = """Get-AzsBackupConfiguration Set-AzsBackupConfiguration Update-AzsBackupConfiguration
Clear-AzsBackupConfiguration Start-AzsBackup Get-AzsBackup Restore-AzsBackup Invoke-AzsPruneBackupLocationExternalStore
Get-AzsAlert Close-AzsAlert Repair-AzsAlert Get-AzsRegionHealth Get-AzsRPHealth Get-AzsRegistrationHealth
New-AzsEncryptionKeyBase64 Connect-Infrabackup Stop-AzsBackup Test-AzsBackupConnection""".split()
SECRETS = {"Token", "Password", "DecryptionCertPassword", "BlobStorageKey", "EncryptionKeyBase64"}
# Of System.Management.Automation.ErrorCategory.
CATEGORIES = set("""AuthenticationError ConnectionError InvalidArgument InvalidData InvalidOperation InvalidResult
LimitsExceeded NotImplemented NotInstalled ObjectNotFound OperationStopped PermissionDenied ReadError ResourceBusy
ResourceUnavailable SecurityError""".split())
# Objects that are not read from an answer, with the properties that the module gives them.
OWN = {"Connection": {"Endpoint", "SubscriptionId", "Location", "ResourceGroupName"},
       "AsyncOperationResponse": {"Target", "OperationId", "RetryAfter", "RequestId"}}


def read(*names):
    with open(os.path.join(*names), encoding="utf-8") as file:
        return file.read()


def files(folder):
    path = os.path.join(wire.MODULE, folder)
    return {name[:-len(".ps1")]: read(path, name) for name in sorted(os.listdir(path))}


def exported(manifest, kind):
    return re.findall(r"'([^']+)'", re.search(rf"{kind}\s*= @\((.*?)\)", manifest, re.S).group(1))


def parameters(text):
    """{name: type} of the first param block, which stands one parameter a line."""
    block = re.search(r"^    param\((.*?)\)$", text, re.S | re.M).group(1)
    lines = re.findall(r"^        (?:\[([\w.\[\]]+)\] )?\$(\w+)(?: = \w+)?,?$", block, re.M)
    return {name: kind for kind, name in lines}


def routes():
    """{(method, path with {} for every parameter)} of the table in src/api."""
    text = read(ROOT, "src", "api", "api_private.h") + read(ROOT, "src", "api", "api_routes.c")
    macros = dict(re.findall(r"^#define (API_\w+)\s+\\?\s*(.*\".*)$", text, re.M))

    def expand(expression):
        parts = re.findall(r'"([^"]*)"|(API_\w+)', expression)
        return "".join(literal or expand(macros[macro]) for literal, macro in parts)

    rows = re.findall(r'\.method = "(\w+)",\s*\.path = ([^,]+),', text)
    return {(method, re.sub(r"{\w+}", "{}", expand(path))) for method, path in rows}


class Module(unittest.TestCase):
    """One module, read as text."""

    manifest = read(wire.MODULE, "Infrabackup.Admin.psd1")
    root = read(wire.MODULE, "Infrabackup.Admin.psm1")
    public = files("Public")
    private = files("Private")

    def test_exported_functions_are_the_files(self):
        self.assertEqual(sorted(exported(self.manifest, "FunctionsToExport")), sorted(self.public))
        self.assertEqual(set(CMDLETS) - set(self.public), set())
        for name, text in self.public.items():
            self.assertEqual(re.findall(r"^function (\S+) {$", text, re.M), [name])
        self.assertEqual(sorted(exported(self.manifest, "AliasesToExport")),
                         sorted(re.findall(r"^Set-Alias -Name '([^']+)'", self.root, re.M)))
        for name in re.findall(r"^Set-Alias .*-Value '([^']+)'", self.root, re.M):
            self.assertIn(name, self.public)

    def test_files_of_the_manifest_are_there(self):
        for name in re.findall(r"'(Infrabackup\.Admin\.\w+|\w+\.cs)'", self.manifest + self.root):
            self.assertTrue(os.path.isfile(os.path.join(wire.MODULE, name)) or
                            name == "Infrabackup.Admin.ServiceException", name)

    def test_help_is_whole(self):
        for name, text in self.public.items():
            comment = re.search(r"<#(.*?)#>", text, re.S).group(1)
            self.assertRegex(comment, r"\.SYNOPSIS\n    \S", name)
            # One that PowerShell does not know makes it ignore the whole comment.
            keywords = re.findall(r"^\s*(\.\S*.*)$", comment, re.M)
            known = r"\.(SYNOPSIS|DESCRIPTION|EXAMPLE|OUTPUTS|PARAMETER \w+)"
            self.assertEqual([word for word in keywords if not re.fullmatch(known, word)], [], name)
            examples = re.findall(r"\.EXAMPLE\n((?:    [^.\n].*\n)+)\n    \S", comment)
            self.assertEqual(len(examples), comment.count(".EXAMPLE"), name)
            self.assertGreaterEqual(len(examples), 1, name)
            for example in examples:
                self.assertIn(name, example)
            self.assertEqual(re.findall(r"\.PARAMETER (\w+)\n    \S", comment), list(parameters(text)), name)

    def test_dangerous_cmdlets_ask(self):
        for name, text in self.public.items():
            asks = "SupportsShouldProcess" in text
            self.assertEqual("ConfirmImpact = 'High'" in text, name in DESTRUCTIVE, name)
            self.assertEqual(asks, "$PSCmdlet.ShouldProcess(" in text, name)
            # Start-InfrabackupJob gives -Confirm, which only these have.
            self.assertTrue(asks or "AsJob" not in parameters(text), name)
            if name in DESTRUCTIVE:
                self.assertIn("Force", parameters(text), name)
        changing = {case["cmdlet"] for case in wire.REQUESTS["cases"] if case["method"] != "GET"}
        self.assertEqual([name for name in sorted(changing) if "SupportsShouldProcess" not in self.public[name]], [])

    def test_secrets_are_secure_strings_and_are_not_written(self):
        for name, text in self.public.items():
            for parameter, kind in parameters(text).items():
                self.assertEqual(kind == "securestring", parameter in SECRETS, f"{name} -{parameter}")
        for name, text in {**self.public, **self.private}.items():
            code = re.sub(r"<#.*?#>", "", text, flags=re.S)
            for line in re.findall(r"^.*Write-\w+.*$", code, re.M):
                self.assertNotRegex(line, r"Body|Token|Password|Parameters|Headers", name)

    def test_operations_are_those_of_the_table(self):
        used = set(re.findall(r"'([A-Z]\w+_[A-Z]\w+)'", "".join({**self.public, **self.private}.values())))
        self.assertEqual(used, set(wire.WIRE["operations"]))

    def test_routes_are_served(self):
        served = routes()
        self.assertGreater(len(served), 30)
        for name, definition in wire.WIRE["operations"].items():
            path = wire.WIRE["bases"][definition["base"]]["path"] + definition["path"]
            self.assertIn((definition["method"], re.sub(r"{\w+}", "{}", path)), served, name)

    def test_what_is_sent_comes_from_parameters(self):
        for name, definition in wire.WIRE["operations"].items():
            cmdlets = [text for text in self.public.values() if f"'{name}'" in text]
            for source in {**definition.get("query", {}), **definition.get("body", {})}.values():
                parameter = source.partition(":")[0]
                for text in cmdlets:
                    self.assertTrue(parameter in parameters(text) or f"'{parameter}'" in text, f"{name}: {parameter}")

    def test_every_operation_and_cmdlet_has_its_requests(self):
        cases = wire.REQUESTS["cases"]
        self.assertEqual({case["operation"] for case in cases}, set(wire.WIRE["operations"]))
        silent = {"Disconnect-Infrabackup", "New-AzsEncryptionKeyBase64"}
        self.assertEqual({case["cmdlet"] for case in cases}, set(self.public) - silent)
        for case in cases:
            sources = self.public[case["cmdlet"]] + self.private["Connection"]
            self.assertIn(f"'{case['operation']}'", sources)
            unknown = set(case["parameters"]) - set(parameters(self.public[case["cmdlet"]]))
            self.assertEqual(unknown, set(), case["cmdlet"])

    def test_names_of_parameters_are_had_once(self):
        for name, text in self.public.items():
            names = [word.lower() for aliases in re.findall(r"\[Alias\((.*)\)\]", text)
                     for word in re.findall(r"'(\w+)'", aliases)] + [word.lower() for word in parameters(text)]
            self.assertEqual(len(names), len(set(names)), name)

    def test_categories_of_errors_exist(self):
        found = re.findall(r"-Category '(\w+)'", "".join({**self.public, **self.private}.values()))
        found += re.findall(r"return '(\w+)'", self.private["Errors"])
        self.assertGreater(len(found), 15)
        self.assertEqual(set(found) - CATEGORIES, set())

    def test_files_are_ascii(self):
        # Windows PowerShell 5.1 reads them in the machine's own encoding.
        for folder, _, names in os.walk(wire.MODULE):
            for name in names:
                self.assertTrue(read(folder, name).isascii(), name)

    def test_views_show_what_objects_have(self):
        have = {name: set(members) for name, members in wire.WIRE["outputs"].items()} | OWN
        views = xml.etree.ElementTree.parse(os.path.join(wire.MODULE, "Infrabackup.Admin.Format.ps1xml"))
        shown = {}
        for view in views.iter("View"):
            name = view.findtext("ViewSelectedBy/TypeName").removeprefix("Infrabackup.Admin.")
            shown[name] = [item.text for item in view.iter("PropertyName")]
            self.assertEqual(set(shown[name]) - have[name], set(), name)
            labels = [item.text for item in view.iter("Label")]
            self.assertIn(labels, ([], shown[name]))
        types = xml.etree.ElementTree.parse(os.path.join(wire.MODULE, "Infrabackup.Admin.Types.ps1xml"))
        texts = {}
        for item in types.iter("Type"):
            texts[item.findtext("Name").removeprefix("Infrabackup.Admin.")] = item.findtext(".//Script")
        for name, script in texts.items():
            self.assertIn(re.fullmatch(r"\[string\] \$this\.(\w+)(?:\.ToString\(\))?", script).group(1), have[name])
        self.assertEqual((set(shown), set(texts)), (set(have), set(have)))

    def test_outputs_that_are_declared_exist(self):
        have = set(wire.WIRE["outputs"]) | set(OWN)
        for name, text in self.public.items():
            declared = re.findall(r"\[OutputType\('([\w.]+)'\)\]", text)
            for kind in declared:
                if not kind.startswith("System."):
                    self.assertIn(kind.removeprefix("Infrabackup.Admin."), have, name)
            self.assertEqual(re.findall(r"\.OUTPUTS\n    (\S+)", text), declared, name)

    def test_table_has_one_spelling(self):
        text = read(wire.MODULE, "Infrabackup.Admin.Wire.json")

        def once(pairs):
            names = [name.lower() for name, _ in pairs]
            self.assertEqual(len(names), len(set(names)), names)
            return dict(pairs)

        # ConvertFrom-Json refuses members that differ by case alone.
        json.loads(text, object_pairs_hook=once)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""The TypeScript client that autorest makes: generated, compiled with tests/contract/client.ts and driven against a
service over TLS."""

import base64
import glob
import json
import os
import shutil
import subprocess
import sys

import api_documents
import api_tour
import harness

HERE = os.path.dirname(os.path.abspath(__file__))
# (package, title of the client, provider)
PACKAGES = (("backup", "BackupClient", "Microsoft.Backup.Admin"),
            ("alerts", "AlertClient", "Microsoft.InfrastructureInsights.Admin"))
VERSIONS = {"backup": "2018-09-01", "alerts": "2016-05-01"}
COMPILER = {"compilerOptions": {
    "strict": True, "target": "es2022", "module": "nodenext", "moduleResolution": "nodenext", "skipLibCheck": True,
    "outDir": "out", "types": ["node"]}, "include": ["client.ts"]}


def generate(contract, specs):
    """The packages from the documents below @specs."""
    folder = os.path.join(contract.folder, "client")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    modules = os.path.join(contract.folder, "node_modules", "@autorest")
    for name, title, provider in PACKAGES:
        inputs = [f"--input-file={path}" for path in
                  sorted(glob.glob(os.path.join(specs, "**", provider, "**", VERSIONS[name], "*.json"), recursive=True))]
        _, output = contract.autorest(
            f"--use={modules}/modelerfour", f"--use={modules}/typescript", "--typescript", *inputs, "--azure-arm=true",
            f"--title={title}", f"--package-name={name}", f"--output-folder={os.path.join(folder, name)}",
            "--openapi-type=arm", "--modelerfour.lenient-model-deduplication=true")
        if not os.path.exists(os.path.join(folder, name, "src", "index.ts")):
            sys.exit(f"contract: autorest made no client of {provider}:\n{output[-3000:]}")


def compile_client(folder):
    """What the compiler says against it."""
    client = os.path.join(folder, "client")
    shutil.copy(os.path.join(HERE, "client.ts"), client)
    for name, value in (("tsconfig.json", COMPILER), ("package.json", {"type": "module"})):
        with open(os.path.join(client, name), "w", encoding="utf-8") as file:
            json.dump(value, file)
    result = subprocess.run(["npx", "tsc", "-p", client], cwd=folder, text=True, capture_output=True, check=False)
    return [line for line in result.stdout.splitlines() if line] if result.returncode != 0 else []


def drive(folder):
    """What went wrong in a round against a service of its own."""
    problems = compile_client(folder)
    if problems:
        return problems
    restores = any(operation.id == "Backups_Restore" for operation in api_documents.operations())
    with harness.Deployment(services=api_tour.services, tls=True,
                            config={"http": {"retryAfterSeconds": 1}}) as deployment, deployment.serve() as service:
        settings = {
            "url": service.url, "token": deployment.token, "subscription": deployment.subscription,
            "location": deployment.region, "share": deployment.share, "restores": restores,
            "certificate": deployment.certificate_base64(),
            "pfx": base64.b64encode(api_tour.read_bytes(deployment.pfx_file)).decode(),
            "pfxPassword": api_tour.read_bytes(deployment.password_file).decode().strip()}
        result = subprocess.run(
            ["node", os.path.join(folder, "client", "out", "client.js")], text=True, check=False,
            input=json.dumps(settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=harness.JOB_SECONDS,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": deployment.server_ca})
    lines = result.stdout.splitlines()
    for line in lines:
        if line.startswith("client: "):
            print(line)
    return [] if result.returncode == 0 and "client: done" in lines else lines or ["the client said nothing"]

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Walks over every operation of a running service and writes each exchange for Azure's validator: record.py FOLDER

FOLDER/<api-version>.json is a list of {"title", "isOfficial", "isRefused", "pair": {"liveRequest", "liveResponse"}}.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
# pylint: disable=wrong-import-position
import api_documents
import api_tour
import harness


def pair(service, asked, exchange):
    """The answer of @exchange to what @asked sent, as oav wants it."""
    request = {"method": asked.method, "url": service.url + asked.target, "headers": {}}
    if asked.body is not None:
        request["headers"]["Content-Type"] = "application/json"
        request["body"] = asked.body
    response = {"statusCode": str(exchange.answer.status), "headers": dict(exchange.answer.headers)}
    if exchange.answer.json is not None:
        response["body"] = exchange.answer.json
    operation = asked.operation
    return {"title": f"{operation.id} as {asked.version}: {exchange.answer.status}", "isOfficial": operation.is_official,
            "isRefused": exchange.is_refused, "pair": {"liveRequest": request, "liveResponse": response}}


def pairs(service, exchanges):
    """Every exchange, and every result of a long-running operation as if it had been the answer to its request."""
    for exchange in exchanges:
        if "/providers/Microsoft." not in exchange.operation.path:
            continue  # the validator knows nothing but providers
        yield pair(service, exchange, exchange)
        if exchange.ends is not None:
            yield pair(service, exchange.ends, exchange)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    for version in api_documents.backup_versions():
        with harness.Deployment(services=api_tour.services) as deployment, deployment.serve() as service:
            tour = api_tour.Tour(deployment, service, version)
            tour.everything()
            exchanges = list(pairs(service, tour.exchanges))
        with open(os.path.join(folder, f"{version}.json"), "w", encoding="utf-8") as file:
            json.dump(exchanges, file, indent=1)
        print(f"contract: recorded {len(exchanges)} exchanges of {len(tour.operations)} operations as {version}")


if __name__ == "__main__":
    main()

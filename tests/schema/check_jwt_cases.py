#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the verdicts of tests/unit/auth/jwt_cases.json with a library that is not ours (python3-jwt).

It must accept what is accepted and refuse what is refused, save the cases that say in "stricter" why it
lets pass what the program refuses. Roles and names of callers are ours alone.
"""
import datetime
import json
import pathlib
import sys
from unittest import mock

import jwt

CASES = pathlib.Path(__file__).resolve().parents[1] / "unit" / "auth" / "jwt_cases.json"


def moved_clock(now):
    """The module datetime as python3-jwt uses it, standing at @now."""
    class Fixed(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.fromtimestamp(now, tz)
    return mock.patch.object(jwt.api_jwt, "datetime", Fixed)


def keys_of(document, name):
    """The RSA and EC keys named so, or all of them for a token that names none."""
    for key in document["jwks"]["keys"]:
        if key["kty"] in ("RSA", "EC") and name in (None, key["kid"]):
            kind = jwt.algorithms.RSAAlgorithm if key["kty"] == "RSA" else jwt.algorithms.ECAlgorithm
            yield kind.from_jwk(json.dumps(key)), {"RSA": "RS256", "EC": "ES256"}[key["kty"]]


def accepts(document, token):
    try:
        name = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError:
        return False
    for key, algorithm in keys_of(document, name):
        try:
            with moved_clock(document["now"]):
                jwt.decode(token, key, algorithms=[algorithm], audience=document["audiences"],
                           issuer=document["issuer"], leeway=document["skew"],
                           options={"require": ["exp", "aud", "iss"]})
            return True
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError):
            continue
    return False


def main():
    document = json.loads(CASES.read_text(encoding="utf-8"))
    problems = []
    for case in document["cases"]:
        ours = case["verdict"] != "refused"
        expected = ours or "stricter" in case
        if accepts(document, case["token"]) != expected:
            problems.append(f"{case['name']}: python3-jwt {'refuses' if expected else 'accepts'} it")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"jwt_cases.json: {len(document['cases'])} tokens, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())

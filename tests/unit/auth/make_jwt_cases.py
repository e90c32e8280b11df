#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes jwt_cases.json anew: /usr/bin/python3 tests/unit/auth/make_jwt_cases.py > tests/unit/auth/jwt_cases.json

Every token is built here from its parts, with nothing but RSA, ECDSA and HMAC from python3-cryptography. The
private keys are forgotten at the end; the time is fixed. test_auth_jwt.c holds the program to the verdicts,
tests/schema/check_jwt_cases.py a second library.
"""
import base64
import hashlib
import hmac
import json
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

NOW = 1_700_000_000
SKEW = 300
ISSUER = "https://adfs.north.contoso.com/adfs"
AUDIENCE = "https://adminmanagement.north.contoso.com"
OTHER_AUDIENCE = "api://backup"
ACCEPTED, REFUSED, NO_ROLE = "accepted", "refused", "no role"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


def compact(value):
    return value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()


def rsa_jwk(key, **members):
    public = key.public_key().public_numbers()
    return {"kty": "RSA", "n": number(public.n), "e": number(public.e), **members}


def ec_jwk(key, **members):
    public = key.public_key().public_numbers()
    size = (key.key_size + 7) // 8
    return {"kty": "EC", "crv": {256: "P-256", 384: "P-384"}[key.key_size],
            "x": number(public.x, size), "y": number(public.y, size), **members}


def sign_rsa(key, algorithm=hashes.SHA256, pad=None):
    return lambda text: key.sign(text, pad or padding.PKCS1v15(), algorithm())


def sign_ec(key, algorithm=hashes.SHA256):
    def sign(text):
        r, s = utils.decode_dss_signature(key.sign(text, ec.ECDSA(algorithm())))
        size = (key.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return sign


def sign_ec_der(key):
    return lambda text: key.sign(text, ec.ECDSA(hashes.SHA256()))


def sign_hmac(secret, algorithm=hashlib.sha256):
    return lambda text: hmac.new(secret, text, algorithm).digest()


def token(header, claims, sign):
    text = f"{b64(compact(header))}.{b64(compact(claims))}"
    return f"{text}.{b64(sign(text.encode()))}"


RSA, RSA_OTHER, RSA_FOREIGN = (rsa.generate_private_key(65537, 2048) for _ in range(3))
RSA_SMALL = rsa.generate_private_key(65537, 1024)
EC, EC_FOREIGN = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
EC_384 = ec.generate_private_key(ec.SECP384R1())
OCT = b"a secret that the issuer should not have published"

KEYS = [rsa_jwk(RSA, kid="rsa-1", use="sig", alg="RS256"), rsa_jwk(RSA_OTHER, kid="rsa-2"),
        ec_jwk(EC, kid="ec-1", use="sig", key_ops=["verify"]),
        ec_jwk(EC_384, kid="ec-384", use="sig"), rsa_jwk(RSA_SMALL, kid="rsa-small", use="sig"),
        rsa_jwk(RSA_FOREIGN, kid="rsa-enc", use="enc"), rsa_jwk(RSA_FOREIGN, kid="rsa-512", alg="RS512"),
        ec_jwk(EC_FOREIGN, kid="ec-derive", key_ops=["deriveKey"]),
        {"kty": "oct", "k": b64(OCT), "kid": "oct-1"}, {"kty": "XYZ", "kid": "xyz"}]

R = {"typ": "JWT", "alg": "RS256", "kid": "rsa-1"}
E = {"typ": "JWT", "alg": "ES256", "kid": "ec-1"}
C = {"iss": ISSUER, "aud": AUDIENCE, "sub": "subject-1", "oid": "b7e4b6f0-0d4c-4a54-8d08-0c1a56d7c002",
     "upn": "anna@contoso.com", "roles": ["Backup.Operator"], "iat": NOW - 60, "nbf": NOW - 60,
     "exp": NOW + 3600}
SIGN_R, SIGN_E = sign_rsa(RSA), sign_ec(EC)


def without(value, *names):
    return {name: member for name, member in value.items() if name not in names}


def cases():
    """(name, token, verdict, what else is expected): why is part of the message, stricter why the second
    library lets it pass."""
    def good(name, claims, header=None, sign=None, **expected):
        yield name, token(header or R, claims, sign or SIGN_R), ACCEPTED, expected

    def bad(name, why, claims=None, header=None, sign=None, **more):
        yield name, token(header or R, C if claims is None else claims, sign or SIGN_R), REFUSED, {"why": why, **more}

    anna = {"caller": "anna@contoso.com", "role": "Operator"}
    yield from good("rs256", C, identity=f"{C['oid']}@{ISSUER}", **anna)
    yield from good("es256", C, E, SIGN_E, **anna)
    yield from good("second key", C, {**R, "kid": "rsa-2"}, sign_rsa(RSA_OTHER), **anna)
    yield from good("access token type", C, {**R, "typ": "at+JWT"}, **anna)
    yield from good("no type", C, without(R, "typ"), **anna)
    yield from good("es256 without key name, the only one", C, without(E, "kid"), SIGN_E, **anna)
    yield from good("thumbprint beside key name, as AD FS", C, {**R, "x5t": "rsa-1"}, **anna)
    yield from good("audience in a list", {**C, "aud": ["x", OTHER_AUDIENCE]}, **anna)
    yield from good("second audience", {**C, "aud": OTHER_AUDIENCE}, **anna)
    yield from good("name from oid", without(C, "upn"), caller=C["oid"], role="Operator")
    yield from good("name from sub", without(C, "upn", "oid"), caller="subject-1", role="Operator",
                    identity=f"subject-1@{ISSUER}")
    yield from good("name skips an empty upn", {**C, "upn": ""}, caller=C["oid"], role="Operator")
    yield from good("highest role", {**C, "roles": ["Backup.Reader", "Backup.Administrator", "Backup.Operator"]},
                    caller=C["upn"], role="Administrator")
    yield from good("role from a text", {**C, "roles": "Backup.Reader"}, caller=C["upn"], role="Reader")
    yield from good("role from a scope", {**without(C, "roles"), "scp": "openid backup.read profile"},
                    caller=C["upn"], role="Reader")
    yield from good("role from a group", {**without(C, "roles"), "groups": ["7", "administrators"]},
                    caller=C["upn"], role="Administrator")
    yield from good("expired within the skew", {**C, "iat": NOW - 3600, "exp": NOW - SKEW + 1}, **anna)
    yield from good("not before within the skew", {**C, "nbf": NOW + SKEW}, **anna)
    yield from good("issued within the skew", {**C, "iat": NOW + SKEW}, **anna)
    yield from good("fractions of seconds", {**C, "exp": NOW + 0.5, "iat": NOW - 1.25}, **anna)
    yield from good("without nbf and iat", without(C, "nbf", "iat"), **anna)
    yield from good("address of a foreign key ignored", C, {**R, "jku": "https://evil.example/keys",
                                                            "x5u": "https://evil.example/pem"}, **anna)
    yield from good("foreign key in the header ignored", C, {**R, "jwk": rsa_jwk(RSA_FOREIGN)}, **anna)
    yield from good("characters beyond ASCII", {**C, "upn": "größe@contoso.com"}, caller="größe@contoso.com",
                    role="Operator")

    yield "no role", token(R, without(C, "roles"), SIGN_R), NO_ROLE, {"why": "anna@contoso.com"}
    yield ("role in another case", token(R, {**C, "roles": ["backup.operator"]}, SIGN_R), NO_ROLE,
           {"why": "none of its claims"})
    yield ("scope as part of a word", token(R, {**without(C, "roles"), "scp": "xbackup.read backup.reader"}, SIGN_R),
           NO_ROLE, {"why": "none of its claims"})
    yield ("role as words of a text that is no scope", token(R, {**C, "roles": "x Backup.Operator"}, SIGN_R), NO_ROLE,
           {"why": "none of its claims"})

    none = {"typ": "JWT", "alg": "none"}
    text = f"{b64(compact(none))}.{b64(compact(C))}"
    yield "alg none", text + ".", REFUSED, {"why": "three parts"}
    yield from bad("alg none with a signature", "RS256 or ES256", header=none)
    yield from bad("alg None", "RS256 or ES256", header={**none, "alg": "None", "kid": "rsa-1"})
    pem = RSA.public_key().public_bytes(serialization.Encoding.PEM,
                                        serialization.PublicFormat.SubjectPublicKeyInfo)
    yield from bad("HS256 with the public key", "RS256 or ES256", header={**R, "alg": "HS256"}, sign=sign_hmac(pem))
    yield from bad("HS256 with the modulus", "RS256 or ES256", header={**R, "alg": "HS256"},
                   sign=sign_hmac(RSA.public_key().public_numbers().n.to_bytes(256, "big")))
    yield from bad("HS256 with a published secret", "RS256 or ES256",
                   header={"alg": "HS256", "kid": "oct-1"}, sign=sign_hmac(OCT))
    yield from bad("RS384", "RS256 or ES256", header={**R, "alg": "RS384"}, sign=sign_rsa(RSA, hashes.SHA384))
    yield from bad("PS256", "RS256 or ES256", header={**R, "alg": "PS256"},
                   sign=sign_rsa(RSA, pad=padding.PSS(padding.MGF1(hashes.SHA256()), 32)))
    yield from bad("rs256 in small letters", "RS256 or ES256", header={**R, "alg": "rs256"})
    yield from bad("no algorithm", "RS256 or ES256", header=without(R, "alg"))
    yield from bad("algorithm is a list", "RS256 or ES256", header={**R, "alg": ["RS256"]})
    yield from bad("ES256 with an RSA key", "not that of the key", header={**R, "alg": "ES256"}, sign=SIGN_E)
    yield from bad("RS256 with an EC key", "not that of the key", header={**E, "alg": "RS256"})
    yield from bad("signed by a foreign key", "does not fit", sign=sign_rsa(RSA_FOREIGN))
    yield from bad("EC signed by a foreign key", "does not fit", header=E, sign=sign_ec(EC_FOREIGN))
    yield from bad("signed by the other key", "does not fit", sign=sign_rsa(RSA_OTHER))
    yield from bad("foreign key in the header", "does not fit", header={**R, "jwk": rsa_jwk(RSA_FOREIGN)},
                   sign=sign_rsa(RSA_FOREIGN))
    yield from bad("foreign key in the header, named by it", "has no key mine",
                   header={**R, "kid": "mine", "jwk": rsa_jwk(RSA_FOREIGN, kid="mine")}, sign=sign_rsa(RSA_FOREIGN))
    yield from bad("EC signature in DER", "does not fit", header=E, sign=sign_ec_der(EC))
    yield from bad("EC signature of zeros", "does not fit", header=E, sign=lambda _: bytes(64))
    yield from bad("EC signature one byte short", "does not fit", header=E, sign=lambda text: SIGN_E(text)[:-1])
    yield from bad("RSA signature one byte long", "does not fit", sign=lambda text: SIGN_R(text) + b"\0")
    yield from bad("P-384 under ES256", "has no key ec-384", header={**E, "kid": "ec-384"},
                   sign=sign_ec(EC_384), stricter="signs with another curve than ES256's")
    yield from bad("RSA of 1024 bits", "has no key rsa-small", header={**R, "kid": "rsa-small"}, sign=sign_rsa(RSA_SMALL),
                   stricter="takes keys of any size")
    yield from bad("key for encryption", "has no key rsa-enc", header={**R, "kid": "rsa-enc"}, sign=sign_rsa(RSA_FOREIGN),
                   stricter="does not look at use")
    yield from bad("key for RS512", "has no key rsa-512", header={**R, "kid": "rsa-512"}, sign=sign_rsa(RSA_FOREIGN),
                   stricter="does not look at the key's alg")
    yield from bad("key for derivation", "has no key ec-derive", header={**E, "kid": "ec-derive"},
                   sign=sign_ec(EC_FOREIGN), stricter="does not look at key_ops")
    yield from bad("unknown key", "has no key nobody", header={**R, "kid": "nobody"})
    yield from bad("key name with control characters", "has no key of that name", header={**R, "kid": "a\r\nb"})
    yield from bad("key name is a number", "(kid)", header={**R, "kid": 1})
    yield from bad("no key name, several keys", "names no key", header=without(R, "kid"),
                   stricter="is given every key in turn")
    yield from bad("critical extension", "critical", header={**R, "crit": ["exp"], "exp": NOW + 60},
                   stricter="2.6 does not look at crit")
    yield from bad("critical extension that is empty", "critical", header={**R, "crit": []},
                   stricter="2.6 does not look at crit")
    yield from bad("unencoded payload", "critical", header={**R, "crit": ["b64"], "b64": False},
                   sign=lambda text: SIGN_R(text.split(b".")[0] + b"." + compact(C)))
    yield from bad("logout token", "typ", header={**R, "typ": "logout+jwt"}, stricter="does not look at typ")
    yield from bad("type is no text", "typ", header={**R, "typ": 1}, stricter="does not look at typ")
    twice = b'{"typ":"JWT","alg":"none","alg":"RS256","kid":"rsa-1"}'
    yield from bad("algorithm twice", "header is no JSON", header=twice, stricter="takes the last of equal names")
    yield from bad("issuer twice", "claims are no JSON", stricter="takes the last of equal names",
                   claims=compact(C)[:-1] + b',"iss":"' + ISSUER.encode() + b'"}')

    yield from bad("another issuer", "(iss)", {**C, "iss": "https://adfs.south.contoso.com/adfs"})
    yield from bad("issuer with a slash more", "(iss)", {**C, "iss": ISSUER + "/"})
    yield from bad("no issuer", "(iss)", without(C, "iss"))
    yield from bad("issuer in a list", "(iss)", {**C, "iss": [ISSUER]})
    yield from bad("another audience", "(aud)", {**C, "aud": "https://graph.contoso.com"})
    yield from bad("audience as a part", "(aud)", {**C, "aud": AUDIENCE + ".evil.example"})
    yield from bad("audiences that are all others", "(aud)", {**C, "aud": ["a", "b"]})
    yield from bad("no audience", "(aud)", without(C, "aud"))
    yield from bad("empty list of audiences", "(aud)", {**C, "aud": []})
    yield from bad("audience is an object", "(aud)", {**C, "aud": {"0": AUDIENCE}})
    yield from bad("expired", "expired", {**C, "iat": NOW - 3600, "exp": NOW - SKEW})
    yield from bad("expired long ago", "expired", {**C, "iat": 0, "nbf": 0, "exp": 1})
    yield from bad("no end", "no end", without(C, "exp"))
    yield from bad("end is a text", "no number", {**C, "exp": str(NOW + 3600)}, stricter="reads numbers in texts")
    yield from bad("end is true", "no number", {**C, "exp": True})
    yield from bad("end is endless", "no number", {**C, "exp": 10 ** 18}, stricter="takes any number")
    yield from bad("end is negative", "no number", {**C, "exp": -1})
    yield from bad("end is null", "no number", {**C, "exp": None})
    yield from bad("not yet", "not valid yet", {**C, "nbf": NOW + SKEW + 1})
    yield from bad("begin is a text", "no number", {**C, "nbf": "soon"})
    yield from bad("issued in the future", "future", {**C, "iat": NOW + SKEW + 1})
    yield from bad("issued after its end", "after its own end", {**C, "iat": NOW, "exp": NOW - 1},
                   stricter="does not compare them")
    yield from bad("bound to a key", "(cnf)", {**C, "cnf": {"kid": "x"}}, stricter="does not look at cnf")
    yield from bad("nobody", "names its caller", without(C, "upn", "oid", "sub"), stricter="needs no name")
    yield from bad("names that are none", "names its caller", {**without(C, "oid"), "upn": "a\nb", "sub": "x" * 128},
                   stricter="needs no name")
    yield from bad("claims are a list", "claims are no JSON", [C])
    yield from bad("claims are no JSON", "claims are no JSON", b"{}}")
    yield from bad("claims are not UTF-8", "claims are no JSON", compact(C)[:-1] + b',"a":"\xff"}')
    yield from bad("header is a text", "header is no JSON", header=b'"RS256"')
    yield from bad("nested too deep", "claims are no JSON", {**C, "deep": json.loads("[" * 40 + "]" * 40)},
                   stricter="has no limit of depth")

    whole = token(R, C, SIGN_R)
    head, claims, signature = whole.split(".")
    more = b64(compact({**C, "roles": ["Backup.Administrator"]}))
    yield "claims exchanged", f"{head}.{more}.{signature}", REFUSED, {"why": "does not fit"}
    yield "no signature", f"{head}.{claims}.", REFUSED, {"why": "three parts"}
    yield "two parts", f"{head}.{claims}", REFUSED, {"why": "three parts"}
    yield "four parts", f"{whole}.{signature}", REFUSED, {"why": "three parts"}
    yield "five parts, as encrypted ones have", f"{head}.a.b.c.d", REFUSED, {"why": "three parts"}
    yield "padding", f"{head}=.{claims}.{signature}", REFUSED, {"why": "three parts"}
    yield "not base64url", f"{head}.{claims[:-1]}+.{signature}", REFUSED, {"why": "three parts"}
    yield "a blank inside", f"{head}. {claims}.{signature}", REFUSED, {"why": "three parts"}
    yield "signature cut", whole[:-4], REFUSED, {"why": "does not fit"}
    for position, part in enumerate(("header", "claims", "signature")):
        parts = [head, claims, signature]
        parts[position] = "A" * 41
        yield f"{part} of a length that no bytes have", ".".join(parts), REFUSED, {"why": "three parts"}
    yield "dots alone", "..", REFUSED, {"why": "three parts"}
    yield "a word", "token", REFUSED, {"why": "three parts"}
    yield ("too long", token(R, {**C, "groups": ["x" * 10000]}, SIGN_R), REFUSED,
           {"why": "longer than", "stricter": "has no limit of size"})


def main():
    document = {
        "now": NOW, "skew": SKEW, "issuer": ISSUER, "audiences": [AUDIENCE, OTHER_AUDIENCE],
        "roles": [{"claim": "roles", "value": f"Backup.{role}", "role": role}
                  for role in ("Reader", "Operator", "Administrator")] +
                 [{"claim": "scp", "value": "backup.read", "role": "Reader"},
                  {"claim": "groups", "value": "administrators", "role": "Administrator"}],
        "jwks": {"keys": KEYS},
        "cases": [{"name": name, "verdict": verdict, **expected, "token": text}
                  for name, text, verdict, expected in cases()]}
    json.dump(document, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()

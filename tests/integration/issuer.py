# SPDX-License-Identifier: Apache-2.0
"""An issuer of JSON web tokens on a port of its own: keys over HTTPS, which can change, be withheld or never come."""

import http.server
import json
import ssl
import threading
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

AUDIENCE = "https://adminmanagement.north.example.com"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.issuer.asked += 1
        self.server.issuer.answer(self)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that hangs up is part of the tests."""


class Issuer:
    """@answer: what becomes of a request; publish() is the usual one."""

    def __init__(self, certificate_file, key_file):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate_file, key_file)
        self.keys = {}
        self.asked = 0
        self.answer = self.publish
        self.server = None
        self.released = threading.Event()
        self.port = 0
        self.start()
        self.name = f"https://127.0.0.1:{self.port}/adfs"
        self.url = f"{self.name}/discovery/keys"

    def start(self):
        """At the same port as before, if there was one."""
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.issuer = self
        self.server.socket = self.context.wrap_socket(self.server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.released.set()
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    def new_key(self, name, kind="RSA"):
        """Publishes one more key."""
        self.keys[name] = rsa.generate_private_key(65537, 2048) if kind == "RSA" else \
            ec.generate_private_key(ec.SECP256R1())

    def jwks(self):
        def public(name, key):
            known = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())) \
                if isinstance(key, rsa.RSAPrivateKey) else ec_jwk(key)
            return {**known, "kid": name, "use": "sig"}
        return {"keys": [public(name, key) for name, key in self.keys.items()]}

    def publish(self, request, body=None):
        body = json.dumps(self.jwks()).encode() if body is None else body
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def hang(self, _):
        """Until the issuer is stopped."""
        self.released.wait()

    def refer(self, request):
        """A redirection to where the keys are."""
        if request.path.endswith("/elsewhere"):
            self.publish(request)
            return
        request.send_response(302)
        request.send_header("Location", f"{self.name}/elsewhere")
        request.send_header("Content-Length", "0")
        request.end_headers()

    def flood(self, request):
        """Keys, and 300 KiB beside them."""
        self.publish(request, json.dumps({**self.jwks(), "padding": "x" * 300 * 1024}).encode())

    def token(self, key_name, key=None, **claims):
        """Signed with the key of that name, or with @key under that name. None leaves a claim out."""
        now = int(time.time())
        key = key or self.keys[key_name]
        claims = {"iss": self.name, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 3600,
                  "upn": "anna@example.com", "oid": "4f0d6e3a-6a39-4c5e-9a64-0b6c86f1a001",
                  "roles": ["Backup.Reader"], **claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, key, "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256",
                          headers={"kid": key_name})


def ec_jwk(key):
    """python3-jwt 2.6 cannot write these."""
    numbers = key.public_key().public_numbers()
    x, y = (jwt.utils.base64url_encode(value.to_bytes(32, "big")).decode() for value in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}

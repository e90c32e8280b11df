# SPDX-License-Identifier: Apache-2.0
"""A throw-away certificate authority: certificates for servers and clients, good and bad ones."""

import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def write(path, data):
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(data)


class Authority:
    """Writes below @folder; @certificate_file is its own certificate."""

    def __init__(self, folder, name):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate_file = os.path.join(folder, f"{name}.pem")
        certificate = self._builder(self.name, self.key, 1).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(self.key, hashes.SHA256())
        write(self.certificate_file, certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject, key, days):
        now = datetime.datetime.utcnow()
        return (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                .public_key(key.public_key()).serial_number(x509.random_serial_number())
                .not_valid_before(now - 2 * DAY).not_valid_after(now + days * DAY))

    def issue(self, name, alternatives=(), days=1, purpose=ExtendedKeyUsageOID.CLIENT_AUTH):
        """(certificate file, key file, SHA-256 in hexadecimal digits). @days negative: it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, days)
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(list(alternatives)), critical=False)
        certificate = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False).sign(
            self.key, hashes.SHA256())
        base = os.path.join(self.folder, f"{name}{days}-{certificate.serial_number}")
        write(f"{base}.pem", certificate.public_bytes(serialization.Encoding.PEM))
        write(f"{base}.key", key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))
        return f"{base}.pem", f"{base}.key", certificate.fingerprint(hashes.SHA256()).hex()

    def issue_server(self):
        """For 127.0.0.1 and localhost."""
        return self.issue("server", [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")],
                          purpose=ExtendedKeyUsageOID.SERVER_AUTH)

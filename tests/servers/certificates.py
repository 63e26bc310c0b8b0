"""Certificates for tests: an authority, and what it signs, with any validity."""

import dataclasses
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)


@dataclasses.dataclass(frozen=True)
class Pair:
    """A certificate and its key, in a file each; `both` is the one behind the other."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Signs certificates and keeps them in `folder`; its own is in `file`."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"ctihub test {name}")])
        self.file = folder / f"{name}.pem"
        certificate = self._signed(self._name, self._key.public_key(), -1, 2, is_authority=True)
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def pair(self, name: str, *, begins_days: float = -1, ends_days: float = 2, password: bytes = b"") -> Pair:
        """Make a certificate for 127.0.0.1 that is valid from and until so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        certificate = self._signed(subject, key.public_key(), begins_days, ends_days)
        encryption = BestAvailableEncryption(password) if password else NoEncryption()
        pair = Pair(*(self._folder / f"{name}.{ending}" for ending in ("crt", "key", "both")))
        pair.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        pair.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        pair.both.write_bytes(pair.key.read_bytes() + pair.certificate.read_bytes())
        return pair

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        begins: float,
        ends: float,
        *,
        is_authority: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=begins))
            .not_valid_after(now + timedelta(days=ends))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(names, critical=False)
            .sign(self._key, SHA256())
        )

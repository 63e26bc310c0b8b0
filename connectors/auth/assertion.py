"""Signed assertions (JWT, RFC 7523) that prove to a token server who asks."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path
from time import time

import jwt
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from connectors.base import ConnectorError
from hub.config.http_access import SigningKey
from hub.domain.customer import Problem

LASTS_S = 180
"""Salesforce takes no assertion that lasts longer than three minutes, others take any."""
MAX_KEY_BYTES = 64 * 1024


def assertion(key: SigningKey, *, issuer: str, subject: str, audience: str, claims: Mapping[str, str]) -> str:
    """Make a signed assertion as of now; it reads files. Raises ConnectorError if the key can't be used."""
    now = int(time())
    content = {
        **claims,
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "iat": now,
        "exp": now + LASTS_S,
        "jti": secrets.token_hex(16),
    }
    headers = {"kid": key.key_id} if key.key_id else {}
    if key.certificate_file is not None:
        headers |= _thumbprints(key.certificate_file)
    return jwt.encode(content, _private_key(key), algorithm=key.algorithm, headers=headers)


def _private_key(key: SigningKey) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    place = f"auth.signed.key_file {key.key_file}" if key.key_file else "auth.signed.private_key"
    pem = key.private_key.get_secret_value().encode() if key.private_key else _content(key.key_file or "", place)
    password = key.key_password.get_secret_value().encode() if key.key_password else None
    loaded = _loaded(pem, password, place)
    if key.algorithm == "ES256":
        if isinstance(loaded, ec.EllipticCurvePrivateKey) and isinstance(loaded.curve, ec.SECP256R1):
            return loaded
    elif isinstance(loaded, rsa.RSAPrivateKey):
        return loaded
    wanted = "an EC key on P-256" if key.algorithm == "ES256" else "an RSA key"
    raise ConnectorError(Problem.INTERNAL, f"{place}: {key.algorithm} needs {wanted}, and this is another")


def _loaded(pem: bytes, password: bytes | None, place: str) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(pem, password)
    except TypeError:
        reason = "it needs a `key_password`" if password is None else "it takes no `key_password`"
    except ValueError:
        reason = "the `key_password` is wrong" if password else "it holds no private key in PEM"
    except UnsupportedAlgorithm:
        reason = "it holds a kind of key that is not supported"
    raise ConnectorError(Problem.INTERNAL, f"{place}: {reason}")


def _thumbprints(file: str) -> dict[str, str]:
    """Return the headers that name a certificate (RFC 7515, 4.1.7 and 4.1.8)."""
    place = f"auth.signed.certificate_file {file}"
    try:
        certificate = x509.load_pem_x509_certificate(_content(file, place))
    except ValueError:
        raise ConnectorError(Problem.INTERNAL, f"{place}: it holds no certificate in PEM") from None
    return {
        "x5t": _base64url(certificate.fingerprint(hashes.SHA1())),  # noqa: S303 - what the standard's `x5t` is
        "x5t#S256": _base64url(certificate.fingerprint(hashes.SHA256())),
    }


def _content(file: str, place: str) -> bytes:
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MAX_KEY_BYTES)
    except OSError as error:
        raise ConnectorError(Problem.INTERNAL, f"{place}: {error.strerror or 'it can not be read'}") from None


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")

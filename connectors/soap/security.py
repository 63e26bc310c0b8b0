"""WS-Security 1.0 in the header of a message: UsernameToken, Timestamp, and a signature with an X.509 certificate."""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from connectors.base import ConnectorError
from connectors.soap.writing import escaped
from hub.config.soap_auth import WsseAuth
from hub.domain.customer import Problem

_OASIS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE = f"{_OASIS}wssecurity-secext-1.0.xsd"
WSU = f"{_OASIS}wssecurity-utility-1.0.xsd"
DS = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
_BASE64 = f"{_OASIS}soap-message-security-1.0#Base64Binary"
_CERTIFICATE = f"{_OASIS}x509-token-profile-1.0#X509v3"
_DIGEST = f"{_OASIS}username-token-profile-1.0#PasswordDigest"
_TEXT = f"{_OASIS}username-token-profile-1.0#PasswordText"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SIGNED_FOR_S = 300


class MessageSecurity:
    """Makes the Security header of each message. Raises ConnectorError if certificate or key can't be read."""

    def __init__(self, auth: WsseAuth) -> None:
        self._auth = auth
        self._signer = Signer(auth) if auth.certificate is not None else None
        self._lasts_s = auth.timestamp_s or (SIGNED_FOR_S if self._signer else None)

    def header(self) -> str:
        """Return the header of one message, not signed yet."""
        now = datetime.now(UTC)
        return (
            f'<w:Security xmlns:w="{WSSE}" xmlns:u="{WSU}" e:mustUnderstand="1">{self._timestamp(now)}'
            f"{self._token(now)}{self._signer.token if self._signer else ''}</w:Security>"
        )

    def signed(self, envelope: bytes) -> bytes:
        """Return the message with its signature, if there is to be one."""
        return self._signer.signed(envelope) if self._signer else envelope

    def _timestamp(self, now: datetime) -> str:
        if self._lasts_s is None:
            return ""
        expires = now + timedelta(seconds=self._lasts_s)
        return (
            f'<u:Timestamp u:Id="timestamp"><u:Created>{_moment(now)}</u:Created>'
            f"<u:Expires>{_moment(expires)}</u:Expires></u:Timestamp>"
        )

    def _token(self, now: datetime) -> str:
        auth = self._auth
        if auth.username is None or auth.password is None:
            return ""
        password = auth.password.get_secret_value()
        if not auth.digest:
            secret = f'<w:Password Type="{_TEXT}">{escaped(password)}</w:Password>'
        else:
            # UsernameToken Profile 1.0, 3.1: Base64(SHA-1(nonce + created + password)).
            nonce, created = os.urandom(16), _moment(now)
            digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()  # noqa: S324 - the profile's
            secret = (
                f'<w:Password Type="{_DIGEST}">{base64.b64encode(digest).decode()}</w:Password>'
                f'<w:Nonce EncodingType="{_BASE64}">{base64.b64encode(nonce).decode()}</w:Nonce>'
                f"<u:Created>{created}</u:Created>"
            )
        return f"<w:UsernameToken><w:Username>{escaped(auth.username)}</w:Username>{secret}</w:UsernameToken>"


class Signer:
    """Signs body and timestamp (XML Signature 1.1; exclusive C14N, SHA-256, RSA) and sends the certificate along."""

    def __init__(self, auth: WsseAuth) -> None:
        certificate = _certificate(Path(str(auth.certificate)))
        password = auth.key_password.get_secret_value().encode() if auth.key_password else None
        self._key = _key(Path(str(auth.key)), password)
        if self._key.public_key() != certificate.public_key():
            raise ConnectorError(
                Problem.INTERNAL, f"auth.key {auth.key} is not the key of the certificate {auth.certificate}"
            )
        encoded = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
        self.token = (
            f'<w:BinarySecurityToken u:Id="certificate" EncodingType="{_BASE64}" ValueType="{_CERTIFICATE}">{encoded}'
            "</w:BinarySecurityToken>"
        )

    def signed(self, envelope: bytes) -> bytes:
        """Return the message with the signature behind what is in its Security header."""
        root = etree.fromstring(envelope)
        namespace = etree.QName(root).namespace
        security, body = root.find(f"{{{namespace}}}Header/{{{WSSE}}}Security"), root.find(f"{{{namespace}}}Body")
        if security is None or body is None:
            raise ConnectorError(Problem.INTERNAL, "the message to be signed has no Security header")
        body.set(f"{{{WSU}}}Id", "body")
        timestamp = security.find(f"{{{WSU}}}Timestamp")
        parts = [body] if timestamp is None else [body, timestamp]
        signature = etree.SubElement(security, f"{{{DS}}}Signature", nsmap={"ds": DS})
        info = etree.SubElement(signature, f"{{{DS}}}SignedInfo")
        etree.SubElement(info, f"{{{DS}}}CanonicalizationMethod", Algorithm=EXCLUSIVE)
        etree.SubElement(info, f"{{{DS}}}SignatureMethod", Algorithm=_RSA_SHA256)
        for part in parts:
            _reference(info, part)
        value = self._key.sign(_canonical(info), padding.PKCS1v15(), hashes.SHA256())
        etree.SubElement(signature, f"{{{DS}}}SignatureValue").text = base64.b64encode(value).decode()
        known = etree.SubElement(signature, f"{{{DS}}}KeyInfo")
        reference = etree.SubElement(known, f"{{{WSSE}}}SecurityTokenReference")
        etree.SubElement(reference, f"{{{WSSE}}}Reference", URI="#certificate", ValueType=_CERTIFICATE)
        return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _reference(info: etree._Element, part: etree._Element) -> None:
    reference = etree.SubElement(info, f"{{{DS}}}Reference", URI=f"#{part.get(f'{{{WSU}}}Id')}")
    transforms = etree.SubElement(reference, f"{{{DS}}}Transforms")
    etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=EXCLUSIVE)
    etree.SubElement(reference, f"{{{DS}}}DigestMethod", Algorithm=_SHA256)
    digest = base64.b64encode(hashlib.sha256(_canonical(part)).digest()).decode()
    etree.SubElement(reference, f"{{{DS}}}DigestValue").text = digest


def _canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _certificate(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds no certificate in PEM"
        raise ConnectorError(Problem.INTERNAL, f"auth.certificate {file}: {reason}") from None


def _key(file: Path, password: bytes | None) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password)
    except (OSError, ValueError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds no key in PEM that `key_password` opens"
        raise ConnectorError(Problem.INTERNAL, f"auth.key {file}: {reason}") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConnectorError(Problem.INTERNAL, f"auth.key {file}: it is no RSA key")
    return key

"""WS-Security headers, verified by others than who makes them."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.exceptions import InvalidSignature
from signxml.verifier import SignatureConfiguration, XMLVerifier

from connectors.base import ConnectorError
from connectors.soap.security import DS, WSSE, WSU, MessageSecurity
from hub.config.soap_auth import WsseAuth
from tests.unit.connectors.soap.wsdls import ENVELOPE, document, load

SCHEMA = '<x:element name="Ask" type="x:string"/><x:element name="Answer" type="x:string"/>'


def certified(folder: Path, *, name: str = "hub", password: bytes | None = None) -> tuple[str, str]:
    """Make a certificate with its key; return the files."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden)
    )
    return str(folder / f"{name}.pem"), str(folder / f"{name}.key")


def message(folder: Path, **auth: Any) -> etree._Element:
    """Return a whole message, signed in as configured."""
    security = MessageSecurity(WsseAuth.model_validate({"type": "wsse", **auth}))
    call = load(folder, document(SCHEMA)).call("Do")
    return etree.fromstring(security.signed(call.envelope({"#text": "a <b>"}, security.header())))


def in_security(envelope: etree._Element, path: str) -> etree._Element:
    found = envelope.find(f"{{{ENVELOPE}}}Header/{{{WSSE}}}Security/{path}")
    assert found is not None
    return found


def test_password_as_text(tmp_path: Path) -> None:
    """User and password stand in a UsernameToken, whatever characters they have; the header must be understood."""
    envelope = message(tmp_path, username="a&b", password='ge<h>"eim')
    token = in_security(envelope, f"{{{WSSE}}}UsernameToken")
    texts = [token.findtext(f"{{{WSSE}}}{name}") for name in ("Username", "Password")]
    assert ["a&b", 'ge<h>"eim'] == texts
    assert "1" == in_security(envelope, ".").get(f"{{{ENVELOPE}}}mustUnderstand")


def test_password_as_digest(tmp_path: Path) -> None:
    """The digest is that of nonce, time and password; the password itself stays here, and no two messages are alike."""
    nonces = set()
    for _ in range(2):
        envelope = message(tmp_path, username="hub", password="geheim", digest=True)
        token = in_security(envelope, f"{{{WSSE}}}UsernameToken")
        nonce = base64.b64decode(token.findtext(f"{{{WSSE}}}Nonce") or "")
        created = token.findtext(f"{{{WSU}}}Created") or ""
        wanted = base64.b64encode(hashlib.sha1(nonce + created.encode() + b"geheim").digest()).decode()  # noqa: S324 - as the profile says
        assert wanted == token.findtext(f"{{{WSSE}}}Password")
        assert b"geheim" not in etree.tostring(envelope)
        nonces.add(nonce)
    assert 2 == len(nonces)


def test_timestamp(tmp_path: Path) -> None:
    """A message says from when until when it counts, in UTC."""
    stamp = in_security(message(tmp_path, username="a", password="b", timestamp_s=60), f"{{{WSU}}}Timestamp")
    created, expires = (
        datetime.fromisoformat(stamp.findtext(f"{{{WSU}}}{name}") or "") for name in ("Created", "Expires")
    )
    assert timedelta(seconds=60) == expires - created
    assert abs(datetime.now(UTC) - created) < timedelta(seconds=20)


def verified(envelope: etree._Element, certificate: str) -> set[str]:
    """Have another library verify the signature; return the names of what it covers."""
    results = XMLVerifier().verify(
        etree.tostring(envelope),
        x509_cert=Path(certificate).read_text(),
        expect_config=SignatureConfiguration(expect_references=2, location=f".//{{{WSSE}}}Security/"),
        id_attribute="Id",
    )
    assert isinstance(results, list)
    return {etree.QName(result.signed_xml).localname for result in results if result.signed_xml is not None}


def test_signature(tmp_path: Path) -> None:
    """Body and timestamp are signed with the key whose certificate goes along, beside a UsernameToken or alone."""
    certificate, key = certified(tmp_path)
    for further in ({}, {"username": "hub", "password": "geheim"}):
        envelope = message(tmp_path, certificate=certificate, key=key, **further)
        assert {"Body", "Timestamp"} == verified(envelope, certificate)
        token = in_security(envelope, f"{{{WSSE}}}BinarySecurityToken")
        sent = x509.load_der_x509_certificate(base64.b64decode(token.text or ""))
        assert x509.load_pem_x509_certificate(Path(certificate).read_bytes()) == sent
        reference = in_security(envelope, f"{{{DS}}}Signature/{{{DS}}}KeyInfo//{{{WSSE}}}Reference")
        assert f"#{token.get(f'{{{WSU}}}Id')}" == reference.get("URI")


def test_a_changed_message_is_found_out(tmp_path: Path) -> None:
    """What the signature covers can't be changed, nor taken for another's."""
    certificate, key = certified(tmp_path)
    envelope = message(tmp_path, certificate=certificate, key=key)
    ask = envelope.find(".//{urn:test}Ask")
    assert ask is not None
    ask.text = "another"
    with pytest.raises(InvalidSignature):
        verified(envelope, certificate)
    other, _ = certified(tmp_path, name="other")
    with pytest.raises(InvalidSignature):
        verified(message(tmp_path, certificate=certificate, key=key), other)


def test_a_key_with_a_password(tmp_path: Path) -> None:
    """A key may be encrypted."""
    certificate, key = certified(tmp_path, password=b"auf")
    assert verified(message(tmp_path, certificate=certificate, key=key, key_password="auf"), certificate)
    with pytest.raises(ConnectorError, match="that `key_password` opens"):
        message(tmp_path, certificate=certificate, key=key, key_password="zu")


def test_keys_and_certificates_that_do_not_fit(tmp_path: Path) -> None:
    """A wrong file, a key of another certificate and a key that is none are told by their names."""
    certificate, key = certified(tmp_path)
    _, other = certified(tmp_path, name="other")
    with pytest.raises(ConnectorError, match="is not the key of the certificate"):
        message(tmp_path, certificate=certificate, key=other)
    with pytest.raises(ConnectorError, match="holds no certificate in PEM"):
        message(tmp_path, certificate=key, key=key)
    with pytest.raises(ConnectorError, match="holds no key in PEM"):
        message(tmp_path, certificate=certificate, key=certificate)
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "ec.key").write_bytes(curve)
    with pytest.raises(ConnectorError, match="it is no RSA key"):
        message(tmp_path, certificate=certificate, key=str(tmp_path / "ec.key"))


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        ({}, "give `username` and `password`, or `certificate` and `key`"),
        ({"username": "a"}, "go together"),
        ({"certificate": __file__}, "go together"),
        ({"certificate": __file__, "key": __file__, "digest": True}, "`digest` belongs to a `password`"),
    ],
)
def test_half_a_configuration(auth: dict[str, Any], words: str) -> None:
    """What belongs together is asked for together."""
    with pytest.raises(ValueError, match=words):
        WsseAuth.model_validate({"type": "wsse", **auth})

"""Envelopes as senders write them, by hand."""

from __future__ import annotations

import base64
import hashlib
import os
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from tests.conformance.push_site import NAMESPACES, PASSWORD, USER

SOAP_11, SOAP_12 = NAMESPACES["s11"], NAMESPACES["s12"]
TYPE_11, TYPE_12 = "text/xml; charset=utf-8", "application/soap+xml; charset=utf-8"
_PROFILE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#"
_WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"

CUSTOMER = """\
<h:CustomerChanged xmlns:h="urn:ctihub:push:1">
  <h:customer>
    <h:id>0042</h:id>
    <h:name><h:full>Petra Vogt</h:full></h:name>
    <h:phone><h:number>0351 5550123</h:number><h:label>work</h:label></h:phone>
    <h:email><h:address>petra@vogt.example</h:address></h:email>
    <h:systemId system="crm">C-7</h:systemId>
    <h:extra name="branch">Dresden</h:extra>
  </h:customer>
</h:CustomerChanged>"""


def envelope(payload: str, header: str = "", *, namespace: str = SOAP_11) -> bytes:
    head = f"<s:Header>{header}</s:Header>" if header else ""
    text = (
        f'<?xml version="1.0"?>\n<s:Envelope xmlns:s="{namespace}">{head}\n<s:Body>\n{payload}\n</s:Body></s:Envelope>'
    )
    return text.encode()


def username_token(username: str = USER, password: str = PASSWORD, *, must: str = "") -> str:
    """Return a WS-Security header with the password in plain text."""
    return (
        f'<w:Security xmlns:w="{NAMESPACES["wsse"]}" {must}><w:UsernameToken>'
        f"<w:Username>{escape(username)}</w:Username>"
        f'<w:Password Type="{_PROFILE}PasswordText">{escape(password)}</w:Password></w:UsernameToken></w:Security>'
    )


def digest_token(*, password: str = PASSWORD, created: datetime | None = None, nonce: bytes | None = None) -> str:
    """Return a WS-Security header with the password's digest."""
    moment = (created or datetime.now(UTC)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    used = nonce or os.urandom(16)
    digest = base64.b64encode(
        hashlib.sha1(used + moment.encode() + password.encode(), usedforsecurity=False).digest()
    ).decode()
    return (
        f'<w:Security xmlns:w="{NAMESPACES["wsse"]}" xmlns:u="{_WSU}"><w:UsernameToken><w:Username>{USER}</w:Username>'
        f'<w:Password Type="{_PROFILE}PasswordDigest">{digest}</w:Password>'
        f"<w:Nonce>{base64.b64encode(used).decode()}</w:Nonce><u:Created>{moment}</u:Created>"
        "</w:UsernameToken></w:Security>"
    )

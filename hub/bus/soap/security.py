"""WS-Security's UsernameToken (OASIS UsernameToken Profile 1.1): who sends, said in the envelope."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from lxml import etree

from hub.bus.soap.envelope import Envelope, is_security
from hub.bus.soap.faults import FaultCode, SecurityCode, SoapFault
from hub.bus.soap.names import WSSE, WSU
from hub.config.inbound import BasicLogin
from hub.domain.once import OnceOnly, Showing

TOLERANCE_S: Final = 300.0
_PROFILE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#"
_UNDERSTOOD: Final = frozenset({f"{{{WSSE}}}UsernameToken", f"{{{WSU}}}Timestamp"})
_MAX_NONCE: Final = 256


class TokenCheck:
    """Compares the UsernameToken of a request with a feed's login. A digest is accepted once."""

    def __init__(self, login: BasicLogin | None, *, clock: Callable[[], float] = time.time) -> None:
        self._login = login
        self._clock = clock
        self._digests = OnceOnly(tolerance_s=TOLERANCE_S, clock=clock)

    def check(self, envelope: Envelope, *, authenticated: bool) -> None:
        """Raise a SoapFault unless the sender may send: shown by HTTP already, or by a token that fits."""
        headers = [block for block in envelope.blocks if is_security(block)]
        for header in headers:
            self._check_timestamp(header, envelope)
        tokens = [token for header in headers for token in header.findall(f"{{{WSSE}}}UsernameToken")]
        if not tokens:
            if not authenticated:
                raise _wrong(
                    SecurityCode.NONE_GIVEN,
                    "This feed needs credentials: HTTP basic, a bearer token that may publish, or a UsernameToken.",
                )
            return
        if authenticated and self._login is None:
            return
        if len(tokens) > 1:
            raise _wrong(SecurityCode.INVALID, "A message has one UsernameToken.")
        self._check_token(tokens[0])

    def _check_timestamp(self, header: etree._Element, envelope: Envelope) -> None:
        is_required = header.get(envelope.version.name("mustUnderstand")) in {"1", "true"}
        unknown = [str(child.tag) for child in header if child.tag not in _UNDERSTOOD]
        if is_required and unknown:
            raise SoapFault(
                FaultCode.MUST_UNDERSTAND,
                f"Of WS-Security, UsernameToken and Timestamp are understood; this has {', '.join(unknown)}.",
                not_understood=[str(header.tag)],
            )
        expires = header.findtext(f"{{{WSU}}}Timestamp/{{{WSU}}}Expires")
        if expires and _moment(expires) < self._clock() - TOLERANCE_S:
            raise _wrong(SecurityCode.EXPIRED, "The message's Timestamp says that it has expired.")

    def _check_token(self, token: etree._Element) -> None:
        username = (token.findtext(f"{{{WSSE}}}Username") or "").strip()
        given = token.find(f"{{{WSSE}}}Password")
        if self._login is None or given is None:
            raise _wrong(SecurityCode.WRONG, "User or password is wrong.")
        password = self._login.password.get_secret_value()
        kind = (given.get("Type") or f"{_PROFILE}PasswordText").strip()
        is_name_right = hmac.compare_digest(username.encode(), self._login.username.encode())
        if kind == f"{_PROFILE}PasswordText":
            is_right = hmac.compare_digest((given.text or "").encode(), password.encode())
            if not (is_name_right and is_right):
                raise _wrong(SecurityCode.WRONG, "User or password is wrong.")
        elif kind == f"{_PROFILE}PasswordDigest":
            self._check_digest(token, (given.text or "").strip(), password, is_name_right=is_name_right)
        else:
            raise _wrong(SecurityCode.INVALID, "Of password types, PasswordText and PasswordDigest are known.")

    def _check_digest(self, token: etree._Element, digest: str, password: str, *, is_name_right: bool) -> None:
        created = (token.findtext(f"{{{WSU}}}Created") or "").strip()
        nonce_text = (token.findtext(f"{{{WSSE}}}Nonce") or "").strip()
        if not created or not nonce_text or len(nonce_text) > _MAX_NONCE:
            raise _wrong(SecurityCode.INVALID, "A PasswordDigest needs Nonce and Created.")
        try:
            nonce = base64.b64decode(nonce_text, validate=True)
        except (binascii.Error, ValueError):
            raise _wrong(SecurityCode.INVALID, "The Nonce is not base64.") from None
        # The profile's own algorithm (3.1); it hides a password from a reader of the log, TLS from one of the line.
        expected = base64.b64encode(
            hashlib.sha1(nonce + created.encode() + password.encode(), usedforsecurity=False).digest()
        )
        if not (hmac.compare_digest(expected, digest.encode()) and is_name_right):
            raise _wrong(SecurityCode.WRONG, "User or password is wrong.")
        match self._digests.show(nonce, _moment(created)):
            case Showing.SEEN:
                raise _wrong(SecurityCode.INVALID, "This nonce was used before: a digest is accepted once.")
            case Showing.TOO_OLD | Showing.UNCERTAIN:
                raise _wrong(SecurityCode.EXPIRED, "Created is too long ago, or before the hub started: sign it again.")
            case Showing.TOO_NEW:
                raise _wrong(SecurityCode.INVALID, "Created is in the future: compare the clocks.")


def _wrong(code: SecurityCode, reason: str) -> SoapFault:
    return SoapFault(FaultCode.SENDER, reason, security=code)


def _moment(text: str) -> float:
    """Return a time as Unix seconds; without a zone it is UTC, as the profile wants it."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise _wrong(SecurityCode.INVALID, "A time of the security header is none.") from None

"""Who may hand messages to which feed: bearer tokens that may publish, and the feeds' own credentials."""

from __future__ import annotations

import asyncio
import base64
import binascii
import enum
import hashlib
import hmac
import math
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web

from hub.config.inbound import BasicLogin, InboundFeed
from hub.desk.access import Gate
from hub.desk.replies import ApiError
from hub.desk.signatures import SignatureCheck, WrongSignatureError
from hub.desk.throttle import Throttle

log = structlog.get_logger(__name__)

CHALLENGE: dict[str, str] = {hdrs.WWW_AUTHENTICATE: 'Basic realm="ctihub", Bearer realm="ctihub"'}
_SMALL_BYTES = 256 * 1024
"""A signature over more than this is compared in a thread."""
_MAX_CREDENTIALS = 1_024


class Proof(enum.Enum):
    """How a sender shows who it is: it has already, its signature will, or the SOAP envelope."""

    SHOWN = "shown"
    SIGNATURE = "signature"
    ENVELOPE = "envelope"


class Senders:
    """Compares credentials. Addresses from which wrong ones come are made to wait."""

    def __init__(
        self,
        feeds: Mapping[str, InboundFeed],
        gate: Gate,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._feeds = feeds
        self._gate = gate
        self._by_address = Throttle(free=50, first_wait_s=1, longest_wait_s=60, memory_s=300, clock=clock)
        self._logins = {
            name: [_digest(login.username, _password(login)) for login in _logins(feed)] for name, feed in feeds.items()
        }
        self._signatures = {
            name: SignatureCheck(feed.http.hmac, clock=wall_clock)
            for name, feed in feeds.items()
            if feed.http is not None and feed.http.hmac is not None
        }

    def hold_back(self, request: web.Request) -> None:
        """Raise ApiError 429 while an address from which wrong credentials came has to wait."""
        address = self._gate.address(request)
        wait = self._by_address.wait(address)
        if wait > 0:
            log.warning("sender_delayed", address=address, seconds=round(wait, 1))
            message = f"Too many wrong credentials came from this address. Try again in {wait:.0f} s."
            raise ApiError(429, "too_many_attempts", message, {"Retry-After": str(math.ceil(wait))})

    def were_wrong(self, request: web.Request, feed: str) -> None:
        """Count wrong credentials against the address that they came from."""
        address = self._gate.address(request)
        self._by_address.failed(address)
        log.warning("sender_refused", address=address, feed=feed[:100])

    def proof(self, request: web.Request, feed: str) -> Proof:
        """Return how the sender shows that it may hand messages to `feed`, which is there then.

        Raises ApiError 401 or 403, and 404 for an unknown feed only to those whom the hub knows.
        """
        try:
            caller = self._gate.machine(request)
        except ApiError:
            self.were_wrong(request, feed)
            raise
        if caller is not None:
            if "publish" not in caller.may:
                message = "This token may not publish: see auth.tokens in the hub's configuration."
                raise ApiError(403, "not_allowed", message)
            self._require(feed)
            if feed not in caller.feeds:
                message = f"This token may not publish to {feed!r}: see its `feeds` in the hub's configuration."
                raise ApiError(403, "not_allowed", message)
            return Proof.SHOWN
        if request.headers.get(hdrs.AUTHORIZATION):
            return self._by_login(request, feed)
        section = self._feeds.get(feed)
        if section is not None:
            if feed in self._signatures and self._signatures[feed].is_signed(request):
                return Proof.SIGNATURE
            if section.soap is not None and section.soap.login is not None:
                return Proof.ENVELOPE
        raise ApiError(401, "no_credentials", "This is for senders with credentials for this feed.", CHALLENGE)

    async def signature(self, request: web.Request, feed: str, body: bytes) -> tuple[SignatureCheck, bytes]:
        """Return the signature of a message, which fits. Raises ApiError 401, or 403 if it is another feed's."""
        check = self._signatures[feed]
        try:
            return check, await _compare(check, request, body)
        except WrongSignatureError as error:
            reason = str(error)
        for other, others in self._signatures.items():
            if other != feed and others.is_signed(request):
                try:
                    await _compare(others, request, body)
                except WrongSignatureError:
                    continue
                raise _not_for(feed)
        self.were_wrong(request, feed)
        raise ApiError(401, "wrong_signature", reason, CHALLENGE)

    def _by_login(self, request: web.Request, feed: str) -> Proof:
        given = _basic(request.headers[hdrs.AUTHORIZATION])
        known = (
            []
            if given is None
            else [
                name
                for name, logins in self._logins.items()
                if [one for one in logins if hmac.compare_digest(one, given)]
            ]
        )
        if not known:
            self.were_wrong(request, feed)
            raise ApiError(401, "wrong_credentials", "User or password is wrong.", CHALLENGE)
        self._require(feed)
        if feed not in known:
            raise _not_for(feed)
        return Proof.SHOWN

    def _require(self, feed: str) -> None:
        if feed not in self._feeds:
            raise ApiError(404, "unknown_feed", f"There is no feed {feed[:100]!r} under `inbound:`.")


async def _compare(check: SignatureCheck, request: web.Request, body: bytes) -> bytes:
    if len(body) > _SMALL_BYTES:
        return await asyncio.to_thread(check.fits, request, body)
    return check.fits(request, body)


def _logins(feed: InboundFeed) -> Iterator[BasicLogin]:
    if feed.http is not None and feed.http.basic is not None:
        yield feed.http.basic
    if feed.soap is not None and feed.soap.login is not None:
        yield feed.soap.login


def _password(login: BasicLogin) -> str:
    return login.password.get_secret_value()


def _basic(header: str) -> bytes | None:
    """Return the digest of a login as HTTP basic has it (RFC 7617), in UTF-8; None if that is not what it is."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() != "basic" or len(given) > _MAX_CREDENTIALS:
        return None
    try:
        username, colon, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return _digest(username, password) if colon else None


def _digest(username: str, password: str) -> bytes:
    return hashlib.sha256(f"{len(username)}:{username}:{password}".encode()).digest()


def _not_for(feed: str) -> ApiError:
    message = f"These credentials are another feed's, not those of {feed!r}."
    return ApiError(HTTPStatus.FORBIDDEN, "not_allowed", message)

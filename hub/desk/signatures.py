"""Signed messages (webhooks): HMAC (RFC 2104) over the body, with the message's moment and id where it has them.

A signature that names its moment counts once. Those of the last minutes are remembered; one that was made before the
hub started could have been shown to the hub that ran before. If everything that tells the message from others is
signed, the journal knows what it says and it may come again; if an id stands beside the signature, somebody could have
put another there, and it is refused. A signature without a moment counts for ever: there the message's id, or its body,
is what it is known by.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiohttp import hdrs, web

from hub.config.inbound import HmacSignature
from hub.desk.replies import ApiError
from hub.domain.once import OnceOnly, Showing

_MAX_TIMESTAMP_DIGITS = 12
_MAX_SIGNATURES = 5
"""In one header, while a sender changes its secret."""


class WrongSignatureError(Exception):
    """The signature is missing or not that of the message; says which, no more."""


class Taking:
    """A signed message at the time that it is taken; `is_stored` is set to False where that came to nothing."""

    def __init__(self) -> None:
        self.is_stored = True


class SignatureCheck:
    """One feed's."""

    def __init__(self, section: HmacSignature, *, clock: Callable[[], float] = time.time) -> None:
        self._section = section
        self._secret = section.secret.get_secret_value().encode()
        self._shown = OnceOnly(tolerance_s=section.tolerance_s, clock=clock)
        self._being_taken: set[bytes] = set()

    def is_signed(self, request: web.Request) -> bool:
        """Whether there is a signature at all."""
        return self._section.header in request.headers

    def fits(self, request: web.Request, body: bytes) -> bytes:
        """Return the signature that fits. Raises WrongSignatureError. May take long for a large body: for a thread."""
        section = self._section
        signed = hmac.new(self._secret, digestmod=getattr(hashlib, section.algorithm))
        for header in (section.id_header, section.timestamp_header):
            if header is not None:
                value = request.headers.get(header)
                if value is None:
                    raise WrongSignatureError(f"There is no {header}, which is signed together with the message.")
                signed.update(value.strip().encode(errors="surrogateescape") + b".")
        signed.update(body)
        expected = signed.digest()
        if not any(hmac.compare_digest(expected, given) for given in self._given(request)):
            raise WrongSignatureError(f"The signature is not that of this message: {self._expected()}.")
        return expected

    def _expected(self) -> str:
        """Say what has to be signed, and how; a sender can't find that out from its own signature."""
        section = self._section
        signed = ".".join([header for header in (section.id_header, section.timestamp_header) if header] + ["body"])
        behind = f", behind {section.prefix!r}" if section.prefix else ""
        algorithm = f"HMAC-{section.algorithm.upper()}"
        return f"{section.header} has to be the {algorithm} of {signed}, in {section.encoding}{behind}"

    @contextmanager
    def taking(self, request: web.Request, signature: bytes, *, has_unsigned_id: bool) -> Iterator[Taking]:
        """Take a message whose signature fits, once. Raises ApiError where it was shown before, or is too old.

        If taking it fails, the signature may be shown again.
        """
        if self._section.timestamp_header is None:
            yield Taking()
            return
        if signature in self._being_taken:
            message = "This very message is being taken. Ask again soon, with the same signature."
            raise ApiError(503, "being_taken", message, {hdrs.RETRY_AFTER: "1"})
        match self._shown.show(signature, _seconds(request.headers[self._section.timestamp_header])):
            case Showing.SEEN:
                message = "This signed message was taken before, and is not taken again: sign each message by itself."
                raise ApiError(409, "replayed", message)
            case Showing.TOO_OLD | Showing.TOO_NEW:
                message = (
                    f"The signature's moment is more than {self._section.tolerance_s:g} s from now: sign the message"
                    " again, and compare the clocks."
                )
                raise ApiError(401, "signature_expired", message)
            case Showing.UNCERTAIN if has_unsigned_id:
                message = (
                    "This was signed before the hub started, which can't tell whether it was taken: sign it again."
                )
                raise ApiError(409, "replayed", message)
        self._being_taken.add(signature)
        taking = Taking()
        try:
            yield taking
        except BaseException:
            taking.is_stored = False
            raise
        finally:
            self._being_taken.discard(signature)
            if not taking.is_stored:
                self._shown.take_back(signature)

    def _given(self, request: web.Request) -> Iterator[bytes]:
        for one in request.headers.get(self._section.header, "").split()[:_MAX_SIGNATURES]:
            if not one.startswith(self._section.prefix):
                continue
            text = one.removeprefix(self._section.prefix)
            try:
                yield bytes.fromhex(text) if self._section.encoding == "hex" else base64.b64decode(text, validate=True)
            except (ValueError, binascii.Error):
                continue


def _seconds(text: str) -> float:
    text = text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_TIMESTAMP_DIGITS):
        raise ApiError(401, "signature_expired", "The signature's moment has to be Unix time in seconds.")
    return float(text)

"""Reads the body of a reply as JSON or XML, and says in plain words what it is when it is something else."""

from __future__ import annotations

import asyncio
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from connectors.base import ConnectorError
from connectors.reply import Reply
from hub.domain.customer import Problem
from hub.domain.encodings import wire_encoding
from hub.domain.nesting import is_deeper_than

MAX_DEPTH = 64
THREAD_BYTES = 256 * 1024
"""From this size on a body is read in a thread, so that no other call waits for it."""

XML_THREAD_BYTES = 32 * 1024
"""The same for XML, which takes ten times as long."""

# Amounts keep their digits: 12.10 stays 12.10. An exponent that no Decimal can hold is an InvalidOperation.
_JSON = msgspec.json.Decoder(float_hook=Decimal)
_BLANK = b"\xef\xbb\xbf \t\r\n"
_HTML = frozenset({"text/html", "application/xhtml+xml"})


async def read_json(reply: Reply) -> Any:
    """Decode a JSON reply. Raises ConnectorError (malformed)."""
    refuse_html(reply)
    if len(reply.body) > THREAD_BYTES:
        return await asyncio.to_thread(_decode, reply)
    return _decode(reply)


def is_xml(reply: Reply) -> bool:
    """Whether a reply is XML, by its media type, or by its first character if the type says nothing."""
    kind = reply.media_type
    if kind in {"application/xml", "text/xml"} or kind.endswith("+xml"):
        return True
    return not (kind == "application/json" or kind.endswith("+json")) and reply.body.lstrip(_BLANK)[:1] == b"<"


async def read_document(reply: Reply) -> Any:
    """Decode a reply in JSON or XML. Raises ConnectorError (malformed)."""
    refuse_html(reply)
    if len(reply.body) > (XML_THREAD_BYTES if is_xml(reply) else THREAD_BYTES):
        return await asyncio.to_thread(decoded, reply)
    return decoded(reply)


def decoded(reply: Reply) -> Any:
    """Decode a small reply in JSON or XML at once. Raises ConnectorError (malformed)."""
    if not is_xml(reply):
        return _decode(reply)
    from hub.mapping.xml_documents import XmlError, read_xml

    try:
        return read_xml(reply.body, reply.charset)
    except XmlError as error:
        raise ConnectorError(Problem.MALFORMED, f"the reply {error}") from None


def is_page(body: bytes) -> bool:
    """Whether a body is HTML, whatever its media type says."""
    return body[:200].lstrip(_BLANK).lower().startswith((b"<!doctype html", b"<html"))


def refuse_html(reply: Reply) -> None:
    """Raise ConnectorError if a page for people came instead of data."""
    # Some send JSON and call it a page.
    is_said = reply.media_type in _HTML and reply.body.lstrip(_BLANK)[:1] not in {b"{", b"["}
    if is_said or is_page(reply.body):
        raise ConnectorError(
            Problem.MALFORMED,
            f"the backend answered with an HTML page (HTTP {reply.status}), not with data: check the url; a sign-in or "
            "error page of a proxy may stand before the service",
            status=reply.status,
        )


def _decode(reply: Reply) -> Any:
    body = reply.body
    charset = (reply.charset or "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        body = _to_utf8(body, charset)
    try:
        document = _JSON.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, InvalidOperation):
        what = "nothing" if not body.strip() else "no JSON"
        raise ConnectorError(
            Problem.MALFORMED, f"the reply is {what} (HTTP {reply.status}, {reply.media_type}, {len(body)} bytes)"
        ) from None
    except UnicodeDecodeError:
        raise ConnectorError(Problem.MALFORMED, "the reply is not in UTF-8, as JSON has to be") from None
    except RecursionError:
        raise _too_deep() from None
    if is_deeper_than(document, MAX_DEPTH):
        raise _too_deep()
    return document


def _to_utf8(body: bytes, charset: str) -> bytes:
    try:
        return body.decode(wire_encoding(charset)).encode()
    except (LookupError, UnicodeError):
        raise ConnectorError(
            Problem.MALFORMED, f"the reply is not in the encoding that it names ({charset[:20]!r})"
        ) from None


def _too_deep() -> ConnectorError:
    return ConnectorError(Problem.MALFORMED, f"the reply is nested too deeply: at most {MAX_DEPTH} levels")

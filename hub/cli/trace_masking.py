"""Hides secrets in what was sent and received: those of the configuration, and those that came up at run time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from lxml import etree

from connectors.tracing import Exchange, Trace
from hub.masking import HIDDEN, Masking

_SECRET_NAME = re.compile(
    r"secret|passw|passphrase|(^|[^a-z])pass$|(^|[^a-z])pwd$|pin$|token|authorization|cookie|credential|api_?key|"
    r"private_?key|access_?key|session_?id|sessionkey|^sid$|^session$|assertion|signature|nonce|csrf|digest$|binarysecurity",
    re.IGNORECASE,
)
_HARMLESS_NAME = re.compile(r"token_?type|session_?type|expires|content_?digest|skip_?token|page_?token", re.IGNORECASE)
_SHOWN_HEADERS = frozenset(
    {
        "accept", "cache-control", "content-encoding", "content-language", "content-length", "content-type", "date",
        "etag", "if-match", "if-none-match", "location", "link", "odata-version", "dataserviceversion",
        "preference-applied", "prefer", "retry-after", "server", "soapaction", "sforce-limit-info", "sap-message",
        "www-authenticate",
    }
)  # fmt: skip
_LEAST = 6
"""Characters of a text that is hidden wherever it stands: shorter ones stand in any text."""
_WORTHLESS = frozenset({"fetch", "required", "bearer", "basic", "string", "true", "false"})


def is_secret_name(name: str) -> bool:
    """Tell by the name of a field, element, parameter or header whether what it holds is a secret."""
    bare = name.replace("-", "_")
    return bool(_SECRET_NAME.search(bare)) and not _HARMLESS_NAME.search(bare)


def trace_masking(secrets: Iterable[str], trace: Trace) -> Masking:
    """Return what hides the configuration's secrets, and every session, token or cookie that a trace has seen."""
    masking = Masking()
    seen = {*secrets, *trace.secrets}
    for happened in trace.happened:
        if isinstance(happened, Exchange):
            seen.update(
                text for text in _seen_in(happened) if len(text) >= _LEAST and text.strip().lower() not in _WORTHLESS
            )
    masking.hide(seen)
    return masking


def masked(node: Any, masking: Masking) -> Any:
    """Hide the secrets in each text by itself: within JSON they would be written otherwise."""
    match node:
        case str():
            return masking.line(node)
        case dict():
            return {key: masked(value, masking) for key, value in node.items()}
        case list() | tuple():
            return [masked(value, masking) for value in node]
        case _:
            return node


def shown_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return a message's headers; those that are not known to be harmless are hidden if their name says so."""
    return {
        name: value if name.lower() in _SHOWN_HEADERS or not is_secret_name(name) else HIDDEN
        for name, value in headers.items()
    }


def _seen_in(exchange: Exchange) -> Iterator[str]:
    for headers in (exchange.request_headers, exchange.reply_headers):
        for name, value in headers.items():
            if name.lower() in {"cookie", "set-cookie"}:
                yield from _cookies(value)
            elif is_secret_name(name):
                yield value
    for name, value in parse_qsl(urlsplit(exchange.address).query):
        if is_secret_name(name):
            yield value
    for body in (exchange.request_body, exchange.reply_body):
        yield from _body(body)


def _cookies(text: str) -> Iterator[str]:
    try:
        parsed = SimpleCookie(text)
    except CookieError:
        yield text
        return
    yield from (morsel.value for morsel in parsed.values())


def _body(body: bytes) -> Iterator[str]:
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in {b"{", b"["}:
        try:
            yield from _in_json(json.loads(body), is_secret=False)
        except (ValueError, RecursionError):
            return
    elif start == b"<":
        yield from _in_xml(body)
    elif b"=" in body and b"\n" not in body.strip():
        for name, value in parse_qsl(body.decode("utf-8", "replace")):
            if is_secret_name(name):
                yield value
            elif value[:1] in {"{", "["}:
                # An API whose forms carry JSON (SuiteCRM's rest_data).
                yield from _body(value.encode())


def _in_json(node: Any, *, is_secret: bool) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _in_json(value, is_secret=is_secret or is_secret_name(str(name)))
    elif isinstance(node, list):
        for value in node:
            yield from _in_json(value, is_secret=is_secret)
    elif is_secret and isinstance(node, str):
        yield node


def _in_xml(body: bytes) -> Iterator[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return
    for element in root.iter() if root is not None else ():
        if not isinstance(element.tag, str):
            continue
        if element.text and len(element) == 0 and is_secret_name(etree.QName(element).localname):
            yield element.text
        yield from (str(value) for name, value in element.items() if is_secret_name(etree.QName(str(name)).localname))

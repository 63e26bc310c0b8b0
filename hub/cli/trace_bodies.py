"""Bodies of requests and replies, written so that a person can read them: indented, and cut where they are long."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from lxml import etree

MAX_LINES = 120
MAX_LINE = 400
MAX_PRETTY = 2 * 1024 * 1024
"""Bytes of a body that is brought into form; a larger one is shown as it begins."""

_EXACT = msgspec.json.Decoder(float_hook=Decimal)


def readable_body(body: bytes, hidden: Callable[[str], str], *, lines: int = MAX_LINES) -> list[str]:
    """Return the lines of a body, JSON and XML indented; `lines` at most, 0 for all.

    `hidden` hides the secrets in a text: before lines are cut, as a secret's begin would stay.
    """
    text = hidden(_formed(body) if len(body) <= MAX_PRETTY else body[:MAX_PRETTY].decode("utf-8", "replace"))
    every = [
        line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]}.. ({len(line)} characters)" for line in _lines(text)
    ]
    if lines and len(every) > lines:
        return [*every[:lines], f".. {len(every) - lines} more lines, {len(body)} bytes in all (--full shows them)"]
    return every


def _lines(text: str) -> list[str]:
    return ["".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line) for line in text.splitlines()]


def _formed(body: bytes) -> str:
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in {b"{", b"["}:
        return _json(body)
    if start == b"<":
        return _xml(body)
    text = body.decode("utf-8", "replace")
    return "\n".join(unquote_plus(part) for part in text.split("&")) if _is_form(text) else text


def _is_form(text: str) -> bool:
    return "=" in text and not any(character.isspace() for character in text)


def _json(body: bytes) -> str:
    try:
        return json.dumps(_EXACT.decode(body), indent=2, ensure_ascii=False, default=str)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError):
        return body.decode("utf-8", "replace")


def _xml(body: bytes) -> str:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_blank_text=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return body.decode("utf-8", "replace")
    etree.indent(root)
    return etree.tostring(root, encoding="unicode")


def flat(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Return the plain values of a structure with their places, as in phones[0].number."""
    if isinstance(value, dict):
        return [pair for key, inner in value.items() for pair in flat(inner, f"{path}.{key}" if path else str(key))]
    if isinstance(value, list | tuple):
        return [pair for index, inner in enumerate(value) for pair in flat(inner, f"{path}[{index}]")]
    return [(path, value)]

"""The parts of a mail (MIME, RFC 2045 to 2049): which of them is its text, and what is attached, within bounds."""

from __future__ import annotations

import binascii
from typing import Any, Final, NamedTuple

from hub.bus.formats.email_headers import Fields, from_base64, split_mail
from hub.bus.formats.email_text import MAX_TEXT, decoded, html_text, tidy, unflowed

MAX_DEPTH: Final = 8
MAX_PARTS: Final = 200
MAX_ATTACHMENTS: Final = 50
MAX_ENCODED: Final = 512 * 1024
"""Bytes of one part's text, as they came, that are looked at."""


class Content(NamedTuple):
    """A mail's text, and name, type and size in bytes (about) of what is attached."""

    text: str
    attachments: list[dict[str, Any]]


class _Part(NamedTuple):
    fields: Fields
    body: bytes
    parts: tuple[_Part, ...] = ()


def content_of(fields: Fields, body: bytes) -> Content:
    """Read the body of a mail whose header fields these are; lines have to end with LF. Never raises."""
    whole = _Reading().part(fields, body, 0)
    attachments: list[dict[str, Any]] = []
    _attached(whole, attachments)
    return Content(tidy(_text(whole)), attachments)


class _Reading:
    """One mail's parts, of which there are no more than `MAX_PARTS` on `MAX_DEPTH` levels; others are passed over."""

    def __init__(self) -> None:
        self._room = MAX_PARTS

    def part(self, fields: Fields, body: bytes, depth: int) -> _Part:
        if not (fields.type.startswith("multipart/") and fields.boundary):
            return _Part(fields, body)
        if depth == MAX_DEPTH:
            return _Part(fields, b"")
        parts = []
        for inner in self._split(body, fields.boundary):
            block, rest = split_mail(inner)
            parts.append(self.part(Fields(block), rest, depth + 1))
        return _Part(fields, body, tuple(parts))

    def _split(self, body: bytes, boundary: bytes) -> list[bytes]:
        """Return what stands between the lines that are the boundary, up to the one that ends all."""
        body = b"\n" + body
        delimiter = b"\n--" + boundary
        found: list[bytes] = []
        begin = -1
        at = body.find(delimiter)
        while at >= 0 and self._room > 0:
            line_end = body.find(b"\n", at + len(delimiter))
            line_end = len(body) if line_end < 0 else line_end
            rest = body[at + len(delimiter) : min(line_end, at + len(delimiter) + 80)].rstrip(b" \t")
            if rest in {b"", b"--"}:
                if begin >= 0:
                    found.append(body[begin:at])
                    self._room -= 1
                begin = line_end + 1
                if rest == b"--":
                    return found
            # The end of this line may be the beginning of the next delimiter.
            at = body.find(delimiter, max(at + 1, line_end) if rest in {b"", b"--"} else at + 1)
        if 0 <= begin < len(body) and self._room > 0:
            found.append(body[begin:])  # cut off: what is there counts
            self._room -= 1
        return found


def _text(part: _Part) -> str:
    kind = part.fields.type
    if kind.startswith("multipart/") and part.parts:
        texts = []
        room = MAX_TEXT
        for inner in sorted(part.parts, key=_preference) if kind == "multipart/alternative" else part.parts:
            text = _text(inner).strip()
            if text:
                texts.append(text)
                room -= len(text)
            if text and (kind == "multipart/alternative" or room <= 0):
                break
        return "\n\n".join(texts)
    if part.fields.is_attachment:
        return ""
    if kind == "text/html":
        return html_text(_decoded(part))
    if kind == "text/plain" or kind.startswith("multipart/"):
        text = _decoded(part)
        return unflowed(text, deletes_space=part.fields.deletes_space) if part.fields.is_flowed else text
    return ""


def _preference(part: _Part) -> int:
    """Sort what says the same in several forms: plain text, then what may hold some, then HTML."""
    kind = part.fields.type
    return 0 if kind == "text/plain" else 2 if kind == "text/html" else 1


def _decoded(part: _Part) -> str:
    raw = part.body[:MAX_ENCODED]
    match part.fields.transfer_encoding:
        case "base64":
            data = from_base64(raw)
        case "quoted-printable":
            data = binascii.a2b_qp(raw)
        case _:
            data = raw
    return decoded(data, part.fields.charset, is_cut=len(raw) < len(part.body))


def _attached(part: _Part, found: list[dict[str, Any]]) -> None:
    if part.parts:
        for inner in part.parts:
            _attached(inner, found)
        return
    kind, name = part.fields.type, part.fields.file_name
    is_body = kind in {"text/plain", "text/html"} and not name
    if len(found) < MAX_ATTACHMENTS and (part.fields.is_attachment or not (is_body or kind.startswith("multipart/"))):
        found.append({"name": name, "type": kind[:100], "size": _size(part)})


def _size(part: _Part) -> int:
    if part.fields.transfer_encoding != "base64":
        return len(part.body)
    return (len(part.body) - part.body.count(b"\n")) // 4 * 3

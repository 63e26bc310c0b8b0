"""Dead letters for a terminal: nothing of what others have written reaches it as anything but text."""

from __future__ import annotations

import json
from typing import Final

import msgspec

from hub.bus.formats.text import spoken
from hub.bus.refusal import RefusedError
from hub.domain.inbound import DeadLetter

MAX_ORIGINAL: Final = 16 * 1024
_ID: Final = 13
"""Characters of an id in a list, by which it can be named again."""
_KEPT: Final = frozenset("\n\t")


def safe(text: str, *, kept: frozenset[str] = frozenset()) -> str:
    """Return the text with everything that a terminal would obey, or show otherwise than it is, as an escape."""
    return "".join(
        character
        if character.isprintable() or character in kept
        else character.encode("unicode_escape", "backslashreplace").decode("ascii")
        for character in text
    )


def encoding_of(letter: DeadLetter, encoding: str) -> str:
    """Return in what the original is to be read: UTF-8 if it is that, else what it says itself, or the feed's."""
    try:
        letter.body.decode()
    except UnicodeDecodeError:
        try:
            return spoken(letter.body, letter.content_type, encoding).encoding
        except RefusedError:
            return encoding
    return "utf-8"


def safe_original(body: bytes, encoding: str = "utf-8") -> str:
    """Return the original as readable text: bytes that don't fit the encoding and control characters as escapes."""
    shown = safe(body[:MAX_ORIGINAL].decode(encoding, "backslashreplace").replace("\x85", "\n"), kept=_KEPT)
    if len(body) > MAX_ORIGINAL:
        shown += f"\n... {len(body) - MAX_ORIGINAL} more bytes: --output FILE saves all of it"
    return shown


def line(letter: DeadLetter) -> str:
    place = ", ".join(text for text in (letter.part, letter.field and f"field {letter.field}") if text)
    reason = f"{place}: {letter.reason}" if place else letter.reason
    told = safe(f"{letter.origin}  {reason}")
    return f"{letter.id[:_ID]}  {letter.at:%Y-%m-%d %H:%M:%S}Z  {letter.state.value:9}  {told}"


def total(shown: int, count: int) -> str:
    return f"{count} dead letter{'' if count == 1 else 's'}{f', the newest {shown} of them' if shown < count else ''}"


def page(letter: DeadLetter, encoding: str = "utf-8") -> str:
    """Return all that is known of one, and the original below; `encoding` is its feed's."""
    told = {
        "id": letter.id,
        "from": letter.origin,
        "at": f"{letter.at:%Y-%m-%d %H:%M:%S} UTC",
        "state": letter.state.value,
        "reason": letter.reason,
        "part": letter.part,
        "field": letter.field,
        "mapping": letter.mapping,
        "came by": letter.transport.value,
        "message id": letter.message_id,
        "content type": letter.content_type,
        "attempts": str(letter.attempts),
        "file": letter.file,
        **{f"header {name}": value for name, value in letter.headers.items()},
    }
    lines = [f"{name + ':':14} {safe(value)}" for name, value in told.items() if value]
    if letter.body or not letter.file:
        known = encoding_of(letter, encoding)
        shown_as = "" if known == "utf-8" else f", shown as {known}"
        lines += [f"original:      {len(letter.body)} bytes{shown_as}", "", safe_original(letter.body, known)]
    return "\n".join(lines)


def as_json(letter: DeadLetter) -> str:
    """Return one line of JSON in ASCII."""
    return json.dumps(msgspec.to_builtins(letter))

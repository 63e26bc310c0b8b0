"""Dead letters for a terminal: nothing of what others have written reaches it as anything but text."""

from __future__ import annotations

import json
from typing import Final

import msgspec

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


def safe_original(body: bytes) -> str:
    """Return the original as readable text: bytes that are no UTF-8 and control characters as escapes."""
    shown = safe(body[:MAX_ORIGINAL].decode("utf-8", "backslashreplace"), kept=_KEPT)
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


def page(letter: DeadLetter) -> str:
    """Return all that is known of one, and the original below."""
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
        lines += [f"original:      {len(letter.body)} bytes", "", safe_original(letter.body)]
    return "\n".join(lines)


def as_json(letter: DeadLetter) -> str:
    """Return one line of JSON in ASCII."""
    return json.dumps(msgspec.to_builtins(letter))

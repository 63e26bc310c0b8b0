"""What steps can read of what is to be written back: `entry.id`, `entry.subject`, ...; what is empty is missing."""

from __future__ import annotations

from typing import Any

from hub.domain.phone import clean_text
from hub.domain.writeback import WriteBack

MAX_TEXT = 32_000
"""Characters of a note; backends take less, and say so with `max` in their steps."""


def entry_fields(entry: WriteBack) -> dict[str, Any]:
    """Return the fields that have a value, text without control characters other than line breaks."""
    fields = {name: getattr(entry, name) for name in entry.__struct_fields__}
    return {
        name: _clean(value) if isinstance(value, str) else value
        for name, value in fields.items()
        if value not in ("", None)
    }


def _clean(text: str) -> str:
    return "\n".join(clean_text(line, MAX_TEXT) for line in text.splitlines())[:MAX_TEXT]

"""An event as rules and mappings read it: names and plain values, with everything that the domain says of it."""

from __future__ import annotations

import enum
from datetime import date
from typing import Any

import msgspec

from hub.domain.event import Event


def plain(value: Any) -> Any:
    """Return structs as objects with all their fields (also those that JSON leaves out), times as ISO text."""
    match value:
        case msgspec.Struct():
            return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        case enum.Enum():
            return value.value
        case date():
            return value.isoformat()
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value


def plain_event(event: Event) -> dict[str, Any]:
    """Return the event with its `data` so, for a mapping."""
    whole: dict[str, Any] = plain(event)
    return whole

"""Events that don't fit today's types: what is in them is told by its text alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hub.domain.event import ERASED
from hub.domain.phone import names_number
from hub.journal.erasure_rows import Row
from hub.journal.erasure_scope import Scope


def emptied_unreadable(row: Row, scope: Scope) -> tuple[str, str, bytes] | None:
    """Return subject, partition key and body of an event without its data; None where the customer is not in it.

    They are where one of their numbers, addresses or full names stands anywhere in it, or it is of one of their calls.
    An id alone is somebody else's in another system.
    """
    raw = msgspec.json.decode(row.body)
    if raw.get("data") == {}:
        return None
    is_of_call = row.partitionkey in scope.calls
    if not (is_of_call or scope.has((row.subject, row.partitionkey)) or any(_is_theirs(t, scope) for t in _texts(raw))):
        return None
    subject, partitionkey = (row.subject, row.partitionkey) if is_of_call else (ERASED, ERASED)
    left = {**raw, "subject": subject, "partitionkey": partitionkey, "data": {}}
    return subject, partitionkey, msgspec.json.encode(left)


def _is_theirs(text: str, scope: Scope) -> bool:
    folded = text.lower()
    if any(key.removeprefix("mailto:") in folded for key in scope.keys if key.startswith("mailto:")):
        return True
    # A number of an event's own, its position or a time, is none of anybody's phone.
    is_number = any(names_number(text, number) and not text.startswith("0000") for number in scope.numbers)
    return is_number or any(name.lower() in folded for name in scope.names if " " in name)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)

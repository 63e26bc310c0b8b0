"""Which dead letters a command line means."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Final

from hub.domain.inbound import DeadLetter, DeadLetterState
from hub.journal.dead_letters_beside import DeadLettersBeside

PAGE: Final = 500
_OPEN: Final = (DeadLetterState.WAITING, DeadLetterState.REPLAYING)
_NAMED: Final = 5


def pages(
    store: DeadLettersBeside,
    *,
    origin: str | None = None,
    states: Sequence[DeadLetterState] = (),
    limit: int | None = None,
) -> Iterator[DeadLetter]:
    """Yield the newest first, without their originals."""
    before = None
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        page = store.dead_letters(origin=origin, states=states, before=before, limit=size)
        yield from page
        if len(page) < size:
            return
        before = page[-1].id
        left = None if left is None else left - len(page)


def the_one(store: DeadLettersBeside, beginning: str) -> DeadLetter | None:
    """Return the letter of an id, or of its unique beginning, with its original; else say why there is none."""
    letter = store.dead_letter(beginning)
    if letter is not None or not beginning:
        return letter
    found = [one.id for one in pages(store) if one.id.startswith(beginning)]
    if len(found) == 1:
        return store.dead_letter(found[0])
    print(_reason(beginning, found), file=sys.stderr)
    return None


def open_ids(store: DeadLettersBeside, beginnings: Sequence[str]) -> tuple[list[str], bool]:
    """Return the ids of those that are still open, and whether all are; say why one is not."""
    ids: dict[str, None] = {}
    are_all_open = True
    for beginning in beginnings:
        letter = the_one(store, beginning)
        if letter is not None and letter.state not in _OPEN:
            print(f"{letter.id} is {letter.state.value} already", file=sys.stderr)
        if letter is None or letter.state not in _OPEN:
            are_all_open = False
        else:
            ids[letter.id] = None
    return list(ids), are_all_open


def _reason(beginning: str, found: Sequence[str]) -> str:
    if not found:
        return f"there is no dead letter whose id begins with {beginning!r}"
    some = ", ".join(found[:_NAMED])
    return f"{len(found)} ids begin with {beginning!r}: {some}{', ...' if len(found) > _NAMED else ''}"

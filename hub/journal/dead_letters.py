"""Dead letters as the tables hold them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from hub.domain.inbound import DeadLetter, DeadLetterState
from hub.journal import statements
from hub.journal.queries import bounded
from hub.journal.writes import microseconds
from hub.store.connection import StoreConnection

GROUP_BYTES: Final = 8 * 1024 * 1024

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(DeadLetter)


def row_of(letter: DeadLetter) -> Sequence[Any]:
    """Return the values of KEEP_DEAD: it waits, whatever it did before."""
    rest = msgspec.structs.replace(letter, body=b"", state=DeadLetterState.WAITING)
    try:
        encoded = _encoder.encode(rest)
    except UnicodeEncodeError:
        rest = _decoder.decode(_without_surrogates(json.dumps(msgspec.to_builtins(rest), ensure_ascii=False)))
        encoded = _encoder.encode(rest)
    waiting = DeadLetterState.WAITING.value
    return (rest.id, rest.origin, microseconds(rest.at), waiting, rest.reason, rest.attempts, encoded, letter.body)


def groups(letters: Sequence[DeadLetter], most: int) -> Iterator[Sequence[DeadLetter]]:
    """Yield the letters in groups that are written at once: a store must be able to take one within its time."""
    group: list[DeadLetter] = []
    size = 0
    for letter in letters:
        if group and (len(group) >= most or size + len(letter.body) > GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(letter)
        size += len(letter.body)
    if group:
        yield group


def settle_values(letter_ids: Sequence[str], state: DeadLetterState, reason: str) -> Sequence[Any]:
    """Return the values of SETTLE_DEAD."""
    return ([_without_surrogates(one) for one in letter_ids], state.value, _without_surrogates(reason))


def _without_surrogates(text: str) -> str:
    """Return a text that UTF-8 can hold: one that came in broken must be kept, not be refused once more."""
    return text.encode(errors="replace").decode()


def dead_letter(connection: StoreConnection, letter_id: str) -> DeadLetter | None:
    found = connection.rows(statements.DEAD_LETTER, (_without_surrogates(letter_id),))
    return None if not found else _letter(*found[0])


def dead_letters(
    connection: StoreConnection,
    *,
    origin: str | None,
    states: Sequence[DeadLetterState],
    before: str | None,
    limit: int,
) -> Sequence[DeadLetter]:
    """Return the newest first, without their bodies."""
    values = (*_filter(origin, states), bounded(limit))
    if before is None:
        found = connection.rows(statements.DEAD_LETTERS, values)
    else:
        found = connection.rows(statements.DEAD_LETTERS_BEFORE, (*values, _without_surrogates(before)))
    return [_letter(*row) for row in found]


def count_dead(connection: StoreConnection, *, origin: str | None, states: Sequence[DeadLetterState]) -> int:
    count: int = connection.rows(statements.COUNT_DEAD, _filter(origin, states))[0][0]
    return count


def _filter(origin: str | None, states: Sequence[DeadLetterState]) -> tuple[str, list[str]]:
    return _without_surrogates(origin or ""), [state.value for state in states or tuple(DeadLetterState)]


def _letter(encoded: bytes, state: str, reason: str, attempts: int, body: bytes = b"") -> DeadLetter:
    return msgspec.structs.replace(
        _decoder.decode(encoded), state=DeadLetterState(state), reason=reason, attempts=attempts, body=body
    )

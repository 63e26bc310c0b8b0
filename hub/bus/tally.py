"""What became of the records of a message, and of a feed."""

from __future__ import annotations

import dataclasses
from typing import Final

from hub.domain.inbound import DeadLetter, Receipt, Refused

MAX_NAMED: Final = 100


@dataclasses.dataclass(slots=True)
class FeedCount:
    """Records of a feed since the hub started: new events, those known before, dead letters."""

    recorded: int = 0
    duplicates: int = 0
    dead: int = 0


class Tally:
    """Grows to a message's receipt, however many records there are."""

    __slots__ = ("_dead", "_duplicates", "_events", "_recorded", "_refused")

    def __init__(self) -> None:
        self._recorded = self._duplicates = self._dead = 0
        self._events: tuple[str, ...] = ()
        self._refused: tuple[Refused, ...] = ()

    def recorded(self, event_id: str) -> None:
        self._recorded += 1
        self._name(event_id)

    def duplicate(self, event_id: str) -> None:
        self._duplicates += 1
        self._name(event_id)

    def dead(self, letter: DeadLetter) -> None:
        self._dead += 1
        if len(self._refused) < MAX_NAMED or not letter.part:
            told = Refused(reason=letter.reason, dead_letter=letter.id, field=letter.field, part=letter.part)
            self._refused = _first(self._refused, (told,))

    def join(self, more: Receipt) -> None:
        """Add what became of further records."""
        self._recorded += more.recorded
        self._duplicates += more.duplicates
        self._dead += more.dead
        self._events = (*self._events, *more.events)[:MAX_NAMED]
        self._refused = _first(self._refused, more.refused)

    def receipt(self) -> Receipt:
        return Receipt(
            recorded=self._recorded,
            duplicates=self._duplicates,
            dead=self._dead,
            events=self._events,
            refused=self._refused,
        )

    def _name(self, event_id: str) -> None:
        if len(self._events) < MAX_NAMED:
            self._events += (event_id,)


def _first(told: tuple[Refused, ...], more: tuple[Refused, ...]) -> tuple[Refused, ...]:
    """Return as many as are told of: what is said of the whole message or file goes before what is said of parts."""
    return tuple(sorted((*told, *more), key=lambda refused: bool(refused.part))[:MAX_NAMED])

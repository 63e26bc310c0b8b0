"""Calls that were under way when the hub stopped: none stays open for ever, and no step is journaled twice."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime

from hub.domain.call import Call, CallEvent, CallEventKind, Connection
from hub.domain.event import call_event
from hub.journal.journal import Journal
from hub.journal.recovery import ended_unseen


async def taken_over(journal: Journal, configured: Container[str]) -> Takeover:
    """Return what knows the calls that the journal holds open, once those whose PBX has left the house are ended."""
    takeover = Takeover(await journal.open_calls())
    for event in takeover.ended_with_their_pbx(configured, datetime.now(UTC)):
        journal.publish(call_event(event))
    return takeover


class Takeover:
    """Knows the calls that the journal holds open at the start. Pure; one for the whole hub."""

    def __init__(self, open_calls: Iterable[Call]) -> None:
        self._open = {call.id: call for call in open_calls}

    @property
    def ids(self) -> Container[str]:
        """The ids of those calls that are not over by now."""
        return self._open.keys()

    def is_known(self, event: CallEvent) -> bool:
        """Whether the journal already holds this step, from before the hub was stopped."""
        before = self._open.get(event.call.id)
        if before is None:
            return False
        if event.kind is CallEventKind.CLEARED:
            del self._open[event.call.id]
            return False
        if event.kind is CallEventKind.QUEUED:
            return before.queued_at is not None and before.queue == event.call.queue
        known = next((one for one in before.connections if event.connection and _is_same(one, event.connection)), None)
        reached = {
            CallEventKind.DELIVERED: known and known.alerted_at,
            CallEventKind.ESTABLISHED: known and known.connected_at,
        }
        return reached.get(event.kind) is not None

    def ended_meanwhile(self, pbx: str, live: Sequence[Call], now: datetime) -> list[CallEvent]:
        """Return the ends of the open calls that `pbx`, asked anew, no longer has; each once.

        `live` are the calls of all PBXs: one that goes on elsewhere is not over.
        """
        alive = {call.id for call in live}
        return self._end([call for call in self._open.values() if call.pbx == pbx and call.id not in alive], now)

    def ended_with_their_pbx(self, configured: Container[str], now: datetime) -> list[CallEvent]:
        """Return the ends of the open calls of a PBX that is no longer configured: nobody will ask it any more."""
        return self._end([call for call in self._open.values() if call.pbx not in configured], now)

    def _end(self, gone: Sequence[Call], now: datetime) -> list[CallEvent]:
        for call in gone:
            del self._open[call.id]
        return [ended_unseen(call, now) for call in gone]


def _is_same(one: Connection, other: Connection) -> bool:
    """Whether these are one connection: ids are unique within a PBX only."""
    return (one.pbx, one.id) == (other.pbx, other.id)

"""Callbacks in the journal: each as it stands, those that are not over, whatever the store."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from hub.domain.callback import Callback, CallbackState
from hub.domain.event import EventType, callback_event, decode_event
from hub.domain.interaction import CustomerRef
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def callback(name: str) -> Callback:
    return Callback(
        id=name,
        site="shop",
        phone="+493515550123",
        customer=CustomerRef(ids={"webshop": "4711"}),
        requested_at=NOW,
        at=NOW,
        queue="support",
    )


async def test_as_it_stands(journal: Journal) -> None:
    """A callback is found by its id as the newest event has it, over or not; an id that is unknown finds nothing."""
    asked = callback("one")
    await journal.append(callback_event(asked))
    assert asked == await journal.callback("one")
    done = msgspec.structs.replace(asked, state=CallbackState.DONE, dials=1, attempts=1, call_id="main-1")
    await journal.append(callback_event(done))
    assert done == await journal.callback("one")
    assert await journal.callback("two") is None


async def test_open_ones_after_a_restart(place: StorePlace) -> None:
    """Those that wait or are being called are known after a restart, in the order of what happened; no other is."""
    journal = await Journal.open(place)
    waiting, calling, cancelled = callback("a"), callback("b"), callback("c")
    for one in (waiting, calling, cancelled):
        await journal.append(callback_event(one))
    calling = msgspec.structs.replace(calling, state=CallbackState.CALLING, dials=1, agent="alice")
    await journal.append(callback_event(calling))
    await journal.append(callback_event(msgspec.structs.replace(cancelled, state=CallbackState.CANCELLED)))
    await journal.close()
    again = await Journal.open(place)
    try:
        assert [waiting, calling] == list(await again.open_callbacks())
    finally:
        await again.close()


async def test_what_is_told(journal: Journal) -> None:
    """What waits for the first time was requested, what waits after a dial is postponed; both belong to the site."""
    asked = callback("one")
    tried = msgspec.structs.replace(asked, dials=1)
    for one in (asked, tried):
        await journal.append(callback_event(one))
    events = [decode_event(stored.body) for stored in await journal.read(0, 10)]
    assert [EventType.CALLBACK_REQUESTED, EventType.CALLBACK_POSTPONED] == [event.type for event in events]
    assert {("/feed/shop", "one", "callback:one")} == {(one.source, one.subject, one.partitionkey) for one in events}

"""What goes in comes out: once, in order, with its position."""

import asyncio
import contextlib

import msgspec
import pytest

from hub.domain.agent import AgentState
from hub.domain.event import decode_event
from hub.domain.interaction import CustomerRef
from hub.domain.ports import Appended, EventRefusedError
from hub.domain.store_place import StorePlace
from hub.journal import statements
from hub.journal.derived import derive, in_layers
from hub.journal.errors import JournalError
from hub.journal.journal import Journal
from tests.unit.journal import samples


async def test_an_appended_event_is_read_back_as_it_was(journal: Journal) -> None:
    """The stored body is the event itself, with its position as the sequence."""
    event = samples.step(samples.call(1))
    position = await journal.append(event)
    (stored,) = await journal.read(0, 10)
    assert position == stored.position == 1
    assert (event.id, "cti.call.queued", "main-1", "/pbx/main") == (
        stored.id,
        stored.type,
        stored.subject,
        stored.source,
    )
    assert msgspec.structs.replace(event, sequence="00000000000000000001") == decode_event(stored.body)


async def test_an_event_is_stored_once(journal: Journal) -> None:
    """A second append of an id gives the first position, in the same commit and in a later one."""
    event = samples.step(samples.call(1))
    assert (1, 1) == tuple(await asyncio.gather(journal.append(event), journal.append(event)))
    assert await journal.append(event) == 1
    assert len(await journal.read(0, 10)) == 1


async def test_positions_have_no_gaps(journal: Journal) -> None:
    """Duplicates use up no position."""
    events = [samples.step(samples.call(number)) for number in range(300)]
    for event in events:
        journal.publish(event)
        journal.publish(events[0])
    await journal.append(samples.step(samples.call(300)))
    stored = await journal.read(0, 1000)
    assert list(range(1, 302)) == [one.position for one in stored]
    assert [event.id for event in events] == [one.id for one in stored[:-1]]


async def test_publishing_and_appending_keep_their_order(journal: Journal) -> None:
    """What was handed over first has the lower position, whichever way it was handed over."""
    first, second = samples.step(samples.call(1)), samples.step(samples.call(2))
    journal.publish(first)
    assert await journal.append(second) == 2
    assert await journal.position_of(first.id) == 1
    assert await journal.position_of("unheard-of") is None


async def test_a_closed_journal_has_everything_when_opened_again(place: StorePlace) -> None:
    """Closing writes what is queued; positions go on where they stopped."""
    journal = await Journal.open(place)
    for number in range(100):
        journal.publish(samples.step(samples.call(number)))
    await journal.save_cursor("bus", 42)
    await journal.close()
    again = await Journal.open(place)
    with contextlib.suppress(JournalError):
        await journal.append(samples.step(samples.call(0)))
    assert await again.last_position() == 100
    assert await again.cursor("bus") == 42
    assert await again.cursor("nobody") == 0
    assert await again.append(samples.step(samples.call(101))) == 101
    await again.close()


async def test_appending_to_a_closed_journal_is_refused(journal: Journal) -> None:
    """An append that can't become durable raises rather than waits for ever; a publish is counted as lost."""
    await journal.close()
    with pytest.raises(JournalError, match="is closed"):
        await journal.append(samples.step(samples.call(1)))
    journal.publish(samples.step(samples.call(1)))
    assert journal.dropped_total == 1


async def test_an_event_that_cannot_be_stored_harms_no_other(journal: Journal) -> None:
    """Half a surrogate pair is no UTF-8: that event is refused by name, its neighbours are stored."""
    broken = msgspec.structs.replace(samples.step(samples.call(2)), subject="\ud800")
    journal.publish(samples.step(samples.call(1)))
    refused = asyncio.ensure_future(journal.append(broken))
    after = asyncio.ensure_future(journal.append(samples.step(samples.call(3))))
    with pytest.raises(EventRefusedError, match="can't be stored"):
        await refused
    assert await after == 2
    assert (1, None) == (journal.refused_total, journal.problem())


async def test_reading_is_bounded(journal: Journal) -> None:
    """A read gives at most the limit, from memory as from the disk."""
    for number in range(20):
        await journal.append(samples.step(samples.call(number)))
    assert [6, 7, 8] == [one.position for one in await journal.read(5, 3)]
    assert [] == list(await journal.read(20, 3))
    assert [] == list(await journal.read(99, 3))


async def test_of_a_group_it_is_told_what_was_new(journal: Journal) -> None:
    """In the order in which they were handed over, each with its position; one twice in a group is new once."""
    known, fresh, last = (samples.step(samples.call(number)) for number in (1, 2, 3))
    broken = msgspec.structs.replace(samples.step(samples.call(4)), subject="\ud800")
    await journal.append(known)
    outcomes = await journal.append_all([fresh, known, broken, fresh, last])
    assert [Appended(2, True), Appended(1, False), Appended(2, False), Appended(3, True)] == [
        outcome for outcome in outcomes if isinstance(outcome, Appended)
    ]
    assert isinstance(outcomes[2], EventRefusedError)
    assert [] == list(await journal.append_all([]))


async def test_a_group_may_be_larger_than_what_else_is_one_commit(journal: Journal) -> None:
    """It is stored as a whole."""
    events = [samples.step(samples.call(number)) for number in range(5_000)]
    outcomes = await journal.append_all(events)
    assert [Appended(number, True) for number in range(1, 5_001)] == list(outcomes)


async def test_what_comes_from_outside_fits_every_store(journal: Journal) -> None:
    """A NUL, a text longer than an index takes: stored, and found again by the very same text."""
    long = CustomerRef(emails=("x" * 9_000 + "@example.com",), ids={"sap": "a\x00b"})
    events = [
        samples.interaction(1, long, identity="i" * 9_000),
        samples.interaction(2, long, identity="n\x00l"),
        samples.interaction(3, long, identity="i" * 9_000, status="newer"),
        samples.known(1, "M\x00ria Huber"),
        samples.cleared(samples.call(1)),
    ]
    assert [Appended(number, is_new=True) for number in range(1, 6)] == list(await journal.append_all(events))
    keys = long.keys()
    for key in keys:
        assert ["newer", ""] == [one.status for one in await samples.newest(journal, [key], 10)]
    assert [event.data for event in events] == [decode_event(one.body).data for one in await journal.read(0, 10)]
    (entry,) = await journal.calls()
    assert entry.customer in {"M\x00ria Huber", "M\ufffdria Huber"}


async def test_a_value_that_only_the_store_refuses_harms_no_other(place: StorePlace) -> None:
    """Found by halves: a number too large for its column costs that write alone, not those beside it."""
    journal = await Journal.open(place)
    first = asyncio.ensure_future(journal.append(samples.step(samples.call(1))))
    refused = asyncio.ensure_future(journal.save_cursor("reader", 2**70))
    others = [asyncio.ensure_future(journal.append(samples.step(samples.call(number)))) for number in range(2, 40)]
    with pytest.raises(JournalError, match="can't be stored"):
        await refused
    assert list(range(1, 40)) == [await first, *[await other for other in others]]
    assert (0, None) == (await journal.cursor("reader"), journal.problem())
    await journal.close()


def test_what_is_derived_is_carried_out_in_one_order() -> None:
    """Each statement of an event stands in the list, and no event needs another order than the list's."""
    everything = [
        samples.step(samples.call(1)),
        samples.cleared(samples.call(1, samples.agent_connection("alice", answered=True))),
        samples.known(1, "Maria Huber"),
        samples.known(1),
        samples.agent_state("alice", AgentState.READY, 1),
        samples.interaction(1, CustomerRef(phones=("+4930901820",))),
    ]
    for event in everything:
        derivation = derive(1, event)
        assert derivation is not None
        order = [statements.DERIVED.index(statement) for statement, _ in derivation.writes]
        assert sorted(order) == order


def test_layers_keep_the_order_within_a_matter() -> None:
    """The second event of a call is in the second layer, others' first ones beside the first."""
    events = [samples.step(samples.call(1)), samples.step(samples.call(2)), samples.cleared(samples.call(1))]
    derivations = [derived for number, event in enumerate(events, 1) if (derived := derive(number, event))]
    first, second = in_layers(derivations)
    assert {statements.TOUCH_OPEN_CALL: [("main-1", 1), ("main-2", 2)]} == first
    assert [("main-1",)] == second[statements.CLOSE_CALL]

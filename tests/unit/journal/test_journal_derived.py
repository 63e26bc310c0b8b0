"""What is derived from the events: call log, open calls, customers' interactions."""

from datetime import datetime, timedelta

import msgspec

from hub.domain.agent import AgentState
from hub.domain.call import CallEventKind, Cause, Connection, ConnectionState, Outcome, Role
from hub.domain.change import CaseChange, ChangeKind, OrderChange
from hub.domain.customer import Case, Order
from hub.domain.event import Event, FeedData, call_event, feed_event, new_id
from hub.domain.interaction import Channel, CustomerRef
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from hub.journal.recovery import ended_unseen
from hub.journal.store import store_at
from tests.unit.journal import samples

ANNA = CustomerRef(phones=("+4930901820",), emails=("Anna@Example.com",))
BERT = CustomerRef(phones=("+4930901821",), ids={"sap": "4711"})


async def test_the_call_log_says_who_rang_and_who_answered(journal: Journal) -> None:
    """Ring-all: both agents have the call in their log, one of them as the one who talked."""
    over = samples.call(
        1,
        samples.agent_connection("alice", answered=False),
        samples.agent_connection("bob", answered=True),
        samples.agent_connection("carol", answered=False, rang=False),
    )
    await journal.append(samples.cleared(over))
    (entry,) = await journal.calls()
    assert over == entry.call
    assert (("alice", "bob"), ("bob",)) == (entry.agents, entry.answered_by)
    assert [entry] == list(await journal.calls(agent="alice"))
    assert [] == list(await journal.calls(agent="carol"))


async def test_an_agent_who_dialled_has_the_call_in_the_log(journal: Journal) -> None:
    """An outbound call that nobody took belongs to the agent who made it."""
    dialled = Connection(
        id="c", device="PJSIP/1", role=Role.CALLER, state=ConnectionState.NULL, since=samples.NOON, agent="alice"
    )
    await journal.append(samples.cleared(samples.call(1, dialled)))
    (entry,) = await journal.calls(agent="alice")
    assert (("alice",), ()) == (entry.agents, entry.answered_by)


async def test_who_listens_in_or_waits_for_the_other_to_answer_has_not_talked(journal: Journal) -> None:
    """A supervisor's connection is none of the call's; an agent who has a number called is connected before that."""
    alice = samples.agent_connection("alice", answered=True)
    listens = msgspec.structs.replace(samples.agent_connection("bob", answered=True), role=Role.OBSERVER)
    await journal.append(samples.cleared(samples.call(1, alice, listens)))
    unanswered = msgspec.structs.replace(samples.call(2, alice), outcome=Outcome.NOT_ANSWERED)
    await journal.append(samples.cleared(unanswered))
    by_call = {entry.call.id: (entry.agents, entry.answered_by) for entry in await journal.calls()}
    assert {samples.call(1).id: (("alice",), ("alice",)), unanswered.id: (("alice",), ())} == by_call


async def test_a_phone_that_was_rung_into_another_call_is_no_call_of_the_log(journal: Journal) -> None:
    """What an agent picked up or listened in to is that call; that their own phone rang for it is none, and is over."""
    rung = samples.call(1, samples.agent_connection("alice", answered=True))
    joined = msgspec.structs.replace(rung, cause=Cause.TRANSFERRED)
    await journal.append(samples.step(rung, CallEventKind.DELIVERED))
    await journal.append(samples.cleared(joined))
    consulted = samples.call(
        2, samples.agent_connection("alice", answered=True), samples.agent_connection("bob", answered=True)
    )
    await journal.append(samples.cleared(msgspec.structs.replace(consulted, cause=Cause.TRANSFERRED)))
    assert [consulted.id] == [entry.call.id for entry in await journal.calls()]
    assert [] == list(await journal.open_calls())


async def test_the_call_log_names_the_customer(journal: Journal) -> None:
    """What the backends said last counts; of several customers on one number none is named."""
    journal.publish(samples.known(1, "M. Huber"))
    journal.publish(samples.known(1, "Maria Huber"))
    journal.publish(samples.known(2, "Maria Huber"))
    journal.publish(samples.known(2, "Maria Huber", "Jonas Huber"))
    for number in (1, 2, 3):
        journal.publish(samples.cleared(samples.call(number)))
    await journal.append(samples.step(samples.call(9)))
    assert ["", "", "Maria Huber"] == [entry.customer for entry in await journal.calls()]


async def test_the_call_log_names_who_is_known_after_the_call(journal: Journal, place: StorePlace) -> None:
    """Who hung up before the backends had answered, or was chosen since: the log has it, and nothing is left over."""
    journal.publish(samples.cleared(samples.call(1)))
    journal.publish(samples.known(1, "Maria Huber"))
    journal.publish(samples.cleared(samples.call(2)))
    journal.publish(samples.known(2, "Maria Huber"))
    await journal.append(samples.known(2, "Maria Huber", "Jonas Huber"))
    assert ["", "Maria Huber"] == [entry.customer for entry in await journal.calls()]
    reader = store_at(place).open_reader()
    assert [] == list(reader.rows("SELECT call_id FROM call_customers"))
    reader.close()


async def test_the_call_log_is_paged_from_the_newest(journal: Journal) -> None:
    """Pages follow each other by start time, for all calls and for one agent's, whatever order they ended in."""
    for number in (3, 1, 5, 2, 4):
        agent = "alice" if number % 2 else "bob"
        journal.publish(samples.cleared(samples.call(number, samples.agent_connection(agent, answered=True))))
    await journal.append(samples.step(samples.call(9)))
    first = await journal.calls(limit=2)
    assert ["main-5", "main-4"] == [entry.call.id for entry in first]
    second = await journal.calls(before=first[-1].call.started_at, limit=2)
    assert ["main-3", "main-2"] == [entry.call.id for entry in second]
    of_alice = await journal.calls(agent="alice", before=samples.NOON + timedelta(minutes=5))
    assert ["main-3", "main-1"] == [entry.call.id for entry in of_alice]


async def test_a_call_has_one_row(journal: Journal) -> None:
    """A later end of the same call replaces the one that was made for a lost call."""
    lost = samples.call(1, samples.agent_connection("alice", answered=False))
    await journal.append(call_event(ended_unseen(lost, samples.NOON)))
    await journal.append(samples.cleared(samples.call(1, samples.agent_connection("bob", answered=True))))
    (entry,) = await journal.calls()
    assert (("bob",), []) == (entry.agents, list(await journal.calls(agent="alice")))


async def test_calls_without_an_end_are_open(journal: Journal) -> None:
    """A call is open from its first event to its cleared one, in its last known state; late events don't reopen."""
    first, second = samples.call(1), samples.call(2)
    rang = samples.call(2, samples.agent_connection("alice", answered=False))
    for event in (samples.step(first), samples.step(second), samples.step(rang, CallEventKind.DELIVERED)):
        await journal.append(event)
    await journal.append(samples.cleared(first))
    await journal.append(samples.step(first, CallEventKind.DIVERTED))
    assert [rang] == list(await journal.open_calls())


async def test_a_lost_call_can_be_ended(journal: Journal) -> None:
    """The end that nobody saw closes the call, its parts and its row in the log, cause unknown."""
    talking = samples.call(
        1, msgspec.structs.replace(samples.agent_connection("alice", answered=True), state=ConnectionState.CONNECTED)
    )
    await journal.append(samples.step(talking, CallEventKind.ESTABLISHED))
    (known,) = await journal.open_calls()
    found_out = samples.NOON + timedelta(hours=1)
    await journal.append(call_event(ended_unseen(known, found_out)))
    (entry,) = await journal.calls()
    assert (found_out, Cause.UNKNOWN, Outcome.UNKNOWN) == (entry.call.ended_at, entry.call.cause, entry.call.outcome)
    assert ConnectionState.NULL is entry.call.connections[0].state
    assert [] == list(await journal.open_calls())


async def test_an_agents_newest_state_is_known(journal: Journal) -> None:
    """Each agent is as the newest event about them has it; calls don't come into it."""
    for minute, (agent, state) in enumerate([("bob", "busy"), ("alice", "ready"), ("bob", "ready")]):
        await journal.append(samples.agent_state(agent, AgentState(state), minute))
    await journal.append(samples.step(samples.call(1)))
    known = await journal.agent_states()
    assert [("alice", AgentState.READY), ("bob", AgentState.READY)] == [(one.agent, one.state) for one in known]
    assert [1, 2] == [(one.since - samples.NOON) / timedelta(minutes=1) for one in known]


async def test_interactions_are_found_by_any_key_of_the_customer(journal: Journal) -> None:
    """Number, e-mail in any case and id in a system lead to the same; the newest first, up to the limit."""
    for number in (2, 3, 1):
        await journal.append(samples.interaction(number, ANNA))
    await journal.append(samples.interaction(4, BERT))
    of_anna = await samples.newest(journal, ANNA.keys(), 2)
    assert ["Order 3", "Order 2"] == [one.subject for one in of_anna]
    assert ["Order 4"] == [one.subject for one in await samples.newest(journal, ["id:sap:4711"], 10)]
    both = await samples.newest(journal, ["mailto:anna@example.com", "tel:+4930901820", "tel:+4930901821"], 10)
    assert ["Order 4", "Order 3", "Order 2", "Order 1"] == [one.subject for one in both]
    assert [] == await samples.newest(journal, ["tel:+1"], 10)
    assert [] == await samples.newest(journal, [], 10)


async def test_of_one_interaction_the_newest_state_is_shown(journal: Journal) -> None:
    """An order that is reported twice is one order; a report that comes late does not take it back."""
    await journal.append(samples.interaction(1, ANNA, identity="order-7", status="packed"))
    await journal.append(samples.interaction(5, ANNA, identity="order-7", status="shipped"))
    await journal.append(samples.interaction(3, ANNA, identity="order-7", status="delayed"))
    assert ["shipped"] == [one.status for one in await samples.newest(journal, ANNA.keys(), 10)]
    assert await journal.last_position() == 3


def _fed(data: FeedData) -> Event:
    return feed_event(data, feed="shop", event_id=new_id(), at=samples.NOON)


def _order(status: str, at: datetime | None, change: ChangeKind = ChangeKind.CHANGED) -> Event:
    order = Order(id="7", description="Two chairs", status=status)
    return _fed(OrderChange(system="shop", customer=ANNA, order=order, at=at, change=change))


async def test_orders_and_cases_are_among_the_customers_contacts(journal: Journal) -> None:
    """Each once, in its newest state; without a time of its own it counts from when it came."""
    later = samples.NOON + timedelta(hours=1)
    await journal.append(_order("packed", None))
    await journal.append(_order("shipped", later))
    await journal.append(_order("ordered", samples.NOON - timedelta(hours=1)))
    case = Case(id="K1", subject="Leg broken", status="open")
    await journal.append(_fed(CaseChange(system="shop", customer=ANNA, case=case)))
    await journal.append(samples.interaction(30, ANNA))
    told = [(one.channel, one.subject, one.status, one.at) for one in await samples.newest(journal, ANNA.keys(), 10)]
    assert [
        (Channel.ORDER, "Two chairs", "shipped", later),
        (Channel.ORDER, "Order 30", "", samples.NOON + timedelta(minutes=30)),
        (Channel.CASE, "Leg broken", "open", samples.NOON),
    ] == told


async def test_an_order_that_was_deleted_is_no_contact_any_more(journal: Journal) -> None:
    """And a report from before the deletion that comes late does not bring it back."""
    await journal.append(_order("packed", samples.NOON))
    await journal.append(_order("", samples.NOON + timedelta(hours=1), ChangeKind.DELETED))
    await journal.append(_order("shipped", samples.NOON + timedelta(minutes=1)))
    assert [] == await samples.newest(journal, ANNA.keys(), 10)

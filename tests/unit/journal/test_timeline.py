"""A customer's timeline: calls with what was said of them, matters with how they moved, pages, channels, repeats."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from hub.domain.call import Call, Cause, Direction, Outcome
from hub.domain.change import CaseChange, ChangeKind, OrderChange
from hub.domain.customer import Case, Customer, CustomerContext, Order, Phone, Sourced
from hub.domain.event import (
    ABOUT,
    WRAP_UP,
    Event,
    FeedData,
    context_event,
    feed_event,
    interaction_event,
    new_id,
    wrap_up_event,
)
from hub.domain.identity import Chosen, RecordRef
from hub.domain.interaction import Channel, CustomerRef, Interaction, RepeatRule
from hub.domain.phone import PhoneNumber
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from hub.journal.store import store_at
from tests.unit.journal import samples
from tests.waiting import eventually_asked

NUMBER = "+4930901820"
TEL = f"tel:{NUMBER}"
PHONE = PhoneNumber(raw=NUMBER, e164=NUMBER)


def over(number: int, **changes: object) -> Event:
    """Wrap the end of a call from the number, so many minutes after noon."""
    return samples.cleared(call(number, **changes))


def call(number: int, **changes: object) -> Call:
    """Make a call from the number that alice took, of a minute and a half."""
    made = samples.call(number, samples.agent_connection("alice", answered=True))
    ended = made.started_at + timedelta(seconds=90)
    made = msgspec.structs.replace(made, caller=PHONE, outcome=Outcome.ANSWERED, queue="support", ended_at=ended)
    return msgspec.structs.replace(made, **changes)


def said(number: int, word: str, *, about: str = "", disposition: str = "") -> Event:
    """Wrap what alice says of call `number`; `word` is its id, too."""
    wrap_up = Interaction(
        id=f"main-{number}",
        source="desk",
        channel=Channel.PHONE,
        at=samples.NOON + timedelta(hours=1),
        subject="Inbound call",
        customer=CustomerRef(phones=(NUMBER,)),
        status=disposition,
        text=word,
        reference=f"main-{number}",
        agent="alice",
        extra={WRAP_UP: word, **({ABOUT: about} if about else {})},
    )
    return wrap_up_event(wrap_up, wrap_up_id=word)


def customer(name: str, *, shared: bool = False) -> Customer:
    """Make a customer of the CRM whose number it is."""
    phone = Sourced(value=Phone(number=NUMBER, shared=shared), system="crm", record=name)
    return Customer(ids={"crm": name}, phones=(phone,))


def known(number: int, *customers: Customer, chosen: bool = False) -> Event:
    """Wrap what is known of call `number`; where somebody has chosen, the first is meant."""
    ref = RecordRef(system="crm", id=customers[0].ids["crm"]) if customers else RecordRef(system="", id="")
    context = CustomerContext(
        call_id=f"main-{number}",
        phone=PHONE,
        customers=customers,
        complete=True,
        chosen=Chosen(decision="d", record=ref, by="alice", at=samples.NOON) if chosen else None,
    )
    return context_event(context, pbx="main")


def contact(number: int, channel: Channel, *keys: str, at: datetime | None = None, reference: str = "") -> Event:
    """Wrap a contact of so many minutes after noon with whoever has these ids in the CRM."""
    customer = CustomerRef(phones=(NUMBER,), ids={"crm": keys[0]} if keys else {})
    moment = at or samples.NOON + timedelta(minutes=number)
    return interaction_event(
        Interaction(
            id=f"{channel}-{number}",
            source="mail",
            channel=channel,
            at=moment,
            subject=str(number),
            customer=customer,
            reference=reference,
        ),
        feed="mail",
    )


async def ids(journal: Journal, *keys: str) -> Sequence[str]:
    """Return what a timeline has, by id."""
    return [line.id for line in await samples.newest(journal, keys, 100)]


async def test_a_finished_call_is_a_line(journal: Journal) -> None:
    """With outcome, length, agent and queue; one that is still going on is none."""
    await journal.append(samples.step(call(2)))
    await journal.append(over(1))
    (line,) = await samples.newest(journal, [TEL], 10)
    assert (Channel.PHONE, "main-1", "/pbx/main", samples.NOON + timedelta(minutes=1)) == (
        line.channel,
        line.id,
        line.source,
        line.at,
    )
    assert ("answered", 90.0, "alice", "support", "inbound") == (
        line.status,
        line.duration_s,
        line.agent,
        line.queue,
        line.direction,
    )


async def test_calls_within_the_house_are_no_contacts(journal: Journal) -> None:
    """A colleague's call, and a phone that was rung to bring it into another call, are nobody's contact."""
    await journal.append(over(1, direction=Direction.INTERNAL))
    await journal.append(over(2, cause=Cause.TRANSFERRED))
    assert [] == await ids(journal, TEL)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (1, 2, 0)])
async def test_what_was_said_of_a_call_stands_with_it(place: StorePlace, order: tuple[int, ...]) -> None:
    """In the order in which it was said, whether before the call's end or after it, and across a restart."""
    events = [over(1), said(1, "Pump replaced", disposition="Solved"), said(1, "Is happy", about="4711")]
    for which in order:
        journal = await Journal.open(place)
        await journal.append(events[which])
        await journal.close()
    journal = await Journal.open(place)
    (line,) = await samples.newest(journal, [TEL], 10)
    assert [("alice", "Pump replaced", "Solved"), ("alice", "Is happy", "")] == [
        (note.agent, note.text, note.disposition) for note in line.notes
    ]
    assert ("main-1", "4711") == (line.id, line.reference)
    await journal.close()


async def test_a_call_is_found_by_whom_it_was_with(journal: Journal) -> None:
    """By the number, and by the ids of the one customer; whichever came first, the end or what is known."""
    await journal.append(known(1, customer("maria")))
    await journal.append(over(1))
    await journal.append(over(2))
    await journal.append(known(2, customer("maria")))
    assert ["main-2", "main-1"] == await ids(journal, "id:crm:maria")
    assert ["main-2", "main-1"] == await ids(journal, TEL, "id:crm:maria")


async def test_of_what_is_known_of_a_call_the_last_counts(journal: Journal) -> None:
    """Who turned out to be somebody else has none of it; of several nobody is meant before somebody chooses."""
    await journal.append(over(1))
    await journal.append(known(1, customer("maria")))
    await journal.append(known(1, customer("maria"), customer("jonas")))
    assert ([], ["main-1"]) == (await ids(journal, "id:crm:maria"), await ids(journal, TEL))
    await journal.append(known(1, customer("jonas")))
    assert (["main-1"], []) == (await ids(journal, "id:crm:jonas"), await ids(journal, "id:crm:maria"))


async def test_a_call_on_a_shared_number_is_theirs_alone_whom_it_was_with(journal: Journal) -> None:
    """Who asks with the number, which is others', too, does not get it: neither chosen of several, nor told shared."""
    await journal.append(known(1, customer("maria"), customer("jonas"), chosen=True))
    await journal.append(over(1))
    await journal.append(over(2))
    await journal.append(known(2, customer("jonas", shared=True)))
    assert [] == await ids(journal, TEL, "id:crm:anna")
    assert (["main-1"], ["main-2"]) == (await ids(journal, "id:crm:maria"), await ids(journal, "id:crm:jonas"))


async def test_a_call_that_was_ended_unseen_is_one_line(journal: Journal) -> None:
    """Its real end comes later and takes the other's place."""
    await journal.append(over(1, outcome=Outcome.UNKNOWN, ended_at=None))
    await journal.append(over(1))
    (line,) = await samples.newest(journal, [TEL], 10)
    assert ("answered", 90.0) == (line.status, line.duration_s)


def _fed(data: FeedData) -> Event:
    return feed_event(data, feed="shop", event_id=new_id(), at=samples.NOON)


def _order(status: str, hour: int, *, ref: CustomerRef | None = None, change: ChangeKind = ChangeKind.CHANGED) -> Event:
    order = Order(id="7", description="Two chairs", status=status)
    at = samples.NOON + timedelta(hours=hour)
    return _fed(
        OrderChange(system="shop", customer=ref or CustomerRef(phones=(NUMBER,)), order=order, at=at, change=change)
    )


async def test_a_matter_shows_how_it_moved(journal: Journal) -> None:
    """One line, with the states before it, however they came in; what was told again is no move."""
    for status, hour in (("ordered", 0), ("shipped", 30), ("packed", 20), ("packed", 25), ("delivered", 50)):
        await journal.append(_order(status, hour))
    (line,) = await samples.newest(journal, [TEL], 10)
    assert ("delivered", samples.NOON + timedelta(hours=50)) == (line.status, line.at)
    assert [("shipped", 30), ("packed", 20), ("ordered", 0)] == [
        (past.status, (past.at - samples.NOON) / timedelta(hours=1)) for past in line.history
    ]


async def test_a_matter_that_is_told_again_says_since_when_it_is_so(journal: Journal) -> None:
    """The first of its history is then its present state, from when that began."""
    for status, hour in (("packed", 1), ("shipped", 2), ("shipped", 9)):
        await journal.append(_order(status, hour))
    (line,) = await samples.newest(journal, [TEL], 10)
    assert [("shipped", 2), ("packed", 1)] == [
        (past.status, (past.at - samples.NOON) / timedelta(hours=1)) for past in line.history
    ]


async def test_a_chatty_matter_keeps_its_latest_states(journal: Journal) -> None:
    """What is kept of it is bounded, and what is left is whole."""
    states = [f"state {hour}" for hour in range(400)]
    await journal.append_all([_order(status, hour) for hour, status in enumerate(states)])
    (line,) = await samples.newest(journal, [TEL], 10)
    history = [past.status for past in line.history]
    assert 20 <= len(history) < 200
    assert states[-2 : -2 - len(history) : -1] == history


async def test_a_matter_is_its_present_customers(journal: Journal) -> None:
    """With what it went through before; one that is deleted is nobody's, and comes again when it is told anew."""
    anna = CustomerRef(ids={"crm": "anna"})
    await journal.append(_order("packed", 1))
    await journal.append(_order("shipped", 2, ref=anna))
    assert ([], ["order-7"]) == (await ids(journal, TEL), await ids(journal, "id:crm:anna"))
    await journal.append(_order("", 3, ref=anna, change=ChangeKind.DELETED))
    assert [] == await ids(journal, "id:crm:anna")
    await journal.append(_order("back again", 4, ref=anna))
    (line,) = await samples.newest(journal, ["id:crm:anna"], 10)
    assert "back again" == line.status


async def test_pages_follow_each_other_while_new_contacts_come(journal: Journal) -> None:
    """Each line once, also those of one moment and those under several keys; what comes meanwhile moves nothing."""
    for number in range(12):
        await journal.append(contact(number, Channel.EMAIL, "anna", at=samples.NOON + timedelta(minutes=number // 6)))
    keys = [TEL, "id:crm:anna"]
    seen: list[str] = []
    before = ""
    for page_number in range(10):
        page = await journal.timeline(keys, before=before, limit=5)
        seen += [line.subject for line in page.interactions]
        before = page.next
        await journal.append(contact(100 + page_number, Channel.EMAIL, "anna"))
        # An older line that is told again in the same moment stays where it is.
        again = contact(3, Channel.EMAIL, "anna", at=samples.NOON)
        await journal.append(msgspec.structs.replace(again, id=new_id()))
        if not before:
            break
    assert [str(number) for number in range(11, -1, -1)] == seen


async def test_a_channel_is_asked_for_alone(journal: Journal) -> None:
    """One or several, with the pages of it."""
    for number in range(6):
        await journal.append(contact(number, (Channel.EMAIL, Channel.CHAT, Channel.WEB)[number % 3]))
    page = await journal.timeline([TEL], channels=[Channel.CHAT], limit=1)
    assert ["4"] == [line.subject for line in page.interactions]
    page = await journal.timeline([TEL], channels=[Channel.CHAT], before=page.next, limit=1)
    assert (["1"], "") == ([line.subject for line in page.interactions], page.next)
    page = await journal.timeline([TEL], channels=[Channel.CHAT, Channel.WEB])
    assert ["5", "4", "2", "1"] == [line.subject for line in page.interactions]


@pytest.mark.parametrize("before", ["x", "W10", "WzEsMl0x", "\N{SNOWMAN}", "WzEsIjIiXQ", "WzEsLTFd", "=" * 200])
async def test_a_place_that_is_none_is_refused(journal: Journal, before: str) -> None:
    """Whatever was made up for a page's `next`."""
    with pytest.raises(ValueError, match="no place in a timeline"):
        await journal.timeline([TEL], before=before)


async def test_a_moment_that_utc_has_not_breaks_no_timeline(journal: Journal) -> None:
    """One contact from the last hours of the year 9999, west of Greenwich: it is there, and so are the others."""
    beyond = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14)))
    before = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    ref = CustomerRef(ids={"crm": "C-1"})
    for number, at in enumerate((before, datetime(2026, 3, 1, tzinfo=UTC), beyond)):
        line = Interaction(
            id=str(number), source="shop", channel=Channel.CHAT, at=at, subject="-", customer=ref, reference="7"
        )
        await journal.append(interaction_event(line, feed="shop"))
    page = await journal.timeline(ref.keys())
    assert ["2", "1", "0"] == [line.id for line in page.interactions]


async def test_a_matter_that_comes_up_again_is_marked(place: StorePlace) -> None:
    """Counted over all channels and keys within the days, also beyond the page; its own progress is no contact."""
    now = datetime.now(UTC)
    journal = await Journal.open(place, repeats=RepeatRule(days=7, contacts=3))
    for number, (channel, ago) in enumerate(
        [(Channel.EMAIL, 9), (Channel.EMAIL, 5), (Channel.CHAT, 3), (Channel.EMAIL, 1)]
    ):
        await journal.append(contact(number, channel, "anna", at=now - timedelta(days=ago), reference="4711"))
        await journal.append(contact(number + 10, channel, at=now - timedelta(days=ago), reference=f"once {number}"))
    case = Case(id="4711", status="open")
    for days in (1, 2):
        at = now - timedelta(days=days)
        await journal.append(_fed(CaseChange(system="crm", customer=CustomerRef(phones=(NUMBER,)), case=case, at=at)))
    assert 3 == len((await journal.timeline([TEL], limit=3)).interactions)
    for limit in (1, 50):
        (repeat,) = (await journal.timeline([TEL, "id:crm:anna"], limit=limit)).repeats
        assert ("4711", 3, (Channel.EMAIL, Channel.CHAT)) == (repeat.reference, repeat.contacts, repeat.channels)
        assert abs(repeat.since - (now - timedelta(days=5))) < timedelta(milliseconds=1)
    await journal.close()


async def test_calls_are_contacts_about_what_was_said_they_were_about(journal: Journal) -> None:
    """Two calls on one case are repeated contacts, whether it was said before or after the end."""
    now = datetime.now(UTC)
    for number, first_said in ((1, True), (2, False)):
        ended = over(number, started_at=now - timedelta(days=number))
        events = [said(number, "Again", about="4711"), ended]
        for event in events if first_said else reversed(events):
            await journal.append(event)
    (repeat,) = (await journal.timeline([TEL])).repeats
    assert ("4711", 2, (Channel.PHONE,)) == (repeat.reference, repeat.contacts, repeat.channels)


async def test_a_journal_from_before_is_taken_in_while_the_hub_runs(place: StorePlace) -> None:
    """Calls, notes, whom they were with, contacts and matters: as if the tables had been there from the first."""
    events = [
        known(1, customer("maria")),
        said(1, "Pump replaced"),
        over(1),
        known(1, customer("jonas")),
        *[contact(number, Channel.EMAIL) for number in range(700)],
        _order("packed", 1),
        _order("shipped", 2),
        said(1, "Is happy", about="4711"),
        samples.interaction(5, CustomerRef(phones=(NUMBER,)), identity="again", status="new"),
        samples.interaction(4, CustomerRef(phones=(NUMBER,)), identity="again", status="old"),
    ]
    journal = await Journal.open(place)
    await journal.append_all(events)
    kept = await samples.newest(journal, [TEL, "id:crm:jonas"], 500)
    await journal.close()
    store = store_at(place)
    connection = store.open_writer()
    for table in ("lines", "line_keys", "call_keys", "call_notes"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO cursors (reader, position) VALUES ('timeline', $1)", (len(events),))
    connection.close()
    store.release()
    journal = await Journal.open(place)

    async def is_taken_in() -> bool:
        return await journal.cursor("timeline") == 0

    await eventually_asked(is_taken_in, "the journal is taken in")
    assert sorted(kept, key=lambda line: (line.at, line.id)) == sorted(
        await samples.newest(journal, [TEL, "id:crm:jonas"], 500), key=lambda line: (line.at, line.id)
    )
    assert [] == await ids(journal, "id:crm:maria")
    await journal.append(over(2))
    page = await journal.timeline([TEL], channels=[Channel.PHONE])
    assert ["main-2", "main-1"] == [line.id for line in page.interactions]
    await journal.close()

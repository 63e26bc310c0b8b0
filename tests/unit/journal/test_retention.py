"""What was kept for its time is emptied, and nothing before that."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import msgspec

from hub.config.privacy import PrivacySection
from hub.domain.callback import Callback, CallbackState
from hub.domain.change import CustomerChange, OrderChange
from hub.domain.customer import CustomerContext, CustomerRecord, Order
from hub.domain.event import ERASED, Event, callback_event, decode_event, feed_event, new_id
from hub.domain.interaction import Channel, CustomerRef
from hub.domain.ports import StoredEvent
from hub.domain.store_place import StorePlace
from hub.house.retention import RetentionChore, rules_of
from hub.journal.journal import Journal
from hub.journal.retention import retire
from tests.unit.journal import lives
from tests.unit.journal.samples import NOON, newest
from tests.waiting import eventually

ALL = {
    "interactions": {"chat": {"retention_days": 30}, "order": {"retention_days": 30}, "case": {"retention_days": 30}},
    **{kind: {"retention_days": 30} for kind in ("calls", "contexts", "records", "callbacks")},
    "dead_letters": {"retention_days": 30},
    "accesses": {"retention_days": 30},
}


def section(**keys: object) -> PrivacySection:
    return PrivacySection.model_validate(keys)


def aged(events: Sequence[Event]) -> list[Event]:
    """Take events as of noon, whenever they were made."""
    return [msgspec.structs.replace(event, time=NOON) for event in events]


async def filled(place: StorePlace, events: Sequence[Event]) -> Sequence[StoredEvent]:
    journal = await Journal.open(place)
    await journal.append_all(events)
    await journal.keep_dead(lives.LETTERS)
    await journal.keep_accesses(lives.ACCESSES)
    stored = await journal.read(0, 100)
    await journal.close()
    return stored


async def bodies(place: StorePlace) -> list[bytes]:
    journal = await Journal.open(place)
    stored = await journal.read(0, 100)
    await journal.close()
    return [one.body for one in stored]


async def test_nothing_is_erased_that_is_not_configured(place: StorePlace) -> None:
    """Without a word of it, whatever its age, everything stays to the byte."""
    before = await filled(place, aged([*lives.anna(), lives.both()]))
    rules = rules_of(section(fields={"tier": {"purpose": "service"}}))
    assert {} == dict(retire(place, rules, NOON + timedelta(days=9_999)))
    assert [one.body for one in before] == await bodies(place)


async def test_what_is_over_its_time_is_emptied(place: StorePlace) -> None:
    """Events stay in their places and say nothing of customers; tables, letters and accesses lose what is old."""
    await filled(place, aged([*lives.anna(), lives.both()]))
    rules = rules_of(section(**ALL))
    assert {} == dict(retire(place, rules, NOON + timedelta(days=29)))
    done = retire(place, rules, NOON + timedelta(days=31))
    assert {"events": 12, "records": 1, "dead_letters": 3, "accesses": 3} == dict(done)
    journal = await Journal.open(place)
    for one in await journal.read(0, 100):
        if one.type != "cti.customer.identity_decided":
            text = one.body.decode() + one.subject + one.partitionkey
            assert [] == [trace for trace in lives.TRACES if trace in text], one.type
        decode_event(one.body)
    assert [] == await newest(journal, [f"tel:{lives.ANNA_PHONE}", "id:crm:4711", f"mailto:{lives.ANNA_EMAIL}"], 10)
    assert None is await journal.context_of("main-1")
    entry = await journal.finished_call("main-1")
    assert entry is not None
    assert ("", "") == (entry.customer, entry.call.caller.raw)
    assert [] == list(await journal.dead_letters())
    assert [] == list(await journal.customers.records(["id:crm:4711"]))
    await journal.close()
    assert {} == dict(retire(place, rules, NOON + timedelta(days=31)))


async def test_what_comes_later_has_its_own_time(place: StorePlace) -> None:
    """The place that was come to is kept: the next day only what is over since is looked at."""
    old = lives.anna()[:1]
    young = [msgspec.structs.replace(lives.anna()[0], time=NOON + timedelta(days=10))]
    await filled(place, [*aged(old), *young])
    rules = rules_of(section(records={"retention_days": 30}))
    assert 1 == retire(place, rules, NOON + timedelta(days=31))["events"]
    assert [ERASED, "tel:" + lives.ANNA_PHONE] == [decode_event(body).subject for body in await bodies(place)]
    assert 1 == retire(place, rules, NOON + timedelta(days=41))["events"]


async def test_what_is_told_of_something_later_keeps_it(place: StorePlace) -> None:
    """An order and a callback stay as they were told last; how the order was before is forgotten with its event."""
    ref = CustomerRef(phones=(lives.ANNA_PHONE,))
    days = [NOON, NOON + timedelta(days=20)]
    orders = [
        OrderChange(system="shop", customer=ref, order=Order(id="o-1", status=status), at=day)
        for day, status in zip(days, ("placed", "on its way"), strict=True)
    ]
    callbacks = [
        Callback(id="cb-1", site="web", phone=lives.ANNA_PHONE, customer=ref, requested_at=NOON, at=day, state=state)
        for day, state in zip(days, (CallbackState.WAITING, CallbackState.DONE), strict=True)
    ]
    told = [feed_event(one, feed="shop", event_id=new_id(), at=day) for one, day in zip(orders, days, strict=True)]
    stored = [*told, *map(callback_event, callbacks)]
    await filled(place, sorted(stored, key=lambda event: event.time))
    rules = rules_of(section(**ALL))
    for after, shown, matters in ((19, ["on its way"], 1), (31, ["on its way"], 1), (51, [], 0)):
        retire(place, rules, NOON + timedelta(days=after))
        journal = await Journal.open(place)
        lines = await newest(journal, [f"tel:{lives.ANNA_PHONE}"], 10)
        assert shown == [one.status for one in lines if one.channel is Channel.ORDER]
        history = [[past.status for past in one.history] for one in lines if one.channel is Channel.ORDER]
        assert ([["placed"]] if after == 19 else [[]] if shown else []) == history
        found = await journal.customers.matters([f"tel:{lives.ANNA_PHONE}"], system="shop", limit=10)
        assert matters == len([one for one in found if one.order is not None])
        callback = await journal.callback("cb-1")
        assert (callback.state if callback else None) == (CallbackState.DONE if shown else None)
        await journal.close()


async def test_a_field_has_a_time_of_its_own(place: StorePlace) -> None:
    """It is out of records and contexts, and the customer is not found by it any more; the rest stays."""
    await filled(place, aged([*lives.anna(), lives.both()]))
    rules = rules_of(section(fields={"emails": {"retention_days": 7}, "extra.street": {"retention_days": 7}}))
    retire(place, rules, NOON + timedelta(days=8))
    journal = await Journal.open(place)
    for one in await journal.read(0, 100):
        event = decode_event(one.body)
        if isinstance(event.data, CustomerContext | CustomerChange):
            text = one.body.decode().lower()
            assert "gasse" not in text
            assert f'"address":"{lives.ANNA_EMAIL}"' not in text
            assert lives.ANNA.lower() in text
            assert '"hidden"' not in text
    (record,) = [one for one in await journal.customers.records(["id:crm:4711"]) if one.system == "crm"]
    assert (lives.ANNA, (), {}) == (record.name.full, record.emails, record.extra)
    assert [] == list(await journal.customers.records([f"mailto:{lives.ANNA_EMAIL}"]))
    assert [record.id] == [one.id for one in await journal.customers.records(["id:crm:4711"])]
    await journal.close()


async def test_the_running_hub_does_it_by_itself(place: StorePlace) -> None:
    """At its start: old events are emptied, readers see it, and how much it was is counted."""
    journal = await Journal.open(place)
    record = CustomerRecord(system="crm", id="4711", name=lives.CRM_ANNA.name)
    old = feed_event(CustomerChange(customer=record), feed="crm", event_id=new_id(), at=NOON)
    new = feed_event(CustomerChange(customer=record), feed="crm", event_id=new_id(), at=datetime.now(UTC))
    await journal.append_all([old, new])
    async with AsyncExitStack() as stack:
        chore = RetentionChore(
            place, section(records={"retention_days": 30}), on_changed=journal.forget_recent, every_s=0.02
        )
        chore.start(stack)
        await eventually(lambda: chore.retired["events"] == 1)
        first, second = await journal.read(0, 10)
        assert ERASED == first.subject
        assert lives.ANNA.encode() not in first.body
        assert lives.ANNA.encode() in second.body
        await journal.append(msgspec.structs.replace(new, id=new_id()))
    assert 3 == journal.position
    await journal.close()

"""How a page of a timeline is read: by index, no further than it goes, and without asking again for each key."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.domain.change import OrderChange
from hub.domain.customer import Order
from hub.domain.event import WRAP_UP, Event, feed_event, interaction_event, new_id, wrap_up_event
from hub.domain.interaction import Channel, CustomerRef, Interaction, RepeatRule
from hub.domain.phone import PhoneNumber
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from hub.journal.store import store_at
from hub.journal.timeline import timeline
from hub.journal.timeline_statements import page_of_key
from tests.unit.journal import samples
from tests.unit.journal.counted import Counted

NUMBER = "+4930901820"
CUSTOMER = CustomerRef(phones=(NUMBER,), ids={"crm": "anna"})
KEYS = tuple(CUSTOMER.keys())
ALL = tuple(range(1, 10))


def contact(number: int, channel: Channel) -> Event:
    """Wrap a contact of so many minutes after noon with the customer."""
    told = Interaction(
        id=f"{channel}-{number}",
        source="mail",
        channel=channel,
        at=samples.NOON + timedelta(minutes=number),
        subject=str(number),
        customer=CUSTOMER,
    )
    return interaction_event(told, feed="mail")


async def test_a_rare_channel_reads_no_other(tmp_path: Path) -> None:
    """The store finds it by index, merged with others in order: SQLite says so itself, and sorts nothing."""
    place = tmp_path / "journal.db"
    journal = await Journal.open(place)
    await journal.append(contact(1, Channel.CHAT))
    connection = store_at(place).open_reader()
    for codes in ((3,), ALL):
        explain = f"EXPLAIN QUERY PLAN {page_of_key(codes, (1, 2))}"
        plan = [row[3] for row in connection.rows(explain, ("k", 1, 1, 1, 1, 1))]
        assert len(codes) == sum("USING PRIMARY KEY (key=? AND channel=? AND (at,line)<(?,?))" in step for step in plan)
        assert 2 == sum("USING PRIMARY KEY (key=? AND channel=? AND at>?)" in step for step in plan)
        assert [] == [step for step in plan if "SCAN line_keys" in step or "TEMP B-TREE" in step]
    connection.close()
    await journal.close()


@pytest.mark.parametrize("place", ["postgresql"], indirect=True)
async def test_a_long_timeline_is_read_no_further_than_a_page_goes(place: StorePlace) -> None:
    """PostgreSQL merges channels in order, too, and says how many rows it read: of 400 no more than the page has."""
    journal = await Journal.open(place)
    told = [contact(number, (Channel.CHAT, Channel.EMAIL)[number % 2]) for number in range(400)]
    await journal.append_all(told)
    connection = store_at(place).open_reader()
    connection.execute("ANALYZE")
    values = (KEYS[0], 2**62, 2**62, 10, 2**62, 10)
    ((explained,),) = connection.rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {page_of_key(ALL, (1, 2))}", values)
    steps = list(_steps(json.loads(explained)[0]["Plan"]))
    read = [step["Actual Rows"] for step in steps if step.get("Relation Name") == "line_keys"]
    # Of each channel that has any, one more is looked at to see which is the next.
    assert (11, {"Index Scan"}) == (
        sum(read),
        {step["Node Type"] for step in steps if step.get("Relation Name") == "line_keys"},
    )
    connection.close()
    await journal.close()


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _steps(inner)


async def test_a_page_is_two_ways_to_the_server(journal: Journal, place: StorePlace) -> None:
    """The lines under all keys, and what belongs to them: what was said of calls, how matters of all systems moved."""
    caller = PhoneNumber(raw=NUMBER, e164=NUMBER)
    call = samples.cleared(msgspec.structs.replace(samples.call(1), caller=caller))
    moved = [
        feed_event(
            OrderChange(system=system, customer=CUSTOMER, order=Order(id="4711", status=status), at=samples.NOON),
            feed=system,
            event_id=new_id(),
            at=samples.NOON,
        )
        for system in ("shop", "plant")
        for status in ("packed", "shipped")
    ]
    said = Interaction(
        id="main-1",
        source="desk",
        channel=Channel.PHONE,
        at=samples.NOON,
        subject="Inbound call",
        customer=CUSTOMER,
        text="angry",
        reference="main-1",
        extra={WRAP_UP: "w"},
    )
    await journal.append_all([call, *moved, wrap_up_event(said, wrap_up_id="w"), contact(1, Channel.CHAT)])
    connection = store_at(place).open_reader()
    counted = Counted(connection)
    page = timeline(counted, KEYS, channels=(), before="", limit=10, rule=RepeatRule(days=7, contacts=2))
    assert [1, 1] == [len(line.history) for line in page.interactions if line.channel is Channel.ORDER]
    assert ["angry"] == [note.text for line in page.interactions for note in line.notes]
    assert (4, 2) == (len(page.interactions), counted.ways)
    connection.close()

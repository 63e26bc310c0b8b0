"""Contacts that other systems record: who may, what is taken how often, and what is none."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.desk.interactions_api import MAX_BYTES, MAX_ENTRIES
from hub.domain.event import decode_event, is_wrap_up
from hub.domain.interaction import Interaction
from hub.journal.journal import Journal
from tests.unit.desk.house import RECORD_TOKEN, House
from tests.unit.journal import samples

PATH = "/api/v1/interactions"
CHAT = {
    "id": "c-1",
    "channel": "chat",
    "at": "2026-03-01T12:00:00Z",
    "subject": "Where is my pump?",
    "customer": {"phones": ["+4930901820"], "ids": {"crm": "C-1"}},
    "text": "It was to come yesterday",
    "reference": "4711",
}


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Journal]:
    journal = await Journal.open(tmp_path / "journal.db")
    yield journal
    await journal.close()


@pytest.fixture
async def house(tmp_path: Path, kept: Journal) -> AsyncIterator[House]:
    async with House(tmp_path, kept=kept) as running:
        yield running


async def record(client: aiohttp.ClientSession, body: Any) -> tuple[int, Any]:
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with client.post(PATH, data=sent, headers={"Content-Type": "application/json"}) as reply:
        return reply.status, await reply.json()


async def test_a_contact_is_recorded(house: House, kept: Journal) -> None:
    """It is in the customer's timeline, from whose token it came, whatever it claims; and told at once."""
    status, receipt = await record(house.machine(RECORD_TOKEN), CHAT | {"source": "desk"})
    assert (201, "recorded", "c-1") == (status, receipt["outcome"], receipt["id"])
    for key in ("tel:+4930901820", "id:crm:C-1"):
        (line,) = await samples.newest(kept, [key], 10)
        assert ("chatbot", "c-1", "chat", "4711") == (line.source, line.id, str(line.channel), line.reference)
        assert datetime(2026, 3, 1, 12, tzinfo=UTC) == line.at
    assert [receipt["event"]] == [event.id for event in house.visits]
    (event,) = house.visits
    assert ("/feed/chatbot", "cti.interaction.recorded") == (event.source, str(event.type))


async def test_a_number_is_read_as_it_is_dialled_here(house: House, kept: Journal) -> None:
    """It is the same contact as with + and the country's code; a number that no numbering plan has stays as it is."""
    client = house.machine(RECORD_TOKEN)
    _, first = await record(client, CHAT)
    _, again = await record(client, CHAT | {"customer": {"phones": ["030 90 18 20"], "ids": {"crm": "C-1"}}})
    assert ("duplicate", first["event"]) == (again["outcome"], again["event"])
    assert 201 == (await record(client, CHAT | {"id": "c-2", "customer": {"phones": ["+4930000"]}}))[0]
    assert 1 == len(await samples.newest(kept, ["tel:+4930000"], 10))


async def test_the_same_again_changes_nothing(house: House, kept: Journal) -> None:
    """It is said to be a duplicate and told to nobody; a second's order of the fields makes no difference."""
    client = house.machine(RECORD_TOKEN)
    _, first = await record(client, CHAT)
    status, again = await record(client, dict(reversed(CHAT.items())))
    assert (200, "duplicate", first["event"]) == (status, again["outcome"], again["event"])
    assert (1, 1) == (await kept.last_position(), len(house.visits))


async def test_other_content_is_what_is_known_by_now(house: House, kept: Journal) -> None:
    """The newer `at` wins, as with feeds; of one source's id there is one line, and another source's is another."""
    client = house.machine(RECORD_TOKEN)
    await record(client, CHAT)
    for hour, status in ((14, "closed"), (13, "waiting")):
        assert 201 == (await record(client, CHAT | {"at": f"2026-03-01T{hour}:00:00+00:00", "status": status}))[0]
    (line,) = await samples.newest(kept, ["id:crm:C-1"], 10)
    assert ("closed", 3) == (line.status, len(house.visits))


async def test_a_list_has_a_receipt_for_each(house: House, kept: Journal) -> None:
    """A wrong one costs itself alone, and is told which field does not fit; 422 where all are wrong."""
    client = house.machine(RECORD_TOKEN)
    bad = CHAT | {"id": "c-2", "at": "yesterday"}
    status, receipts = await record(client, [CHAT, bad, CHAT, CHAT | {"id": "c-3"}])
    assert (200, ["recorded", "refused", "duplicate", "recorded"]) == (status, [one["outcome"] for one in receipts])
    assert "$.at" in receipts[1]["reason"]
    assert ["c-3", "c-1"] == [line.id for line in await samples.newest(kept, ["id:crm:C-1"], 10)]
    status, receipts = await record(client, [bad, 5])
    assert (422, ["refused", "refused"]) == (status, [one["outcome"] for one in receipts])
    assert (200, []) == await record(client, [])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": ""}, "$.id"),
        ({"id": None}, "$.id"),
        ({"channel": "fax"}, "$.channel"),
        ({"at": "2026-03-01T12:00:00"}, "$.at"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "$.at"),
        ({"notes": [{"at": "0001-01-01T00:00:00+14:00"}]}, "$.notes"),
        ({"subject": "x" * 501}, "$.subject"),
        ({"customer": {}}, "$.customer"),
        (
            {"customer": {"phones": ["030 901820", "none"]}},
            "this is no number of DE and none with + and a country code",
        ),
        ({"customer": {"emails": ["nobody"]}}, "this is no e-mail address - at `$.customer.emails[0]`"),
        ({"customer": {"ids": {"crm": ""}}}, "$.customer.ids"),
        ({"url": "javascript:alert(1)"}, "$.url"),
        ({"duration_s": -1}, "$.duration_s"),
        ({"notes": [{"text": "x"}]}, "$.notes"),
        ({"colour": "red"}, "colour"),
        ({"extra": {"a": 1}}, "$.extra"),
    ],
)
async def test_what_does_not_fit_is_named(house: House, kept: Journal, change: dict[str, Any], field: str) -> None:
    """By its field, without the value; nothing is kept."""
    status, body = await record(house.machine(RECORD_TOKEN), CHAT | change)
    assert (400, True) == (status, field in body["error"]["message"])
    assert "javascript" not in body["error"]["message"]
    assert 0 == await kept.last_position()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[1", b"5", b"[" * 100_000, b'{"id": "\\ud800"}'])
async def test_what_is_no_json_is_refused(house: House, body: bytes) -> None:
    """Whatever it is, the answer says so."""
    assert 400 == (await record(house.machine(RECORD_TOKEN), body))[0]


async def test_too_much_at_once_is_refused(house: House, kept: Journal) -> None:
    """A list is bounded in number and in bytes; what is within is taken, larger than other requests may be."""
    client = house.machine(RECORD_TOKEN)
    many = [CHAT | {"id": f"c-{number}"} for number in range(MAX_ENTRIES)]
    assert 413 == (await record(client, [*many, CHAT]))[0]
    assert 413 == (await record(client, CHAT | {"text": "x" * MAX_BYTES}))[0]
    status, receipts = await record(client, many)
    assert (200, {"recorded"}, MAX_ENTRIES) == (
        status,
        {one["outcome"] for one in receipts},
        await kept.last_position(),
    )


async def test_who_may_record(house: House, kept: Journal) -> None:
    """A token that may `record`: none that reads, no agent, nobody."""
    assert 403 == (await record(house.machine(), CHAT))[0]
    assert 401 == (await record(await house.signed_in("alice"), CHAT))[0]
    assert 401 == (await record(house.browser(), CHAT))[0]
    assert 0 == await kept.last_position()


async def test_nobody_records_what_an_agent_said(house: House, kept: Journal) -> None:
    """What looks like a wrap-up of a call is a contact of that machine, and no note of the call."""
    claimed = {"id": "main-1", "source": "desk", "channel": "phone", "reference": "main-1", "extra": {"wrap_up": "w1"}}
    await record(house.machine(RECORD_TOKEN), CHAT | claimed)
    (stored,) = await kept.read(0, 10)
    event = decode_event(stored.body)
    assert (True, False) == (isinstance(event.data, Interaction), is_wrap_up(event))
    assert ["main-1"] == [line.id for line in await samples.newest(kept, ["id:crm:C-1"], 10)]


async def test_a_store_that_fails_is_told(house: House, kept: Journal) -> None:
    """503 and when to come again: nothing was taken."""
    await kept.close()
    for body in (CHAT, [CHAT]):
        assert 503 == (await record(house.machine(RECORD_TOKEN), body))[0]
    assert [] == house.visits

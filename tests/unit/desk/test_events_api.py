"""The stream of events, over a real server."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.domain.call import CallEventKind
from hub.domain.event import ConnectorStatus, Event, call_event, connector_event
from hub.domain.ports import StoreError
from tests.unit.desk.house import BEARER, House
from tests.unit.desk.samples import call, ended, leg, rings, step
from tests.waiting import eventually


def _events() -> list[Event]:
    ringing = call(leg("alice"))
    return [
        call_event(step(CallEventKind.QUEUED, call(queue="sales"))),
        call_event(rings(ringing)),
        connector_event(ConnectorStatus(connector="sap", reason="timeout"), up=False),
        call_event(ended(ringing)),
    ]


async def _filled(house: House) -> list[Event]:
    events = _events()
    for event in events:
        await house.journal.append(event)
    return events


async def _messages(reply: aiohttp.ClientResponse) -> AsyncIterator[dict[str, str]]:
    """Yield messages as an EventSource reads them; comments have the key of an empty string."""
    message: dict[str, str] = {}
    async for raw in reply.content:
        line = raw.decode().rstrip("\n")
        if line:
            key, _, value = line.partition(":")
            message[key] = value.removeprefix(" ")
        elif message:
            yield message
            message = {}


async def _read(reply: aiohttp.ClientResponse, count: int) -> list[dict[str, str]]:
    messages: list[dict[str, str]] = []
    async with asyncio.timeout(10):
        async for message in _messages(reply):
            messages.append(message)
            if len(messages) == count:
                break
    return messages


async def test_the_whole_journal_can_be_read_from_the_beginning(house: House) -> None:
    """`after=0` yields every event once, in order, as CloudEvents in JSON with id and type beside them."""
    events = await _filled(house)

    async with house.machine().get("/api/v1/events?after=0") as reply:
        assert "text/event-stream" == reply.content_type
        _, *messages = await _read(reply, 5)

    assert [event.id for event in events] == [message["id"] for message in messages]
    assert [event.type.value for event in events] == [message["event"] for message in messages]
    bodies: list[dict[str, Any]] = [json.loads(message["data"]) for message in messages]
    assert ["1.0"] * 4 == [body["specversion"] for body in bodies]
    assert events[1].subject == bodies[1]["subject"]


async def test_without_a_position_the_stream_is_live(house: House) -> None:
    """A new reader gets what happens from now on, not the past."""
    await _filled(house)
    async with house.machine().get("/api/v1/events") as reply:
        (opening,) = await _read(reply, 1)
        fresh = call_event(rings(call(leg("bob"), id="fresh")))
        await house.journal.append(fresh)
        (message,) = await _read(reply, 1)

    assert "live" == opening[""]
    assert fresh.id == message["id"]


async def test_a_reader_resumes_after_the_last_event_it_saw(house: House) -> None:
    """`Last-Event-ID` goes on right after that event, and wins over `after`."""
    events = await _filled(house)

    async with house.machine().get("/api/v1/events?after=0", headers={"Last-Event-ID": events[1].id}) as reply:
        _, *messages = await _read(reply, 3)

    assert [events[2].id, events[3].id] == [message["id"] for message in messages]


async def test_an_unknown_last_event_is_said_so(house: House) -> None:
    """A reader whose last event is not in this journal is told, and then gets what happens from now on."""
    await _filled(house)

    async with house.machine().get("/api/v1/events", headers={"Last-Event-ID": "no-such-event"}) as reply:
        (opening,) = await _read(reply, 1)
        fresh = call_event(rings(call(leg("bob"), id="fresh")))
        await house.journal.append(fresh)
        (message,) = await _read(reply, 1)

    assert "Last-Event-ID is not in this journal; starting live" == opening[""]
    assert fresh.id == message["id"]


async def test_a_position_beyond_the_end_is_said_so(house: House) -> None:
    """A reader whose position is another journal's does not wait for it, missing all that happens until then."""
    events = await _filled(house)

    async with house.machine().get("/api/v1/events?after=5000") as reply:
        (opening,) = await _read(reply, 1)
        fresh = call_event(rings(call(leg("bob"), id="fresh")))
        await house.journal.append(fresh)
        (message,) = await _read(reply, 1)

    assert f"after=5000 is beyond the end of this journal ({len(events)}); starting live" == opening[""]
    assert fresh.id == message["id"]


async def test_types_are_chosen_by_prefix(house: House) -> None:
    """Only events whose type begins with one of the prefixes come."""
    events = await _filled(house)

    async with house.machine().get("/api/v1/events?after=0&types=cti.connector.,cti.call.cleared") as reply:
        _, *messages = await _read(reply, 3)

    assert [events[2].id, events[3].id] == [message["id"] for message in messages]


async def test_a_quiet_stream_is_kept_alive(tmp_path: Path) -> None:
    """Comments come at intervals, so that nothing between hub and reader cuts an idle connection."""
    async with House(tmp_path, keepalive_s=0.02) as house, house.machine().get("/api/v1/events") as reply:
        assert ["live", "", ""] == [message[""] for message in await _read(reply, 3)]


async def test_a_reader_who_leaves_is_forgotten(tmp_path: Path) -> None:
    """A stream whose reader is gone does not stay in the hub."""
    async with House(tmp_path, keepalive_s=0.02) as house:
        async with house.machine().get("/api/v1/events") as reply:
            await _read(reply, 1)
            assert 1 == len(house.server._events._streams)
        reply.close()

        await eventually(lambda: not house.server._events._streams)


async def test_a_slow_reader_is_waited_for(house: House) -> None:
    """What a reader has not taken stays in the journal: the hub does not read it all into memory."""
    event = call_event(rings(call(leg("alice"), caller_name="x" * 50_000)))
    for number in range(1000):
        await house.journal.append(
            Event(**{name: getattr(event, name) for name in event.__struct_fields__} | {"id": f"e{number}"})
        )

    reader, writer = await asyncio.open_connection("127.0.0.1", house.server.port, limit=1024)
    request = f"GET /api/v1/events?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: {BEARER['Authorization']}\r\n\r\n"
    writer.write(request.encode())
    await reader.readline()
    await eventually(lambda: house.journal.handed_out)
    before = -1
    while before != house.journal.handed_out:
        before = house.journal.handed_out
        await asyncio.sleep(0.2)

    assert 0 < house.journal.handed_out < 1000
    writer.transport.abort()


async def test_events_are_for_machines_alone(house: House) -> None:
    """Neither a stranger, nor a wrong token, nor an agent's cookie opens the stream."""
    async with house.browser().get("/api/v1/events") as reply:
        assert 401 == reply.status
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    async with house.browser().get("/api/v1/events", headers={"Authorization": "Bearer wrong"}) as reply:
        assert (401, "unknown_token") == (reply.status, (await reply.json())["error"]["code"])
    async with (await house.signed_in("alice")).get("/api/v1/events") as reply:
        assert 401 == reply.status


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("types=cti.call.*", [0, 1, 3]),
        ("types=*.connector.*", [2]),
        ("types=cti.%23", [0, 1, 2, 3]),
        ("types=cti.call.cleared,*.*.down", [2, 3]),
        ("types=cti.*", []),
    ],
)
async def test_types_are_chosen_by_pattern(house: House, query: str, places: list[int]) -> None:
    """A subscription is written as a queue's binding at the broker, and gets the same events."""
    events = await _filled(house)
    last = connector_event(ConnectorStatus(connector="last"), up=True)
    await house.journal.append(last)
    wanted = [*(events[place] for place in places), *([last] if "connector" in query or "%23" in query else [])]

    async with house.machine().get(f"/api/v1/events?after=0&{query}") as reply:
        messages = await _read(reply, 1 + len(wanted))

    assert [event.id for event in wanted] == [message["id"] for message in messages[1:]]


@pytest.mark.parametrize("parameter", ["subject", "key"])
async def test_events_of_some_subjects_are_chosen(house: House, parameter: str) -> None:
    """One call's, or one customer's; several are named one by one, and types narrow it further."""
    events = await _filled(house)
    of_the_call, of_the_connector = events[1].subject, events[2].subject
    names = [of_the_call, of_the_connector if parameter == "subject" else events[2].partitionkey]
    query = [("after", "0"), ("types", "cti.#.cleared,cti.connector."), *((parameter, name) for name in names)]

    async with house.machine().get("/api/v1/events", params=query) as reply:
        _, *messages = await _read(reply, 3)

    assert [events[2].id, events[3].id] == [message["id"] for message in messages]


async def test_an_event_of_another_subject_is_left_out(house: House) -> None:
    """Only what was asked for comes, live as well."""
    await _filled(house)
    async with house.machine().get("/api/v1/events?subject=fresh") as reply:
        await _read(reply, 1)
        await house.journal.append(call_event(rings(call(leg("bob"), id="stale"))))
        fresh = call_event(rings(call(leg("bob"), id="fresh")))
        await house.journal.append(fresh)
        (message,) = await _read(reply, 1)

    assert fresh.id == message["id"]


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=1e3", "after=" + "9" * 40, "types=" + "x" * 2000, "key=a&" * 101]
)
async def test_a_malformed_question_is_refused_in_words(house: House, query: str) -> None:
    """The error names the parameter."""
    async with house.machine().get(f"/api/v1/events?{query}") as reply:
        assert 400 == reply.status
        assert (await reply.json())["error"]["message"].startswith(query.partition("=")[0])


async def test_stopping_ends_the_streams(tmp_path: Path) -> None:
    """A reader without end does not hold the hub up."""
    async with House(tmp_path) as house, house.machine().get("/api/v1/events") as reply:
        await _read(reply, 1)
        async with asyncio.timeout(3):
            await house.server.stop()


async def test_a_journal_that_can_not_be_read_ends_the_stream(house: House) -> None:
    """The reader sees the end at once, and comes back with the last id, rather than waiting for what never comes."""
    house.journal.problem = StoreError("the disk can't be read")

    async with house.machine().get("/api/v1/events") as stream, asyncio.timeout(5):
        assert b": live\n\n" == await stream.content.read()

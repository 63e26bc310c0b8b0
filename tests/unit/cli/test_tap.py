"""`ctihub tap`, reading from a real server of events."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from hub.cli.main import main
from hub.cli.tap_filter import EventFilter, TappedEvent
from hub.cli.tap_words import line_of
from hub.domain.call import CallEventKind
from hub.domain.event import ConnectorStatus, call_event, connector_event
from tests.unit.desk.house import TOKEN, House
from tests.unit.desk.samples import call, ended, leg, rings, step


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path) as running:
        ringing = call(leg("alice"))
        for event in (
            call_event(step(CallEventKind.QUEUED, call(queue="sales"))),
            call_event(rings(ringing)),
            connector_event(ConnectorStatus(connector="sap", reason="timeout"), up=False),
            call_event(ended(ringing)),
        ):
            await running.journal.append(event)
        yield running


def told(capsys: pytest.CaptureFixture[str], begin: str = r"\d\d:\d\d:\d\d\.\d{3}  ") -> list[str]:
    """Return what was printed, without the log of the server, which runs in the same process."""
    return [line for line in capsys.readouterr().out.splitlines() if re.match(begin, line)]


async def tapped(url: str, *words: str, token: str = TOKEN) -> int:
    return await asyncio.to_thread(main, ["tap", "--url", url, "--token", token, *words])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], ["call.queued", "call.delivered", "connector.down", "call.cleared"]),
        (["--type", "cti.call.*"], ["call.queued", "call.delivered", "call.cleared"]),
        (["--type", "cti.call.queued", "--type", "cti.connector.down"], ["call.queued", "connector.down"]),
        (["--pbx", "main"], ["call.queued", "call.delivered", "call.cleared"]),
        (["--phone", "+49711123456"], ["call.queued", "call.delivered", "call.cleared"]),
    ],
)
async def test_what_is_wanted_is_told_a_line_each(
    house: House, capsys: pytest.CaptureFixture[str], words: list[str], expected: list[str]
) -> None:
    """By type, PBX and number, from the beginning of the journal."""
    count = str(len(expected))
    assert 0 == await tapped(house.url, "--after", "0", "--count", count, *words)
    assert expected == [line.split()[1] for line in told(capsys)]


async def test_a_call_is_followed_as_cloud_events(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """--json: one CloudEvent a line, as it came."""
    identifier = house.journal.stored[0].subject
    assert 0 == await tapped(house.url, "--after", "0", "--count", "3", "--call", identifier, "--json")
    documents = [json.loads(line) for line in told(capsys, "{")]
    assert [identifier] * 3 == [document["subject"] for document in documents]


async def test_a_stranger_is_refused_in_words(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong token, no hub, no address: the status is 2, and nothing is tried again."""
    assert 2 == await tapped(house.url, token="wrong-token")
    assert "does not know this token" in capsys.readouterr().err
    assert 2 == await tapped("http://127.0.0.1:1")
    assert "no connection to the hub at http://127.0.0.1:1: connection refused" in capsys.readouterr().err
    assert 2 == await tapped("nowhere")
    assert "nowhere is no address" in capsys.readouterr().err


class Unsteady:
    """A server of events that breaks off after each."""

    def __init__(self) -> None:
        self.came_back_with: list[str | None] = []

    async def stream(self, request: web.Request) -> web.StreamResponse:
        self.came_back_with.append(request.headers.get("Last-Event-ID"))
        number = len(self.came_back_with)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        body = json.dumps({"id": f"e{number}", "type": "cti.connector.up", "data": {"connector": "sap"}})
        await response.write(f": live\n\nid: e{number}\nevent: x\ndata: {body}\n\n".encode())
        if request.transport is not None:
            request.transport.abort() if number == 2 else request.transport.close()
        return response


async def test_it_goes_on_where_the_connection_broke(capsys: pytest.CaptureFixture[str]) -> None:
    """After the last event that was seen, without losing one or telling one twice."""
    unsteady = Unsteady()
    application = web.Application()
    application.router.add_get("/api/v1/events", unsteady.stream)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        assert 0 == await tapped(f"http://127.0.0.1:{runner.addresses[0][1]}", "--count", "3", "--json")
    finally:
        await runner.cleanup()
    said = capsys.readouterr()
    assert ["e1", "e2", "e3"] == [json.loads(line)["id"] for line in said.out.splitlines()]
    assert [None, "e1", "e2"] == unsteady.came_back_with
    assert 2 == said.err.count("trying again in")


@pytest.mark.parametrize("words", [["--type", "cti.*.queued"], ["--phone", "hello"]])
async def test_a_wrong_filter_could_not_run(house: House, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    """It would wait for what never comes."""
    assert 2 == await tapped(house.url, *words)
    assert words[0] in capsys.readouterr().err


def test_a_line_holds_no_control_characters() -> None:
    """Whatever stands in an event, a terminal shows it as one line."""
    event = TappedEvent("", {"type": "cti.connector.down", "data": {"connector": "a\x1b[2J\nb", "reason": "x" * 999}})
    line = line_of(event)
    assert line.isprintable()
    assert 300 == len(line)


def test_an_event_of_another_shape_is_no_error() -> None:
    """Newer hubs may say more, or otherwise."""
    for document in ({}, {"type": "cti.call.new", "data": []}, {"type": 1, "data": {"call": 3}, "source": None}):
        event = TappedEvent("", document)
        assert line_of(event)
        assert not EventFilter(pbx="main", phone="+49711123456").fits(event)


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        (
            "cti.write_back.requested",
            {"connector": "crm", "entry": {"kind": "note", "note": "private"}, "reason": "crm: no connection"},
            "crm note crm: no connection",
        ),
        ("cti.order.changed", {"system": "shop", "order": {"id": "4711", "status": "shipped"}}, "shop 4711 shipped"),
        ("cti.case.changed", {"system": "desk", "case": {"id": "5"}, "change": "deleted"}, "desk 5 deleted"),
        ("cti.customer.changed", {"customer": {"system": "erp", "id": "C-1"}}, "erp C-1 changed"),
    ],
)
def test_what_changed_and_what_is_to_be_written(kind: str, data: dict[str, object], words: str) -> None:
    """Which system, which record; what an agent wrote stays out of the terminal."""
    assert line_of(TappedEvent("", {"type": kind, "subject": "s", "data": data})).endswith(f"  s  {words}")

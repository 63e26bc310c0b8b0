"""The FastAGI server, asked over a real socket the way Asterisk asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog

from hub.config.routing import RoutingSection
from hub.domain.routing import Enquiry, EnquiryStatus, RoutingAnswer
from hub.telephony.fastagi.admission import plain_address
from hub.telephony.fastagi.errors import ListenError
from hub.telephony.fastagi.server import FastAgiServer
from tests.unit.telephony.fastagi.asterisk_side import AsteriskSide, environment_bytes
from tests.waiting import eventually

GOLD = RoutingAnswer(
    status=EnquiryStatus.FOUND, variables={"CTI_TIER": "Gold", "CTI_PRIORITY": "10"}, rules=("gold", "open case")
)


class Routing:
    """Decides what the test says, after `gate` opens; remembers what it was asked."""

    def __init__(self, answer: RoutingAnswer | Exception = GOLD, gate: asyncio.Event | None = None) -> None:
        self.answer = answer
        self.gate = gate
        self.asked: list[Enquiry] = []
        self.cancelled = 0

    async def decide(self, enquiry: Enquiry) -> RoutingAnswer:
        self.asked.append(enquiry)
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@asynccontextmanager
async def running(routing: Routing, **changes: Any) -> AsyncIterator[FastAgiServer]:
    pbx_hosts = changes.pop("pbx_hosts", {"main": "127.0.0.1"})
    section = RoutingSection.model_validate({"listen": "127.0.0.1:0", "permit": changes.pop("permit", [])})
    server = FastAgiServer(section, pbx_hosts=pbx_hosts, region="DE", routing=routing, **changes)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def test_a_dialplan_that_asks_gets_its_variables() -> None:
    """Those of the configuration, then how it went and by which rules; then the call goes on."""
    routing = Routing()
    async with running(routing) as server, AsteriskSide(server.port) as asterisk:
        assert {
            "CTI_TIER": "Gold",
            "CTI_PRIORITY": "10",
            "CTIHUB_STATUS": "found",
            "CTIHUB_RULE": "gold,open case",
        } == await asterisk.asks()
        await eventually(lambda: server.connections == 0)
    (asked,) = routing.asked
    assert ("main", "main-1795300000.1", "+498912345678", "support") == (
        asked.pbx,
        asked.call_id,
        asked.caller.e164,
        asked.queue,
    )


async def test_an_unknown_script_is_answered_and_told_of() -> None:
    """A typo in the dialplan costs a call nothing, and stands in the log with what to write."""
    routing = Routing()
    with structlog.testing.capture_logs() as logs:
        async with running(routing) as server, AsteriskSide(server.port) as asterisk:
            assert {"CTIHUB_STATUS": "error", "CTIHUB_RULE": ""} == await asterisk.asks(network_script="custommer")
    assert [] == routing.asked
    assert [("custommer", "the dialplan asks AGI(agi://HUB/customer)")] == [
        (line["script"], line["advice"]) for line in logs if line["event"] == "fastagi_script_unknown"
    ]


async def test_a_bug_behind_it_lets_the_call_go_on() -> None:
    """The status says error; the log has the rest."""
    async with running(Routing(ValueError("bug"))) as server, AsteriskSide(server.port) as asterisk:
        assert {"CTIHUB_STATUS": "error", "CTIHUB_RULE": ""} == await asterisk.asks()


@pytest.mark.parametrize(
    "reply",
    [
        b"510 Invalid or unknown command\n",
        b"520-Invalid command syntax.  Proper usage follows:\n Usage: SET VARIABLE <name>\n520 End of proper usage.\n",
        b"520 Invalid command syntax.  Proper usage not available.\n",
    ],
)
async def test_a_refused_variable_costs_only_itself(reply: bytes) -> None:
    """The others are still set."""
    async with running(Routing()) as server, AsteriskSide(server.port) as asterisk:
        assert 4 == len(await asterisk.asks(reply))


async def test_a_caller_who_hangs_up_ends_the_question() -> None:
    """HANGUP while the backends are asked: nobody waits any more, nothing is sent, nothing is logged as wrong."""
    routing = Routing(gate=asyncio.Event())
    async with running(routing) as server, AsteriskSide(server.port) as asterisk:
        asterisk.writer.write(environment_bytes())
        await eventually(lambda: routing.asked)
        asterisk.writer.write(b"HANGUP\n")
        assert b"" == await asterisk.closed()
        await eventually(lambda: routing.cancelled == 1)
        assert 0 == server.refused_total


async def test_a_connection_that_closes_ends_the_question() -> None:
    """As with AGIEXITONHANGUP, or when Asterisk dies."""
    routing = Routing(gate=asyncio.Event())
    async with running(routing) as server:
        async with AsteriskSide(server.port) as asterisk:
            asterisk.writer.write(environment_bytes())
            await eventually(lambda: routing.asked)
        await eventually(lambda: routing.cancelled == 1 and server.connections == 0)
        assert 0 == server.refused_total


@pytest.mark.parametrize("reply", [b"HANGUP\n200 result=1\n", b"511 Command Not Permitted on a dead channel\n"])
async def test_a_caller_who_hangs_up_meanwhile_gets_no_more_commands(reply: bytes) -> None:
    """A dead channel takes none."""
    async with running(Routing()) as server, AsteriskSide(server.port) as asterisk:
        assert 1 == len(await asterisk.asks(reply))


async def test_lines_that_a_callers_number_left_are_passed_over() -> None:
    """The environment ended early, by an empty line within the number; the rest of it is no reply."""
    async with running(Routing()) as server, AsteriskSide(server.port) as asterisk:
        shown = await asterisk.asks(callerid="0891\nagi_dnid: 1\n\nagi_extension: 2")
    assert "Gold" == shown["CTI_TIER"]


async def test_an_address_that_is_not_permitted_is_refused() -> None:
    """Deny by default: neither a PBX's nor this host's own, and not in routing.permit."""
    async with running(Routing(), permit=["192.0.2.0/24"], pbx_hosts={"main": "192.0.2.1"}) as server:
        admission = server._admission
        answers = {
            text: await admission.is_permitted(address)
            for text in ("127.0.0.1", "::1", "192.0.2.1", "192.0.2.9", "192.0.3.1", "10.0.0.1", "::ffff:192.0.2.7")
            if (address := plain_address(text))
        }
    assert {
        "127.0.0.1": True,
        "::1": True,
        "192.0.2.1": True,
        "192.0.2.9": True,
        "192.0.3.1": False,
        "10.0.0.1": False,
        "::ffff:192.0.2.7": True,
    } == answers


async def test_the_pbx_is_known_by_its_address_or_by_what_the_dialplan_says() -> None:
    """Several PBXs: the address tells, the argument `pbx` tells where a proxy or a tunnel stands between."""
    routing = Routing()
    hosts = {"north": "127.0.0.1", "south": "192.0.2.1"}
    async with running(routing, pbx_hosts=hosts) as server:
        for script in ("customer", "customer?pbx=south", "customer?pbx=nowhere"):
            async with AsteriskSide(server.port) as asterisk:
                await asterisk.asks(network_script=script)
    assert ["north", "south", "north"] == [asked.pbx for asked in routing.asked]
    assert ["north-1795300000.1", "south-1795300000.1"] == [asked.call_id for asked in routing.asked[:2]]
    assert [{}, {}, {}] == [asked.arguments for asked in routing.asked]


async def test_more_connections_than_there_may_be_are_closed_at_once() -> None:
    """Those calls go on without an answer; the others get theirs."""
    gate = asyncio.Event()
    routing = Routing(gate=gate)
    async with running(routing, max_per_peer=2) as server, AsteriskSide(server.port) as one:
        async with AsteriskSide(server.port) as two, AsteriskSide(server.port) as three:
            waiting = [asyncio.create_task(side.asks()) for side in (one, two)]
            await eventually(lambda: len(routing.asked) == 2)
            assert b"" == await three.closed()
            gate.set()
            assert ["found", "found"] == [(await task)["CTIHUB_STATUS"] for task in waiting]
        assert 1 == server.refused_total
        await eventually(lambda: server.connections == 0)
        async with AsteriskSide(server.port) as again:
            assert "found" == (await again.asks())["CTIHUB_STATUS"]


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"", id="says nothing"),
        pytest.param(b"agi_request: x\n", id="stops in the middle"),
        pytest.param(environment_bytes(), id="never replies"),
    ],
)
async def test_who_is_slow_is_given_up(sent: bytes) -> None:
    """Each part has its time."""
    async with running(Routing(), environment_s=0.1, answer_s=0.1) as server, AsteriskSide(server.port) as asterisk:
        asterisk.writer.write(sent)
        await asterisk.closed(within=5)
        await eventually(lambda: server.connections == 0)
        assert 1 == server.refused_total


async def test_a_port_that_is_taken_is_told_in_words() -> None:
    """With the key of the configuration."""
    async with running(Routing()) as server:
        section = RoutingSection.model_validate({"listen": f"127.0.0.1:{server.port}"})
        other = FastAgiServer(section, pbx_hosts={}, region="DE", routing=Routing())
        with pytest.raises(ListenError, match=r"routing\.listen 127\.0\.0\.1:\d+"):
            await other.start()


async def test_a_server_that_stops_lets_the_calls_go_on() -> None:
    """Connections are closed: Asterisk goes on with the dialplan."""
    routing = Routing(gate=asyncio.Event())
    async with running(routing) as server:
        asterisk = await AsteriskSide(server.port).__aenter__()
        asterisk.writer.write(environment_bytes())
        await eventually(lambda: routing.asked)
    assert b"" == await asterisk.closed()
    asterisk.writer.close()

"""Peers of the FastAGI port that do not keep to the protocol cost nobody else their answer."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
import structlog

from hub.config.routing import RoutingSection
from hub.domain.routing import Enquiry, EnquiryStatus, RoutingAnswer
from hub.telephony.fastagi.environment import MAX_BYTES
from hub.telephony.fastagi.server import LOGGED_A_MINUTE, FastAgiServer
from tests.unit.telephony.fastagi.asterisk_side import AsteriskSide, environment_bytes
from tests.waiting import eventually

ENVIRONMENT_S = 1.5
PATIENCE_S = 10.0
ATTACKERS = 1_000
MAX_PER_PEER = 200

Attack = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Routing:
    """Answers at once, with the number that calls."""

    async def decide(self, enquiry: Enquiry) -> RoutingAnswer:
        return RoutingAnswer(status=EnquiryStatus.FOUND, variables={"CTI_CUSTOMER_NAME": enquiry.caller.raw})


@pytest.fixture(autouse=True)
def _enough_files() -> Iterator[None]:
    """Both ends of a thousand connections are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4 * ATTACKERS, hard)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
async def server() -> AsyncIterator[FastAgiServer]:
    """Listen on loopback."""
    section = RoutingSection.model_validate({"listen": "127.0.0.1:0"})
    running = FastAgiServer(
        section,
        pbx_hosts={"main": "127.0.0.1"},
        region="DE",
        routing=Routing(),
        max_per_peer=MAX_PER_PEER,
        environment_s=ENVIRONMENT_S,
        answer_s=ENVIRONMENT_S,
    )
    await running.start()
    yield running
    await running.stop()


async def byte_by_byte(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a byte now and then, never a whole environment (slowloris)."""
    for byte in environment_bytes() * 100:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0.02)


async def huge_environment(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send variables without end."""
    while True:
        writer.write(b"agi_arg_1: " + b"x" * 1000 + b"\n")
        await writer.drain()


async def endless_line(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send one line without end."""
    while True:
        writer.write(b"agi_request: " + b"x" * MAX_BYTES)
        await writer.drain()


async def garbage(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send what any other program might."""
    chance = random.Random(4573)  # noqa: S311 - the same garbage in each run
    while True:
        writer.write(chance.randbytes(512) + b"\n")
        await writer.drain()


async def another_protocol(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak HTTP."""
    writer.write(b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n")
    await reader.read()


async def half_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask and say at once that nothing more will come."""
    writer.write(environment_bytes())
    writer.write_eof()
    await reader.read()


async def stray_replies(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reply to what nobody commanded, without end."""
    writer.write(environment_bytes())
    while True:
        writer.write(b"100 Trying\n" * 100)
        await writer.drain()


async def reads_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask and never read, nor reply."""
    writer.write(environment_bytes())
    await asyncio.sleep(PATIENCE_S)


@pytest.mark.parametrize(
    "attack",
    [
        byte_by_byte,
        huge_environment,
        endless_line,
        garbage,
        another_protocol,
        half_closed,
        stray_replies,
        reads_nothing,
    ],
)
async def test_a_peer_that_misbehaves_is_cut_off_and_others_are_answered(server: FastAgiServer, attack: Attack) -> None:
    """Within its time, with at most a line in the log and no traceback; a call beside it has its answer at once."""

    async def attacker() -> None:
        async with AsteriskSide(server.port) as side:
            try:
                await attack(side.reader, side.writer)
            except ConnectionError:
                return

    with structlog.testing.capture_logs() as logs:
        attacking = [asyncio.create_task(attacker()) for _ in range(5)]
        await eventually(lambda: server.connections or server.refused_total or any(task.done() for task in attacking))
        started = time.monotonic()
        async with AsteriskSide(server.port) as asterisk:
            assert "found" == (await asterisk.asks())["CTIHUB_STATUS"]
        assert time.monotonic() - started < ENVIRONMENT_S
        await eventually(lambda: server.connections == 0, "every connection is closed", PATIENCE_S)
        for task in attacking:
            task.cancel()
        await asyncio.gather(*attacking, return_exceptions=True)
    assert [] == [line for line in logs if line["log_level"] in {"error", "critical"}]
    assert not any("x" * 50 in str(line) for line in logs)


async def test_a_thousand_connections_are_held_to_their_share(server: FastAgiServer) -> None:
    """They get no more than their share, for no longer than their time; then everybody is answered again."""
    async with AsyncExitStack() as stack:
        sides: list[AsteriskSide] = []
        with structlog.testing.capture_logs() as logs:
            for _ in range(ATTACKERS // 100):
                opened = await asyncio.gather(
                    *(stack.enter_async_context(AsteriskSide(server.port)) for _ in range(100))
                )
                sides += opened
                assert server.connections <= MAX_PER_PEER
            ended = await asyncio.gather(*(side.closed(PATIENCE_S) for side in sides))
            assert [b""] * ATTACKERS == list(ended)
            await eventually(lambda: server.connections == 0)
        assert ATTACKERS == server.refused_total
        assert LOGGED_A_MINUTE == len([line for line in logs if line["event"] == "fastagi_refused"])
    async with AsteriskSide(server.port) as asterisk:
        assert "found" == (await asterisk.asks())["CTIHUB_STATUS"]


async def test_a_thousand_calls_at_once_are_all_answered_or_let_go_on(server: FastAgiServer) -> None:
    """A rush of honest calls: none hangs; whoever is not answered is closed at once, and that call goes on."""
    port = server.port

    async def call(number: int) -> str:
        try:
            async with AsteriskSide(port) as asterisk:
                shown = await asterisk.asks(callerid=f"+4989{number:08}")
        except ConnectionError:
            return ""
        return shown.get("CTI_CUSTOMER_NAME", "")

    started = time.monotonic()
    shown = await asyncio.gather(*(call(number) for number in range(ATTACKERS)))
    assert time.monotonic() - started < 30
    assert all(name in {"", f"+4989{number:08}"} for number, name in enumerate(shown))
    assert sum(map(bool, shown)) >= MAX_PER_PEER
    await eventually(lambda: server.connections == 0)

"""A broker that is not one, or says nothing: told in plain words, tried again for ever, stopped at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pika
import pytest
import structlog
from pydantic import SecretStr

from hub.bus.amqp import AmqpConnection
from hub.bus.parameters import broker_parameters
from hub.bus.relay import BusRelay
from hub.bus.supervisor import Ready, Supervisor
from hub.config.model import BusSection
from hub.domain.ports import StoreError
from hub.journal.journal import Journal
from tests.servers.ports import free_tcp_port
from tests.unit.journal import samples
from tests.waiting import eventually

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def _section(port: int) -> BusSection:
    return BusSection(url=SecretStr(f"amqp://u:topsecret@127.0.0.1:{port}/"))


@asynccontextmanager
async def _peer(answer: Peer) -> AsyncIterator[int]:
    """Serve `answer` to each connection; the port is given."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def _garbage(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
    await writer.drain()


async def _half_a_frame(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(8)
    writer.write(b"\x01\x00\x00\x00")
    await writer.drain()


async def _hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    return


@pytest.mark.parametrize("answer", [_garbage, _half_a_frame, _hang_up])
async def test_a_peer_that_speaks_something_else_is_told(answer: Peer, tmp_path: Path) -> None:
    """Garbage, half a frame, nothing: the hub works on and says what to look at, without the password."""
    journal = await Journal.open(tmp_path / "journal.db")
    async with _peer(answer) as port:
        relay = BusRelay(_section(port), journal, retry_min_s=0.01, retry_max_s=0.02)
        await relay.start()
        await eventually(lambda: "no AMQP 0-9-1 there" in (relay.problem() or ""))
        await journal.append(samples.step(samples.call(1)))
        assert (False, 1, 0) == (relay.connected, relay.lag, relay.published_total)
        assert "topsecret" not in (relay.problem() or "")
        await relay.stop()
    await journal.close()


async def test_nobody_listening_is_told_and_tried_again() -> None:
    """Each attempt is a new connection; there is no last one."""
    attempts = 0

    async def count(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal attempts
        attempts += 1
        writer.close()

    async def nothing_to_do(*_: object) -> None:
        return

    port = free_tcp_port()
    parameters = broker_parameters(_section(port), "test")
    supervisor = Supervisor("test", parameters, nothing_to_do, retry_min_s=0.01, retry_max_s=0.02)
    supervisor.start()
    await eventually(lambda: "nobody listens there" in (supervisor.problem or ""))
    server = await asyncio.start_server(count, "127.0.0.1", port)
    await eventually(lambda: attempts >= 5)
    server.close()
    await supervisor.stop()


@asynccontextmanager
async def _silent_peer() -> AsyncIterator[int]:
    """Take connections and say nothing until the test is over; the port is given."""
    over = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await over.wait()

    async with _peer(say_nothing) as port:
        yield port
        over.set()
        await asyncio.sleep(0)


async def test_a_silent_peer_is_given_up() -> None:
    """A peer that takes the connection and says nothing has its time limit."""

    async def nothing_to_do(*_: object) -> None:
        return

    async with _silent_peer() as port:
        parameters = pika.ConnectionParameters("127.0.0.1", port, socket_timeout=0.1, stack_timeout=0.1)
        supervisor = Supervisor("test", parameters, nothing_to_do, retry_min_s=0.01, retry_max_s=0.02)
        supervisor.start()
        await eventually(lambda: "no answer in time" in (supervisor.problem or ""))
        await supervisor.stop()


async def test_a_connection_attempt_can_be_stopped(caplog: pytest.LogCaptureFixture) -> None:
    """Stopping does not wait for a peer that says nothing, and leaves no error behind in the event loop."""

    async def nothing_to_do(*_: object) -> None:
        return

    async with _silent_peer() as port:
        supervisor = Supervisor("test", broker_parameters(_section(port), "test"), nothing_to_do)
        supervisor.start()
        await asyncio.sleep(0.05)
        await asyncio.wait_for(supervisor.stop(), 3)
        await asyncio.sleep(0.05)
    assert [] == [record for record in caplog.records if record.name == "asyncio"]


class _Connected:
    """A connection that is there and stays: its session alone decides what becomes of it."""

    blocked = False

    def __init__(self) -> None:
        self.broken: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    def on_blocked(self, _changed: Callable[[bool], None]) -> None:
        return

    async def close(self) -> None:
        return


@pytest.mark.parametrize(
    ("error", "problem", "logged"),
    [
        (StoreError("the disk is full"), "the disk is full", "broker_session_waits_for_the_store"),
        (ValueError("a slip"), "ValueError: a slip", "broker_session_failed"),
    ],
    ids=["store", "defect"],
)
async def test_a_store_that_fails_is_no_defect_of_the_hub(
    monkeypatch: pytest.MonkeyPatch, error: Exception, problem: str, logged: str
) -> None:
    """Told in the store's own words and without a traceback; a defect has one. Both are tried again."""

    async def connected(_parameters: object) -> _Connected:
        return _Connected()

    is_well = False

    async def session(_connection: AmqpConnection, ready: Ready) -> None:
        ready()
        if not is_well:
            raise error
        await asyncio.Event().wait()

    monkeypatch.setattr(AmqpConnection, "open", connected)
    parameters = broker_parameters(_section(1), "test")
    supervisor = Supervisor("test", parameters, session, retry_min_s=0.01, retry_max_s=0.02)
    with structlog.testing.capture_logs() as lines:
        supervisor.start()
        await eventually(lambda: (supervisor.problem or "").endswith(problem), "the problem in words")
        assert not supervisor.connected
        is_well = True
        await eventually(lambda: supervisor.connected and supervisor.problem is None, "the next attempt")
        await supervisor.stop()
    told = [line for line in lines if line["log_level"] in {"warning", "error"}]
    assert logged in {line["event"] for line in told}
    assert isinstance(error, ValueError) == any(line.get("exc_info") for line in told)
    assert isinstance(error, ValueError) == ("broker_unavailable" in {line["event"] for line in told})

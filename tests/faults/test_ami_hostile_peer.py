"""A manager interface that sends garbage, half a message, nothing, or far too much."""

import asyncio
import contextlib
import tracemalloc
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from hub.telephony.ami.errors import AmiConnectionLost, AmiError, AmiProtocolError, AmiTimeout
from hub.telephony.ami.event import AmiEvent
from hub.telephony.ami.link import AmiLink, LinkState
from hub.telephony.ami.manager import AsyncManager
from hub.telephony.ami.settings import AmiSettings
from tests.unit.telephony.ami.peer import GREETING, FakePbx, message, silence
from tests.waiting import eventually

HANGUP = message("Event: Hangup", "Channel: PJSIP/1001-1")


def ignore(_events: list[AmiEvent]) -> None:
    """Take events and do nothing."""


async def connected(settings: AmiSettings, events: list[AmiEvent] | None = None) -> AsyncManager:
    """Return a manager that is logged in."""
    manager = AsyncManager(settings, on_events=ignore if events is None else events.extend, wanted=["Hangup"])
    await manager.connect()
    await manager.login()
    return manager


@contextlib.asynccontextmanager
async def linked(settings: AmiSettings, lost: list[AmiError]) -> AsyncIterator[AmiLink]:
    """Run a link until the test is through."""

    async def take_stock(manager: AsyncManager) -> None:
        await manager.ping()

    link = AmiLink(settings, on_events=ignore, on_connected=take_stock, on_lost=lost.append, wanted=["Hangup"])
    task = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def pbx() -> AsyncIterator[FakePbx]:
    """Listen as a PBX."""
    async with FakePbx() as listening:
        yield listening


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "'HTTP/1.1 400 Bad Request"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "the greeting was"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "'SSH-2.0-OpenSSH_9.2p1"),
        (b"\xff\xfe" * 4000, "the greeting was"),
    ],
)
async def test_another_service_on_the_port_is_said_to_be_one(greeting: bytes, words: str) -> None:
    """What greets wrongly is dropped at once, with PBX, address and what it said."""
    async with FakePbx(greeting=greeting) as pbx:
        with pytest.raises(AmiProtocolError) as caught:
            await AsyncManager(pbx.settings(), on_events=ignore).connect()
    assert words in str(caught.value)
    assert f"PBX main (127.0.0.1:{pbx.port})" in str(caught.value)
    assert pbx.actions == []


@pytest.mark.parametrize("greeting", [b"", b"Asterisk Call Man"])
async def test_a_peer_that_says_nothing_or_half_times_out(greeting: bytes) -> None:
    """The login time-out ends the wait for a greeting, and the words say what to look at."""
    async with FakePbx(greeting=greeting) as pbx:
        with pytest.raises(AmiTimeout, match=r"did not greet within 0.1 s: check that this is the plain AMI port"):
            await AsyncManager(pbx.settings(login_timeout_s=0.1), on_events=ignore).connect()


async def test_a_peer_that_closes_before_greeting_names_its_access_list(pbx: FakePbx) -> None:
    """Asterisk closes at once on an address that it doesn't permit."""
    pbx.greeting = b""
    connecting = asyncio.create_task(AsyncManager(pbx.settings(), on_events=ignore).connect())
    await eventually(lambda: pbx.writers, "a connection")
    pbx.writers[-1].close()
    with pytest.raises(AmiConnectionLost, match="before greeting: see permit, deny and acl"):
        await connecting


async def test_half_a_login_reply_times_out_and_the_link_goes_on(pbx: FakePbx) -> None:
    """Half a message is no message: the login times out, and the next attempt gets in."""
    log_in = pbx.answers["Login"]
    pbx.answers["Login"] = lambda action: log_in(action)[:-3]
    async with linked(pbx.settings(login_timeout_s=0.1), []) as link:
        await eventually(lambda: "did not answer the login" in link.reason, "the time-out")
        pbx.answers["Login"] = log_in
        await eventually(lambda: link.state is LinkState.CONNECTED, "a connected link")


async def test_garbage_between_messages_is_passed_over_and_said(pbx: FakePbx) -> None:
    """A caller id with an empty line in it tears its message; the connection and what waits on it go on."""
    events: list[AmiEvent] = []
    with capture_logs() as logs:
        manager = await connected(pbx.settings(), events)
        pbx.say(b"\x00\xffgarbage\r\n\r\n" + HANGUP)
        await eventually(lambda: events, "the event after the garbage")
        assert "Success" == (await manager.ping()).response
        await manager.close()
    assert ["Hangup"] == [event.name for event in events]
    assert any(entry["event"] == "ami_value_with_line_breaks" for entry in logs)


async def test_endless_garbage_drops_the_connection_and_the_next_is_good(pbx: FakePbx) -> None:
    """At the limit for a message it is dropped: that fails what waits, is said, and the link connects again."""
    lost: list[AmiError] = []
    pbx.answers["Slow"] = silence
    with capture_logs() as logs:
        async with linked(pbx.settings(max_message_bytes=100_000), lost) as link:
            await eventually(lambda: link.state is LinkState.CONNECTED, "a connected link")
            assert link.manager is not None
            waiting = asyncio.create_task(link.manager.send_action({"Action": "Slow"}))
            await eventually(lambda: "Slow" in pbx.names(), "the action")
            pbx.say(b"\x00\xffgarbage" * 20_000)
            with pytest.raises(AmiConnectionLost, match="limit of 100000 bytes"):
                await waiting
            await eventually(lambda: pbx.connections > 1 and link.state is LinkState.CONNECTED, "the next connection")
    assert isinstance(lost[0], AmiProtocolError)
    assert "the connection was dropped" in str(lost[0])
    assert any("limit of 100000 bytes" in str(entry.get("reason")) for entry in logs)


async def test_a_message_over_the_limit_drops_the_connection(pbx: FakePbx) -> None:
    """A message without end is not collected: at the limit the connection goes, and that is said."""
    events: list[AmiEvent] = []
    manager = await connected(pbx.settings(max_message_bytes=100_000), events)
    pbx.say(HANGUP + b"Event: Hangup\r\nAppData: " + b"x" * 200_000)
    reason = await asyncio.wait_for(manager.wait_ended(), 5)
    assert "a message passed the limit of 100000 bytes; the connection was dropped" in str(reason)
    assert isinstance(reason, AmiProtocolError)
    assert not manager.connected()


async def test_a_large_message_below_the_limit_arrives(pbx: FakePbx) -> None:
    """Many reads make one message, multibyte characters at their seams included."""
    events: list[AmiEvent] = []
    manager = await connected(pbx.settings(), events)
    data = "李" * 300_000
    pbx.say(message("Event: Hangup", f"AppData: {data}"))
    await eventually(lambda: events, "the large event")
    assert data == events[0].get("AppData")
    await manager.close()


async def test_a_dead_peer_is_noticed(pbx: FakePbx) -> None:
    """Silence, and silence to a Ping, is a lost connection: what waits hears so, and the link connects again."""
    lost: list[AmiError] = []
    async with linked(pbx.settings(keepalive_s=0.05), lost) as link:
        await eventually(lambda: link.state is LinkState.CONNECTED, "a connected link")
        ping, pbx.answers["Ping"] = pbx.answers["Ping"], silence
        await eventually(lambda: lost, "the loss")
        pbx.answers["Ping"] = ping
        assert "has been silent for 0.1 s and did not answer a Ping: it is taken for dead" in str(lost[0])
        await eventually(lambda: pbx.connections > 1 and link.state is LinkState.CONNECTED, "the next connection")


async def test_a_quiet_peer_that_answers_pings_is_alive(pbx: FakePbx) -> None:
    """At night nothing happens on a PBX; Pings keep the connection."""
    manager = await connected(pbx.settings(keepalive_s=0.02))
    await eventually(lambda: pbx.names().count("Ping") >= 5, "five Pings")
    assert manager.connected()
    await manager.close()


async def test_a_busy_peer_is_not_pinged(pbx: FakePbx) -> None:
    """Events are a sign of life; a PBX that is at work isn't asked whether it lives."""
    manager = await connected(pbx.settings(keepalive_s=0.5))
    for _ in range(30):
        pbx.say(HANGUP)
        await asyncio.sleep(0.03)
    assert "Ping" not in pbx.names()
    await manager.close()


async def test_a_peer_that_does_not_read_holds_actions_back_until_they_time_out() -> None:
    """Actions for a peer that takes nothing wait and time out; they don't pile up as bytes."""

    async def deaf(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETING)
        connections.append(writer)

    connections: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(deaf, "127.0.0.1", 0, limit=1024)
    settings = AmiSettings(
        name="deaf", host="127.0.0.1", port=server.sockets[0].getsockname()[1], username="hub", secret="x"
    )
    manager = AsyncManager(settings, on_events=ignore)
    await manager.connect()
    connections[0].transport.pause_reading()  # type: ignore[attr-defined]  # typeshed has it on ReadTransport only
    action = {"Action": "Originate", "Variable": ["A=" + "x" * 900] * 100}
    outcomes = await asyncio.gather(
        *(manager.request(action, timeout_s=0.3) for _ in range(200)), return_exceptions=True
    )
    assert {AmiTimeout} == {type(outcome) for outcome in outcomes}
    assert manager._connection is not None
    assert manager._connection._transport is not None
    assert manager._connection._transport.get_write_buffer_size() < 1_000_000
    assert manager._pending == {}
    await manager.close()
    connections[0].close()
    server.close()


async def test_a_flood_is_taken_at_its_pace_and_not_stored(pbx: FakePbx) -> None:
    """Forty megabytes of events go through in little memory, each wanted one reported."""
    seen = 0

    def count(events: list[AmiEvent]) -> None:
        nonlocal seen
        seen += len(events)

    manager = AsyncManager(pbx.settings(), on_events=count, wanted=["Hangup"])
    await manager.connect()
    await manager.login()
    varset = message("Event: VarSet", *(f"Header{number}: some value" for number in range(15)))
    block = (varset * 9 + HANGUP) * 1000
    tracemalloc.start()
    try:
        for _ in range(len(range(0, 40_000_000, len(block)))):
            pbx.say(block)
            await pbx.writers[-1].drain()
        await eventually(lambda: seen >= 1000 * len(range(0, 40_000_000, len(block))), "all events")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12_000_000
    assert manager.connected()
    await manager.close()

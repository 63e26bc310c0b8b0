"""Actions and their answers, over a real socket."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from hub.telephony.ami.errors import (
    AmiActionFailed,
    AmiConnectionLost,
    AmiError,
    AmiLoginRefused,
    AmiTimeout,
)
from hub.telephony.ami.event import AmiEvent
from hub.telephony.ami.manager import AsyncManager
from tests.unit.telephony.ami.peer import SECRET, FakePbx, error, message, silence, success
from tests.waiting import eventually

CERTIFICATES = Path(__file__).parent / "certificates"
HANGUP = message("Event: Hangup", "Channel: PJSIP/1001-1")


def ignore(_events: list[AmiEvent]) -> None:
    """Take events and do nothing."""


@pytest.fixture
async def pbx() -> AsyncIterator[FakePbx]:
    """Listen as a PBX."""
    async with FakePbx() as listening:
        yield listening


@pytest.fixture
def events() -> list[AmiEvent]:
    """Collect what the manager reports."""
    return []


@pytest.fixture
async def manager(pbx: FakePbx, events: list[AmiEvent]) -> AsyncIterator[AsyncManager]:
    """Connect and log in."""
    made = AsyncManager(pbx.settings(), on_events=events.extend, wanted=["Hangup", "OriginateResponse"])
    await made.connect()
    await made.login()
    yield made
    await made.close()


async def test_the_secret_stays_off_the_wire(pbx: FakePbx, manager: AsyncManager) -> None:
    """The login proves the secret by the challenge and does not send it."""
    assert manager.connected()
    assert ["Challenge", "Login"] == pbx.names()
    assert SECRET not in str(pbx.actions)
    assert ("Asterisk Call Manager", "11.0.0") == (manager.title, manager.version)


async def test_a_plain_login_sends_the_secret(pbx: FakePbx) -> None:
    """For a PBX that knows no challenge, when it is configured so."""
    manager = AsyncManager(pbx.settings(login="plain"), on_events=ignore)
    await manager.connect()
    await manager.login()
    assert ["Login"] == pbx.names()
    assert pbx.actions[0]["Secret"] == SECRET
    await manager.close()


@pytest.mark.parametrize("login", ["md5", "plain"])
async def test_a_wrong_secret_is_said_in_plain_words(pbx: FakePbx, login: str) -> None:
    """The message names PBX, address, user and what to look at, and never the secret."""
    manager = AsyncManager(pbx.settings(secret="wrong one", login=login), on_events=ignore)
    await manager.connect()
    with pytest.raises(AmiLoginRefused) as caught:
        await manager.login()
    await manager.close()
    words = str(caught.value)
    assert f"PBX main (127.0.0.1:{pbx.port}) refused the login of 'hub' (Authentication failed)" in words
    assert "manager.conf" in words
    assert "wrong one" not in words
    assert "wrong one" not in repr(pbx.settings(secret="wrong one"))


@pytest.mark.parametrize(
    ("call", "headers"),
    [
        (lambda m: m.ping(), {"Action": "Ping"}),
        (lambda m: m.hangup("PJSIP/1-1"), {"Action": "Hangup", "Channel": "PJSIP/1-1"}),
        (
            lambda m: m.redirect("PJSIP/1-1", "200", context="all"),
            {"Action": "Redirect", "Exten": "200", "Context": "all"},
        ),
        (lambda m: m.playdtmf("PJSIP/1-1", "5"), {"Action": "PlayDTMF", "Digit": "5"}),
        (lambda m: m.dbput("cti", "a", "b"), {"Action": "DBPut", "Family": "cti", "Key": "a", "Val": "b"}),
        (
            lambda m: m.send_action({"Action": "QueuePause"}, Queue="support"),
            {"Action": "QueuePause", "Queue": "support"},
        ),
        (lambda m: m.send_action(Action="Ping"), {"Action": "Ping"}),
    ],
)
async def test_pyst2_methods_are_coroutines(
    pbx: FakePbx, manager: AsyncManager, call: Callable[[AsyncManager], Awaitable[object]], headers: dict[str, str]
) -> None:
    """Each sends what pyst2 would, with an ActionID, and returns the reply to it."""
    pbx.answers[headers["Action"]] = success
    reply = await call(manager)
    assert headers.items() <= pbx.actions[-1].items()
    assert repr(reply) == "AmiReply('Success', events=0)"


async def test_variables_are_repeated_headers(pbx: FakePbx, manager: AsyncManager) -> None:
    """``originate`` gives each variable a line of its own."""
    pbx.answers["Originate"] = success
    await manager.originate(
        "PJSIP/1001", "200", context="all", priority="1", run_async=True, variables={"A": 1, "B": "x"}
    )
    assert ["A=1", "B=x"] == [value for name, value in pbx.raw[-1] if name == "Variable"]


async def test_replies_are_matched_by_action_id(pbx: FakePbx, manager: AsyncManager) -> None:
    """Answered in reverse, each action still gets its own answer."""
    pbx.answers["Get"] = silence
    asking = [asyncio.create_task(manager.send_action({"Action": "Get", "Key": str(key)})) for key in range(20)]
    await eventually(lambda: pbx.names().count("Get") == 20, "twenty actions")
    for action in reversed(pbx.actions[-20:]):
        pbx.say(success(action, f"Value: {action['Key']}"))
    assert [str(key) for key in range(20)] == [reply.get("Value") for reply in await asyncio.gather(*asking)]


async def test_the_callers_mapping_is_left_alone(pbx: FakePbx, manager: AsyncManager) -> None:
    """Nothing is written to a mapping given, nor kept from one action to the next."""
    pbx.answers["Get"] = success
    headers = {"Action": "Get"}
    await manager.send_action(headers, Key="1")
    assert headers == {"Action": "Get"}
    await manager.send_action({"Action": "Get"})
    assert "Key" not in pbx.actions[-1]


async def test_a_refused_action_raises_with_asterisks_words(pbx: FakePbx, manager: AsyncManager) -> None:
    """``Response: Error`` is an exception that carries the reply."""
    pbx.answers["Hangup"] = lambda action: error(action, "No such channel")
    with pytest.raises(AmiActionFailed, match="refused Hangup: No such channel") as caught:
        await manager.hangup("PJSIP/x")
    assert caught.value.action == "Hangup"
    assert caught.value.reply.message == "No such channel"


async def test_a_list_is_in_the_reply_and_events_go_on(
    pbx: FakePbx, manager: AsyncManager, events: list[AmiEvent]
) -> None:
    """What follows an action until its Complete is in the reply; a Hangup in between is reported."""

    def answer(action: dict[str, str]) -> bytes:
        item = message("Event: Status", "Channel: PJSIP/1", f"ActionID: {action['ActionID']}")
        end = message("Event: StatusComplete", f"ActionID: {action['ActionID']}", "EventList: Complete")
        return success(action, "EventList: start") + item + HANGUP + item + end

    pbx.answers["Status"] = answer
    reply = await manager.status()
    assert ["Status", "Status"] == [event.name for event in reply.events]
    assert ["Hangup"] == [event.name for event in events]


async def test_a_cancelled_list_is_a_failure(pbx: FakePbx, manager: AsyncManager) -> None:
    """Half a list is not the truth."""
    pbx.answers["Status"] = lambda action: (
        success(action, "EventList: start")
        + message("Event: StatusComplete", f"ActionID: {action['ActionID']}", "EventList: cancelled")
    )
    with pytest.raises(AmiActionFailed, match="cancelled"):
        await manager.status()


async def test_a_list_without_end_times_out_and_is_forgotten(pbx: FakePbx, manager: AsyncManager) -> None:
    """A list that never completes costs its caller the time-out; nothing is kept of it."""
    pbx.answers["Status"] = lambda action: success(action, "EventList: start")
    with pytest.raises(AmiTimeout, match=r"did not answer Status within 0.05 s"):
        await manager.request({"Action": "Status"}, timeout_s=0.05)
    assert manager._parser._lists == {}
    assert manager._pending == {}


async def test_an_action_without_answer_times_out_alone(pbx: FakePbx, manager: AsyncManager) -> None:
    """The connection stays, others are answered, and the late answer harms nobody."""
    pbx.answers["Slow"] = silence
    with pytest.raises(AmiTimeout):
        await manager.request({"Action": "Slow"}, timeout_s=0.05)
    pbx.say(success(pbx.actions[-1]))
    assert (await manager.ping()).response == "Success"


async def test_a_late_event_with_the_action_id_is_an_event(
    pbx: FakePbx, manager: AsyncManager, events: list[AmiEvent]
) -> None:
    """``OriginateResponse`` comes after its action was answered and belongs to no list."""
    pbx.answers["Originate"] = lambda action: (
        success(action) + message("Event: OriginateResponse", f"ActionID: {action['ActionID']}")
    )
    await manager.originate("PJSIP/1001", "200", run_async=True)
    await eventually(lambda: events, "the OriginateResponse")
    assert ["OriginateResponse"] == [event.name for event in events]


async def test_a_line_break_never_reaches_the_wire(pbx: FakePbx, manager: AsyncManager) -> None:
    """A forged second action is refused before anything is sent, by way of pyst2's methods too."""
    with pytest.raises(ValueError, match="AMI header Channel"):
        await manager.hangup("PJSIP/1\r\n\r\nAction: Command\r\nCommand: core stop now")
    with pytest.raises(ValueError, match="AMI header ActionID"):
        await manager.send_action({"Action": "Ping", "ActionID": "1\nAction: Command"})
    await manager.ping()
    assert ["Challenge", "Login", "Ping"] == pbx.names()
    assert list(manager._pending) == []


async def test_an_action_id_in_use_is_refused(pbx: FakePbx, manager: AsyncManager) -> None:
    """Two actions can't wait under one ActionID."""
    pbx.answers["Slow"] = silence
    first = asyncio.create_task(manager.send_action({"Action": "Slow", "ActionID": "7"}))
    await eventually(lambda: "Slow" in pbx.names(), "the first action")
    with pytest.raises(ValueError, match="'7' is in use"):
        await manager.send_action({"Action": "Ping", "ActionID": "7"})
    pbx.say(success({"ActionID": "7"}))
    await first


async def test_all_that_waits_fails_when_the_connection_is_lost(pbx: FakePbx, manager: AsyncManager) -> None:
    """Each caller hears that there is no connection, and why; so does one that comes later."""
    pbx.answers["Slow"] = silence
    waiting = [asyncio.create_task(manager.send_action({"Action": "Slow"})) for _ in range(3)]
    await eventually(lambda: pbx.names().count("Slow") == 3, "three actions")
    pbx.hang_up()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [AmiConnectionLost] * 3 == [type(outcome) for outcome in outcomes]
    assert "left without an answer" in str(outcomes[0])
    assert not manager.connected()
    with pytest.raises(AmiConnectionLost, match="is not connected, so Ping was not sent"):
        await manager.ping()
    assert isinstance(await manager.wait_ended(), AmiConnectionLost)


async def test_events_of_one_read_come_in_order_and_together(pbx: FakePbx) -> None:
    """One call for each read, events in the order they came."""
    batches: list[list[str]] = []
    manager = AsyncManager(
        pbx.settings(), wanted=["A"], on_events=lambda batch: batches.append([event.get("N") for event in batch])
    )
    await manager.connect()
    await manager.login()
    pbx.say(b"".join(message("Event: A", f"N: {number}") for number in range(200)))
    await eventually(lambda: sum(map(len, batches)) == 200, "two hundred events")
    assert [str(number) for number in range(200)] == [number for batch in batches for number in batch]
    assert len(batches) < 20
    assert manager.messages_received == 202
    await manager.close()


async def test_an_event_handler_that_fails_costs_no_connection(pbx: FakePbx) -> None:
    """A mistake over one read's events is logged; the next read is handled."""
    seen: list[str] = []

    def handler(batch: list[AmiEvent]) -> None:
        seen.extend(event.name for event in batch)
        if seen == ["Bad"]:
            raise RuntimeError("a mistake")

    manager = AsyncManager(pbx.settings(), on_events=handler)
    await manager.connect()
    await manager.login()
    pbx.say(message("Event: Bad"))
    await manager.ping()
    pbx.say(message("Event: Good"))
    await manager.ping()
    assert ["Bad", "Good"] == seen
    await manager.close()


async def test_closing_logs_off(pbx: FakePbx, manager: AsyncManager) -> None:
    """A closed manager has said goodbye, is not connected, and may be closed again."""
    await manager.close()
    await manager.close()
    assert pbx.names()[-1] == "Logoff"
    assert not manager.connected()


async def test_a_manager_that_was_never_connected_can_be_dropped() -> None:
    """Neither closing nor collecting one that did nothing does anything."""
    async with FakePbx() as pbx:
        manager = AsyncManager(pbx.settings(), on_events=ignore)
        with pytest.raises(AmiConnectionLost, match="not connected"):
            await manager.ping()
        await manager.close()
        del manager
        gc.collect()


async def test_pyst2_callbacks_are_refused(manager: AsyncManager) -> None:
    """There is one way to get events; the other says so and is not silently dead."""
    with pytest.raises(AmiError, match="on_events"):
        manager.register_event("Hangup", print)
    with pytest.raises(AmiError, match="on_events"):
        manager.unregister_event("Hangup", print)


async def test_a_manager_connects_once(manager: AsyncManager) -> None:
    """A second connect would leave the first one's answers nowhere to go."""
    with pytest.raises(AmiError, match="connects once"):
        await manager.connect()


def server_tls() -> ssl.SSLContext:
    """Return the fake PBX's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / "pbx.pem", CERTIFICATES / "pbx.key")
    return context


async def test_tls_with_the_authority_named() -> None:
    """With ``ca_file`` the PBX's certificate is verified, and AMI runs over it."""
    async with FakePbx(tls=server_tls()) as pbx:
        manager = AsyncManager(pbx.settings(tls=True, ca_file=str(CERTIFICATES / "ca.pem")), on_events=ignore)
        await manager.connect()
        await manager.login()
        assert (await manager.ping()).response == "Success"
        await manager.close()


async def test_tls_verifies_unless_told_not_to() -> None:
    """An unknown authority is refused in plain words; ``verify=False`` takes it."""
    async with FakePbx(tls=server_tls()) as pbx:
        with pytest.raises(AmiConnectionLost, match=r"certificate is not trusted .* ca_file"):
            await AsyncManager(pbx.settings(tls=True), on_events=ignore).connect()
        manager = AsyncManager(pbx.settings(tls=True, verify=False), on_events=ignore)
        await manager.connect()
        await manager.login()
        await manager.close()


async def test_a_ca_file_that_is_not_there_is_named(pbx: FakePbx) -> None:
    """A wrong path is a clear error, not a traceback."""
    with pytest.raises(AmiConnectionLost, match=r"can't read ca_file '/nowhere/ca.pem'"):
        await AsyncManager(pbx.settings(tls=True, ca_file="/nowhere/ca.pem"), on_events=ignore).connect()

"""One PBX over a real socket: connecting, taking stock, steps in order, losing it and coming back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from hub.config.pbx import PbxSection
from hub.domain.agent import DeviceState
from hub.telephony import link as link_module
from hub.telephony.agents import QueueBook
from hub.telephony.link import PbxLink
from hub.telephony.tracker import book
from tests.unit.telephony.ami.peer import SECRET, USERNAME, FakePbx, error, message, success
from tests.unit.telephony.tracker.replay import TRACES, read_trace
from tests.waiting import eventually

if TYPE_CHECKING:
    from hub.domain.call import Call, CallEvent
    from hub.domain.ports import PbxStatus

AGENTS = {"PJSIP/1001": "alice", "PJSIP/1002": "bob"}
CALL = [event.text for event in read_trace(TRACES / "queue-rrmemory-answered.ami")]


def listed(action: dict[str, str], *rows: tuple[str, ...]) -> bytes:
    """Return a list in answer to an action: each row an event with its headers."""
    action_id = f"ActionID: {action['ActionID']}"
    events = b"".join(message(f"Event: {row[0]}", action_id, *row[1:]) for row in rows)
    end = message(f"Event: {action['Action']}Complete", action_id, "EventList: Complete")
    return success(action, "EventList: start") + events + end


class Exchange(FakePbx):
    """A PBX that lists channels, bridges and queues; `channels` and `callers` are the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.channels: list[tuple[str, ...]] = []
        self.callers: list[tuple[str, ...]] = []
        self.meanwhile = b""
        self.answers |= {
            "CoreShowChannels": lambda action: self.meanwhile + listed(action, *self.channels),
            "BridgeList": listed,
            "QueueStatus": lambda action: listed(action, *self.callers),
        }

    def tell(self, *events: str) -> None:
        """Send these events, all in one write."""
        self.say("".join(f"{event}\r\n\r\n" for event in events).encode())


def channel_row(event: str, **changes: str) -> tuple[str, ...]:
    """Make a row of CoreShowChannels of an event's channel."""
    headers = dict(line.split(": ", 1) for line in event.split("\r\n") if ": " in line)
    names = ("Channel", "Uniqueid", "Linkedid", "ChannelState", "CallerIDNum", "CallerIDName")
    return ("CoreShowChannel", *(f"{name}: {changes.get(name, headers[name])}" for name in names))


class Hub:
    """A link with all that it told."""

    def __init__(self, pbx: FakePbx, queues: QueueBook | None = None) -> None:
        self.steps: list[CallEvent] = []
        self.arrivals: list[Call] = []
        self.statuses: list[PbxStatus] = []
        section = PbxSection(
            host="127.0.0.1",
            port=pbx.port,
            username=USERNAME,
            secret=SecretStr(SECRET),
            action_timeout_s=2,
            reconnect_min_s=0.01,
            reconnect_max_s=0.02,
            trunks=("PJSIP/trunk",),
        )
        self.link = PbxLink(
            "main",
            section,
            region="DE",
            agents_by_device=AGENTS,
            on_call_event=self.on_step,
            on_arrival=self.arrivals.append,
            on_status=self.statuses.append,
            queues=queues,
        )

    def on_step(self, step: CallEvent) -> None:
        """Keep a step."""
        self.steps.append(step)

    @property
    def kinds(self) -> list[str]:
        """Return the kinds of the steps so far."""
        return [str(step.kind) for step in self.steps]

    async def connected(self) -> None:
        """Wait until the link is in step."""
        await eventually(lambda: self.link.status().connected, what="the link is connected")


@pytest.fixture
async def pbx() -> AsyncIterator[Exchange]:
    """Run a PBX without calls."""
    async with Exchange() as running:
        yield running


@pytest.fixture
async def hub(pbx: Exchange) -> AsyncIterator[Hub]:
    """Run a link to that PBX."""
    running = Hub(pbx)
    await running.link.start()
    yield running
    await running.link.stop()


async def test_a_call_is_told_step_by_step(pbx: Exchange, hub: Hub) -> None:
    """What the PBX says becomes steps in order, and the call is live as long as it lasts."""
    await hub.connected()
    half = len(CALL) // 3
    pbx.tell(*CALL[:half])
    await eventually(lambda: len(hub.steps) >= 2)
    assert [hub.steps[0].call.id] == [call.id for call in hub.link.live_calls()]
    assert ["+498999998123"] == [call.caller.raw for call in hub.arrivals]
    pbx.tell(*CALL[half:])
    await eventually(lambda: len(hub.steps) >= 4)
    assert ["queued", "delivered", "established", "cleared"] == hub.kinds
    assert [] == list(hub.link.live_calls())
    assert hub.link.events_total >= len(CALL)


async def test_noise_is_cut_at_the_source(pbx: Exchange, hub: Hub) -> None:
    """The PBX is asked to leave out what nobody reads before events are switched on, and not what is needed."""
    await hub.connected()
    names = pbx.names()
    assert names.index("Filter") < names.index("Events") < names.index("CoreShowChannels")
    filters = " ".join(action["Filter"] for action in pbx.actions if action["Action"] == "Filter")
    assert "VarSet" in filters
    assert "Hangup[" not in filters


async def test_calls_that_are_there_at_the_start_are_found(pbx: Exchange, hub: Hub) -> None:
    """A caller who waits and a phone that rings while the hub comes up are told, as partial."""
    await hub.link.stop()
    caller = next(event for event in CALL if "Event: QueueCallerJoin" in event)
    phone = next(event for event in CALL if "Event: Newchannel" in event and "PJSIP/1001" in event)
    uid = dict(line.split(": ", 1) for line in caller.split("\r\n") if ": " in line)["Uniqueid"]
    pbx.channels = [(*channel_row(caller), "Duration: 00:01:05"), channel_row(phone, ChannelState="5")]
    pbx.callers = [("QueueEntry", "Queue: support", f"Uniqueid: {uid}", "Wait: 60")]
    before = len(hub.steps)
    await hub.link.start()
    await eventually(lambda: len(hub.steps) >= before + 2)
    [call] = hub.link.live_calls()
    assert call.partial
    assert frozenset({"alice"}) == call.alerting_agents
    assert timedelta(seconds=65) <= hub.steps[-1].time - call.started_at < timedelta(seconds=70)
    assert "support" == call.queue


async def test_events_during_the_stock_taking_come_after_it(pbx: Exchange) -> None:
    """What the PBX says while it lists its channels is held back, and none of it is lost."""
    pbx.meanwhile = "".join(f"{event}\r\n\r\n" for event in CALL).encode()
    hub = Hub(pbx)
    await hub.link.start()
    await hub.connected()
    await hub.link.stop()
    assert ["queued", "delivered", "established", "cleared"] == hub.kinds


async def test_a_call_that_ended_while_away_ends_unknown(pbx: Exchange, hub: Hub) -> None:
    """After the connection is back a call that is gone is cleared, once, and the status says both changes."""
    await hub.connected()
    pbx.tell(*CALL[: len(CALL) // 2])
    await eventually(lambda: "delivered" in hub.kinds)
    pbx.hang_up()
    await eventually(lambda: "cleared" in hub.kinds)
    assert 1 == hub.kinds.count("cleared")
    assert "unknown" == hub.steps[-1].cause
    await eventually(lambda: 3 == len(hub.statuses))
    assert [True, False, True] == [status.connected for status in hub.statuses]
    assert hub.statuses[1].reason


async def test_a_call_that_lasts_over_a_loss_is_not_told_again(pbx: Exchange, hub: Hub) -> None:
    """A call that is still there after the connection is back goes on as the same call."""
    await hub.connected()
    first = [event for event in CALL if "Event: Newchannel" in event or "Event: Newstate" in event][:4]
    pbx.channels = [channel_row(first[0]), channel_row(first[2], ChannelState="5")]
    pbx.tell(*first[:3], first[3])
    await eventually(lambda: ["delivered"] == hub.kinds)
    pbx.hang_up()
    await eventually(lambda: 3 == len(hub.statuses))
    assert ["delivered"] == hub.kinds
    assert 1 == len(hub.link.live_calls())


async def test_queues_are_listed_and_then_followed(pbx: Exchange) -> None:
    """Members come from the list, what was said meanwhile after it, and nothing is vouched for once it is lost."""
    row = ("QueueMember", "Queue: support", "Location: PJSIP/1001", "Status: 1", "Membership: static")
    pbx.callers = [("QueueParams", "Queue: support", "Strategy: rrmemory"), (*row, "Paused: 0")]
    pbx.answers["DeviceStateList"] = lambda action: listed(
        action, ("DeviceStateChange", "Device: PJSIP/1001", "State: INUSE")
    )
    pbx.meanwhile = message("Event: QueueMemberPause", *row[1:], "Paused: 1", "PausedReason: Lunch")
    book = QueueBook(pbx="main", agents_by_device=AGENTS)
    hub = Hub(pbx, queues=book)
    await hub.link.start()
    await hub.connected()
    assert [(True, "Lunch")] == [(place.is_paused, place.reason) for place in book.places_of("alice")]
    assert DeviceState.BUSY is book.device_state("PJSIP/1001")
    pbx.meanwhile = b""
    pbx.tell("\r\n".join(("Event: QueueMemberPause", *row[1:], "Paused: 0")))
    await eventually(lambda: not book.places_of("alice")[0].is_paused, what="the event after the list")
    await pbx.stop()
    await eventually(lambda: not hub.link.status().connected, what="the loss is seen")
    assert DeviceState.UNKNOWN is book.device_state("PJSIP/1001")
    assert () == tuple(book.queues())
    await hub.link.stop()


async def test_a_listener_that_fails_spoils_nothing(pbx: Exchange) -> None:
    """An exception from a listener is contained; the steps after it are told."""
    hub = Hub(pbx)
    told: list[str] = []

    def fail(step: CallEvent) -> None:
        told.append(str(step.kind))
        raise RuntimeError("no room")

    hub.link._on_call_event = fail
    await hub.link.start()
    await hub.connected()
    pbx.tell(*CALL)
    await eventually(lambda: 4 == len(told))
    assert hub.link.status().connected
    await hub.link.stop()


async def test_an_event_that_breaks_the_tracker_is_passed_over(
    pbx: Exchange, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the tracker fail on one event, the others are still read."""
    await hub.connected()
    feed = hub.link._tracker.feed

    def stumble(event: object, now: object) -> None:
        if getattr(event, "name", "") == "QueueCallerJoin":
            raise RuntimeError("a bug")
        feed(event, now)  # type: ignore[arg-type]  # handed through as it came

    monkeypatch.setattr(hub.link._tracker, "feed", stumble)
    pbx.tell(*CALL)
    await eventually(lambda: "cleared" in hub.kinds)
    assert ["delivered", "established", "cleared"] == hub.kinds


async def test_a_party_that_leaves_a_call_is_told_after_a_while(
    pbx: Exchange, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call that goes on without its agent says so though the PBX says nothing more."""
    monkeypatch.setattr(book, "SETTLE", timedelta(0))
    await hub.connected()
    agent_gone = [event for event in CALL if "Event: Hangup\r" in event and "PJSIP/1001" in event]
    pbx.tell(*[event for event in CALL if "Event: Hangup" not in event], *agent_gone)
    await eventually(lambda: "connection_cleared" in hub.kinds)
    assert ["alice"] == [s.connection.agent for s in hub.steps if s.kind == "connection_cleared" and s.connection]
    assert 1 == len(hub.link.live_calls())


async def test_a_user_without_the_right_to_list_is_told_what_is_missing(pbx: Exchange) -> None:
    """The status says what to change in manager.conf, and the link tries again."""
    pbx.answers["CoreShowChannels"] = lambda action: error(action, "Permission denied")
    hub = Hub(pbx)
    await hub.link.start()
    await eventually(lambda: bool(hub.statuses))
    await hub.link.stop()
    assert not hub.statuses[0].connected
    assert "write = system" in hub.statuses[0].reason
    assert SECRET not in hub.statuses[0].reason


async def test_a_pbx_without_queues_is_still_tracked(pbx: Exchange) -> None:
    """Where there is no app_queue and no bridge list, calls are followed all the same."""
    for action in ("QueueStatus", "BridgeList"):
        pbx.answers[action] = lambda asked: error(asked, "Invalid/unknown command")
    hub = Hub(pbx)
    await hub.link.start()
    await hub.connected()
    pbx.tell(*CALL)
    await eventually(lambda: "cleared" in hub.kinds)
    await hub.link.stop()


async def test_a_flood_while_taking_stock_is_bounded(pbx: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    """More events than may be held back end the connection, and the link begins anew."""
    monkeypatch.setattr(link_module, "MAX_HELD_EVENTS", 5)
    pbx.meanwhile = "".join(f"{event}\r\n\r\n" for event in CALL).encode()
    hub = Hub(pbx)
    await hub.link.start()
    await eventually(lambda: bool(hub.statuses))
    assert "more than 5 events" in hub.statuses[0].reason
    pbx.meanwhile = b""
    await hub.connected()
    await hub.link.stop()
    assert [] == hub.steps


async def test_a_pbx_met_while_it_starts_is_asked_again(pbx: Exchange) -> None:
    """Before its modules are there it has no queues; once it has booted, those who wait in them are known."""
    first = next(event for event in CALL if "Event: Newchannel" in event)
    pbx.answers["QueueStatus"] = lambda asked: error(asked, "Invalid/unknown command")
    hub = Hub(pbx)
    await hub.link.start()
    await hub.connected()
    assert [] == hub.steps
    uid = dict(line.split(": ", 1) for line in first.split("\r\n") if ": " in line)["Uniqueid"]
    pbx.channels = [channel_row(first, ChannelState="6")]
    pbx.callers = [("QueueEntry", "Queue: support", f"Uniqueid: {uid}", "Position: 1", "Wait: 3")]
    pbx.answers["QueueStatus"] = lambda asked: listed(asked, *pbx.callers)
    pbx.tell("Event: FullyBooted\r\nStatus: Fully Booted")
    await eventually(lambda: ["queued"] == hub.kinds)
    assert 1 == pbx.connections
    assert [True, True] == [status.connected for status in hub.statuses]
    await hub.link.stop()


async def test_a_variable_that_is_not_set_is_none(pbx: Exchange) -> None:
    """Action Status prints an unset variable as (null): that is no value, or every call would be recorded there."""
    first = next(event for event in CALL if "Event: Newchannel" in event)
    uid = dict(line.split(": ", 1) for line in first.split("\r\n") if ": " in line)["Uniqueid"]
    pbx.channels = [channel_row(first, ChannelState="6")]
    row = ("Status", f"Uniqueid: {uid}", "Variable: MIXMONITOR_FILENAME=(null)")
    pbx.answers["Status"] = lambda asked: listed(asked, row)
    hub = Hub(pbx)
    await hub.link.start()
    await hub.connected()
    assert "Status" in pbx.names()
    assert [()] == [call.recordings for call in hub.link.live_calls()]
    await hub.link.stop()


async def test_a_pbx_that_fails_when_asked_again_is_connected_anew(pbx: Exchange) -> None:
    """Nothing stays held back for ever."""
    hub = Hub(pbx)
    await hub.link.start()
    await hub.connected()
    works = pbx.answers["CoreShowChannels"]
    pbx.answers["CoreShowChannels"] = lambda asked: error(asked, "Permission denied")
    pbx.tell("Event: FullyBooted\r\nStatus: Fully Booted")
    await eventually(lambda: not hub.link.status().connected)
    pbx.answers["CoreShowChannels"] = works
    await hub.connected()
    pbx.tell(*CALL)
    await eventually(lambda: "cleared" in hub.kinds)
    await hub.link.stop()


async def test_the_status_before_connecting_says_so(pbx: Exchange) -> None:
    """A link that has not connected yet has a reason."""
    hub = Hub(pbx)
    status = hub.link.status()
    assert not status.connected
    assert "not connected yet" in status.reason


async def test_stopping_twice_and_without_a_start_is_fine(pbx: Exchange) -> None:
    """Stop is safe at any time, and logs off."""
    hub = Hub(pbx)
    await hub.link.stop()
    await hub.link.start()
    await hub.link.start()
    await hub.connected()
    await hub.link.stop()
    await hub.link.stop()
    assert 1 == pbx.connections
    await asyncio.sleep(0)
    assert "Logoff" in pbx.names()

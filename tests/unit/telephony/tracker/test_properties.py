"""Whatever order, whatever is missing, whatever comes twice: the tracker stays whole."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.domain.call import CallEventKind
from hub.telephony.ami.event import AmiEvent
from hub.telephony.tracker import WANTED_EVENTS
from tests.unit.telephony.tracker.replay import NOON, TRACES, Replay, read_trace

if TYPE_CHECKING:
    from hub.domain.call import Call

MANY = settings(
    max_examples=int(os.environ.get("CTIHUB_EXAMPLES") or "20"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
AGENTS = {"PJSIP/1001": "alice", "PJSIP/1002": "bob", "SIP/1001": "carol"}
_PREFIXES = (
    "Uniqueid",
    "DestUniqueid",
    "LocalOneUniqueid",
    "LocalTwoUniqueid",
    "TransfererUniqueid",
    "TransfereeUniqueid",
    "ParkeeUniqueid",
    "RetrieverUniqueid",
    "TargetUniqueid",
    "SpyeeUniqueid",
    "SpyerUniqueid",
    "SwapUniqueid",
)
_ABOUT = (*_PREFIXES, "OrigTransfererUniqueid", "SecondTransfererUniqueid")
VARIABLES = ("IVR_CHOICE", "CUSTOMER_ID")
_KEPT = (*VARIABLES, "MIXMONITOR_FILENAME")


def _synthetic() -> list[AmiEvent]:
    """Make a call with Local channels, hold, a blind and an attended transfer, and a name taken over."""

    def channel(uid: str, name: str, linkedid: str, state: int, prefix: str = "") -> dict[str, str]:
        return {
            f"{prefix}Channel": name,
            f"{prefix}Uniqueid": uid,
            f"{prefix}Linkedid": linkedid,
            f"{prefix}ChannelState": str(state),
            f"{prefix}CallerIDNum": "+4930123456",
        }

    caller = ("9.1", "PJSIP/trunk-00000001", "9.1")
    one = ("9.2", "Local/1001@agents-00000001;1", "9.1")
    two = ("9.3", "Local/1001@agents-00000001;2", "9.1")
    agent = ("9.4", "SIP/1001-00000002", "9.1")
    second = ("9.5", "SIP/1001-00000003", "9.5")
    target = ("9.6", "PJSIP/1002-00000004", "9.5")

    def event(name: str, who: tuple[str, str, str], state: int, **more: str) -> dict[str, str]:
        return {"Event": name, **channel(*who, state), **more}

    def dial(name: str, who: tuple[str, str, str], dest: tuple[str, str, str], **more: str) -> dict[str, str]:
        return {"Event": name, **channel(*who, 4), **channel(*dest, 0, "Dest"), **more}

    rows = [
        event("Newchannel", caller, 4),
        event("QueueCallerJoin", caller, 6, Queue="support"),
        event("Newchannel", one, 0),
        event("Newchannel", two, 4),
        {"Event": "LocalBridge", **channel(*one, 0, "LocalOne"), **channel(*two, 4, "LocalTwo")},
        dial("DialBegin", caller, one),
        event("Newchannel", agent, 0),
        dial("DialBegin", two, agent),
        event("Newstate", agent, 5),
        event("Newstate", agent, 6),
        dial("DialEnd", two, agent, DialStatus="ANSWER"),
        event("Newstate", one, 6),
        dial("DialEnd", caller, one, DialStatus="ANSWER"),
        event("QueueCallerLeave", caller, 6, Queue="support"),
        event("BridgeEnter", agent, 6, BridgeUniqueid="b1", BridgeTechnology="simple_bridge"),
        event("BridgeEnter", two, 6, BridgeUniqueid="b1", BridgeTechnology="simple_bridge"),
        event("BridgeEnter", one, 6, BridgeUniqueid="b2", BridgeTechnology="simple_bridge"),
        event("BridgeEnter", caller, 6, BridgeUniqueid="b2", BridgeTechnology="simple_bridge"),
        event("Hold", agent, 6),
        event("Newchannel", second, 4),
        event("Newchannel", target, 0),
        dial("DialBegin", second, target),
        event("Newstate", target, 5),
        event("Unhold", agent, 6),
        event("Rename", target, 5, Newname="SIP/1003-00000009"),
        event("Newstate", target, 6),
        event("BridgeEnter", second, 6, BridgeUniqueid="b3", BridgeTechnology="simple_bridge"),
        event("BridgeEnter", target, 6, BridgeUniqueid="b3", BridgeTechnology="simple_bridge"),
        {
            "Event": "AttendedTransfer",
            "Result": "Success",
            **channel(*agent, 6, "OrigTransferer"),
            **channel(*second, 6, "SecondTransferer"),
        },
        {
            "Event": "BlindTransfer",
            "Result": "Success",
            **channel(*target, 6, "Transferer"),
            **channel(*caller, 6, "Transferee"),
        },
        event("HangupRequest", caller, 6),
        *[event("BridgeLeave", who, 6, BridgeUniqueid=b) for who, b in ((agent, "b1"), (caller, "b2"))],
        *[event("Hangup", who, 6, Cause="16") for who in (caller, one, two, agent, second, target)],
    ]
    return [AmiEvent.from_mapping(row) for row in rows]


def _recorded() -> list[list[AmiEvent]]:
    wanted = set(WANTED_EVENTS)
    traces = [
        [e for e in read_trace(path) if e.name in wanted and (e.name != "VarSet" or e.get("Variable") in _KEPT)]
        for path in sorted(TRACES.glob("*.ami"))
    ]
    return [*traces, _synthetic()]


CALLS = _recorded()


def _owners(event: AmiEvent) -> list[str]:
    """Name the channels an event is about: it has its place in the order of one of them."""
    return [uid for header in _ABOUT if (uid := event.get(header))]


@st.composite
def disturbed(draw: st.DrawFn) -> list[AmiEvent]:
    """Draw some of the calls, mixed channel by channel, with events lost and repeated; no hangup is lost."""
    chosen = draw(st.lists(st.sampled_from(range(len(CALLS))), min_size=1, max_size=3, unique=True))
    random = draw(st.randoms(use_true_random=False))
    lost, repeated = draw(st.sampled_from([(0.0, 0.0), (0.1, 0.1), (0.5, 0.0), (0.0, 0.5)]))
    lines: dict[str, list[AmiEvent]] = {}
    for index in chosen:
        for event in CALLS[index]:
            if event.name == "Hangup" or random.random() >= lost:
                lines.setdefault(random.choice(_owners(event) or [""]), []).append(event)
    mixed: list[AmiEvent] = []
    while lines:
        key = random.choice(sorted(lines))
        mixed.append(lines[key].pop(0))
        if not lines[key]:
            del lines[key]
        if random.random() < repeated:
            mixed.append(random.choice(mixed))
    return mixed


def _times_in_order(call: Call) -> bool:
    spans = [
        (call.started_at, call.ended_at),
        (call.queued_at, call.left_queue_at),
        (call.started_at, call.answered_at),
    ]
    spans += [(visit.joined_at, visit.left_at) for visit in call.queue_visits]
    for connection in call.connections:
        spans += [
            (connection.initiated_at, connection.alerted_at),
            (connection.initiated_at, connection.connected_at),
            (connection.queued_at, connection.ended_at),
            (connection.held_at, connection.ended_at),
            (connection.alerted_at, connection.connected_at),
            (connection.connected_at, connection.ended_at),
            (connection.alerted_at, connection.ended_at),
        ]
    return all(begin <= end for begin, end in spans if begin is not None and end is not None)


@MANY
@given(events=disturbed(), jumps=st.lists(st.integers(-5, 5), min_size=1, max_size=20))
def test_no_order_and_no_loss_breaks_it(events: list[AmiEvent], jumps: list[int]) -> None:
    """Once all channels are hung up no call, channel or bridge is left; each call told of ended once, last."""
    replayed = Replay(AGENTS, ["PJSIP/trunk"], variables=VARIABLES, dtmf=True)
    now = NOON
    for number, event in enumerate(events):
        now += timedelta(seconds=jumps[number % len(jumps)])
        replayed.tracker.feed(event, now)
        replayed.tracker.live_calls()
    assert [] == list(replayed.tracker.live_calls())
    assert 0 == replayed.tracker.channel_count
    assert {} == replayed.tracker._graph._bridges
    assert {} == replayed.tracker._book._calls
    assert {} == replayed.tracker._book._by_linkedid
    for call_id in {step.call.id for step in replayed.steps}:
        kinds = [step.kind for step in replayed.steps if step.call.id == call_id]
        assert 1 == kinds.count(CallEventKind.CLEARED)
        assert kinds[-1] is CallEventKind.CLEARED
    assert all(_times_in_order(step.call) for step in replayed.steps)


_TEXT = st.text(st.characters(exclude_characters="\r\n\0", codec="utf-8"), max_size=30)
_UIDS = st.sampled_from(["1.1", "1.2", "1.3", "", "../../etc", "x" * 500])
_NAMES = st.sampled_from(["PJSIP/1001-1", "PJSIP/1002-7", "Local/a@b-1;2", ""])
_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys((*_ABOUT, "Linkedid", "DestLinkedid"), _UIDS),
        **dict.fromkeys(("SpyerChannel", "ParkeeChannel", "RetrieverChannel", "TargetChannel"), _NAMES),
        "DestType": st.sampled_from(["Bridge", "App", "Link", "Threeway", "Fail"]),
        "BridgeCreator": st.sampled_from(["AgentPool", "ConfBridge", "<unknown>"]),
        "BridgeNumChannels": st.sampled_from(["1", "3", "-1", "²", "9" * 50]),
        "UserEvent": st.sampled_from(["CtihubHold", "CtihubRetrieve", "CtihubMute", "CtihubMonitor", "CtihubTransfer"]),
        "Variable": st.sampled_from([*_KEPT, "__IVR_CHOICE", ""]) | _TEXT,
        "Parkinglot": st.sampled_from(["default", ""]) | _TEXT,
        **dict.fromkeys(("Value", "Conference", "Mode", "Kind", "To", "Device", "Digit", "Extension", "Agent"), _TEXT),
        **dict.fromkeys(("ChanVariable", "DestChanVariable", "DialString", "ParkerDialString", "Muted"), _TEXT),
        "State": st.sampled_from(["0", "1", ""]),
        "Channel": st.sampled_from(["PJSIP/1001-1", "Local/a@b-1;1", "", "-", "Message/x", "SIP/1001-2<MASQ>"]) | _TEXT,
        "DestChannel": st.sampled_from(["SIP/1001-1", "Local/a@b-1;2", ""]) | _TEXT,
        "Newname": st.sampled_from(["SIP/1001-2<MASQ>", "SIP/1001-2", "AsyncGoto/SIP/1001-2<ZOMBIE>"]) | _TEXT,
        "ChannelState": st.sampled_from(["0", "4", "5", "6", "99999999999", "²", "-1"]),
        "DestChannelState": st.sampled_from(["0", "5", "6"]),
        "DialStatus": st.sampled_from(["ANSWER", "CANCEL", "BUSY", "NOANSWER", "RINGING", "PROGRESS"]) | _TEXT,
        "BridgeUniqueid": st.sampled_from(["b1", "b2", ""]),
        "BridgeTechnology": st.sampled_from(["simple_bridge", "holding_bridge", ""]),
        "Result": st.sampled_from(["Success", "Fail"]),
        "Cause": st.sampled_from(["16", "26", "17", "99999999999999999999", "-5", "²"]),
        "Queue": _TEXT,
        "Forward": _TEXT,
        "CallerIDNum": _TEXT,
        "CallerIDName": _TEXT,
        "CID-CallingPres": _TEXT,
        "Exten": _TEXT,
    },
)


@MANY
@given(rows=st.lists(st.tuples(st.sampled_from(WANTED_EVENTS), _HEADERS), max_size=40))
def test_no_header_breaks_it(rows: list[tuple[str, dict[str, str]]]) -> None:
    """Events with any headers, or none, raise nothing; hanging up what is there leaves nothing."""
    replayed = Replay(AGENTS, ["PJSIP/trunk"], variables=VARIABLES, dtmf=True)
    replayed.feed(AmiEvent.from_mapping({"Event": name, **headers}) for name, headers in rows)
    replayed.feed(
        AmiEvent.from_mapping({"Event": "Hangup", "Uniqueid": channel.uid}) for channel in replayed.tracker._graph.all()
    )
    assert [] == list(replayed.tracker.live_calls())
    assert {} == replayed.tracker._graph._bridges
    assert {} == replayed.tracker._book._calls
    assert {} == replayed.tracker._book.handed_over
    assert all(step.call.id.isascii() and len(step.call.id) < 200 for step in replayed.steps)

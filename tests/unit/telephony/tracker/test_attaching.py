"""The hub may come upon calls at any moment: it ends up knowing what it would have known, or says `partial`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from hub.domain.call import CallEventKind
from hub.telephony.tracker import WANTED_EVENTS
from tests.scenarios.truth import AGENTS, TRUNKS
from tests.unit.telephony.tracker.pbx_model import PbxModel
from tests.unit.telephony.tracker.replay import (
    NOON,
    RECORDINGS,
    STEP,
    TRACES,
    Replay,
    read_recording,
    read_trace,
)
from tests.unit.telephony.tracker.test_recordings import AGENTS as AGENTS_OF_13
from tests.unit.telephony.tracker.test_recordings import TRUNK as TRUNK_OF_13

if TYPE_CHECKING:
    from hub.domain.call import Call
    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker import PbxSnapshot

VARIABLES = ("IVR_CHOICE", "CUSTOMER_ID")
SOURCES = [*sorted(RECORDINGS.rglob("*.json")), *sorted(TRACES.glob("*.ami"))]


class Whole(msgspec.Struct):
    """A recording seen from the start: its events, what the PBX lists before each, the calls that each ends."""

    events: list[AmiEvent]
    lists: list[PbxSnapshot]
    ended: list[tuple[int, Call]]


def watcher() -> Replay:
    """Make a tracker that has seen nothing."""
    return Replay(AGENTS_OF_13 | AGENTS, (TRUNK_OF_13, *TRUNKS), variables=VARIABLES)


def watched_whole(path: Path) -> Whole:
    """Watch a recording from the start."""
    recorded = read_recording(path) if path.suffix == ".json" else read_trace(path)
    events = [
        event
        for event in recorded
        if event.name in WANTED_EVENTS and (event.name != "VarSet" or event.get("Variable").lstrip("_") in VARIABLES)
    ]
    watching, model, whole = watcher(), PbxModel(VARIABLES), Whole(events, [], [])
    for index, event in enumerate(events):
        whole.lists.append(model.lists(watching.now))
        told = len(watching.steps)
        watching.feed([event])
        model.tell(event, watching.now)
        whole.ended += [(index, step.call) for step in watching.steps[told:] if step.kind is CallEventKind.CLEARED]
    return whole


def end_of(call: Call) -> tuple[object, ...]:
    """Return what is known of a call when it is over: how it went, who talked, for whom, waiting where."""
    talked = sorted(connection.device for connection in call.connections if connection.connected_at)
    numbers = (call.caller.raw, call.called.raw)
    return call.outcome, call.cause, talked, numbers, call.queue, call.variables


@pytest.mark.parametrize("has_lists", [True, False], ids=["listed", "unlisted"])
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_attaching_at_any_event_ends_alike_or_says_partial(path: Path, *, has_lists: bool) -> None:
    """With what the PBX lists then, or with nothing: each call told of ends once, none is left, and ends as it did."""
    whole = watched_whole(path)
    for start in range(len(whole.events)):
        attached = watcher()
        attached.now = NOON + start * STEP
        if has_lists:
            attached.tracker.resync(whole.lists[start], attached.now)
        attached.feed(whole.events[start:])
        assert [] == list(attached.tracker.live_calls()), start
        assert 0 == attached.tracker.channel_count, start
        ended = [step.call for step in attached.steps if step.kind is CallEventKind.CLEARED]
        assert sorted({step.call.id for step in attached.steps}) == sorted(call.id for call in ended), start
        for call_id in {call.id for call in ended}:
            kinds = [step.kind for step in attached.steps if step.call.id == call_id]
            assert kinds.index(CallEventKind.CLEARED) == len(kinds) - 1, start
        expected = {call.id: end_of(call) for index, call in whole.ended if index >= start}
        seen_whole = {call.id: end_of(call) for call in ended if not call.partial}
        assert {call_id: expected.get(call_id) for call_id in seen_whole} == seen_whole, start


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_lists_taken_at_any_event_change_nothing_for_who_watched(path: Path) -> None:
    """A hub that loses its connection for a moment, and no event, tells what it would have told."""
    whole = watched_whole(path)
    undisturbed = watcher().feed(whole.events).table()
    for start in range(0, len(whole.events), 3):
        disturbed = watcher().feed(whole.events[:start])
        disturbed.tracker.resync(whole.lists[start], disturbed.now)
        disturbed.feed(whole.events[start:])
        assert undisturbed == disturbed.table(), start

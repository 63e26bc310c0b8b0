"""Replays recordings through a tracker and writes what came out as a table, one line a step."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hub.domain.call import CallEvent
from hub.telephony.ami.wire import AmiParser
from hub.telephony.tracker import CallTracker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hub.telephony.ami.event import AmiEvent

ROOT = Path(__file__).resolve().parents[4]
TRACES = ROOT / "tests" / "scenarios" / "traces"
RECORDINGS = Path(os.environ.get("CTIHUB_RECORDINGS") or ROOT.parent / "shared" / "recordings")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
STEP = timedelta(milliseconds=10)


class Replay:
    """A tracker with what it gave out; each event is fed 10 ms after the one before."""

    def __init__(
        self,
        agents_by_device: Mapping[str, str],
        trunks: Iterable[str] = (),
        region: str = "DE",
        *,
        variables: Iterable[str] = (),
        dtmf: bool = False,
    ) -> None:
        self.steps: list[CallEvent] = []
        self.arrivals: list[str] = []
        self.now = NOON
        self.tracker = CallTracker(
            pbx="main",
            region=region,
            agents_by_device=agents_by_device,
            trunks=trunks,
            variables=variables,
            dtmf=dtmf,
            on_event=self.steps.append,
            on_arrival=lambda call: self.arrivals.append(call.caller.raw),
        )

    def feed(self, events: Iterable[AmiEvent]) -> Replay:
        for event in events:
            self.now += STEP
            self.tracker.feed(event, self.now)
        return self

    def table(self) -> list[str]:
        """Return what was told, a line a step."""
        return table_of(self.steps)


def table_of(steps: Sequence[CallEvent]) -> list[str]:
    """Return the steps as `kind device-or-agent cause`, `cleared outcome cause`; a second call's with `2:`."""
    ids = list(dict.fromkeys(step.call.id for step in steps))
    return [_line(step, ids.index(step.call.id) + 1) for step in steps]


def _line(step: CallEvent, number: int) -> str:
    words = [str(step.kind)]
    if step.connection:
        words.append(step.connection.agent or step.connection.device)
    if step.call.outcome:
        words.append(str(step.call.outcome))
    if step.cause:
        words.append(str(step.cause))
    return " ".join(words) if number == 1 else f"{number}: {' '.join(words)}"


def read_trace(path: Path) -> list[AmiEvent]:
    """Return the events of a raw AMI trace."""
    parser = AmiParser()
    data = path.read_bytes()
    if not data.startswith(b"Asterisk Call Manager"):
        data = b"Asterisk Call Manager/9.0.0\r\n" + data
    return parser.feed(data)[0]


def read_recording(path: Path) -> list[AmiEvent]:
    """Return the events of a recording: an array of flat objects, header to value."""
    from hub.telephony.ami.event import AmiEvent

    return [
        AmiEvent.from_mapping({header: value for header, value in headers.items() if header != "content"})
        for headers in json.loads(path.read_text("utf-8"))
    ]

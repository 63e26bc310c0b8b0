"""What is to be told of each recorded call: a story above, the steps below, in one file beside the trace.

`traces/NAME.txt` holds what happened in words, a blank line, and each step that has to be told, indented:

    Max calls Alice, who sends him to a queue with her phone; Bob answers there and hangs up.

        delivered alice
        established alice
        transferred alice blind 8100
        queued PJSIP/trunk support
        delivered bob
        established bob
        cleared answered normal_clearing

A step is its kind and the agent's or the device's name, and then what differs from kind to kind: the queue, the
parking place or the room; kind and target of a transfer; whether a microphone is off; the outcome; the cause.
The steps of a second call begin with `2: `.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hub.domain.call import CallEvent, CallEventKind, Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

TRACES = Path(__file__).with_name("traces")
INDENT = "    "

AGENTS = {
    "PJSIP/1001": "alice",
    "PJSIP/1002": "bob",
    "PJSIP/1003": "chen",
    "PJSIP/1004": "dora",
    "PJSIP/alice-desk.1": "alice",
    "PJSIP/Bob_B": "bob",
    "PJSIP/CHEN-2": "chen",
}
"""Whose the phones are, on every site."""
TRUNKS = ("PJSIP/trunk", "PJSIP/trunk-1")


@dataclass(frozen=True)
class Truth:
    """What happened, in words and as the steps to be told."""

    story: str
    told: list[str]


def truth_of(name: str) -> Truth:
    """Read what is written of that trace."""
    return read_truth(TRACES / f"{name}.txt")


def read_truth(path: Path) -> Truth:
    """Read what `write_truth` wrote, and somebody added to."""
    lines = path.read_text().splitlines()
    told = [line.strip() for line in lines if line.startswith(INDENT)]
    story = "\n".join(line for line in lines if not line.startswith(INDENT))
    return Truth(story.strip(), told)


def write_truth(path: Path, truth: Truth) -> None:
    """Write it as `read_truth` reads it."""
    table = "".join(f"{INDENT}{line}\n" for line in truth.told)
    path.write_text(f"{truth.story}\n\n{table}" if table else f"{truth.story}\n")


def told(steps: Sequence[CallEvent]) -> list[str]:
    """Return what was told, a line a step."""
    ids = list(dict.fromkeys(step.call.id for step in steps))
    return [_line(step, ids.index(step.call.id) + 1) for step in steps]


def _line(step: CallEvent, number: int) -> str:
    who = [step.connection.agent or step.connection.device] if step.connection else []
    outcome = [str(step.call.outcome)] if step.call.outcome else []
    line = " ".join([str(step.kind), *who, *_detail(step), *outcome, *_cause(step)])
    return line if number == 1 else f"{number}: {line}"


def _detail(step: CallEvent) -> list[str]:
    call, kind = step.call, step.kind
    if kind is CallEventKind.QUEUED:
        return [call.parked if step.cause is Cause.PARKED else call.queue or ""]
    if kind is CallEventKind.TRANSFERRED and call.transfers:
        return [str(call.transfers[-1].kind), call.transfers[-1].to]
    if kind is CallEventKind.CONFERENCED and call.conference:
        return [call.conference]
    if kind is CallEventKind.CALL_INFORMATION and step.connection:
        return ["muted" if step.connection.is_muted else "heard"]
    return [step.digit] if step.digit else []


def _cause(step: CallEvent) -> list[str]:
    # That a transfer's cause is a transfer goes without saying.
    known = step.kind is CallEventKind.TRANSFERRED and step.cause is Cause.TRANSFERRED
    return [str(step.cause)] if step.cause and not known else []


def same_but_for_ties(expected: Sequence[str], actual: Sequence[str]) -> bool:
    """Whether these are the same steps, phones that act at the same moment being told in either order.

    The first and the last step are at their places, and the steps of each party are in order.
    """
    if sorted(expected) != sorted(actual):
        return False
    parties = {_party(line) for line in expected}
    return [*expected[:1], *expected[-1:]] == [*actual[:1], *actual[-1:]] and all(
        [line for line in expected if _party(line) == party] == [line for line in actual if _party(line) == party]
        for party in parties
    )


def _party(line: str) -> str:
    words = line.split(" ")
    return " ".join([words[0], words[2]] if words[0].endswith(":") else words[1:2])

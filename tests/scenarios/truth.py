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

A step is its kind and the agent's or the device's name, and then what differs from kind to kind: the queue or the
parking place; kind and target (as it was dialled) of a transfer; the room of a conference; what is newly known of the
call; the outcome; the cause. The steps of a second call begin with `2: `.

Traces whose names begin with a16- are of Asterisk 16, with a16-sip- of its phones on chan_sip; the others of 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from hub.domain.call import Call, CallEvent, CallEventKind, Cause, RecordingState

if TYPE_CHECKING:
    from collections.abc import Sequence

TRACES = Path(__file__).with_name("traces")
INDENT = "    "

_OWNERS = {
    "1001": "alice",
    "1002": "bob",
    "1003": "chen",
    "1004": "dora",
    "alice-desk.1": "alice",
    "Bob_B": "bob",
    "CHEN-2": "chen",
}
AGENTS = {f"{technology}/{name}": agent for technology in ("PJSIP", "SIP") for name, agent in _OWNERS.items()}
"""Whose the phones are, on every site, with PJSIP and with chan_sip."""
TRUNKS = ("PJSIP/trunk", "PJSIP/trunk-1", "SIP/trunk")


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
    latest: dict[str, Call] = {}
    lines = []
    for step in steps:
        words = [str(step.kind), *_what(step, latest.get(step.call.id))]
        latest[step.call.id] = step.call
        number = ids.index(step.call.id) + 1
        lines.append(" ".join(words if number == 1 else [f"{number}:", *words]))
    return lines


def _what(step: CallEvent, before: Call | None) -> list[str]:
    who = [step.connection.agent or step.connection.device] if step.connection else []
    why = [str(step.cause)] if step.cause else []
    if step.kind is CallEventKind.CALL_INFORMATION:
        return _change(step, before) or [*who, *why]
    if step.kind is CallEventKind.TRANSFERRED and step.cause is Cause.TRANSFERRED:
        why = []  # goes without saying
    return [*who, *_detail(step), *why]


def _detail(step: CallEvent) -> list[str]:
    call = step.call
    words: list[str] = []
    match step.kind:
        case CallEventKind.QUEUED:
            words = [call.parked if step.cause is Cause.PARKED else call.queue or ""]
        case CallEventKind.TRANSFERRED if call.transfers:
            words = [str(call.transfers[-1].kind), call.transfers[-1].to]
        case CallEventKind.CONFERENCED if call.conference:
            words = [call.conference]
        case CallEventKind.CLEARED:
            words = [str(call.outcome)]
        case CallEventKind.DTMF:
            words = [step.digit]
    return words


def _change(step: CallEvent, before: Call | None) -> list[str]:
    """Return what is known now of the call and was not before."""
    call = step.call
    if call.conference != (before.conference if before else ""):
        return ["room", call.conference or "left"]
    if call.recording is not (before.recording if before else RecordingState.OFF):
        return ["recording", str(call.recording)]
    if call.variables != (before.variables if before else {}):
        return [f"{name}={value}" for name, value in sorted(call.variables.items())]
    muted = {connection.id: connection.is_muted for connection in before.connections} if before else {}
    one = step.connection
    if one and one.is_muted != muted.get(one.id, False):
        return [one.agent or one.device, "muted" if one.is_muted else "heard"]
    return []


def same_but_for_ties(expected: Sequence[str], actual: Sequence[str]) -> bool:
    """Whether these are the same steps, phones that act at the same moment being told in either order.

    The phones that ring first are the same ones, the last step is at its place, each party's steps are in order.
    """
    if sorted(expected) != sorted(actual):
        return False
    parties = {_party(line) for line in expected}
    return (
        _first_told(expected) == _first_told(actual)
        and expected[-1:] == actual[-1:]
        and all(
            [line for line in expected if _party(line) == party] == [line for line in actual if _party(line) == party]
            for party in parties
        )
    )


def _first_told(lines: Sequence[str]) -> list[str]:
    """Return the first step, or all the phones that ring with it: which of those is told first is chance."""
    ringing = list(takewhile(lambda line: line.startswith("delivered "), lines))
    return sorted(ringing) or list(lines[:1])


def _party(line: str) -> str:
    words = line.split(" ")
    return " ".join([words[0], words[2]] if words[0].endswith(":") else words[1:2])

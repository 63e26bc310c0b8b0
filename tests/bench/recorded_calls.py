"""A recorded call as many calls: the same bytes, with the names that Asterisk gives out made anew each time."""

from __future__ import annotations

import re
from pathlib import Path

TRACE = Path(__file__).parents[1] / "scenarios" / "traces" / "queue-rrmemory-answered.ami"

NOT_SENT_TO_THE_HUB = ("VarSet", "Newexten", "TestEvent")
"""Events that the hub's account is spared by filters in Asterisk."""

_CALLER = rb"(?<=CallerIDNum: )\+\d{9,14}|(?<=ConnectedLineNum: )\+\d{9,14}"
_GIVEN_OUT = re.compile(
    rb"(?P<uid>[\w-]+-\d{10}\.\d+)"
    rb"|(?P<channel>(?<=-)[0-9a-f]{8}(?=[\r;]))"
    rb"|(?P<bridge>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
    rb"|(?P<caller>" + _CALLER + rb")"
)
_UIDS_PER_CALL = 16


class RecordedCall:
    """One recorded call, to be had in as many copies as needed."""

    def __init__(self, recording: bytes) -> None:
        self._pieces: list[bytes] = []
        self._names: list[tuple[str, bytes]] = []
        self.events = recording.count(b"\r\n\r\n")
        position = 0
        for match in _GIVEN_OUT.finditer(recording):
            self._pieces.append(recording[position : match.start()])
            self._names.append((str(match.lastgroup), match[0]))
            position = match.end()
        self._end = recording[position:]

    @classmethod
    def load(cls, path: Path = TRACE, *, without: tuple[str, ...] = ()) -> RecordedCall:
        """Read a trace, leaving out the events named in `without`."""
        messages = path.read_bytes().split(b"\r\n\r\n")
        unwanted = {f"Event: {name}".encode() for name in without}
        kept = [message for message in messages if message and message.partition(b"\r\n")[0] not in unwanted]
        return cls(b"".join(message + b"\r\n\r\n" for message in kept))

    def copies(self, count: int, *, own_callers: bool = False) -> bytes:
        """Return the calls one after the other; with `own_callers` each comes from a number of its own."""
        return b"".join(self.copy(number, own_callers=own_callers) for number in range(count))

    def copy(self, number: int, *, own_callers: bool = False) -> bytes:
        """Return the call as the one with that number, its names its own."""
        made: dict[bytes, bytes] = {}
        out: list[bytes] = []
        for piece, (kind, name) in zip(self._pieces, self._names, strict=True):
            new = made.get(name)
            if new is None:
                new = made[name] = _renamed(kind, name, number, own_callers=own_callers)
            out += (piece, new)
        out.append(self._end)
        return b"".join(out)


def _renamed(kind: str, name: bytes, number: int, *, own_callers: bool) -> bytes:
    if kind == "uid":
        stem, _, serial = name.rpartition(b".")
        return b"%s.%d" % (stem, number * _UIDS_PER_CALL + int(serial))
    if kind == "channel":
        return b"%08x" % (number * _UIDS_PER_CALL + int(name, 16))
    if kind == "bridge":
        return name[:24] + b"%012x" % number
    return name[:-4] + b"%04d" % (number % 10_000) if own_callers else name

"""AMI's bytes to messages. Pure: fed with what was read, it says what is complete; it never does I/O.

A busy PBX sends far more than anyone wants to know, so a message is cut out, its event name looked up, and
unless the name is wanted nothing else is done with it.

Text is UTF-8. A line that is not is read as Windows-1252, which is what such phone systems mean nearly
always, with ``\\x81`` and the like for the five bytes that it lacks: always printable, always valid JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.telephony.ami import follows
from hub.telephony.ami.errors import AmiProtocolError
from hub.telephony.ami.event import LINE_END, AmiEvent, AmiReply

if TYPE_CHECKING:
    from collections.abc import Iterable

_GREETING = b"Asterisk Call Manager"
_GREETING_LIMIT = 256
_MESSAGE_END = b"\r\n\r\n"
_ACTION_ID = b"\r\nActionID: "
_NAMES_REMEMBERED = 4096
_SHOWN_OF_GARBAGE = 40


class AmiParser:
    """Cuts one connection's bytes into messages.

    ``wanted`` are the event names to report, ``None`` for all. ``feed`` raises :class:`AmiProtocolError`
    for what is not AMI and for what passes a limit; the connection is of no use after that.
    """

    def __init__(
        self,
        wanted: Iterable[str] | None = None,
        *,
        max_message_bytes: int = 1024 * 1024,
        max_list_events: int = 100_000,
    ) -> None:
        self.greeting = ""
        self.messages = 0
        self._wanted = None if wanted is None else frozenset(wanted)
        # First line of an event to its name, or to "" where the event is not wanted.
        self._names = {f"Event: {name}".encode(): name for name in self._wanted or ()}
        self._max_message_bytes = max_message_bytes
        self._max_list_events = max_list_events
        self._expected: set[str] = set()
        self._lists: dict[bytes, AmiReply] = {}
        self._unfinished = bytearray()
        self._bare_newlines = False
        self._output = bytearray()

    def expect(self, action_id: str) -> None:
        """Say that this action was sent, so that a list that answers it is gathered."""
        self._expected.add(action_id)

    def forget(self, action_id: str) -> None:
        """Say that nobody waits for this action any more."""
        self._expected.discard(action_id)
        self._lists.pop(action_id.encode(), None)

    def feed(self, data: bytes) -> tuple[list[AmiEvent], list[AmiReply]]:
        """Take what was read; return the wanted events and the replies that it completes, each in order."""
        if not self.greeting:
            data = self._greet(data)
        if self._bare_newlines:
            data = _with_line_ends(data)
        if self._unfinished:
            seam = bytes(self._unfinished[-3:])
            self._unfinished += data
            if _MESSAGE_END not in seam + data:
                self._check_unfinished()
                return [], []
            data = bytes(self._unfinished)
            self._unfinished = bytearray()
        parts = data.split(_MESSAGE_END)
        self._unfinished += parts.pop()
        if len(data) > self._max_message_bytes:
            self._check_sizes(parts)
        events, replies = self._read(parts)
        if self._unfinished and self._check_unfinished():
            rest, self._unfinished = bytes(self._unfinished), bytearray()
            more_events, more_replies = self.feed(rest)
            events += more_events
            replies += more_replies
        return events, replies

    def _read(self, parts: list[bytes]) -> tuple[list[AmiEvent], list[AmiReply]]:
        events: list[AmiEvent] = []
        replies: list[AmiReply] = []
        names, lists, output = self._names, self._lists, self._output
        self.messages += len(parts)
        for part in parts:
            if (lists and self._gather(part, replies)) or output:
                if output:
                    self._continue_output(part, replies)
                continue
            name = names.get(part.partition(b"\r")[0])
            if name:
                try:
                    events.append(AmiEvent(part.decode(), name))
                except UnicodeDecodeError:
                    events.append(AmiEvent(readable(part), name))
            elif name is None:
                self._read_unusual(part, events, replies)
        return events, replies

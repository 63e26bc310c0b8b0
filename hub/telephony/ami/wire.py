"""AMI's bytes to messages. Pure: fed with what was read, it says what is complete; it never does I/O.

A busy PBX sends far more than anyone wants to know, so a message is cut out, its event name looked up, and
unless the name is wanted nothing else is done with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.telephony.ami.command_output import COMMAND_END, FOLLOWS, as_output_headers
from hub.telephony.ami.errors import AmiProtocolError
from hub.telephony.ami.event import AmiEvent, AmiReply
from hub.telephony.ami.text import readable

if TYPE_CHECKING:
    from collections.abc import Iterable

_GREETING = b"Asterisk Call Manager"
_GREETING_LIMIT = 256
_MESSAGE_END = b"\r\n\r\n"
_SET = "VarSet"
_VARIABLE = b"\r\nVariable: "
_ACTION_ID = b"\r\nActionID: "
_NAMES_REMEMBERED = 4096
_SHOWN_OF_GARBAGE = 40
_CARRIAGE_RETURN = 0x0D
_FIRST_LINE = 4096


class AmiParser:
    """Cuts one connection's bytes into messages.

    ``wanted`` are the event names to report, ``None`` for all. Of VarSet, the event that a PBX says most, those of
    ``variables`` are reported, whether or not they are to be inherited; ``None`` for all. ``feed`` raises
    :class:`AmiProtocolError` for a greeting that is not AMI's and for what passes a limit; the connection is of no
    use after that.

    Asterisk passes on a caller's number and name as SIP brought them, line breaks included, so a value may hold
    an empty line and with it the end of its message. What follows begins with neither ``Event`` nor ``Response``:
    it is joined to its event again, for one caller must not cost everyone the connection. ``torn`` counts these.
    """

    def __init__(
        self,
        wanted: Iterable[str] | None = None,
        *,
        variables: Iterable[str] | None = None,
        max_message_bytes: int = 1024 * 1024,
        max_list_events: int = 100_000,
    ) -> None:
        self.greeting = ""
        self.messages = 0
        self.torn = 0
        self._wanted = None if wanted is None else frozenset(wanted)
        self._variables = None if variables is None else frozenset(name.encode() for name in variables)
        self._may_set = True
        # First line of an event to its name, or to "" where nobody wants the event.
        self._names = {f"Event: {name}".encode(): name for name in self._wanted or ()}
        self._max_message_bytes = max_message_bytes
        self._max_list_events = max_list_events
        self._expected: set[str] = set()
        self._lists: dict[bytes, AmiReply] = {}
        self._listed: AmiEvent | None = None
        self._output = bytearray()
        self._unfinished = bytearray()
        self._bare_newlines = False

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
            self._unfinished += data
            if not self._read_greeting():
                return [], []
            data = self._take_unfinished()
        if self._bare_newlines:
            data = _with_carriage_returns(data)
        if self._unfinished:
            seam = bytes(self._unfinished[1 - len(_MESSAGE_END) :])
            self._unfinished += data
            if _MESSAGE_END not in seam + data:
                return self._look_at_unfinished()
            data = self._take_unfinished()
        return self._cut(data)

    def _cut(self, data: bytes) -> tuple[list[AmiEvent], list[AmiReply]]:
        # Most reads name none of the variables that are wanted: their VarSets need no look.
        self._may_set = self._variables is None or any(name in data for name in self._variables)
        parts = data.split(_MESSAGE_END)
        rest = parts.pop()
        if len(data) > self._max_message_bytes and max(map(len, parts), default=0) > self._max_message_bytes:
            raise self._too_long()
        events, replies = self._read(parts)
        if rest:
            self._unfinished += rest
            more_events, more_replies = self._look_at_unfinished()
            events += more_events
            replies += more_replies
        return events, replies

    def _look_at_unfinished(self) -> tuple[list[AmiEvent], list[AmiReply]]:
        """Hold a message that has not ended to the limit; find out that its end is a bare newline, too."""
        self._check_size(len(self._unfinished))
        if self._bare_newlines or self._output or not _starts_with_bare_newline(self._unfinished):
            return [], []
        self._bare_newlines = True
        return self._cut(_with_carriage_returns(self._take_unfinished()))

    def _read(self, parts: list[bytes]) -> tuple[list[AmiEvent], list[AmiReply]]:
        events: list[AmiEvent] = []
        replies: list[AmiReply] = []
        names, lists, output, may_set = self._names, self._lists, self._output, self._may_set
        self.messages += len(parts)
        before: AmiEvent | None = None
        for part in parts:
            if (lists or output) and self._belongs_to_reply(part, replies):
                before = self._listed
                continue
            name = names.get(part.partition(b"\r")[0])
            if name:
                if name == _SET and not (may_set and self._is_kept(part)):
                    before = None
                    continue
                try:
                    before = AmiEvent(part.decode(), name)
                except UnicodeDecodeError:
                    before = AmiEvent(readable(part), name)
                events.append(before)
            elif name is None:
                before = self._read_unusual(part, events, replies, before)
            else:
                before = None
        return events, replies

    def _is_kept(self, part: bytes) -> bool:
        """Whether this VarSet is of a variable that somebody wants."""
        if self._variables is None:
            return True
        name = part.partition(_VARIABLE)[2].partition(b"\r")[0]
        return name in self._variables or name.lstrip(b"_") in self._variables

    def _read_unusual(
        self, part: bytes, events: list[AmiEvent], replies: list[AmiReply], before: AmiEvent | None
    ) -> AmiEvent | None:
        """Read a reply, an event with a name not seen before, the rest of `before`, or an empty line too many.

        Return the event that the next part would be the rest of.
        """
        part = part.lstrip(b"\r\n")
        if part.startswith(b"Event:"):
            first_line = part.partition(b"\r")[0]
            name = readable(first_line.removeprefix(b"Event:")).strip()
            is_wanted = self._wanted is None or name in self._wanted
            if name == _SET and not self._is_kept(part):
                return None
            if len(self._names) < _NAMES_REMEMBERED:
                self._names[first_line] = name if is_wanted else ""
            if not is_wanted:
                return None
            events.append(AmiEvent(readable(part), name))
            return events[-1]
        if part.startswith(FOLLOWS) and COMMAND_END not in part:
            self._output += part
        elif part.startswith(b"Response:"):
            self._read_reply(AmiReply(as_output_headers(readable(part))), replies)
        else:
            self.torn += bool(part)
            if part and before is not None:
                before.text += f"\r\n{readable(part)}"
            return before
        return None

    def _read_reply(self, reply: AmiReply, replies: list[AmiReply]) -> None:
        action_id = reply.action_id
        if action_id in self._expected and reply.get("EventList").lower() == "start":
            reply.events = []
            self._lists[action_id.encode()] = reply
        else:
            self._expected.discard(action_id)
            replies.append(reply)

    def _belongs_to_reply(self, part: bytes, replies: list[AmiReply]) -> bool:
        """Add the part to the command output or the action list that is under way and that it belongs to."""
        if self._output:
            self._output += _MESSAGE_END + part
            self._check_size(len(self._output))
            if COMMAND_END in part:
                whole = bytes(self._output)
                self._output.clear()
                self._read_unusual(whole, [], replies, None)
            self._listed = None
            return True
        action_id = part.partition(_ACTION_ID)[2].partition(b"\r")[0]
        reply = self._lists.get(action_id)
        if reply is None or not part.startswith(b"Event:"):
            return False
        text = readable(part)
        event = self._listed = AmiEvent(text, text.partition("\r")[0].removeprefix("Event:").strip())
        end = event.get("EventList").lower()
        if end in ("complete", "cancelled"):
            reply.list_cancelled = end == "cancelled"
            self.forget(reply.action_id)
            replies.append(reply)
        elif len(reply.events) < self._max_list_events:
            reply.events.append(event)
        else:
            raise AmiProtocolError(f"a list passed the limit of {self._max_list_events} events")
        return True

    def _read_greeting(self) -> bool:
        line, end, rest = bytes(self._unfinished).partition(b"\n")
        if line[: len(_GREETING)] != _GREETING[: len(line)] or len(line) > _GREETING_LIMIT:
            raise AmiProtocolError(f"the greeting was {_shown(line)} where AMI says {_GREETING.decode()!r}")
        if not end:
            return False
        self.greeting = readable(line).strip()
        self._unfinished = bytearray(rest)
        return True

    def _take_unfinished(self) -> bytes:
        data = bytes(self._unfinished)
        self._unfinished = bytearray()
        return data

    def _check_size(self, size: int) -> None:
        if size > self._max_message_bytes:
            raise self._too_long()

    def _too_long(self) -> AmiProtocolError:
        return AmiProtocolError(f"a message passed the limit of {self._max_message_bytes} bytes")


def _with_carriage_returns(data: bytes) -> bytes:
    return data.replace(b"\r", b"").replace(b"\n", b"\r\n")


def _starts_with_bare_newline(data: bytearray) -> bool:
    newline = data.find(b"\n", 0, _FIRST_LINE)
    return newline == 0 or (newline > 0 and data[newline - 1] != _CARRIAGE_RETURN)


def _shown(data: bytes) -> str:
    return repr(readable(data[:_SHOWN_OF_GARBAGE]))

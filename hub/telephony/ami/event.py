"""What AMI says: one event, or the reply to one action.

A message keeps the text it came as and looks a header up when somebody asks for it. On recorded calls
splitting all lines into a dict costs as much as twelve such look-ups, and a reader wants three or four of
the twenty headers.

Header names are matched as written, case included. A value is everything after ``": "``, further blanks
included, as Asterisk sends it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LINE_END = "\r\n"
_FORBIDDEN = ("\r", "\n", "\0")


class _Needles(dict[str, str]):
    """Header name to what a line that carries it starts with, built once for each name."""

    def __missing__(self, header: str) -> str:
        needle = self[header] = f"{LINE_END}{header}: "
        return needle


_NEEDLES = _Needles()


class AmiMessage(msgspec.Struct, gc=False):
    """The headers of one message; ``text`` is its lines joined by CR LF, without the closing blank line."""

    text: str

    def get(self, header: str, default: str = "") -> str:
        """Value of the first line with this header, ``default`` where there is none."""
        _, found, rest = self.text.partition(_NEEDLES[header])
        return rest.partition(LINE_END)[0] if found else self._unusual(header, default)

    def _unusual(self, header: str, default: str) -> str:
        # The first line has no line end before it, and is one of these two.
        if header in ("Event", "Response") and self.text.startswith(f"{header}:"):
            return self.text.partition(LINE_END)[0].partition(":")[2].removeprefix(" ")
        # Asterisk always writes the blank; some that speak like it leave it out.
        _, found, rest = self.text.partition(_NEEDLES[header][:-1])
        return rest.partition(LINE_END)[0] if found else default

    def all(self, header: str) -> list[str]:
        """Values of every line with this header, in order: ``Output``, ``Variable`` and their like repeat."""
        return [value for name, value in self.items() if name == header]

    def items(self) -> Iterator[tuple[str, str]]:
        """Every line as header and value, in order; a line without a colon is a header without a value."""
        for line in self.text.split(LINE_END):
            name, _, value = line.partition(":")
            yield name, value.removeprefix(" ")


class AmiEvent(AmiMessage, gc=False):
    """One event. ``name`` is the value of its first line, ``Event``."""

    name: str

    def __repr__(self) -> str:
        return f"AmiEvent({self.name!r})"

    @classmethod
    def from_mapping(cls, headers: Mapping[str, str | Sequence[str]]) -> Self:
        """Build an event from ``{header: value}``; a list gives the header once for each of its items.

        Raises ``ValueError`` where ``Event`` is missing or a name or value could not be one AMI line.
        """
        name = headers.get("Event")
        if not isinstance(name, str) or not name:
            raise ValueError("an AMI event needs the header Event with its name")
        lines = [f"Event: {name}"]
        for header, value in headers.items():
            if header == "Event":
                continue
            lines.extend(f"{header}: {one}" for one in ([value] if isinstance(value, str) else value))
        for line in lines:
            if any(character in line for character in _FORBIDDEN):
                raise ValueError(f"AMI header {line.partition(':')[0]!r} holds a line break or a NUL")
        return cls(text=LINE_END.join(lines), name=name)


class AmiReply(AmiMessage, gc=True):
    """The reply to one action; ``events`` is the list that followed it, for an action that answers with one."""

    events: list[AmiEvent] = []
    list_cancelled: bool = False

    def __repr__(self) -> str:
        return f"AmiReply({self.response!r}, events={len(self.events)})"

    @property
    def response(self) -> str:
        """``Success``, ``Error``, ``Follows`` or ``Goodbye``."""
        return self.get("Response")

    @property
    def message(self) -> str:
        """Asterisk's own words on it."""
        return self.get("Message")

    @property
    def action_id(self) -> str:
        """The ``ActionID`` of the action that is answered, empty where Asterisk gave none."""
        return self.get("ActionID")

    @property
    def output(self) -> list[str]:
        """What a ``Command`` printed, line by line."""
        return self.all("Output")

"""Channel variables that the configuration names: what the caller chose in the IVR stays with the call."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from hub.domain.phone import clean_text
from hub.telephony.tracker.recordings import FILE_VARIABLE

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.tracker.book import CallBook
    from hub.telephony.tracker.channels import Channel
    from hub.telephony.tracker.recordings import Recordings
    from hub.telephony.tracker.sight import Sight

_MAX_VALUE = 256
_CHANNEL_VARIABLE = re.compile(r"\r\n(\w*?)ChanVariable(?:\([^)\r]*\))?: ?(\w+)=([^\r]*)")
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "", "b": "", "f": "", "v": ""}


class Variables:
    """Of any channel of the call; the latest value counts, an empty one takes it away.

    VarSet says each as it is set. `channelvars` in manager.conf adds them to every event about a channel as
    ChanVariable, with the same prefix as the channel's other headers.
    """

    EVENTS: ClassVar[dict[str, str]] = {"VarSet": "set"}

    def __init__(self, sight: Sight, book: CallBook, recordings: Recordings) -> None:
        self._sight = sight
        self._book = book
        self._recordings = recordings
        self._names = book.site.variables

    def set(self, event: AmiEvent, now: datetime) -> None:
        # Variables that are to be inherited are set with one or two underscores before their name.
        name = event.get("Variable")
        if name not in self._names:
            name = name.lstrip("_")
        if name != FILE_VARIABLE and name not in self._names:
            return
        channel = self._sight.present(event, now)
        if channel is None:
            return
        value = _unescaped(event.get("Value"))
        if name == FILE_VARIABLE:
            self._recordings.named(channel, value, now)
        if name in self._names:
            self._keep(channel, name, value, now)

    def carried(self, event: AmiEvent, now: datetime) -> None:
        """Take the variables that an event about channels carries."""
        for prefix, name, value in _CHANNEL_VARIABLE.findall(event.text):
            # Those that were never set come as empty ones, for every channel of the call.
            if name in self._names and value:
                channel = self._sight.known(event, prefix)
                if channel is not None:
                    self._keep(channel, name, value, now)

    def found(self, channel: Channel, name: str, value: str, now: datetime) -> None:
        """Take a variable that a channel has when stock is taken."""
        if name == FILE_VARIABLE:
            self._recordings.found(channel, value, now)
        if name in self._names:
            self._keep(channel, name, value, now)

    def _keep(self, channel: Channel, name: str, value: str, now: datetime) -> None:
        call = channel.call
        text = clean_text(value, _MAX_VALUE)
        if call.variables.get(name, "") == text:
            return
        others = {known: kept for known, kept in call.variables.items() if known != name}
        call.variables = {**others, name: text} if text else others
        self._book.inform(call, channel.party, now)


def _unescaped(value: str) -> str:
    """Undo what Asterisk does to the value in VarSet: quotes, backslashes and control characters as in C."""
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), value) if "\\" in value else value

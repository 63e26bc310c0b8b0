"""FastAGI's lines. Pure: what goes to Asterisk as one command, and what its answers mean."""

from __future__ import annotations

import enum
import re

from hub.domain.phone import clean_text

MAX_VALUE_BYTES = 900
"""Asterisk reads a command into 2,048 bytes; every byte of a value may have to be escaped."""

HANGUP = b"HANGUP"
"""Sent by itself when the channel is gone, unless AGISIGHUP says no."""

_STATUS = re.compile(rb"(\d{3})([ -])")
_DONE = re.compile(rb"200 result=1\b")
_DEAD_CHANNEL = b"511"


class Reply(enum.Enum):
    """What one line from Asterisk says of a command."""

    DONE = enum.auto()
    REFUSED = enum.auto()
    CHANNEL_GONE = enum.auto()
    GOES_ON = enum.auto()


def set_variable(name: str, value: str) -> bytes:
    """Return the command that sets one channel variable to any text, as one line.

    Within double quotes Asterisk takes a backslash for an escape and anything else as it is. Line breaks, which would
    begin another command, are taken out.
    """
    text = clean_text(value, MAX_VALUE_BYTES).encode()[:MAX_VALUE_BYTES].decode(errors="ignore")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'SET VARIABLE {name} "{escaped}"\n'.encode()


def read_reply(line: bytes) -> Reply:
    """Say what a line means. A usage text (520) has many lines: all but its last one, and what is no reply, go on."""
    line = line.strip()
    if line == HANGUP:
        return Reply.CHANNEL_GONE
    status = _STATUS.match(line + b" ")
    if status is None or status[2] == b"-":
        return Reply.GOES_ON
    if status[1] == _DEAD_CHANNEL:
        return Reply.CHANNEL_GONE
    return Reply.DONE if _DONE.match(line) else Reply.REFUSED

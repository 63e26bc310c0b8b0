"""What legacy systems hand to the hub, whatever the way it came, and what became of it."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Final

import msgspec


class Transport(enum.StrEnum):
    QUEUE = "queue"
    HTTP = "http"
    SOAP = "soap"
    FOLDER = "folder"
    IMAP = "imap"
    OUTBOUND = "outbound"
    """Not handed in at all: an event that a backend did not take."""


class InboundMessage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message of a feed. With the same `id` it is the same message, however often it comes; "" if it has none.

    `headers` are those of the transport that say something about the body (names in lower case), never credentials.
    `attempts` is how often it was begun before, where the transport knows. `refused` is why the transport would not
    have it looked at: then it is a dead letter for that reason.
    """

    body: bytes
    transport: Transport
    id: str = ""
    content_type: str = ""
    headers: dict[str, str] = {}
    attempts: int = 0
    refused: str = ""


class DeadLetterState(enum.StrEnum):
    """`waiting` for somebody to look, `replaying` is asked for, `replayed` and `dropped` are over."""

    WAITING = "waiting"
    REPLAYING = "replaying"
    REPLAYED = "replayed"
    DROPPED = "dropped"


REPLAY_BEGUN: Final = "its replay was begun and did not come to an end; before: "
"""How the reason of a letter begins that is just being replayed, or that ended the hub as it was."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What could not be understood, or not be written, with the reason and the untouched original.

    `id` is made from where it came from, the message's id and the part, so that one that comes again is the same.
    `origin` is `/feed/NAME`, or `/connector/NAME` for what a backend did not take. `part` is the place within the
    message ("record 17", "line 18"), "" for the whole. `field` is the one that the mapping failed at. `body` is the
    part alone where a message has several; `file` is where the original lies if that is too large to keep here.
    """

    id: str
    origin: str
    at: datetime
    reason: str
    transport: Transport
    field: str = ""
    mapping: str = ""
    message_id: str = ""
    part: str = ""
    content_type: str = ""
    headers: dict[str, str] = {}
    body: bytes = b""
    file: str = ""
    attempts: int = 1
    state: DeadLetterState = DeadLetterState.WAITING


class Refused(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One part of a message that went to the dead letters, as its sender is told."""

    reason: str
    dead_letter: str
    field: str = ""
    part: str = ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a message. Everything counted here is durable: an event, known before, or a dead letter.

    `events` are the ids of the events, known ones included, `refused` the first of the dead letters: at most
    100 of each; `recorded`, `duplicates` and `dead` count all.
    """

    recorded: int = 0
    duplicates: int = 0
    dead: int = 0
    events: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()


class UnknownFeedError(Exception):
    """There is no such feed; the message names it."""

"""A message that can't be understood as a dead letter, and what is said of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import structlog

from hub.bus.feeds import Feed
from hub.bus.intake import Part
from hub.bus.refusal import RefusedError
from hub.domain.inbound import DeadLetter, InboundMessage

log = structlog.get_logger(__name__)

FEED_ORIGIN: Final = "/feed/"
CONNECTOR_ORIGIN: Final = "/connector/"
TOLD_EACH: Final = 20
"""Of the letters that are kept together: thousands of lines in the log tell nobody more."""
_LETTERS: Final = uuid.UUID("8d7a0c5a-5b0e-5d8e-9a43-2f0f7f0c3f55")
"""Namespace of the ids of feeds' dead letters."""


def dead_letter(
    feed: Feed, message: InboundMessage, part: Part, refusal: RefusedError, *, identity: str, file: str = ""
) -> DeadLetter:
    """Make the letter of one part. What comes again has the same id, what differs another, whatever its sender says.

    `identity` is by what the message is known (`Intake.identity`), which takes its time to find out.
    """
    origin = f"{FEED_ORIGIN}{feed.name}"
    named = f"{origin}\0{message.id}\0{part.part}\0{sha256(part.original).hexdigest()}"
    return DeadLetter(
        id=str(uuid.uuid5(_LETTERS, named if part.original else f"{named}\0{file}")),
        origin=origin,
        at=datetime.now(UTC),
        reason=refusal.reason,
        transport=message.transport,
        field=refusal.field,
        mapping=feed.intake.mapping_label,
        # A part alone no longer tells by what its message was known.
        message_id=identity if part.part else message.id,
        part=part.part,
        content_type=message.content_type,
        headers=message.headers,
        body=part.original,
        # Of a record that is kept itself the file may still be taken (`done`), which is not known yet.
        file="" if part.part and part.original else file,
    )


def tell_of_all(letters: Sequence[DeadLetter]) -> None:
    """Log the first of them each, and how many there are more."""
    for letter in letters[:TOLD_EACH]:
        tell_of(letter)
    if len(letters) > TOLD_EACH:
        more = len(letters) - TOLD_EACH
        log.warning("feed_messages_dead", feed=letters[0].origin.removeprefix(FEED_ORIGIN), more=more)


def tell_of(letter: DeadLetter) -> None:
    """Log it, without what it says."""
    log.warning(
        "feed_message_dead",
        feed=letter.origin.removeprefix(FEED_ORIGIN),
        transport=letter.transport.value,
        part=letter.part,
        mapping=letter.mapping,
        field=letter.field,
        reason=letter.reason,
        dead_letter=letter.id,
    )

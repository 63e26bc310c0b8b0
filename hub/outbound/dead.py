"""What a backend did not take, as a dead letter."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from hub.domain.inbound import DeadLetter, Transport
from hub.domain.ports import StoredEvent

ORIGIN: Final = "/connector/"
MAX_REASON: Final = 2_000
_IDS: Final = uuid.UUID("b9a6c0de-56c4-5f0e-8d7b-64d1a2f3c7e8")
"""Namespace of the ids of these dead letters."""


def dead_letter(
    connector: str,
    stored: StoredEvent,
    kind: str,
    reason: str,
    *,
    at: datetime,
    mapping: str,
    field: str,
    attempts: int,
) -> DeadLetter:
    """Return it; `part` is the kind of thing that was to be written of the event, "" if that can't be told."""
    return DeadLetter(
        id=str(uuid.uuid5(_IDS, f"{connector}\0{stored.id}\0{kind}")),
        origin=f"{ORIGIN}{connector}",
        at=at,
        reason=reason[:MAX_REASON],
        transport=Transport.OUTBOUND,
        field=field,
        mapping=mapping,
        message_id=stored.id,
        part=kind,
        content_type="application/cloudevents+json",
        body=stored.body,
        attempts=attempts,
    )

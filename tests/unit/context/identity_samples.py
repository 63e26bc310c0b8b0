"""Decisions of who is who, for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.domain.identity import DecisionKind, IdentityDecision, RecordRef

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def ref(text: str) -> RecordRef:
    """Return a record's reference out of `system:id`."""
    system, _, record_id = text.partition(":")
    return RecordRef(system=system, id=record_id)


def decided(number: int, kind: str, *records: str, key: str = "", by: str = "alice") -> IdentityDecision:
    """Make decision `number`, of that many minutes after noon, about records `system:id`."""
    return IdentityDecision(
        id=f"d-{number}",
        kind=DecisionKind(kind),
        records=tuple(ref(one) for one in records),
        by=by,
        at=NOON + timedelta(minutes=number),
        key=key,
    )

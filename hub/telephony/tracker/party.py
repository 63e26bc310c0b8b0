"""One device's part in a call while it lasts, and the immutable picture of it that others get."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.domain.call import Cause, Connection, ConnectionState, Monitoring, Role

if TYPE_CHECKING:
    from datetime import datetime

    from hub.telephony.tracker.calls import LiveCall

TALKING = (ConnectionState.CONNECTED, ConnectionState.HOLD)
RINGING_OR_TALKING = (*TALKING, ConnectionState.ALERTING)
OVER_OR_TALKING = (*TALKING, ConnectionState.NULL)


class Party:
    """`is_pickup` says that it took the call of another's ringing device.

    `is_held_by_hub` says that the hub put the other side on hold, and no phone knows of it.
    """

    __slots__ = (
        "_picture",
        "agent",
        "alerted_at",
        "cause",
        "connected_at",
        "device",
        "ended_at",
        "held_at",
        "id",
        "initiated_at",
        "is_held_by_hub",
        "is_muted",
        "is_pickup",
        "is_taken_off_hold",
        "monitoring",
        "queued_at",
        "role",
        "since",
        "state",
    )

    def __init__(self, party_id: str, device: str, agent: str | None, role: Role, since: datetime) -> None:
        self.id = party_id
        self.device = device
        self.agent = agent
        self.role = role
        self.state = ConnectionState.INITIATED
        self.since = since
        self.initiated_at = since
        self.queued_at: datetime | None = None
        self.alerted_at: datetime | None = None
        self.connected_at: datetime | None = None
        self.held_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.cause: Cause | None = None
        self.is_muted = False
        self.is_pickup = False
        self.is_held_by_hub = False
        self.is_taken_off_hold = False
        self.monitoring: Monitoring | None = None
        self._picture: Connection | None = None

    @property
    def is_observer(self) -> bool:
        return self.role is Role.OBSERVER

    def change(self, state: ConnectionState, now: datetime) -> None:
        self.state = state
        self.since = now
        self._picture = None

    def queue(self, since: datetime) -> None:
        self.queued_at = self.queued_at or since
        self.change(ConnectionState.QUEUED, since)

    def alert(self, now: datetime) -> None:
        self.alerted_at = now
        self.change(ConnectionState.ALERTING, now)

    def connect(self, now: datetime) -> None:
        self.connected_at = self.connected_at or now
        self.change(ConnectionState.CONNECTED, now)

    def hold(self, now: datetime) -> None:
        self.held_at = now
        self.change(ConnectionState.HOLD, now)

    def end(self, cause: Cause, now: datetime) -> None:
        self.cause = cause
        self.ended_at = now
        self.change(ConnectionState.NULL, now)

    def mute(self, *, is_muted: bool) -> None:
        self.is_muted = is_muted
        self._picture = None

    def take_role(self, role: Role) -> None:
        self.role = role
        self._picture = None

    def retouch(self) -> None:
        """Have the next picture made anew: the call's numbers changed."""
        self._picture = None

    def picture(self, call: LiveCall) -> Connection:
        if self._picture is None:
            self._picture = Connection(
                id=self.id,
                device=self.device,
                role=self.role,
                state=self.state,
                since=self.since,
                agent=self.agent,
                number=call.number_of(self),
                initiated_at=self.initiated_at,
                queued_at=self.queued_at,
                alerted_at=self.alerted_at,
                connected_at=self.connected_at,
                held_at=self.held_at,
                ended_at=self.ended_at,
                cause=self.cause,
                is_muted=self.is_muted,
                monitoring=self.monitoring,
            )
        return self._picture

"""The end of a call that nobody saw: the hub was down when it was hung up."""

from __future__ import annotations

from datetime import datetime

import msgspec

from hub.domain.call import Call, CallEvent, CallEventKind, Cause, Connection, ConnectionState, Outcome


def ended_unseen(call: Call, at: datetime) -> CallEvent:
    """Make the cleared event of an open call that its PBX no longer has; `at` (UTC) is when that was found out."""

    def ended(connection: Connection) -> Connection:
        if connection.state is ConnectionState.NULL:
            return connection
        return msgspec.structs.replace(connection, state=ConnectionState.NULL, ended_at=at, cause=Cause.UNKNOWN)

    over = msgspec.structs.replace(
        call,
        ended_at=at,
        cause=Cause.UNKNOWN,
        outcome=Outcome.ANSWERED if call.answered_at else Outcome.UNKNOWN,
        connections=tuple(ended(connection) for connection in call.connections),
    )
    return CallEvent(kind=CallEventKind.CLEARED, time=at, call=over, cause=Cause.UNKNOWN)

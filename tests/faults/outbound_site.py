"""A backend over a socket that keeps what is written to it, and calls that end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from connectors.base import Connector
from hub.config.outbound import OutboundSection
from hub.domain.call import Call, CallEvent, CallEventKind, Cause, Direction, Outcome
from hub.domain.event import Event, call_event
from hub.domain.phone import parse_number
from hub.outbound.outbound import Backend
from tests.conformance.behaviour import connector_for
from tests.conformance.servers.backend import KNOWN
from tests.conformance.servers.rest import RestBackend

NUMBER = parse_number(KNOWN.phone, "DE")
IMPATIENT: Mapping[str, Any] = {
    "retry": {"attempts": 1},
    "breaker": {"failures": 3, "of": 5, "open_s": 0.02, "max_open_s": 0.05},
}
"""A connector that leaves its backend alone for a blink only."""
RETRY: Mapping[str, Any] = {"retry_min_s": 0.01, "retry_max_s": 0.04, "attempts": 3}
NOTES: Mapping[str, Any] = {"on": ["cti.call.cleared"], "write": "note"}


class KeepingBackend(RestBackend):
    """Keeps notes by the interaction's id. A note of one that `refuses` names is refused with HTTP 422."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses: set[str] = set()

    def _note_steps(self) -> list[dict[str, Any]]:
        found, made = super()._note_steps()
        # A call's activity has no words of its own.
        made["body"] = {**made["body"], "text": {"from": "entry.subject"}}
        return [found, made]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST" and request.path == "/api/notes" and self.refuses:
            note = await request.json()
            if note["interaction"] in self.refuses:
                return web.json_response({"message": "this account is closed"}, status=422)
        return await super().answer(request)

    @property
    def order(self) -> list[str]:
        """Return what was written, in the order in which it came; what was written twice stands there twice."""
        return [identity for identity, texts in self.notes.items() for _ in texts]

    def connector(self) -> Connector:
        return connector_for(self, **IMPATIENT)


def ended_call(number: int) -> Event:
    """Make the end of call `number`, by the customer that the backend knows."""
    now = datetime.now(UTC)
    call = Call(
        id=f"main-{number}",
        pbx="main",
        direction=Direction.INBOUND,
        started_at=now,
        ended_at=now,
        caller=NUMBER,
        outcome=Outcome.ABANDONED,
    )
    return call_event(CallEvent(kind=CallEventKind.CLEARED, time=now, call=call, cause=Cause.NORMAL_CLEARING))


def numbered(*numbers: int) -> list[str]:
    return [f"main-{number}" for number in numbers]


async def running(port: int, **section: Any) -> dict[str, Backend]:
    """Start a connector for a backend on that port, with one rule."""
    server = KeepingBackend()
    server.port = port
    connector = connector_for(server, **IMPATIENT)
    await connector.start()
    await asyncio.sleep(0)
    return {"crm": Backend(connector, OutboundSection.model_validate({"rules": [NOTES], **RETRY, **section}))}

"""One PBX and its calls: the connection that stays up, and the tracker that is fed from it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from hub.config.pbx import PbxSection
from hub.domain.ports import PbxStatus
from hub.telephony.ami.errors import AmiError
from hub.telephony.ami.link import AmiLink
from hub.telephony.ami.settings import AmiSettings
from hub.telephony.resync import take_stock
from hub.telephony.tracker import EXCLUDED_EVENTS, WANTED_EVENTS, CallTracker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hub.domain.call import Call, CallEvent
    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.ami.manager import AsyncManager

log = structlog.get_logger(__name__)

MAX_HELD_EVENTS = 500_000
"""Events that are held back while stock is taken; with more than that the connection is begun anew."""

SETTLE_S = 1.0


def ami_settings(name: str, section: PbxSection) -> AmiSettings:
    """Return how to reach a PBX of the configuration."""
    tls = section.tls
    return AmiSettings(
        name=name,
        host=section.host,
        port=section.port,
        username=section.username,
        secret=section.secret.get_secret_value(),
        login=section.login,
        tls=tls is not None and tls.enabled,
        ca_file=tls.ca_file if tls else None,
        verify=tls.verify if tls else True,
        action_timeout_s=section.action_timeout_s,
        keepalive_s=section.keepalive_s,
        max_message_bytes=section.max_message_bytes,
        reconnect_min_s=section.reconnect_min_s,
        reconnect_max_s=section.reconnect_max_s,
    )


class PbxLink:
    """The live calls of one PBX.

    `on_call_event` gets each step of a call, in order, from within the socket read that told of it.
    `on_arrival` gets a call from outside as soon as its caller's number is known, so that lookups can start.
    `on_status` gets every change between connected and not; at the change to connected the calls are those
    that the PBX has. Listeners must not wait. One that raises is logged and spoils nothing.

    While the connection is away the calls stay as they were last seen. After it is back, those that ended
    meanwhile are cleared with cause `unknown`, and no step is told twice.
    """

    def __init__(
        self,
        name: str,
        section: PbxSection,
        *,
        region: str,
        agents_by_device: Mapping[str, str],
        on_call_event: Callable[[CallEvent], None],
        on_arrival: Callable[[Call], None] | None = None,
        on_status: Callable[[PbxStatus], None] | None = None,
    ) -> None:
        settings = ami_settings(name, section)
        self._name = name
        self._where = settings.where
        self._on_call_event = on_call_event
        self._on_arrival = on_arrival
        self._on_status = on_status
        self._tracker = CallTracker(
            pbx=name,
            region=region,
            agents_by_device=agents_by_device,
            trunks=section.trunks,
            on_event=self._tell_step,
            on_arrival=self._tell_arrival,
        )
        self._link = AmiLink(
            settings,
            on_events=self._take,
            on_connected=self._take_over,
            on_lost=self._lost,
            wanted=WANTED_EVENTS,
            exclude=EXCLUDED_EVENTS,
        )
        self._held: list[AmiEvent] | None = []
        self._is_connected = False
        self._running: asyncio.Task[None] | None = None
        self._settling: asyncio.TimerHandle | None = None

    @property
    def events_total(self) -> int:
        """How many messages the PBX has sent on all connections so far."""
        return self._link.messages_received

    def live_calls(self) -> Sequence[Call]:
        """Return the calls that are not over, the oldest first."""
        return self._tracker.live_calls()

    def status(self) -> PbxStatus:
        """Return whether the PBX is connected and its calls are known, and if not, why."""
        reason = "" if self._is_connected else self._link.reason or f"{self._where}: not connected yet"
        return PbxStatus(name=self._name, connected=self._is_connected, reason=reason)

    async def start(self) -> None:
        """Begin to connect, and go on for ever; return at once."""
        if self._running is None:
            self._running = asyncio.create_task(self._link.run(), name=f"pbx-{self._name}")

    async def stop(self) -> None:
        """Log off and stop to connect."""
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None

    def _take(self, events: list[AmiEvent]) -> None:
        """Take the events of one read."""
        if self._held is None:
            self._feed(events)
        elif len(self._held) <= MAX_HELD_EVENTS:
            self._held += events

    def _feed(self, events: Sequence[AmiEvent]) -> None:
        now = datetime.now(UTC)
        feed = self._tracker.feed
        for event in events:
            try:
                feed(event, now)
            except Exception:
                # The next event may be the one that an agent waits for.
                log.exception("ami_event_not_understood", pbx=self._name, ami_event=event.name)
        if self._settling is None and not self._tracker.is_settled:
            self._settling = asyncio.get_running_loop().call_later(SETTLE_S, self._settle)

    def _settle(self) -> None:
        self._settling = None
        self._tracker.settle(datetime.now(UTC))
        if not self._tracker.is_settled:
            self._settling = asyncio.get_running_loop().call_later(SETTLE_S, self._settle)

    async def _take_over(self, manager: AsyncManager) -> None:
        """Learn what is there, then catch up with what was told meanwhile."""
        snapshot = await take_stock(manager, pbx=self._name)
        held = self._held or []
        if len(held) > MAX_HELD_EVENTS:
            raise AmiError(f"{self._where} sent more than {MAX_HELD_EVENTS} events while its channels were listed")
        self._tracker.resync(snapshot, datetime.now(UTC))
        self._held = None
        self._feed(held)
        log.info("pbx_in_step", pbx=self._name, channels=len(snapshot.channels), events_held=len(held))
        self._change_status(connected=True, reason="")

    def _lost(self, reason: AmiError) -> None:
        self._held = []
        self._change_status(connected=False, reason=str(reason))

    def _change_status(self, *, connected: bool, reason: str) -> None:
        self._is_connected = connected
        if self._on_status is not None:
            try:
                self._on_status(PbxStatus(name=self._name, connected=connected, reason=reason))
            except Exception:
                # A listener's fault must not cost the connection.
                log.exception("pbx_status_listener_failed", pbx=self._name)

    def _tell_step(self, event: CallEvent) -> None:
        try:
            self._on_call_event(event)
        except Exception:
            # The tracker is in the middle of a step, and other calls wait behind it.
            log.exception("call_listener_failed", pbx=self._name, call=event.call.id, kind=str(event.kind))

    def _tell_arrival(self, call: Call) -> None:
        if self._on_arrival is not None:
            try:
                self._on_arrival(call)
            except Exception:
                # As for a step.
                log.exception("arrival_listener_failed", pbx=self._name, call=call.id)

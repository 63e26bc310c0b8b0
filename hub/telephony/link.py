"""One PBX: the connection that stays up, and what is fed from it, its calls and its queues."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from hub.config.pbx import PbxSection
from hub.domain.ports import PbxStatus
from hub.telephony.agents.queue_book import WANTED_EVENTS as WANTED_OF_QUEUES
from hub.telephony.agents.queue_book import QueueBook
from hub.telephony.ami.errors import AmiError
from hub.telephony.ami.link import AmiLink
from hub.telephony.ami.settings import AmiSettings
from hub.telephony.resync import take_stock
from hub.telephony.tracker import EXCLUDED_EVENTS, CallTracker
from hub.telephony.tracker.recordings import FILE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from hub.domain.call import Call, CallEvent
    from hub.telephony.ami.event import AmiEvent
    from hub.telephony.ami.manager import AsyncManager
    from hub.telephony.tracker.tracker import FollowedChannel

log = structlog.get_logger(__name__)

MAX_HELD_EVENTS = 500_000
"""Events that are held back while stock is taken; with more than that the connection is begun anew."""

_TOLD_TO_WATCHERS = ("OriginateResponse", "ParkedCall", "UserEvent")
"""Events that say how a command went, besides those that tell of calls."""

_BOOTED = "FullyBooted"
"""Ends the start of Asterisk, which lets managers in before its modules can say what queues and devices there are."""

_WANTED_BESIDES_CALLS = (*WANTED_OF_QUEUES, *_TOLD_TO_WATCHERS, _BOOTED)


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
    """The live calls of one PBX, and its queues in the book that it is given.

    `on_call_event` gets each step of a call, in order, from within the socket read that told of it.
    `on_arrival` gets a call from outside as soon as its caller's number is known, so that lookups can start.
    `on_status` gets every change between connected and not; when connected is told (again, once a PBX that was met
    while it started is through with it) the calls are those that the PBX has. Listeners must not wait. One that raises
    is logged and spoils nothing.

    `manager` is the live connection, for whoever has something to be done.

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
        queues: QueueBook | None = None,
    ) -> None:
        settings = ami_settings(name, section)
        self._name = name
        self._where = settings.where
        self._on_call_event = on_call_event
        self._on_arrival = on_arrival
        self._on_status = on_status
        self._queues = queues or QueueBook(pbx=name, agents_by_device=agents_by_device)
        self._tracker = CallTracker(
            pbx=name,
            region=region,
            agents_by_device=agents_by_device,
            trunks=section.trunks,
            variables=section.followed_variables,
            dtmf=section.dtmf,
            on_event=self._tell_step,
            on_arrival=self._tell_arrival,
        )
        self._variables = (*section.followed_variables, FILE_VARIABLE)
        wanted = tuple(dict.fromkeys((*self._tracker.wanted_events, *_WANTED_BESIDES_CALLS)))
        self._link = AmiLink(
            settings,
            on_events=self._take,
            on_connected=self._take_over,
            on_lost=self._lost,
            wanted=wanted,
            variables=self._variables,
            exclude=tuple(name for name in EXCLUDED_EVENTS if name not in wanted),
        )
        self._held: list[AmiEvent] | None = []
        self._is_connected = False
        self._running: asyncio.Task[None] | None = None
        self._asking_again: asyncio.Task[None] | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._settling_at = datetime.now(UTC)
        self._watchers: list[Callable[[Sequence[AmiEvent]], None]] = []

    @property
    def events_total(self) -> int:
        """How many messages the PBX has sent on all connections so far."""
        return self._link.messages_received

    def live_calls(self) -> Sequence[Call]:
        """Return the calls that are not over, the oldest first."""
        return self._tracker.live_calls()

    def call(self, call_id: str) -> Call | None:
        """Return one call that is not over."""
        return self._tracker.call(call_id)

    def channels_of(self, call_id: str) -> Sequence[FollowedChannel]:
        """Return the channels of a live call, each with the connection it is the end of."""
        return self._tracker.channels_of(call_id)

    @property
    def manager(self) -> AsyncManager | None:
        """The connection by which actions go to the PBX; None until it is connected and its calls are known."""
        return self._link.manager if self._is_connected else None

    @contextmanager
    def watching(self, listener: Callable[[Sequence[AmiEvent]], None]) -> Iterator[None]:
        """Have `listener` called with the events of each read while the block lasts, after the calls have changed."""
        self._watchers.append(listener)
        try:
            yield
        finally:
            self._watchers.remove(listener)

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
        tasks = [task for task in (self._running, self._asking_again) if task is not None]
        self._running = self._asking_again = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
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
        feed, feed_queues = self._tracker.feed, self._queues.feed
        has_booted = False
        for event in events:
            has_booted = has_booted or event.name == _BOOTED
            try:
                feed(event, now)
                feed_queues(event, now)
            except Exception:
                # The next event may be the one that an agent waits for.
                log.exception("ami_event_not_understood", pbx=self._name, ami_event=event.name)
        for watcher in tuple(self._watchers):
            watcher(events)
        if has_booted:
            self._ask_again()
        self._settle_later()

    def _settle_later(self) -> None:
        """Have told in time what the tracker waits with, should no event come."""
        due = self._tracker.due
        if due is None or (self._settling is not None and self._settling_at <= due):
            return
        if self._settling is not None:
            self._settling.cancel()
        self._settling_at = due
        wait_s = max(0.0, (due - datetime.now(UTC)).total_seconds())
        self._settling = asyncio.get_running_loop().call_later(wait_s, self._settle)

    def _settle(self) -> None:
        self._settling = None
        self._tracker.settle(datetime.now(UTC))
        self._settle_later()

    async def _take_over(self, manager: AsyncManager) -> None:
        """Learn what is there, then catch up with what was told meanwhile."""
        snapshot, queues = await take_stock(manager, pbx=self._name, variables=self._variables)
        held = self._held or []
        if len(held) > MAX_HELD_EVENTS:
            raise AmiError(f"{self._where} sent more than {MAX_HELD_EVENTS} events while its channels were listed")
        now = datetime.now(UTC)
        self._queues.resync(queues, now)
        self._tracker.resync(snapshot, now)
        self._held = None
        self._feed(held)
        log.info("pbx_in_step", pbx=self._name, channels=len(snapshot.channels), events_held=len(held))
        self._change_status(connected=True, reason="")
        self._queues.in_step(datetime.now(UTC))

    def _ask_again(self) -> None:
        manager = self._link.manager
        if manager is not None and self._held is None:
            self._held = []
            self._asking_again = asyncio.create_task(self._take_over_again(manager), name=f"pbx-{self._name}-booted")

    async def _take_over_again(self, manager: AsyncManager) -> None:
        try:
            await self._take_over(manager)
        except AmiError as error:
            log.warning("pbx_not_in_step", pbx=self._name, reason=str(error))
            await manager.close()

    def _lost(self, reason: AmiError) -> None:
        self._held = []
        self._change_status(connected=False, reason=str(reason))
        self._queues.lost(datetime.now(UTC))

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

"""One backend's reader of the journal: what fits its rules is written there, in order, one after the other."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import msgspec
import structlog

from connectors.base import ConnectorError
from hub.config.outbound import OutboundSection
from hub.domain.event import ERASED, Event, EventType, WriteBackRequest, decode_event
from hub.domain.inbound import DeadLetter
from hub.domain.ports import CallArchive, DeadLetters, EventJournal, StoredEvent, StoreError
from hub.domain.writeback import WriteResult
from hub.outbound.dead import dead_letter
from hub.outbound.delivery import Deliverer, Delivery, Writable, deliveries
from hub.outbound.entries import NotMadeError
from hub.outbound.place import Place
from hub.outbound.rules import Rules
from hub.outbound.waiting import UNSURE_S, Backoff, Pause, pause

log = structlog.get_logger(__name__)

GIVES_WAY_S: Final = 2.0
"""How long at most a write lets lookups that wait for their turn go first."""
_POLL_S: Final = 0.02
STOPS_WITHIN_S: Final = 2.0
"""How long a write that has begun is waited for when the hub stops."""


OnDead = Callable[[Sequence[DeadLetter]], None]
"""Hears of dead letters once they are kept."""


class OutboundJournal(EventJournal, CallArchive, DeadLetters, Protocol):
    """What is needed of the journal."""

    @property
    def position(self) -> int:
        """The newest durable position."""


@dataclasses.dataclass(frozen=True, slots=True)
class Setup:
    """What a reader works with; a reload replaces it as a whole."""

    connector: Writable
    section: OutboundSection
    rules: Rules
    deliverer: Deliverer


class Reader:
    """Reads from its saved place on. `counts` has `written`, `skipped` and `dead` things since it was made."""

    def __init__(
        self,
        name: str,
        setup: Setup,
        journal: OutboundJournal,
        on_dead: OnDead = lambda _letters: None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Pause = pause,
        unsure_s: float = UNSURE_S,
    ) -> None:
        self.name = name
        self.counts: Counter[str] = Counter()
        self.waiting_since: datetime | None = None
        self._setup = setup
        self._journal = journal
        self._on_dead = on_dead
        self._clock = clock
        self._pause = pause
        self._unsure_s = unsure_s
        self._place = Place(f"outbound:{name}", journal)
        self._backoff = Backoff(setup.section, unsure_s=unsure_s)
        self._nudged = asyncio.Event()
        self._never = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_in_doubt = False
        self._looks_again_to = 0
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def behind(self) -> int:
        """Events of the journal that have not been looked at for this backend, or not been written there yet."""
        return max(0, self._journal.position - self._place.position)

    async def start(self) -> None:
        """Take its place in the journal, and begin. Raises StoreError."""
        await self._place.take()
        self._task = asyncio.create_task(self._run(), name=f"outbound {self.name}")

    async def stop(self) -> None:
        """Let a write that has begun end, if it does soon, and save the place."""
        self._stopping = True
        if self._task is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(STOPS_WITHIN_S):
                    await self._idle.wait()
            is_unsure = self._is_in_doubt
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self._place.leave(is_unsure=is_unsure)

    def use(self, setup: Setup) -> None:
        """Go on with another connector, and by other rules: what waits is tried with them at once."""
        self._setup = setup
        self._backoff = Backoff(setup.section, unsure_s=self._unsure_s)
        self.nudge()

    def nudge(self) -> None:
        """Try again now what waits for the backend: it answers."""
        self._nudged.set()

    def look_again(self) -> None:
        """Take in that events were emptied in the store, also such as were read already and wait to be written."""
        self._looks_again_to = self._journal.position
        self.nudge()

    async def try_once(self, event: Event, kind: str) -> str:
        """Write what was put to the dead letters, by the rules as they are now; return why it failed, "" if it did not.

        `kind` is that of the thing that was to be written, "" for all of the event. Raises StoreError.
        """
        setup = self._setup
        wanted = [one for one in deliveries(event, setup.rules, self.name) if kind in {"", one.kind}]
        if not wanted:
            return f"no rule of {self.name} writes this event any more"
        try:
            for delivery in wanted:
                self._count(delivery, await setup.deliverer.deliver(delivery, setup.connector))
        except (NotMadeError, ConnectorError) as error:
            return str(error)
        return ""

    async def _run(self) -> None:
        while not self._stopping:
            try:
                async for stored in self._journal.tail(self._place.position):
                    await self._dealt_with(stored)
                    self._place.passed(stored.position)
                    if self._stopping:
                        break
                else:
                    return  # the journal is closed
            except StoreError as error:
                log.warning("outbound journal not read", connector=self.name, reason=str(error))
                await self._wait(self._backoff.wait_s())

    async def _dealt_with(self, stored: StoredEvent) -> None:
        """Write what there is to be written of it; a defect of the hub costs this event its writing, and no other."""
        try:
            await self._take(stored)
        except StoreError:
            raise
        except Exception as error:
            log.exception("outbound failed", connector=self.name, event_id=stored.id)
            await self._bury(stored, "", f"the hub failed on it ({type(error).__name__}): see the hub's log")

    async def _take(self, stored: StoredEvent) -> None:
        is_asked_for = stored.type == EventType.WRITE_BACK_REQUESTED and stored.source == f"/connector/{self.name}"
        if not is_asked_for and stored.type not in self._setup.rules.types:
            return
        try:
            event = decode_event(stored.body)
        except msgspec.MsgspecError as error:
            await self._bury(stored, "", f"the event can't be read: {error}")
            return
        if event.subject == ERASED:
            return
        for delivery in deliveries(event, self._setup.rules, self.name):
            await self._leave_alone_if_unsure(event, stored.position)
            await self._deliver(delivery, stored)

    async def _leave_alone_if_unsure(self, event: Event, position: int) -> None:
        """Give the backend the time to end what it may still be at."""
        if self._place.is_unsure(position):
            await self._pause(self._unsure_s, until=self._never)
            self._place.is_sure()
        elif isinstance(event.data, WriteBackRequest) and event.data.is_unsure:
            left_s = (event.time - self._clock()).total_seconds() + self._unsure_s
            if left_s > 0:
                await self._pause(min(left_s, self._unsure_s), until=self._never)
        await self._place.begin(position)

    async def _deliver(self, delivery: Delivery, stored: StoredEvent) -> None:
        """Write it, however long that takes; what can't be written goes to the dead letters."""
        event = delivery.event
        refusals: list[ConnectorError] = []
        while True:
            section = self._setup.section
            try:
                if await self._is_emptied(stored):
                    self.counts["skipped"] += 1
                    log.info("outbound skipped", connector=self.name, event_id=event.id, customer=ERASED)
                    self._went_on()
                    return
                if refusals and len(refusals) >= section.attempts - 1:
                    # The last attempt is one at a backend that is well.
                    await self._setup.deliverer.wellness.make_sure(self._setup.connector, refusals[-1])
                outcome = await self._tried(delivery)
            except NotMadeError as error:
                await self._bury(stored, delivery.kind, error.reason, delivery, field=error.field)
                return
            except StoreError as error:
                self._told_waiting(event, str(error))
                await self._wait(self._backoff.wait_s())
                continue
            except ConnectorError as error:
                if error.is_of_backend:
                    is_over = self._clock() - event.time > timedelta(hours=section.give_up_after_h)
                else:
                    refusals.append(error)
                    is_over = len(refusals) >= section.attempts
                if is_over:
                    await self._bury(stored, delivery.kind, error.message, delivery, attempts=max(1, len(refusals)))
                    return
                self._told_waiting(event, error.message)
                await self._wait(self._backoff.wait_s(error), is_nudged=not error.is_unsure)
            else:
                self._count(delivery, outcome)
                self._went_on()
                return

    async def _is_emptied(self, stored: StoredEvent) -> bool:
        """Whether the customer was erased since the event was read. Raises StoreError."""
        if stored.position > self._looks_again_to:
            return False
        found = await self._journal.read(stored.position - 1, 1)
        return not found or found[0].body != stored.body

    async def _tried(self, delivery: Delivery) -> WriteResult | str:
        """Try it once."""
        setup = self._setup
        await self._give_way(setup.connector)
        self._idle.clear()
        self._is_in_doubt = True
        try:
            outcome = await setup.deliverer.deliver(delivery, setup.connector)
        except ConnectorError as error:
            self._is_in_doubt = error.is_unsure
            raise
        except (NotMadeError, StoreError):
            self._is_in_doubt = False
            raise
        else:
            self._is_in_doubt = False
            return outcome
        finally:
            self._idle.set()

    async def _give_way(self, connector: Writable) -> None:
        """Let lookups go first that wait already: somebody is on the phone."""
        for _ in range(round(GIVES_WAY_S / _POLL_S)):
            if not connector.status().waiting:
                return
            await asyncio.sleep(_POLL_S)

    async def _wait(self, seconds: float, *, is_nudged: bool = True) -> None:
        self._nudged.clear()
        await self._pause(seconds, until=self._nudged if is_nudged else self._never)

    def _told_waiting(self, event: Event, reason: str) -> None:
        """Say it once for all that waits behind it."""
        if self.waiting_since is None:
            self.waiting_since = event.time
            log.warning("outbound waits", connector=self.name, event_id=event.id, reason=reason)

    def _went_on(self) -> None:
        self._backoff.reset()
        if self.waiting_since is not None:
            self.waiting_since = None
            log.info("outbound goes on", connector=self.name)

    def _count(self, delivery: Delivery, outcome: WriteResult | str) -> None:
        facts = {"connector": self.name, "kind": delivery.kind.value, "event_id": delivery.event.id}
        if isinstance(outcome, WriteResult):
            self.counts["written"] += 1
            log.info("outbound written", **facts, was_there=outcome.was_there)
        else:
            self.counts["skipped"] += 1
            log.info("outbound skipped", **facts, customer=str(outcome))

    async def _bury(
        self,
        stored: StoredEvent,
        kind: str,
        reason: str,
        delivery: Delivery | None = None,
        *,
        field: str = "",
        attempts: int = 1,
    ) -> None:
        """Put it to the dead letters, and go on only once it is safe there."""
        mapping = delivery.rule.mapping.label if delivery and delivery.rule and delivery.rule.mapping else ""
        letter = dead_letter(
            self.name, stored, kind, reason, at=self._clock(), mapping=mapping, field=field, attempts=attempts
        )
        while True:
            try:
                await self._journal.keep_dead([letter])
            except StoreError as error:
                log.warning("outbound dead letter not kept", connector=self.name, reason=str(error))
                await self._wait(self._backoff.wait_s())
            else:
                break
        self.counts["dead"] += 1
        self._on_dead([letter])
        log.warning("outbound dead letter", connector=self.name, event_id=stored.id, kind=kind, reason=reason)
        self._went_on()

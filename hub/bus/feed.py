"""An inbound feed: a legacy system's queue, each message journaled once or put to the dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
import structlog

from hub.bus.amqp import AmqpConnection, Delivery
from hub.bus.dead_letters import DEAD_QUEUE, DeadLetters
from hub.bus.intake import MAX_BODY_BYTES, Intake, RefusedError
from hub.bus.parameters import broker_parameters
from hub.bus.supervisor import Ready, Supervisor
from hub.config.inbound import InboundFeed
from hub.config.model import BusSection
from hub.domain.event import Event, decode_event, encode_event
from hub.domain.interaction import Interaction
from hub.domain.ports import EventJournal
from hub.journal.errors import EventRefusedError
from hub.mapping.mapping import Mapping

log = structlog.get_logger(__name__)

PREFETCH: Final = 100
MAX_BATCH: Final = 32
"""Messages understood in one go before others on the event loop get their turn."""

CANCELLED_WAIT_S: Final = 2.0

_ID_OF_ANOTHER: Final = (
    "an earlier message of this feed had the same message id and said something else: "
    "give each message an id of its own, or none"
)

InteractionListener = Callable[[Interaction], None]


class FeedConsumer:
    """Takes one feed's messages in their order, with a connection of its own, so that no feed holds up another.

    A message is acknowledged once what became of it is durable: the event in the journal, or the dead letter in
    its queue. `on_interaction` is called, from the event loop, for each interaction that is new.
    """

    def __init__(
        self,
        name: str,
        feed: InboundFeed,
        bus: BusSection,
        *,
        mapping: Mapping,
        journal: EventJournal,
        on_interaction: InteractionListener,
        region: str,
        dead_queue: str = DEAD_QUEUE,
        max_body_bytes: int = MAX_BODY_BYTES,
        retry_min_s: float = 0.5,
        retry_max_s: float = 30.0,
    ) -> None:
        self._name = name
        self._queue = feed.queue_of(name) or ""
        self._intake = Intake(name, mapping, region=region, max_body_bytes=max_body_bytes)
        self._journal = journal
        self._on_interaction = on_interaction
        self._dead_queue = dead_queue
        self._recorded = 0
        self._duplicates = 0
        self._dead = 0
        self._supervisor = Supervisor(
            f"feed {name}",
            broker_parameters(bus, f"feed {name}"),
            self._session,
            retry_min_s=retry_min_s,
            retry_max_s=retry_max_s,
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def connected(self) -> bool:
        return self._supervisor.connected

    @property
    def recorded_total(self) -> int:
        """Messages that became an event."""
        return self._recorded

    @property
    def duplicates_total(self) -> int:
        """Messages that had become an event before and were dropped."""
        return self._duplicates

    @property
    def dead_total(self) -> int:
        """Messages that went to the dead letters."""
        return self._dead

    def start(self) -> None:
        """Begin to take messages; returns at once whether or not the broker is there."""
        self._supervisor.start()

    async def stop(self) -> None:
        """Take no more messages; those not acknowledged are delivered again another time."""
        await self._supervisor.stop()

    async def _session(self, connection: AmqpConnection, ready: Ready) -> None:
        dead = await DeadLetters.open(connection, self._dead_queue)
        queue_exists = await connection.queue_exists(self._queue)
        channel = await connection.channel()
        if not queue_exists:
            await channel.declare_queue(self._queue)
        arrived: asyncio.Queue[Delivery] = asyncio.Queue()
        await channel.consume(self._queue, PREFETCH, arrived.put_nowait)
        ready()
        while True:
            batch = [await arrived.get()]
            while len(batch) < MAX_BATCH and not arrived.empty():
                batch.append(arrived.get_nowait())
            await self._take(batch, dead)
            channel.ack_up_to(batch[-1].tag)

    async def _take(self, batch: Sequence[Delivery], dead: DeadLetters) -> None:
        """Return when each message of the batch is durable somewhere."""
        understood: list[tuple[Delivery, Event]] = []
        refused: list[tuple[Delivery, RefusedError]] = []
        for delivery in batch:
            try:
                understood.append((delivery, self._intake.event(delivery.body, delivery.properties.message_id)))
            except RefusedError as reason:
                refused.append((delivery, reason))
        refused += await self._recorded_even_if_cancelled(understood)
        if not refused:
            return
        await dead.send(refused, feed=self._name, mapping=self._intake.mapping_label)
        self._dead += len(refused)
        for _, refusal in refused:
            log.warning(
                "feed_message_dead",
                feed=self._name,
                mapping=self._intake.mapping_label,
                field=refusal.field,
                reason=refusal.reason,
                queue=self._dead_queue,
            )

    async def _recorded_even_if_cancelled(
        self, understood: Sequence[tuple[Delivery, Event]]
    ) -> list[tuple[Delivery, RefusedError]]:
        """Record; when the connection goes meanwhile, still tell of what became durable: it comes back as known."""
        recording = asyncio.ensure_future(self._record(understood))
        try:
            return await asyncio.shield(recording)
        except asyncio.CancelledError:
            await asyncio.wait({recording}, timeout=CANCELLED_WAIT_S)
            recording.cancel()
            raise

    async def _record(self, understood: Sequence[tuple[Delivery, Event]]) -> list[tuple[Delivery, RefusedError]]:
        """Append the events as one group, tell of the new ones, return those that the journal can't hold at all."""
        known_up_to = await self._journal.last_position()
        outcomes = await asyncio.gather(
            *(self._journal.append(event) for _, event in understood), return_exceptions=True
        )
        refused = []
        seen_before: list[tuple[Delivery, Event, int]] = []
        failure: BaseException | None = None
        new_positions: set[int] = set()
        for (delivery, event), outcome in zip(understood, outcomes, strict=True):
            if isinstance(outcome, EventRefusedError):
                refused.append((delivery, RefusedError(str(outcome))))
            elif isinstance(outcome, BaseException):
                failure = outcome
            elif outcome <= known_up_to or outcome in new_positions:
                seen_before.append((delivery, event, outcome))
            else:
                new_positions.add(outcome)
                self._recorded += 1
                self._tell(event)
        if failure is not None:
            # The journal can't take anything now: nothing of this batch is acknowledged, all of it comes again.
            raise failure
        for delivery, event, position in seen_before:
            if await self._is_recorded(event, position):
                self._duplicates += 1
            else:
                refused.append((delivery, RefusedError(_ID_OF_ANOTHER)))
        return refused

    async def _is_recorded(self, event: Event, position: int) -> bool:
        """Whether the event at `position`, which has the same id, tells the same; a sender may use an id again."""
        (known,) = await self._journal.read(position - 1, 1)
        try:
            return decode_event(known.body).data == decode_event(encode_event(event)).data
        except msgspec.ValidationError as error:
            log.warning("feed_duplicate_unreadable", feed=self._name, event_id=event.id, reason=str(error))
            return True

    def _tell(self, event: Event) -> None:
        if isinstance(event.data, Interaction):
            try:
                self._on_interaction(event.data)
            except Exception:
                # The interaction is recorded; a listener's defect must not have the message delivered again.
                log.exception("interaction_listener_failed", feed=self._name, event_id=event.id)

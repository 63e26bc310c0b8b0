"""From the journal to the broker: every event, in order, the cursor moving only past what was confirmed."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

import structlog

from hub.bus.amqp import AmqpChannel, AmqpConnection, first_of
from hub.bus.envelope import packing
from hub.bus.errors import BrokerError, largest_message
from hub.bus.parameters import broker_parameters
from hub.bus.supervisor import Ready, Supervisor
from hub.bus.topology import Topology
from hub.bus.window import ConfirmWindow
from hub.config.model import BusSection
from hub.domain.ports import EventJournal, StoredEvent, StoreError

log = structlog.get_logger(__name__)

CURSOR_SAVED_EVERY_S: Final = 0.2
DRAIN_WAIT_S: Final = 2.0
YIELD_EVERY: Final = 32
"""Messages sent in one go before others on the event loop get their turn: catching up must not delay a call."""


class RelayedJournal(EventJournal, Protocol):
    @property
    def position(self) -> int:
        """The newest durable position."""


class BusRelay:
    """Publishes the journal to a topic exchange, routing key = event type.

    After a nack, a lost channel or a lost connection it goes on from the first message that was not confirmed:
    a consumer may get a message again, with the same id, and never misses one. A message for which no queue is
    bound counts as delivered, since nobody subscribed to it; it is counted, and said once for each connection. One
    that is larger than the broker takes is passed over, so that those behind it go out.
    """

    def __init__(
        self,
        section: BusSection,
        journal: RelayedJournal,
        *,
        reader: str = "bus",
        retry_min_s: float = 0.5,
        retry_max_s: float = 30.0,
    ) -> None:
        self._exchange = section.exchange
        self._window_size = section.window
        self._pack = packing(section.content_mode)
        self._journal = journal
        self._reader = reader
        self._cursor: int | None = None
        self._saved = 0
        self._published = 0
        self._unroutable = 0
        self._too_large = 0
        self._largest: int | None = None
        self._told_unroutable = False
        self._topology = Topology()
        self._supervisor = Supervisor(
            "relay",
            broker_parameters(section, "relay"),
            self._session,
            retry_min_s=retry_min_s,
            retry_max_s=retry_max_s,
        )

    async def start(self) -> None:
        """Begin to relay; returns at once whether or not the broker is there."""
        self._cursor = self._saved = await self._journal.cursor(self._reader)
        self._supervisor.start()

    async def stop(self) -> None:
        """Wait a moment for outstanding confirms, save the cursor, close the connection."""
        await self._supervisor.stop()

    @property
    def connected(self) -> bool:
        return self._supervisor.connected

    def problem(self) -> str | None:
        """Why events don't reach the broker, in plain words; None when they do."""
        return self._supervisor.problem

    @property
    def published_total(self) -> int:
        """Messages the broker confirmed."""
        return self._published

    @property
    def unroutable_total(self) -> int:
        """Messages that no queue was bound for."""
        return self._unroutable

    @property
    def too_large_total(self) -> int:
        """Events that are larger than the broker takes and were passed over; they stay in the journal."""
        return self._too_large

    @property
    def lag(self) -> int:
        """Events in the journal that the broker has not confirmed yet."""
        return max(0, self._journal.position - (self._cursor or 0))

    async def _session(self, connection: AmqpConnection, ready: Ready) -> None:
        await self._topology.events(connection, self._exchange)
        channel = await connection.channel()
        window = ConfirmWindow(self._cursor or 0, max_messages=self._window_size)

        def confirmed(tag: int, multiple: bool, took: bool) -> None:
            if not took:
                connection.give_up(BrokerError(f"the broker refused a message (nack) in exchange {self._exchange}"))
                return
            self._published += window.confirmed(tag, multiple=multiple)
            self._cursor = window.cursor

        # Known of the session before alone: a broker that was set up anew may take more.
        largest, self._largest = self._largest, None
        self._told_unroutable = False
        channel.on_return(self._returned)
        await channel.confirm(confirmed)
        ready()
        saving = asyncio.create_task(self._save_now_and_then())
        try:
            await self._send(channel, window, largest)
        finally:
            if connection.broken.done():
                self._largest = largest_message(connection.broken.result())
            drained = asyncio.create_task(window.drained())
            await first_of(drained, connection.broken, timeout_s=DRAIN_WAIT_S)
            for task in (drained, saving):
                task.cancel()
            await asyncio.wait({drained, saving})
            await self._save()

    async def _send(self, channel: AmqpChannel, window: ConfirmWindow, largest: int | None) -> None:
        in_one_go = 0
        async for stored in self._journal.tail(window.cursor):
            message = self._pack(stored)
            if largest is not None and len(message.body) > largest:
                self._pass_over(stored, len(message.body), largest)
                window.passed_over(stored.position)
                self._cursor = window.cursor
                continue
            if window.full:
                await window.room()
            channel.publish(self._exchange, stored.type, message.properties, message.body)
            window.sent(stored.position, len(message.body))
            in_one_go += 1
            if in_one_go >= YIELD_EVERY:
                in_one_go = 0
                await asyncio.sleep(0)

    async def _save_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(CURSOR_SAVED_EVERY_S)
            await self._save()

    async def _save(self) -> None:
        """Save the cursor; if that fails some messages will be sent again after a restart, with the same ids."""
        cursor = self._cursor
        if cursor is None or cursor == self._saved:
            return
        try:
            await self._journal.save_cursor(self._reader, cursor)
        except StoreError as error:
            log.warning("bus_cursor_not_saved", position=cursor, reason=str(error))
        else:
            self._saved = cursor

    def _pass_over(self, stored: StoredEvent, size: int, largest: int) -> None:
        self._too_large += 1
        log.error(
            "bus_event_too_large",
            event_id=stored.id,
            type=stored.type,
            bytes=size,
            broker_takes=largest,
            hint="it is not on the bus; /api/v1/events has it. The broker's max_message_size says how much it takes",
        )

    def _returned(self, routing_key: str) -> None:
        self._unroutable += 1
        if not self._told_unroutable:
            self._told_unroutable = True
            log.info("bus_message_unroutable", exchange=self._exchange, routing_key=routing_key, hint="no queue bound")

"""Keeps one connection to the broker: a new one for each attempt, for ever, with back-off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pika.exceptions
import structlog
from pika.adapters.utils.connection_workflow import AMQPConnectorException

from hub.bus.amqp import AmqpConnection, first_of
from hub.bus.errors import BrokerError, explain
from hub.domain.backoff import wait_after
from hub.domain.ports import StoreError

log = structlog.get_logger(__name__)

Ready = Callable[[], None]
Session = Callable[[AmqpConnection, Ready], Awaitable[None]]
"""What is done with a connection while it lasts; calls `Ready` once all it needs is declared."""


class Supervisor:
    """One task that connects, runs the session, and begins again when either fails.

    The delay between attempts grows until a session has lasted for `retry_max_s`: a broker that lets in and then
    refuses what is done with the connection gets no more attempts than one that lets nobody in.
    """

    def __init__(
        self,
        name: str,
        parameters: Any,
        session: Session,
        *,
        retry_min_s: float = 0.5,
        retry_max_s: float = 30.0,
    ) -> None:
        self._name = name
        self._parameters = parameters
        self._session = session
        self._retry_min_s = retry_min_s
        self._retry_max_s = retry_max_s
        self._failures = 0
        self._task: asyncio.Task[None] | None = None
        self._connection: AmqpConnection | None = None
        self._ready = False
        self._ready_since = 0.0
        self._stopping = False
        self._reason: str | None = "not connected yet"

    @property
    def connected(self) -> bool:
        return self._ready

    @property
    def problem(self) -> str | None:
        """Why nothing flows, in plain words; None when it does."""
        if self._ready and self._connection is not None and self._connection.blocked:
            return self._blocked_words
        return self._reason

    def start(self) -> None:
        self._stopping = False
        self._task = asyncio.create_task(self._run(), name=f"broker {self._name}")

    async def stop(self) -> None:
        """End the session and close the connection."""
        if self._task is None:
            return
        # The cancellation alone would be lost if closing the connection fails just then.
        self._stopping = True
        self._task.cancel()
        await asyncio.wait({self._task})
        self._task = None

    @property
    def _broker(self) -> str:
        return f"{self._parameters.host}:{self._parameters.port}"

    @property
    def _blocked_words(self) -> str:
        return f"broker {self._broker}: it takes no messages at the moment: it lacks memory or disk space"

    async def _run(self) -> None:
        while not self._stopping:
            try:
                await self._attempt()
            except StoreError as error:
                self._failed(str(error), told="broker_session_waits_for_the_store")
            except (pika.exceptions.AMQPError, AMQPConnectorException, OSError, BrokerError) as error:
                self._failed(explain(error, self._broker))
            except Exception as error:
                # A defect of the hub, or a new type of pika's: told with its traceback, and the next attempt is made.
                log.exception("broker_session_failed", connection=self._name)
                self._failed(explain(error, self._broker))
            finally:
                self._end_session()
            if not self._stopping:
                wait_s = wait_after(self._failures, shortest_s=self._retry_min_s, longest_s=self._retry_max_s)
                self._failures += 1
                await asyncio.sleep(wait_s)

    async def _attempt(self) -> None:
        connection = await AmqpConnection.open(self._parameters)
        self._connection = connection
        connection.on_blocked(self._blocked_changed)
        work: asyncio.Future[None] = asyncio.ensure_future(self._session(connection, self._became_ready))
        try:
            await first_of(work, connection.broken)
        finally:
            work.cancel()
            await asyncio.wait({work})
            await connection.close()
        if not work.cancelled():
            work.result()
        if not connection.broken.done():
            raise BrokerError(f"the {self._name} has nothing more to do")
        raise connection.broken.result()

    def _became_ready(self) -> None:
        self._ready = True
        self._ready_since = time.monotonic()
        self._reason = None
        log.info("broker_connected", connection=self._name, broker=self._broker)

    def _end_session(self) -> None:
        if self._ready and time.monotonic() - self._ready_since >= self._retry_max_s:
            self._failures = 0
        self._ready = False
        self._connection = None

    def _blocked_changed(self, blocked: bool) -> None:
        if blocked:
            log.warning("broker_takes_no_messages", connection=self._name, reason=self._blocked_words)
        else:
            log.info("broker_takes_messages_again", connection=self._name, broker=self._broker)

    def _failed(self, reason: str, *, told: str = "broker_unavailable") -> None:
        if reason != self._reason:
            log.warning(told, connection=self._name, reason=reason)
        self._reason = reason

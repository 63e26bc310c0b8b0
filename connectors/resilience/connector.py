"""The connector that the hub uses: any kind's, with the same manners around it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import structlog

from connectors.base import Connector, ConnectorError, LeavesOut
from connectors.progress import watched
from connectors.resilience.backoff import wait_before_next
from connectors.resilience.breaker import Admission, Breaker, LeftAloneError
from hub.config.connector_base import ConnectorBase
from hub.domain.backend import BackendStatus
from hub.domain.customer import CustomerQuery, CustomerRecord, Problem
from hub.domain.writeback import WriteBack, WriteKind, WriteResult

log = structlog.get_logger(__name__)

Answer = TypeVar("Answer")
HealthListener = Callable[[bool, str], None]
"""Hears whether the backend answers, and when it doesn't, why."""

_POLL_S = 0.05


class ResilientConnector:
    """A `Connector` around another one.

    Bounds what a lookup or write takes as a whole (`timeout_s`, waiting included), repeats what is safe to repeat, lets
    at most `max_concurrent` run and `max_waiting` wait, leaves a backend alone that does not answer, makes one of two
    writes of the same thing, and lets no other exception out than ConnectorError.
    """

    def __init__(self, inner: Connector, config: ConnectorBase, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner = inner
        self._config = config
        self._clock = clock
        self._slots = asyncio.Semaphore(config.max_concurrent)
        self._breaker = Breaker(config.breaker, clock=clock, on_change=self._changed)
        self._listener: HealthListener | None = None
        self._writing: dict[tuple[WriteKind, str], asyncio.Task[WriteResult]] = {}
        self._last_error: tuple[str, datetime] | None = None
        self._last_used = clock()
        self._running = self._waiting = 0
        self._repeated = self._throttled = self._left_alone_count = 0

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def title(self) -> str:
        return self._inner.title

    @property
    def writes(self) -> frozenset[WriteKind]:
        return self._inner.writes

    def listen(self, listener: HealthListener | None) -> None:
        """Have `listener` hear when the backend is given up, when it first answers, and when it is back."""
        self._listener = listener

    def status(self) -> BackendStatus:
        wait_s = self._breaker.wait_s
        text, at = self._last_error or ("", None)
        return BackendStatus(
            name=self.name,
            title=self.title,
            kind=self._config.kind,
            state=self._breaker.state,
            last_error=text,
            last_error_at=at,
            tried_again_in_s=round(wait_s, 1) if wait_s > 0 else None,
            writes=tuple(sorted(self.writes)),
            running=self._running,
            waiting=self._waiting,
            repeated=self._repeated,
            throttled=self._throttled,
            left_alone=self._left_alone_count,
            left_out=tuple(self._inner.left_out) if isinstance(self._inner, LeavesOut) else (),
        )

    async def start(self) -> None:
        await self._inner.start()

    def answers(self, query: CustomerQuery) -> bool:
        return self._inner.answers(query)

    async def lookup(self, query: CustomerQuery) -> Sequence[CustomerRecord]:
        """Return all customers that the query fits, none if nobody does. Raises ConnectorError only."""
        if query.is_empty:
            return ()
        return await self._within_budget(partial(self._in_turn, lambda: self._inner.lookup(query)))

    async def write(self, entry: WriteBack) -> WriteResult:
        """Write it once; who hands over the same thing meanwhile gets the same result. Raises ConnectorError only.

        A write that has begun goes on when nobody waits for it any more: what half of it would leave behind is unknown.
        """
        key = entry.kind, entry.id
        task = self._writing.get(key)
        if task is None:
            write = self._within_budget(partial(self._in_turn, lambda: self._inner.write(entry)))
            task = self._writing[key] = asyncio.create_task(write, name=f"write {entry.kind} to {self.name}")
            task.add_done_callback(lambda done: self._written(key, done))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                raise
            raise ConnectorError(Problem.INTERNAL, f"{self.name}, write {entry.kind}: the hub is stopping") from None

    async def check(self) -> str:
        """Do the inner connector's check once, within the time; a backend that is left alone is asked too."""
        return await self._within_budget(lambda _time_left: self._inner.check())

    async def close(self) -> None:
        """Close it; lookups under way end with an error, so see `idle` first if they are to end well."""
        for task in self._writing.values():
            task.cancel()
        if self._writing:
            await asyncio.wait(self._writing.values())
        await self._inner.close()

    async def idle(self, for_s: float) -> None:
        """Return once nothing has been asked of it for that long."""
        while self._running or self._waiting or self._clock() - self._last_used < for_s:  # noqa: ASYNC110 - a time without use is no event
            await asyncio.sleep(_POLL_S)

    async def _within_budget(self, work: Callable[[asyncio.Timeout], Awaitable[Answer]]) -> Answer:
        """Bound the time, name the connector in every error, and let no other exception out."""
        self._last_used = self._clock()
        with watched() as progress:
            try:
                async with asyncio.timeout(self._config.timeout_s) as time_left:
                    return await work(time_left)
            except TimeoutError:
                problem, message = Problem.TIMEOUT, self._no_answer()
            except LeftAloneError as left:
                self._left_alone_count += 1
                raise self._left_alone(left) from left.error
            except ConnectorError as error:
                self._remember(error.message)
                raise
            except Exception as error:
                log.exception("connector failed", connector=self.name, where=progress.where)
                problem, message = (
                    Problem.INTERNAL,
                    f"{type(error).__name__} in the connector itself: see the log",
                )
            finally:
                self._last_used = self._clock()
        where = f"{self.name}, {progress.where}" if progress.where else self.name
        self._remember(f"{where}: {message}")
        raise ConnectorError(problem, f"{where}: {message}")

    async def _in_turn(self, ask: Callable[[], Awaitable[Answer]], time_left: asyncio.Timeout) -> Answer:
        """Ask when it is our turn, and again as long as that may help."""
        deadline = self._clock() + self._config.timeout_s
        self._breaker.refuse_if_left_alone()
        async with self._turn():
            admission = self._breaker.admit()
            for attempt in itertools.count(1):
                try:
                    return await self._asked(ask, admission, time_left)
                except ConnectorError as error:
                    left_s = deadline - self._clock()
                    wait_s = wait_before_next(self._config.retry, attempt, error, left_s)
                    if wait_s is None or admission.is_probe:
                        raise
                    await asyncio.sleep(wait_s)
                    try:
                        admission = self._breaker.admit()
                    except LeftAloneError:
                        raise error from None
                    self._repeated += 1
                    log.info("asking again", connector=self.name, attempt=attempt + 1, reason=error.message)
        raise AssertionError("attempts are counted without end")

    async def _asked(
        self, ask: Callable[[], Awaitable[Answer]], admission: Admission, time_left: asyncio.Timeout
    ) -> Answer:
        """Ask once, and tell the breaker how it went. Raises ConnectorError, and whatever a faulty connector raises."""
        began = self._clock()
        try:
            answer = await ask()
        except asyncio.CancelledError:
            # Who had to wait long for a turn left the backend no time: that is no fault of its own.
            had_time = self._clock() - began >= self._config.timeout_s / 2
            if time_left.expired() and had_time:
                self._breaker.failed(admission, ConnectorError(Problem.TIMEOUT, self._no_answer()))
            else:
                self._breaker.taken_back(admission)
            raise
        except ConnectorError as error:
            named = error if error.message.startswith(self.name) else error.within(self.name)
            self._judge(admission, named)
            raise named from error.__cause__
        except BaseException:
            self._breaker.taken_back(admission)
            raise
        self._breaker.answered(admission)
        return answer

    def _judge(self, admission: Admission, error: ConnectorError) -> None:
        self._throttled += error.problem is Problem.THROTTLED
        if error.is_of_backend:
            self._breaker.failed(admission, error)
        elif error.problem is Problem.INTERNAL:
            self._breaker.taken_back(admission)
        else:
            self._breaker.answered(admission)

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait until one of `max_concurrent` is free. Raises ConnectorError if too many wait already."""
        if self._slots.locked() and self._waiting >= self._config.max_waiting:
            raise ConnectorError(
                Problem.THROTTLED,
                f"{self.name}: {self._running} lookups run (max_concurrent) and {self._waiting} wait (max_waiting): "
                "no further one is taken on",
            )
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._slots.release()

    def _left_alone(self, left: LeftAloneError) -> ConnectorError:
        reason = left.error.message.removeprefix(f"{self.name}, ").removeprefix(f"{self.name}: ")
        return ConnectorError(
            left.error.problem,
            f"{self.name}: {left}; the last was: {reason}",
            retry_after_s=left.wait_s,
            status=left.error.status,
        )

    def _no_answer(self) -> str:
        return f"no answer within {self._config.timeout_s:g} s (timeout_s)"

    def _remember(self, message: str) -> None:
        self._last_error = (message, datetime.now(UTC))

    def _changed(self, is_up: bool, reason: str) -> None:
        if self._listener is not None:
            self._listener(is_up, reason)

    def _written(self, key: tuple[WriteKind, str], task: asyncio.Task[WriteResult]) -> None:
        del self._writing[key]
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("not written back", connector=self.name, kind=key[0], reason=str(error))

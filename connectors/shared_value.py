"""One value that all share: fetched once however many wait for it, kept until it runs out or no longer counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

from connectors.base import ConnectorError
from hub.domain.customer import Problem

FETCH_TIMEOUT_S = 30.0
"""A fetch goes on when those who waited have given up: the next one finds it done."""

Value = TypeVar("Value")


class SharedValue(Generic[Value]):
    """`fetch` returns the value and for how many seconds it may be kept; `wait_s` is how long one caller waits."""

    def __init__(self, what: str, fetch: Callable[[], Awaitable[tuple[Value, float]]], wait_s: float) -> None:
        self._what = what
        self._fetch = fetch
        self._wait_s = wait_s
        self._value: Value | None = None
        self._until = 0.0
        self._fetching: asyncio.Task[Value] | None = None

    async def get(self) -> Value:
        """Return the value, fetched if need be. Raises ConnectorError."""
        if self._value is not None and monotonic() < self._until:
            return self._value
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetched(), name=self._what)
            self._fetching.add_done_callback(_seen)
        fetching = self._fetching
        done, _ = await asyncio.wait([fetching], timeout=self._wait_s)
        if not done:
            raise ConnectorError(Problem.TIMEOUT, f"{self._what}: no answer within {self._wait_s:g} s")
        if fetching.cancelled():
            raise ConnectorError(Problem.INTERNAL, f"{self._what}: the connector was closed")
        return fetching.result()

    @property
    def kept(self) -> Value | None:
        """The value, if it is there and has not run out."""
        return self._value if monotonic() < self._until else None

    def drop(self, value: Value) -> None:
        """Fetch anew next time, unless that has happened since `value` was got."""
        if self._value is value:
            self._value = None

    async def close(self) -> None:
        self._value = None
        fetching, self._fetching = self._fetching, None
        if fetching is not None and not fetching.done():
            fetching.cancel()
            await asyncio.wait([fetching])

    async def _fetched(self) -> Value:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                value, lasts_s = await self._fetch()
        except TimeoutError:
            raise ConnectorError(Problem.TIMEOUT, f"{self._what}: no answer within {FETCH_TIMEOUT_S:g} s") from None
        self._value, self._until = value, monotonic() + lasts_s
        return value


def _seen(task: asyncio.Task[Value]) -> None:
    """Take note of an error that nobody waits for any more; the next caller runs into it, too."""
    if not task.cancelled():
        task.exception()

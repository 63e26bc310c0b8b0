"""One value for all: fetched once, kept for its time, whoever gives up waiting."""

import asyncio

import pytest

from connectors.base import ConnectorError
from connectors.shared_value import SharedValue
from hub.domain.customer import Problem
from tests.waiting import eventually


class Source:
    """Gives `value-1`, `value-2`, ... once it is `open`; fails with `error` if there is one."""

    def __init__(self) -> None:
        self.fetches = 0
        self.cancelled = 0
        self.open = asyncio.Event()
        self.error: ConnectorError | None = None

    async def fetch(self) -> tuple[str, float]:
        self.fetches += 1
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return f"value-{self.fetches}", 60.0


async def test_who_gives_up_stops_nobody() -> None:
    """Of those who wait one is cancelled and one runs out of time: the others get the value, from one fetch."""
    source = Source()
    shared = SharedValue("signing in", source.fetch, 5.0)
    impatient, cancelled, patient = (asyncio.create_task(shared.get()) for _ in range(3))
    await asyncio.sleep(0)
    cancelled.cancel()
    impatient.cancel()
    source.open.set()
    assert "value-1" == await patient
    assert [True, True] == [task.cancelled() for task in (impatient, cancelled)]
    assert (1, 0) == (source.fetches, source.cancelled)


async def test_who_waits_too_long_is_told() -> None:
    """After `wait_s` a caller gets an error that says what it waited for; the value comes for the next."""
    source = Source()
    shared = SharedValue("signing in at id.example", source.fetch, 0.01)
    with pytest.raises(ConnectorError, match=r"signing in at id\.example: no answer within 0\.01 s") as raised:
        await shared.get()
    assert Problem.TIMEOUT == raised.value.problem
    source.open.set()
    shared_later = (await shared.get(), await shared.get())
    assert ("value-1", "value-1") == shared_later
    assert 1 == source.fetches


async def test_an_error_is_for_all_who_wait_and_not_kept() -> None:
    """A fetch that fails fails for all who wait; the next one tries again."""
    source = Source()
    source.open.set()
    source.error = ConnectorError(Problem.REFUSED, "no")
    shared = SharedValue("x", source.fetch, 5.0)
    errors = await asyncio.gather(shared.get(), shared.get(), return_exceptions=True)
    assert ["no", "no"] == [str(error) for error in errors]
    assert 1 == source.fetches
    source.error = None
    assert "value-2" == await shared.get()


async def test_dropped_once() -> None:
    """However many find that a value no longer counts, one new one is fetched."""
    source = Source()
    source.open.set()
    shared = SharedValue("x", source.fetch, 5.0)
    first = await shared.get()
    shared.drop(first)
    second = await shared.get()
    shared.drop(first)
    assert ("value-2", "value-2") == (second, await shared.get())


async def test_closed_in_the_middle() -> None:
    """Closing takes back a fetch under way."""
    source = Source()
    shared = SharedValue("x", source.fetch, 5.0)
    waiting = asyncio.create_task(shared.get())
    await eventually(lambda: source.fetches)
    await shared.close()
    assert 1 == source.cancelled
    with pytest.raises(ConnectorError, match="x: the connector was closed"):
        await waiting

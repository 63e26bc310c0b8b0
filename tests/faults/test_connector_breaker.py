"""A backend over a real socket that is away, slow, flaps, throttles, or dies with a request in its hands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import pytest

from connectors.base import ConnectorError
from connectors.resilience.connector import ResilientConnector
from hub.domain.backend import BackendState
from hub.domain.customer import CustomerQuery, CustomerRecord, Problem
from tests.conformance.behaviour import connector_for
from tests.conformance.servers.backend import KNOWN, Mood
from tests.conformance.servers.rest import RestBackend
from tests.waiting import eventually

OPEN_S = 0.3
QUERY = CustomerQuery(email=KNOWN.email)
"""One request each."""

Make = Callable[..., Awaitable[ResilientConnector]]


@pytest.fixture
async def backend() -> AsyncIterator[RestBackend]:
    """Run a backend."""
    backend = RestBackend()
    await backend.start()
    yield backend
    await backend.stop()


@pytest.fixture
async def make(backend: RestBackend) -> AsyncIterator[Make]:
    """Make connectors for it that leave it alone after three failures."""
    made: list[ResilientConnector] = []

    async def make(**settings: Any) -> ResilientConnector:
        breaker = {"failures": 3, "of": 6, "open_s": OPEN_S, "max_open_s": 1}
        connector = connector_for(backend, **{"retry": {"attempts": 1}, "breaker": breaker, **settings})
        await connector.start()
        made.append(connector)
        return connector

    yield make
    for connector in made:
        await connector.close()


async def outcomes(connector: ResilientConnector, count: int) -> list[Sequence[CustomerRecord] | ConnectorError]:
    """Look up that many times at once."""
    found = await asyncio.gather(*(connector.lookup(QUERY) for _ in range(count)), return_exceptions=True)
    assert all(isinstance(one, Sequence | ConnectorError) for one in found), found
    return found  # type: ignore[return-value]  # asserted


def problems(found: Sequence[object]) -> set[Problem]:
    return {one.problem for one in found if isinstance(one, ConnectorError)}


async def trying(connector: ResilientConnector) -> None:
    await eventually(lambda: connector.status().state is BackendState.TRYING)


async def test_one_that_is_away_opens_is_probed_once_and_closes(backend: RestBackend, make: Make) -> None:
    """Three failures, then hundreds of callers cost no connection and no time; one probe; back for everybody."""
    connector = await make()
    told: list[bool] = []
    connector.listen(lambda is_up, _reason: told.append(is_up))
    await connector.lookup(QUERY)
    await backend.stop()
    for _ in range(3):
        await outcomes(connector, 1)
    began = time.monotonic()
    refused = await outcomes(connector, 300)
    assert time.monotonic() - began < OPEN_S
    assert {Problem.UNREACHABLE} == problems(refused)
    assert 300 == connector.status().left_alone

    backend.mood = Mood.GATEWAY
    await backend.start()
    await trying(connector)
    before = backend.requests
    assert 50 == len([one for one in await outcomes(connector, 50) if isinstance(one, ConnectorError)])
    assert 1 == backend.requests - before

    backend.mood = Mood.NORMAL
    await trying(connector)
    found = await outcomes(connector, 50)
    assert 1 == len([one for one in found if not isinstance(one, ConnectorError)])
    found = await outcomes(connector, 10)
    assert [KNOWN.id] * 10 == [one[0].id for one in found if not isinstance(one, ConnectorError)]
    assert BackendState.UP == connector.status().state
    assert [True, False, True] == told


async def test_one_that_is_slow_holds_nobody_up_for_long(backend: RestBackend, make: Make) -> None:
    """The first callers wait their time, all together; who comes after them is told at once."""
    connector = await make(timeout_s=0.4, max_concurrent=4)
    backend.mood = Mood.SLOW
    began = time.monotonic()
    assert {Problem.TIMEOUT} == problems(await outcomes(connector, 8))
    assert time.monotonic() - began < 1.5
    assert BackendState.DOWN == connector.status().state
    began = time.monotonic()
    assert {Problem.TIMEOUT} == problems(await outcomes(connector, 8))
    assert time.monotonic() - began < 0.2
    await eventually(lambda: backend.cancelled == backend.requests, "every request taken back")


async def test_one_that_flaps_is_got_through_to_by_a_second_attempt(backend: RestBackend, make: Make) -> None:
    """Each second request fails: the customers are found all the same, and the backend counts as up."""
    connector = await make(retry={"attempts": 2, "wait_s": 0.005}, breaker={"failures": 6, "of": 10})
    for _ in range(6):
        backend.blips = [Mood.GATEWAY]
        assert [KNOWN.id] == [record.id for record in await connector.lookup(QUERY)]
    assert (12, 6) == (backend.requests, connector.status().repeated)
    assert BackendState.UP == connector.status().state


async def test_one_that_throttles_is_left_alone_until_its_time_is_over(backend: RestBackend, make: Make) -> None:
    """Who was refused waits for as long as it is to, as that fits; nobody else asks meanwhile; none is told as down."""
    connector = await make(retry={"attempts": 2}, timeout_s=3)
    told: list[bool] = []
    connector.listen(lambda is_up, _reason: told.append(is_up))
    backend.retry_after = "1"
    backend.blips = [Mood.THROTTLED]
    began = time.monotonic()
    first = asyncio.create_task(connector.lookup(QUERY))
    await eventually(lambda: connector.status().state is BackendState.THROTTLED)
    refused = await outcomes(connector, 100)
    assert {Problem.THROTTLED} == problems(refused)
    assert all(isinstance(one, ConnectorError) and one.retry_after_s for one in refused)
    assert 1 == backend.requests
    assert [KNOWN.id] == [record.id for record in await first]
    assert 1 <= time.monotonic() - began < 2
    assert 2 == backend.requests
    assert [True] == told


async def test_one_that_dies_with_a_request_in_its_hands(backend: RestBackend, make: Make) -> None:
    """The lookup ends at once in words; the next ones find it away, and then back on its port."""
    connector = await make()
    await connector.lookup(QUERY)
    backend.mood = Mood.SLOW
    lookups = asyncio.create_task(outcomes(connector, 3))
    await eventually(lambda: backend.at_once == 3)
    began = time.monotonic()
    await backend.stop()
    assert {Problem.UNREACHABLE} == problems(await lookups)
    assert time.monotonic() - began < 2
    assert BackendState.DOWN == connector.status().state
    backend.mood = Mood.NORMAL
    await backend.start()
    await trying(connector)
    assert [KNOWN.id] == [record.id for record in await connector.lookup(QUERY)]


async def test_one_that_dies_once_is_asked_again(backend: RestBackend, make: Make) -> None:
    """A connection cut before the reply is made again, on a new connection; the agent sees the customer."""
    connector = await make(retry={"attempts": 2, "wait_s": 0.005})
    backend.blips = [Mood.ABORT]
    assert [KNOWN.id] == [record.id for record in await connector.lookup(QUERY)]
    assert 2 == backend.requests


async def test_a_wrong_password_does_not_lock_the_account(backend: RestBackend, make: Make) -> None:
    """A refused sign-in is never repeated, and after a few the backend is left alone."""
    connector = await make(retry={"attempts": 5})
    backend.mood = Mood.UNAUTHORIZED
    for _ in range(20):
        assert {Problem.REFUSED} == problems(await outcomes(connector, 1))
    assert 3 == backend.requests


async def test_what_one_customer_may_not_see_does_not_keep_others_out(backend: RestBackend, make: Make) -> None:
    """403 and faults are answers: the backend is asked for the next customer."""
    connector = await make()
    for mood in (Mood.FORBIDDEN, Mood.FAULT, Mood.GARBAGE) * 4:
        backend.mood = mood
        await outcomes(connector, 1)
    assert 12 == backend.requests
    backend.mood = Mood.NORMAL
    assert [KNOWN.id] == [record.id for record in await connector.lookup(QUERY)]

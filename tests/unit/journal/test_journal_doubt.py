"""A commit whose confirmation is lost with the connection: it may have happened, or not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from hub.domain.ports import Appended
from hub.domain.store_place import StorePlace
from hub.journal import statements
from hub.journal.journal import Journal
from hub.journal.store import store_at
from hub.store.connection import StoreConnection, StoreFailedError
from tests.unit.journal import samples


class Doubtful:
    """A store whose connection is lost with a commit, after it has happened or before, once `loses_after` is set."""

    def __init__(self, place: StorePlace) -> None:
        self._store = store_at(place)
        self.open_reader = self._store.open_reader
        self.open_beside = self._store.open_beside
        self.is_claimed = self._store.is_claimed
        self.is_claimed = self._store.is_claimed
        self.release = self._store.release
        self.loses_after: bool | None = None

    def open_writer(self) -> StoreConnection:
        return _Connection(self._store.open_writer(), self)


class _Connection:
    def __init__(self, connection: StoreConnection, store: Doubtful) -> None:
        self._connection = connection
        self._store = store
        self.is_lost = False
        self.check = connection.check
        self.close = connection.close

    def rows(self, statement: str, values: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        return self._connection.rows(statement, values)

    def rows_of_each(self, statement: str, rows: Sequence[Sequence[Any]]) -> Sequence[tuple[Any, ...]]:
        return self._connection.rows_of_each(statement, rows)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        return self._connection.execute(statement, values)

    def execute_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        self._connection.execute_many(statement, rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._connection.transaction():
            yield
            if self._store.loses_after is False:
                self._lose()
        if self._store.loses_after:
            self._lose()

    def _lose(self) -> None:
        self._store.loses_after = None
        self.is_lost = True
        raise StoreFailedError("the connection was lost")


@pytest.fixture
def store(place: StorePlace) -> Doubtful:
    """Give a store that fails when it is told to."""
    return Doubtful(place)


async def _open(store: Doubtful) -> Journal:
    connection = await asyncio.to_thread(store.open_writer)
    return Journal(store, connection, connection.rows(statements.LAST_POSITION)[0][0], backlog=1000)


async def test_a_commit_that_happened_is_not_made_again(store: Doubtful) -> None:
    """Its events are there once, count as new, and are told to those who follow; one that was known before stays so."""
    journal = await _open(store)
    known, first, second, third = (samples.step(samples.call(number)) for number in range(1, 5))
    await journal.append(known)
    for loses_after in (True, False):
        group = [first, known] if loses_after else [second, first, second]
        store.loses_after = loses_after
        outcomes = await journal.append_all(group)
        if loses_after:
            assert [Appended(2, is_new=True), Appended(1, is_new=False)] == list(outcomes)
        else:
            assert [Appended(3, is_new=True), Appended(2, is_new=False), Appended(3, is_new=False)] == list(outcomes)
    assert 4 == await journal.append(third)
    expected = [event.id for event in (known, first, second, third)]
    assert expected == [stored.id for stored in await journal.read(0, 10)]
    tailed = []
    async for stored in journal.tail(0):
        tailed.append(stored.id)
        if len(tailed) == len(expected):
            break
    assert (expected, 4, None) == (tailed, journal.position, journal.problem())
    await journal.close()


async def test_a_follower_hears_of_a_commit_in_doubt(store: Doubtful) -> None:
    """Who waits at the end of the journal is woken for events that are only on the disk."""
    journal = await _open(store)
    await journal.append(samples.step(samples.call(1)))
    tail = journal.tail(1)
    waiting = asyncio.ensure_future(anext(tail))
    await asyncio.sleep(0)
    store.loses_after = True
    event = samples.step(samples.call(2))
    await journal.append(event)
    assert (2, event.id) == ((stored := await asyncio.wait_for(waiting, 10)).position, stored.id)
    await journal.close()

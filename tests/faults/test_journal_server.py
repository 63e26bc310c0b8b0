"""A PostgreSQL server that fails under the journal: told in words, nothing lost, nothing twice, order kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest

from hub.domain.ports import Appended, StoredEvent
from hub.domain.store_place import ServerPlace
from hub.journal import server_store
from hub.journal.errors import JournalError
from hub.journal.journal import Journal
from hub.store import postgresql as store_postgresql
from tests.relay import Relay
from tests.servers.postgresql import PostgreSQL
from tests.unit.journal import samples
from tests.waiting import eventually

LANES = 6
GROUP = 3


class Load:
    """Several callers' events, appended in groups of one call each, one after the other, as long as it lasts."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._goes_on = True
        self.acknowledged: dict[str, list[str]] = {samples.call(lane).id: [] for lane in range(LANES)}
        self.outcomes: list[Appended] = []

    @property
    def count(self) -> int:
        return sum(len(ids) for ids in self.acknowledged.values())

    async def _append(self, lane: int) -> None:
        call = samples.call(lane)
        while self._goes_on:
            events = [samples.step(call) for _ in range(GROUP)]
            for outcome in await self._journal.append_all(events):
                assert isinstance(outcome, Appended)
                self.outcomes.append(outcome)
            self.acknowledged[call.id] += [event.id for event in events]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Append until the block ends, then until all that was begun is acknowledged."""
        async with asyncio.TaskGroup() as lanes:
            for lane in range(LANES):
                lanes.create_task(self._append(lane))
            try:
                yield
            finally:
                self._goes_on = False

    async def more(self, events: int) -> None:
        """Wait until so many more are acknowledged."""
        aim = self.count + events
        await eventually(lambda: self.count >= aim, f"{events} more events", 30)


async def everything(journal: Journal) -> Sequence[StoredEvent]:
    """Return all that is stored, read from the server."""
    journal._recent.forget()
    stored: list[StoredEvent] = []
    while batch := await journal.read(stored[-1].position if stored else 0, 500):
        stored += batch
    return stored


async def assert_whole(journal: Journal, load: Load, followed: Sequence[StoredEvent]) -> None:
    """Each acknowledged event is there once, in its call's order, told as new; whoever follows has seen the same."""
    stored = await everything(journal)
    assert list(range(1, len(stored) + 1)) == [event.position for event in stored]
    by_call = {call: [event.id for event in stored if event.subject == call] for call in load.acknowledged}
    assert load.acknowledged == by_call
    assert sorted(event.position for event in stored) == sorted(outcome.position for outcome in load.outcomes)
    assert all(outcome.is_new for outcome in load.outcomes)
    assert [event.id for event in stored] == [event.id for event in followed]
    assert (0, None) == (journal.dropped_total, journal.problem())


@asynccontextmanager
async def followed(journal: Journal) -> AsyncIterator[list[StoredEvent]]:
    """Follow the journal from its beginning; at the end, once all is seen."""
    seen: list[StoredEvent] = []

    async def follow() -> None:
        after = 0
        while True:
            try:
                async for stored in journal.tail(after):
                    seen.append(stored)
                    after = stored.position
            except JournalError:
                # What had left the memory could not be read just then: a reader tries again.
                await asyncio.sleep(0.02)

    following = asyncio.ensure_future(follow())
    try:
        yield seen
        await eventually(lambda: len(seen) >= journal.position, "the follower at the end", 20)
    finally:
        following.cancel()


def says(journal: Journal, words: str) -> bool:
    return words in (journal.problem() or "")


async def test_a_server_killed_under_load_delays_and_loses_nothing(fresh_postgresql: PostgreSQL) -> None:
    """SIGKILL and a new start: events wait in memory meanwhile, the outage is told, all of them arrive in order."""
    journal = await Journal.open(fresh_postgresql.place(await fresh_postgresql.make_database()))
    load = Load(journal)
    async with followed(journal) as seen:
        async with load.running():
            for _ in range(2):
                await load.more(200)
                await asyncio.to_thread(fresh_postgresql.kill)
                await eventually(lambda: says(journal, "it can't be reached"), "the outage being told", 20)
                with pytest.raises(JournalError, match="can't be reached"):
                    await journal.calls()
                await asyncio.to_thread(fresh_postgresql.start)
            await load.more(200)
        await eventually(lambda: journal.pending == 0, "everything written")
    await assert_whole(journal, load, seen)
    await journal.close()


async def test_sessions_ended_in_the_middle_of_commits_lose_nothing(postgresql: PostgreSQL) -> None:
    """Whether a commit whose confirmation was lost has happened is found out by the ids: nothing is stored twice."""
    database = await postgresql.make_database()
    journal = await Journal.open(postgresql.place(database))
    load = Load(journal)
    async with followed(journal) as seen:
        async with load.running():
            for _ in range(12):
                await load.more(60)
                await postgresql.end_sessions(database)
            await load.more(60)
        await eventually(lambda: journal.pending == 0 and journal.problem() is None, "everything written")
    await assert_whole(journal, load, seen)
    await journal.close()


async def test_a_network_that_goes_silent_is_told_and_mended(
    postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No reset, no answer: after a bounded time the connection counts as lost; a new one goes on when the wire does."""
    monkeypatch.setattr(store_postgresql, "ANSWER_S", 0.5)
    monkeypatch.setattr(store_postgresql, "CONNECT_S", 1.0)
    place = postgresql.place(await postgresql.make_database())
    async with Relay(postgresql.port) as relay:
        journal = await Journal.open(msgspec.structs.replace(place, port=relay.port))
        load = Load(journal)
        async with followed(journal) as seen:
            async with load.running():
                await load.more(60)
                relay.go_silent()
                await eventually(lambda: says(journal, "does not answer in time"), "the silence being told", 20)
                relay.cut()
                relay.flow()
                await load.more(60)
            await eventually(lambda: journal.pending == 0 and journal.problem() is None, "everything written")
        await assert_whole(journal, load, seen)
        await journal.close()


async def test_losses_beyond_the_backlog_are_counted(fresh_postgresql: PostgreSQL) -> None:
    """Memory has a bound while the server is away: what is beyond it is counted and told."""
    journal = await Journal.open(fresh_postgresql.place(await fresh_postgresql.make_database()), backlog=100)
    await asyncio.to_thread(fresh_postgresql.kill)
    for number in range(130):
        journal.publish(samples.step(samples.call(number)))
    await eventually(lambda: says(journal, "(100 events wait in memory, 30 lost)"), "the loss being told", 20)
    await asyncio.to_thread(fresh_postgresql.start)
    await eventually(lambda: journal.pending == 0, "everything written", 20)
    assert (100, 30) == (len(await everything(journal)), journal.dropped_total)
    await journal.close()


async def test_an_outage_is_told_while_nothing_happens(fresh_postgresql: PostgreSQL) -> None:
    """A hub without calls says that it is not ready, and that it is again, before the next call comes."""
    journal = await Journal.open(fresh_postgresql.place(await fresh_postgresql.make_database()))
    await asyncio.to_thread(fresh_postgresql.kill)
    await eventually(lambda: says(journal, "can't be reached"), "the outage being told", 20)
    await asyncio.to_thread(fresh_postgresql.start)
    await eventually(lambda: journal.problem() is None, "the return being told", 20)
    await journal.close()


async def test_one_hub_at_a_time_writes(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second hub is refused; one that lost its connection to a second goes on only after that, where it ended."""
    monkeypatch.setattr(server_store, "CLAIM_WAIT_S", 0.2)
    database = await postgresql.make_database()
    place = postgresql.place(database)
    first = await Journal.open(place)
    await first.append(samples.step(samples.call(1)))
    with pytest.raises(JournalError, match="in use by another running hub"):
        await Journal.open(place)

    second = await _open_in_place_of_another(postgresql, place)
    waiting = asyncio.ensure_future(first.append(samples.step(samples.call(3))))
    await eventually(lambda: says(first, "in use by another running hub"), "the other hub being told", 20)
    assert 2 == await second.append(samples.step(samples.call(2)))
    await second.close()
    assert 3 == await asyncio.wait_for(waiting, 20)
    assert ["main-1", "main-2", "main-3"] == [event.subject for event in await first.read(0, 10)]
    assert None is first.problem()
    await first.close()


async def _open_in_place_of_another(postgresql: PostgreSQL, place: ServerPlace) -> Journal:
    """Take the database over while the first hub, whose session was ended, waits for its next attempt."""
    while True:
        await postgresql.end_sessions(place.database)
        try:
            return await Journal.open(place)
        except JournalError:
            continue  # the first was quicker: it has the claim again


async def test_a_full_disk_and_a_missing_permission_are_told(postgresql: PostgreSQL) -> None:
    """In words, with nothing lost: what waits is written when the server takes it again."""
    database = await postgresql.make_database()
    journal = await Journal.open(postgresql.place(database))
    await postgresql.run(
        database,
        "CREATE FUNCTION ctihub.full() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RAISE EXCEPTION 'no space left: secret row' USING ERRCODE = '53100'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON ctihub.events EXECUTE FUNCTION ctihub.full()",
    )
    waiting = asyncio.ensure_future(journal.append(samples.step(samples.call(1))))
    await eventually(lambda: says(journal, "the server's disk is full: free some space there"), "the full disk", 20)
    await postgresql.run(database, "DROP TRIGGER full_disk ON ctihub.events")
    assert 1 == await asyncio.wait_for(waiting, 20)
    await journal.close()


async def test_what_another_user_may_not_do_is_told(postgresql: PostgreSQL) -> None:
    """A user without the right to make the schema is refused; one who is given a schema needs no more."""
    database = await postgresql.make_database(
        "DROP ROLE IF EXISTS clerk", "CREATE ROLE clerk LOGIN PASSWORD 'clerks-own'"
    )
    place = msgspec.structs.replace(postgresql.place(database), user="clerk", password="clerks-own")
    with pytest.raises(JournalError, match="the user may not do that"):
        await Journal.open(place)
    await postgresql.run(database, "CREATE SCHEMA ctihub AUTHORIZATION clerk")
    journal = await Journal.open(place)
    await journal.append(samples.step(samples.call(1)))
    await postgresql.run(database, "REVOKE INSERT ON ctihub.events FROM clerk")
    waiting = asyncio.ensure_future(journal.append(samples.step(samples.call(2))))
    await eventually(lambda: says(journal, "the user may not do that"), "the missing right", 20)
    await postgresql.run(database, "GRANT INSERT ON ctihub.events TO clerk")
    assert 2 == await asyncio.wait_for(waiting, 20)
    await journal.close()
    await postgresql.run(database, "DROP OWNED BY clerk", "DROP ROLE clerk")

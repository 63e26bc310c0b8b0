"""The journal as the other rooms see it: append, read, follow, and what is derived from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import structlog

from hub.domain.agent import AgentStatus
from hub.domain.call import Call
from hub.domain.callback import Callback
from hub.domain.customer import CustomerContext
from hub.domain.event import Event
from hub.domain.identity import IdentityDecision
from hub.domain.inbound import DeadLetter, DeadLetterState
from hub.domain.interaction import Channel, RepeatRule, TimelinePage
from hub.domain.ports import Access, CallLogEntry, EventRefusedError, StoredEvent, StoreError
from hub.domain.store_place import StorePlace
from hub.journal import accesses, dead_letters, decisions, queries, statements, timeline
from hub.journal.batch import Commit, Outcome, Pending, PendingEvents, PendingWrite
from hub.journal.customers import Remembers, nothing_remembered
from hub.journal.customers_fill import NUMBERS, customers_filling
from hub.journal.customers_queries import JournalCustomers
from hub.journal.erasure_row import MOVE_ERASURE, Erasure, ErasureState, erasures
from hub.journal.errors import JournalError, JournalFullError
from hub.journal.filling import Filling, fill, is_filled
from hub.journal.often import often_in_touch
from hub.journal.readers import Readers
from hub.journal.recent import RecentEvents
from hub.journal.store import JournalStore, store_at
from hub.journal.timeline_fill import TIMELINES
from hub.journal.writer import MAX_BATCH, Writer
from hub.store.connection import StoreConnection

log = structlog.get_logger(__name__)

BACKLOG: Final = 50_000
"""Events kept in memory while the disk fails."""

USUAL_REPEATS: Final = RepeatRule()
TAIL_READ: Final = 256
_DROPS_PER_LOG_LINE: Final = 1_000


class Journal:
    """The append-only journal (EventJournal, DeadLetters, CallLog and others of hub.domain.ports).

    Made by `Journal.open` and used from that event loop. Only one hub at a time has a store open.
    """

    def __init__(
        self,
        store: JournalStore,
        connection: StoreConnection,
        position: int,
        *,
        backlog: int,
        repeats: RepeatRule = USUAL_REPEATS,
        remembers: Remembers = nothing_remembered,
    ) -> None:
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._readers = Readers(store)
        self._searching = Readers(store)
        self.customers = JournalCustomers(self._readers, self._searching)
        self._remembers = remembers
        self._repeats = repeats
        self._recent = RecentEvents()
        self._grown = asyncio.Event()
        self._closed = False
        self._position = position
        self._writer = Writer(
            store,
            connection,
            position,
            backlog=backlog,
            on_commit=partial(self._in_the_loop, self._committed),
            on_given_up=partial(self._in_the_loop, self._given_up),
            remembers=self._is_remembered,
        )
        self._group = min(MAX_BATCH, self._writer.room_of_who_waits)
        self._filling: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls,
        place: StorePlace,
        *,
        backlog: int = BACKLOG,
        repeats: RepeatRule = USUAL_REPEATS,
        remembers: Remembers = nothing_remembered,
    ) -> Journal:
        """Open a file or a database, made and migrated if need be. Raises JournalError in plain words.

        `remembers` says, from the writing thread, of which systems the answers to lookups are kept as customers.
        """
        if str(place) == ":memory:":
            raise JournalError("the journal needs a file: name one in store.url, as in sqlite:///ctihub.db")
        store = store_at(place)
        try:
            connection, position, unfilled = await asyncio.to_thread(_open, store, remembers)
            journal = cls(store, connection, position, backlog=backlog, repeats=repeats, remembers=remembers)
        except StoreError as error:
            store.release()
            raise JournalError(str(error)) from error
        except BaseException:
            store.release()
            raise
        if unfilled:
            journal._filling = journal._loop.create_task(journal._fill(unfilled), name="journal filling")
        return journal

    async def close(self) -> None:
        """Write what is queued, end all tails, let another hub have the store."""
        if self._closed:
            return
        self._closed = True
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.wait((self._filling,))
        await asyncio.to_thread(self._writer.close)
        await asyncio.sleep(0)  # lets the writer's last report, queued on this loop, reach those who wait
        self._announce()
        await self._readers.close()
        await self._searching.close()
        await asyncio.to_thread(self._writer.disconnect)
        self._store.release()

    def problem(self) -> str | None:
        """Why the journal does not write, for /readyz; None when all is well."""
        problem = self._writer.problem
        if problem is None:
            return None
        return f"{problem} ({self._writer.pending} events wait in memory, {self._writer.dropped} lost)"

    @property
    def position(self) -> int:
        """The newest durable position, 0 if there is none."""
        return self._position

    @property
    def pending(self) -> int:
        """How much waits for the disk."""
        return self._writer.pending

    @property
    def dropped_total(self) -> int:
        """Events lost because the disk failed for longer than the backlog holds."""
        return self._writer.dropped

    @property
    def refused_total(self) -> int:
        """Events that could not be stored at all; each is in the log."""
        return self._writer.refused

    def publish(self, event: Event) -> None:
        if not self._writer.put(PendingEvents((event,), None)):
            self._count_dropped()

    async def append(self, event: Event) -> int:
        """Return the event's position once it is durable.

        Raises JournalFullError if the disk has failed for so long that the backlog is full, EventRefusedError
        if the event can't be stored at all, and JournalError if the journal was closed before it was.
        """
        (outcome,) = await self.append_all((event,))
        if isinstance(outcome, EventRefusedError):
            raise outcome
        return outcome.position

    def append_all(self, events: Sequence[Event]) -> asyncio.Future[Sequence[Outcome]]:
        """Return, once all are durable in one commit, what became of each.

        They are taken whole or not at all, when called: raises JournalFullError, and JournalError if it is closed.
        Those taken become durable whoever is still waiting.
        """
        waiter: asyncio.Future[Sequence[Outcome]] = self._loop.create_future()
        if not self._writer.put(PendingEvents(events, waiter)):
            raise self._not_taken()
        return waiter

    async def save_cursor(self, reader: str, position: int) -> None:
        await self._write(statements.SAVE_CURSOR, (reader, position))

    def _write(self, statement: str, *rows: Sequence[Any]) -> asyncio.Future[int]:
        waiter: asyncio.Future[int] = self._loop.create_future()
        if not self._writer.put(PendingWrite(statement, rows, waiter)):
            raise self._not_taken()
        return waiter

    async def cursor(self, reader: str) -> int:
        """Return where `reader` stands; 0 for one that never saved its place."""
        return await self._readers.run(partial(queries.cursor, reader=reader))

    async def read(self, after: int, limit: int) -> Sequence[StoredEvent]:
        known = self._recent.after(after, limit)
        if known is not None:
            return known
        return await self._readers.run(partial(queries.read_after, after=after, limit=limit))

    async def tail(self, after: int) -> AsyncIterator[StoredEvent]:
        """Yield all durable events above `after`, then each new one, until the journal is closed."""
        while not self._closed:
            grown = self._grown
            events = await self.read(after, TAIL_READ)
            for event in events:
                yield event
                after = event.position
            if not events:
                await grown.wait()

    async def last_position(self) -> int:
        return self._position

    async def position_of(self, event_id: str) -> int | None:
        return await self._readers.run(partial(queries.position_of, event_id=event_id))

    async def calls(
        self, *, agent: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> Sequence[CallLogEntry]:
        """Return finished calls, those that started last first; `before` keeps those that started earlier."""
        return await self._readers.run(partial(queries.calls, agent=agent, before=before, limit=limit))

    async def finished_call(self, call_id: str) -> CallLogEntry | None:
        return await self._readers.run(partial(queries.finished_call, call_id=call_id))

    async def context_of(self, call_id: str) -> CustomerContext | None:
        """Return the newest complete context of a call, live or over."""
        return await self._readers.run(partial(queries.context_of, call_id=call_id))

    async def last_agent(self, number: str, since: datetime) -> str | None:
        """Return the agent who was the last to talk in the newest finished call with this E.164 number, or None."""
        return await self._readers.run(partial(queries.last_agent, number=number, since=since))

    async def often_in_touch(self, since: datetime, *, contacts: int, limit: int) -> Sequence[str]:
        """Return E.164 numbers with at least so many contacts since then, those with the most first."""
        query = partial(often_in_touch, since=since, contacts=contacts, limit=limit)
        return await self._readers.run(query)

    async def open_calls(self) -> Sequence[Call]:
        """Return the calls that have events but never a cleared one, as the last event knew them.

        After a crash these are the calls whose end may have been missed.
        """
        return await self._readers.run(queries.open_calls)

    async def agent_states(self) -> Sequence[AgentStatus]:
        """Return each agent as the newest event about them has it."""
        return await self._readers.run(queries.agent_states)

    async def timeline(
        self, keys: Sequence[str], *, channels: Collection[Channel] = (), before: str = "", limit: int = 50
    ) -> TimelinePage:
        """Return a page of the contacts, matters and finished calls of anyone named by `keys`, the newest first."""
        page = partial(timeline.timeline, keys=keys, channels=channels, before=before, limit=limit, rule=self._repeats)
        return await self._readers.run(page)

    async def callback(self, callback_id: str) -> Callback | None:
        """Return a callback as it stands, also one that is over; None if there is none of that id."""
        return await self._readers.run(partial(queries.callback, callback_id=callback_id))

    async def open_callbacks(self) -> Sequence[Callback]:
        """Return the callbacks that are not over, as they stand."""
        return await self._readers.run(queries.open_callbacks)

    async def decisions(self, keys: Sequence[str]) -> Sequence[IdentityDecision]:
        """Return what people decided of any of `keys` and did not take back, the oldest first."""
        return await self._readers.run(partial(decisions.decisions, keys=keys))

    async def decision(self, decision_id: str) -> IdentityDecision | None:
        """Return a decision as it is now, also one that was taken back."""
        return await self._readers.run(partial(decisions.decision, decision_id=decision_id))

    async def keep_dead(self, letters: Sequence[DeadLetter]) -> None:
        """Return once they are durable. Raises JournalFullError and JournalError as `append`."""
        for group in dead_letters.groups(letters, self._group):
            await self._write(statements.KEEP_DEAD, *(dead_letters.row_of(letter) for letter in group))

    async def settle_dead(self, letter_ids: Sequence[str], state: DeadLetterState, *, reason: str = "") -> int:
        return await self._write(statements.SETTLE_DEAD, dead_letters.settle_values(letter_ids, state, reason))

    async def dead_letters(
        self,
        *,
        origin: str | None = None,
        states: Sequence[DeadLetterState] = (),
        before: str | None = None,
        limit: int = 50,
    ) -> Sequence[DeadLetter]:
        """Return the newest first, without their bodies; `before` is the id after which the next page begins."""
        found = partial(dead_letters.dead_letters, origin=origin, states=states, before=before, limit=limit)
        return await self._readers.run(found)

    async def dead_letter(self, letter_id: str) -> DeadLetter | None:
        return await self._readers.run(partial(dead_letters.dead_letter, letter_id=letter_id))

    async def count_dead(self, *, origin: str | None = None, states: Sequence[DeadLetterState] = ()) -> int:
        return await self._readers.run(partial(dead_letters.count_dead, origin=origin, states=states))

    async def keep_accesses(self, seen: Sequence[Access]) -> None:
        """Return once they are durable. Raises JournalFullError and JournalError as `append`."""
        await self._write(accesses.KEEP_ACCESS, *accesses.rows_of(seen))

    async def accesses(
        self, keys: Sequence[str], *, before: datetime | None = None, limit: int = 100
    ) -> Sequence[Access]:
        """Return who saw what is known by any of `keys`, the newest first."""
        return await self._readers.run(partial(accesses.accesses, keys=keys, before=before, limit=limit))

    def remember_answers_of(self, remembers: Remembers) -> None:
        """Keep from now on what these systems answer to lookups, as `open` says."""
        self._remembers = remembers

    def _is_remembered(self, system: str) -> bool:
        return self._remembers(system)

    async def erasures(self, states: Collection[ErasureState]) -> Sequence[Erasure]:
        """Return the erasures in these states, the oldest first."""
        return await self._readers.run(partial(erasures, states=states))

    async def move_erasure(self, erasure_id: str, before: ErasureState, after: ErasureState) -> bool:
        """Take an erasure from a state to the next; False if it was not in that state (any more)."""
        return await self._write(MOVE_ERASURE, (erasure_id, after.value, before.value)) == 1

    def forget_recent(self) -> None:
        """Read the newest events from the store again: some were changed there."""
        self._recent.forget()

    def _not_taken(self) -> JournalError:
        if self._closed:
            return JournalError("the journal is closed")
        return JournalFullError(f"{self._writer.problem or 'the disk is too slow'}: the backlog in memory is full")

    def _count_dropped(self) -> None:
        dropped = self._writer.count_dropped()
        if dropped % _DROPS_PER_LOG_LINE == 1:
            log.error("journal_event_dropped", dropped=dropped, reason=str(self._not_taken()))

    def _in_the_loop(self, told: Callable[..., None], *about: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(told, *about)
        except RuntimeError:
            # The loop ended without closing the journal: what was written is written, and nobody is left to tell.
            log.warning("journal_loop_is_gone")

    def _committed(self, commit: Commit) -> None:
        has_grown = commit.position > self._position
        if commit.position != self._position + len(commit.stored):
            # A commit whose confirmation was lost, or another hub meanwhile, stored some that are only on the disk.
            self._recent.forget()
        self._position = commit.position
        self._recent.extend(commit.stored)
        for pending, outcomes in commit.events:
            if pending.waiter is not None and not pending.waiter.done():
                pending.waiter.set_result(outcomes)
        for write, outcome in commit.writes:
            if write.waiter.done():
                continue
            if isinstance(outcome, JournalError):
                write.waiter.set_exception(outcome)
            else:
                write.waiter.set_result(outcome)
        if has_grown:
            self._announce()

    def _given_up(self, batch: Sequence[Pending], lost: JournalError) -> None:
        for pending in batch:
            if pending.waiter is not None and not pending.waiter.done():
                pending.waiter.set_exception(lost)

    async def _fill(self, unfilled: Sequence[Filling]) -> None:
        """Take into derived tables what was stored before there were any."""
        for filling in unfilled:
            await fill(filling, self._readers, self._write)

    def _announce(self) -> None:
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()


def _open(store: JournalStore, remembers: Remembers) -> tuple[StoreConnection, int, Sequence[Filling]]:
    """Return the writing connection, the newest position, and which derived tables lack what was stored before."""
    connection = store.open_writer()
    try:
        position: int = connection.rows(statements.LAST_POSITION)[0][0]
        fillings = (TIMELINES, customers_filling(remembers), NUMBERS)
        unfilled = [filling for filling in fillings if not is_filled(connection, filling)]
    except BaseException:
        connection.close()
        raise
    return connection, position, unfilled

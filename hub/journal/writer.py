"""The journal's one writing thread, with group commit and a bounded backlog for the time the disk fails."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from hub.domain.ports import EventRefusedError, StoreError
from hub.journal.batch import Commit, Pending, PendingEvents, write_batch
from hub.journal.customers import Remembers
from hub.journal.errors import JournalError
from hub.journal.store import JournalStore
from hub.store.connection import StoreConnection

log = structlog.get_logger(__name__)

MAX_BATCH: Final = 2_000
MAX_HELD_BYTES: Final = 64 * 1024 * 1024
"""What may wait in originals of dead letters, each of which may be as large as a message."""
RETRY_MIN_S: Final = 0.1
RETRY_MAX_S: Final = 5.0
LOOK_EVERY_S: Final = 2.0
"""How often it is looked whether the store is there, while there is nothing to write."""


class Writer:
    """Takes what is put, from any thread, and writes it in order; each batch is what queued during the last commit.

    Both are called from the writing thread: `on_commit` after each transaction, `on_given_up` for what a failing disk
    did not take before the end. `remembers` says which systems' answers to lookups are kept.
    """

    def __init__(
        self,
        store: JournalStore,
        connection: StoreConnection,
        position: int,
        *,
        backlog: int,
        on_commit: Callable[[Commit], None],
        on_given_up: Callable[[Sequence[Pending], JournalError], None],
        remembers: Remembers,
        close_wait_s: float = 5.0,
    ) -> None:
        self._store = store
        self._connection = connection
        self._position = position
        self._backlog = backlog
        self._on_commit = on_commit
        self._on_given_up = on_given_up
        self._remembers = remembers
        self._close_wait_s = close_wait_s
        self._queue: deque[Pending] = deque()
        self._arrived = threading.Condition()
        self._waiting = 0
        self._held_bytes = 0
        self._closing = threading.Event()
        self._deadline = 0.0
        self._problem: str | None = None
        self._dropped = 0
        self._refused = 0
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    @property
    def pending(self) -> int:
        """Events and cursors that are not on the disk yet."""
        return self._waiting

    @property
    def room_of_who_waits(self) -> int:
        """How many events and other rows may wait before no more are taken of those who wait for the outcome."""
        return max(1, self._backlog // 2)

    @property
    def dropped(self) -> int:
        """Events lost because the backlog was full."""
        return self._dropped

    @property
    def refused(self) -> int:
        """Events that could not be stored whatever the disk did."""
        return self._refused

    @property
    def problem(self) -> str | None:
        """Why nothing is written at the moment, in plain words; None when all is well."""
        return self._problem

    def put(self, pending: Pending) -> bool:
        """Queue for the next commit; False if the backlog is full or the writer is closed.

        Who waits for the outcome can hand it in again, and gets half of the backlog: while the disk fails, feeds leave
        room for the calls, of which nobody hands in anything twice. What is larger than that is taken when nothing else
        waits.
        """
        held = pending.held_bytes
        with self._arrived:
            limit = self._backlog if pending.waiter is None else self.room_of_who_waits
            if self._closing.is_set() or (self._waiting and self._waiting + pending.size > limit):
                return False
            if self._held_bytes and self._held_bytes + held > MAX_HELD_BYTES:
                return False
            self._queue.append(pending)
            self._waiting += pending.size
            self._held_bytes += held
            self._arrived.notify()
        return True

    def count_dropped(self) -> int:
        """Count one lost event; return how many there are now."""
        with self._arrived:
            self._dropped += 1
            return self._dropped

    def close(self) -> None:
        """Write what is queued and end; waits. What a failing disk doesn't take within the bound is given up."""
        with self._arrived:
            self._deadline = time.monotonic() + self._close_wait_s
            self._closing.set()
            self._arrived.notify()
        self._thread.join()

    def disconnect(self) -> None:
        """Close the connection, after `close`."""
        self._connection.close()

    def _run(self) -> None:
        while (batch := self._next_batch()) is not None:
            if not batch:
                self._look()
                continue
            self._write(batch)
            with self._arrived:
                self._waiting -= sum(pending.size for pending in batch)
                self._held_bytes -= sum(pending.held_bytes for pending in batch)

    def _next_batch(self) -> Sequence[Pending] | None:
        """Return what to write next, nothing where it is time to look after the store; None at the end."""
        with self._arrived:
            if not self._queue:
                if self._closing.is_set():
                    return None
                self._arrived.wait(LOOK_EVERY_S)
            batch: list[Pending] = []
            size = 0
            while self._queue and (not batch or size + self._queue[0].size <= MAX_BATCH):
                batch.append(self._queue.popleft())
                size += batch[-1].size
            return batch

    def _look(self) -> None:
        """See that the store is there, so that an outage is told, and mended, before the next event comes."""
        if self._closing.is_set():
            return
        try:
            self._connected().check()
        except Exception as error:  # noqa: BLE001 - as in _write
            self._failed(error)
        else:
            self._recovered()

    def _connected(self) -> StoreConnection:
        """Return the connection, or a new one that has the claim again in its place."""
        if self._connection.is_lost:
            self._connection.close()
            self._connection = self._store.open_writer()
        return self._connection

    def _write(self, batch: Sequence[Pending]) -> None:
        delay = RETRY_MIN_S
        while True:
            try:
                commit = write_batch(self._connected(), batch, known_up_to=self._position, remembers=self._remembers)
            except Exception as error:  # noqa: BLE001 - whatever it is, this thread must live and what it holds be kept
                self._failed(error)
                if not self._may_retry(delay):
                    self._give_up(batch)
                    return
                delay = min(delay * 2, RETRY_MAX_S)
            else:
                self._succeeded(commit)
                return

    def _failed(self, error: Exception) -> None:
        problem = str(error) if isinstance(error, StoreError) else f"the journal can't write: {type(error).__name__}"
        if problem != self._problem:
            log.error("journal_write_failed", reason=problem, waiting=self.pending)
            if not isinstance(error, StoreError):
                log.error("journal_write_failed_unexpectedly", exc_info=error)
        self._problem = problem

    def _recovered(self) -> None:
        if self._problem is not None:
            log.info("journal_writes_again", dropped=self._dropped)
            self._problem = None

    def _may_retry(self, delay: float) -> bool:
        """Wait before the next attempt; False when the writer is closing and its time is up."""
        if not self._closing.wait(delay):
            return True
        time.sleep(RETRY_MIN_S)
        return time.monotonic() < self._deadline

    def _succeeded(self, commit: Commit) -> None:
        self._recovered()
        self._position = commit.position
        for pending, outcomes in commit.events:
            for event, outcome in zip(pending.events, outcomes, strict=True):
                if isinstance(outcome, EventRefusedError):
                    self._refused += 1
                    log.error("journal_event_refused", reason=str(outcome), event_id=event.id)
        self._on_commit(commit)

    def _give_up(self, batch: Sequence[Pending]) -> None:
        lost = JournalError(self._problem or "the journal is closed")
        events = sum(pending.size for pending in batch if isinstance(pending, PendingEvents))
        self._dropped += events
        log.error("journal_closed_with_events_unwritten", count=events, reason=self._problem)
        self._on_given_up(batch, lost)

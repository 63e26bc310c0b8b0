"""Erases one customer from the store, beside a hub that runs or without one.

An erasure is a row of its own in the store, with whose data is meant, before anything is changed: one that was cut off
goes on from there, and a running hub, which looks every second, lets go of what it has in memory and tells the others
(`hub/house/erasures.py`). Events stay in their places, emptied; the derived tables lose their rows. It is done in short
transactions, so that a hub's writer waits for none of them for long.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import msgspec

from hub.domain.event import Event, encode_event
from hub.domain.ports import Access
from hub.domain.store_place import ServerPlace, StorePlace
from hub.journal import accesses
from hub.journal.erasure_events import emptied
from hub.journal.erasure_letters import empty_letters, letters_of
from hub.journal.erasure_mentions import Mentions
from hub.journal.erasure_row import (
    BEGIN_ERASURE,
    COUNT_ERASED,
    END_ERASURE,
    ErasureState,
    encoded,
    erasure,
    erasures,
)
from hub.journal.erasure_rows import Needles, Row, rows
from hub.journal.erasure_scope import Scope
from hub.journal.erasure_tables import empty_call_log, forget_whose, of_customer, of_event, of_keys_of_calls
from hub.journal.erasure_traces import clean_file, clean_server, empty_log, has_any
from hub.journal.erasure_unreadable import emptied_unreadable
from hub.journal.erasure_who import Same, Shared, gather, nothing_shared
from hub.journal.store import store_at
from hub.journal.writes import Write, microseconds
from hub.store.connection import StoreConnection

ERASURE: Final = "erasure:"
"""Begins the name of an erasure that was begun, in place of a customer's key."""
TOGETHER: Final = 100
"""Events that are emptied in one transaction."""

_UPDATE: Final = "UPDATE events SET subject = $2, partitionkey = $3, body = $4 WHERE position = $1"
_OPEN_CALLS: Final = "SELECT call_id FROM open_calls WHERE call_id = ANY ($1)"


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure did. `left` says where traces may be that it has no hand on; `open_calls` still go on."""

    id: str
    events: int
    dead_letters: int
    calls: int
    open_calls: int
    left: tuple[str, ...]


class CustomerBeside:
    """One customer's data for another process than the hub. Blocking; every method raises StoreError."""

    def __init__(self, place: StorePlace) -> None:
        self._place = place
        self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def _open(self) -> None:
        self.connection: StoreConnection = store_at(self._place).open_beside()
        if isinstance(self._place, Path):
            # What is deleted is overwritten with zeros at once.
            self.connection.execute("PRAGMA secure_delete = ON")

    def scope(self, key: str, *, shared: Shared = nothing_shared, same: Same | None = None) -> Scope:
        """Return whom `key` means. Raises AmbiguousKeyError."""
        return gather(self.connection, key, shared=shared, same=same)

    def unfinished(self, key: str) -> tuple[str, Scope] | None:
        """Return an erasure of that customer that was begun and not ended."""
        for begun in erasures(self.connection, (ErasureState.BEGUN, ErasureState.HEARD)):
            if key in begun.scope.keys or key in (begun.scope.asked, f"{ERASURE}{begun.id}"):
                return begun.id, begun.scope
        return None

    def begin(self, scope: Scope, *, by: str) -> str:
        """Write down that this customer is being erased; return the erasure's id."""
        erasure_id = str(uuid.uuid4())
        at = microseconds(datetime.now(UTC))
        self.connection.execute(BEGIN_ERASURE, (erasure_id, at, by, ErasureState.BEGUN.value, encoded(scope)))
        return erasure_id

    def hub_runs(self) -> bool:
        """Return whether a hub has this store."""
        return store_at(self._place).is_claimed(self.connection)

    def state(self, erasure_id: str) -> ErasureState | None:
        found = erasure(self.connection, erasure_id)
        return None if found is None else found.state

    def erase(self, erasure_id: str, scope: Scope, *, on_page: Callable[[int], None] = lambda _: None) -> Erased:
        """Erase all of it; `on_page` hears how many events are emptied by now."""
        emptied_events = 0
        events = self._empty_events(erasure_id, scope)
        for count in events:
            emptied_events += count
            on_page(emptied_events)
        for writes in _portions([*of_customer(scope), *of_keys_of_calls(self.connection, scope)]):
            self._write(writes)
        empty_call_log(self.connection, scope.calls)
        letters = empty_letters(self.connection, scope)
        with self.connection.transaction():
            forget_whose(self.connection, scope, erasure_id)
        going_on = self.connection.rows(_OPEN_CALLS, (sorted(scope.calls),))
        # From here on nothing but the records' ids is known of whom this was.
        left = Scope(asked="", records={ref for ref in scope.records if not is_contact(ref.id)})
        with self.connection.transaction():
            self.connection.execute(END_ERASURE, (erasure_id, ErasureState.DONE.value, encoded(left)))
        return Erased(
            id=erasure_id,
            events=emptied_events,
            dead_letters=letters,
            calls=len(scope.calls),
            open_calls=len(going_on),
            left=self._clean(scope),
        )

    def counts(self, scope: Scope) -> tuple[int, int]:
        """Return how many events and dead letters an erasure would empty."""
        events = sum(1 for _ in self._changes(scope))
        return events, sum(1 for _ in letters_of(self.connection, scope))

    def has_rows(self, scope: Scope) -> bool:
        """Whether something is kept beside the journal by the customer's keys: who looked at them."""
        return bool(self.accesses(scope.keys, limit=1))

    def accesses(self, keys: Iterable[str], *, limit: int) -> Sequence[Access]:
        return accesses.accesses(self.connection, sorted(keys), limit=limit)

    def saw(self, access: Access) -> None:
        self.connection.execute_many(accesses.KEEP_ACCESS, accesses.rows_of([access]))

    def _changes(self, scope: Scope) -> Iterable[_Change]:
        """Yield the events that something of the customer is in, with what will be left of them."""
        needles = Needles(scope.keys, scope.calls, scope.names)
        mentions = Mentions(scope)
        for page in rows(self.connection):
            for row in page:
                if needles.are_in(row) and (change := _change(row, scope, mentions)) is not None:
                    yield change

    def _empty_events(self, erasure_id: str, scope: Scope) -> Iterable[int]:
        """Empty the events, some at a time; yield how many were."""
        updates: list[Sequence[Any]] = []
        writes: list[Write] = []
        for change in self._changes(scope):
            updates.append(change.row)
            writes += () if change.event is None else of_event(change.row[0], change.event)
            if len(updates) == TOGETHER:
                yield self._write_events(erasure_id, updates, writes)
                updates, writes = [], []
        yield self._write_events(erasure_id, updates, writes)

    def _write_events(self, erasure_id: str, updates: Sequence[Sequence[Any]], writes: Sequence[Write]) -> int:
        if updates:
            with self.connection.transaction():
                self.connection.execute_many(_UPDATE, updates)
                for statement, values in writes:
                    self.connection.execute(statement, values)
                self.connection.execute(COUNT_ERASED, (erasure_id, len(updates)))
        return len(updates)

    def _write(self, writes: Sequence[Write]) -> None:
        with self.connection.transaction():
            for statement, values in writes:
                self.connection.execute(statement, values)

    def _clean(self, scope: Scope) -> tuple[str, ...]:
        """Take what was deleted out of free space, too; return where something may be left."""
        if isinstance(self._place, ServerPlace):
            return clean_server(self._place)
        is_emptied = empty_log(self.connection)
        # Whoever closes a file drops the locks that this process has on it (POSIX): it is read without any.
        self.connection.close()
        is_clean = not has_any(self._place, _traces(scope))
        self._open()
        return () if is_clean and is_emptied else clean_file(self.connection, self._place, is_clean=is_clean)


class _Change(NamedTuple):
    """What an event's row becomes, and the event as it was, None where it stays what it is or nobody can read it."""

    row: Sequence[Any]
    event: Event | None


def _change(row: Row, scope: Scope, mentions: Mentions) -> _Change | None:
    event = row.event()
    if event is None:
        unread = emptied_unreadable(row, scope)
        return None if unread is None else _Change((row.position, *unread), None)
    own = emptied(event, scope)
    left = mentions.taken_out(own or event) or own
    if left is None or (body := encode_event(left)) == row.body:
        return None
    return _Change((row.position, left.subject, left.partitionkey, body), None if own is None else event)


def is_contact(identity: str) -> bool:
    """Whether a system knows its customers by something that reaches them: then the id itself is not kept."""
    digits = sum(one.isdecimal() for one in identity)
    return "@" in identity or (identity.startswith("+") and digits > 6)  # noqa: PLR2004 - shorter is no number


def _traces(scope: Scope) -> frozenset[bytes]:
    """Return what must not be found in the store's file any more, as it stood there."""
    found = {key.partition(":")[2] for key in scope.keys if not key.startswith("id:")} | scope.names
    # So the tables that are searched have them: names folded, numbers from their last digit to the first.
    found |= {name.casefold() for name in scope.names} | {number[:0:-1] for number in scope.numbers}
    return frozenset(one.encode() for one in found if len(one) > 5)  # noqa: PLR2004 - shorter is found anywhere


def _portions(writes: Iterable[Write]) -> Iterable[Sequence[Write]]:
    portion: list[Write] = []
    for write in writes:
        portion.append(write)
        if len(portion) == TOGETHER:
            yield portion
            portion = []
    if portion:
        yield portion

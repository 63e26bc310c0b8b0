"""Answers of backends that are kept for a while, and lookups under way that several calls wait for together."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from hub.domain.customer import CustomerRecord

Records = tuple[CustomerRecord, ...]
Key = tuple[str, Hashable]
"""Connector name, and what it was asked."""

_BYTES_PER_JSON_BYTE = 5
"""What a record takes in memory for each byte that it takes in JSON: 3.6 to 4.5, measured."""
_BYTES_PER_ENTRY = 600
_BYTES_PER_NAME = 400
_MAX_MEANWHILE = 10_000


class Lifetimes(NamedTuple):
    """How many seconds an answer counts as fresh, how many more it may stand in, and how long nobody stays nobody."""

    fresh_s: float
    stale_s: float
    negative_s: float


@dataclasses.dataclass(slots=True)
class Kept:
    """An answer: `at` is when it was given, `is_stale` whether it should be asked for again.

    `names` are the index keys of whom it is about.
    """

    records: Records
    at: datetime
    is_stale: bool
    fresh_until: float
    ends: float
    size: int
    names: Collection[str]


class AnswerCache:
    """Least recently used answers, at most `entries` of them and about `max_bytes`; times are seconds of `clock`."""

    def __init__(self, *, entries: int, max_bytes: int, clock: Callable[[], float]) -> None:
        self._entries = entries
        self._max_bytes = max_bytes
        self._clock = clock
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._about: dict[str, set[Key]] = {}
        self._answers: dict[Hashable, set[Key]] = {}
        self._joint: dict[Hashable, tuple[object, int]] = {}
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key) -> Kept | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        now = self._clock()
        if now >= kept.ends:
            self.drop(key)
            return None
        kept.is_stale = now >= kept.fresh_until
        self._kept.move_to_end(key)
        return kept

    def peek(self, key: Key) -> Kept | None:
        """Return an answer without counting it as used."""
        kept = self._kept.get(key)
        return kept if kept is not None and self._clock() < kept.ends else None

    def fresh_for(self, key: Key) -> float:
        """Return for how many seconds more an answer is fresh, below 0 since when it is not; -inf if there is none."""
        kept = self._kept.get(key)
        return -math.inf if kept is None else kept.fresh_until - self._clock()

    def put(
        self, key: Key, records: Sequence[CustomerRecord], lifetimes: Lifetimes, names: Collection[str] = ()
    ) -> None:
        """Keep an answer in place of the one before, if it is to be kept at all; `names` are whom it is about."""
        self.drop(key)
        fresh_s = lifetimes.fresh_s if records else lifetimes.negative_s
        stale_s = lifetimes.stale_s if records else 0.0
        size = _BYTES_PER_ENTRY + len(names) * _BYTES_PER_NAME
        size += len(msgspec.json.encode(records)) * _BYTES_PER_JSON_BYTE
        if fresh_s + stale_s <= 0 or size > self._max_bytes:
            return
        until = self._clock() + fresh_s
        self._kept[key] = Kept(tuple(records), datetime.now(UTC), False, until, until + stale_s, size, names)
        self.bytes += size
        self._answers.setdefault(key[1], set()).add(key)
        for name in names:
            self._about.setdefault(name, set()).add(key)
        self._make_room()

    def joint(self, question: Hashable) -> object | None:
        """Return what was made of all answers to a question, None if one of them has changed since."""
        held = self._joint.get(question)
        return None if held is None else held[0]

    def put_joint(self, question: Hashable, made: object) -> None:
        """Keep what was made of the answers to a question until one of them is gone; of none kept, it is not either."""
        answers = self._answers.get(question)
        if not answers:
            return
        self._drop_joint(question)
        size = sum(self._kept[key].size for key in answers) // 2
        self._joint[question] = made, size
        self.bytes += size
        self._make_room()

    def _make_room(self) -> None:
        while len(self._kept) > self._entries or self.bytes > self._max_bytes:
            self.drop(next(iter(self._kept)))

    def _drop_joint(self, question: Hashable) -> None:
        held = self._joint.pop(question, None)
        if held is not None:
            self.bytes -= held[1]

    def age(self, names: Iterable[str], connector: str) -> None:
        """Have what a connector said about any of these asked for again: it may only stand in from now on."""
        now = self._clock()
        for key in {key for name in names for key in self._about.get(name, ()) if key[0] == connector}:
            kept = self._kept[key]
            kept.ends -= max(0.0, kept.fresh_until - now)
            kept.fresh_until = min(kept.fresh_until, now)

    def forget(self, names: Iterable[str]) -> None:
        """Drop what is kept about any of these."""
        for key in {key for name in names for key in self._about.get(name, ())}:
            self.drop(key)

    def drop(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is None:
            return
        self.bytes -= kept.size
        self._drop_joint(key[1])
        answers = self._answers[key[1]]
        answers.discard(key)
        if not answers:
            del self._answers[key[1]]
        for name in kept.names:
            others = self._about[name]
            others.discard(key)
            if not others:
                del self._about[name]

    def drop_all_of(self, connector: str) -> None:
        for key in [key for key in self._kept if key[0] == connector]:
            self.drop(key)


class Meanwhile:
    """Index keys of whom something happened with since a backend was asked; of too many it is anybody."""

    def __init__(self) -> None:
        self._names: set[str] = set()

    def add(self, names: Collection[str]) -> None:
        if len(self._names) < _MAX_MEANWHILE:
            self._names.update(names)

    def concerns(self, names: Collection[str]) -> bool:
        """Whether an answer about these may be from before it."""
        return len(self._names) >= _MAX_MEANWHILE or not self._names.isdisjoint(names)


class Changes:
    """What happens while backends are asked."""

    def __init__(self) -> None:
        self._watching: dict[str, set[Meanwhile]] = {}

    @contextlib.contextmanager
    def meanwhile(self, connector: str) -> Iterator[Meanwhile]:
        """Give what the connector's system tells while the block lasts."""
        one = Meanwhile()
        watching = self._watching.setdefault(connector, set())
        watching.add(one)
        try:
            yield one
        finally:
            watching.discard(one)

    def happened(self, names: Collection[str], connector: str) -> None:
        for one in self._watching.get(connector, ()):
            one.add(names)


class SharedLookups:
    """One request for the same question asked at once; it is cancelled when nobody waits for it any more."""

    def __init__(self) -> None:
        self._running: dict[Hashable, tuple[asyncio.Task[Records], set[object]]] = {}

    async def run(self, key: Hashable, ask: Callable[[], Awaitable[Records]]) -> Records:
        """Return what `ask` returns, or raise what it raises, asking only once for all who come meanwhile."""
        held = self._running.get(key)
        if held is None:
            task = asyncio.ensure_future(self._ask(key, ask))
            held = self._running[key] = (task, set())
        task, waiting = held
        ticket = object()
        waiting.add(ticket)
        try:
            return await asyncio.shield(task)
        finally:
            waiting.discard(ticket)
            if not waiting and not task.done():
                task.cancel()
                if self._running.get(key, (None,))[0] is task:
                    del self._running[key]

    def leave(self, key: Hashable) -> None:
        """Have those who come from now on ask anew; those who wait for what runs get its answer."""
        self._running.pop(key, None)

    async def _ask(self, key: Hashable, ask: Callable[[], Awaitable[Records]]) -> Records:
        try:
            return await ask()
        finally:
            held = self._running.get(key)
            if held is not None and held[0] is asyncio.current_task():
                del self._running[key]

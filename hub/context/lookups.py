"""One backend asked one question: from the cache if it may be, once for all who ask at once, never raising."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec
import structlog

from connectors.base import Connector, ConnectorError
from hub.config.model import ContextSection
from hub.config.resilience import AnswerCacheSection
from hub.context.cache import AnswerCache, Changes, Kept, Key, Lifetimes, Records, SharedLookups
from hub.context.question import Question
from hub.domain.customer import AnswerState, BackendAnswer, CustomerQuery, CustomerRecord, Problem

log = structlog.get_logger(__name__)


class LookupObserver(Protocol):
    def __call__(self, connector: str, seconds: float, state: str) -> None:
        """Hear of each lookup: what it took, and `found`, `not_found`, `cached`, `stale` or the problem's name."""


class StandIn(Protocol):
    async def __call__(self, system: str, query: CustomerQuery, /) -> Sequence[CustomerRecord]:
        """Return what is remembered of a system's customers. Raises ConnectorError."""


class Lookups:
    """`on_refreshed(answer, question)` hears what a backend said that was asked behind a stale answer.

    `on_kept(question)` hears of each answer that was put into the cache.
    What `stand_in` remembers is the answer of a backend that is down; it says of when it is.
    """

    def __init__(
        self,
        settings: ContextSection,
        *,
        on_refreshed: Callable[[BackendAnswer, Question], None],
        on_kept: Callable[[Question], None] = lambda _question: None,
        on_lookup: LookupObserver | None = None,
        stand_in: StandIn | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._on_refreshed = on_refreshed
        self._on_kept = on_kept
        self._on_lookup = on_lookup
        self._stand_in = stand_in
        self._clock = clock
        self._connectors: dict[str, Connector] = {}
        self._lifetimes: dict[str, Lifetimes] = {}
        self._shared = SharedLookups()
        self._changes = Changes()
        self._refreshing: dict[Key, asyncio.Task[None]] = {}
        self._waited_for = 0
        self._none_waits = asyncio.Event()
        self._none_waits.set()
        self.cache = AnswerCache(entries=settings.cache_entries, max_bytes=settings.cache_bytes, clock=clock)
        self.from_cache: Counter[tuple[str, str]] = Counter()
        """How often what a connector was asked was `fresh`, `stale`, `negative` (nobody, still fresh) or a `miss`."""

    def use(self, connectors: Sequence[Connector], kept: Mapping[str, AnswerCacheSection]) -> None:
        """Ask these from now on. What one has said that is gone, or replaced, is forgotten."""
        now = {connector.name: connector for connector in connectors}
        for name, connector in self._connectors.items():
            if now.get(name) is not connector:
                self.cache.drop_all_of(name)
        self._connectors = now
        self._lifetimes = {name: self._lifetimes_of(kept.get(name, AnswerCacheSection())) for name in now}

    def kept(self, connector: Connector, question: Question) -> BackendAnswer | None:
        """Return the answer that is kept; if it is stale, the backend is asked behind it."""
        kept = self.cache.get((connector.name, question.key))
        if kept is None:
            self.from_cache[connector.name, "miss"] += 1
            return None
        if kept.is_stale:
            self.from_cache[connector.name, "stale"] += 1
            self._observe(connector.name, 0.0, "stale")
            self._refresh(connector, question)
        else:
            self.from_cache[connector.name, "fresh" if kept.records else "negative"] += 1
            self._observe(connector.name, 0.0, "cached")
        return _cached(connector, kept)

    def all_kept(self, connectors: Sequence[Connector], question: Question) -> Sequence[BackendAnswer]:
        """Return these backends' answers if all of them are kept, else none; it counts for nothing."""
        found = [(connector, self.cache.peek((connector.name, question.key))) for connector in connectors]
        answers = [_cached(connector, kept) for connector, kept in found if kept is not None]
        return answers if len(answers) == len(connectors) else ()

    async def ask(self, connector: Connector, question: Question, *, may_stand_in: bool = False) -> BackendAnswer:
        """Ask the backend itself. A failure is an answer too; of one that is down what is remembered may be."""
        self._waited_for += 1
        self._none_waits.clear()
        try:
            return await self._ask(connector, question, may_stand_in=may_stand_in)
        finally:
            self._waited_for -= 1
            if not self._waited_for:
                self._none_waits.set()

    async def ask_behind(self, connector: Connector, question: Question) -> BackendAnswer:
        """Ask the backend for nobody who waits for it; whoever is shown a stale answer sees the new one."""
        answer = await self._ask(connector, question, may_stand_in=False)
        self._on_refreshed(answer, question)
        return answer

    async def until_none_waits(self) -> None:
        """Return once no lookup is under way that somebody waits for."""
        await self._none_waits.wait()

    def fresh_for(self, connector: Connector, question: Question) -> float:
        """Return for how many seconds the answer that is kept is fresh, below 0 since when it is not; of none, -inf."""
        return self.cache.fresh_for((connector.name, question.key))

    def lifetime_of(self, connector: Connector) -> float:
        """Return for how many seconds a connector's answer is fresh."""
        return self._lifetimes[connector.name].fresh_s

    async def _ask(self, connector: Connector, question: Question, *, may_stand_in: bool) -> BackendAnswer:
        started = self._clock()

        async def lookup() -> Records:
            with self._changes.meanwhile(connector.name) as meanwhile:
                records = tuple(await connector.lookup(question.query))
            # One that was replaced meanwhile may not leave its answer to the one that took its place.
            if self._connectors.get(connector.name) is connector:
                names = question.names_with(records)
                self.cache.put((connector.name, question.key), records, self._lifetimes[connector.name], names)
                if meanwhile.concerns(names):
                    self.cache.age(question.names, connector.name)
                if self.cache.peek((connector.name, question.key)) is not None:
                    self._on_kept(question)
            return records

        try:
            records = await self._shared.run((id(connector), question.key), lookup)
        except ConnectorError as error:
            failed = self._failure(connector, error.problem, error.message, started)
            return await self.stood_in(failed, question) if may_stand_in and error.is_of_backend else failed
        except Exception:
            # A connector that breaks its contract must not take the other backends' answers with it.
            log.exception("connector raised something other than ConnectorError", connector=connector.name)
            return self._failure(connector, Problem.INTERNAL, "the connector failed; the hub's log has why", started)
        state = AnswerState.FOUND if records else AnswerState.NOT_FOUND
        self._observe(connector.name, self._clock() - started, state.value)
        return BackendAnswer(
            connector=connector.name,
            title=connector.title,
            state=state,
            records=records,
            took_ms=self._elapsed_ms(started),
        )

    def ask_afresh(self, names: Collection[str], connector: str) -> None:
        """Have a system that told something of a customer, by index keys, asked again: its answer may only stand in."""
        self.cache.age(names, connector)
        self._changes.happened(names, connector)

    def forget(self, names: Collection[str]) -> None:
        """Keep nothing of this customer any more, by index keys."""
        self.cache.forget(names)
        for name in self._connectors:
            self._changes.happened(names, name)

    def leave(self, connector: Connector, question: Question) -> None:
        """Have the next to ask this ask the backend, even if somebody waits for its answer just now."""
        self._shared.leave((id(connector), question.key))

    async def close(self) -> None:
        tasks = list(self._refreshing.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _refresh(self, connector: Connector, question: Question) -> None:
        key = connector.name, question.key
        if key in self._refreshing:
            return
        task = asyncio.get_running_loop().create_task(self._refreshed(connector, question), name=f"refresh {key[0]}")
        self._refreshing[key] = task
        task.add_done_callback(lambda _task: self._refreshing.pop(key, None))
        task.add_done_callback(report_failure)

    async def _refreshed(self, connector: Connector, question: Question) -> None:
        self._on_refreshed(await self.ask(connector, question), question)

    def _failure(self, connector: Connector, problem: Problem, detail: str, started: float) -> BackendAnswer:
        self._observe(connector.name, self._clock() - started, problem.value)
        log.warning("lookup failed", connector=connector.name, problem=problem.value, detail=detail)
        return BackendAnswer(
            connector=connector.name,
            title=connector.title,
            state=AnswerState.FAILED,
            problem=problem,
            detail=detail,
            took_ms=self._elapsed_ms(started),
        )

    async def stood_in(self, failed: BackendAnswer, question: Question) -> BackendAnswer:
        """Return what is remembered in place of an answer, and why; the failure where nothing is."""
        if self._stand_in is None:
            return failed
        try:
            records = tuple(await self._stand_in(failed.connector, question.query))
        except ConnectorError as error:
            log.warning("nothing to stand in", connector=failed.connector, detail=error.message)
            return failed
        if not records:
            return failed
        told = [record.fetched_at for record in records if record.fetched_at is not None]
        return msgspec.structs.replace(
            failed, state=AnswerState.FOUND, records=records, as_of=min(told, default=datetime.now(UTC))
        )

    def _lifetimes_of(self, section: AnswerCacheSection) -> Lifetimes:
        general = self._settings
        fresh_s = general.cache_s if section.fresh_s is None else section.fresh_s
        stale_s = (general.cache_stale_s if fresh_s > 0 else 0.0) if section.stale_s is None else section.stale_s
        negative_s = min(fresh_s, general.cache_negative_s) if section.negative_s is None else section.negative_s
        return Lifetimes(fresh_s, stale_s, negative_s)

    def _observe(self, connector: str, seconds: float, state: str) -> None:
        if self._on_lookup is not None:
            self._on_lookup(connector, seconds, state)

    def _elapsed_ms(self, started: float) -> float:
        return round((self._clock() - started) * 1000, 1)


def _cached(connector: Connector, kept: Kept) -> BackendAnswer:
    return BackendAnswer(
        connector=connector.name,
        title=connector.title,
        state=AnswerState.FOUND if kept.records else AnswerState.NOT_FOUND,
        records=kept.records,
        cached=True,
        as_of=kept.at if kept.is_stale else None,
    )


def report_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("context task failed", task=task.get_name(), exc_info=error)

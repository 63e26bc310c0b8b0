"""Customers who are often in touch are warm: what backends say of them is asked for before they call."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import structlog

from connectors.base import Connector
from hub.config.warm import WarmSection
from hub.context.cache import Key
from hub.context.lookups import Lookups, report_failure
from hub.context.question import Question
from hub.domain.backend import BackendState
from hub.domain.customer import AnswerState, CustomerQuery
from hub.domain.phone import parse_number
from hub.domain.ports import OftenInTouch, StoreError

log = structlog.get_logger(__name__)

CHOSEN_FOR_S: Final = 600.0
"""How long those who were often in touch are taken to be the same."""
PAUSE_S: Final = 5.0
NOT_ASKED: Final = frozenset({BackendState.DOWN, BackendState.THROTTLED, BackendState.TRYING})
"""States of a backend that is left alone."""
_AHEAD: Final = 0.2
"""The part of an answer's time before its end in which it is asked for again."""


class _Due(NamedTuple):
    """What is to be asked for; `left_s` is for how long what is kept of it is fresh."""

    left_s: float
    connector: Connector
    question: Question


class Warming:
    """`connectors` are those in use, `left_alone` the names of those that are not asked at the moment.

    `asked` counts by connector and how it went: `found`, `not_found`, `failed`. Use within one event loop.
    """

    def __init__(
        self,
        section: WarmSection,
        *,
        journal: OftenInTouch,
        lookups: Lookups,
        connectors: Callable[[], Sequence[Connector]],
        left_alone: Callable[[], Collection[str]],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._section = section
        self._journal = journal
        self._lookups = lookups
        self._connectors = connectors
        self._left_alone = left_alone
        self._clock = clock
        self._sleep = sleep
        self._at_once = asyncio.Semaphore(section.at_once)
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._not_before: dict[Key, float] = {}
        self._questions: list[Question] = []
        self._chosen_until = 0.0
        self.asked: Counter[tuple[str, str]] = Counter()

    @property
    def customers(self) -> int:
        """How many are kept warm."""
        return len(self._questions)

    async def run(self) -> None:
        """Keep them warm until cancelled."""
        while self._section.customers:
            await self._sleep(PAUSE_S)
            await self.round()

    async def round(self) -> None:
        """Ask for whatever is due by now, the first of it begun and none of it waited for."""
        await self._choose()
        for due in self._due():
            # Evenly, and so slowly after a restart as well, when nothing is kept of anybody.
            await self._sleep(60 / self._section.per_minute)
            await self._begin(due)

    async def close(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _choose(self) -> None:
        if self._clock() < self._chosen_until:
            return
        self._chosen_until = self._clock() + CHOSEN_FOR_S
        section = self._section
        since = datetime.now(UTC) - timedelta(days=section.days)
        try:
            numbers = await self._journal.often_in_touch(since, contacts=section.contacts, limit=section.customers)
        except StoreError as error:
            log.warning("customers to keep warm not read", reason=str(error))
            return
        self._questions = [Question.of(CustomerQuery(phone=parse_number(number, ""))) for number in numbers]
        known = {question.key for question in self._questions}
        self._not_before = {key: until for key, until in self._not_before.items() if key[1] in known}

    def _due(self) -> list[_Due]:
        """Return what is soon stale or not kept at all, what has been stale longest first."""
        now, left_alone = self._clock(), set(self._left_alone())
        found = []
        for connector in self._connectors():
            lifetime = self._lookups.lifetime_of(connector)
            if lifetime <= 0 or connector.name in left_alone:
                continue
            for question in self._questions:
                key = connector.name, question.key
                left_s = self._lookups.fresh_for(connector, question)
                if left_s > lifetime * _AHEAD or key in self._running or now < self._not_before.get(key, now):
                    continue
                if connector.answers(question.query):
                    found.append(_Due(left_s, connector, question))
        return sorted(found, key=lambda due: due.left_s)

    async def _begin(self, due: _Due) -> None:
        await self._at_once.acquire()
        await self._lookups.until_none_waits()
        key = due.connector.name, due.question.key
        if not self._is_still_due(due, key):
            self._at_once.release()
            return
        task = asyncio.get_running_loop().create_task(self._ask(due, key), name=f"warm {key[0]}")
        self._running[key] = task
        task.add_done_callback(lambda _task: self._ended(key))
        task.add_done_callback(report_failure)

    def _is_still_due(self, due: _Due, key: Key) -> bool:
        """Whether nothing has come between while it waited for its turn: a call's lookup, a reload, a backend down."""
        if due.connector.name in self._left_alone() or key in self._running:
            return False
        if all(connector is not due.connector for connector in self._connectors()):
            return False
        return self._lookups.fresh_for(due.connector, due.question) <= due.left_s

    async def _ask(self, due: _Due, key: Key) -> None:
        answer = await self._lookups.ask_behind(due.connector, due.question)
        self.asked[due.connector.name, answer.state.value] += 1
        if answer.state is not AnswerState.FOUND:
            # Nobody there, or no word from it: a frequent caller is no reason to ask the same again and again.
            self._not_before[key] = self._clock() + max(60.0, self._lookups.lifetime_of(due.connector))

    def _ended(self, key: Key) -> None:
        del self._running[key]
        self._at_once.release()

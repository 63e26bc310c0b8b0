"""The backends asked for one call, all at once and under a budget; what they say is in its context as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import structlog

from connectors.base import Connector
from hub.context.assembly import same_records
from hub.context.contacts import Contacts
from hub.context.decided import Decided
from hub.context.live_lookups import LiveLookups
from hub.context.lookups import Lookups
from hub.context.question import Question
from hub.context.telling import Telling
from hub.domain.customer import AnswerState, BackendAnswer, CustomerQuery, Problem

log = structlog.get_logger(__name__)


class Asked(NamedTuple):
    """A question, and who has an operation for it."""

    question: Question
    connectors: list[Connector]


NOBODY_ASKED: Final = Asked(Question.of(CustomerQuery()), [])


class Asking:
    """`budget_s` is how long a call's context waits for a backend."""

    def __init__(
        self, lookups: Lookups, *, budget_s: float, decided: Decided, contacts: Contacts, telling: Telling
    ) -> None:
        self._lookups = lookups
        self._budget_s = budget_s
        self._decided = decided
        self._contacts = contacts
        self._telling = telling

    def begin(self, live: LiveLookups, asked: Asked) -> None:
        """Take what is kept at once, ask the others, and have the contacts read."""
        question = asked.question
        if question.query.is_empty:
            live.settle()
            return
        kept: list[BackendAnswer] = []
        waiting: list[Connector] = []
        for connector in asked.connectors:
            answer = self._lookups.kept(connector, question)
            if answer is None:
                waiting.append(connector)
            else:
                kept.append(answer)
        if kept:
            live.assembly.answer(kept)
            self._decided.read_later(live)
        for connector in waiting:
            live.spawn(self._look_up(live, connector), f"lookup {connector.name}")
        if waiting:
            live.spawn(self._enforce_budget(live), "lookup budget")
        self._contacts.read_first(live)
        live.settle()
        if kept and not waiting:
            self._telling.completed(live)

    def again(self, live: LiveLookups, connector: Connector) -> None:
        """Ask a backend once more, and show what it says now in place of what it said."""
        live.spawn(self._ask_again(live, connector), f"lookup {connector.name} again")

    def refreshed(self, live: LiveLookups, answer: BackendAnswer) -> None:
        """Put what a backend says now in the place of its stale answer; without one that stays, and is told as such."""
        shown = live.assembly.stale(answer.connector)
        if shown is None:
            return
        is_failed = answer.state is AnswerState.FAILED
        now = msgspec.structs.replace(shown, problem=answer.problem, detail=answer.detail) if is_failed else answer
        live.assembly.answer([now])
        self._decided.read_later(live)
        self._telling.changed(live)
        if not same_records(shown, now):
            self._telling.completed(live)

    async def _look_up(self, live: LiveLookups, connector: Connector) -> None:
        answer = await self._lookups.ask(connector, live.assembly.question, may_stand_in=True)
        await self._decided.read(live, answer.records)
        late = all(pending.connector != connector.name for pending in live.assembly.pending)
        if late and answer.state is AnswerState.FAILED:
            return
        self._take(live, [msgspec.structs.replace(answer, late=late)])
        if live.changed_meanwhile and any(
            (connector.name, name) in live.changed_meanwhile
            for name in live.assembly.question.names_with(answer.records)
        ):
            self.again(live, connector)
        if answer.records:
            await self._contacts.read_now(live)

    async def _ask_again(self, live: LiveLookups, connector: Connector) -> None:
        answer = await self._lookups.ask(connector, live.assembly.question)
        await self._decided.read(live, answer.records)
        shown = live.assembly.shown(connector.name)
        if answer.state is AnswerState.FAILED or shown is None:
            return
        live.assembly.answer([answer])
        self._telling.changed(live)
        if not same_records(shown, answer):
            self._telling.completed_again(live)

    async def _enforce_budget(self, live: LiveLookups) -> None:
        await live.until_settled(self._budget_s)
        overdue = [
            msgspec.structs.replace(
                answer,
                state=AnswerState.FAILED,
                problem=Problem.TIMEOUT,
                detail=f"no answer within the budget of {self._budget_s:g} s (context.budget_s)",
                took_ms=self._budget_s * 1000,
            )
            for answer in live.assembly.pending
        ]
        if not overdue:
            return
        log.warning("lookup over budget", connectors=[answer.connector for answer in overdue])
        instead = [await self._lookups.stood_in(answer, live.assembly.question) for answer in overdue]
        pending = {answer.connector for answer in live.assembly.pending}
        if still := [answer for answer in instead if answer.connector in pending]:
            self._take(live, still)

    def _take(self, live: LiveLookups, answers: Sequence[BackendAnswer]) -> None:
        was_complete = live.assembly.context.complete
        live.assembly.answer(answers)
        self._telling.changed(live)
        if live.assembly.context.complete and (not was_complete or any(answer.late for answer in answers)):
            self._telling.completed(live)

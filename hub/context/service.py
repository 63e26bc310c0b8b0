"""Who is this: every backend asked at once when a call arrives, under a budget; answers told as they come."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

import msgspec
import structlog

from connectors.base import Connector
from hub.config.model import ContextSection
from hub.config.resilience import AnswerCacheSection
from hub.context.anticipation.proposals import Anticipation
from hub.context.assembly import Assembly, same_records
from hub.context.cache import Records
from hub.context.grouped import Grouper
from hub.context.identity.book import DecisionBook
from hub.context.identity.scoring import Rules
from hub.context.lookups import LookupObserver, Lookups, StandIn, report_failure
from hub.context.merge_precedence import Precedence
from hub.context.pushed import with_customer, with_matter
from hub.context.question import Question
from hub.domain.call import Call
from hub.domain.callback import Callback
from hub.domain.change import CaseChange, ChangeKind, OrderChange, as_interaction
from hub.domain.customer import AnswerState, BackendAnswer, CustomerContext, CustomerQuery, CustomerRecord, Problem
from hub.domain.identity import IdentityDecision, RecordRef
from hub.domain.interaction import Interaction
from hub.domain.phone import PhoneNumber, parse_number
from hub.domain.ports import ContextListener, IdentityDecisions, StoreError, Timeline

log = structlog.get_logger(__name__)


DECISIONS_WITHIN_S: Final = 0.3
"""How long the reading of decisions may hold up an answer."""


class _Asked(NamedTuple):
    """A question, and who has an operation for it."""

    question: Question
    connectors: list[Connector]


class PutTogether(NamedTuple):
    """`groups` are the records of each of the context's customers."""

    context: CustomerContext
    groups: Sequence[Sequence[CustomerRecord]]


_NOBODY_ASKED = _Asked(Question.of(CustomerQuery()), [])


def answers_of(records: Sequence[CustomerRecord]) -> Sequence[BackendAnswer]:
    """Return records as the answers of the systems that they are of."""
    of_system: dict[str, list[CustomerRecord]] = {}
    for record in records:
        of_system.setdefault(record.system, []).append(record)
    return [
        BackendAnswer(connector=system, title=system, state=AnswerState.FOUND, records=tuple(own))
        for system, own in of_system.items()
    ]


class _LiveLookups:
    """What is under way for one call, or for an enquiry (`is_told` false: nobody else hears of it).

    `settled` is set once every backend has answered or is given up, and the contacts are read. `changed_meanwhile` are
    index keys, each with the system that told of whom it names while it was asked.
    """

    def __init__(self, pbx: str, assembly: Assembly, *, is_told: bool = True) -> None:
        self.pbx = pbx
        self.assembly = assembly
        self.is_told = is_told
        self.tasks: set[asyncio.Task[None]] = set()
        self.changed_meanwhile: set[tuple[str, str]] = set()
        self.reading = 0
        self.reads = self.last_read = 0
        self.settled = asyncio.Event()

    def settle(self) -> None:
        if self.assembly.context.complete and not self.reading:
            self.settled.set()

    def cancel(self) -> None:
        for task in self.tasks:
            task.cancel()
        self.settled.set()


class ContextService:
    """The `ContextProvider` of hub/domain/ports.py. To be used within one event loop."""

    def __init__(
        self,
        connectors: Sequence[Connector],
        settings: ContextSection,
        *,
        interactions: Timeline | None = None,
        decisions: IdentityDecisions | None = None,
        kept: Mapping[str, AnswerCacheSection] | None = None,
        on_lookup: LookupObserver | None = None,
        on_complete: Callable[[CustomerContext, str], None] | None = None,
        stand_in: StandIn | None = None,
        anticipation: Anticipation | None = None,
        callback_of: Callable[[Call], Callback | None] = lambda _call: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._callback_of = callback_of
        self._source = interactions
        self._decisions = decisions
        self._rules = Rules(settings.identity)
        self._anticipation = anticipation or Anticipation({})
        self._book = DecisionBook()
        self._on_complete = on_complete
        self.lookups = Lookups(
            settings, on_refreshed=self._refreshed, on_lookup=on_lookup, stand_in=stand_in, clock=clock
        )
        self.use(connectors, kept or {})
        self._calls: dict[str, _LiveLookups] = {}
        self._listeners: list[ContextListener] = []

    def use(self, connectors: Sequence[Connector], kept: Mapping[str, AnswerCacheSection]) -> None:
        """Ask these backends from now on, the first of them believed before the others; `kept` is how long, by name.

        Lookups under way end as they began, and a call keeps the backends that were asked for it.
        """
        self._connectors = {connector.name: connector for connector in connectors}
        order = {connector.name: rank for rank, connector in enumerate(connectors)}
        self._grouper = Grouper(self._rules, Precedence(self._settings.merge, order), self.lookups.cache)
        self.lookups.use(connectors, kept)

    def subscribe(self, listener: ContextListener) -> None:
        self._listeners.append(listener)

    def current(self, call_id: str) -> CustomerContext | None:
        live = self._calls.get(call_id)
        return live.assembly.context if live else None

    def begin(self, call: Call) -> None:
        """Start the lookups for the party outside; what is cached is in `current()` when this returns.

        A dialplan may correct the caller's number: then the lookups begin anew, and the revisions go on. Of one who
        asked to be called back it is known from the site who that is: there both that and the number are asked for.
        """
        callback = self._callback_of(call)
        phone = call.customer_number if callback is None else parse_number(callback.phone, "")
        before = self.current(call.id)
        if before is not None and (phone.e164 is None or phone.e164 == before.phone.e164):
            return
        self.end(call.id)
        revision = before.revision + 1 if before else 0
        asked = self._asked(CustomerQuery(phone=phone, ids=callback.customer.ids if callback else {}))
        live = _LiveLookups(call.pbx, self._assembly(call.id, asked, revision, callback))
        self._calls[call.id] = live
        self._ask(live, asked)

    async def known(self, phone: PhoneNumber, *, call_id: str, within_s: float) -> CustomerContext:
        """Return what is known of a number once every backend has answered, or when the time is over.

        Waits together with the live call `call_id` where that is from this number; else asks on its own behalf.
        """
        live = self._calls.get(call_id)
        if live is None or live.assembly.context.phone.e164 != phone.e164:
            return await self.find(CustomerQuery(phone=phone), call_id=call_id, within_s=within_s)
        await self._settled(live, within_s)
        return live.assembly.context

    async def find(self, query: CustomerQuery, *, within_s: float, call_id: str = "") -> CustomerContext:
        """Return what is known of whom the query names, by number, e-mail address or id: for the one who asks alone.

        Every backend is asked that has an operation for something in the query, under the same budget as for a call.
        When the time is over first, those that have not answered yet are `pending`.
        """
        asked = self._asked(query)
        live = _LiveLookups("", self._assembly(call_id, asked, 0), is_told=False)
        self._ask(live, asked)
        try:
            await self._settled(live, within_s)
        finally:
            live.cancel()
        return live.assembly.context

    async def put_together(self, lots: Sequence[Sequence[CustomerRecord]]) -> Sequence[PutTogether]:
        """Return for each lot of records what a context would be had the backends answered with them."""
        lives = [_LiveLookups("", self._assembly("", _NOBODY_ASKED, 0), is_told=False) for _ in lots]
        if lives:
            await self._read_decisions(lives[0], [record for records in lots for record in records])
        for live, records in zip(lives, lots, strict=True):
            live.assembly.answer(answers_of(records))
        return [PutTogether(live.assembly.context, live.assembly.groups) for live in lives]

    def is_shared(self, key: str) -> bool:
        """Whether an index key is a number of which the configuration says that it is nobody's own."""
        return key.startswith("tel:") and self._rules.is_shared(key.removeprefix("tel:"))

    async def _settled(self, live: _LiveLookups, within_s: float) -> None:
        if live.settled.is_set():
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await live.settled.wait()

    def _asked(self, query: CustomerQuery) -> _Asked:
        return _Asked(Question.of(query), [one for one in self._connectors.values() if one.answers(query)])

    def _assembly(self, call_id: str, asked: _Asked, revision: int, callback: Callback | None = None) -> Assembly:
        return Assembly(
            call_id=call_id,
            question=asked.question,
            backends=[(connector.name, connector.title) for connector in asked.connectors],
            grouper=self._grouper,
            decided=self._book.about,
            max_interactions=self._settings.interactions,
            anticipation=self._anticipation,
            revision=revision,
            callback=callback,
        )

    def _ask(self, live: _LiveLookups, asked: _Asked) -> None:
        question = asked.question
        if question.query.is_empty:
            live.settle()
            return
        kept: list[BackendAnswer] = []
        waiting: list[Connector] = []
        for connector in asked.connectors:
            answer = self.lookups.kept(connector, question)
            if answer is None:
                waiting.append(connector)
            else:
                kept.append(answer)
        if kept:
            live.assembly.answer(kept)
            self._read_decisions_later(live)
        for connector in waiting:
            self._spawn(live, self._look_up(live, connector), f"lookup {connector.name}")
        if waiting:
            self._spawn(live, self._enforce_budget(live), "lookup budget")
        if self._source is not None and self._settings.interactions:
            live.reading += 1
            self._spawn(live, self._load_first_interactions(live), "interactions")
        live.settle()
        if kept and not waiting:
            self._completed(live)

    def end(self, call_id: str) -> None:
        live = self._calls.pop(call_id, None)
        if live is not None:
            live.cancel()

    def interaction_recorded(self, interaction: Interaction) -> None:
        """Show a contact that just came in to whoever is talking to that customer, and ask afresh next time."""
        for live in self._talking_to(interaction):
            if live.assembly.add_interaction(interaction):
                self._tell(live)
            if interaction.reference:
                self._spawn(live, self._load_interactions(live), "contacts again")

    def _interaction_gone(self, interaction: Interaction) -> None:
        for live in self._talking_to(interaction):
            if live.assembly.drop_interaction(interaction):
                self._tell(live)

    def call_wrapped_up(self, said: Interaction) -> None:
        """Show what was said of a call with that call to whoever is talking to that customer; else as a contact."""
        for live in self._talking_to(said):
            self._spawn(live, self._load_interactions(live), "contacts again")

    def _talking_to(self, interaction: Interaction) -> list[_LiveLookups]:
        """Return the calls of an interaction's customer, of whom backends may know something new by now."""
        keys = set(interaction.customer.keys())
        self.lookups.ask_afresh(keys, interaction.source)
        return [live for live in self._calls.values() if not keys.isdisjoint(live.assembly.keys)]

    def customer_changed(self, customer: CustomerRecord, *, is_deleted: bool = False) -> None:
        """Show a system's customer, who is now as in this record, in calls in progress, and ask that system again.

        Only what that system says of this customer is asked for again: under the numbers, addresses and ids that it
        has now, and those that it had.
        """
        keys = customer.ref().keys()
        self._was_told(customer.system, keys, partial(with_customer, told=customer, is_deleted=is_deleted))

    def matter_changed(self, changed: OrderChange | CaseChange, *, received: datetime) -> None:
        """Show a system's order or case as it is now in calls in progress, and ask that system again for them."""
        line = as_interaction(changed, received=received)
        if changed.change is ChangeKind.DELETED:
            self._interaction_gone(line)
        else:
            self.interaction_recorded(line)
        self._was_told(changed.system, changed.customer.keys(), partial(with_matter, changed=changed))

    def _was_told(self, system: str, keys: Collection[str], now: Callable[[Records, Collection[str]], Records]) -> None:
        self.lookups.ask_afresh(keys, system)
        connector = self._connectors.get(system)
        if connector is None:
            return
        concerned: list[_LiveLookups] = []
        for live in list(self._calls.values()):
            if live.assembly.concerns(system, keys):
                concerned.append(live)
                if live.assembly.correct(system, now):
                    self._tell(live)
                    self._completed_again(live)
            elif any(answer.connector == system for answer in live.assembly.pending):
                live.changed_meanwhile |= {(system, key) for key in keys}
        for live in concerned:
            self.lookups.leave(connector, live.assembly.question)
        for live in concerned:
            self._spawn(live, self._ask_again(live, connector), f"lookup {connector.name} again")

    def identity_decided(self, decision: IdentityDecision) -> None:
        """Take what was just decided of who is who, or taken back, and show it in calls in progress."""
        self._book.take(decision)
        for live in list(self._calls.values()):
            if not set(decision.keys).isdisjoint(live.assembly.decision_keys):
                self._regroup(live)

    def forget(self, names: Collection[str]) -> None:
        """Keep no answer about an erased customer, by index keys; a call in progress has its own until it is over."""
        self.lookups.forget(names)

    async def close(self) -> None:
        tasks = [task for live in self._calls.values() for task in live.tasks]
        for call_id in list(self._calls):
            self.end(call_id)
        await asyncio.gather(*tasks, self.lookups.close(), return_exceptions=True)

    async def _look_up(self, live: _LiveLookups, connector: Connector) -> None:
        answer = await self.lookups.ask(connector, live.assembly.question, may_stand_in=True)
        await self._read_decisions(live, answer.records)
        late = all(pending.connector != connector.name for pending in live.assembly.pending)
        if late and answer.state is AnswerState.FAILED:
            return
        self._take(live, [msgspec.structs.replace(answer, late=late)])
        names = live.assembly.question.names_with(answer.records)
        if any((connector.name, name) in live.changed_meanwhile for name in names):
            self._spawn(live, self._ask_again(live, connector), f"lookup {connector.name} again")
        if answer.records and self._source is not None and self._settings.interactions:
            live.reading += 1
            try:
                await self._load_interactions(live)
            finally:
                live.reading -= 1

    async def _read_decisions(self, live: _LiveLookups, records: Iterable[CustomerRecord] = ()) -> None:
        """Have at hand what people decided of a context's customers, and of these records."""
        keys = [*live.assembly.decision_keys, *(RecordRef(system=one.system, id=one.id).key for one in records)]
        missing = self._book.missing(keys)
        if self._decisions is None or not missing:
            return
        self._book.begin()
        read: Sequence[str] = ()
        found: Sequence[IdentityDecision] = ()
        try:
            async with asyncio.timeout(DECISIONS_WITHIN_S):
                found = await self._decisions.decisions(missing)
            read = missing
        except (StoreError, TimeoutError) as error:
            # The customers are put together by the rules alone, and the next caller's are not.
            log.warning("identity decisions not read", reason=str(error) or "the store is slow")
        finally:
            self._book.end(read, found)

    def _read_decisions_later(self, live: _LiveLookups) -> None:
        if self._decisions is not None and self._book.missing(live.assembly.decision_keys):
            live.reading += 1
            self._spawn(live, self._take_decisions(live), "identity decisions")

    async def _take_decisions(self, live: _LiveLookups) -> None:
        try:
            await self._read_decisions(live)
        finally:
            live.reading -= 1
        self._regroup(live)

    def _regroup(self, live: _LiveLookups) -> None:
        keys = live.assembly.keys
        keys = live.assembly.keys
        if live.assembly.regroup():
            self._tell(live)
            self._completed_again(live)
            if live.assembly.keys != keys:
                self._spawn(live, self._load_interactions(live), "contacts again")
            if keys != live.assembly.keys:
                self._spawn(live, self._load_interactions(live), "contacts again")

    async def _ask_again(self, live: _LiveLookups, connector: Connector) -> None:
        answer = await self.lookups.ask(connector, live.assembly.question)
        await self._read_decisions(live, answer.records)
        shown = live.assembly.shown(connector.name)
        if answer.state is AnswerState.FAILED or shown is None:
            return
        live.assembly.answer([answer])
        self._tell(live)
        if not same_records(shown, answer):
            self._completed_again(live)

    def _refreshed(self, answer: BackendAnswer, question: Question) -> None:
        """Put what a backend says now in the place of its stale answer; without one that stays, and is told as such."""
        for live in list(self._calls.values()):
            shown = live.assembly.stale(answer.connector) if live.assembly.question.key == question.key else None
            if shown is None:
                continue
            is_failed = answer.state is AnswerState.FAILED
            now = msgspec.structs.replace(shown, problem=answer.problem, detail=answer.detail) if is_failed else answer
            live.assembly.answer([now])
            self._read_decisions_later(live)
            self._tell(live)
            if not same_records(shown, now):
                self._completed(live)

    async def _enforce_budget(self, live: _LiveLookups) -> None:
        await asyncio.sleep(self._settings.budget_s)
        overdue = [
            msgspec.structs.replace(
                answer,
                state=AnswerState.FAILED,
                problem=Problem.TIMEOUT,
                detail=f"no answer within the budget of {self._settings.budget_s:g} s (context.budget_s)",
                took_ms=self._settings.budget_s * 1000,
            )
            for answer in live.assembly.pending
        ]
        if not overdue:
            return
        log.warning("lookup over budget", connectors=[answer.connector for answer in overdue])
        instead = [await self.lookups.stood_in(answer, live.assembly.question) for answer in overdue]
        pending = {answer.connector for answer in live.assembly.pending}
        if still := [answer for answer in instead if answer.connector in pending]:
            self._take(live, still)

    async def _load_first_interactions(self, live: _LiveLookups) -> None:
        try:
            await self._load_interactions(live)
        finally:
            live.reading -= 1

    async def _load_interactions(self, live: _LiveLookups) -> None:
        """Read the customer's newest contacts; what was read before something that is shown already is left."""
        if self._source is None or not self._settings.interactions:
            return
        live.reads += 1
        read = live.reads
        try:
            page = await self._source.timeline(live.assembly.keys, limit=self._settings.interactions)
        except StoreError as error:
            log.warning("contacts not read", reason=str(error))
            return
        if read > live.last_read:
            live.last_read = read
            if live.assembly.take_page(page):
                self._tell(live)

    def _take(self, live: _LiveLookups, answers: Sequence[BackendAnswer]) -> None:
        was_complete = live.assembly.context.complete
        live.assembly.answer(answers)
        self._tell(live)
        if live.assembly.context.complete and (not was_complete or any(answer.late for answer in answers)):
            self._completed(live)

    def _completed(self, live: _LiveLookups) -> None:
        if self._on_complete is not None and live.is_told:
            self._on_complete(live.assembly.context, live.pbx)

    def _completed_again(self, live: _LiveLookups) -> None:
        if live.assembly.context.complete:
            self._completed(live)

    def _tell(self, live: _LiveLookups) -> None:
        for listener in self._listeners if live.is_told else ():
            listener(live.assembly.context)

    def _spawn(self, live: _LiveLookups, coroutine: Coroutine[None, None, None], name: str) -> None:
        with structlog.contextvars.bound_contextvars(call_id=live.assembly.context.call_id):
            task = asyncio.get_running_loop().create_task(coroutine, name=name)
        live.tasks.add(task)
        task.add_done_callback(live.tasks.discard)
        task.add_done_callback(lambda _task: live.settle())
        task.add_done_callback(report_failure)

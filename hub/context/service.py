"""Who is this: every backend asked at once when a call arrives, under a budget; answers told as they come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from connectors.base import Connector
from hub.config.identity import IdentitySection
from hub.config.merge import MergeSection
from hub.config.model import ContextSection
from hub.config.resilience import AnswerCacheSection
from hub.context.ahead import Ahead
from hub.context.anticipation.proposals import Anticipation
from hub.context.asking import NOBODY_ASKED, Asked, Asking
from hub.context.assembly import Assembly
from hub.context.contacts import Contacts
from hub.context.decided import Decided
from hub.context.grouped import Grouper
from hub.context.identity.scoring import Rules
from hub.context.live_lookups import LiveLookups
from hub.context.lookups import LookupObserver, Lookups, StandIn, report_failure
from hub.context.merge_precedence import Precedence
from hub.context.news import News
from hub.context.question import Question
from hub.context.telling import Telling
from hub.domain.call import Call
from hub.domain.callback import Callback
from hub.domain.change import CaseChange, OrderChange
from hub.domain.customer import AnswerState, BackendAnswer, CustomerContext, CustomerQuery, CustomerRecord
from hub.domain.identity import IdentityDecision
from hub.domain.interaction import Interaction
from hub.domain.phone import PhoneNumber, parse_number
from hub.domain.ports import ContextListener, IdentityDecisions, Timeline

KNOWN_WITHIN_S: Final = 30.0
"""How long after a call's end it is waited for what was asked of its caller."""


class PutTogether(NamedTuple):
    """`groups` are the records of each of the context's customers."""

    context: CustomerContext
    groups: Sequence[Sequence[CustomerRecord]]


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
        self._rules = Rules(settings.identity)
        self._merge = settings.merge
        self._anticipation = anticipation or Anticipation({})
        self._calls: dict[str, LiveLookups] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self.lookups = Lookups(
            settings,
            on_refreshed=self._refreshed,
            on_kept=self._kept,
            on_lookup=on_lookup,
            stand_in=stand_in,
            clock=clock,
        )
        self._telling = telling = Telling(on_complete)
        contacts = Contacts(interactions, settings.interactions, telling)
        self._decided = Decided(decisions, telling, contacts)
        self._asking = Asking(
            self.lookups, budget_s=settings.budget_s, decided=self._decided, contacts=contacts, telling=telling
        )
        self.ahead = Ahead(
            self.lookups,
            self._decided,
            asked_for=lambda question: self._asked(question.query),
            live_for=self._enquiry,
        )
        self._news = News(
            self._calls,
            self._connector_of,
            lookups=self.lookups,
            asking=self._asking,
            contacts=contacts,
            telling=telling,
        )
        self.use(connectors, kept or {})

    def use(self, connectors: Sequence[Connector], kept: Mapping[str, AnswerCacheSection]) -> None:
        """Ask these backends from now on, the first of them believed before the others; `kept` is how long, by name.

        Lookups under way end as they began, and a call keeps the backends that were asked for it.
        """
        self._connectors = {connector.name: connector for connector in connectors}
        self._grouper = self._made_grouper()
        self.lookups.use(connectors, kept)

    def use_rules(self, identity: IdentitySection, merge: MergeSection, anticipation: Anticipation) -> None:
        """Put customers together and propose by these from now on; a call keeps the rules that it began with."""
        self._rules = Rules(identity)
        self._merge = merge
        self._anticipation = anticipation
        self._grouper = self._made_grouper()

    def subscribe(self, listener: ContextListener) -> None:
        self._telling.subscribe(listener)

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
        before = self._calls.get(call.id)
        if before is not None and not before.is_over and phone.e164 in (None, before.assembly.context.phone.e164):
            return
        self.drop(call.id)
        revision = before.assembly.context.revision + 1 if before else 0
        asked = self._asked(CustomerQuery(phone=phone, ids=callback.customer.ids if callback else {}))
        live = LiveLookups(call.pbx, self._assembly(call.id, asked, revision, callback))
        self._calls[call.id] = live
        self._asking.begin(live, asked)

    def end(self, call_id: str) -> None:
        """Take it that a call is over. Whoever hung up early tried, too: what was asked is waited for, and told."""
        live = self._calls.get(call_id)
        if live is None or live.is_over:
            return
        live.is_over = True
        if not live.tasks:
            self.drop(call_id)
            return
        task = asyncio.get_running_loop().create_task(
            self._end_once_known(call_id, live), name="context of a lost call"
        )
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        task.add_done_callback(report_failure)

    def drop(self, call_id: str) -> None:
        """Forget a call of which nothing is to be told; its lookups are cancelled."""
        live = self._calls.pop(call_id, None)
        if live is not None:
            live.cancel()

    async def _end_once_known(self, call_id: str, live: LiveLookups) -> None:
        await live.until_done(KNOWN_WITHIN_S)
        if self._calls.get(call_id) is live:
            self.drop(call_id)

    async def known(self, phone: PhoneNumber, *, call_id: str, within_s: float) -> CustomerContext:
        """Return what is known of a number once every backend has answered, or when the time is over.

        Waits together with the live call `call_id` where that is from this number; else asks on its own behalf.
        """
        live = self._calls.get(call_id)
        if live is None or live.assembly.context.phone.e164 != phone.e164:
            return await self.find(CustomerQuery(phone=phone), call_id=call_id, within_s=within_s)
        await live.until_settled(within_s)
        return live.assembly.context

    async def find(self, query: CustomerQuery, *, within_s: float, call_id: str = "") -> CustomerContext:
        """Return what is known of whom the query names, by number, e-mail address or id: for the one who asks alone.

        Every backend is asked that has an operation for something in the query, under the same budget as for a call.
        When the time is over first, those that have not answered yet are `pending`.
        """
        asked = self._asked(query)
        live = self._enquiry(asked, call_id)
        self._asking.begin(live, asked)
        try:
            await live.until_settled(within_s)
        finally:
            live.cancel()
        return live.assembly.context

    async def put_together(self, lots: Sequence[Sequence[CustomerRecord]]) -> Sequence[PutTogether]:
        """Return for each lot of records what a context would be had the backends answered with them."""
        lives = [self._enquiry(NOBODY_ASKED) for _ in lots]
        if lives:
            await self._decided.read(lives[0], [record for records in lots for record in records])
        for live, records in zip(lives, lots, strict=True):
            live.assembly.answer(_answers_of(records))
        return [PutTogether(live.assembly.context, live.assembly.groups) for live in lives]

    def is_shared(self, key: str) -> bool:
        """Whether an index key is a number of which the configuration says that it is nobody's own."""
        return key.startswith("tel:") and self._rules.is_shared(key.removeprefix("tel:"))

    def interaction_recorded(self, interaction: Interaction) -> None:
        """Show a contact that just came in to whoever is talking to that customer, and ask afresh next time."""
        self._news.of_contact(interaction)

    def call_wrapped_up(self, said: Interaction) -> None:
        """Show what was said of a call with that call to whoever is talking to that customer; else as a contact."""
        self._news.of_wrap_up(said)

    def customer_changed(self, customer: CustomerRecord, *, is_deleted: bool = False) -> None:
        """Show a system's customer, who is now as in this record, in calls in progress, and ask that system again.

        Only what that system says of this customer is asked for again: under the numbers, addresses and ids that it
        has now, and those that it had.
        """
        self._news.of_customer(customer, is_deleted=is_deleted)

    def matter_changed(self, changed: OrderChange | CaseChange, *, received: datetime) -> None:
        """Show a system's order or case as it is now in calls in progress, and ask that system again for them."""
        self._news.of_matter(changed, received=received)

    def identity_decided(self, decision: IdentityDecision) -> None:
        """Take what was just decided of who is who, or taken back, and show it in calls in progress."""
        self._decided.take(decision, list(self._calls.values()))

    def forget(self, names: Collection[str]) -> None:
        """Keep nothing about an erased customer, by index keys; a call in progress has its own until it is over."""
        self.lookups.forget(names)
        self._decided.forget(names)

    async def close(self) -> None:
        tasks = [task for live in self._calls.values() for task in live.tasks]
        for call_id in list(self._calls):
            self.drop(call_id)
        await asyncio.gather(*tasks, *self._ending, self.ahead.close(), self.lookups.close(), return_exceptions=True)

    def _made_grouper(self) -> Grouper:
        order = {name: rank for rank, name in enumerate(self._connectors)}
        return Grouper(self._rules, Precedence(self._merge, order), self.lookups.cache)

    def _connector_of(self, system: str) -> Connector | None:
        return self._connectors.get(system)

    def _asked(self, query: CustomerQuery) -> Asked:
        return Asked(Question.of(query), [one for one in self._connectors.values() if one.answers(query)])

    def _enquiry(self, asked: Asked, call_id: str = "") -> LiveLookups:
        return LiveLookups("", self._assembly(call_id, asked, 0), is_told=False)

    def _assembly(self, call_id: str, asked: Asked, revision: int, callback: Callback | None = None) -> Assembly:
        return Assembly(
            call_id=call_id,
            question=asked.question,
            backends=[(connector.name, connector.title) for connector in asked.connectors],
            grouper=self._grouper,
            decided=self._decided.about,
            max_interactions=self._settings.interactions,
            anticipation=self._anticipation,
            revision=revision,
            callback=callback,
        )

    def _kept(self, question: Question) -> None:
        self.ahead.answered(question)

    def _refreshed(self, answer: BackendAnswer, question: Question) -> None:
        for live in list(self._calls.values()):
            if live.assembly.question.key == question.key:
                self._asking.refreshed(live, answer)


def _answers_of(records: Sequence[CustomerRecord]) -> Sequence[BackendAnswer]:
    """Return records as the answers of the systems that they are of."""
    of_system: dict[str, list[CustomerRecord]] = {}
    for record in records:
        of_system.setdefault(record.system, []).append(record)
    return [
        BackendAnswer(connector=system, title=system, state=AnswerState.FOUND, records=tuple(own))
        for system, own in of_system.items()
    ]

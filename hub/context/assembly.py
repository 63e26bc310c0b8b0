"""One call's context as it grows: answers come in, the customer is put together anew, the revision counts up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from functools import partial
from operator import attrgetter
from typing import Any, Final

import msgspec

from hub.context.anticipation.proposals import Anticipation, Standing
from hub.context.cache import Records
from hub.context.grouped import Grouper
from hub.context.identity.comparisons import Comparisons
from hub.context.question import Question
from hub.domain.callback import Callback
from hub.domain.customer import AnswerState, BackendAnswer, Customer, CustomerContext, CustomerRecord
from hub.domain.customer_keys import is_shared, keys_of_customer
from hub.domain.day import local_day
from hub.domain.identity import IdentityDecision, RecordRef
from hub.domain.interaction import Interaction, TimelinePage

_BY_TIME: Final = attrgetter("at")
_SILENT: Final = frozenset({AnswerState.PENDING, AnswerState.FAILED})
_NOTHING_TO_PROPOSE: Final = Anticipation({})


class Assembly:
    """`context` is always the present truth, `groups` are the records of each of its customers.

    `grouper` makes customers of their records.
    """

    def __init__(
        self,
        *,
        call_id: str,
        question: Question,
        backends: Iterable[tuple[str, str]],
        grouper: Grouper,
        decided: Callable[[Collection[str]], Sequence[IdentityDecision]],
        max_interactions: int,
        anticipation: Anticipation = _NOTHING_TO_PROPOSE,
        revision: int = 0,
        callback: Callback | None = None,
        today: Callable[[], date] = local_day,
    ) -> None:
        self.question = question
        self._anticipation = anticipation
        self._today = today
        self._standing: tuple[Customer | None, date, Standing] = (None, date.min, Standing())
        self._grouper = grouper
        self._decided = decided
        self._max_interactions = max_interactions
        self._answers = {
            name: BackendAnswer(connector=name, title=title, state=AnswerState.PENDING) for name, title in backends
        }
        self.groups: Sequence[Sequence[CustomerRecord]] = ()
        self._comparisons: Comparisons | None = Comparisons(question.names)
        self._page = TimelinePage()
        self._came: dict[tuple[str, str], Interaction] = {}
        self.context = CustomerContext(
            call_id=call_id,
            phone=question.query.phone,
            revision=revision,
            complete=not self._answers,
            answers=tuple(self._answers.values()),
            callback=callback,
        )

    @property
    def pending(self) -> list[BackendAnswer]:
        return [answer for answer in self._answers.values() if answer.state is AnswerState.PENDING]

    def stale(self, connector: str) -> BackendAnswer | None:
        """Return what a backend said a while ago, if that is what is shown of it."""
        shown = self._answers.get(connector)
        return shown if shown is not None and shown.as_of is not None else None

    def shown(self, connector: str) -> BackendAnswer | None:
        """Return what is shown of a backend, None of one that was not asked."""
        return self._answers.get(connector)

    def concerns(self, system: str, keys: Collection[str]) -> bool:
        """Whether a system told of who was asked for, or of whom it answered with: by index keys."""
        shown = self._answers.get(system)
        if shown is None:
            return False
        known = (key for record in shown.records for key in record.ref().keys())  # noqa: SIM118 - this is no dict
        return not set(keys).isdisjoint((*self.question.names, *known))

    def correct(self, system: str, now: Callable[[Records, Collection[str]], Records]) -> bool:
        """Put into a system's answer what it told since; return whether anything is new in it.

        `now` is given the records, and what was asked for by index keys.
        """
        shown = self._answers.get(system)
        records = now(shown.records, self.question.names) if shown is not None else ()
        if shown is None or records == shown.records:
            return False
        self.answer([msgspec.structs.replace(shown, records=records)])
        return True

    def answer(self, answers: Sequence[BackendAnswer]) -> None:
        """Take backends' answers, each in place of what that backend said before."""
        for answer in answers:
            self._answers[answer.connector] = answer
        self._revise(answers=tuple(self._answers.values()), complete=not self.pending, **self._grouped())

    def regroup(self) -> bool:
        """Put the customers together anew, since more was decided of who is who; return whether they have changed."""
        now = self._with_proposals(msgspec.structs.replace(self.context, **self._grouped()))
        if now == self.context:
            return False
        self._revise(customers=now.customers, chosen=now.chosen, maybe_same=now.maybe_same)
        return True

    @property
    def decision_keys(self) -> tuple[str, ...]:
        """What decisions about this context's customers are found by."""
        records = (RecordRef(system=record.system, id=record.id).key for record in self._records())
        return tuple(dict.fromkeys((*self.question.names, *records)))

    def _records(self) -> Sequence[CustomerRecord]:
        return [record for answer in self._answers.values() for record in answer.records]

    def _silent(self) -> Collection[str]:
        """Return the backends that have not said what they know as of now, though older records may stand in."""
        return frozenset(name for name, answer in self._answers.items() if answer.problem or answer.state in _SILENT)

    def _grouped(self) -> dict[str, Any]:
        """Return what the records make of the context's customers."""
        today = self._today()
        decisions = self._decided(self.decision_keys)
        is_all = not self.pending
        grouped = self._grouper.customers_of(
            self._records(),
            decisions,
            self.question,
            today=today,
            silent=self._silent(),
            is_all=is_all,
            comparisons=self._comparisons,
        )
        if is_all:
            self._comparisons = None
        self.groups = grouped.groups
        return {"customers": grouped.customers, "chosen": grouped.chosen, "maybe_same": grouped.maybe_same}

    def take_page(self, page: TimelinePage) -> bool:
        """Take the customer's newest contacts as they were read; return whether anything is new in them."""
        self._page = page
        if self._came:
            read = {(line.source, line.id): line.at for line in page.interactions}
            self._came = {key: came for key, came in self._came.items() if key not in read or read[key] < came.at}
        return self._show_contacts()

    def add_interaction(self, interaction: Interaction) -> bool:
        """Take a contact that just came in; return whether it is new or has changed."""
        self._came[interaction.source, interaction.id] = interaction
        return self._show_contacts()

    def drop_interaction(self, gone: Interaction) -> bool:
        """Leave out what is the customer's no more; return whether it was shown."""
        self._came.pop((gone.source, gone.id), None)
        left = tuple(one for one in self._page.interactions if (one.source, one.id) != (gone.source, gone.id))
        self._page = msgspec.structs.replace(self._page, interactions=left)
        return self._show_contacts()

    def _show_contacts(self) -> bool:
        """Show what was read, with what came since in its place; what is no more of this customer's is left out."""
        newest: Sequence[Interaction] = self._page.interactions
        if self._came:
            keys = set(self.keys)
            lines = {key: came for key, came in self._came.items() if not keys.isdisjoint(came.customer.keys())}
            for line in newest:
                lines.setdefault((line.source, line.id), line)
            newest = sorted(lines.values(), key=_BY_TIME, reverse=True)
        shown, repeats = tuple(newest[: self._max_interactions]), self._page.repeats
        has_older = bool(self._page.next) or len(newest) > len(shown)
        before = self.context
        if (shown, has_older, repeats) == (before.interactions, before.has_older, before.repeats):
            return False
        self._revise(interactions=shown, has_older=has_older, repeats=repeats)
        return True

    @property
    def keys(self) -> tuple[str, ...]:
        """Everything this context's customer is known by, as index keys of interactions.

        While nobody has chosen among several customers only the number counts, or what else was asked for; once it is
        known who is meant, a number that is others', too, does not: nothing is shown of somebody else.
        """
        customer = self.context.customer
        if customer is None:
            return self.question.names
        names = () if is_shared(self.context) else self.question.names
        return tuple(dict.fromkeys((*names, *keys_of_customer(customer))))

    def _revise(self, **changes: object) -> None:
        now = msgspec.structs.replace(self.context, revision=self.context.revision + 1, **changes)
        self.context = self._with_proposals(now)

    def _with_proposals(self, context: CustomerContext) -> CustomerContext:
        """Return it with what the rules propose for the one customer who is meant; the contacts are that one's.

        They wait for every backend: with the last one's answer may come that nothing must be sold.
        """
        meant = context.customer
        if meant is None or not context.complete:
            return context
        customer, day, standing = self._standing
        today = self._today()
        if customer is not meant or day != today:
            standing = Standing()
        propose = partial(
            self._anticipation.propose,
            meant,
            today=today,
            repeats=context.repeats,
            interactions=context.interactions,
            standing=standing,
        )
        has_contacts = context.repeats or context.interactions
        proposals = propose() if has_contacts else self._grouper.proposals(meant, self.question, propose)
        is_new = proposals != meant.proposals
        first = msgspec.structs.replace(meant, proposals=proposals) if is_new else meant
        self._standing = (first, today, standing)
        if not is_new:
            return context
        return msgspec.structs.replace(context, customers=(first, *context.customers[1:]))


def same_records(one: BackendAnswer, other: BackendAnswer) -> bool:
    """Whether two answers of a backend say the same, whenever it was that they were given."""
    return [msgspec.structs.replace(record, fetched_at=None) for record in one.records] == [
        msgspec.structs.replace(record, fetched_at=None) for record in other.records
    ]

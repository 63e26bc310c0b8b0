"""What is written to which backend of what an agent says of a call. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from connectors.base import Connector
from hub.domain.call import Call
from hub.domain.call_activity import call_activity, call_subject
from hub.domain.customer import AnswerState, Customer, CustomerContext
from hub.domain.wrapup import WrapUp
from hub.domain.writeback import WriteBack, WriteKind

_OPEN: Final = frozenset({AnswerState.FAILED, AnswerState.PENDING})

_Backends = Sequence[tuple[Connector, str]]
"""Each with the id that the customer has there, empty where nobody knows."""


class Entries(NamedTuple):
    """What is to be written now, and what is for backends of which nobody knows yet whether they know the customer."""

    now: Sequence[tuple[Connector, WriteBack]]
    later: Sequence[tuple[Connector, WriteBack]]

    def without(self, connectors: Collection[str]) -> Entries:
        return Entries(*([one for one in group if one[0].name not in connectors] for group in self))


class Told(NamedTuple):
    """What is said: `facts` as the call's activity has them, and the subject of a case to be opened, if one is.

    `own_id` is this wrap-up's. `is_first` is whether it is the first of its call; the activity that this one is
    otherwise is written `by_rule` to these backends.
    """

    facts: WriteBack
    own_id: str
    new_case: str
    is_first: bool
    by_rule: Collection[str]

    def entry_for(self, connector: Connector) -> WriteBack | None:
        """Return what a backend is given: the call's activity, or a note; None where there is nothing to say to it."""
        facts = self.facts
        if self.is_first and connector.name not in self.by_rule:
            return facts
        if not (facts.note or facts.disposition):
            return None
        if self.is_first and WriteKind.NOTE not in connector.writes:
            # Not under the call's id: it would be taken for the activity that a rule writes.
            return msgspec.structs.replace(facts, id=self.own_id)
        return msgspec.structs.replace(facts, id=self.own_id, kind=WriteKind.NOTE, note=facts.note or facts.subject)

    def case(self) -> WriteBack:
        return msgspec.structs.replace(self.facts, id=self.own_id, kind=WriteKind.CASE, subject=self.new_case)


def facts_of(call: Call, wrap_up: WrapUp, agent: str, agent_name: str) -> WriteBack:
    """Return what was said of a call as its activity has it."""
    return msgspec.structs.replace(
        call_activity(call, agent=agent, agent_name=agent_name),
        subject=subject_of(call, wrap_up),
        note=wrap_up.note.strip(),
        disposition=wrap_up.disposition,
        priority=wrap_up.priority,
    )


def subject_of(call: Call, wrap_up: WrapUp) -> str:
    subject = call_subject(call)
    return f"{subject}: {wrap_up.disposition}" if wrap_up.disposition else subject


def entries_of(
    told: Told,
    call: Call,
    customer: Customer | None,
    context: CustomerContext | None,
    connectors: Mapping[str, Connector],
) -> Entries:
    """Return what is for whom; a new case is for one backend only, the first of the configuration that can."""
    ids = customer.ids if customer is not None else {}
    known = [(connector, ids[name]) for name, connector in connectors.items() if ids.get(name)]
    unanswered = _not_answered(context, call, connectors)
    unasked = [(connectors[name], "") for name in unanswered if name in connectors and name not in ids]
    now, later = _given(told, known), _given(told, unasked)
    if told.new_case:
        if taker := _first_that_opens_cases(known):
            now.append(_for(taker, told.case()))
        elif taker := _first_that_opens_cases(unasked):
            later.append(_for(taker, told.case()))
    return Entries(now, later)


def _given(told: Told, backends: _Backends) -> list[tuple[Connector, WriteBack]]:
    entries = [(backend, told.entry_for(backend[0])) for backend in backends]
    return [_for(backend, entry) for backend, entry in entries if entry is not None and entry.kind in backend[0].writes]


def _first_that_opens_cases(backends: _Backends) -> tuple[Connector, str] | None:
    return next((backend for backend in backends if WriteKind.CASE in backend[0].writes), None)


def _for(backend: tuple[Connector, str], entry: WriteBack) -> tuple[Connector, WriteBack]:
    connector, record = backend
    return connector, msgspec.structs.replace(entry, customer=record)


def _not_answered(context: CustomerContext | None, call: Call, connectors: Iterable[str]) -> Iterable[str]:
    """Return the backends of which it is not known whether they know the customer; none if it may be one of several."""
    if not call.customer_number.e164:
        return ()
    if context is None:  # the call was over before any had answered
        return connectors
    if len(context.customers) > 1 or context.chosen is not None:
        return ()
    return [answer.connector for answer in context.answers if answer.state in _OPEN]

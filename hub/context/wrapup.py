"""What an agent says of a call: kept in the journal, and written back to the backends that know the customer."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec
import structlog

from connectors.base import Connector, ConnectorError
from hub.context.parts import call_with_agents
from hub.context.wrapup_entries import Entries, Told, entries_of, facts_of, subject_of
from hub.domain.call import Call
from hub.domain.consent import refused_by
from hub.domain.customer import Customer, CustomerContext
from hub.domain.day import local_day
from hub.domain.event import (
    ABOUT,
    NEW_CASE,
    WRAP_UP,
    Event,
    WriteBackRequest,
    decode_event,
    wrap_up_event,
    write_back_event,
)
from hub.domain.identity import DecisionKind, IdentityDecided, IdentityDecision, IdentityError, RecordRef
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.ports import CallArchive, EventJournal, LiveCalls, StoreError
from hub.domain.wrapup import Saved, WrapUp, WrapUpError, WrapUpProblem, WrapUpResult
from hub.domain.writeback import WriteBack, WriteKind

log = structlog.get_logger(__name__)

SOURCE = "desk"
"""The source of interactions that agents write down."""

_CHOICES: Final = uuid.UUID("7d0c2c1e-5b0f-4a35-9f0a-6c1f4e1b8a52")
_NOT_ASKED = "the backend had not answered when the call came: it is asked whether it knows the customer"


class WrapUpJournal(EventJournal, CallArchive, Protocol):
    """What is needed of the journal."""


class ActivityByRule(Protocol):
    def __call__(self, call: Call, /, *, is_over: bool) -> Collection[str]:
        """Return the backends that get the call's activity by a rule; while it goes on, those that may."""


class WrapUpService:
    """The `CallWrapUp` of hub/domain/ports.py.

    A call's first wrap-up becomes the activity in each backend, under the call's id; what is said later is a further
    note there. Where a rule writes the activity by itself (`activity_by_rule`), the first is a note, too. A new case is
    opened in one backend only: the first of the configuration that can.

    What a backend can't be given now because it is down is asked for in the journal (`cti.write_back.requested`), and
    so is what is for one that did not answer when the call came: it alone knows whether it knows the customer.

    Whom of several a wrap-up names is decided with it (`decide`), as if chosen during the call: it is filed there.
    """

    def __init__(
        self,
        *,
        connectors: Callable[[], Mapping[str, Connector]],
        live: LiveCalls,
        context: Callable[[str], CustomerContext | None],
        journal: WrapUpJournal,
        agent_names: Mapping[str, str],
        dispositions: Sequence[str],
        on_recorded: Callable[[Interaction], None],
        decide: Callable[[IdentityDecision], Awaitable[IdentityDecided]],
        activity_by_rule: ActivityByRule = lambda _call, *, is_over: (),  # noqa: ARG005 - a protocol's name
        purpose_of: Callable[[str], str] = lambda _connector: "",
    ) -> None:
        self._purpose_of = purpose_of
        self._connectors = connectors
        self._live = live
        self._context = context
        self._journal = journal
        self._agent_names = agent_names
        self._dispositions = dispositions
        self._on_recorded = on_recorded
        self._decide = decide
        self._activity_by_rule = activity_by_rule

    async def wrap_up(self, call_id: str, wrap_up: WrapUp, *, agent: str) -> WrapUpResult:
        """Return what each backend made of it. Raises WrapUpError where nothing was written anywhere."""
        self._check(wrap_up)
        try:
            call = await self._call(call_id, agent)
            context = self._context(call_id) or await self._journal.context_of(call_id)
            customer = _customer(context, wrap_up)
            interaction = _interaction(call, customer, wrap_up, agent)
            first, said = await self._keep(interaction, wrap_up)
            await self._choose(call, context, customer, wrap_up, agent)
            by_rule = self._activity_by_rule(call, is_over=call.ended_at is not None and said.at >= call.ended_at)
            facts = facts_of(call, wrap_up, agent, self._agent_names.get(agent, agent))
            told = Told(
                facts, f"{call.id}.{wrap_up.id}", wrap_up.new_case.strip(), is_first=first is said, by_rule=by_rule
            )
            entries, refused = self._consented(entries_of(told, call, customer, context, self._connectors()), customer)
            later = [await self._later(connector, entry, _NOT_ASKED) for connector, entry in entries.later]
        except StoreError as error:
            raise WrapUpError(WrapUpProblem.NOT_STORED, str(error)) from error
        self._on_recorded(interaction)
        saved = await asyncio.gather(*(self._write(connector, entry) for connector, entry in entries.now))
        if (about := _about(wrap_up, interaction, saved)) is not None:
            self._journal.publish(wrap_up_event(about, wrap_up_id=about.extra[WRAP_UP]))
        return WrapUpResult(id=wrap_up.id, saved=(*saved, *later, *refused))

    def _consented(self, entries: Entries, customer: Customer | None) -> tuple[Entries, Sequence[Saved]]:
        """Leave out what is for a purpose that the customer has refused, and tell so."""
        purposes = refused_by(customer, local_day()) if customer is not None else frozenset()
        refused = [
            Saved(connector=connector.name, title=connector.title, kind=entry.kind, refused=purpose)
            for connector, entry in (*entries.now, *entries.later)
            if (purpose := self._purpose_of(connector.name)) in purposes
        ]
        return entries.without({one.connector for one in refused}), refused

    def _check(self, wrap_up: WrapUp) -> None:
        if not (wrap_up.note.strip() or wrap_up.disposition or wrap_up.new_case.strip() or wrap_up.reference):
            message = "Write a note, choose a result, say what it was about, or open a case."
            raise WrapUpError(WrapUpProblem.NOTHING_SAID, message)
        if wrap_up.disposition and wrap_up.disposition not in self._dispositions:
            message = f"There is no result of that name: choose one of {', '.join(self._dispositions)}."
            raise WrapUpError(WrapUpProblem.NO_SUCH_DISPOSITION, message)

    async def _call(self, call_id: str, agent: str) -> Call:
        """Return the call, live or over, if this agent has or had a part in it."""
        found = await call_with_agents(call_id, live=self._live, archive=self._journal)
        if found is None:
            raise WrapUpError(WrapUpProblem.NO_SUCH_CALL, "There is no such call.")
        call, agents = found
        if agent not in agents:
            raise WrapUpError(WrapUpProblem.NOT_YOURS, "Only who has a part in a call can say how it went.")
        return call

    async def _keep(self, interaction: Interaction, wrap_up: WrapUp) -> tuple[Interaction, Interaction]:
        """Write it down once; return the first that was said of this call, and this as it was said first."""
        first = await self._stored(wrap_up_event(interaction))
        if first.extra.get(WRAP_UP) == wrap_up.id:
            return first, first
        later = msgspec.structs.replace(interaction, id=f"{interaction.id}.{wrap_up.id}")
        return first, await self._stored(wrap_up_event(later, wrap_up_id=wrap_up.id))

    async def _choose(
        self, call: Call, context: CustomerContext | None, customer: Customer | None, wrap_up: WrapUp, agent: str
    ) -> None:
        """Have it decided that the one of several whom the wrap-up names is meant, unless that is so already."""
        if not wrap_up.customer or context is None or context.customer is customer or not call.customer_number.e164:
            return
        [(system, record)] = wrap_up.customer.items()
        choice = IdentityDecision(
            id=str(uuid.uuid5(_CHOICES, f"{call.id}\0{wrap_up.id}")),
            kind=DecisionKind.MEANT,
            records=(RecordRef(system=system, id=record),),
            by=agent,
            at=datetime.now(UTC),
            call_id=call.id,
        )
        try:
            await self._decide(choice)
        except IdentityError as error:
            # It was decided with this wrap-up before and taken back since: sent again, it doesn't count again.
            log.info("wrap-up's customer not decided again", decision=choice.id, problem=error.problem)

    async def _stored(self, event: Event) -> Interaction:
        """Append it; return what the journal holds under its id."""
        position = await self._journal.append(event)
        [stored] = await self._journal.read(position - 1, 1)
        said = decode_event(stored.body).data
        if not isinstance(said, Interaction):
            raise TypeError(f"event {event.id} in the journal is no interaction")
        return said

    async def _write(self, connector: Connector, entry: WriteBack) -> Saved:
        saved = Saved(connector=connector.name, title=connector.title, kind=entry.kind)
        try:
            result = await connector.write(entry)
        except ConnectorError as error:
            log.warning("not written back", connector=connector.name, kind=entry.kind, reason=error.message)
            if error.is_of_backend:
                with contextlib.suppress(StoreError):  # then it is a failure as any other, and told as one
                    return await self._later(connector, entry, error.message, is_unsure=error.is_unsure)
            return msgspec.structs.replace(saved, problem=error.message)
        except Exception:
            # A connector that breaks its contract must not take the others' results with it.
            log.exception("connector raised something other than ConnectorError", connector=connector.name)
            return msgspec.structs.replace(saved, problem="the connector failed; the hub's log has why")
        log.info("written back", connector=connector.name, kind=entry.kind, was_there=result.was_there)
        return msgspec.structs.replace(saved, id=result.id, was_there=result.was_there)

    async def _later(self, connector: Connector, entry: WriteBack, reason: str, *, is_unsure: bool = False) -> Saved:
        """Ask for it in the journal, from where the backend is given it once it can take it. Raises StoreError."""
        request = WriteBackRequest(connector=connector.name, entry=entry, reason=reason, is_unsure=is_unsure)
        await self._journal.append(write_back_event(request))
        return Saved(connector=connector.name, title=connector.title, kind=entry.kind, later=True)


def _customer(context: CustomerContext | None, wrap_up: WrapUp) -> Customer | None:
    """Return whom the call was with, None if nobody is known. Raises WrapUpError where the number is shared."""
    customers = context.customers if context is not None else ()
    if wrap_up.customer:
        [(system, record)] = wrap_up.customer.items()
        customers = tuple(one for one in customers if one.ids.get(system) == record)
        if not customers:
            raise WrapUpError(WrapUpProblem.WHICH_CUSTOMER, "The customer named is none of this call's.")
    elif context is not None and (context.customer is not None or context.chosen is not None):
        return context.customer
    if len(customers) > 1:
        message = "Several customers have this number: choose with whom the call was."
        raise WrapUpError(WrapUpProblem.WHICH_CUSTOMER, message)
    return customers[0] if customers else None


def _interaction(call: Call, customer: Customer | None, wrap_up: WrapUp, agent: str) -> Interaction:
    number = call.customer_number.e164
    extra = {WRAP_UP: wrap_up.id}
    if wrap_up.new_case.strip():
        extra[NEW_CASE] = wrap_up.new_case.strip()
    if wrap_up.reference:
        extra[ABOUT] = wrap_up.reference
    return Interaction(
        id=call.id,
        source=SOURCE,
        channel=Channel.PHONE,
        at=datetime.now(UTC),
        subject=wrap_up.new_case.strip() or subject_of(call, wrap_up),
        customer=CustomerRef(phones=(number,) if number else (), ids=dict(customer.ids) if customer else {}),
        direction=str(call.direction),
        status=wrap_up.disposition,
        text=wrap_up.note,
        reference=call.id,
        agent=agent,
        extra=extra,
    )


def _about(wrap_up: WrapUp, interaction: Interaction, saved: Sequence[Saved]) -> Interaction | None:
    """Return what adds to a wrap-up the number of the case that it opened; None where it opened none."""
    opened = next((one.id for one in saved if one.kind is WriteKind.CASE and one.id), "")
    if not opened:
        return None
    said = msgspec.structs.replace(interaction, id=f"{interaction.reference}.{wrap_up.id}.about", status="", text="")
    return msgspec.structs.replace(said, extra={WRAP_UP: f"{wrap_up.id}.about", ABOUT: opened})

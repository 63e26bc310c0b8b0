"""What an agent says of a call: kept in the journal, and written back to the backends that know the customer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec
import structlog

from connectors.base import Connector, ConnectorError
from hub.domain.call import Call, Direction, Role
from hub.domain.customer import Customer, CustomerContext
from hub.domain.event import decode_event, wrap_up_event
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.ports import CallArchive, EventJournal, LiveCalls, StoreError
from hub.domain.wrapup import Saved, WrapUp, WrapUpError, WrapUpProblem, WrapUpResult
from hub.domain.writeback import WriteBack, WriteKind

log = structlog.get_logger(__name__)

SOURCE = "desk"
"""The source of interactions that agents write down."""

_WRAP_UP = "wrap_up"


class WrapUpJournal(EventJournal, CallArchive, Protocol):
    """What is needed of the journal."""


class WrapUpService:
    """The `CallWrapUp` of hub/domain/ports.py.

    A call's first wrap-up becomes the activity in each backend, under the call's id; what is said later is a further
    note there. A new case is opened in one backend only: the first of the configuration that can.
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
    ) -> None:
        self._connectors = connectors
        self._live = live
        self._context = context
        self._journal = journal
        self._agent_names = agent_names
        self._dispositions = dispositions
        self._on_recorded = on_recorded

    async def wrap_up(self, call_id: str, wrap_up: WrapUp, *, agent: str) -> WrapUpResult:
        """Return what each backend made of it. Raises WrapUpError where nothing was written anywhere."""
        self._check(wrap_up)
        try:
            call = await self._call(call_id, agent)
            context = self._context(call_id) or await self._journal.context_of(call_id)
            customer = _customer(context, wrap_up)
            interaction = _interaction(call, customer, wrap_up, agent)
            is_first = await self._keep(interaction, wrap_up)
        except StoreError as error:
            raise WrapUpError(WrapUpProblem.NOT_STORED, str(error)) from error
        self._on_recorded(interaction)
        entries = list(self._entries(call, customer, wrap_up, agent, is_first=is_first))
        saved = await asyncio.gather(*(self._write(connector, entry) for connector, entry in entries))
        return WrapUpResult(id=wrap_up.id, saved=tuple(saved))

    def _check(self, wrap_up: WrapUp) -> None:
        if not (wrap_up.note.strip() or wrap_up.disposition or wrap_up.new_case.strip()):
            raise WrapUpError(WrapUpProblem.NOTHING_SAID, "Write a note, choose a result, or open a case.")
        if wrap_up.disposition and wrap_up.disposition not in self._dispositions:
            message = f"There is no result of that name: choose one of {', '.join(self._dispositions)}."
            raise WrapUpError(WrapUpProblem.NO_SUCH_DISPOSITION, message)

    async def _call(self, call_id: str, agent: str) -> Call:
        """Return the call, live or over, if this agent has or had a part in it."""
        call = next((call for call in self._live.live_calls() if call.id == call_id), None)
        if call is not None:
            agents = _taking_part(call)
        else:
            entry = await self._journal.finished_call(call_id)
            if entry is None:
                raise WrapUpError(WrapUpProblem.NO_SUCH_CALL, "There is no such call.")
            call, agents = entry.call, frozenset((*entry.agents, *entry.answered_by))
        if agent not in agents:
            raise WrapUpError(WrapUpProblem.NOT_YOURS, "Only who has a part in a call can say how it went.")
        return call

    async def _keep(self, interaction: Interaction, wrap_up: WrapUp) -> bool:
        """Write it down once; return whether it is the first that was said of this call."""
        position = await self._journal.append(wrap_up_event(interaction))
        [stored] = await self._journal.read(position - 1, 1)
        first = decode_event(stored.body).data
        if isinstance(first, Interaction) and first.extra.get(_WRAP_UP) == wrap_up.id:
            return True
        later = msgspec.structs.replace(interaction, id=f"{interaction.id}.{wrap_up.id}")
        await self._journal.append(wrap_up_event(later, wrap_up_id=wrap_up.id))
        return False

    def _entries(
        self, call: Call, customer: Customer | None, wrap_up: WrapUp, agent: str, *, is_first: bool
    ) -> Sequence[tuple[Connector, WriteBack]]:
        known = [
            (connector, record)
            for name, connector in self._connectors().items()
            if customer is not None and (record := customer.ids.get(name))
        ]
        entry = _entry(call, wrap_up, agent, self._agent_names.get(agent, agent))
        kind, identity = (WriteKind.ACTIVITY, call.id) if is_first else (WriteKind.NOTE, f"{call.id}.{wrap_up.id}")
        entries = [
            (connector, msgspec.structs.replace(entry, id=identity, kind=kind, customer=record))
            for connector, record in known
            if kind in connector.writes
        ]
        if wrap_up.new_case.strip():
            case = msgspec.structs.replace(
                entry, id=f"{call.id}.{wrap_up.id}", kind=WriteKind.CASE, subject=wrap_up.new_case.strip()
            )
            entries += [
                (connector, msgspec.structs.replace(case, customer=record))
                for connector, record in known
                if WriteKind.CASE in connector.writes
            ][:1]
        return entries

    async def _write(self, connector: Connector, entry: WriteBack) -> Saved:
        saved = Saved(connector=connector.name, title=connector.title, kind=entry.kind)
        try:
            result = await connector.write(entry)
        except ConnectorError as error:
            log.warning("not written back", connector=connector.name, kind=entry.kind, reason=error.message)
            return msgspec.structs.replace(saved, problem=error.message)
        except Exception:
            # A connector that breaks its contract must not take the others' results with it.
            log.exception("connector raised something other than ConnectorError", connector=connector.name)
            return msgspec.structs.replace(saved, problem="the connector failed; the hub's log has why")
        log.info("written back", connector=connector.name, kind=entry.kind, was_there=result.was_there)
        return msgspec.structs.replace(saved, id=result.id, was_there=result.was_there)


def _taking_part(call: Call) -> frozenset[str]:
    return frozenset(part.agent for part in call.connections if part.agent and part.role is not Role.OBSERVER)


def _customer(context: CustomerContext | None, wrap_up: WrapUp) -> Customer | None:
    """Return whom the call was with, None if nobody is known. Raises WrapUpError where the number is shared."""
    customers = context.customers if context is not None else ()
    if wrap_up.customer:
        [(system, record)] = wrap_up.customer.items()
        customers = tuple(one for one in customers if one.ids.get(system) == record)
        if not customers:
            raise WrapUpError(WrapUpProblem.WHICH_CUSTOMER, "The customer named is none of this call's.")
    if len(customers) > 1:
        message = "Several customers have this number: choose with whom the call was."
        raise WrapUpError(WrapUpProblem.WHICH_CUSTOMER, message)
    return customers[0] if customers else None


def _subject(call: Call, wrap_up: WrapUp) -> str:
    kind = "Outbound call" if call.direction is Direction.OUTBOUND else "Inbound call"
    return f"{kind}: {wrap_up.disposition}" if wrap_up.disposition else kind


def _interaction(call: Call, customer: Customer | None, wrap_up: WrapUp, agent: str) -> Interaction:
    number = call.customer_number.e164
    return Interaction(
        id=call.id,
        source=SOURCE,
        channel=Channel.PHONE,
        at=datetime.now(UTC),
        subject=wrap_up.new_case.strip() or _subject(call, wrap_up),
        customer=CustomerRef(phones=(number,) if number else (), ids=dict(customer.ids) if customer else {}),
        direction=str(call.direction),
        status=wrap_up.disposition,
        text=wrap_up.note,
        reference=call.id,
        extra={"agent": agent, _WRAP_UP: wrap_up.id},
    )


def _entry(call: Call, wrap_up: WrapUp, agent: str, name: str) -> WriteBack:
    talked_s = (call.ended_at - call.answered_at).total_seconds() if call.ended_at and call.answered_at else None
    return WriteBack(
        id=call.id,
        kind=WriteKind.ACTIVITY,
        direction=str(call.direction),
        phone=call.customer_number.e164 or "",
        subject=_subject(call, wrap_up),
        note=wrap_up.note.strip(),
        disposition=wrap_up.disposition,
        outcome=str(call.outcome or ""),
        started_at=call.started_at,
        ended_at=call.ended_at,
        duration_s=None if talked_s is None else round(talked_s),
        agent=agent,
        agent_name=name,
        queue=call.queue or "",
        priority=wrap_up.priority,
    )

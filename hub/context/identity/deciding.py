"""Takes what people decide of who is who: checked, journaled, and told to calls in progress."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import msgspec
import structlog

from hub.context.identity.choice import with_choice
from hub.context.identity.standing import Standing, pairs_of
from hub.context.parts import call_with_agents
from hub.domain.call import Call
from hub.domain.customer import CustomerContext
from hub.domain.event import Event, context_event, identity_event
from hub.domain.identity import (
    DecisionKind,
    IdentityDecided,
    IdentityDecision,
    IdentityError,
    IdentityProblem,
    RecordRef,
)
from hub.domain.ports import CallArchive, EventJournal, EventRefusedError, IdentityDecisions, LiveCalls

log = structlog.get_logger(__name__)

MAX_RECORDS: Final = 20
_KEY = re.compile(r"tel:\+[1-9][0-9]{3,17}|mailto:[^\s@A-Z]{1,200}@[^\s@A-Z]{1,200}")


class DecisionJournal(EventJournal, CallArchive, IdentityDecisions, Protocol):
    """What is needed of the journal."""


class IdentityService:
    """The `IdentityDecider` of hub/domain/ports.py; `on_decided` hears of each that is new, and of each taken back.

    A call that is over is filed anew with what was decided of whom it was with; one in progress by whoever hears.
    """

    def __init__(
        self,
        *,
        journal: DecisionJournal,
        live: LiveCalls,
        context: Callable[[str], CustomerContext | None],
        agents: Iterable[str],
        on_decided: Callable[[IdentityDecision], None],
    ) -> None:
        self._journal = journal
        self._live = live
        self._context = context
        self._agents = frozenset(agents)
        self._on_decided = on_decided

    async def decide(self, decision: IdentityDecision) -> IdentityDecided:
        """Return it once it is durable, with the time set to now. Raises IdentityError, StoreError."""
        before = await self._journal.decision(decision.id)
        if before is not None:
            return await self._again(decision, before)
        decision = _well_formed(decision)
        if decision.call_id:
            decision = await self._of_call(decision)
        if decision.kind is DecisionKind.MEANT and not _KEY.fullmatch(decision.key):
            raise IdentityError(
                IdentityProblem.MALFORMED,
                "key: say for which number or address, as in tel:+4930123456 or mailto:maria@example.com,"
                " or in which call (call_id).",
            )
        earlier = await self._about(decision)
        decision = msgspec.structs.replace(decision, at=_after(earlier))
        await self._append(identity_event(decision), *await self._filed_anew(decision, [*earlier, decision]))
        stored = await self._journal.decision(decision.id)
        if stored is not None and _content(stored) != _content(decision):
            return await self._again(decision, stored)  # two were sent with one id, and the other came first
        log.info("identity decided", kind=decision.kind, by=decision.by, decision=decision.id)
        self._on_decided(decision)
        return _decided(decision, earlier)

    async def withdraw(self, decision_id: str, *, by: str, may_any: bool) -> IdentityDecided:
        """Take a decision back: one's own, or anybody's. Raises IdentityError, StoreError."""
        decision = await self._journal.decision(decision_id)
        if decision is None:
            raise IdentityError(IdentityProblem.NO_SUCH_DECISION, "There is no such decision.")
        if decision.withdrawn:
            return IdentityDecided(decision=decision)
        if decision.by != by and not may_any:
            message = "Only who decided it, or a supervisor, can take it back."
            raise IdentityError(IdentityProblem.NOT_YOURS, message)
        withdrawn = msgspec.structs.replace(decision, by=by, at=_after([decision]), withdrawn=True)
        earlier = [one for one in await self._about(decision) if one.id != decision.id]
        await self._append(identity_event(withdrawn), *await self._filed_anew(decision, earlier))
        log.info("identity decision taken back", kind=decision.kind, by=by, decision=decision.id)
        self._on_decided(withdrawn)
        return IdentityDecided(decision=withdrawn, notes=tuple(_counts_again(decision, earlier)))

    async def _append(self, *events: Event) -> None:
        """Return once they are durable. Raises StoreError."""
        for outcome in await self._journal.append_all(events):
            if isinstance(outcome, EventRefusedError):
                raise outcome

    async def _filed_anew(self, decision: IdentityDecision, standing: Sequence[IdentityDecision]) -> Sequence[Event]:
        """Return what the finished call in which somebody was chosen is filed by now, where that is new."""
        if decision.kind is not DecisionKind.MEANT or not decision.call_id:
            return ()
        if self._context(decision.call_id) is not None:
            return ()
        context = await self._journal.context_of(decision.call_id)
        call = await self._journal.finished_call(decision.call_id)
        if context is None or call is None:
            return ()
        now = with_choice(context, standing)
        return () if now is context else (context_event(now, pbx=call.call.pbx),)

    async def _again(self, decision: IdentityDecision, before: IdentityDecision) -> IdentityDecided:
        """Answer a decision whose id is there already: the same is as it was, anything else is refused."""
        key = decision.key or before.key
        asked = msgspec.structs.replace(decision, key=key, records=_in_order(decision.records))
        if before.withdrawn:
            message = "This decision was taken back: decide anew, with a new id."
            raise IdentityError(IdentityProblem.ID_REUSED, message)
        if _content(asked) != _content(before):
            message = "There is another decision with this id: send a new one with a new id."
            raise IdentityError(IdentityProblem.ID_REUSED, message)
        earlier = [one for one in await self._about(before) if one.id != before.id and one.at < before.at]
        return _decided(before, earlier)

    async def _of_call(self, decision: IdentityDecision) -> IdentityDecision:
        """Return it with the number that the call is with. Raises IdentityError where the call or its part is wrong."""
        found = await call_with_agents(decision.call_id, live=self._live, archive=self._journal)
        if found is None:
            raise IdentityError(IdentityProblem.NO_SUCH_CALL, "There is no such call.")
        call, agents = found
        # Whether a machine may is seen before; it has a part in no call.
        if decision.by in self._agents and decision.by not in agents:
            raise IdentityError(IdentityProblem.NOT_YOURS, "Only who has a part in a call can say who it is with.")
        await self._check_known(decision, call)
        if decision.kind is not DecisionKind.MEANT:
            return decision
        key = f"tel:{call.customer_number.e164}" if call.customer_number.e164 else ""
        if not key:
            message = "This call shows no number, so there is nothing to remember the choice for."
            raise IdentityError(IdentityProblem.NOT_OF_THIS_CALL, message)
        if decision.key not in ("", key):
            message = "key: that is not the number of this call. Leave it out: the call's own is taken."
            raise IdentityError(IdentityProblem.NOT_OF_THIS_CALL, message)
        return msgspec.structs.replace(decision, key=key)

    async def _check_known(self, decision: IdentityDecision, call: Call) -> None:
        context = self._context(call.id) or await self._journal.context_of(call.id)
        known = set() if context is None else _records(context)
        for number, record in enumerate(decision.records):
            if record not in known:
                message = f"records[{number}]: {record.system} has not told of this record in this call."
                raise IdentityError(IdentityProblem.NOT_OF_THIS_CALL, message)

    async def _about(self, decision: IdentityDecision) -> Sequence[IdentityDecision]:
        """Return what was decided of the same, and of what that leads to."""
        found = await self._journal.decisions(decision.keys)
        further = sorted({record.key for one in found for record in one.records} - set(decision.keys))
        if further:
            found = [*found, *await self._journal.decisions(further)]
        return list({one.id: one for one in found}.values())


def _in_order(records: Iterable[RecordRef]) -> tuple[RecordRef, ...]:
    return tuple(sorted(set(records)))


def _content(decision: IdentityDecision) -> tuple[object, ...]:
    return decision.kind, decision.records, decision.key, decision.by, decision.call_id


def _well_formed(decision: IdentityDecision) -> IdentityDecision:
    """Return it with its records in order, each once. Raises IdentityError."""
    records = _in_order(decision.records)
    if len(records) > MAX_RECORDS:
        raise IdentityError(IdentityProblem.MALFORMED, f"records: name at most {MAX_RECORDS} of them.")
    if decision.kind is DecisionKind.MEANT:
        if len(records) != 1:
            message = "records: name the one record of the customer that is meant."
            raise IdentityError(IdentityProblem.MALFORMED, message)
    elif len(records) < 2:  # noqa: PLR2004 - one record is the same as itself
        raise IdentityError(IdentityProblem.MALFORMED, "records: name two or more different records.")
    elif decision.key:
        message = f"key: {decision.kind} is about records, not about a number or an address."
        raise IdentityError(IdentityProblem.MALFORMED, message)
    return msgspec.structs.replace(decision, records=records)


def _after(earlier: Iterable[IdentityDecision]) -> datetime:
    """Return now; a clock that was set back makes no decision older than those before it."""
    now = datetime.now(UTC)
    return max([now, *(one.at + timedelta(microseconds=1) for one in earlier)])


def _records(context: CustomerContext) -> set[RecordRef]:
    told = {RecordRef(system=one.system, id=one.id) for answer in context.answers for one in answer.records}
    return told | {RecordRef(system=s, id=i) for customer in context.customers for s, i in customer.ids.items()}


def _named(record: RecordRef) -> str:
    return f"{record.system} {record.id}"


def _said(decision: IdentityDecision) -> str:
    return f"as {decision.by} said on {decision.at:%Y-%m-%d at %H:%M} UTC"


def _contradicted(
    decision: IdentityDecision, earlier: Iterable[IdentityDecision]
) -> Sequence[tuple[str, IdentityDecision]]:
    """Return what stood until now and does not count beside this decision, each in words."""
    standing = Standing(earlier)
    found = [
        (f"{decision.key} was {_named(one.records[0])}", one)
        for one in (standing.meant([decision.key]) if decision.kind is DecisionKind.MEANT else ())
        if one.records != decision.records
    ]
    for pair in pairs_of(decision):
        about = standing.about(*pair)
        if about is not None and about.kind is not decision.kind:
            was = "the same customer" if about.kind is DecisionKind.SAME else "different customers"
            found.append((f"{_named(pair[0])} and {_named(pair[1])} were {was}", about))
    return found


def _decided(decision: IdentityDecision, earlier: Sequence[IdentityDecision]) -> IdentityDecided:
    contradicted = _contradicted(decision, earlier)
    notes = [
        f"Until now {was}, {_said(one)}: that does not count while the new decision stands."
        for was, one in contradicted
    ]
    for (one, other), unheld in Standing([*earlier, decision]).unheld:
        notes.append(
            f"{_named(one)} and {_named(other)} can't be the same customer, {_said(unheld)},"
            " together with what else was decided: they stay apart."
        )
    if decision.kind is DecisionKind.SAME:
        systems = [record.system for record in decision.records]
        notes += [
            f"{system} keeps these records as different customers: they are shown as one here all the same."
            for system in dict.fromkeys(systems)
            if systems.count(system) > 1
        ]
    replaces = tuple(dict.fromkeys(one.id for _was, one in contradicted))
    return IdentityDecided(decision=decision, replaces=replaces, notes=tuple(notes))


def _counts_again(decision: IdentityDecision, others: Sequence[IdentityDecision]) -> Iterable[str]:
    older = [one for one in others if one.at <= decision.at]
    for was, one in _contradicted(decision, older):
        yield f"{was}, {_said(one)}: that counts again."

"""Small in-memory stand-ins for the rooms that the desk meets through ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime

import msgspec

from hub.domain.agent import AgentStatus, QueueStatus
from hub.domain.backend import BackendStatus, ReloadNotPossibleError, ReloadResult
from hub.domain.call import Call
from hub.domain.control import Actor, Command, CommandResult, Refusal
from hub.domain.customer import CustomerContext, CustomerQuery
from hub.domain.event import Event, encode_event
from hub.domain.identity import IdentityDecided, IdentityDecision, IdentityError
from hub.domain.inbound import InboundMessage, Receipt
from hub.domain.interaction import Channel, TimelinePage
from hub.domain.phone import PhoneNumber
from hub.domain.ports import (
    Appended,
    CallLogEntry,
    ContextListener,
    EventRefusedError,
    PbxStatus,
    StoredEvent,
    StoreError,
)
from hub.domain.wrapup import Saved, WrapUp, WrapUpError, WrapUpResult


class Calls:
    def __init__(self) -> None:
        self.live: list[Call] = []

    def live_calls(self) -> Sequence[Call]:
        return self.live


class Contexts:
    def __init__(self) -> None:
        self.known: dict[str, CustomerContext] = {}

    def begin(self, call: Call) -> None:
        self.known.setdefault(call.id, CustomerContext(call_id=call.id, phone=call.customer_number))

    def current(self, call_id: str) -> CustomerContext | None:
        return self.known.get(call_id)

    def end(self, call_id: str) -> None:
        self.known.pop(call_id, None)

    def subscribe(self, listener: ContextListener) -> None:  # noqa: ARG002 - the port's shape
        raise RuntimeError("The composition root subscribes, not the desk.")


class Log:
    def __init__(self) -> None:
        self.entries: list[CallLogEntry] = []
        self.asked: list[tuple[str | None, datetime | None, int]] = []
        self.problem: StoreError | None = None

    async def calls(
        self, *, agent: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> Sequence[CallLogEntry]:
        self.asked.append((agent, before, limit))
        if self.problem is not None:
            raise self.problem
        own = [entry for entry in self.entries if agent is None or agent in (*entry.agents, *entry.answered_by)]
        return own[:limit]


class Status:
    def __init__(self) -> None:
        self.pbx = [PbxStatus(name="main", connected=True)]
        self.reasons: list[str] = []

    def pbx_status(self) -> Sequence[PbxStatus]:
        return self.pbx

    def problems(self) -> Sequence[str]:
        return self.reasons


class Directory:
    """Agents and queues as the test says; nobody is known unless it does."""

    def __init__(self) -> None:
        self.known: dict[str, AgentStatus] = {}
        self.listed: list[QueueStatus] = []

    def agents(self) -> Sequence[AgentStatus]:
        return [self.known[agent] for agent in sorted(self.known)]

    def agent(self, agent_id: str) -> AgentStatus | None:
        return self.known.get(agent_id)

    def queues(self) -> Sequence[QueueStatus]:
        return self.listed


class Control:
    """Takes commands, and answers as it is told to: `refusal` None is done."""

    def __init__(self) -> None:
        self.executed: list[tuple[Command, Actor]] = []
        self.refused: list[tuple[Command, Actor, Refusal]] = []
        self.refusal: Refusal | None = None
        self.value = ""

    async def execute(self, command: Command, actor: Actor, *, within_s: float | None = None) -> CommandResult:  # noqa: ARG002 - the port's shape
        self.executed.append((command, actor))
        message = "" if self.refusal is None else "This can't be done now."
        done = self.refusal is None
        return CommandResult(id=command.id, done=done, refusal=self.refusal, message=message, value=self.value)

    async def has_seen(self, command: Command, actor: Actor) -> bool:
        return (command, actor) in self.executed

    async def refuse(self, command: Command, actor: Actor, refusal: Refusal, message: str) -> CommandResult:
        self.refused.append((command, actor, refusal))
        return CommandResult(id=command.id, done=False, refusal=refusal, message=message)


class WrapUps:
    """Takes what is said of calls; `problem` is raised where there is one."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, WrapUp, str]] = []
        self.saved: tuple[Saved, ...] = ()
        self.problem: WrapUpError | None = None

    async def wrap_up(self, call_id: str, wrap_up: WrapUp, *, agent: str) -> WrapUpResult:
        if self.problem is not None:
            raise self.problem
        self.taken.append((call_id, wrap_up, agent))
        return WrapUpResult(id=wrap_up.id, saved=self.saved)


class Identity:
    """Takes decisions, and keeps them by id; `problem` is raised where there is one, `notes` are told with each."""

    def __init__(self) -> None:
        self.decided: dict[str, IdentityDecision] = {}
        self.withdrawals: list[tuple[str, str, bool]] = []
        self.notes: tuple[str, ...] = ()
        self.problem: IdentityError | None = None

    async def decide(self, decision: IdentityDecision) -> IdentityDecided:
        if self.problem is not None:
            raise self.problem
        self.decided[decision.id] = decision
        return IdentityDecided(decision=decision, notes=self.notes)

    async def withdraw(self, decision_id: str, *, by: str, may_any: bool) -> IdentityDecided:
        if self.problem is not None:
            raise self.problem
        self.withdrawals.append((decision_id, by, may_any))
        return IdentityDecided(decision=msgspec.structs.replace(self.decided[decision_id], by=by, withdrawn=True))

    async def decisions(self, keys: Sequence[str]) -> Sequence[IdentityDecision]:
        return [one for one in self.decided.values() if not set(keys).isdisjoint(one.keys)]

    async def decision(self, decision_id: str) -> IdentityDecision | None:
        return self.decided.get(decision_id)


class Backends:
    """Backends as the test says; a reload gives `result`, or raises what stands there."""

    def __init__(self) -> None:
        self.now: list[BackendStatus] = []
        self.result: ReloadResult | ReloadNotPossibleError = ReloadResult()
        self.reloads = 0

    def backends(self) -> Sequence[BackendStatus]:
        return self.now

    async def reload(self) -> ReloadResult:
        self.reloads += 1
        if isinstance(self.result, ReloadNotPossibleError):
            raise self.result
        return self.result


class Reception:
    """Takes what is handed in, and answers with `receipt`; `problem` is raised where there is one."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, InboundMessage]] = []
        self.receipt = Receipt(recorded=1, events=("event-1",))
        self.problem: StoreError | None = None

    async def take(self, feed: str, message: InboundMessage) -> Receipt:
        if self.problem is not None:
            raise self.problem
        self.taken.append((feed, message))
        return self.receipt


class MemoryJournal:
    def __init__(self) -> None:
        self.stored: list[StoredEvent] = []
        self.handed_out = 0
        self.problem: StoreError | None = None
        self._grown = asyncio.Condition()

    def publish(self, event: Event) -> None:  # noqa: ARG002 - the port's shape
        raise RuntimeError("The desk only reads the journal.")

    async def append_all(self, events: Sequence[Event]) -> Sequence[Appended | EventRefusedError]:
        return [Appended(await self.append(event), is_new=True) for event in events]

    async def append(self, event: Event) -> int:
        async with self._grown:
            position = len(self.stored) + 1
            self.stored.append(
                StoredEvent(
                    position=position,
                    type=event.type.value,
                    subject=event.subject,
                    partitionkey=event.partitionkey,
                    id=event.id,
                    time=event.time.isoformat(),
                    source=event.source,
                    body=encode_event(event),
                )
            )
            self._grown.notify_all()
        return position

    async def read(self, after: int, limit: int) -> Sequence[StoredEvent]:
        return self.stored[after : after + limit]

    async def tail(self, after: int) -> AsyncIterator[StoredEvent]:
        while True:
            if self.problem is not None:
                raise self.problem
            for stored in self.stored[after:]:
                after = stored.position
                self.handed_out += 1
                yield stored
            async with self._grown:
                while len(self.stored) <= after:
                    await self._grown.wait()

    async def last_position(self) -> int:
        return len(self.stored)

    async def position_of(self, event_id: str) -> int | None:
        return next((stored.position for stored in self.stored if stored.id == event_id), None)

    async def cursor(self, reader: str) -> int:  # noqa: ARG002 - the port's shape
        raise RuntimeError("The desk keeps no cursor.")

    async def save_cursor(self, reader: str, position: int) -> None:  # noqa: ARG002 - the port's shape
        raise RuntimeError("The desk keeps no cursor.")


class NoTimeline:
    """Nobody has any."""

    async def timeline(
        self,
        keys: Sequence[str],  # noqa: ARG002 - the port's shape
        *,
        channels: Collection[Channel] = (),  # noqa: ARG002 - likewise
        before: str = "",  # noqa: ARG002 - likewise
        limit: int = 50,  # noqa: ARG002 - likewise
    ) -> TimelinePage:
        return TimelinePage()


class NoArchive:
    """No call is over."""

    async def finished_call(self, call_id: str) -> CallLogEntry | None:  # noqa: ARG002 - the port's shape
        return None

    async def context_of(self, call_id: str) -> CustomerContext | None:  # noqa: ARG002 - likewise
        return None


class Finder:
    """Finds what the test says, or fails with it; `gate` holds it up."""

    def __init__(self) -> None:
        self.found: CustomerContext | Exception = CustomerContext(call_id="", phone=PhoneNumber(), complete=True)
        self.asked: list[tuple[CustomerQuery, float]] = []
        self.gate: asyncio.Event | None = None
        self.cancelled = 0

    async def find(self, query: CustomerQuery, *, within_s: float) -> CustomerContext:
        self.asked.append((query, within_s))
        if self.gate is not None:
            try:
                await self.gate.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if isinstance(self.found, Exception):
            raise self.found
        return self.found

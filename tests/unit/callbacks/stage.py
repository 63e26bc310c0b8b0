"""A hub's callbacks with a real journal, and a PBX, agents and a clock that do as the test says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from hub.callbacks.book import ACTOR, channel_of
from hub.callbacks.service import CallbackService
from hub.config.web_feed import CallbackSection
from hub.domain.agent import (
    AgentState,
    AgentStatus,
    DeviceState,
    DeviceStatus,
    Membership,
    QueueStatus,
    WaitingCall,
)
from hub.domain.call import Call, CallEvent, CallEventKind, Connection, ConnectionState, Direction, Outcome, Role
from hub.domain.callback import Callback, CallbackState
from hub.domain.control import Actor, Command, CommandResult, Dial, HangUp, Refusal
from hub.domain.event import Event
from hub.domain.interaction import CustomerRef
from hub.domain.phone import parse_number
from hub.domain.ports import PbxStatus
from hub.journal.journal import Journal
from tests.waiting import eventually, eventually_asked

BEGIN = datetime(2026, 1, 30, 12, 0, tzinfo=UTC)
PHONE = "+493515550123"


def agent(name: str, *, since: datetime = BEGIN, **changes: Any) -> AgentStatus:
    """Return an agent who is ready in the queue `support`, with a phone that nobody uses."""
    device = f"PJSIP/{name}"
    status = AgentStatus(
        agent=name,
        name=name.title(),
        state=AgentState.READY,
        since=since,
        devices=(DeviceStatus(pbx="main", device=device, state=DeviceState.IDLE),),
        queues=(Membership(pbx="main", queue="support", device=device),),
    )
    return msgspec.structs.replace(status, **changes)


def queue(name: str = "support", pbx: str = "main", *, waiting: int = 0) -> QueueStatus:
    callers = tuple(WaitingCall(position=place + 1, since=BEGIN) for place in range(waiting))
    return QueueStatus(pbx=pbx, queue=name, waiting=callers)


class Pbx:
    """Carries out what the hub commands: what `refusals` names by agent is refused so."""

    def __init__(self) -> None:
        self.given: list[tuple[Command, Actor]] = []
        self.refusals: dict[str, Refusal] = {}
        self.calls: dict[str, Call] = {}
        self.staff = [agent("alice")]
        self.places = [queue()]
        self.connected = True
        self.looks = 0
        """How often was asked what is going on: each time that it is looked what is to do."""

    async def execute(self, command: Command, actor: Actor, *, within_s: float | None = None) -> CommandResult:
        del within_s
        self.given.append((command, actor))
        refusal = self.refusals.get(command.agent) if isinstance(command, Dial) else None
        if refusal is not None:
            return CommandResult(id=command.id, done=False, refusal=refusal, message="refused")
        if isinstance(command, HangUp):
            return CommandResult(id=command.id, done=True)
        return CommandResult(id=command.id, done=True, call_id="main-as-it-was-dialled")

    async def has_seen(self, command: Command, actor: Actor) -> bool:
        return (command, actor) in self.given

    async def refuse(self, command: Command, actor: Actor, refusal: Refusal, message: str) -> CommandResult:
        self.given.append((command, actor))
        return CommandResult(id=command.id, done=False, refusal=refusal, message=message)

    def live_calls(self) -> Sequence[Call]:
        self.looks += 1
        return list(self.calls.values())

    def agents(self) -> Sequence[AgentStatus]:
        return self.staff

    def agent(self, agent_id: str) -> AgentStatus | None:
        return next((one for one in self.staff if one.agent == agent_id), None)

    def queues(self) -> Sequence[QueueStatus]:
        return self.places

    def pbx_status(self) -> Sequence[PbxStatus]:
        return [PbxStatus(name="main", connected=self.connected)]

    def problems(self) -> Sequence[str]:
        return []

    @property
    def dials(self) -> list[Dial]:
        return [command for command, _ in self.given if isinstance(command, Dial)]

    @property
    def hung_up(self) -> list[str]:
        return [command.call_id for command, _ in self.given if isinstance(command, HangUp)]


class Stage:
    """`now` is the clock; `service` is made by `open` and may be ended and opened again on the same journal."""

    service: CallbackService

    def __init__(self, folder: Path, section: CallbackSection) -> None:
        self._folder = folder
        self.section = section
        self.now = BEGIN
        self.pbx = Pbx()
        self.recorded: list[Event] = []
        self.changed: list[Callback] = []

    async def open(self) -> None:
        self.journal = await Journal.open(self._folder / "journal.db")
        self.service = CallbackService(
            {"shop": self.section},
            region="DE",
            journal=self.journal,
            store=self.journal,
            control=self.pbx,
            directory=self.pbx,
            live=self.pbx,
            status=self.pbx,
            on_recorded=self.recorded.append,
            on_changed=self.changed.append,
            clock=lambda: self.now,
            look_s=0.02,
        )
        await self.service.start()

    async def close(self) -> None:
        """End it; what was handed to the journal is in it."""
        await self.service.stop()
        await self.journal.close()

    async def ask(self, phone: str = PHONE, name: str = "one", **more: Any) -> Callback:
        return await self.service.request(
            Callback(
                id=name,
                site="shop",
                phone=phone,
                customer=CustomerRef(ids={"webshop": "4711"}),
                requested_at=self.now,
                at=self.now,
                topic="Washer",
                url="https://www.example.com/w1",
                page="Washer W1",
                **more,
            )
        )

    async def kept(self, name: str = "one") -> Callback:
        found = await self.journal.callback(name)
        assert found is not None
        return found

    async def until(self, state: CallbackState, name: str = "one", **wanted: Any) -> Callback:
        """Return the callback once it stands so in the journal."""
        found: list[Callback] = []

        async def stands() -> bool:
            found[:] = [await self.kept(name)]
            return found[0].state is state and all(getattr(found[0], key) == value for key, value in wanted.items())

        await eventually_asked(stands, f"{state} {wanted}", 5)
        return found[0]

    async def dialled(self, times: int = 1, name: str = "one") -> Callback:
        """Return the callback once the hub has dialled for it so often in all."""
        calling = await self.until(CallbackState.CALLING, name, dials=times)
        await eventually(lambda: len(self.pbx.dials) >= times, f"{times} dials")
        return calling

    async def passes(self, **time: float) -> None:
        """Let time pass; return when the hub has looked what is to do then."""
        self.now += timedelta(**time)
        self.service.floor_changed()
        before = self.pbx.looks
        # The first may have begun before, the second has ended once the third begins.
        await eventually(lambda: self.pbx.looks > before + 2 or not self.service.waiting(), "two looks")

    def call_of(
        self, callback: Callback, *, agent_talks: bool = False, customer_talks: bool = False, **over: Any
    ) -> Call:
        """Return the call that the hub made for a callback as it stands."""
        own = Connection(
            id="1",
            device=f"PJSIP/{callback.agent}",
            role=Role.CALLER,
            state=ConnectionState.CONNECTED if agent_talks else ConnectionState.ALERTING,
            since=self.now,
            agent=callback.agent,
            connected_at=self.now if agent_talks else None,
        )
        customer = Connection(
            id="2",
            device="PJSIP/trunk",
            role=Role.CALLED,
            state=ConnectionState.CONNECTED if customer_talks else ConnectionState.ALERTING,
            since=self.now,
            connected_at=self.now if customer_talks else None,
        )
        return Call(
            id=f"main-{channel_of(callback)}",
            pbx="main",
            direction=Direction.OUTBOUND,
            started_at=self.now,
            called=parse_number(callback.phone, "DE"),
            connections=(own, customer) if agent_talks else (own,),
            **over,
        )

    def tell(self, call: Call, kind: CallEventKind = CallEventKind.ESTABLISHED) -> None:
        """Have the PBX tell of a call; it has it until it is cleared."""
        if kind is CallEventKind.CLEARED:
            self.pbx.calls.pop(call.id, None)
        else:
            self.pbx.calls[call.id] = call
        self.service.call_happened(CallEvent(kind=kind, time=self.now, call=call))

    def ends(self, callback: Callback, outcome: Outcome, **told: bool) -> None:
        """Have the callback's call end so."""
        self.tell(self.call_of(callback, outcome=outcome, ended_at=self.now, **told), CallEventKind.CLEARED)

    def calls_in(self, phone: str = PHONE, *, answered: bool) -> Call:
        """Have the customer call, and be answered by an agent or wait."""
        part = Connection(
            id="9",
            device="PJSIP/bob",
            role=Role.CALLED,
            state=ConnectionState.CONNECTED if answered else ConnectionState.QUEUED,
            since=self.now,
            agent="bob" if answered else None,
            connected_at=self.now if answered else None,
        )
        call = Call(
            id="main-inbound",
            pbx="main",
            direction=Direction.INBOUND,
            started_at=self.now,
            caller=parse_number(phone, "DE"),
            connections=(part,),
        )
        self.tell(call, CallEventKind.ESTABLISHED if answered else CallEventKind.QUEUED)
        return call


@asynccontextmanager
async def staged(folder: Path, **section: Any) -> AsyncIterator[Stage]:
    """Run callbacks for the queue `support`, of which alice is ready."""
    stage = Stage(folder, CallbackSection(queue="support", **section))
    await stage.open()
    try:
        yield stage
    finally:
        await stage.close()


__all__ = ["ACTOR", "BEGIN", "PHONE", "Pbx", "Stage", "agent", "queue", "staged"]

"""A roster that is fed AMI events as a table, and what it tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hub.config.model import Config
from hub.domain.call import Call, CallEvent, CallEventKind, Connection, ConnectionState, Direction, Role
from hub.telephony.agents import QueueSnapshot, Roster
from hub.telephony.ami.event import AmiEvent

if TYPE_CHECKING:
    from hub.domain.agent import AgentEvent, AgentStatus, QueueStatus
    from hub.telephony.agents.after_call import PauseOrder

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PBX_NOON = 1_772_452_800
"""The PBX's clock at noon, seconds since 1970."""

PEOPLE: dict[str, dict[str, Any]] = {
    "alice": {"name": "Alice", "devices": ["PJSIP/1001"], "queues": ["support", "sales"]},
    "bob": {"name": "Bob", "devices": ["PJSIP/1002", "Agent/7002"]},
}


def ami(name: str, **headers: str) -> AmiEvent:
    return AmiEvent.from_mapping({"Event": name, **headers})


def member(event: str, queue: str = "support", device: str = "PJSIP/1001", **headers: str) -> AmiEvent:
    """Make an event about a member as Asterisk 22 has it; it is free and not paused."""
    return ami(
        event,
        **{
            "Queue": queue,
            "MemberName": "Somebody",
            "Interface": device,
            "StateInterface": device,
            "Membership": "dynamic",
            "Penalty": "0",
            "CallsTaken": "0",
            "LastCall": "0",
            "LastPause": "0",
            "LoginTime": "0",
            "InCall": "0",
            "Status": "1",
            "Paused": "0",
            "PausedReason": "",
            "Wrapuptime": "0",
            **headers,
        },
    )


def pause(reason: str = "", queue: str = "support", device: str = "PJSIP/1001", **headers: str) -> AmiEvent:
    return member("QueueMemberPause", queue, device, Paused="1", PausedReason=reason, **headers)


def unpause(queue: str = "support", device: str = "PJSIP/1001") -> AmiEvent:
    return member("QueueMemberPause", queue, device)


def completed(queue: str = "support", device: str = "PJSIP/1001") -> AmiEvent:
    return ami("AgentComplete", Queue=queue, Interface=device, HoldTime="3", TalkTime="60", Uniqueid="1.1")


def call(agent: str, state: ConnectionState, *, pbx: str = "main", role: Role = Role.CALLED, **fields: Any) -> Call:
    """Make a call in which that agent's first device is in that state; a caller in a queue has the channel 1.1."""
    device = PEOPLE[agent]["devices"][0]
    part = Connection(id="1.2", device=device, role=role, state=state, since=NOON, agent=agent)
    caller = Connection(id="1.1", device="PJSIP/trunk", role=Role.CALLER, state=ConnectionState.CONNECTED, since=NOON)
    return Call(
        id=f"{pbx}-1.1", pbx=pbx, direction=Direction.INBOUND, started_at=NOON, connections=(caller, part), **fields
    )


class Scene:
    """Time goes on by a second with each thing that happens. `told` has a line for each event: agent, kind, reason."""

    def __init__(self, *, known: tuple[AgentStatus, ...] = (), pbx: dict[str, Any] | None = None) -> None:
        access = {"host": "127.0.0.1", "username": "hub", "secret": "x"}
        sections = {name: {**access, **section} for name, section in (pbx or {"main": {}}).items()}
        config = Config.model_validate({"hub": {"region": "DE"}, "pbx": sections, "agents": PEOPLE})
        self.now = NOON
        self.told: list[str] = []
        self.events: list[AgentEvent] = []
        self.statuses: list[AgentStatus] = []
        self.queues_told: list[str] = []
        self.orders: list[PauseOrder] = []
        self.deadlines_told = 0
        self.roster = Roster(
            config,
            known=known,
            started_at=NOON,
            on_event=self._event,
            on_agent_changed=self.statuses.append,
            on_queues_changed=lambda pbx, queue: self.queues_told.append(f"{pbx} {queue}"),
            on_order=self.orders.append,
            on_stale=lambda: None,
            on_deadline=self._deadline,
        )

    def _deadline(self) -> None:
        self.deadlines_told += 1

    def _event(self, event: AgentEvent) -> None:
        self.events.append(event)
        self.told.append(f"{event.agent.agent} {event.kind} {event.agent.reason}".strip())

    def pass_time(self, seconds: float) -> None:
        """Let time go on, and the clock strike."""
        self.now += timedelta(seconds=seconds)
        self.roster.tick(self.now)

    def sync(self, *rows: AmiEvent, pbx: str = "main", devices: tuple[AmiEvent, ...] = ()) -> Scene:
        """Let a PBX list its queues and devices."""
        seconds = round((self.now - NOON).total_seconds())
        book = self.roster.book(pbx)
        book.resync(QueueSnapshot(queues=rows, devices=devices, pbx_now=PBX_NOON + seconds), self.now)
        book.in_step(self.now)
        return self

    def feed(self, *events: AmiEvent, pbx: str = "main") -> Scene:
        for event in events:
            self.now += timedelta(seconds=1)
            self.roster.book(pbx).feed(event, self.now)
        return self

    def calls(self, happened: Call, *, is_over: bool = False) -> Scene:
        """Let a call take a step."""
        self.now += timedelta(seconds=1)
        kind = CallEventKind.CLEARED if is_over else CallEventKind.ESTABLISHED
        self.roster.call_happened(CallEvent(kind=kind, time=self.now, call=happened))
        return self

    def agent(self, agent: str = "alice") -> AgentStatus:
        status = self.roster.agent(agent)
        assert status is not None
        return status

    def state(self, agent: str = "alice") -> str:
        return self.agent(agent).state.value

    def queue(self, queue: str = "support") -> QueueStatus:
        return next(one for one in self.roster.queues() if one.queue == queue)

    def obey(self) -> list[str]:
        """Do what was ordered, as a PBX does; return it."""
        orders, self.orders[:] = list(self.orders), []
        for order in orders:
            pbx, queue, interface = order.place
            event = pause(order.reason, queue, interface) if order.is_paused else unpause(queue, interface)
            self.feed(event, pbx=pbx)
        return [f"{'pause' if order.is_paused else 'unpause'} {'/'.join(order.place[:2])}" for order in orders]


PARAMS = (
    ami("QueueParams", Queue="support", Strategy="rrmemory"),
    ami("QueueParams", Queue="sales", Strategy="ringall"),
)

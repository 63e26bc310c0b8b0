"""The queues of one PBX and their members, from AMI events: pure, so the same live and replayed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from hub.domain.agent import DeviceState
from hub.telephony.agents.devices import DeviceOwners, device_key, is_pooled, state_by_name, state_by_number
from hub.telephony.agents.figures import QueueFigures
from hub.telephony.agents.members import Member, dated, interface_name, number, queue_name, read_member

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from hub.telephony.agents.snapshot import QueueSnapshot
    from hub.telephony.ami.event import AmiEvent

MAX_QUEUES = 10_000
MAX_MEMBERS = 100_000
"""Further ones are passed over: no call centre has them, and what comes in has a limit."""


class BookListener(Protocol):
    """Who wants to know what changed. All are told from within `feed`, `resync`, `in_step` or `lost`."""

    def agents_changed(self, pbx: str, agents: Collection[str], now: datetime) -> None:
        """Take it that these agents may be in another state."""

    def details_changed(self, agents: Collection[str]) -> None:
        """Take it that something is different about these agents, and not their state."""

    def queue_changed(self, pbx: str, queue: str) -> None:
        """Take it that a queue's figures, its waiting callers or its members changed."""

    def call_completed(self, member: Member, now: datetime) -> None:
        """Take it that a queue call in which this member talked is over for them."""

    def book_in_step(self, pbx: str, now: datetime) -> None:
        """Take it that everything may have changed, and is now as the PBX has it."""


class QueueBook:
    """What is known of one PBX's queues.

    `resync` takes over what the PBX lists. Until `in_step` nothing is told to the listener, so that what was held
    back meanwhile, and the calls, can be brought in line too. Nothing an event holds or lacks makes `feed` raise.
    """

    def __init__(
        self, *, pbx: str, agents_by_device: Mapping[str, str] | None = None, listener: BookListener | None = None
    ) -> None:
        self.pbx = pbx
        self.is_in_step = False
        self.was_in_step = False
        self._owners = DeviceOwners(agents_by_device or {})
        self._listener = listener
        self._members: dict[tuple[str, str], Member] = {}
        self._by_agent: dict[str, dict[tuple[str, str], Member]] = {}
        self._queues: dict[str, QueueFigures] = {}
        self._devices: dict[str, DeviceState] = {}
        self._handlers: dict[str, Callable[[AmiEvent, datetime], None]] = {
            name: getattr(self, method) for name, method in _HANDLERS.items()
        }

    def feed(self, event: AmiEvent, now: datetime) -> None:
        """Take one AMI event; names that no handler is for are passed over."""
        handler = self._handlers.get(event.name)
        if handler is not None:
            handler(event, now)

    def resync(self, snapshot: QueueSnapshot, now: datetime) -> None:
        """Take over what the PBX lists; what it would not list stays as it was."""
        self.is_in_step = False
        if snapshot.devices is not None:
            self._devices = {}
            for row in snapshot.devices:
                self._device_state(row, now)
        if snapshot.queues is not None:
            self._list_queues(snapshot.queues, now, snapshot.pbx_now)

    def in_step(self, now: datetime) -> None:
        """Begin to tell: everything that was known at the connecting has been taken in."""
        self.is_in_step = self.was_in_step = True
        if self._listener is not None:
            self._listener.book_in_step(self.pbx, now)

    def lost(self, now: datetime) -> None:
        """Stop to vouch for anything: the connection is gone."""
        if self.is_in_step:
            self.is_in_step = False
            if self._listener is not None:
                self._listener.agents_changed(self.pbx, self._owners.agents(), now)

    def places_of(self, agent: str) -> list[Member]:
        """Return an agent's places, by queue."""
        return sorted(self._by_agent.get(agent, {}).values(), key=lambda member: (member.queue, member.interface))

    def members(self) -> Iterable[Member]:
        """Return everybody's places, also of those who are no agents of the configuration."""
        return self._members.values()

    def device_state(self, device: str) -> DeviceState:
        """Return what the PBX says that a device does; unknown while there is no connection."""
        if not self.is_in_step:
            return DeviceState.UNKNOWN
        known = self._devices.get(device_key(device))
        owner = self._owners.find(device)
        if known is not None or owner is None:
            return known or DeviceState.UNKNOWN
        own = self._by_agent.get(owner[1], {}).values()
        return next((member.status for member in own if member.device == owner[0]), DeviceState.UNKNOWN)

    def is_seated(self, device: str) -> bool:
        """Whether an agent of app_agent_pool has logged in, and not out; False for any other device."""
        if not is_pooled(device):
            return False
        state = self._devices.get(device_key(device), DeviceState.UNAVAILABLE)
        return state not in (DeviceState.UNAVAILABLE, DeviceState.UNKNOWN)

    def has_queue(self, queue: str) -> bool:
        return queue in self._queues

    def queues(self) -> Iterable[tuple[str, QueueFigures]]:
        """Return the queues by name; none while there is no connection."""
        return sorted(self._queues.items()) if self.is_in_step else ()

    def _list_queues(self, rows: tuple[AmiEvent, ...], now: datetime, pbx_now: int | None) -> None:
        before, self._members, self._by_agent = self._members, {}, {}
        figures, self._queues = self._queues, {}
        entries: dict[str, list[AmiEvent]] = {}
        for row in rows:
            queue = _queue_of(row)
            if row.name == "QueueParams":
                known = self._queues[queue] = figures.get(queue) or QueueFigures()
                known.take_over(row)
            elif row.name == "QueueMember":
                member = read_member(row, self.pbx, self._owners)
                if member is not None:
                    self._keep(dated(member, before.get((member.queue, member.interface)), now, pbx_now))
            elif row.name == "QueueEntry":
                entries.setdefault(queue, []).append(row)
        for queue, known in self._queues.items():
            known.list_waiting(entries.get(queue, []), now)

    def _member(self, event: AmiEvent, now: datetime) -> None:
        member = read_member(event, self.pbx, self._owners)
        if member is None:
            return
        key = member.queue, member.interface
        known = self._members.get(key)
        member = dated(member, known, now, None)
        if member == known or (known is None and len(self._members) >= MAX_MEMBERS):
            return
        self._change(known, member, now)

    def _change(self, known: Member | None, member: Member, now: datetime) -> None:
        self._keep(member)
        is_same_place = known is not None and known.agent == member.agent and known.standing == member.standing
        self._tell(member.queue, member, now, is_detail=is_same_place)
        if known is not None and known.agent != member.agent:
            self._tell(member.queue, known, now)

    def _member_status(self, event: AmiEvent, now: datetime) -> None:
        """Read what a call changes of a member; of all these events there are by far the most."""
        get = event.get
        known = self._members.get((queue_name(get("Queue")), interface_name(get("Interface"))))
        if known is None:
            self._member(event, now)
            return
        status, in_call = state_by_number(get("Status")), get("InCall") == "1"
        last_call = number(get("LastCall"))
        if (status, in_call, last_call) == (known.status, known.in_call, known.last_call):
            return
        member = msgspec.structs.replace(
            known, status=status, in_call=in_call, last_call=last_call, calls_taken=number(get("CallsTaken"))
        )
        self._change(known, member if last_call == known.last_call else dated(member, known, now, None), now)

    def _member_removed(self, event: AmiEvent, now: datetime) -> None:
        interface = interface_name(event.get("Interface") or event.get("Location"))
        member = self._members.pop((_queue_of(event), interface), None)
        if member is not None:
            self._by_agent.get(member.agent, {}).pop((member.queue, member.interface), None)
            self._tell(member.queue, member, now)

    def _keep(self, member: Member) -> None:
        key = member.queue, member.interface
        known = self._members.get(key)
        if known is not None and known.agent != member.agent:
            self._by_agent.get(known.agent, {}).pop(key, None)
        self._members[key] = member
        self._figures(member.queue)
        if member.agent:
            self._by_agent.setdefault(member.agent, {})[key] = member

    def _figures(self, queue: str) -> QueueFigures:
        """Return a queue's figures; one that is new after a reload begins with none."""
        figures = self._queues.get(queue)
        if figures is None:
            figures = QueueFigures()
            if queue and len(self._queues) < MAX_QUEUES:
                self._queues[queue] = figures
        return figures

    def _caller_joined(self, event: AmiEvent, now: datetime) -> None:
        queue = _queue_of(event)
        self._figures(queue).joined(event.get("Uniqueid"), number(event.get("Position")), now)
        self._tell(queue, None, now)

    def _caller_left(self, event: AmiEvent, now: datetime) -> None:
        queue = _queue_of(event)
        if self._figures(queue).left(event.get("Uniqueid")):
            self._tell(queue, None, now)

    def _caller_gave_up(self, event: AmiEvent, now: datetime) -> None:
        queue = _queue_of(event)
        self._figures(queue).abandoned += 1
        self._tell(queue, None, now)

    def _answered(self, event: AmiEvent, now: datetime) -> None:
        queue = _queue_of(event)
        self._figures(queue).answered(number(event.get("HoldTime")))
        self._tell(queue, None, now)

    def _completed(self, event: AmiEvent, now: datetime) -> None:
        queue = _queue_of(event)
        self._figures(queue).ended(number(event.get("HoldTime")), number(event.get("TalkTime")))
        self._tell(queue, None, now)
        member = self._members.get((queue, interface_name(event.get("Interface"))))
        if member is not None and member.agent and self.is_in_step and self._listener is not None:
            self._listener.call_completed(member, now)

    def _device_state(self, event: AmiEvent, now: datetime) -> None:
        owner = self._owners.find(event.get("Device"))
        if owner is not None:
            self._set_device(*owner, state_by_name(event.get("State")), now)

    def _agent_logged_in(self, event: AmiEvent, now: datetime) -> None:
        owner = self._owners.find(f"Agent/{event.get('Agent')}")
        if owner is not None and not self.is_seated(owner[0]):
            self._set_device(*owner, DeviceState.IDLE, now)

    def _agent_logged_out(self, event: AmiEvent, now: datetime) -> None:
        owner = self._owners.find(f"Agent/{event.get('Agent')}")
        if owner is not None:
            self._set_device(*owner, DeviceState.UNAVAILABLE, now)

    def _set_device(self, device: str, agent: str, state: DeviceState, now: datetime) -> None:
        key = device_key(device)
        if self._devices.get(key) is not state:
            self._devices[key] = state
            if not self.is_in_step or self._listener is None:
                return
            if is_pooled(device):
                self._listener.agents_changed(self.pbx, (agent,), now)
            else:
                self._listener.details_changed((agent,))

    def _tell(self, queue: str, member: Member | None, now: datetime, *, is_detail: bool = False) -> None:
        if not self.is_in_step or self._listener is None:
            return
        if member is not None and member.agent:
            if is_detail:
                self._listener.details_changed((member.agent,))
            else:
                self._listener.agents_changed(self.pbx, (member.agent,), now)
        self._listener.queue_changed(self.pbx, queue)


_HANDLERS = {
    "QueueMemberAdded": "_member",
    "QueueMemberRemoved": "_member_removed",
    "QueueMemberPause": "_member",
    "QueueMemberPenalty": "_member",
    "QueueMemberRinginuse": "_member",
    "QueueMemberStatus": "_member_status",
    "QueueCallerJoin": "_caller_joined",
    "QueueCallerLeave": "_caller_left",
    "QueueCallerAbandon": "_caller_gave_up",
    "AgentConnect": "_answered",
    "AgentComplete": "_completed",
    "AgentLogin": "_agent_logged_in",
    "AgentLogoff": "_agent_logged_out",
    "DeviceStateChange": "_device_state",
}
"""Every event subscribed to, and the method that reads it."""

WANTED_EVENTS = tuple(_HANDLERS)


def _queue_of(event: AmiEvent) -> str:
    return queue_name(event.get("Queue"))

"""The exchange: a switch with phones and a queue. Its members pause, come and go; its callers wait and are connected.

Order and headers of the events are those of an Asterisk 22 for a call through a queue.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping

from hub.demo.pbx.channel import ANSWERED_ELSEWHERE, NO_ANSWER, NORMAL_CLEARING, REJECTED, Channel, Headers
from hub.demo.pbx.switch import TRUNK, Switch

__all__ = ["ANSWERED_ELSEWHERE", "NORMAL_CLEARING", "NO_ANSWER", "REJECTED", "Channel", "Exchange", "Headers"]

SERVICE_LEVEL_S = 20


@dataclasses.dataclass(eq=False)
class Waiting:
    """A caller in a queue."""

    channel: Channel
    queue: str
    since: float = dataclasses.field(default_factory=time.time)


@dataclasses.dataclass(eq=False)
class Member:
    """A phone in the queue."""

    device: str
    name: str
    is_dynamic: bool = False
    is_paused: bool = False
    reason: str = ""
    calls_taken: int = 0
    last_call: int = 0
    last_pause: int = 0


class Exchange(Switch):
    """`members` are the queue's phones, device to name; `phones` all phones, those of the queue among them."""

    def __init__(self, *, queue: str, members: Mapping[str, str], phones: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self.queue = queue
        self.members = {device: Member(device, name) for device, name in members.items()}
        self.phones = dict(members) | dict(phones or {})
        self.waiting: list[Waiting] = []
        self.completed = 0
        self.in_time = 0
        self.abandoned = 0

    def call_arrives(self, *, number: str, name: str, dialled: str) -> Channel:
        """Let a call come in on the trunk; the dialplan answers it."""
        channel = self.begin(TRUNK, number=number, name=name, exten=dialled, context="from-trunk", state=4)
        channel.state = 6
        self.tell("Newstate", channel.headers())
        return channel

    def join_queue(self, caller: Channel) -> None:
        self.waiting.append(Waiting(caller, self.queue))
        self.tell(
            "QueueCallerJoin",
            caller.headers()
            | {"Queue": self.queue, "Position": str(len(self.waiting)), "Count": str(len(self.waiting))},
        )

    def ring(self, caller: Channel, device: str) -> Channel:
        """Let a phone of the queue ring for a waiting caller."""
        name = self.phones[device]
        phone = self.begin(
            device,
            number=device.partition("/")[2],
            name=name,
            exten="s",
            context="from-phones",
            linkedid=caller.linkedid,
        )
        self.tell("AgentCalled", caller.headers() | phone.headers("Dest") | self._seat(device))
        self.dial_begins(caller, phone)
        return phone

    def answer(self, caller: Channel, phone: Channel) -> None:
        """Pick the phone up: the caller leaves the queue and the two talk."""
        self.enter_state(phone, 6)
        self.dial_ends(caller, phone, "ANSWER")
        waited = self._leave_queue(caller)
        self.tell(
            "AgentConnect",
            caller.headers()
            | phone.headers("Dest")
            | self._seat(phone.device)
            | {"HoldTime": str(int(waited)), "RingTime": str(int(time.time() - phone.since))},
        )
        phone.serves = caller, waited
        phone.since = time.time()
        self.bridge(phone, caller)

    def stops_ringing(self, caller: Channel, phone: Channel, cause: int) -> None:
        """Let a phone of the queue stop ringing without an answer; the caller waits on."""
        self.tell("AgentRingNoAnswer", caller.headers() | phone.headers("Dest") | self._seat(phone.device))
        self.dial_ends(caller, phone, "NOANSWER" if cause == NO_ANSWER else "BUSY")
        self.hang_up(phone, cause)

    def gives_up(self, caller: Channel) -> None:
        """Let the caller hang up while waiting; phones that ring stop."""
        self.tell("HangupRequest", caller.headers())
        waited = self._leave_queue(caller)
        self.abandoned += 1
        self.tell(
            "QueueCallerAbandon",
            caller.headers()
            | {"Queue": self.queue, "Position": "1", "OriginalPosition": "1", "HoldTime": str(int(waited))},
        )
        for phone in [c for c in self.channels if c.linkedid == caller.linkedid and c is not caller]:
            self.dial_ends(caller, phone, "CANCEL")
            self.hang_up(phone, NORMAL_CLEARING)
        self.hang_up(caller, NORMAL_CLEARING)

    def ends(self, caller: Channel, phone: Channel) -> None:
        """Let the two who talk hang up."""
        self.completes(phone, "caller")
        self.leave(caller, phone)
        self.hang_up(phone, NORMAL_CLEARING)
        self.hang_up(caller, NORMAL_CLEARING)

    def caller_hangs_up(self, caller: Channel) -> None:
        """Let a caller be gone, wherever the call has gone to."""
        phone = self.partner(caller)
        if phone is not None:
            self.completes(phone, "caller")
        self.tell("HangupRequest", caller.headers())
        self.hang_up(caller, NORMAL_CLEARING)

    def completes(self, phone: Channel, reason: str) -> None:
        """Let the queue be done with a call that it connected."""
        if phone.serves is None:
            return
        (caller, waited), phone.serves = phone.serves, None
        self.completed += 1
        self.in_time += waited <= SERVICE_LEVEL_S
        member = self.members.get(phone.device)
        if member is not None:
            member.calls_taken += 1
            member.last_call = int(time.time())
        self.tell(
            "AgentComplete",
            caller.headers()
            | phone.headers("Dest")
            | self._seat(phone.device)
            | {"HoldTime": str(int(waited)), "TalkTime": str(int(time.time() - phone.since)), "Reason": reason},
        )

    def leave(self, *channels: Channel) -> None:
        for channel in channels:
            if channel.bridge:
                for one in (channel, self.partner(channel)):
                    if one is not None:
                        self.completes(one, "agent" if one is channel else "caller")
        super().leave(*channels)

    def device_state(self, device: str, state: str) -> None:
        if device not in self.phones:
            return
        super().device_state(device, state)
        if device in self.members:
            self.tell("QueueMemberStatus", self.member_headers(device))

    def is_busy(self, device: str) -> bool:
        return any(channel.device == device for channel in self.channels)

    def add_member(self, device: str, name: str) -> None:
        self.members[device] = Member(device, name, is_dynamic=True)
        self.tell("QueueMemberAdded", self.member_headers(device))

    def remove_member(self, device: str) -> None:
        headers = self.member_headers(device)
        del self.members[device]
        self.tell("QueueMemberRemoved", headers)

    def pause_member(self, device: str, *, is_paused: bool, reason: str) -> None:
        member = self.members[device]
        member.is_paused, member.reason = is_paused, reason if is_paused else ""
        member.last_pause = int(time.time()) if is_paused else 0
        self.tell("QueueMemberPause", self.member_headers(device))

    def member_headers(self, device: str) -> Headers:
        """Return a member of the queue as its events have it."""
        member = self.members[device]
        return {
            "Queue": self.queue,
            "MemberName": member.name,
            "Interface": device,
            "StateInterface": device,
            "Membership": "dynamic" if member.is_dynamic else "static",
            "Penalty": "0",
            "CallsTaken": str(member.calls_taken),
            "LastCall": str(member.last_call),
            "LastPause": str(member.last_pause),
            "LoginTime": "0",
            "InCall": "0",
            "Status": "2" if self.is_busy(device) else "1",
            "Paused": "1" if member.is_paused else "0",
            "PausedReason": member.reason,
            "Ringinuse": "0",
            "Wrapuptime": "0",
        }

    def _seat(self, device: str) -> Headers:
        return {"Queue": self.queue, "Interface": device, "MemberName": self.phones[device]}

    def _leave_queue(self, caller: Channel) -> float:
        waiting = next((entry for entry in self.waiting if entry.channel is caller), None)
        if waiting is None:
            return 0.0
        self.waiting.remove(waiting)
        self.tell(
            "QueueCallerLeave",
            caller.headers() | {"Queue": self.queue, "Position": "1", "Count": str(len(self.waiting))},
        )
        return time.time() - waiting.since

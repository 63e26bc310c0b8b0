"""The exchange: what exists on the simulated PBX, and the events it tells when that changes.

Order and headers of the events are those of an Asterisk 22 for a call through a queue.
"""

from __future__ import annotations

import dataclasses
import itertools
import time
import uuid
from collections.abc import Callable, Mapping

Headers = dict[str, str]

_STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}
_UNKNOWN = "<unknown>"
NORMAL_CLEARING = 16
NO_ANSWER = 19
ANSWERED_ELSEWHERE = 26
_CAUSE_TEXTS = {
    NORMAL_CLEARING: "Normal Clearing",
    NO_ANSWER: "No answer from user (user alerted)",
    ANSWERED_ELSEWHERE: "Answered elsewhere",
}


@dataclasses.dataclass(eq=False)
class Channel:
    name: str
    uniqueid: str
    linkedid: str
    number: str
    caller_name: str
    exten: str
    context: str
    state: int = 0
    connected_number: str = ""
    connected_name: str = ""
    bridge: str = ""
    since: float = dataclasses.field(default_factory=time.time)

    def headers(self, prefix: str = "") -> Headers:
        return {
            f"{prefix}Channel": self.name,
            f"{prefix}ChannelState": str(self.state),
            f"{prefix}ChannelStateDesc": _STATES[self.state],
            f"{prefix}CallerIDNum": self.number or _UNKNOWN,
            f"{prefix}CallerIDName": self.caller_name or _UNKNOWN,
            f"{prefix}ConnectedLineNum": self.connected_number or _UNKNOWN,
            f"{prefix}ConnectedLineName": self.connected_name or _UNKNOWN,
            f"{prefix}Language": "en",
            f"{prefix}AccountCode": "",
            f"{prefix}Context": self.context,
            f"{prefix}Exten": self.exten,
            f"{prefix}Priority": "1",
            f"{prefix}Uniqueid": self.uniqueid,
            f"{prefix}Linkedid": self.linkedid,
        }


@dataclasses.dataclass(eq=False)
class Waiting:
    """A caller in a queue."""

    channel: Channel
    queue: str
    since: float = dataclasses.field(default_factory=time.time)


class Exchange:
    """`members` are the queue's phones, device to name. Each event goes to `tell` as one set of headers."""

    def __init__(self, *, queue: str, members: Mapping[str, str]) -> None:
        self.queue = queue
        self.members = dict(members)
        self.channels: list[Channel] = []
        self.waiting: list[Waiting] = []
        self.listeners: list[Callable[[Headers], None]] = []
        self._serial = itertools.count()

    def call_arrives(self, *, number: str, name: str, dialled: str) -> Channel:
        """Let a call come in on the trunk; the dialplan answers it."""
        uniqueid = self._uniqueid()
        channel = Channel(
            name=f"PJSIP/trunk-{next(self._serial):08x}",
            uniqueid=uniqueid,
            linkedid=uniqueid,
            number=number,
            caller_name=name,
            exten=dialled,
            context="from-trunk",
            state=4,
        )
        self.channels.append(channel)
        self._tell("Newchannel", channel.headers())
        channel.state = 6
        self._tell("Newstate", channel.headers())
        return channel

    def join_queue(self, caller: Channel) -> None:
        self.waiting.append(Waiting(caller, self.queue))
        self._tell(
            "QueueCallerJoin",
            caller.headers()
            | {"Queue": self.queue, "Position": str(len(self.waiting)), "Count": str(len(self.waiting))},
        )

    def ring(self, caller: Channel, device: str) -> Channel:
        """Let a phone of the queue ring for a waiting caller."""
        number = device.partition("/")[2]
        phone = Channel(
            name=f"{device}-{next(self._serial):08x}",
            uniqueid=self._uniqueid(),
            linkedid=caller.linkedid,
            number=number,
            caller_name=self.members[device],
            exten="s",
            context="from-phones",
        )
        self.channels.append(phone)
        self._tell("Newchannel", phone.headers())
        both = caller.headers() | phone.headers("Dest")
        member = {"Queue": self.queue, "Interface": device, "MemberName": self.members[device]}
        self._tell("AgentCalled", both | member)
        self._tell("DialBegin", both | {"DialString": device})
        phone.state = 5
        phone.connected_number, phone.connected_name = caller.number, caller.caller_name
        self._tell("Newstate", phone.headers())
        self._device_state(device, "RINGING")
        self._tell("DialState", caller.headers() | phone.headers("Dest") | {"DialStatus": "RINGING"})
        return phone

    def answer(self, caller: Channel, phone: Channel) -> None:
        """Pick the phone up: the caller leaves the queue and the two talk."""
        phone.state = 6
        self._tell("Newstate", phone.headers())
        both = caller.headers() | phone.headers("Dest")
        self._tell("DialEnd", both | {"DialStatus": "ANSWER"})
        waited = self._leave_queue(caller)
        device = phone.name.rpartition("-")[0]
        self._tell(
            "AgentConnect",
            both
            | {
                "Queue": self.queue,
                "Interface": device,
                "MemberName": self.members[device],
                "HoldTime": str(int(waited)),
                "RingTime": str(int(time.time() - phone.since)),
            },
        )
        bridge = str(uuid.uuid4())
        self._tell("BridgeCreate", self._bridge(bridge, 0))
        for count, channel in enumerate((phone, caller), start=1):
            channel.bridge = bridge
            self._tell("BridgeEnter", self._bridge(bridge, count) | channel.headers())
        self._device_state(device, "INUSE")

    def gives_up(self, caller: Channel) -> None:
        """Let the caller hang up while waiting; phones that ring stop."""
        self._tell("HangupRequest", caller.headers())
        waited = self._leave_queue(caller)
        self._tell(
            "QueueCallerAbandon",
            caller.headers()
            | {"Queue": self.queue, "Position": "1", "OriginalPosition": "1", "HoldTime": str(int(waited))},
        )
        for phone in [c for c in self.channels if c.linkedid == caller.linkedid and c is not caller]:
            self._tell("DialEnd", caller.headers() | phone.headers("Dest") | {"DialStatus": "CANCEL"})
            self.hang_up(phone, NORMAL_CLEARING)
        self.hang_up(caller, NORMAL_CLEARING)

    def ends(self, caller: Channel, phone: Channel) -> None:
        """Let the two who talk hang up."""
        device = phone.name.rpartition("-")[0]
        self._tell(
            "AgentComplete",
            caller.headers()
            | phone.headers("Dest")
            | {
                "Queue": self.queue,
                "Interface": device,
                "MemberName": self.members[device],
                "HoldTime": "0",
                "TalkTime": str(int(time.time() - phone.since)),
                "Reason": "caller",
            },
        )
        for left, channel in ((1, caller), (0, phone)):
            self._tell("BridgeLeave", self._bridge(channel.bridge, left) | channel.headers())
        self._tell("BridgeDestroy", self._bridge(caller.bridge, 0))
        self.hang_up(phone, NORMAL_CLEARING)
        self.hang_up(caller, NORMAL_CLEARING)

    def hang_up(self, channel: Channel, cause: int) -> None:
        self.channels.remove(channel)
        self._tell("Hangup", channel.headers() | {"Cause": str(cause), "Cause-txt": _CAUSE_TEXTS[cause]})
        device = channel.name.rpartition("-")[0]
        if device in self.members:
            self._device_state(device, "NOT_INUSE")

    def member_headers(self, device: str) -> Headers:
        """Return a member of the queue as QueueStatus lists it."""
        busy = any(channel.name.startswith(f"{device}-") for channel in self.channels)
        return {
            "Queue": self.queue,
            "Name": self.members[device],
            "Location": device,
            "StateInterface": device,
            "Membership": "static",
            "Penalty": "0",
            "CallsTaken": "0",
            "LastCall": "0",
            "LastPause": "0",
            "LoginTime": "0",
            "InCall": "0",
            "Status": "2" if busy else "1",
            "Paused": "0",
            "PausedReason": "",
            "Wrapuptime": "0",
        }

    def _leave_queue(self, caller: Channel) -> float:
        waiting = next(entry for entry in self.waiting if entry.channel is caller)
        self.waiting.remove(waiting)
        self._tell(
            "QueueCallerLeave",
            caller.headers() | {"Queue": self.queue, "Position": "1", "Count": str(len(self.waiting))},
        )
        return time.time() - waiting.since

    def _device_state(self, device: str, state: str) -> None:
        self._tell("DeviceStateChange", {"Device": device, "State": state})

    def _bridge(self, bridge: str, channels: int) -> Headers:
        return {
            "BridgeUniqueid": bridge,
            "BridgeType": "basic",
            "BridgeTechnology": "simple_bridge",
            "BridgeCreator": _UNKNOWN,
            "BridgeName": _UNKNOWN,
            "BridgeNumChannels": str(channels),
            "BridgeVideoSourceMode": "none",
        }

    def _uniqueid(self) -> str:
        return f"simulated-{time.time():.6f}.{next(self._serial)}"

    def _tell(self, event: str, headers: Headers) -> None:
        message = {"Event": event, "Privilege": "call,all", **headers}
        for listener in list(self.listeners):
            listener(message)

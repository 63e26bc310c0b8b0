"""Channels and bridges of the simulated PBX, as AMI writes them."""

from __future__ import annotations

import asyncio
import dataclasses
import time

Headers = dict[str, str]

_STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}
_UNKNOWN = "<unknown>"

NORMAL_CLEARING = 16
NO_ANSWER = 19
REJECTED = 21
ANSWERED_ELSEWHERE = 26
CAUSE_TEXTS = {
    NORMAL_CLEARING: "Normal Clearing",
    NO_ANSWER: "No answer from user (user alerted)",
    REJECTED: "Call Rejected",
    ANSWERED_ELSEWHERE: "Answered elsewhere",
}


@dataclasses.dataclass(eq=False)
class Bridge:
    """`members` hear each other, unless the technology is `holding_bridge`."""

    uniqueid: str
    technology: str = "simple_bridge"
    creator: str = _UNKNOWN
    name: str = _UNKNOWN
    members: list[Channel] = dataclasses.field(default_factory=list)
    ended: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)

    def headers(self, count: int | None = None) -> Headers:
        return {
            "BridgeUniqueid": self.uniqueid,
            "BridgeType": "basic" if self.technology == "simple_bridge" else "base",
            "BridgeTechnology": self.technology,
            "BridgeCreator": self.creator,
            "BridgeName": self.name,
            "BridgeNumChannels": str(len(self.members) if count is None else count),
            "BridgeVideoSourceMode": "none",
        }


@dataclasses.dataclass(eq=False)
class Channel:
    """One end of a call.

    `running` is what the dialplan does with it, `dialled_by` whose ringing it is, `serves` the caller of the queue
    whom it talks with, and how long that one waited. `noticed` is set when it is picked up or hung up, `gone` when
    it is hung up. `made_at` is when it came about, `since` when what it does now began, `touched_at` when an action was
    last about it.
    """

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
    made_at: float = dataclasses.field(default_factory=time.time)
    since: float = dataclasses.field(default_factory=time.time)
    variables: dict[str, str] = dataclasses.field(default_factory=dict)
    running: asyncio.Task[None] | None = None
    serves: tuple[Channel, float] | None = None
    dialled_by: Channel | None = None
    noticed: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    gone: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    touched_at: float = 0.0

    @property
    def device(self) -> str:
        return self.name.rpartition("-")[0]

    @property
    def duration(self) -> str:
        """For how long it has been there, as CoreShowChannels writes it."""
        minutes, seconds = divmod(int(time.time() - self.made_at), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"

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

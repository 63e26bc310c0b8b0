"""Small calls written by hand, an event a line."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from hub.telephony.ami.event import AmiEvent
from tests.unit.telephony.tracker.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.domain.call import Call

STATES = {"down": "0", "ring": "4", "ringing": "5", "up": "6"}


class Scene:
    """Channels by their names; the first of a call gives it its linkedid."""

    def __init__(
        self,
        agents: dict[str, str],
        trunks: Sequence[str] = ("PJSIP/trunk",),
        *,
        variables: Sequence[str] = (),
        dtmf: bool = False,
    ) -> None:
        self.replay = Replay(agents, trunks, variables=variables, dtmf=dtmf)
        self._uids: dict[str, str] = {}
        self._linkedids: dict[str, str] = {}

    def channel(self, name: str, state: str = "down", *, of: str | None = None, **headers: str) -> None:
        """Let a channel appear, as part of the call of another."""
        self._uids[name] = f"1700000000.{len(self._uids)}"
        self._linkedids[name] = self._linkedids[of] if of else self._uids[name]
        self.say("Newchannel", name, state, **headers)

    def say(self, event: str, name: str = "", state: str = "up", **headers: str) -> None:
        """Feed an event about a channel."""
        about = self._about(name, state) if name else {}
        self.replay.feed([AmiEvent.from_mapping({"Event": event, **about, **headers})])

    def dial(self, dialer: str, dialled: str, event: str = "DialBegin", **headers: str) -> None:
        """Feed a dial event between two channels."""
        self.say(event, dialer, "up", **self._about(dialled, "down", "Dest"), **headers)

    def local(self, one: str, two: str) -> None:
        """Join the halves of a Local channel."""
        self.say("LocalBridge", **self._about(one, "down", "LocalOne"), **self._about(two, "ring", "LocalTwo"))

    def bridge(self, bridge: str, *names: str, technology: str = "simple_bridge") -> None:
        """Let channels enter a bridge."""
        for name in names:
            self.say("BridgeEnter", name, "up", BridgeUniqueid=bridge, BridgeTechnology=technology)

    def about(self, name: str, prefix: str, state: str = "up") -> dict[str, str]:
        """Return the headers by which an event describes a channel."""
        return self._about(name, state, prefix)

    def answered(self, caller: str, phone: str, *, queue: str | None = None, bridge: str = "b1") -> None:
        """Bring about a call that the phone answers."""
        self.channel(caller, "ring", CallerIDNum="+498912345678", Exten="493023125001")
        if queue:
            self.say("QueueCallerJoin", caller, Queue=queue)
        self.channel(phone, of=caller)
        self.dial(caller, phone)
        self.say("Newstate", phone, "ringing")
        self.say("Newstate", phone, "up")
        self.dial(caller, phone, "DialEnd", DialStatus="ANSWER")
        if queue:
            self.say("QueueCallerLeave", caller, Queue=queue)
        self.say("Newstate", caller, "up")
        self.bridge(bridge, phone, caller)

    def hang_up(self, *names: str, cause: int = 16) -> None:
        """Let channels go."""
        for name in names:
            self.say("Hangup", name, Cause=str(cause))

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.replay.now += timedelta(seconds=seconds)

    def settle(self, seconds: float = 0.2) -> None:
        """Let time pass in which nothing happens, and have told what was in doubt."""
        self.wait(seconds)
        self.replay.tracker.settle(self.replay.now)

    def uid(self, name: str) -> str:
        """Return a channel's uniqueid."""
        return self._uids[name]

    def linkedid(self, name: str) -> str:
        """Return a channel's linkedid."""
        return self._linkedids[name]

    def take_over(self, channel: str, from_channel: str) -> None:
        """Let a channel take the name, and so the device, of another (a masquerade); that one goes."""
        name = from_channel
        for about, new in ((name, f"{name}<MASQ>"), (channel, name), (name, f"{channel}<ZOMBIE>")):
            self.say("Rename", about, Newname=new)
        self.hang_up(name)

    @property
    def table(self) -> list[str]:
        """Return what was told so far."""
        return self.replay.table()

    @property
    def call(self) -> Call:
        """Return the call of the last step."""
        return self.replay.steps[-1].call

    def _about(self, name: str, state: str, prefix: str = "") -> dict[str, str]:
        return {
            f"{prefix}Channel": name,
            f"{prefix}ChannelState": STATES[state],
            f"{prefix}Uniqueid": self._uids[name],
            f"{prefix}Linkedid": self._linkedids[name],
        }

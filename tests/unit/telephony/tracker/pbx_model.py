"""A PBX as its own events tell of it: what it would list at any moment of a recording."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hub.telephony.tracker import (
    CHANNEL_STATES,
    ChannelState,
    Conferee,
    ParkedCaller,
    PbxSnapshot,
    SeenChannel,
    WaitingCaller,
)
from hub.telephony.tracker.parking import parking_place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hub.telephony.ami.event import AmiEvent

_PREFIXES = ("", "Dest", "LocalOne", "LocalTwo")


class PbxModel:
    """Knows no calls and no rules: only the lists that a hub can ask for."""

    def __init__(self, variables: Iterable[str] = ()) -> None:
        self._wanted = frozenset(variables)
        self._seen: dict[str, dict[str, str]] = {}
        self._since: dict[str, datetime] = {}
        self._applications: dict[str, str] = {}
        self._bridges: dict[str, str] = {}
        self._holding: set[str] = set()
        self._waiting: dict[str, tuple[str, datetime]] = {}
        self._parked: dict[str, ParkedCaller] = {}
        self._rooms: dict[str, str] = {}
        self._variables: dict[str, dict[str, str]] = {}

    def tell(self, event: AmiEvent, now: datetime) -> None:
        """Take an event for what it says of the lists."""
        for prefix in _PREFIXES:
            self._describe(event, prefix, now)
        self._live(event)
        self._stay(event, now)

    def _live(self, event: AmiEvent) -> None:
        uid = event.get("Uniqueid")
        match event.name:
            case "Hangup":
                self._forget(uid)
            case "Rename":
                self._seen.setdefault(uid, {})["Channel"] = event.get("Newname")
            case "DialBegin":
                self._applications[event.get("DestUniqueid")] = "AppDial"
            case "AgentLogin":
                self._applications[uid] = "AgentLogin"
            case "AgentLogoff":
                self._applications.pop(uid, None)
            case "VarSet" if event.get("Variable").lstrip("_") in self._wanted:
                self._variables.setdefault(uid, {})[event.get("Variable").lstrip("_")] = event.get("Value")

    def _stay(self, event: AmiEvent, now: datetime) -> None:
        uid = event.get("Uniqueid")
        match event.name:
            case "BridgeEnter":
                self._bridges[uid] = event.get("BridgeUniqueid")
                if event.get("BridgeTechnology") == "holding_bridge":
                    self._holding.add(event.get("BridgeUniqueid"))
            case "QueueCallerJoin":
                self._waiting[uid] = (event.get("Queue"), now)
            case "ParkedCall" | "ParkedCallSwap":
                self._park(event)
            case "ConfbridgeJoin":
                self._rooms[uid] = event.get("Conference")
            case "BridgeLeave" | "QueueCallerLeave" | "ConfbridgeLeave":
                tables: dict[str, dict[str, Any]] = {
                    "BridgeLeave": self._bridges,
                    "QueueCallerLeave": self._waiting,
                    "ConfbridgeLeave": self._rooms,
                }
                tables[event.name].pop(uid, None)
            case "UnParkedCall" | "ParkedCallTimeOut" | "ParkedCallGiveUp":
                self._parked.pop(event.get("ParkeeUniqueid"), None)

    def _park(self, event: AmiEvent) -> None:
        place = parking_place(event)
        self._parked = {uid: parked for uid, parked in self._parked.items() if parked.place != place}
        uid = event.get("ParkeeUniqueid")
        self._parked[uid] = ParkedCaller(uid=uid, place=place, parker=event.get("ParkerDialString"))

    def _describe(self, event: AmiEvent, prefix: str, now: datetime) -> None:
        uid, name = event.get(f"{prefix}Uniqueid"), event.get(f"{prefix}Channel")
        if not uid or not name or uid == "none" or event.name == "Hangup":
            return
        if event.name != "Newchannel" and uid not in self._seen:
            return
        known = self._seen.setdefault(uid, {"Channel": name})
        self._since.setdefault(uid, now)
        for header in ("ChannelState", "Linkedid", "CallerIDNum", "CallerIDName", "ConnectedLineNum", "Exten"):
            known[header] = event.get(f"{prefix}{header}")

    def _forget(self, uid: str) -> None:
        tables: tuple[dict[str, Any], ...] = (self._seen, self._since, self._applications, self._bridges)
        for table in (*tables, self._waiting, self._rooms, self._parked, self._variables):
            table.pop(uid, None)

    def lists(self, now: datetime) -> PbxSnapshot:
        """Return what it would list now."""
        return PbxSnapshot(
            channels=tuple(self._channel(uid, now) for uid in self._seen),
            waiting=tuple(
                WaitingCaller(uid=uid, queue=queue, waited=now - since) for uid, (queue, since) in self._waiting.items()
            ),
            holding_bridges=frozenset(self._holding),
            parked=tuple(self._parked.values()),
            conferees=tuple(Conferee(uid=uid, room=room) for uid, room in self._rooms.items()),
            variables={uid: dict(values) for uid, values in self._variables.items()},
        )

    def _channel(self, uid: str, now: datetime) -> SeenChannel:
        known = self._seen[uid]
        return SeenChannel(
            uid=uid,
            name=known["Channel"],
            linkedid=known.get("Linkedid", ""),
            state=CHANNEL_STATES.get(known.get("ChannelState", ""), ChannelState.DOWN),
            caller=known.get("CallerIDNum", ""),
            caller_name=known.get("CallerIDName", ""),
            connected=known.get("ConnectedLineNum", ""),
            extension=known.get("Exten", ""),
            application=self._applications.get(uid, ""),
            bridge_id=self._bridges.get(uid, ""),
            age=max(timedelta(0), now - self._since.get(uid, now)),
        )

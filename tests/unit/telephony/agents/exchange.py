"""A PBX that keeps members as Asterisk does, and one hub's agents that are connected to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import SecretStr

from hub.config.model import Config
from hub.domain.agent import AgentEvent, AgentStatus
from hub.domain.control import AgentCommand, CommandResult
from hub.telephony.agents import AgentService
from hub.telephony.link import PbxLink
from tests.unit.telephony.ami.peer import SECRET, USERNAME, FakePbx, error, message, success
from tests.waiting import eventually


class Exchange(FakePbx):
    """A PBX with the queues support and sales; it does what it is told, and says so."""

    def __init__(self) -> None:
        super().__init__()
        self.members: dict[tuple[str, str], dict[str, str]] = {}
        self.answers |= {
            "CoreShowChannels": self._list(list),
            "BridgeList": self._list(list),
            "DeviceStateList": self._list(list),
            "QueueStatus": self._list(self._status),
            "QueueAdd": self._add,
            "QueueRemove": self._remove,
            "QueuePause": self._pause,
        }

    def put(self, queue: str, device: str, membership: str = "static") -> None:
        """Have a member from the beginning."""
        self.members[queue, device] = {"Membership": membership, "Paused": "0", "PausedReason": ""}

    def done(self) -> list[str]:
        """Return the actions on members, as `action queue interface reason`."""
        return [
            " ".join(action[name] for name in ("Action", "Queue", "Interface", "Paused", "Reason") if name in action)
            for action in self.actions
            if action["Action"] in ("QueueAdd", "QueueRemove", "QueuePause")
        ]

    def _list(self, rows: Any) -> Any:
        def answer(action: dict[str, str]) -> bytes:
            action_id = f"ActionID: {action['ActionID']}"
            listed = b"".join(message(f"Event: {name}", action_id, *headers) for name, *headers in rows())
            end = message(f"Event: {action['Action']}Complete", action_id, "EventList: Complete")
            return success(action, "EventList: start") + listed + end

        return answer

    def _status(self) -> list[list[str]]:
        params = [["QueueParams", f"Queue: {queue}"] for queue in ("support", "sales")]
        return params + [["QueueMember", *self._headers(*key)] for key in self.members]

    def _headers(self, queue: str, device: str) -> list[str]:
        fields = self.members[queue, device]
        return [f"Queue: {queue}", f"Interface: {device}", *(f"{name}: {value}" for name, value in fields.items())]

    def _tell(self, event: str, queue: str, device: str) -> bytes:
        return message(f"Event: {event}", *self._headers(queue, device))

    def _add(self, action: dict[str, str]) -> bytes:
        key = action["Queue"], action["Interface"]
        if key in self.members:
            return error(action, "Unable to add interface: Already there")
        self.members[key] = {"Membership": "dynamic", "Paused": "0", "PausedReason": ""}
        return success(action) + self._tell("QueueMemberAdded", *key)

    def _remove(self, action: dict[str, str]) -> bytes:
        key = action["Queue"], action["Interface"]
        told = self._tell("QueueMemberRemoved", *key)
        del self.members[key]
        return success(action) + told

    def _pause(self, action: dict[str, str]) -> bytes:
        told = b""
        for (queue, device), fields in self.members.items():
            if device == action["Interface"] and queue == action.get("Queue", queue):
                is_paused = action["Paused"] == "true"
                fields |= {"Paused": str(int(is_paused)), "PausedReason": action.get("Reason", "") if is_paused else ""}
                told += self._tell("QueueMemberPause", queue, device)
        return success(action) + told


class Desk:
    """Agents of one hub, and the link to their PBX."""

    def __init__(self, pbx: Exchange, **changes: Any) -> None:
        access = {"host": "127.0.0.1", "port": pbx.port, "username": USERNAME, "secret": SecretStr(SECRET)}
        section = {**access, "reconnect_min_s": 0.01, "reconnect_max_s": 0.02, **changes}
        self.told: list[str] = []
        config = Config.model_validate(
            {
                "hub": {"region": "DE"},
                "pbx": {"main": section},
                "agents": {
                    "alice": {"name": "Alice", "devices": ["PJSIP/1001"], "queues": ["support", "sales"]},
                    "bob": {"name": "Bob", "devices": ["PJSIP/1002"]},
                    "chen": {"name": "Chen", "devices": ["PJSIP/1003", "PJSIP/2003"], "queues": ["support", "gone"]},
                    "dora": {"name": "Dora", "devices": ["Agent/7004"], "queues": ["support"]},
                    "eve": {
                        "name": "Eve",
                        "devices": ["Agent/7005", "Local/1005@agents", "PJSIP/1005"],
                        "queues": ["support"],
                    },
                },
            }
        )
        self.service = AgentService(
            config,
            manager_of=lambda _pbx: self.link.manager,
            on_event=self.on_event,
            on_agent_changed=self.on_agent_changed,
            on_queues_changed=self.on_queues_changed,
        )
        self.link = PbxLink(
            "main",
            config.pbx["main"],
            region="DE",
            agents_by_device=config.agent_devices("main"),
            on_call_event=self.service.call_happened,
            queues=self.service.book("main"),
        )

    async def do(self, kind: type[AgentCommand], agent: str = "alice", **fields: Any) -> CommandResult:
        return await self.service.commands.carry_out(kind(id="c-1", agent=agent, **fields))

    def state(self, agent: str = "alice") -> str:
        status = self.service.agent(agent)
        assert status is not None
        return status.state.value

    def on_event(self, event: AgentEvent) -> None:
        self.told.append(f"{event.agent.agent} {event.kind}")

    def on_agent_changed(self, status: AgentStatus) -> None:
        """Take a change, as the desk does."""

    def on_queues_changed(self, pbx: str, queue: str) -> None:
        """Take a change, as the desk does."""


@asynccontextmanager
async def desk_of(pbx: Exchange, **changes: Any) -> AsyncIterator[Desk]:
    """Have a hub connected while the block lasts."""
    desk = Desk(pbx, **changes)
    await desk.link.start()
    await eventually(lambda: desk.link.status().connected, "the link is connected")
    try:
        yield desk
    finally:
        await desk.link.stop()
        await desk.service.stop()

"""A hub on a real Asterisk whose agents, supervisor and machines give commands by its HTTP API."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from hub.domain.call import Call, Connection, ConnectionState
from hub.domain.control import CommandRecord, CommandResult, Refusal
from hub.domain.event import EventType
from tests.scenarios.call_site import asterisk_section
from tests.scenarios.hub_api import EventStream, HubApi
from tests.scenarios.hub_process import HubProcess
from tests.servers.asterisk import Asterisk
from tests.waiting import eventually_asked

AGENTS: dict[str, dict[str, Any]] = {
    "alice": {"name": "Alice Weber", "devices": ["PJSIP/1001"], "queues": ["support"]},
    "bob": {"name": "Bob Kramer", "devices": ["PJSIP/1002"], "queues": ["sales"]},
    "chen": {"name": "Chen Jie", "devices": ["PJSIP/1003"]},
    "dora": {"name": "Dora Klein", "devices": ["PJSIP/1004"], "role": "supervisor"},
}
MACHINE = "machine"


class ControlSite:
    """Give commands as an agent (by name) or as the `MACHINE` whose token may do all."""

    _ids = itertools.count(1)

    def __init__(self, folder: Path, asterisk: Asterisk, **control: Any) -> None:
        self.asterisk = asterisk
        self.hub = HubProcess(
            folder,
            {
                "pbx": asterisk_section(asterisk, control=control),
                "agents": AGENTS,
                "auth": {"tokens": {"tests": {"token": "${API_TOKEN}", "may": ["read", "control", "supervise"]}}},
            },
            {"AMI_SECRET": asterisk.ami_secret},
        )
        self.api = HubApi(self.hub.url, self.hub.token)
        self.status = 0
        self._passwords = {agent: secrets.token_urlsafe(9) for agent in AGENTS}
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def start(self, stack: AsyncExitStack) -> None:
        """Let the agents sign in, and start."""
        for agent, password in self._passwords.items():
            await self.hub.add_user(agent, password)
        await self.hub.start()
        for agent, password in self._passwords.items():
            session = aiohttp.ClientSession(self.hub.url, cookie_jar=aiohttp.CookieJar(unsafe=True))
            self._sessions[agent] = await stack.enter_async_context(session)
            async with session.post("/api/v1/session", json={"user": agent, "password": password}) as reply:
                assert 201 == reply.status
        self._sessions[MACHINE] = await stack.enter_async_context(
            aiohttp.ClientSession(self.hub.url, headers={"Authorization": f"Bearer {self.hub.token}"})
        )

    async def give(self, who: str, command: str, **fields: Any) -> CommandResult:
        """Give a command with an id of its own unless one is given, and return its result; `status` is HTTP's."""
        body = {"command": command, "id": f"test-{next(self._ids)}", **fields}
        async with self._sessions[who].post("/api/v1/commands", json=body) as reply:
            self.status = reply.status
            return msgspec.json.decode(await reply.read(), type=CommandResult)

    async def done(self, who: str, command: str, **fields: Any) -> CommandResult:
        """Give a command that is carried out."""
        result = await self.give(who, command, **fields)
        assert (True, 200) == (result.done, self.status), result
        return result

    async def refused(self, refusal: Refusal, who: str, command: str, **fields: Any) -> str:
        """Give a command that is refused so; return the words."""
        result = await self.give(who, command, **fields)
        assert (refusal, False) == (result.refusal, result.done), result
        assert result.message
        return result.message

    async def call_where(self, condition: Callable[[Call], object], what: str, within: float = 5.0) -> Call:
        """Return the live call for which that is true, waited for if need be."""
        found: list[Call] = []
        seen: list[Call] = []

        async def is_there() -> bool:
            seen[:] = await self.api.calls()
            found[:] = [call for call in seen if condition(call)]
            return bool(found)

        try:
            await eventually_asked(is_there, what, within)
        except AssertionError as error:
            raise AssertionError(f"{error}; there was {seen}") from error
        return found[0]

    async def talking(self, *agents: str) -> Call:
        """Return the call in which these agents talk."""
        return await self.call_where(
            lambda call: all(state_of(call, agent) is ConnectionState.CONNECTED for agent in agents),
            f"{agents} talking",
        )

    async def no_call(self) -> None:
        """Return when all calls are over."""

        async def is_quiet() -> bool:
            return not await self.api.calls()

        await eventually_asked(is_quiet, "no live call")


def state_of(call: Call, agent: str) -> ConnectionState:
    """Return the state of an agent's newest part in a call; null where there is none."""
    parts = [connection for connection in call.connections if connection.agent == agent]
    return parts[-1].state if parts else ConnectionState.NULL


def outside_of(call: Call) -> Connection:
    """Return the connection of the trunk."""
    return next(connection for connection in call.connections if connection.device == "PJSIP/trunk")


async def record_of(stream: EventStream, command_id: str, *, done: bool) -> CommandRecord:
    """Return what the journal says of a command."""
    kind = EventType.COMMAND_CARRIED_OUT if done else EventType.COMMAND_REFUSED
    found: list[CommandRecord] = []

    async def is_there() -> bool:
        records = [one.data for one in stream.events if one.type is kind]
        found[:] = [one for one in records if isinstance(one, CommandRecord) and one.command.id == command_id]
        return bool(found)

    await eventually_asked(is_there, f"{kind} of {command_id}")
    return found[0]


@asynccontextmanager
async def running_control_site(folder: Path, asterisk: Asterisk, **control: Any) -> AsyncIterator[ControlSite]:
    """Run a hub on that Asterisk. At the end no exception and no secret is in its log."""
    site = ControlSite(folder, asterisk, **control)
    try:
        async with AsyncExitStack() as stack:
            await site.start(stack)
            yield site
        site.hub.stop()
        site.hub.assert_clean_log()
    finally:
        site.hub.kill()

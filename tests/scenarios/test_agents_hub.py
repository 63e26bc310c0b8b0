"""Agents by the whole hub: commanded over HTTP, journaled, told to the stream, and known after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from hub.domain.agent import AgentEvent, AgentStatus, QueueStatus
from hub.domain.control import CommandResult
from tests.scenarios.agent_floor import PEOPLE
from tests.scenarios.call_site import asterisk_section
from tests.scenarios.hub_api import EventStream, HubApi
from tests.scenarios.hub_process import HubProcess
from tests.servers.asterisk import Asterisk
from tests.servers.sipp import Trunk
from tests.waiting import eventually, eventually_asked

SERVICE = "493023125300"


def told(stream: EventStream, agent: str) -> list[str]:
    """Return what was told of an agent, as kind and reason."""
    changes = [one.data for one in stream.events if isinstance(one.data, AgentEvent) and one.subject == agent]
    return [f"{change.kind} {change.agent.reason}".strip() for change in changes]


async def give(hub: HubProcess, **command: Any) -> CommandResult:
    """Give a command as a machine that may."""
    headers = {"Authorization": f"Bearer {hub.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as client,
        client.post(f"{hub.url}/api/v1/commands", json=command) as reply,
    ):
        return msgspec.json.decode(await reply.read(), type=CommandResult)


async def agent_of(api: HubApi, agent: str) -> AgentStatus:
    status, body = await api.get(f"/api/v1/agents/{agent}")
    assert 200 == status, body
    return msgspec.json.decode(body, type=AgentStatus)


async def test_agents_are_commanded_told_and_remembered(fresh_asterisk: Asterisk, tmp_path: Path) -> None:
    """Each change is one event in the journal; a hub that is killed and started again tells none of them anew."""
    sections = {
        "pbx": asterisk_section(fresh_asterisk),
        "agents": PEOPLE,
        "auth": {"tokens": {"tests": {"token": "${API_TOKEN}", "may": ["read", "control"]}}},
    }
    hub = HubProcess(tmp_path, sections, {"AMI_SECRET": fresh_asterisk.ami_secret})
    api = HubApi(hub.url, hub.token)
    await hub.start()
    try:
        async with api.events() as stream, Trunk(fresh_asterisk) as trunk:
            await eventually(lambda: ["logged_on", "ready"] == told(stream, "dora"), "the members by the file")
            assert (await give(hub, id="1", command="log_on", agent="dora")).done
            assert ["sales", "service"] == [place.queue for place in (await agent_of(api, "dora")).queues]
            assert (await give(hub, id="2", command="not_ready", agent="dora", reason="Lunch")).done
            assert (await give(hub, id="2", command="not_ready", agent="dora", reason="Lunch")).done
            await eventually(lambda: "not_ready Lunch" in told(stream, "dora"), "the pause")
            refused = await give(hub, id="3", command="log_on", agent="dora", queues=["board"])
            assert (False, "not_allowed") == (refused.done, refused.refusal)

            await trunk.call("+498999998501", to=SERVICE)

            async def one_waits() -> bool:
                _, body = await api.get("/api/v1/queues")
                queues = {one.queue: one for one in msgspec.json.decode(body, type=list[QueueStatus])}
                return ["+498999998501"] == [one.caller.e164 for one in queues["service"].waiting]

            await eventually_asked(one_waits, "a caller in the queue")
            _, metrics = await api.get("/metrics")
            assert b'ctihub_queue_waiting{pbx="main",queue="service"} 1.0' in metrics
            assert b'ctihub_agents{state="not_ready"} 1.0' in metrics
            assert b'ctihub_queue_longest_wait_seconds{pbx="main",queue="service"}' in metrics
        before = await agent_of(api, "dora")
        hub.kill()
        await hub.start()
        async with api.events() as stream:
            await eventually(lambda: ["logged_on", "ready", "not_ready Lunch"] == told(stream, "dora"), "the journal")
            again = await agent_of(api, "dora")
            assert (before.state, before.reason, before.since) == (again.state, again.reason, again.since)
            assert (await give(hub, id="4", command="ready", agent="dora")).done
            await eventually(lambda: "ready" == told(stream, "dora")[-1], "ready again")
            assert ["logged_on", "ready", "not_ready Lunch", "ready"] == told(stream, "dora")
        hub.stop()
        hub.assert_clean_log("+498999998501")
    finally:
        hub.kill()

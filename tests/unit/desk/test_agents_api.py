"""Agents and queues, over a real server: who may see whom."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from hub.domain.agent import AgentState, AgentStatus, DeviceStatus, Membership, QueueStatus, WaitingCall
from hub.domain.phone import PhoneNumber
from tests.unit.desk.house import House
from tests.unit.desk.samples import START


def status(agent: str, *queues: str) -> AgentStatus:
    return AgentStatus(
        agent=agent,
        name=agent.title(),
        state=AgentState.READY if queues else AgentState.LOGGED_OFF,
        since=START,
        devices=(DeviceStatus(pbx="main", device="PJSIP/1001"),),
        queues=tuple(Membership(pbx="main", queue=queue, device="PJSIP/1001") for queue in queues),
    )


@pytest.fixture
def floor(house: House) -> House:
    """Have alice in support, bob in sales, and somebody waiting in support."""
    house.directory.known = {"alice": status("alice", "support"), "bob": status("bob", "sales")}
    since = START - timedelta(seconds=9)
    waiting = (WaitingCall(position=1, since=since, call_id="main-1", caller=PhoneNumber(e164="+493515550123")),)
    house.directory.listed = [
        QueueStatus(pbx="main", queue="sales"),
        QueueStatus(pbx="main", queue="support", waiting=waiting, completed=4, service_level=0.75),
    ]
    return house


async def test_a_machine_sees_every_agent_and_queue(floor: House) -> None:
    """What the directory holds comes as it is, each readable as what it was."""
    async with floor.machine().get("/api/v1/agents") as reply:
        assert list(floor.directory.agents()) == msgspec.json.decode(await reply.read(), type=list[AgentStatus])
    async with floor.machine().get("/api/v1/queues") as reply:
        assert floor.directory.listed == msgspec.json.decode(await reply.read(), type=list[QueueStatus])


async def test_a_supervisor_sees_every_agent_and_queue(floor: House) -> None:
    """As a machine does."""
    sue = await floor.signed_in("sue")
    async with sue.get("/api/v1/agents") as reply:
        assert ["alice", "bob"] == [one["agent"] for one in await reply.json()]
    async with sue.get("/api/v1/agents/bob") as reply:
        assert "ready" == (await reply.json())["state"]
    async with sue.get("/api/v1/queues") as reply:
        assert ["sales", "support"] == [one["queue"] for one in await reply.json()]


async def test_an_agent_sees_themselves_and_their_own_queues(floor: House) -> None:
    """A colleague's state is refused, and so is a queue that the agent is not in."""
    alice = await floor.signed_in("alice")
    async with alice.get("/api/v1/agents") as reply:
        assert ["alice"] == [one["agent"] for one in await reply.json()]
    async with alice.get("/api/v1/agents/alice") as reply:
        assert 200 == reply.status
    async with alice.get("/api/v1/agents/bob") as reply:
        assert (403, "not_yours") == (reply.status, (await reply.json())["error"]["code"])
    async with alice.get("/api/v1/agents/nobody") as reply:
        assert 403 == reply.status
    async with alice.get("/api/v1/queues") as reply:
        assert ["support"] == [one["queue"] for one in await reply.json()]


async def test_an_agent_does_not_see_who_waits(floor: House) -> None:
    """As on the page: that somebody does, and since when. Whom one does not talk with is no business of one's own."""
    alice = await floor.signed_in("alice")
    async with alice.get("/api/v1/queues") as reply:
        (support,) = msgspec.json.decode(await reply.read(), type=list[QueueStatus])
    assert (WaitingCall(position=1, since=START - timedelta(seconds=9)),) == support.waiting
    assert (4, 0.75) == (support.completed, support.service_level)


async def test_an_unknown_agent_is_not_found(floor: House) -> None:
    """With a token an id that the configuration lacks is 404, in words."""
    async with floor.machine().get("/api/v1/agents/nobody") as reply:
        assert (404, "no_such_agent") == (reply.status, (await reply.json())["error"]["code"])


@pytest.mark.parametrize("path", ["/api/v1/agents", "/api/v1/agents/alice", "/api/v1/queues"])
async def test_a_stranger_sees_nobody(floor: House, path: str) -> None:
    """Without credentials there is nothing."""
    async with floor.browser().get(path) as reply:
        assert 401 == reply.status
        assert "Alice" not in await reply.text()


async def test_the_description_says_what_an_agent_is(house: House) -> None:
    """The id is a part of the path, which OpenAPI wants to be required; agents' events are among the events."""
    async with house.browser().get("/api/v1/openapi.json") as reply:
        document = await reply.json()
    (parameter,) = document["paths"]["/api/v1/agents/{id}"]["get"]["parameters"]
    assert ("path", True) == (parameter["in"], parameter["required"])
    kinds = {
        one["then"]["properties"]["data"]["$ref"].rpartition("/")[2]
        for one in document["components"]["schemas"]["Event"]["allOf"]
    }
    assert {"AgentEvent", "CallEvent"} <= kinds

"""What the pages are told of agents and queues, over a real server and a real client."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec

from hub.domain.agent import AgentState, AgentStatus, DeviceState, DeviceStatus, Membership, QueueStatus, WaitingCall
from hub.domain.call import ConnectionState
from hub.domain.phone import parse_number
from tests.unit.desk.house import House, Page
from tests.unit.desk.samples import AGENTS, at, call, leg, rings


def agent(name: str, state: AgentState = AgentState.READY, *queues: str, **fields: Any) -> AgentStatus:
    device = AGENTS[name].devices[0]
    return AgentStatus(
        agent=name,
        name=name.title(),
        state=state,
        since=at(0),
        devices=(DeviceStatus(pbx="main", device=device, state=DeviceState.IDLE),),
        queues=tuple(Membership(pbx="main", queue=queue, device=device) for queue in queues),
        **fields,
    )


def queue(name: str, waiting: int = 0, **fields: Any) -> QueueStatus:
    callers = tuple(
        WaitingCall(position=n + 1, since=at(n), call_id=f"main-{n}", caller=parse_number("+49711123456", "DE"))
        for n in range(waiting)
    )
    return QueueStatus(pbx="main", queue=name, waiting=callers, **fields)


async def everything(house: House, name: str) -> tuple[Page, dict[str, Any]]:
    page = await house.page(name)
    return page, await page.frame("hello")


async def test_the_hello_tells_the_agents_own_state_and_what_they_may_do(house: House) -> None:
    """State, reasons to choose from and commands are there from the first frame on."""
    house.directory.known["alice"] = agent("alice", AgentState.NOT_READY, "sales", reason="Lunch")

    _, hello = await everything(house, "alice")

    assert ("not_ready", "Lunch") == (hello["status"]["state"], hello["status"]["reason"])
    assert ["Break", "Lunch"] == hello["not_ready_reasons"]
    assert ["answer", "hang_up"] == hello["commands"]


async def test_only_supervisors_may_listen_in(house: House) -> None:
    """The command to monitor is offered to the role that may give it."""
    _, hello = await everything(house, "sue")

    assert "supervisor" == hello["agent"]["role"]
    assert ["answer", "hang_up", "monitor"] == hello["commands"]


async def test_an_agent_sees_the_own_queues_and_nobody_who_waits(house: House) -> None:
    """Queues of others are not told, and of the callers who wait only how many and since when."""
    house.directory.known["alice"] = agent("alice", AgentState.READY, "sales")
    house.directory.listed = [queue("sales", 2, service_level=0.9, service_level_s=20), queue("support", 1)]

    _, hello = await everything(house, "alice")

    (view,) = hello["queues"]
    assert ("sales", 2, 0.9, 20) == (view["queue"], view["waiting"], view["service_level"], view["service_level_s"])
    assert at(0) == msgspec.convert(view["longest_wait_since"], type(at(0)))
    assert "49711123456" not in msgspec.json.encode(hello).decode()


async def test_a_supervisor_sees_every_queue(house: House) -> None:
    """Whether a member of it or not."""
    house.directory.listed = [queue("sales"), queue("support")]

    _, hello = await everything(house, "sue")

    assert ["sales", "support"] == [view["queue"] for view in hello["queues"]]


async def test_a_change_of_the_own_state_is_told_at_once(house: House) -> None:
    """The agent's page hears of it as a frame of its own; a colleague's page does not get that."""
    alice, _ = await everything(house, "alice")
    bob, _ = await everything(house, "bob")
    status = agent("alice", AgentState.AFTER_CALL_WORK, until=at(30))
    house.directory.known["alice"] = status

    house.desk.agent_changed(status)

    assert "after_call_work" == (await alice.frame("agent"))["status"]["state"]
    assert ["alice"] == [member["agent"] for member in (await bob.frame("team"))["members"]]


async def test_colleagues_are_told_without_reasons_and_calls(house: House) -> None:
    """Why a colleague is not ready, and in which call they talk, is for supervisors."""
    house.directory.known["alice"] = agent("alice", AgentState.NOT_READY, "sales", reason="Doctor")
    house.desk.call_happened(rings(call(leg("alice", ConnectionState.CONNECTED), id="main-7")))

    _, for_bob = await everything(house, "bob")
    _, for_sue = await everything(house, "sue")

    (seen,) = for_bob["team"]
    assert {"agent", "name", "state", "since", "number"} == seen.keys()
    assert "1001" == seen["number"]
    (seen,) = for_sue["team"]
    assert ("Doctor", ["sales"], "main-7") == (seen["reason"], seen["queues"], seen["call_id"])


async def test_a_supervisor_hears_who_talks(house: House) -> None:
    """A call that begins and ends at an agent changes the team for the supervisor, and for no one else."""
    house.directory.known["alice"] = agent("alice", AgentState.BUSY)
    sue, _ = await everything(house, "sue")
    bob, _ = await everything(house, "bob")
    house.desk.agent_changed(house.directory.known["alice"])
    await sue.frame("team")
    await bob.frame("team")

    house.desk.call_happened(rings(call(leg("alice", ConnectionState.CONNECTED), id="main-7")))

    (member,) = (await sue.frame("team"))["members"]
    assert "main-7" == member["call_id"]
    house.desk.status_changed()
    await bob.frame("status")  # nothing of the team came before it


async def test_a_flood_of_changes_is_told_once_a_second(house: House) -> None:
    """However often queues and agents change, a page gets the first change at once and the last a second later."""
    house.directory.known["sue"] = agent("sue")
    sue, _ = await everything(house, "sue")
    began = time.monotonic()

    for waiting in range(1, 200):
        house.directory.listed = [queue("sales", waiting)]
        house.desk.queues_changed()
        if waiting == 1:
            await asyncio.sleep(0)

    assert 1 == (await sue.frame("queues"))["queues"][0]["waiting"]
    assert 199 == (await sue.frame("queues"))["queues"][0]["waiting"]
    assert 0.9 <= time.monotonic() - began


async def test_queues_that_are_as_before_are_not_told_again(house: House) -> None:
    """A change in somebody else's queue is no frame for this agent."""
    house.directory.known["alice"] = agent("alice", AgentState.READY, "sales")
    house.directory.listed = [queue("sales", 1)]
    alice, _ = await everything(house, "alice")

    house.directory.listed = [queue("sales", 1), queue("support", 5)]
    house.desk.queues_changed()
    await asyncio.sleep(0)
    house.desk.status_changed()

    await alice.frame("status")

"""Customers who wait to be called back, as the pages are told of them, over a real server and a real client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.config.privacy import PrivacySection
from hub.domain.agent import AgentState, AgentStatus, Membership
from hub.domain.callback import Callback, CallbackState
from hub.domain.interaction import CustomerRef
from hub.domain.ports import AccessAction
from tests.unit.desk.house import House, Page

ASKED = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MASKED = PrivacySection.model_validate({"fields": {"phones": {"purpose": "calls", "roles": ["supervisor"]}}})
PHONE = "+493515550123"


def waits(name: str, queue: str = "support", **fields: Any) -> Callback:
    return Callback(
        id=name,
        site="shop",
        phone=PHONE,
        customer=CustomerRef(ids={"webshop": name}),
        requested_at=ASKED + timedelta(seconds=int(name)),
        at=ASKED,
        queue=queue,
        **fields,
    )


def joins(house: House, *queues: str) -> None:
    """Let alice be in these queues, and nothing else about her be different."""
    places = tuple(Membership(pbx="main", queue=queue, device="PJSIP/1001") for queue in queues)
    status = AgentStatus(agent="alice", name="Alice", state=AgentState.READY, since=ASKED, queues=places)
    house.directory.known["alice"] = status
    house.desk.agent_changed(status)


async def told(page: Page) -> tuple[list[str], list[str]]:
    """Return the ids of the callbacks that the next frame about them says have changed, and are gone."""
    while (frame := await page.frame())["frame"] != "callbacks":
        pass
    return [one["id"] for one in frame["changed"]], frame["gone"]


async def hello(page: Page) -> list[str]:
    return [one["id"] for one in (await page.frame("hello"))["callbacks"]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Serve a desk; alice, who is to see no numbers, is in the queue `support`."""
    async with House(tmp_path, privacy=MASKED) as running:
        joins(running, "support")
        yield running


async def test_a_page_that_opens_has_those_of_its_agents_queues(house: House) -> None:
    """The oldest first: an agent's own, a supervisor's all, nobody's of an agent who is in no queue."""
    for one in (waits("1"), waits("2", "sales"), waits("3")):
        house.callbacks.keep(one)
    assert ["1", "3"] == await hello(await house.page("alice"))
    assert [] == await hello(await house.page("bob"))
    assert ["1", "2", "3"] == await hello(await house.page("sue"))


async def test_what_changes_is_told_to_those_who_may_see_it(house: House) -> None:
    """A new one, one that is being called, one that is over: each in a frame of its own, and none of other queues."""
    alice, sue = await house.page("alice"), await house.page("sue")
    assert ([], []) == (await hello(alice), await hello(sue))
    house.callbacks.keep(waits("1", "sales"))
    house.callbacks.keep(waits("2"))
    house.callbacks.keep(waits("2", state=CallbackState.CALLING, agent="bob", dials=1))
    house.callbacks.keep(waits("2", state=CallbackState.DONE, agent="bob", dials=1))
    house.callbacks.keep(waits("3"))
    in_support = [(["2"], []), (["2"], []), ([], ["2"]), (["3"], [])]
    assert in_support == [await told(alice) for _ in in_support]
    assert [(["1"], []), *in_support] == [await told(sue) for _ in range(5)]


async def test_who_changes_queues_sees_others(house: House) -> None:
    """Those of the new queue come, those of the old one go, and what stays is not told again."""
    for one in (waits("1"), waits("2", "sales"), waits("3", "night")):
        house.callbacks.keep(one)
    page = await house.page("alice")
    assert ["1"] == await hello(page)
    joins(house, "support", "sales")
    assert (["2"], []) == await told(page)
    joins(house, "sales")
    assert ([], ["1"]) == await told(page)


async def test_what_is_the_same_is_not_told_again(house: House) -> None:
    """Whatever else happens to the agent or at the hub."""
    page = await house.page("alice")
    await hello(page)
    house.callbacks.keep(waits("1"))
    house.callbacks.keep(waits("1"))
    joins(house, "support")
    house.callbacks.keep(waits("2"))
    assert [(["1"], []), (["2"], [])] == [await told(page), await told(page)]


async def test_numbers_are_masked_for_roles_that_need_not_see_them(house: House) -> None:
    """In the hello and in what comes later; a supervisor has them whole."""
    house.callbacks.keep(waits("1"))
    alice, sue = await house.page("alice"), await house.page("sue")
    first, whole = await alice.frame("hello"), await sue.frame("hello")
    assert (PHONE, True) == (whole["callbacks"][0]["phone"], PHONE not in msgspec.json.encode(first).decode())
    house.callbacks.keep(waits("1", attempts=1))
    while (frame := await alice.frame())["frame"] != "callbacks":
        pass
    assert PHONE not in msgspec.json.encode(frame).decode()


async def test_each_that_a_page_shows_is_written_down_once(house: House) -> None:
    """When it is shown for the first time, with whose it is; not again for each of its steps."""
    house.callbacks.keep(waits("1"))
    page = await house.page("alice")
    await hello(page)
    for attempts in (1, 2):
        house.callbacks.keep(waits("1", attempts=attempts))
        await told(page)
    house.callbacks.keep(waits("2"))
    await told(page)
    seen = [(one.viewer, one.action, one.keys) for one in house.accesses.written]
    assert [
        ("agent:alice", AccessAction.VIEW, (f"tel:{PHONE}", "id:webshop:1")),
        ("agent:alice", AccessAction.VIEW, (f"tel:{PHONE}", "id:webshop:2")),
    ] == seen


async def test_a_page_that_comes_back_has_those_that_wait_now(house: House) -> None:
    """What happened while it was away is in its hello."""
    page = await house.page("alice")
    await hello(page)
    house.callbacks.keep(waits("1"))
    await page.socket.close()
    await house.callbacks.cancel("1", reason="by_customer")
    house.callbacks.keep(waits("2"))
    assert ["2"] == await hello(await house.page("alice"))

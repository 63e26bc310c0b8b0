"""Saying how a call went: who may, what is no wrap-up, and what the answer tells."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from hub.desk.wrap_up_api import WRAP_UPS_PER_S
from hub.domain.wrapup import Saved, WrapUp, WrapUpError, WrapUpProblem
from hub.domain.writeback import WriteKind
from tests.unit.desk.house import CONTROL_TOKEN, House

PATH = "/api/v1/calls/main-1/wrap-up"
SOLVED = {"id": "one", "note": "Pump replaced", "disposition": "Solved"}


async def say(client: aiohttp.ClientSession, body: Any, path: str = PATH) -> tuple[int, dict[str, Any]]:
    async with client.post(path, json=body) as reply:
        return reply.status, await reply.json()


async def test_an_agent_says_how_a_call_went(house: House) -> None:
    """It is taken in the agent's name, and each backend's answer comes back."""
    house.wrap_ups.saved = (
        Saved(connector="crm", title="CRM", kind=WriteKind.ACTIVITY, id="T-1"),
        Saved(connector="erp", title="ERP", kind=WriteKind.ACTIVITY, problem="erp: no connection"),
    )
    status, body = await say(await house.signed_in("alice"), SOLVED)
    assert (200, "one", ["T-1", None]) == (status, body["id"], [saved.get("id") for saved in body["saved"]])
    assert "erp: no connection" == body["saved"][1]["problem"]
    assert [("main-1", WrapUp(id="one", note="Pump replaced", disposition="Solved"), "alice")] == house.wrap_ups.taken


async def test_nobody_writes_for_another(house: House) -> None:
    """An agent for themselves only, a machine that may control for an agent of the configuration, others never."""
    status, body = await say(await house.signed_in("alice"), SOLVED | {"agent": "bob"})
    assert (403, "not_yours") == (status, body["error"]["code"])
    assert 403 == (await say(house.machine(), SOLVED | {"agent": "bob"}))[0]
    assert 400 == (await say(house.machine(CONTROL_TOKEN), SOLVED))[0]
    assert 400 == (await say(house.machine(CONTROL_TOKEN), SOLVED | {"agent": "nobody"}))[0]
    assert 401 == (await say(house.browser(), SOLVED))[0]
    assert [] == house.wrap_ups.taken
    assert 200 == (await say(house.machine(CONTROL_TOKEN), SOLVED | {"agent": "bob"}))[0]
    assert ["bob"] == [agent for _, _, agent in house.wrap_ups.taken]


@pytest.mark.parametrize("problem", list(WrapUpProblem))
async def test_every_problem_has_its_status(house: House, problem: WrapUpProblem) -> None:
    """A program can tell them apart by the code, a person by the message."""
    house.wrap_ups.problem = WrapUpError(problem, "This can't be kept.")
    status, body = await say(await house.signed_in(), SOLVED)
    assert 400 <= status
    assert {"code": str(problem), "message": "This can't be kept."} == body["error"]


@pytest.mark.parametrize(
    "body",
    [
        {"note": "no id"},
        {"id": "with blank"},
        {"id": "x" * 65},
        {"id": "one", "note": "x" * 8_001},
        {"id": "one", "customer": {"crm": "1", "erp": "2"}},
        {"id": "one", "nte": "misspelt"},
        ["one"],
    ],
)
async def test_what_is_no_wrap_up_is_refused(house: House, body: Any) -> None:
    """Nothing of it is taken."""
    status, answer = await say(await house.signed_in(), body)
    assert (400, "bad_request") == (status, answer["error"]["code"])
    assert [] == house.wrap_ups.taken


async def test_only_so_often(house: House) -> None:
    """Who hammers is told to wait; others are not."""
    browser = await house.signed_in("alice")
    statuses = [(await say(browser, SOLVED))[0] for _ in range(WRAP_UPS_PER_S * 3)]
    assert 429 in statuses
    assert 200 == (await say(await house.signed_in("bob"), SOLVED))[0]

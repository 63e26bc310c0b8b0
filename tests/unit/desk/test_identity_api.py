"""Saying who is who: in whose name, what is no decision, who may take one back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.config.privacy import FieldPrivacy, PrivacySection
from hub.desk.identity_api import DECISIONS_PER_S
from hub.domain.identity import DecisionKind, IdentityError, IdentityProblem, RecordRef
from tests.unit.desk.house import CONTROL_TOKEN, PUBLISH_TOKEN, SUPERVISE_TOKEN, House

PATH = "/api/v1/identity/decisions"
SAME = {"id": "d-1", "kind": "same", "records": [{"system": "sap", "id": "4711"}, {"system": "crm", "id": "c 9"}]}
MEANT = {"id": "d-2", "kind": "meant", "records": [{"system": "sap", "id": "4711"}], "key": "mailto:Maria@Example.com"}


async def send(client: aiohttp.ClientSession, body: Any) -> tuple[int, dict[str, Any]]:
    async with client.post(PATH, json=body) as reply:
        return reply.status, await reply.json()


async def test_an_agent_decides_in_their_own_name(house: House) -> None:
    """What was decided comes back, with what is to be told of it."""
    house.identity.notes = ("Until now they were different customers.",)
    status, body = await send(await house.signed_in("alice"), SAME | {"reason": " told me ", "call_id": "main-1"})
    assert (200, ["Until now they were different customers."]) == (status, body["notes"])
    decided = house.identity.decided["d-1"]
    assert (DecisionKind.SAME, "alice", "main-1", "told me") == (
        decided.kind,
        decided.by,
        decided.call_id,
        decided.reason,
    )
    assert (RecordRef(system="sap", id="4711"), RecordRef(system="crm", id="c 9")) == decided.records


async def test_machines_decide_where_they_may_control(house: House) -> None:
    """In the name of their token; nobody else at all."""
    assert 401 == (await send(house.browser(), SAME))[0]
    assert 403 == (await send(house.machine(), SAME))[0]
    assert 403 == (await send(house.machine(PUBLISH_TOKEN), SAME))[0]
    assert {} == house.identity.decided
    assert 200 == (await send(house.machine(CONTROL_TOKEN), SAME))[0]
    assert "token:dialler" == house.identity.decided["d-1"].by


@pytest.mark.parametrize("problem", list(IdentityProblem))
async def test_every_problem_has_its_status(house: House, problem: IdentityProblem) -> None:
    """And says to a person what is wrong."""
    house.identity.problem = IdentityError(problem, "So it is.")
    status, body = await send(await house.signed_in(), SAME)
    assert 400 <= status < 500
    assert {"code": problem.value, "message": "So it is."} == body["error"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "perhaps"},
        {"id": ""},
        {"id": "../x"},
        {"records": []},
        {"records": [{"system": "sap", "id": str(number)} for number in range(21)]},
        {"records": [{"system": "sap"}]},
        {"records": [{"system": "sap", "id": "x" * 501}]},
        {"withdrawn": True},
        {"by": "bob"},
    ],
)
async def test_what_is_no_decision_is_refused(house: House, wrong: dict[str, Any]) -> None:
    """With the field that is wrong; nothing is decided in another's name."""
    status, body = await send(await house.signed_in(), SAME | wrong)
    assert (400, "bad_request") == (status, body["error"]["code"])
    assert {} == house.identity.decided


async def test_nobody_decides_without_end(house: House) -> None:
    """Beyond a few a second one has to wait."""
    alice = await house.signed_in()
    answers = [(await send(alice, SAME | {"id": f"d-{number}"}))[0] for number in range(DECISIONS_PER_S + 3)]
    assert 429 in answers


async def test_who_decided_and_who_supervises_take_it_back(house: House) -> None:
    """Whether it is one's own is seen where it is taken back; a supervisor may take back anybody's."""
    for client in (await house.signed_in("bob"), await house.signed_in("sue"), house.machine(SUPERVISE_TOKEN)):
        await send(await house.signed_in("alice"), SAME)
        async with client.delete(f"{PATH}/d-1") as reply:
            assert 200 == reply.status
            assert (await reply.json())["decision"]["withdrawn"]
    async with house.machine().delete(f"{PATH}/d-1") as reply:
        assert 403 == reply.status
    told = [("d-1", "bob", False), ("d-1", "sue", True), ("d-1", "token:quality", True)]
    assert told == house.identity.withdrawals


async def test_decisions_are_asked_for_by_key(house: House) -> None:
    """Case does not count in an address; who names none gets none."""
    alice = await house.signed_in()
    await send(alice, SAME)
    await send(alice, MEANT)
    async with alice.get(PATH, params={"key": "mailto:MARIA@example.com"}) as reply:
        assert ["d-2"] == [one["id"] for one in await reply.json()]
    assert {"mailto:maria@example.com", "id:sap:4711"} == set(house.accesses.written[-1].keys)
    async with alice.get(PATH, params=[("key", "id:crm:c 9"), ("key", "tel:+4930123456")]) as reply:
        assert ["d-1"] == [one["id"] for one in await reply.json()]
    for keys in ([], ["x"] * 21, ["x" * 601]):
        async with alice.get(PATH, params=[("key", key) for key in keys]) as reply:
            assert 400 == reply.status


async def test_a_decision_is_shown_as_the_role_may_see_it(tmp_path: Path) -> None:
    """Whoever may not see addresses reads none in what was decided, nor in what is said of it; the look is kept."""
    async with House(tmp_path, privacy=PrivacySection(fields={"emails": FieldPrivacy(roles=("supervisor",))})) as house:
        house.identity.notes = ("Until now mailto:maria@example.com was crm c 9.",)
        for agent, is_seen in (("alice", False), ("sue", True)):
            browser = await house.signed_in(agent)
            _, decided = await send(browser, MEANT)
            assert is_seen == ("maria@example.com" in str(decided)), decided
            async with browser.get(PATH, params={"key": "id:sap:4711"}) as reply:
                assert is_seen == ("maria@example.com" in await reply.text())
            assert f"agent:{agent}" == house.accesses.written[-1].viewer

"""Who may give which command for whom, how it is answered, and what is no command."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from hub.desk.commands_api import COMMANDS_PER_S, STATUS_OF
from hub.domain.call import Monitoring
from hub.domain.control import COMMAND_NAMES, Actor, Dial, HangUp, Monitor, Refusal
from hub.domain.rate import RateLimit
from tests.unit.desk.house import CONTROL_TOKEN, SUPERVISE_TOKEN, House

PATH = "/api/v1/commands"
HANG_UP = {"command": "hang_up", "id": "one", "call_id": "main-1"}
LISTEN = {"command": "monitor", "id": "two", "call_id": "main-1", "target": "alice", "mode": "whisper"}


async def give(client: aiohttp.ClientSession, command: Any) -> tuple[int, dict[str, Any]]:
    async with client.post(PATH, json=command) as reply:
        return reply.status, await reply.json()


async def test_an_agent_commands_for_themselves(house: House) -> None:
    """Without an agent the command is for the one who is signed in, and is carried out in their name."""
    browser = await house.signed_in("alice")
    assert (200, {"id": "one", "done": True}) == await give(browser, HANG_UP)
    assert (200, {"id": "x", "done": True}) == await give(
        browser, {"command": "dial", "id": "x", "agent": "alice", "to": "+49 351 555"}
    )
    assert [
        (HangUp(id="one", agent="alice", call_id="main-1"), Actor(agent="alice")),
        (Dial(id="x", agent="alice", to="+49 351 555"), Actor(agent="alice")),
    ] == house.control.executed


@pytest.mark.parametrize(
    ("who", "command", "may"),
    [
        ("alice", HANG_UP | {"agent": "bob"}, False),
        ("alice", LISTEN, False),
        ("alice", {"command": "ready", "id": "r", "agent": "bob"}, False),
        ("sue", HANG_UP | {"agent": "bob"}, True),
        ("sue", LISTEN, True),
        ("sue", LISTEN | {"agent": "bob"}, False),
        (CONTROL_TOKEN, HANG_UP | {"agent": "bob"}, True),
        (CONTROL_TOKEN, LISTEN | {"agent": "sue"}, False),
        (SUPERVISE_TOKEN, LISTEN | {"agent": "sue"}, True),
        (SUPERVISE_TOKEN, LISTEN | {"agent": "bob"}, False),
        ("machine-token-1", HANG_UP | {"agent": "bob"}, False),
    ],
)
async def test_who_may_what(house: House, who: str, command: dict[str, str], *, may: bool) -> None:
    """Agents for themselves, supervisors for all; a token what the configuration says, reading unless it says more."""
    client = house.machine(who) if who.startswith("machine") else await house.signed_in(who)
    status, body = await give(client, command)
    assert (200 if may else 403, may) == (status, body["done"])
    assert (1, 0) if may else (0, 1) == (len(house.control.executed), len(house.control.refused))
    if not may:
        assert "not_allowed" == body["refusal"]
        assert body["message"]
        assert Refusal.NOT_ALLOWED is house.control.refused[0][2]


async def test_a_denied_command_is_journaled_with_who_gave_it(house: House) -> None:
    """The attempt goes to the call control, which writes it down, with the name of the token and never the token."""
    await give(house.machine(), HANG_UP | {"agent": "bob"})
    ((command, actor, _),) = house.control.refused
    assert (HangUp(id="one", agent="bob", call_id="main-1"), Actor(token="acceptance")) == (command, actor)


async def test_a_supervisors_command_names_the_supervisor(house: House) -> None:
    """Who listens is the supervisor, and so is who gave the command."""
    await give(await house.signed_in("sue"), LISTEN)
    expected = Monitor(id="two", agent="sue", call_id="main-1", target="alice", mode=Monitoring.WHISPER)
    assert [(expected, Actor(agent="sue"))] == house.control.executed


async def test_a_machine_says_for_which_agent(house: House) -> None:
    """A token has no phone of its own."""
    status, body = await give(house.machine(CONTROL_TOKEN), HANG_UP)
    assert (400, "bad_request") == (status, body["error"]["code"])
    assert "agent" in body["error"]["message"]


async def test_a_token_that_may_only_control_reads_nothing(house: House) -> None:
    """What `may` does not name may not be done."""
    async with house.machine(CONTROL_TOKEN).get("/api/v1/calls") as reply:
        assert 403 == reply.status
    async with house.machine(SUPERVISE_TOKEN).get("/api/v1/calls") as reply:
        assert 200 == reply.status


@pytest.mark.parametrize("refusal", list(Refusal))
async def test_every_refusal_has_its_status(house: House, refusal: Refusal) -> None:
    """The body says which it is, and is the same as for a command that was done."""
    house.control.refusal = refusal
    status, body = await give(await house.signed_in(), HANG_UP)
    assert (STATUS_OF[refusal], refusal) == (status, body["refusal"])
    assert 400 <= status
    assert "id" in body
    assert not body["done"]


@pytest.mark.parametrize(
    "command",
    [
        {"command": "hang_up", "call_id": "main-1"},
        {"command": "fly", "id": "one"},
        {"id": "one"},
        {"command": "hang_up", "id": "with blank", "call_id": "main-1"},
        {"command": "hang_up", "id": "x" * 65, "call_id": "main-1"},
        {"command": "dial", "id": "one", "to": "1\r\nAction: Command"},
        {"command": "dial", "id": "one", "to": "1" * 65},
        {"command": "send_digits", "id": "one", "call_id": "main-1", "digits": "12;"},
        {"command": "monitor", "id": "one", "call_id": "main-1", "target": "bob", "mode": "shout"},
        {"command": "ready", "id": "one", "agent": "a" * 65},
        {"command": "dial", "id": "one", "to": "1", "device": "d" * 129},
        {"command": "log_on", "id": "one", "queues": ["q"] * 101},
        {"command": "log_on", "id": "one", "queues": ["q" * 129]},
        ["hang_up"],
        "hang_up",
    ],
)
async def test_what_is_no_command_is_refused_with_the_reason(house: House, command: Any) -> None:
    """Nothing of it is carried out, and no value that was sent comes back."""
    status, body = await give(await house.signed_in(), command)
    assert (400, "bad_request") == (status, body["error"]["code"])
    assert "Action" not in body["error"]["message"]
    assert [] == house.control.executed


async def test_only_json_and_only_so_much(house: House) -> None:
    """A form of another site could be sent without asking; a body has a limit."""
    browser = await house.signed_in()
    async with browser.post(PATH, data={"command": "hang_up"}) as reply:
        assert 415 == reply.status
    async with browser.post(PATH, json=HANG_UP | {"agent": "a" * 20_000}) as reply:
        assert 413 == reply.status
    async with browser.post(PATH, data=b"{", headers={"Content-Type": "application/json"}) as reply:
        assert 400 == reply.status
    async with browser.post(PATH, json=HANG_UP, headers={"Origin": "https://evil.example"}) as reply:
        assert 403 == reply.status
    async with house.browser().post(PATH, json=HANG_UP) as reply:
        assert 401 == reply.status
    assert [] == house.control.executed


async def test_one_who_asks_too_often_is_told_to_wait(house: House) -> None:
    """So many a second for each actor; others are not held up."""
    browser = await house.signed_in()
    statuses = [(await give(browser, HANG_UP | {"id": f"n{number}"}))[0] for number in range(3 * COMMANDS_PER_S)]
    assert {200, 429} == set(statuses)
    assert 200 == (await give(await house.signed_in("bob"), HANG_UP))[0]


def test_the_rate_is_kept_over_time() -> None:
    """As many as allowed at once, then one for each share of a second that passes."""
    now = 100.0
    rate = RateLimit(per_second=2, clock=lambda: now)
    assert [0, 0, 0.5] == [rate.take("a") for _ in range(3)]
    assert 0 == rate.take("b")
    now += 0.5
    assert [0, 0.5] == [rate.take("a") for _ in range(2)]


async def test_the_description_names_every_command(house: House) -> None:
    """OpenAPI has one schema for each command, and a CommandResult for each refusal."""
    async with house.browser().get("/api/v1/openapi.json") as reply:
        document = await reply.json()
    operation = document["paths"][PATH]["post"]
    assert {str(status) for status in (200, *STATUS_OF.values())} <= set(operation["responses"])
    described = {
        schema["properties"]["command"]["enum"][0]
        for schema in document["components"]["schemas"].values()
        if "command" in schema.get("properties", {}) and "enum" in schema["properties"]["command"]
    }
    assert set(COMMAND_NAMES) == described

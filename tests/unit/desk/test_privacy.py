"""What agents and machines are shown of customers by their role, and that it is written down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub.config.privacy import PrivacySection
from hub.domain.agent import QueueStatus, WaitingCall
from hub.domain.call import CallEventKind, ConnectionState
from hub.domain.event import encode_event, interaction_event
from hub.domain.phone import parse_number
from hub.domain.ports import Access, AccessAction, CallLogEntry
from tests.unit.desk import samples
from tests.unit.desk.house import AUDIT_TOKEN, BEARER, TOKEN, House
from tests.unit.journal import lives

NUMBER = "+493515550123"
PRIVACY = PrivacySection.model_validate(
    {
        "fields": {
            "phones": {"purpose": "service", "roles": ["supervisor"]},
            "name": {"roles": ["supervisor", "token:other"]},
        }
    }
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, privacy=PRIVACY) as running:
        yield running


def ringing(agent: str) -> Any:
    leg = samples.leg(agent, ConnectionState.ALERTING)
    return samples.call(samples.trunk(), leg, caller=parse_number(NUMBER, "DE"), caller_name="Erika Muster")


async def test_an_agents_page_shows_what_the_role_may_see(house: House) -> None:
    """Pop, context and the first frame alike: masked for an agent, whole for a supervisor in the same call."""
    pages = {agent: await house.page(agent) for agent in ("alice", "sue")}
    for page in pages.values():
        await page.frame("hello")
    house.contexts.known["main-1"] = samples.context()
    for agent, (name, digits) in {"alice": ("E. M.", "•••123"), "sue": ("Erika Muster", NUMBER)}.items():
        call = ringing(agent)
        house.desk.call_happened(samples.step(CallEventKind.DELIVERED, call, call.connections[-1]))
        pop = await pages[agent].frame("pop")
        caller = pop["pop"]["call"]["caller"]
        assert digits == (caller.get("e164") or caller["display"])
        assert name == pop["pop"]["call"]["caller_name"]
        assert name == pop["context"]["customers"][0]["name"]["value"]["full"]
        house.desk.context_changed(samples.context(revision=2))
        context = await pages[agent].frame("context")
        assert name == context["context"]["customers"][0]["name"]["value"]["full"]
        again = await house.page(agent)
        hello = await again.frame("hello")
        assert name == hello["contexts"][0]["customers"][0]["name"]["value"]["full"]
        assert name == hello["pops"][0]["call"]["caller_name"]


async def test_a_pop_is_written_down_once_for_each_customer_of_a_call(house: House) -> None:
    """However often it changes, and not before somebody's page has shown it."""
    house.contexts.known["main-1"] = samples.context()
    call = samples.call(samples.trunk(), samples.leg("alice", ConnectionState.ALERTING))
    house.desk.call_happened(samples.rings(call))
    assert [] == house.accesses.written
    page = await house.page()
    await page.frame("hello")
    for revision in (2, 3):
        house.desk.context_changed(samples.context(revision=revision))
        await page.frame("context")
    (seen,) = house.accesses.written
    keys = {f"id:{system}:{identity}" for system, identity in samples.context().customers[0].ids.items()}
    assert ("agent:alice", AccessAction.POP, "main-1") == (seen.viewer, seen.action, seen.call_id)
    assert keys <= set(seen.keys)


async def test_lists_of_calls_are_masked_and_written_down(house: House) -> None:
    """Live calls, the call log and who waits in a queue, for a machine."""
    call = ringing("alice")
    house.calls.live.append(call)
    house.log.entries.append(CallLogEntry(call=call, customer="Erika Muster"))
    waiting = (WaitingCall(position=1, since=samples.at(0), caller=parse_number(NUMBER, "DE")),)
    house.directory.listed.append(QueueStatus(pbx="main", queue="support", waiting=waiting))
    async with house.browser() as machine:
        for path in ("calls", "calls/log", "queues"):
            async with machine.get(f"{house.url}/api/v1/{path}", headers=BEARER) as reply:
                text = await reply.text()
            assert 200 == reply.status
            assert NUMBER not in text
            assert "Erika" not in text
            assert "•••123" in text
    assert {("token:acceptance", AccessAction.VIEW, (f"tel:{NUMBER}",))} == {
        (one.viewer, one.action, one.keys) for one in house.accesses.written
    }


async def test_a_stream_is_masked_and_its_beginning_written_down(house: House) -> None:
    """By the token's own role; once for the subscription, whatever comes by it."""
    event = interaction_event(lives.contact(1, lives.ANNA_REF, "hedge"), feed="shop")
    await house.journal.append(event)
    assert lives.ANNA_PHONE.encode() in encode_event(event)
    async with house.browser() as machine, machine.get(f"{house.url}/api/v1/events?after=0", headers=BEARER) as stream:
        async for line in stream.content:
            if line.startswith(b"data: "):
                break
    shown = json.loads(line.removeprefix(b"data: "))
    assert ("tel:•••234", {}) == (shown["subject"], shown["data"]["customer"])
    assert [("token:acceptance", AccessAction.STREAM, ("*",))] == [
        (one.viewer, one.action, one.keys) for one in house.accesses.written
    ]


async def test_an_original_that_nobody_understood_is_a_look_too(house: House) -> None:
    """Whose data is in it is not known: it stands under the letter's id."""
    await house.letters.keep_dead(lives.LETTERS[:1])
    async with house.machine("machine-token-operate") as machine:
        await machine.get(f"{house.url}/api/v1/dead-letters/letter-1/original")
    assert [("dead_letter:letter-1",)] == [one.keys for one in house.accesses.written]


async def test_the_policy_is_shown_to_those_who_answer_for_it(house: House) -> None:
    """Supervisors and tokens that may audit; every field and kind of data with purpose, days and roles."""
    async with house.machine(AUDIT_TOKEN) as machine, machine.get(f"{house.url}/api/v1/privacy/policy") as reply:
        policy = {one.pop("what"): one for one in await reply.json()}
    assert {"purpose": "service", "roles": ["supervisor"], "others_see": "masked"} == policy["phones"]
    assert {"calls", "contexts", "records", "callbacks", "dead_letters", "accesses"} <= policy.keys()
    async with (
        await house.signed_in("sue") as supervisor,
        supervisor.get(f"{house.url}/api/v1/privacy/policy") as reply,
    ):
        assert 200 == reply.status
    for refused in (house.machine(TOKEN), await house.signed_in("alice")):
        async with refused, refused.get(f"{house.url}/api/v1/privacy/policy") as reply:
            assert 403 == reply.status


async def test_accesses_are_asked_for_by_key(house: House) -> None:
    """One or several, the newest first, in pages; without a key it is said what one is like."""
    now = datetime.now(UTC)
    for minute in range(3):
        house.accesses.seen(
            Access(
                at=now + timedelta(minutes=minute),
                viewer="agent:alice",
                action=AccessAction.POP,
                keys=("id:crm:4711", f"tel:{NUMBER}"),
                call_id=f"main-{minute}",
            )
        )
    async with house.machine(AUDIT_TOKEN) as machine:

        async def asked(query: str) -> tuple[int, Any]:
            async with machine.get(f"{house.url}/api/v1/privacy/accesses{query}") as reply:
                return reply.status, await reply.json()

        status, found = await asked(f"?key=tel:{NUMBER}&limit=2")
        assert (200, ["main-2", "main-1"]) == (status, [one["call_id"] for one in found])
        before = msgspec.to_builtins(now + timedelta(minutes=1)).replace("+", "%2B")
        status, found = await asked(f"?key=id:crm:4711&before={before}")
        assert (200, ["main-0"]) == (status, [one["call_id"] for one in found])
        assert (200, []) == await asked("?key=id:crm:9")
        for key in ("crm:4711", NUMBER, NUMBER.replace("+", "%2B")):
            assert (200, 3) == ((found := await asked(f"?key={key}"))[0], len(found[1])), key
        for query in ("", "?key=", "?key=x", "?key=x:1&limit=0", "?key=x:1&before=yesterday", "?" + "key=x:1&" * 21):
            assert 400 == (await asked(query))[0], query

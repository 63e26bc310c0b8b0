"""Two real Asterisks with a SIP trunk between them, and one hub for both."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from hub.domain.call import Call, CallEvent, CallEventKind, Cause, ConnectionState, Outcome
from tests.scenarios.backends import LI_WEI, MARIA
from tests.scenarios.call_site import CallSite, pbx_section, running_site
from tests.scenarios.hub_api import EventStream
from tests.servers.asterisk import Asterisk
from tests.servers.asterisk_configuration import branch_office, head_office
from tests.servers.record import ALICE
from tests.servers.requirements import place_of, require
from tests.servers.sipp import Phone, Trunk
from tests.waiting import eventually_asked

pytestmark = pytest.mark.asyncio(loop_scope="session")

BRANCH_PHONE = "+493023126101"
BRANCH_QUEUE = "+493023126190"

DELIVERED, ESTABLISHED = CallEventKind.DELIVERED, CallEventKind.ESTABLISHED
QUEUED, CLEARED = CallEventKind.QUEUED, CallEventKind.CLEARED


class Offices(NamedTuple):
    """Phone 1001 is Alice's in the head office, and Bob's in the branch."""

    head: Asterisk
    branch: Asterisk


@pytest.fixture(scope="module")
def offices() -> Iterator[Offices]:
    require("sipp", "asterisk")
    secret = secrets.token_urlsafe(12)
    root = Path(place_of("asterisk"))
    branch = Asterisk(root, site=branch_office(secret))
    try:
        head = Asterisk(root, site=head_office(branch.sip_port, secret))
        try:
            branch.start()
            head.start()
            yield Offices(head, branch)
        finally:
            head.remove()
    finally:
        branch.remove()


def _pbx(asterisk: Asterisk, trunk: str, **changes: Any) -> dict[str, Any]:
    shared = {"shared_call_variable": "CALL_REFERENCE", "shared_call_trunks": [trunk]}
    section: dict[str, Any] = pbx_section(asterisk.ami_port, **shared, **changes)["main"]
    return section


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(
    offices: Offices, shared_browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CallSite]:
    sections = {
        "pbx": {
            "head": _pbx(offices.head, "PJSIP/to-branch", secret="${HEAD_SECRET}"),
            "branch": _pbx(offices.branch, "PJSIP/head-office", secret="${BRANCH_SECRET}", trunks=[]),
        },
        "agents": {
            "alice": {"name": "Alice Weber", "devices": ["PJSIP/1001"], "pbx": "head"},
            "bob": {"name": "Bob Kramer", "devices": ["PJSIP/1001"], "pbx": "branch"},
        },
    }
    environment = {"HEAD_SECRET": offices.head.ami_secret, "BRANCH_SECRET": offices.branch.ami_secret}
    async with running_site(
        tmp_path_factory.mktemp("offices"),
        shared_browser,
        sections=sections,
        environment=environment,
        users=("alice", "bob"),
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def _quiet(offices: Offices) -> Iterator[None]:
    yield
    for asterisk in offices:
        asterisk.end_calls()


def told(stream: EventStream) -> list[str]:
    """Return every step of every call: what happened, on which PBX to which device, and to whom that belongs."""
    return [_line(one.data) for one in stream.events if isinstance(one.data, CallEvent)]


def _line(step: CallEvent) -> str:
    connection = step.connection
    if connection is None:
        return step.kind
    where = f"{connection.pbx or step.call.pbx}:{connection.device}"
    return " ".join([step.kind, where, *([connection.agent] if connection.agent else [])])


def parts(call: Call) -> list[str]:
    return [f"{one.pbx or call.pbx}:{one.device} {one.state}" for one in call.connections]


async def test_a_call_over_the_trunk_is_one_call(site: CallSite, offices: Offices) -> None:
    """To the branch by way of the head office: one call, one pop at Bob with the caller's number, one end."""
    async with (
        site.api.events(after=None) as stream,
        site.desk("bob") as bob,
        site.desk("alice") as alice,
        Phone(offices.branch, "1001") as phone,
        Trunk(offices.head) as trunk,
    ):
        caller = await trunk.call(MARIA.number, to=BRANCH_PHONE)
        ringing = await phone.rings()
        await expect(bob.testid("pop-state")).to_have_attribute("data-state", "ringing")
        await expect(alice.testid("pop")).to_have_count(0)
        call = await site.live_call()
        assert (MARIA.number, BRANCH_PHONE) == (call.caller.e164, call.called.e164)
        assert {"bob"} == call.alerting_agents
        assert ["head:PJSIP/trunk initiated", "branch:PJSIP/1001 alerting"] == parts(call)

        await ringing.answer()
        await expect(bob.testid("pop-state")).to_have_attribute("data-state", "connected")
        await stream.until(call.id, ESTABLISHED)

        async def both_talk() -> bool:
            return ["head:PJSIP/trunk connected", "branch:PJSIP/1001 connected"] == parts(await site.live_call())

        await eventually_asked(both_talk, "caller and phone connected")
        await caller.hang_up()
        cleared = await stream.until(call.id, CLEARED)
        await site.no_live_call()
        await expect(bob.testid("pop")).to_have_count(0)
        assert (Outcome.ANSWERED, Cause.NORMAL_CLEARING) == (cleared.call.outcome, cleared.cause)
        steps = ["delivered branch:PJSIP/1001 bob", "established branch:PJSIP/1001 bob", "cleared"]
        assert steps == [line for line in told(stream) if "call_information" not in line]
        assert {call.id} == {one.subject for one in stream.events if isinstance(one.data, CallEvent)}


async def test_the_same_extension_on_both_is_two_devices(site: CallSite, offices: Offices) -> None:
    """Phone 1001 of the head office rings: it is Alice's, and Bob's of the branch stays as it is."""
    async with (
        site.api.events(after=None) as stream,
        site.desk("alice") as alice,
        site.desk("bob") as bob,
        Phone(offices.head, "1001") as phone,
        Trunk(offices.head) as trunk,
    ):
        caller = await trunk.call(LI_WEI.number, to=ALICE)
        await phone.rings()
        await expect(alice.testid("pop-state")).to_have_attribute("data-state", "ringing")
        await expect(bob.testid("pop")).to_have_count(0)
        call = await site.live_call()
        assert ["head:PJSIP/trunk initiated", "head:PJSIP/1001 alerting"] == parts(call)
        await stream.until(call.id, DELIVERED)
        assert "/pbx/head" == stream.of_call(call.id)[0].source
        await caller.cancel()
        await stream.until(call.id, CLEARED)


async def test_a_queue_of_the_branch_holds_a_caller_of_the_head_office(site: CallSite, offices: Offices) -> None:
    """The branch answers and lets wait: nobody has answered yet, and who gives up there has abandoned."""
    async with site.api.events(after=None) as stream, Trunk(offices.head) as trunk:
        caller = await trunk.call(MARIA.number, to=BRANCH_QUEUE)
        await caller.established()
        call = await site.live_call()
        queued = await stream.until(call.id, QUEUED)
        assert queued.connection is not None
        assert ("support", "PJSIP/trunk") == (queued.call.queue, queued.connection.device)

        async def waits() -> bool:
            (now,) = await site.api.calls()
            return [ConnectionState.QUEUED] == [one.state for one in now.connections] and now.answered_at is None

        await eventually_asked(waits, "a caller who waits")
        await caller.hang_up()
        cleared = await stream.until(call.id, CLEARED)
        assert Outcome.ABANDONED is cleared.call.outcome
        assert 1 == stream.kinds(call.id).count(CLEARED)


async def test_one_that_dies_does_not_disturb_the_other(site: CallSite, offices: Offices) -> None:
    """The branch is killed in the middle of a call of each: the head office's goes on, and the branch comes back."""
    async with (
        site.api.events(after=None) as stream,
        site.desk("alice") as alice,
        Phone(offices.head, "1001") as phone,
        Phone(offices.branch, "1001") as branch_phone,
        Trunk(offices.head) as trunk,
    ):
        await trunk.call(MARIA.number, to=BRANCH_PHONE)
        at_branch = await branch_phone.rings()
        await at_branch.answer()
        over_both = await site.live_call()
        await stream.until(over_both.id, ESTABLISHED)
        await asyncio.to_thread(offices.branch.kill)
        await expect(alice.testid("pbx-down")).to_contain_text("“branch” is not connected")
        assert [] == await site.api.problems()

        caller = await trunk.call(LI_WEI.number, to=ALICE)
        ringing = await phone.rings()
        await expect(alice.testid("pop-state")).to_have_attribute("data-state", "ringing")
        await ringing.answer()
        await expect(alice.testid("pop-state")).to_have_attribute("data-state", "connected")

        await asyncio.to_thread(offices.branch.start)
        await expect(alice.testid("pbx-down")).to_have_count(0, timeout=5_000)
        await expect(alice.testid("pop-state")).to_have_attribute("data-state", "connected")
        await caller.hang_up()
        await expect(alice.testid("pop")).to_have_count(0)
        assert 1 == stream.kinds(over_both.id).count(ESTABLISHED)

        await asyncio.to_thread(offices.head.end_calls)
        cleared = await stream.until(over_both.id, CLEARED)
        assert Outcome.ANSWERED is cleared.call.outcome
        assert 1 == stream.kinds(over_both.id).count(CLEARED)
        await site.no_live_call()

        await branch_phone.register()
        await trunk.call(MARIA.number, to=BRANCH_PHONE)
        await branch_phone.rings()
        rung = await stream.until((await site.live_call()).id, DELIVERED)
        assert ["head:PJSIP/trunk initiated", "branch:PJSIP/1001 alerting"] == parts(rung.call)
        assert {"bob"} == rung.call.alerting_agents


async def test_a_hub_that_is_restarted_finds_the_call_whole(site: CallSite, offices: Offices) -> None:
    """Killed while one talks over both: after its start it is the same call, told once, and it ends once."""
    async with Phone(offices.branch, "1001") as phone, Trunk(offices.head) as trunk:
        async with site.api.events(after=None) as stream:
            caller = await trunk.call(MARIA.number, to=BRANCH_PHONE)
            ringing = await phone.rings()
            await ringing.answer()
            call = await site.live_call()
            await stream.until(call.id, ESTABLISHED)
            position = int(stream.events[-1].sequence)
        await asyncio.to_thread(site.hub.kill)
        await site.hub.start()
        async with site.api.events(after=position) as stream:

            async def is_whole() -> bool:
                whole = ["head:PJSIP/trunk connected", "branch:PJSIP/1001 connected"]
                return [(call.id, whole)] == [(one.id, parts(one)) for one in await site.api.calls()]

            await eventually_asked(is_whole, "the call as it was")
            await caller.hang_up()
            cleared = await stream.until(call.id, CLEARED)
            assert Outcome.ANSWERED is cleared.call.outcome
            await site.no_live_call()
            assert [CLEARED] == [kind for kind in stream.kinds(call.id) if kind is not CallEventKind.CALL_INFORMATION]

"""Callbacks as agents and machines see, add and cancel them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from hub.config.inbound import InboundFeed
from hub.config.privacy import PrivacySection
from hub.domain.agent import AgentState, AgentStatus, Membership
from hub.domain.callback import Callback, CallbackReason
from hub.domain.interaction import CustomerRef
from tests.unit.desk.house import CONTROL_TOKEN, House

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
MASKED = PrivacySection.model_validate({"fields": {"phones": {"purpose": "calls", "roles": ["supervisor", "token"]}}})
PHONE = "+493515550123"
LATER = "2026-02-01T09:00:00+01:00"


def site() -> InboundFeed:
    web = {"origins": ["https://www.example.com"], "secret": "x" * 32, "callback": {"queue": "support"}}
    return InboundFeed.model_validate({"web": web})


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Serve a desk with a site that offers callbacks; alice is logged on to its queue."""
    async with House(tmp_path, feeds={"shop": site()}, privacy=MASKED) as running:
        place = Membership(pbx="main", queue="support", device="PJSIP/1001")
        running.directory.known["alice"] = AgentStatus(
            agent="alice", name="Alice", state=AgentState.READY, since=NOW, queues=(place,)
        )
        for one in (waiting("1", "support"), waiting("2", "sales", "+4989123456")):
            running.callbacks.kept[one.id] = one
        yield running


def waiting(name: str, queue: str, phone: str = PHONE) -> Callback:
    return Callback(
        id=name,
        site="shop",
        phone=phone,
        customer=CustomerRef(ids={"webshop": name}),
        requested_at=NOW,
        at=NOW,
        queue=queue,
    )


async def listed(client: aiohttp.ClientSession) -> list[Callback]:
    async with client.get("/api/v1/callbacks") as reply:
        assert 200 == reply.status, await reply.text()
        return msgspec.json.decode(await reply.read(), type=list[Callback])


async def posted(client: aiohttp.ClientSession, path: str, body: Any = None) -> tuple[int, Any]:
    sent = {} if body is None else {"json": body}
    async with client.post(path, **sent) as reply:
        return reply.status, await reply.json()


async def test_who_sees_which(house: House) -> None:
    """An agent those of own queues, a supervisor and a machine that may read all; who sees them is written down."""
    assert ["1"] == [one.id for one in await listed(await house.signed_in("alice"))]
    assert [] == await listed(await house.signed_in("bob"))
    assert ["1", "2"] == [one.id for one in await listed(await house.signed_in("sue"))]
    assert ["1", "2"] == [one.id for one in await listed(house.machine())]
    async with house.browser().get("/api/v1/callbacks") as reply:
        assert 401 == reply.status
    async with house.machine(CONTROL_TOKEN).get("/api/v1/callbacks") as reply:
        assert 403 == reply.status
    seen = [(access.viewer, access.keys) for access in house.accesses.written]
    assert ("agent:alice", (f"tel:{PHONE}", "id:webshop:1")) == seen[0]
    assert ["agent:alice", "agent:sue", "agent:sue", "token:acceptance", "token:acceptance"] == [one for one, _ in seen]


async def test_a_role_that_sees_no_numbers(house: House) -> None:
    """What a role need not see is hidden in what it gets."""
    (alices,) = await listed(await house.signed_in("alice"))
    assert PHONE != alices.phone
    assert PHONE == (await listed(await house.signed_in("sue")))[0].phone


async def test_adding(house: House) -> None:
    """An agent and a machine that may control have a customer called; it says who asked; the same number is one."""
    alice = await house.signed_in("alice")
    wish = {
        "phone": "0351 5550199",
        "topic": "Invoice",
        "ids": {"crm": "42"},
        "not_before": "2026-02-01T09:00:00+01:00",
    }
    status, made = await posted(alice, "/api/v1/callbacks", wish)
    kept = house.callbacks.kept[made["id"]]
    assert (201, "shop", "+493515550199", "agent:alice") == (status, kept.site, kept.phone, kept.asked_by)
    assert ("Invoice", {"crm": "42"}) == (kept.topic, kept.customer.ids)
    assert datetime.fromisoformat(LATER) == kept.not_before
    status, same = await posted(house.machine(CONTROL_TOKEN), "/api/v1/callbacks", {"phone": "+493515550199"})
    assert (201, made["id"]) == (status, same["id"])
    status, _ = await posted(house.machine(CONTROL_TOKEN), "/api/v1/callbacks", {"phone": "+493515550188"})
    assert "token:dialler" == list(house.callbacks.kept.values())[-1].asked_by
    bob = await house.signed_in("bob")
    for body, refused in (
        ({"phone": ""}, 400),
        ({"phone": "0351 5550177", "queue": "sales"}, 400),
        ({"phone": "0351 5550177", "not_before": "2026-02-01T09:00:00"}, 400),
        ({"phone": "x" * 41}, 400),
        ({"phone": "nobody"}, 422),
    ):
        assert refused == (await posted(bob, "/api/v1/callbacks", body))[0], body
    status, body = await posted(house.machine(), "/api/v1/callbacks", wish)
    assert (403, "not_allowed") == (status, body["error"]["code"])


async def test_cancelling(house: House) -> None:
    """What an agent sees they can cancel, what they don't is not there; a machine that may control cancels all."""
    alice = await house.signed_in("alice")
    status, cancelled = await posted(alice, "/api/v1/callbacks/1/cancel")
    assert (200, "cancelled", CallbackReason.BY_AGENT) == (status, cancelled["state"], cancelled["reason"])
    assert 404 == (await posted(alice, "/api/v1/callbacks/2/cancel"))[0]
    assert 404 == (await posted(alice, "/api/v1/callbacks/unknown/cancel"))[0]
    assert 403 == (await posted(house.machine(), "/api/v1/callbacks/2/cancel"))[0]
    assert not house.callbacks.kept["2"].state.is_over
    assert 200 == (await posted(house.machine(CONTROL_TOKEN), "/api/v1/callbacks/2/cancel"))[0]
    assert house.callbacks.kept["2"].state.is_over


async def test_which_site(tmp_path: Path) -> None:
    """Where several sites offer callbacks the site is said; where none does nobody is called."""
    async with House(tmp_path, feeds={"shop": site(), "service": site()}) as house:
        machine = house.machine(CONTROL_TOKEN)
        status, body = await posted(machine, "/api/v1/callbacks", {"phone": PHONE})
        assert (422, "no_site") == (status, body["error"]["code"])
        status, made = await posted(machine, "/api/v1/callbacks", {"phone": PHONE, "site": "service"})
        assert (201, "service") == (status, made["site"])
    async with House(tmp_path) as house:
        status, body = await posted(house.machine(CONTROL_TOKEN), "/api/v1/callbacks", {"phone": PHONE})
        assert (422, "no_site") == (status, body["error"]["code"])


async def test_nobody_is_told_of_another_queues_callback_by_asking_for_its_number(house: House) -> None:
    """That the number is going to be called is all that an agent learns; a supervisor gets the callback itself."""
    order = {"phone": "+49 89 123456"}
    alice, sue = await house.signed_in("alice"), await house.signed_in("sue")
    async with alice.post("/api/v1/callbacks", json=order) as reply:
        body = await reply.text()
    assert (409, False) == (reply.status, "webshop" in body)
    async with sue.post("/api/v1/callbacks", json=order) as reply:
        assert (201, "2") == (reply.status, (await reply.json())["id"])

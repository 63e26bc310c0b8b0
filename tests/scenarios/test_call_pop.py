"""The main job: a call rings, and before anyone answers the agent's page shows who it is."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from hub.domain.call import Call, CallEvent, CallEventKind, Cause, ConnectionState, Outcome
from hub.domain.customer import AnswerState, CustomerContext
from hub.domain.event import EventType
from tests.scenarios.backends import (
    MARIA,
    MARIA_NAME_IN_SERVICE_CLOUD,
    SAP_TITLE,
    SERVICE_CLOUD_TITLE,
    orders_of,
)
from tests.scenarios.call_site import CallSite, part_of
from tests.servers.asterisk import Asterisk
from tests.servers.record import SUPPORT
from tests.servers.sipp import Phone, RingingLeg, Trunk

pytestmark = pytest.mark.asyncio(loop_scope="session")


def assert_still_ringing(leg: RingingLeg, call: Call, agent: str) -> None:
    """Neither the phone nor the hub has seen an answer."""
    heard = [event.kind for event in leg.sipp.events() if event.call_id == leg.call_id and event.kind != "media"]
    assert ["ringing"] == heard
    assert ConnectionState.ALERTING is part_of(call, agent).state
    assert (None, None) == (call.answered_at, call.ended_at)


async def test_the_agent_sees_who_calls_before_answering(site: CallSite, asterisk: Asterisk) -> None:
    """Name from SOAP and open orders from OData while the phone rings; then answered, hung up, logged and streamed."""
    async with (
        site.api.events(after=None) as stream,
        site.desk("alice") as desk,
        Phone(asterisk, "1001") as phone,
        Trunk(asterisk) as trunk,
    ):
        await expect(desk.testid("idle")).to_be_visible()
        caller = await trunk.call(MARIA.number, name=MARIA.line_name, to=SUPPORT)
        ringing = await phone.rings()

        await expect(desk.testid("pop-state")).to_have_attribute("data-state", "ringing")
        await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        await expect(desk.testid("pop-source")).to_contain_text(SERVICE_CLOUD_TITLE)
        await expect(desk.testid("pop-queue")).to_contain_text("support")
        orders = desk.testid("order")
        await expect(orders).to_have_count(len(MARIA.orders))
        for number in orders_of([MARIA]):
            order = orders.filter(has_text=number)
            await expect(order).to_have_count(1)
            await expect(order).to_contain_text(SAP_TITLE)
        await expect(desk.testid("case")).to_contain_text(MARIA.incidents[0].subject)
        call = await site.live_call()
        assert_still_ringing(ringing, call, "alice")
        await expect(desk.testid("pop")).to_have_attribute("data-call", call.id)
        assert (MARIA.number, "support", "main") == (call.caller.e164, call.queue, call.pbx)

        await ringing.answer()
        await expect(desk.testid("pop-state")).to_have_attribute("data-state", "connected")
        await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        talking = await site.live_call()
        assert ConnectionState.CONNECTED is part_of(talking, "alice").state

        await caller.hang_up()
        assert "far-end" == await ringing.cleared()
        await expect(desk.testid("pop")).to_have_count(0)
        row = desk.page.locator(f'[data-testid="log-row"][data-call="{call.id}"]')
        await expect(row).to_contain_text(MARIA_NAME_IN_SERVICE_CLOUD)
        await expect(row).to_contain_text("Answered")

        cleared = await stream.until(call.id, CallEventKind.CLEARED)
        assert (Outcome.ANSWERED, Cause.NORMAL_CLEARING) == (cleared.call.outcome, cleared.cause)
        assert [
            CallEventKind.QUEUED,
            CallEventKind.DELIVERED,
            CallEventKind.ESTABLISHED,
            CallEventKind.CLEARED,
        ] == stream.kinds(call.id)
        for event in stream.of_call(call.id):
            assert ("/pbx/main", call.id, call.id) == (event.source, event.subject, event.partitionkey)
            assert isinstance(event.data, CallEvent)
            assert (call.id, f"cti.call.{event.data.kind}") == (event.data.call.id, event.type)
        learned = await stream.until_type(EventType.CUSTOMER_CONTEXT_UPDATED, subject=call.id)
        assert isinstance(learned.data, CustomerContext)
        assert {"service_cloud": AnswerState.FOUND, "sap": AnswerState.FOUND} == {
            answer.connector: answer.state for answer in learned.data.answers
        }
        assert [event.id for event in stream.events] == [line["id"] for line in stream.lines]

    entry = (await site.api.call_log("?limit=1"))[0]
    assert (call.id, ("alice",), ("alice",)) == (entry.call.id, entry.agents, entry.answered_by)
    assert Outcome.ANSWERED is entry.call.outcome
    assert [] == await site.api.calls()
    lines = [line for line in site.hub.log_lines() if line.get("call_id") == call.id]
    assert ["queued", "delivered", "established", "cleared"] == [
        line["step"] for line in lines if line["event"] == "call"
    ]

"""What nobody gets by a command that they may give: on a real Asterisk, by the HTTP API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from hub.domain.call import ConnectionState, Direction
from hub.domain.control import Refusal
from tests.scenarios.control_site import ControlSite, running_control_site, state_of
from tests.servers.asterisk import Asterisk
from tests.servers.sipp import DiallingPhone, Phone, Trunk
from tests.servers.terse import Outside

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALICE = "493023125001"
CALLER = "+4989123456"
CUSTOMER = "+4989123457"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def control(asterisk: Asterisk, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlSite]:
    """Run a hub with three agents and a supervisor."""
    async with running_control_site(tmp_path_factory.mktemp("rights"), asterisk) as site:
        yield site


async def test_nobody_listens_in_by_picking_the_supervisors_phone_up(control: ControlSite, asterisk: Asterisk) -> None:
    """What the hub rings a phone for is its agent's own: picked up it would make a supervisor of anybody."""
    async with (
        Phone(asterisk, "1001") as phone,
        Phone(asterisk, "1003"),
        Phone(asterisk, "1004") as ear,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call(CALLER, to=ALICE)
        own = await phone.rings()
        await own.answer()
        call_id = (await control.talking("alice")).id
        await control.done("dora", "monitor", call_id=call_id, target="alice")
        listening = await ear.rings()
        ringing = await control.call_where(
            lambda one: state_of(one, "dora") is ConnectionState.ALERTING, "dora's rings"
        )
        await control.refused(Refusal.WRONG_STATE, "chen", "pick_up", call_id=ringing.id)
        await control.done("dora", "hang_up", call_id=ringing.id)
        assert "cancelled" == await listening.cleared()
        await caller.hang_up()
        await own.cleared()
    await control.no_call()


async def test_a_call_that_rings_at_a_customers_is_not_picked_up(control: ControlSite, asterisk: Asterisk) -> None:
    """It rings at nobody of the house: who dialled would talk with a colleague instead."""
    async with Phone(asterisk, "1001") as phone, Phone(asterisk, "1003"), Outside(asterisk) as outside:
        await control.done("alice", "dial", to=CUSTOMER)
        own = await phone.rings()
        await own.answer()
        (await outside.called()).ring()
        call = await control.call_where(
            lambda one: any(c.device == "PJSIP/trunk" and c.state is ConnectionState.ALERTING for c in one.connections),
            "it rings outside",
        )
        assert Direction.OUTBOUND is call.direction
        await control.refused(Refusal.WRONG_STATE, "chen", "pick_up", call_id=call.id)
        await control.done("alice", "hang_up", call_id=call.id)
        await own.cleared()
    await control.no_call()


async def test_the_hubs_part_of_the_dialplan_lets_no_phone_listen_in(control: ControlSite, asterisk: Asterisk) -> None:
    """Even where a site lets phones dial it: ChanSpy without a channel's name would be one to all calls."""
    await asyncio.to_thread(asterisk.command, "dialplan add include ctihub into from-phones")
    try:
        async with Phone(asterisk, "1001") as phone, DiallingPhone(asterisk, "1003") as keys, Trunk(asterisk) as trunk:
            caller = await trunk.call(CALLER, to=ALICE)
            own = await phone.rings()
            await own.answer()
            await control.talking("alice")
            curious = await keys.dial("monitor")
            assert "403" == await curious.cleared()
            await caller.hang_up()
            await own.cleared()
    finally:
        await asyncio.to_thread(asterisk.command, "dialplan remove include ctihub from from-phones")
    await control.no_call()

"""After the call: what the agent writes down is an activity in SAP, once, and stands there at the next call."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.conformance.systems.documented import WHOLE, documented
from tests.conformance.systems.servers.sap_s4hana import S4Hana
from tests.scenarios.call_site import CallSite, asterisk_section, running_site
from tests.servers.asterisk import Asterisk
from tests.servers.record import SUPPORT
from tests.servers.sipp import Phone, Trunk

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sap() -> AsyncIterator[S4Hana]:
    """Run a SAP S/4HANA that keeps what is written."""
    server = S4Hana()
    await server.start()
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sap_site(
    sap: S4Hana, asterisk: Asterisk, shared_browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CallSite]:
    """Run a hub between Asterisk and that SAP, configured as SAP's page documents it."""
    connector = {**documented("sap_s4hana", WHOLE, sap.environment), **sap.place}
    sections = {"pbx": asterisk_section(asterisk), "connectors": {"sap": connector}}
    environment = {**sap.environment, "AMI_SECRET": asterisk.ami_secret}
    folder = tmp_path_factory.mktemp("wrap-up")
    async with running_site(folder, shared_browser, sections=sections, environment=environment) as running:
        yield running


async def test_what_the_agent_writes_down_is_in_sap_once(sap_site: CallSite, sap: S4Hana, asterisk: Asterisk) -> None:
    """Note, result and a new case are written for that customer; at the next call the agent sees what was said."""
    async with (
        sap_site.desk("alice") as desk,
        Phone(asterisk, "1001") as phone,
        Trunk(asterisk) as trunk,
    ):
        caller = await trunk.call(sap.known.phone, name="", to=SUPPORT)
        ringing = await phone.rings()
        await ringing.answer()
        await expect(desk.testid("pop-name")).to_have_text(sap.known.name)
        call = await sap_site.live_call()
        await desk.testid("note-open").click()
        await desk.testid("note").fill("Pump replaced, customer tests it")
        await desk.testid("disposition").select_option("Call back")
        await desk.testid("new-case").fill("Test of the new pump")
        await caller.hang_up()
        await ringing.cleared()
        await expect(desk.testid("pop")).to_have_count(0)

        await desk.testid("note-save").click()
        await expect(desk.testid("saved")).to_contain_text("Saved in SAP")
        written = sorted(one for one in sap.written if one.interaction.startswith(call.id))
        assert ["activity", "case"] == [one.kind for one in written]
        assert {sap.known.id} == {one.customer for one in written}
        assert call.id == written[0].interaction
        assert "Pump replaced, customer tests it" in written[0].text
        await desk.testid("note-close").click()

        await trunk.call(sap.known.phone, name="", to=SUPPORT)
        again = await phone.rings()
        await expect(desk.testid("interaction").first).to_contain_text("Test of the new pump")
        await again.reject()

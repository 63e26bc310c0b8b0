"""Who may be calling: nobody known, nobody at all, several at once, and those who send what is no number."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from hub.domain.call import CallEventKind
from hub.domain.customer import CustomerContext
from hub.domain.event import EventType
from tests.scenarios.backends import (
    MARIA,
    MARIA_NAME_IN_SERVICE_CLOUD,
    PARTNERS_WITH_ONE_NUMBER,
    SHARED_NUMBER,
    Backends,
)
from tests.scenarios.call_site import CallSite, is_alerting
from tests.servers.asterisk import Asterisk
from tests.servers.record import ALICE, SUPPORT
from tests.servers.sipp import Phone, Trunk

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_anonymous_caller_pops_and_nobody_is_asked(
    site: CallSite, asterisk: Asterisk, backends: Backends
) -> None:
    """Withheld by RFC 3323: the page says anonymous, and no backend gets a question."""
    asked_before = len(backends.sap_questions)
    async with site.desk("alice") as desk, Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call("", to=SUPPORT)
        await phone.rings()
        await expect(desk.testid("pop-name")).to_have_text("Anonymous caller")
        await expect(desk.testid("system")).to_have_count(0)
        call = await site.live_call()
        assert (True, None) == (call.caller.anonymous, call.caller.e164)
        assert is_alerting(call, "alice")
        await caller.hang_up()
        await site.no_live_call()
    assert asked_before == len(backends.sap_questions)


async def test_a_caller_whom_nobody_knows_is_said_to_be_unknown(site: CallSite, asterisk: Asterisk) -> None:
    """Both systems were asked and say so; the name that the network sent is shown as unverified."""
    async with site.desk("alice") as desk, Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call("+494066969123", name="Hamburg", to=SUPPORT)
        await phone.rings()
        await expect(desk.testid("pop-name")).to_have_text("Unknown caller")
        await expect(desk.testid("pop-number")).to_have_text("+49 40 66969123")
        await expect(desk.testid("pop-hint")).to_contain_text("not verified: Hamburg")
        systems = desk.testid("system")
        await expect(systems).to_have_count(2)
        for number in range(2):
            await expect(systems.nth(number)).to_have_attribute("data-state", "not_found")
        await caller.hang_up()
        await site.no_live_call()


async def test_who_waits_is_known_before_any_phone_rings(
    site: CallSite, asterisk: Asterisk, backends: Backends
) -> None:
    """The backends are asked as the caller enters the queue, though nobody is there; not again when a phone rings."""
    async with site.desk("alice") as desk, Trunk(asterisk) as trunk, site.api.events(after=None) as stream:
        caller = await trunk.call(MARIA.number, name=MARIA.line_name, to=SUPPORT)
        waiting = await site.live_call()
        learned = await stream.until_type(EventType.CUSTOMER_CONTEXT_UPDATED, subject=waiting.id)
        assert isinstance(learned.data, CustomerContext)
        assert learned.data.customer is not None
        assert MARIA_NAME_IN_SERVICE_CLOUD == learned.data.customer.display_name
        await stream.until(waiting.id, CallEventKind.QUEUED)
        assert [CallEventKind.QUEUED] == stream.kinds(waiting.id)
        await expect(desk.testid("pop")).to_have_count(0)
        asked = len(backends.sap_questions)
        async with Phone(asterisk, "1001") as phone:
            await phone.rings()
            await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
            await caller.hang_up()
            await site.no_live_call()
        assert asked == len(backends.sap_questions)


async def test_a_number_in_the_sites_national_form_is_the_same_customer(site: CallSite, asterisk: Asterisk) -> None:
    """A carrier that sends 030... in place of +4930... costs nobody their name."""
    async with site.desk("alice") as desk, Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call(MARIA.number.replace("+49", "0"), to=SUPPORT)
        await phone.rings()
        await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
        assert MARIA.number == (await site.live_call()).caller.e164
        await caller.hang_up()
        await site.no_live_call()


async def test_several_customers_with_one_number_are_all_shown(site: CallSite, asterisk: Asterisk) -> None:
    """Two partners of SAP share a number: the agent sees both by name, is told to ask, and picks one."""
    async with site.desk("alice") as desk, Phone(asterisk, "1001") as phone, Trunk(asterisk) as trunk:
        caller = await trunk.call(SHARED_NUMBER, to=SUPPORT)
        await phone.rings()
        await expect(desk.testid("candidate")).to_have_count(2)
        names = await desk.testid("candidate-name").all_text_contents()
        assert {partner.full_name for partner in PARTNERS_WITH_ONE_NUMBER} == set(names)
        await expect(desk.testid("pop-hint")).to_contain_text("2 customers have this number")
        await desk.testid("choose").nth(1).click()
        chosen = next(partner for partner in PARTNERS_WITH_ONE_NUMBER if partner.full_name == names[1])
        await expect(desk.testid("details")).to_contain_text(chosen.email)
        await caller.hang_up()
        await site.no_live_call()


@pytest.mark.parametrize(
    ("number", "name"),
    [
        pytest.param("alice.smith", "", id="letters"),
        pytest.param("9" * 200, "", id="200-digits"),
        pytest.param("x" * 200, "y" * 300, id="200-letters"),
        pytest.param("%3Cscript%3Ewindow.x%3D1%3C%2Fscript%3E", "<script>alert(1)</script>", id="script"),
        pytest.param("%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", "<img src=x onerror=alert(1)>", id="image"),
        pytest.param("1%0D%0AEvent%3A%20Hangup%0D%0A%0D%0A", "a%0D%0Ab", id="line-breaks"),
        pytest.param("+49%00301234", "nul\\0", id="nul"),
        pytest.param("%27%20OR%20%271%27%3D%271", "' OR 1=1 --", id="quotes"),
        pytest.param("49301234567*)(uid=*", "${jndi:ldap://x/}", id="other-languages"),
    ],
)
async def test_what_is_no_number_pops_all_the_same(site: CallSite, asterisk: Asterisk, number: str, name: str) -> None:
    """Whatever a trunk sends as its caller rings, pops as mere text, ends in the log, and hurts nothing."""
    async with (
        site.api.events(after=None) as stream,
        site.desk("alice") as desk,
        Phone(asterisk, "1001") as phone,
        Trunk(asterisk) as trunk,
    ):
        await trunk.call(number, name=name, to=ALICE)
        ringing = await phone.rings()
        await expect(desk.testid("pop-state")).to_have_attribute("data-state", "ringing")
        call = await site.live_call()
        assert is_alerting(call, "alice")
        assert None is call.caller.e164
        assert len(call.caller.raw) <= 64
        assert call.caller.raw.isprintable()
        assert call.caller_name.isprintable()
        assert 0 == await desk.page.locator("article script, article img").count()
        assert [] == await site.api.problems()
        await ringing.answer()
        await expect(desk.testid("pop-state")).to_have_attribute("data-state", "connected")
        await ringing.hang_up()
        await stream.until(call.id, CallEventKind.CLEARED)
        assert [CallEventKind.DELIVERED, CallEventKind.ESTABLISHED, CallEventKind.CLEARED] == stream.kinds(call.id)
        await expect(desk.page.locator(f'[data-testid="log-row"][data-call="{call.id}"]')).to_have_count(1)

"""A backend that misbehaves costs its own card a notice: not the pop, not the other backend's data, no other call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, expect

from hub.demo.site import Site
from tests.scenarios.backends import LI_WEI, MARIA, MARIA_NAME_IN_SERVICE_CLOUD, orders_of
from tests.scenarios.call_site import Desk
from tests.scenarios.simulated_site import SimulatedSite, simulated_site

pytestmark = pytest.mark.asyncio(loop_scope="session")

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>&b;</e:Body></e:Envelope>'
)
_EXTERNAL = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY s SYSTEM "file:///etc/passwd">]>'
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>&s;</e:Body></e:Envelope>'
)
_FAULT = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
    "<faultcode>e:Server</faultcode><faultstring>The database is being reorganised</faultstring>"
    "</e:Fault></e:Body></e:Envelope>"
)
_ODATA_ERROR = '{"error": {"code": "X/1", "message": {"lang": "en", "value": "The client is locked"}}}'
_HUGE_BYTES = 50 * 1024 * 1024


def says(text: str, content_type: str, status: int = 200) -> Answer:
    """Answer everything with this."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(text=text, content_type=content_type, status=status)

    return answer


async def is_slow(_request: web.Request) -> web.StreamResponse:
    """Answer long after the budget."""
    await asyncio.sleep(30)
    raise web.HTTPGatewayTimeout


async def is_huge(request: web.Request) -> web.StreamResponse:
    """Send 50 MB, as fast as they are taken."""
    response = web.StreamResponse()
    await response.prepare(request)
    block = b" " * 65_536
    for _ in range(_HUGE_BYTES // len(block)):
        await response.write(block)
    return response


async def hangs_up(request: web.Request) -> web.StreamResponse:
    """Close the connection in place of an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def stops_in_the_middle(request: web.Request) -> web.StreamResponse:
    """Announce more than comes."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"d": {"results": [')
    assert request.transport is not None
    request.transport.abort()
    return response


@dataclass(frozen=True)
class Place:
    """One hub for all of these, with two agents at their desks: what a backend did must not be felt by the next."""

    simulated: SimulatedSite
    alice: Desk
    bob: Desk


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running_place(shared_browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """Run it."""
    async with (
        simulated_site(
            tmp_path_factory.mktemp("backends"),
            shared_browser,
            users=("alice", "bob"),
            # What they once said would stand in for one that is down: here nothing of them is known.
            sections={"context": {"cache_s": 0, "remember": {"not_of": ["sap", "service_cloud"]}}},
        ) as simulated,
        simulated.site.desk("alice") as alice,
        simulated.site.desk("bob") as bob,
    ):
        yield Place(simulated, alice, bob)


@pytest_asyncio.fixture(loop_scope="session")
async def place(running_place: Place) -> AsyncIterator[Place]:
    """Leave no call behind, whatever a test has come to."""
    yield running_place
    await running_place.simulated.quiet()


@asynccontextmanager
async def misbehaving(site: Site, answer: Answer | None) -> AsyncIterator[None]:
    """Put something in a backend's place that answers everything this way; None is nothing at all."""
    await site.stop()

    def app() -> web.Application:
        application = web.Application()
        application.router.add_route("*", "/{anything:.*}", answer or is_slow)
        return application

    instead = Site(app, port=site.port)
    if answer is not None:
        await instead.start()
    try:
        yield
    finally:
        await instead.stop()
        await site.start()


async def only_its_card_suffers(place: Place, connector: str, answer: Answer | None, problem: str) -> None:
    """Misbehave while Maria calls Alice, and Bob talks with Li Wei."""
    simulated, desk, colleague = place.simulated, place.alice, place.bob
    backend = simulated.backends.sap if connector == "sap" else simulated.backends.service_cloud
    exchange = simulated.exchange
    talking = simulated.talks(LI_WEI.number, "bob")
    await expect(colleague.testid("pop-name")).to_have_text(LI_WEI.full_name)
    async with misbehaving(backend, answer):
        call = simulated.rings(MARIA.number, "alice")
        system = desk.page.locator(f'[data-testid="system"][data-system="{connector}"]')
        await expect(system).to_have_attribute("data-state", "failed")
        await expect(system.get_by_test_id("notice")).to_have_attribute("data-problem", problem)
        await expect(desk.testid("notice")).to_have_count(1)
        if connector == "sap":
            await expect(desk.testid("pop-name")).to_have_text(MARIA_NAME_IN_SERVICE_CLOUD)
            await expect(desk.testid("case")).to_contain_text(MARIA.incidents[0].subject)
        else:
            await expect(desk.testid("pop-name")).to_have_text(MARIA.full_name)
            await expect(desk.testid("order")).to_have_count(len(orders_of([MARIA])))
        await expect(desk.testid("pop-state")).to_have_attribute("data-state", "ringing")
        await expect(colleague.testid("pop-name")).to_have_text(LI_WEI.full_name)
        exchange.ends(*talking)
        await expect(colleague.testid("pop")).to_have_count(0)
        exchange.answer(*call)
        await expect(desk.testid("pop-state")).to_have_attribute("data-state", "connected")
        exchange.ends(*call)
        await expect(desk.testid("pop")).to_have_count(0)

    # Well again, it is asked again: nothing of its bad time sticks to the number.
    simulated.rings(MARIA.number, "alice")
    await expect(desk.page.locator('[data-testid="system"][data-state="found"]')).to_have_count(2)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(None, "unreachable", id="down"),
        pytest.param(hangs_up, "unreachable", id="hangs-up"),
        pytest.param(is_slow, "timeout", id="slow"),
        pytest.param(is_huge, "too_large", id="50-MB"),
        pytest.param(stops_in_the_middle, "malformed", id="half-an-answer"),
        pytest.param(says("<html><h1>Maintenance</h1></html>", "text/html"), "malformed", id="html"),
        pytest.param(says("<html><h1>Bad Gateway</h1></html>", "text/html", 502), "unreachable", id="html-502"),
        pytest.param(says("<html>Logon failed</html>", "text/html", 401), "refused", id="html-401"),
        pytest.param(says("{}", "application/json", 429), "throttled", id="429"),
        pytest.param(says("[" * 100_000, "application/json"), "malformed", id="deep"),
        pytest.param(says(_ODATA_ERROR, "application/json", 400), "fault", id="odata-error"),
    ],
)
async def test_a_sap_that_misbehaves_costs_its_own_card(place: Place, answer: Answer | None, problem: str) -> None:
    """Down, slow, wrong or endless: a notice in SAP's place, Service Cloud's data, other calls as ever."""
    await only_its_card_suffers(place, "sap", answer, problem)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        pytest.param(None, "unreachable", id="down"),
        pytest.param(is_slow, "timeout", id="slow"),
        pytest.param(is_huge, "too_large", id="50-MB"),
        pytest.param(says("<html><h1>Maintenance</h1></html>", "text/html"), "malformed", id="html"),
        pytest.param(says("<html><h1>Bad Gateway</h1></html>", "text/html", 502), "unreachable", id="html-502"),
        pytest.param(says(_FAULT, "text/xml", 500), "fault", id="soap-fault"),
        pytest.param(says(_BOMB, "text/xml"), "malformed", id="entity-bomb"),
        pytest.param(says(_EXTERNAL, "text/xml"), "malformed", id="external-entity"),
    ],
)
async def test_a_service_cloud_that_misbehaves_costs_its_own_card(
    place: Place, answer: Answer | None, problem: str
) -> None:
    """Down, slow, a fault, a DTD: a notice in Service Cloud's place, SAP's name and orders, other calls as ever."""
    await only_its_card_suffers(place, "service_cloud", answer, problem)

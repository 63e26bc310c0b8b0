"""A whole site: the real hub as a process, agents who sign in with a browser, and the systems around them."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page

from hub.domain.call import Call, Connection, ConnectionState
from tests.browser.conftest import Violations, enter
from tests.scenarios.backends import SAP_CUSTOMERS
from tests.scenarios.hub_api import HubApi
from tests.scenarios.hub_process import HubProcess
from tests.servers.asterisk import Asterisk
from tests.waiting import eventually, eventually_asked

AGENTS = {"alice": ("Alice Weber", "1001"), "bob": ("Bob Kramer", "1002"), "chen": ("Chen Jie", "1003")}
"""Who takes calls: name, and number of the phone."""


@dataclass
class Desk:
    """An agent's page, and every frame that its WebSocket has brought."""

    page: Page
    context: BrowserContext
    frames: list[str]

    def testid(self, name: str) -> Any:
        """Return what the page marks with that test id."""
        return self.page.get_by_test_id(name)


class CallSite:
    """A hub that runs, and its agents. `hub` may be killed and started again."""

    def __init__(self, hub: HubProcess, browser: Browser) -> None:
        self.hub = hub
        self.api = HubApi(hub.url, hub.token)
        self.passwords = {agent: secrets.token_urlsafe(9) for agent in AGENTS}
        self._browser = browser

    @asynccontextmanager
    async def desk(self, agent: str) -> AsyncIterator[Desk]:
        """Sign an agent in with a browser of their own, with the form; no script fails there while the block lasts."""
        async with AsyncExitStack() as stack:
            context = await self._browser.new_context(locale="en-GB")
            stack.push_async_callback(context.close)
            page = await context.new_page()
            violations = Violations()
            violations.watch(page)
            frames: list[str] = []
            page.on("websocket", lambda socket: socket.on("framereceived", lambda data: frames.append(str(data))))
            await page.goto(self.hub.url)
            await enter(page, self.passwords[agent], agent)
            await page.get_by_test_id("agent-name").filter(has_text=AGENTS[agent][0]).wait_for()
            await eventually(lambda: frames, "the desk's first frame")
            yield Desk(page, context, frames)
            assert [] == violations.seen

    async def live_call(self, within: float = 10.0) -> Call:
        """Return the one call there is, waited for if need be."""
        found: list[Call] = []

        async def one_is_there() -> bool:
            found[:] = await self.api.calls()
            return len(found) == 1

        await eventually_asked(one_is_there, "one live call", within)
        return found[0]

    async def no_live_call(self, within: float = 10.0) -> None:
        """Return when all calls are over."""

        async def none_is_there() -> bool:
            return not await self.api.calls()

        await eventually_asked(none_is_there, "no live call", within)


def part_of(call: Call, agent: str) -> Connection:
    """Return an agent's newest part in a call."""
    return [connection for connection in call.connections if connection.agent == agent][-1]


def is_alerting(call: Call, agent: str) -> bool:
    """Whether that agent's phone rings in this call."""
    return part_of(call, agent).state is ConnectionState.ALERTING


def asterisk_section(asterisk: Asterisk, **changes: Any) -> dict[str, Any]:
    """Return the section `pbx` for a real Asterisk; its secret is ${AMI_SECRET}."""
    return pbx_section(asterisk.ami_port, **changes)


def pbx_section(port: int, /, **changes: Any) -> dict[str, Any]:
    """Return the section `pbx` for whatever speaks AMI on that port; it is tried again after a short while."""
    return {
        "main": {
            "host": "127.0.0.1",
            "port": port,
            "username": "hub",
            "secret": "${AMI_SECRET}",
            "trunks": ["PJSIP/trunk"],
            "reconnect_min_s": 0.1,
            "reconnect_max_s": 0.5,
            **changes,
        }
    }


def agents_section() -> dict[str, Any]:
    """Return the section `agents`."""
    return {agent: {"name": name, "devices": [f"PJSIP/{phone}"]} for agent, (name, phone) in AGENTS.items()}


@asynccontextmanager
async def running_site(
    folder: Path,
    browser: Browser,
    *,
    sections: Mapping[str, Any],
    environment: Mapping[str, str],
    users: tuple[str, ...] = ("alice",),
    until: str = "/readyz",
) -> AsyncIterator[CallSite]:
    """Run a hub with these sections besides `agents`, and let these users sign in.

    At the end no exception, no secret and no customer's number is in its log, and it ends when asked to.
    """
    hub = HubProcess(folder, {"agents": agents_section(), **sections}, environment)
    site = CallSite(hub, browser)
    for user in users:
        await hub.add_user(user, site.passwords[user])
    try:
        await hub.start(until=until)
        yield site
        hub.stop()
        hub.assert_clean_log(*(customer.number for customer in SAP_CUSTOMERS))
    finally:
        hub.kill()

"""A whole site on loopback: a simulated PBX and a simulated SAP here, the real hub as a process of its own."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import aiohttp

from hub.demo.pbx.exchange import Exchange
from hub.demo.pbx.manager import ManagerServer
from hub.demo.people import CALLERS, Caller, sap_services
from hub.demo.sap.server import SimulatedSap
from hub.demo.site import Site
from hub.desk.user_store import Session, UserStore
from tests.bench.page import AgentPage
from tests.servers.ports import free_tcp_port
from tests.servers.process import OwnedProcess
from tests.waiting import eventually

FIRST_EXTENSION = 1001
_LOOKUPS_WITHIN_S = 30.0
_FOUND = 'ctihub_lookup_seconds_count{connector="sap",outcome="found"}'
_SESSION_S = 3600.0
_PAGES_OPENED_AT_ONCE = 50
_CONFIG = """\
hub: {{listen: "127.0.0.1:{hub_port}", region: DE}}
store: {{url: "sqlite:///{folder}/ctihub.db"}}
pbx:
  main: {{host: 127.0.0.1, port: {pbx_port}, username: hub, secret: "${{AMI_SECRET}}", trunks: [PJSIP/trunk]}}
agents:
{agents}
connectors:
  sap:
    kind: odata
    preset: sap_s4hana
    title: SAP S/4HANA
    url: {sap_url}/sap/opu/odata/sap
    auth: {{type: basic, username: CTIHUB, password: "${{SAP_PASSWORD}}"}}
    max_concurrent: 200
context: {{cache_s: {cache_s}, budget_s: 5}}
"""


def callers(count: int) -> list[Caller]:
    """Return that many customers of SAP, each with a number, a name and orders of their own."""
    return [
        dataclasses.replace(
            CALLERS[0],
            number=f"+49302312{5000 + number}",
            last_name=f"Huber{number}",
            partner=str(2_000_000 + number),
            orders=tuple(dataclasses.replace(order, number=f"{order.number}{number}") for order in CALLERS[0].orders),
        )
        for number in range(count)
    ]


class BenchSite:
    """`async with BenchSite(...)`: the hub runs, is ready, and `agents` agents may open their pages.

    `backend_delay` is what each request to the SAP takes, in seconds; it may be changed at any time.
    """

    def __init__(self, *, agents: int, known: list[Caller], cache_s: float) -> None:
        self.agents = [f"agent{FIRST_EXTENSION + number}" for number in range(agents)]
        self.devices = {agent: f"PJSIP/{agent.removeprefix('agent')}" for agent in self.agents}
        self.exchange = Exchange(queue="support", members={device: agent for agent, device in self.devices.items()})
        self.backend_delay = 0.0
        self.backend_requests = 0
        self._known = known
        self._cache_s = cache_s
        self._stack = AsyncExitStack()
        self._tokens = {agent: secrets.token_urlsafe(32) for agent in self.agents}
        self._port = free_tcp_port()

    async def __aenter__(self) -> Self:
        """Start everything."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop everything and leave nothing behind."""
        await self._stack.aclose()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def hub_pid(self) -> int:
        return self._hub.pid

    def hub_warnings(self) -> str:
        """Return what the hub has logged as a warning or worse, the end of it."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join([line for line in lines if '"level": "info"' not in line][-20:])

    async def open_pages(self, agents: list[str]) -> dict[str, AgentPage]:
        """Open these agents' pages; return once each has been greeted."""
        pages: dict[str, AgentPage] = {}
        for agent in agents:
            page = pages[agent] = await AgentPage.open("127.0.0.1", self._port, f"ctihub={self._tokens[agent]}")
            self._stack.callback(page.close)
            if len(pages) % _PAGES_OPENED_AT_ONCE == 0:
                await eventually(lambda: all(page.frames for page in pages.values()), "every page greeted")
        await eventually(lambda: all(page.frames for page in pages.values()), "every page greeted")
        return pages

    async def metrics(self) -> dict[str, float]:
        """Return the hub's own metrics, by name with labels."""
        async with aiohttp.ClientSession() as client, client.get(f"{self.url}/metrics") as reply:
            reply.raise_for_status()
            lines = (await reply.text()).splitlines()
        samples = (line.rpartition(" ") for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    async def all_found(self, count: int) -> None:
        """Wait until the hub has found that many callers in the SAP. Raises RuntimeError when it does not."""
        deadline = time.monotonic() + _LOOKUPS_WITHIN_S
        while (await self.metrics()).get(_FOUND, 0) < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the hub did not find {count} callers in time:\n{self.hub_warnings()}")
            await asyncio.sleep(0.05)

    async def _start(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="ctihub-bench-"))
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        passwords = {"AMI_SECRET": secrets.token_urlsafe(16), "SAP_PASSWORD": secrets.token_urlsafe(16)}
        pbx = ManagerServer(self.exchange, username="hub", secret=passwords["AMI_SECRET"])
        await pbx.start()
        self._stack.push_async_callback(pbx.stop)
        sap = SimulatedSap(
            sap_services(datetime.now(UTC).date(), self._known),
            username="CTIHUB",
            password=passwords["SAP_PASSWORD"],
            delay=self._delay,
        )
        sap_site = Site(sap.app)
        await sap_site.start()
        self._stack.push_async_callback(sap_site.stop)
        config = folder / "ctihub.yaml"
        agents = (f'  {agent}: {{name: {agent}, devices: ["{device}"]}}' for agent, device in self.devices.items())
        config.write_text(
            _CONFIG.format(
                hub_port=self._port,
                folder=folder,
                pbx_port=pbx.port,
                sap_url=sap_site.url,
                agents="\n".join(agents),
                cache_s=self._cache_s,
            ),
            encoding="utf-8",
        )
        self._sign_everyone_in(folder / "ctihub.db")
        await self._start_hub(config, folder / "hub.log", passwords)

    def _delay(self, _expression: str) -> float:
        self.backend_requests += 1
        return self.backend_delay

    def _sign_everyone_in(self, store: Path) -> None:
        """Open the sessions in the store: hashing every agent's password would take longer than the bench."""
        now = time.time()
        with UserStore(str(store)) as users:
            for agent, token in self._tokens.items():
                users.save(agent, "no password fits this")
                session = Session(
                    id=hashlib.sha256(token.encode()).hexdigest(), agent=agent, expires_at=now + _SESSION_S
                )
                if not users.open_session(session, now=now, verified_hash="no password fits this"):
                    raise RuntimeError(f"{agent} could not be signed in")

    async def _start_hub(self, config: Path, output: Path, passwords: Mapping[str, str]) -> None:
        self._log = output
        self._hub = OwnedProcess(
            [sys.executable, "-m", "hub", "run", "--config", str(config)], output, {**os.environ, **passwords}
        )
        self._hub.start()
        self._stack.callback(self._hub.stop)
        async with aiohttp.ClientSession() as client:
            deadline = time.monotonic() + 30
            while not await self._is_ready(client):
                self._hub.raise_if_dead()
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the hub did not become ready:\n{self._hub.output_end()}")

    async def _is_ready(self, client: aiohttp.ClientSession) -> bool:
        await asyncio.sleep(0.05)
        try:
            async with client.get(f"{self.url}/readyz") as reply:
                return reply.ok
        except aiohttp.ClientError:
            return False

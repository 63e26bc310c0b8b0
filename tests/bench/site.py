"""A whole site on loopback: a simulated PBX and a simulated SAP here, the real hub as a process of its own."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import time
from datetime import UTC, datetime

from hub.demo.pbx.exchange import Exchange
from hub.demo.pbx.manager import ManagerServer
from hub.demo.people import CALLERS, Caller, sap_services
from hub.demo.sap.server import SimulatedSap
from hub.demo.site import Site
from tests.bench.hub import BenchHub

_LOOKUPS_WITHIN_S = 30.0
_FOUND = 'ctihub_lookup_seconds_count{connector="sap",outcome="found"}'
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


class BenchSite(BenchHub):
    """`async with BenchSite(...)`: the hub runs, is ready, and `agents` agents may open their pages.

    `backend_delay` is what each request to the SAP takes, in seconds; it may be changed at any time.
    """

    def __init__(self, *, agents: int, known: list[Caller], cache_s: float) -> None:
        super().__init__(agents=agents)
        self.exchange = Exchange(queue="support", members={device: agent for agent, device in self.devices.items()})
        self.backend_delay = 0.0
        self.backend_requests = 0
        self._known = known
        self._cache_s = cache_s

    async def all_found(self, count: int) -> None:
        """Wait until the hub has found that many callers in the SAP. Raises RuntimeError when it does not."""
        deadline = time.monotonic() + _LOOKUPS_WITHIN_S
        while (await self.metrics()).get(_FOUND, 0) < count:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the hub did not find {count} callers in time:\n{self.hub_warnings()}")
            await asyncio.sleep(0.05)

    async def _set_up(self) -> None:
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
        configuration = _CONFIG.format(
            hub_port=self._port,
            folder=self._folder,
            pbx_port=pbx.port,
            sap_url=sap_site.url,
            agents=self._agents_section(),
            cache_s=self._cache_s,
        )
        await self._start_hub(configuration, passwords)

    def _delay(self, _expression: str) -> float:
        self.backend_requests += 1
        return self.backend_delay

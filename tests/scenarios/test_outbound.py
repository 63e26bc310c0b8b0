"""The whole hub: calls end on a PBX, and what a backend is to know of them is written there, whatever happens."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from hub.demo.pbx.exchange import NORMAL_CLEARING, Exchange
from hub.demo.pbx.manager import ManagerServer
from hub.domain.backend import BackendStatus
from hub.domain.wrapup import WrapUpResult
from tests.conformance.behaviour import MAPPINGS
from tests.conformance.servers.backend import KNOWN
from tests.faults.outbound_site import IMPATIENT, KeepingBackend
from tests.scenarios.call_site import agents_section, pbx_section
from tests.scenarios.hub_api import HubApi
from tests.scenarios.hub_process import HubProcess
from tests.scenarios.simulated_site import DEVICES, DIALLED, QUEUE
from tests.waiting import eventually, eventually_asked

OUTBOUND = {
    "rules": [{"on": ["cti.call.cleared"], "when": {"call.outcome": "answered"}}, {"on": ["cti.interaction.*"]}],
    "retry_min_s": 0.05,
    "retry_max_s": 0.2,
    "attempts": 2,
}


class Site:
    """A hub between a simulated PBX and a backend that keeps what it is given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.crm = KeepingBackend()
        self.exchange = Exchange(queue=QUEUE, members={device: agent for agent, device in DEVICES.items()})
        self._token = secrets.token_urlsafe(16)

    async def start(self, stack: AsyncExitStack, **more: Any) -> None:
        """Lay everything out, with `more` sections, and run it while the stack lasts."""
        await self.crm.start()
        stack.push_async_callback(self.crm.stop)
        password = secrets.token_urlsafe(12)
        manager = ManagerServer(self.exchange, username="hub", secret=password)
        await manager.start()
        stack.push_async_callback(manager.stop)
        mapping = self.folder / "mappings/customer.yaml"
        mapping.parent.mkdir()
        mapping.write_text((MAPPINGS / "customer.yaml").read_text())
        connector = {**self.crm.config(), **IMPATIENT, "outbound": OUTBOUND}
        connector["writes"] = {"activity": connector["writes"]["note"], **connector["writes"]}
        sections = {
            "agents": agents_section(),
            "pbx": pbx_section(manager.port),
            "connectors": {"crm": connector},
            "context": {"cache_s": 0},
            "inbound": {"shop": {"mapping": "feeds/order_shipped"}},
            "auth": {
                "tokens": {
                    "tests": "${API_TOKEN}",
                    "dialler": {"token": "${DIALLER_TOKEN}", "may": ["read", "control", "publish"], "feeds": ["shop"]},
                }
            },
            **more,
        }
        self.hub = HubProcess(self.folder, sections, {"AMI_SECRET": password, "DIALLER_TOKEN": self._token})
        self.api = HubApi(self.hub.url, self.hub.token)
        await self.hub.start()
        stack.callback(self.hub.stop)

    async def call(self) -> str:
        """Let the customer talk with Alice, and hang up; return the call's id once it is in the log."""
        before = {entry.call.id for entry in await self.api.call_log()}
        caller = self.exchange.call_arrives(number=KNOWN.phone, name="", dialled=DIALLED)
        self.exchange.join_queue(caller)
        phone = self.exchange.ring(caller, DEVICES["alice"])
        self.exchange.answer(caller, phone)
        self.exchange.hang_up(caller, NORMAL_CLEARING)
        found: list[str] = []

        async def is_logged() -> bool:
            found[:] = [entry.call.id for entry in await self.api.call_log() if entry.call.id not in before]
            return bool(found)

        await eventually_asked(is_logged, "the call in the log")
        return found[0]

    async def wrap_up(self, call_id: str, note: str) -> WrapUpResult:
        headers = {"Authorization": f"Bearer {self._token}"}
        body = {"id": "w1", "note": note, "agent": "alice"}
        async with (
            aiohttp.ClientSession(headers=headers) as client,
            client.post(f"{self.hub.url}/api/v1/calls/{call_id}/wrap-up", json=body) as reply,
        ):
            assert 200 == reply.status, await reply.text()
            return msgspec.json.decode(await reply.read(), type=WrapUpResult)

    async def ship(self, number: str) -> str:
        """Have the shop say that an order of the customer's was shipped; return by what the backend knows that."""
        body = {
            "orderNumber": number,
            "shippedAt": "2026-03-01T10:00:00Z",
            "tracking": "1Z",
            "customer": {"phone": KNOWN.phone},
        }
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {self._token}"}) as client,
            client.post(f"{self.hub.url}/api/v1/inbound/shop", json=body) as reply,
        ):
            assert 202 == reply.status, await reply.text()
        return f"shop:shipped-{number}-1Z"

    async def status(self) -> BackendStatus:
        _, body = await self.api.get("/api/v1/connectors")
        [status] = msgspec.json.decode(body, type=list[BackendStatus])
        return status

    async def metric(self, name: str) -> float:
        _, body = await self.api.get("/metrics")
        [line] = [line for line in body.decode().splitlines() if line.startswith(f"{name}{{")]
        return float(line.rpartition(" ")[2])


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Run one; nothing of the customer is in its log at the end."""
    async with AsyncExitStack() as stack:
        site = Site(tmp_path)
        await site.start(stack)
        yield site
        site.hub.assert_clean_log(KNOWN.phone)


async def test_a_backend_that_is_away_gets_all(site: Site) -> None:
    """Three calls end, an order is shipped, a note is written, the hub starts again: it has all, in order, once."""
    first = await site.call()
    await eventually(lambda: site.crm.order == [first], "the first call's activity")

    await site.crm.stop()
    missed = [await site.call(), await site.call(), await site.ship("4711"), await site.call()]
    result = await site.wrap_up(missed[-1], "Pump replaced")
    assert [("crm", "note", True, "")] == [
        (saved.connector, str(saved.kind), saved.later, saved.problem) for saved in result.saved
    ]
    status = await site.status()
    assert status.waiting_since is not None
    assert status.behind > 3
    site.hub.stop()
    await site.hub.start()
    await site.crm.start()
    await eventually(lambda: len(site.crm.order) == 6, "all that was missed")
    assert [first, *missed, f"{missed[-1]}.w1"] == site.crm.order
    await eventually_asked(lambda: _nothing_waits(site), "nothing waits any more")
    assert 5 == await site.metric("ctihub_outbound_written_total")
    assert 0 == await site.metric("ctihub_outbound_waiting")


async def _nothing_waits(site: Site) -> bool:
    return (await site.status()).behind == 0


async def test_what_the_backend_refuses_is_replayed(site: Site) -> None:
    """It goes to the dead letters; once the backend takes it, `ctihub dlq replay` writes it."""
    caller = site.exchange.call_arrives(number=KNOWN.phone, name="", dialled=DIALLED)
    site.exchange.join_queue(caller)
    phone = site.exchange.ring(caller, DEVICES["alice"])
    await eventually_asked(site.api.calls, "the call")
    [live] = await site.api.calls()
    site.crm.refuses = {live.id}
    site.exchange.answer(caller, phone)
    site.exchange.hang_up(caller, NORMAL_CLEARING)
    await eventually_asked(site.api.call_log, "the call in the log")
    behind = await site.call()
    await eventually(lambda: site.crm.order == [behind], "the call behind it")

    [letter] = await _dlq(site, "list", "--json")
    assert ("/connector/crm", "activity") == (letter["origin"], letter["part"])
    assert "this account is closed" in letter["reason"]
    site.crm.refuses = set()
    await _dlq(site, "replay", letter["id"])
    assert [behind, live.id] == site.crm.order
    assert [] == await _dlq(site, "list", "--json")


async def _dlq(site: Site, *words: str) -> list[dict[str, Any]]:
    """Run `ctihub dlq` beside the hub; return the lines of JSON that it prints."""
    status, output = await site.hub.command("dlq", *words)
    assert 0 == status, output
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]

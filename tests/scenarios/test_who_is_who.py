"""A family's number, known to two systems: the agent's choice is remembered, survives a crash, and is taken back."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.demo.pbx.exchange import Exchange
from hub.demo.pbx.manager import ManagerServer
from hub.domain.customer import CustomerContext
from hub.domain.event import EventType
from hub.domain.identity import IdentityDecision
from tests.scenarios.call_site import agents_section, pbx_section
from tests.scenarios.hub_api import EventStream, HubApi
from tests.scenarios.hub_process import HubProcess
from tests.waiting import eventually

NUMBER = "+498912345678"
TOKEN = "token-of-a-supervising-desk"
MAPPING = """\
source: customers
version: 1
target: customer
fields:
  id: no
  name.full: name
  phones:
    each: phones
    fields:
      number: {from: "@", phone: true}
  emails:
    each: mails
    fields:
      address: "@"
"""
BOTH = ["Jonas Huber", "Maria Huber"]
"""As they are shown without a choice: who was told of last comes first."""
CUSTOMERS = (
    ("shop", {"no": "1", "name": "Maria Huber", "phones": [NUMBER], "mails": ["maria@example.com"]}),
    ("shop", {"no": "2", "name": "Jonas Huber", "phones": [NUMBER], "mails": []}),
    ("crm", {"no": "A9", "name": "Huber, M.", "phones": [NUMBER], "mails": ["Maria@example.com"]}),
)


@pytest.fixture
def exchange() -> Exchange:
    """Give a PBX with one agent in its queue."""
    return Exchange(queue="support", members={"PJSIP/1001": "alice"})


@pytest.fixture
async def hub(tmp_path: Path, exchange: Exchange) -> AsyncIterator[HubProcess]:
    """Run a hub to which two systems tell of their customers."""
    secret = secrets.token_urlsafe(12)
    manager = ManagerServer(exchange, username="hub", secret=secret)
    await manager.start()
    folder = tmp_path / "mappings" / "told"
    folder.mkdir(parents=True)
    (folder / "customer.yaml").write_text(MAPPING)
    sections = {
        "agents": agents_section(),
        "pbx": pbx_section(manager.port),
        "inbound": {feed: {"mapping": "told/customer"} for feed in ("shop", "crm")},
        "auth": {
            "tokens": {
                "tests": "${API_TOKEN}",
                "desk": {"token": TOKEN, "may": ["read", "control", "supervise", "publish"], "feeds": ["shop", "crm"]},
            }
        },
    }
    process = HubProcess(tmp_path, sections, {"AMI_SECRET": secret})
    await process.start()
    try:
        yield process
    finally:
        process.stop()
        await manager.stop()


async def test_a_choice_is_remembered_and_taken_back(hub: HubProcess, exchange: Exchange) -> None:
    """Two who live there, one of them in both systems: nobody is guessed, and what the agent says holds."""
    for feed, customer in CUSTOMERS:
        assert 202 == (await send(hub, "POST", f"/api/v1/inbound/{feed}", customer))[0]
    async with HubApi(hub.url, hub.token).events() as stream:
        rings(exchange)
        await eventually(lambda: shown(stream) == (BOTH, ""), "both who live there")
        first = contexts(stream)[-1]
        [maria] = [customer for customer in first.customers if customer.ids["shop"] == "1"]
        assert "A9" == maria.ids["crm"]
        assert "email" in [reason.rule for match in maria.matches for reason in match.reasons]
        meant = {"id": "it-was-maria", "kind": "meant", "records": [{"system": "crm", "id": "A9"}]}
        status, body = await send(hub, "POST", "/api/v1/identity/decisions", meant | {"call_id": first.call_id})
        assert (200, f"tel:{NUMBER}") == (status, body["decision"]["key"])
        await eventually(lambda: shown(stream) == (BOTH[::-1], "it-was-maria"), "the choice")
        decided = [one.data for one in stream.events if one.type == EventType.CUSTOMER_IDENTITY_DECIDED]
        assert ["token:desk"] == [one.by for one in decided if isinstance(one, IdentityDecision)]
    hub.kill()
    await hub.start()
    async with HubApi(hub.url, hub.token).events(after=None) as stream:
        rings(exchange)
        await eventually(lambda: shown(stream) == (BOTH[::-1], "it-was-maria"), "the choice again")
        status, body = await send(hub, "DELETE", "/api/v1/identity/decisions/it-was-maria")
        assert (200, True) == (status, body["decision"]["withdrawn"])
        await eventually(lambda: shown(stream) == (BOTH, ""), "nobody chosen")
        apart = {
            "id": "two",
            "kind": "different",
            "records": [{"system": "shop", "id": "1"}, {"system": "crm", "id": "A9"}],
        }
        assert 200 == (await send(hub, "POST", "/api/v1/identity/decisions", apart))[0]
        await eventually(lambda: len(contexts(stream)[-1].customers) == 3, "three customers")
    hub.assert_clean_log(NUMBER, "maria@example.com")


def rings(exchange: Exchange) -> None:
    exchange.join_queue(exchange.call_arrives(number=NUMBER, name="", dialled="493023125100"))


async def send(hub: HubProcess, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as client,
        client.request(method, f"{hub.url}{path}", json=body) as reply,
    ):
        return reply.status, await reply.json()


def contexts(stream: EventStream) -> list[CustomerContext]:
    of_type = EventType.CUSTOMER_CONTEXT_UPDATED
    return [one.data for one in stream.events if one.type == of_type and isinstance(one.data, CustomerContext)]


def shown(stream: EventStream) -> tuple[list[str], str]:
    """Return the customers' names in the newest context, and by which decision the first is meant."""
    told = contexts(stream)
    if not told:
        return [], ""
    chosen = told[-1].chosen
    return [customer.display_name for customer in told[-1].customers], chosen.decision if chosen else ""

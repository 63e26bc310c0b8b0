"""The whole hub and one customer's privacy: seen by role, written down, exported and erased while it runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from hub.domain.callback import Callback
from hub.domain.change import CustomerChange
from hub.domain.event import ERASED, CustomerErased, EventType
from hub.domain.identity import RecordRef
from tests.scenarios.hub_api import HubApi
from tests.scenarios.hub_process import HubProcess

MAPPING = """
source: a CRM's customers
version: 1
target: customer
fields:
  id: no
  name.full: name
  phones:
    each: phones
    fields:
      number: {from: "@", phone: true}
"""
ANNA = {"no": "4711", "name": "Anna Vogtländer", "phones": ["+4935155501234"]}
BERND = {"no": "99", "name": "Bernd Kleinschmidt", "phones": ["+4935155507777"]}
REPORTING = "token-of-the-reporting"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[HubProcess]:
    (tmp_path / "mappings" / "crm").mkdir(parents=True)
    (tmp_path / "mappings" / "crm" / "customer.yaml").write_text(MAPPING)
    sections = {
        "pbx": {"main": {"host": "127.0.0.1", "port": 9, "username": "hub", "secret": "unused-here"}},
        "inbound": {
            "crm": {"mapping": "crm/customer"},
            "shop": {
                "web": {
                    "origins": ["https://shop.example"],
                    "secret": "${SHOP_SECRET}",
                    "callback": {"queue": "support"},
                }
            },
        },
        "context": {"privacy": {"fields": {"phones": {"purpose": "service", "roles": ["agent", "token:tests"]}}}},
        "auth": {
            "tokens": {
                "tests": {"token": "${API_TOKEN}", "may": ["read", "publish", "audit", "control"], "feeds": ["crm"]},
                "reporting": {"token": "${REPORTING}", "may": ["read"]},
            }
        },
    }
    process = HubProcess(tmp_path, sections, {"REPORTING": REPORTING, "SHOP_SECRET": "s" * 40})
    await process.start(until="/livez")
    try:
        yield process
    finally:
        process.stop()


async def push(hub: HubProcess, record: Mapping[str, object]) -> str:
    headers = {"Authorization": f"Bearer {hub.token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{hub.url}/api/v1/inbound/crm", json=record) as reply,
    ):
        receipt = await reply.json()
        (event_id,) = receipt["events"]
        return f"{event_id}{' again' if receipt.get('duplicates') else ''}"


async def waiting_callbacks(hub: HubProcess, phone: str = "") -> list[str]:
    """Ask for a callback to this number, and return whom callbacks wait for."""
    path, headers = "/api/v1/callbacks", {"Authorization": f"Bearer {hub.token}"}
    async with aiohttp.ClientSession(hub.url, headers=headers) as session:
        if phone:
            async with session.post(path, json={"phone": phone}) as reply:
                assert 201 == reply.status, await reply.text()
        async with session.get(path) as reply:
            return [one["phone"] for one in await reply.json()]


def bytes_of_store(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("ctihub.db*"))


async def test_a_customer_is_erased_beside_the_running_hub(hub: HubProcess, tmp_path: Path) -> None:
    """Readers of the stream see it happen, what was said is gone for all who come later, and repeats stay repeats."""
    api = HubApi(hub.url, hub.token)
    first = await push(hub, ANNA)
    second = await push(hub, BERND)
    async with api.events() as stream:
        event = await stream.until_type(EventType.CUSTOMER_CHANGED, id=first)
        assert isinstance(event.data, CustomerChange)
        assert "Anna Vogtländer" == event.data.customer.name.full
        status, exported = await hub.command("customer", "export", "crm:4711")
        assert (0, "Anna Vogtländer") == (
            status,
            json.loads(exported)["customer_changes"][0]["data"]["customer"]["name"]["full"],
        )
        status, output = await hub.command("customer", "erase", "+4935155501234", "--yes")
        assert (0, True) == (status, "cti.customer.erased is published" in output), output
        erased = await stream.until_type(EventType.CUSTOMER_ERASED)
        assert isinstance(erased.data, CustomerErased)
        assert ((RecordRef(system="crm", id="4711"),), 1) == (erased.data.records, erased.data.events)
    async with api.events() as stream:
        event = await stream.until_type(EventType.CUSTOMER_CHANGED, id=first)
        assert isinstance(event.data, CustomerChange)
        assert (ERASED, "") == (event.subject, event.data.customer.id)
        event = await stream.until_type(EventType.CUSTOMER_CHANGED, id=second)
        assert isinstance(event.data, CustomerChange)
        assert "Bernd Kleinschmidt" == event.data.customer.name.full
    assert f"{first} again" == await push(hub, ANNA)
    status, _ = await hub.command("customer", "export", "crm:4711")
    assert 1 == status
    stored = bytes_of_store(tmp_path)
    assert [] == [trace for trace in ("Anna Vogtländer", "35155501234") if trace.encode() in stored]
    assert b"Bernd Kleinschmidt" in stored
    hub.assert_clean_log("+4935155501234")


async def test_nobody_is_called_back_who_is_erased(hub: HubProcess, tmp_path: Path) -> None:
    """What waits is cancelled; that it was is told without the number, and stands nowhere with it."""
    api = HubApi(hub.url, hub.token)
    await push(hub, ANNA)
    assert ["+4935155501234"] == await waiting_callbacks(hub, "+4935155501234")
    status, output = await hub.command("customer", "erase", "crm:4711", "--yes")
    assert (0, True) == (status, "cti.customer.erased is published" in output), output
    assert [] == await waiting_callbacks(hub)
    async with api.events() as stream:
        for kind in (EventType.CALLBACK_REQUESTED, EventType.CALLBACK_CANCELLED):
            told = await stream.until_type(kind)
            assert isinstance(told.data, Callback)
            assert (ERASED, "", True) == (told.subject, told.data.phone, told.data.state.is_over)
    assert b"35155501234" not in bytes_of_store(tmp_path)
    hub.assert_clean_log("+4935155501234")


async def test_an_erasure_without_a_hub_is_told_by_the_next_one(hub: HubProcess) -> None:
    """It is published once, whenever the hub comes."""
    await push(hub, ANNA)
    hub.stop()
    status, output = await hub.command("customer", "erase", "crm:4711", "--yes")
    assert (0, True) == (status, "the next one that starts publishes cti.customer.erased" in output)
    await hub.start(until="/livez")
    async with HubApi(hub.url, hub.token).events() as stream:
        erased = await stream.until_type(EventType.CUSTOMER_ERASED)
        assert isinstance(erased.data, CustomerErased)
        assert erased.data.by.startswith("cli:")


async def test_a_machine_sees_what_its_role_may_and_that_is_written_down(hub: HubProcess) -> None:
    """A number is masked for who need not see it; the stream and the lookup stand in the log of accesses."""
    event_id = await push(hub, ANNA)
    async with HubApi(hub.url, REPORTING).events() as stream:
        masked = await stream.until_type(EventType.CUSTOMER_CHANGED, id=event_id)
        assert isinstance(masked.data, CustomerChange)
        assert ["•••234"] == [phone.number for phone in masked.data.customer.phones]
        assert "tel:•••234" == masked.subject
    api = HubApi(hub.url, hub.token)
    async with api.events() as stream:
        whole = await stream.until_type(EventType.CUSTOMER_CHANGED, id=event_id)
        assert "tel:+4935155501234" == whole.subject

    async def viewers() -> set[tuple[str, str]]:
        status, body = await api.get("/api/v1/privacy/accesses?key=*")
        assert 200 == status
        return {(one["viewer"], one["action"]) for one in json.loads(body)}

    expected = {("token:reporting", "stream"), ("token:tests", "stream")}
    async with asyncio.timeout(20):
        while await viewers() != expected:  # noqa: ASYNC110 - the log is another process's
            await asyncio.sleep(0.05)
    status, policy = await api.get("/api/v1/privacy/policy")
    assert 200 == status
    assert {
        "what": "phones",
        "purpose": "service",
        "roles": ["agent", "token:tests"],
        "others_see": "masked",
    } == json.loads(policy)[0]
    assert 403 == (await HubApi(hub.url, REPORTING).get("/api/v1/privacy/policy"))[0]

"""SOAP push as other makes of client see it: they import the WSDL, and send what it describes."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import zeep
from lxml import etree
from requests import Session
from requests.auth import HTTPBasicAuth
from zeep.transports import Transport
from zeep.wsse.username import UsernameToken

from hub.domain.change import CustomerChange, OrderChange
from hub.domain.interaction import Interaction
from tests.conformance.push_site import LOGIN, PASSWORD, USER, PushSite, push_site
from tests.conformance.shop_schema import MAPPING, write_schema
from tests.servers.requirements import place_of
from tests.servers.soap_server import APP
from tests.waiting import eventually

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[PushSite]:
    async with push_site(tmp_path, {"erp": {"soap": {"login": LOGIN}}}) as running:
        yield running


@pytest.fixture(params=[False, True], ids=["schemas within", "schemas beside"])
async def shop(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[PushSite]:
    schema = write_schema(tmp_path, with_include=request.param)
    feed = {"mapping": "shop/order", "soap": {"schema": str(schema), "elements": ["OrderMessage"], "login": LOGIN}}
    async with push_site(tmp_path, {"shop": feed}, {"shop/order": MAPPING}) as running:
        yield running


def zeep_client(address: str, port: str = "PushSoap11", **options: Any) -> Any:
    """Return the service as zeep makes it of the WSDL, which it fetches without a password."""
    session = Session()
    transport: Any = Transport(session=session)  # type: ignore[no-untyped-call]
    client: Any = zeep.Client(f"{address}?wsdl", transport=transport, **options)  # type: ignore[no-untyped-call]
    if "wsse" not in options:
        session.auth = HTTPBasicAuth(USER, PASSWORD)
    service = next(iter(client.wsdl.services))
    return client.bind(service, port)


@pytest.mark.parametrize("port", ["PushSoap11", "PushSoap12"])
async def test_zeep_sends_the_hubs_own_messages(site: PushSite, port: str) -> None:
    """Both bindings; the acknowledgement names the event."""
    service = await asyncio.to_thread(zeep_client, site.address("erp"), port)
    customer = {
        "id": "42",
        "name": {"full": "李娜"},
        "phone": [{"number": "0351 5550123"}],
        "systemId": [{"_value_1": "C-7", "system": "crm"}],
        "order": [{"id": "4711", "orderedOn": "2026-11-02", "amount": "12.10"}],
    }
    answer = await asyncio.to_thread(service.CustomerChanged, messageId="m-1", customer=customer)
    (event,) = await site.events()
    assert (1, 0, [event.id]) == (answer.recorded, answer.duplicates, answer.event)
    assert isinstance(event.data, CustomerChange)
    sent = event.data.customer
    assert ("李娜", "+493515550123", "C-7") == (sent.name.full, sent.phones[0].number, sent.ids["crm"])
    assert "12.10" == sent.orders[0].amount


async def test_zeep_signs_in_within_the_envelope(site: PushSite) -> None:
    """With a UsernameToken, its password in plain text or digested."""
    for use_digest in (False, True):
        token: Any = UsernameToken(  # type: ignore[no-untyped-call]
            USER, PASSWORD, use_digest=use_digest, created=datetime.now(UTC) + timedelta(seconds=1)
        )
        service = await asyncio.to_thread(zeep_client, site.address("erp"), wsse=token)
        answer = await asyncio.to_thread(
            service.CaseChanged, customer={"phone": ["+493515550123"]}, case={"id": f"c-{use_digest}"}
        )
        assert 1 == answer.recorded


async def test_zeep_understands_the_faults(site: PushSite) -> None:
    """Code, reason and detail of a message that could not be understood; a wrong password is one, too."""
    service = await asyncio.to_thread(zeep_client, site.address("erp"))
    with pytest.raises(zeep.exceptions.Fault) as caught:
        await asyncio.to_thread(service.OrderChanged, customer={}, order={"id": "1"})
    (letter,) = await site.dead()
    assert "soap:Client" == caught.value.code
    assert letter.id in caught.value.message
    assert letter.id == caught.value.detail.findtext(".//{urn:ctihub:push:1}deadLetter")
    token: Any = UsernameToken(USER, "wrong")  # type: ignore[no-untyped-call]
    wrong = await asyncio.to_thread(zeep_client, site.address("erp"), wsse=token)
    with pytest.raises(zeep.exceptions.Fault, match="wrong"):
        await asyncio.to_thread(wrong.OrderChanged, customer={}, order={"id": "1"})


@pytest.mark.parametrize("port", ["PushSoap11", "PushSoap12"])
async def test_zeep_sends_a_sites_own_messages(shop: PushSite, port: str) -> None:
    """An integrator's schema, with what it imports and includes, is the operations; the mapping says what they mean."""
    service = await asyncio.to_thread(zeep_client, shop.address("shop"), port)
    buyer = {"number": "B-1", "phone": "0351 5550123"}
    answer = await asyncio.to_thread(service.OrderMessage, no=4711, state="open", buyer=buyer)
    (event,) = await shop.events()
    assert [event.id] == answer.event
    assert isinstance(event.data, OrderChange)
    assert ("shop", "4711", "open") == (event.data.system, event.data.order.id, event.data.order.status)
    assert (("+493515550123",), {"shop": "B-1"}) == (event.data.customer.phones, event.data.customer.ids)
    with pytest.raises(zeep.exceptions.Fault, match="enumeration"):
        await asyncio.to_thread(service.OrderMessage, no=1, state="lost", buyer=buyer)
    with pytest.raises(zeep.exceptions.Fault, match="dead letter"):
        await asyncio.to_thread(service.OrderMessage, no=1, state="gone", buyer={"number": "", "phone": "none"})
    (letter,) = await shop.dead()
    assert letter.body.startswith(b"<?xml")
    assert b"OrderMessage" in letter.body


async def run_npm(folder: Path, config: dict[str, Any]) -> dict[str, Any]:
    """Call operations with npm's soap in a process of its own; return what it printed."""
    packages = Path(place_of("soap"))
    shutil.copy(APP.folder / "client.js", folder / "client.js")
    (folder / "calls.json").write_text(json.dumps({"username": USER, "password": PASSWORD, **config}))
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(packages / "node_modules")
    process = await asyncio.create_subprocess_exec(
        *APP.node, str(folder / "client.js"), str(folder / "calls.json"), stdout=-1, stderr=-1
    )
    async with asyncio.timeout(60):
        output, errors = await process.communicate()
    assert 0 == process.returncode, errors.decode()
    said: dict[str, Any] = json.loads(output)
    return said


@pytest.mark.parametrize("how", [{}, {"token": True}, {"digest": True}, {"soap12": True}])
async def test_npm_soap_sends_the_hubs_own_messages(site: PushSite, tmp_path: Path, how: dict[str, bool]) -> None:
    """By HTTP basic and with either UsernameToken, in either version; it finds every operation in the WSDL."""
    started = int(time.time())
    await eventually(lambda: int(time.time()) > started, "a second that began after the hub did: Created has no parts")
    visit = {
        "id": "v-1",
        "channel": "web",
        "at": "2026-11-20T08:30:00Z",
        "subject": "Ünlü & <co>",
        "customer": {"email": ["a@b.example"]},
    }
    calls = [
        ["InteractionRecorded", {"messageId": "m-1", "interaction": visit}],
        ["InteractionRecorded", {"messageId": "m-1", "interaction": visit}],
        ["OrderChanged", {"customer": {"email": "a@b.example"}, "order": {"status": "open"}}],
    ]
    said = await run_npm(tmp_path, {"wsdl": f"{site.address('erp')}?wsdl", "calls": calls, **how})
    (event,) = await site.events()
    first, again, broken = said["results"]
    assert ("1", event.id) == (str(first["answer"]["recorded"]), first["answer"]["event"][0])
    assert ("0", "1") == tuple(str(again["answer"][name]) for name in ("recorded", "duplicates"))
    assert "does not fit the schema" in json.dumps(broken["fault"])
    assert isinstance(event.data, Interaction)
    assert "Ünlü & <co>" == event.data.subject
    operations = {"CustomerChanged", "OrderChanged", "CaseChanged", "InteractionRecorded"}
    assert {"PushSoap11": operations, "PushSoap12": operations} == {
        port: set(found) for port, found in said["description"]["ErpPush"].items()
    }


async def test_npm_soap_sends_a_sites_own_messages(shop: PushSite, tmp_path: Path) -> None:
    """It follows the schemas beside the WSDL, too."""
    call = ["OrderMessage", {"no": 17, "state": "gone", "buyer": {"number": "B-2"}}]
    said = await run_npm(tmp_path, {"wsdl": f"{shop.address('shop')}?wsdl", "calls": [call]})
    assert "1" == str(said["results"][0]["answer"]["recorded"])
    (event,) = await shop.events()
    assert isinstance(event.data, OrderChange)
    assert ("17", {"shop": "B-2"}) == (event.data.order.id, event.data.customer.ids)


async def wsdl(address: str, query: str = "?wsdl", **headers: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{address}{query}") as reply:
        return reply.status, await reply.read()


async def test_the_description_keeps_to_what_sap_and_siebel_read(site: PushSite) -> None:
    """One port type and its named messages, document/literal, one part each; nothing is imported from elsewhere."""
    status, body = await wsdl(site.address("erp"))
    tree = etree.fromstring(body)
    assert 200 == status
    assert 1 == len(tree.findall(f"{WSDL}portType"))
    assert [] == tree.findall(f".//{WSDL}import") + [
        link for link in tree.iter(f"{XSD}import", f"{XSD}include") if link.get("schemaLocation")
    ]
    messages = tree.findall(f"{WSDL}message")
    assert len(messages) == len({message.get("name") for message in messages})
    assert {1} == {len(message) for message in messages}
    assert all(part.get("element") for part in tree.iter(f"{WSDL}part"))
    assert {"qualified"} == {schema.get("elementFormDefault") for schema in tree.iter(f"{XSD}schema")}
    styles = {operation.get("style") for operation in tree.iter() if str(operation.tag).endswith("soap}operation")}
    assert {"literal"} == {body.get("use") for body in tree.iter() if etree.QName(body).localname == "body"}
    assert styles <= {"document"}
    actions = [one.get("soapAction") for one in tree.iter() if one.get("soapAction")]
    assert 4 == len(set(actions))


async def test_the_description_names_the_address_that_senders_see(site: PushSite, tmp_path: Path) -> None:
    """The host that was asked, or the site's public address; a host that is none is refused."""
    assert site.address("erp").encode() in (await wsdl(site.address("erp"), "?WSDL"))[1]
    _, body = await wsdl(site.address("erp"), Host="hub.example:8443")
    assert b'location="http://hub.example:8443/api/v1/inbound/erp"' in body
    assert 400 == (await wsdl(site.address("erp"), Host="a:b:c"))[0]
    (tmp_path / "public").mkdir()
    feeds = {"erp": {"soap": {"login": LOGIN}}}
    async with push_site(tmp_path / "public", feeds, public_url="https://cti.example/hub/") as public:
        _, body = await wsdl(public.address("erp"))
    assert b'location="https://cti.example/hub/api/v1/inbound/erp"' in body


async def test_schemas_that_are_not_there_are_not_found(shop: PushSite) -> None:
    """Whatever number is asked for; no file of the integrator's folder is reached by name."""
    for query in ("?xsd=99", "?xsd=-1", "?xsd=common/types.xsd", "?xsd=" + "9" * 30, ""):
        assert 404 == (await wsdl(shop.address("shop"), query))[0]
    status, body = await wsdl(shop.address("shop"), "?xsd=0")
    assert 200 == status
    assert f'schemaLocation="{shop.address("shop")}?xsd=1"'.encode() in body

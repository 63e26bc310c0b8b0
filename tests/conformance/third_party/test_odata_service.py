"""From a live OData V4 service of a framework that is not ours to a working connector, by the integrator's commands."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.base import Connector
from connectors.registry import build_connector
from hub.cli.main import main
from hub.config.connectors import ODataConnector
from hub.domain.customer import CustomerQuery, Order
from hub.domain.writeback import WriteBack, WriteKind, WriteResult
from tests.conformance.behaviour import BEGAN, HOSTILE, by_phone
from tests.servers.odata_service import ODataService
from tests.servers.requirements import place_of

NUMBER = "+49 351 5550123"
OPEN = {"OrderNumber": "A1", "OrderedOn": "2026-11-20", "Status": "open", "TotalAmount": 12.10, "CurrencyCode": "EUR"}
DONE = {**OPEN, "OrderNumber": "A2", "Status": "done"}
PETRA = {"ContactId": 1, "FullName": "Petra O'Vögt", "PhoneNumber": NUMBER, "EmailAddress": "petra+x@example.com"}
OTHERS = [{"ContactId": number, "FullName": f"Person {number}", "MobilePhone": "+493515550777"} for number in (2, 3, 4)]
CALL = WriteBack(
    id="main-1",
    kind=WriteKind.ACTIVITY,
    customer="1",
    subject="Order",
    note='"Zwei" & <drei>',
    started_at=BEGAN,
    duration_s=42,
)
CALLS: dict[str, Any] = {
    "id": ["there.CallId", "made.CallId"],
    "steps": [
        {
            "name": "there",
            "entity": "PhoneCalls",
            "where": {
                "CallId": {"eq": {"from": "entry.id", "uuid": "7a3f4a5e-0b67-4b0e-9c1c-6c0c2f9f1d11"}, "type": "guid"}
            },
        },
        {
            "name": "made",
            "unless": "there",
            "entity": "PhoneCalls",
            "method": "POST",
            "body": {
                "CallId": {"from": "entry.id", "uuid": "7a3f4a5e-0b67-4b0e-9c1c-6c0c2f9f1d11"},
                "ContactId": {"from": "entry.customer", "type": "number"},
                "Subject": {"from": "entry.subject"},
                "Note": {"from": "entry.note"},
                "StartedAt": {"from": "entry.started_at"},
                "Seconds": {"from": "entry.duration_s", "optional": True},
            },
        },
    ],
}


@pytest.fixture(scope="module")
def service() -> Iterator[ODataService]:
    service = ODataService(Path(place_of("odata-service")))
    try:
        service.start()
        service.asked("Contacts", {**PETRA, "Orders": [OPEN, DONE]})
        for other in OTHERS:
            service.asked("Contacts", other)
        yield service
    finally:
        service.remove()


@pytest.fixture
def made(service: ODataService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the connector that `ctihub new` made of the service's own metadata, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    assert 0 == main(("new", "connector", "crm", "--edmx", f"{service.url}/$metadata"))
    section: dict[str, Any] = yaml.safe_load(Path("crm.ctihub.yaml").read_text("utf-8"))["connectors"]["crm"]
    return section


def test_it_works_as_it_was_made(
    made: dict[str, Any], service: ODataService, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `new` writes finds a customer of the live service: nothing was edited."""
    assert (service.url, "crm.edmx", "v4") == (made["url"], made["metadata"], made["version"])
    for words in (("lint",), ("check", "crm")):
        assert 0 == main((words[0], "-c", "crm.ctihub.yaml", *words[1:])), capsys.readouterr()
    assert 0 == main(("test", "mappings"))
    capsys.readouterr()
    assert 0 == main(("call", "-c", "crm.ctihub.yaml", "crm", "by_phone", "phone=+493515550123"))
    [found] = yaml.safe_load(capsys.readouterr().out)
    assert ("1", "Petra O'Vögt") == (found["id"], found["name"]["full"])


@pytest.fixture
def edited(made: dict[str, Any], tmp_path: Path) -> Connector:
    """Return what was made with what an integrator adds: more keys, orders, and calls written back."""

    def contacts(**where: Any) -> dict[str, Any]:
        open_ones = {"where": {"Status": "open"}, "order": ["OrderNumber"]}
        return {
            "name": "customers",
            "entity": "Contacts",
            "any_of": where,
            "expand": ["Orders"],
            "expand_options": {"Orders": open_ones},
        }

    mapping = tmp_path / "mappings/crm/customer.yaml"
    orders = {"id": "OrderNumber", "ordered_on": "OrderedOn", "amount": "TotalAmount", "currency": "CurrencyCode"}
    document = yaml.safe_load(mapping.read_text("utf-8"))
    document["fields"]["orders"] = {"each": "Orders", "fields": orders}
    mapping.write_text(yaml.safe_dump(document), "utf-8")
    numbers = {"from": "query.numbers"}
    operations = {
        "by_phone": {
            **made["operations"]["by_phone"],
            "steps": [contacts(PhoneNumber=numbers, MobilePhone=numbers)],
        },
        "by_email": {"key": "email", "steps": [contacts(EmailAddress={"from": "query.email"})]},
        "by_id": {"key": "id", "steps": [contacts(ContactId={"from": "query.id", "type": "number"})]},
    }
    model = ODataConnector.model_validate({**made, "operations": operations, "writes": {"activity": CALLS}})
    return build_connector("crm", model, region="DE", mapping_folders=[tmp_path / "mappings"])


@pytest.fixture
async def connector(edited: Connector) -> AsyncIterator[Connector]:
    await edited.start()
    yield edited
    await edited.close()


async def test_found_by_each_key_with_open_orders(connector: Connector) -> None:
    """A contact is found by number, e-mail and id with the open orders alone; several come over several pages."""
    order = Order(id="A1", ordered_on=date(2026, 11, 20), amount="12.1", currency="EUR")
    for query in (by_phone(NUMBER), CustomerQuery(email="petra+x@example.com"), CustomerQuery(ids={"crm": "1"})):
        [record] = await connector.lookup(query)
        assert ("1", "Petra O'Vögt", (order,)) == (record.id, record.name.full, record.orders)
    assert ["2", "3", "4"] == [record.id for record in await connector.lookup(by_phone("0351 5550777"))]
    for query in (by_phone("0351 5550888"), CustomerQuery(email="x@example.com"), CustomerQuery(ids={"crm": "99"})):
        assert [] == list(await connector.lookup(query))


@pytest.mark.parametrize("value", HOSTILE)
async def test_values_stay_values(connector: Connector, value: str) -> None:
    """Whatever is searched for, a parser that is not ours takes it as one text."""
    assert [] == list(await connector.lookup(CustomerQuery(email=value)))


async def test_a_call_written_once(service: ODataService, connector: Connector) -> None:
    """A call gets a key made of its id, and is there once however often it is written."""
    first = await connector.write(CALL)
    assert not first.was_there
    assert WriteResult(id=first.id, was_there=True) == await connector.write(CALL)
    [kept] = service.asked("PhoneCalls")["value"]
    assert {**kept, "StartedAt": "2026-11-20T09:30:00Z"} == {
        "CallId": first.id,
        "ContactId": 1,
        "Subject": "Order",
        "Note": CALL.note,
        "StartedAt": "2026-11-20T09:30:00Z",
        "Seconds": 42,
    }
    assert kept["StartedAt"].startswith("2026-11-20T09:30:00")

"""The OData kind and the S/4HANA preset against SAP's own CAP: V2 by SAP's adapter, V4 by CAP itself."""

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from hub.config.connectors import ODataConnector
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteKind
from tests.conformance.systems.behaviour import entry
from tests.conformance.systems.system import Person
from tests.conformance.test_contracts import contract
from tests.servers.cap import PASSWORD, USERNAME, Cap, Tables
from tests.servers.requirements import place_of

KNOWN = Person("17100001", "Petra Vogt", "+493515550123", "petra.vogt@example.com", ("4711", "4712", "4713"))
SETTINGS = {"activity_type": "0001", "service_request_type": "SRVR"}


def partner(person: Person) -> Tables:
    given, _, family = person.name.partition(" ")
    address = {"AddressID": "4711"}
    line = {**address, "Person": "-", "OrdinalNumber": "1"}
    return {
        "API_BUSINESS_PARTNER.A_BusinessPartner": [
            {
                "BusinessPartner": person.id,
                "Customer": person.id,
                "BusinessPartnerCategory": "1",
                "BusinessPartnerFullName": person.name,
                "FirstName": given,
                "LastName": family,
                "CorrespondenceLanguage": "DE",
                "CreationDate": "2020-01-02",
            }
        ],
        "API_BUSINESS_PARTNER.A_BusinessPartnerAddress": [
            {
                "BusinessPartner": person.id,
                **address,
                "StreetName": "Königstraße",
                "HouseNumber": "12",
                "PostalCode": "01067",
                "CityName": "Dresden",
                "Country": "DE",
                "ValidityEndDate": "9999-12-31T23:59:59Z",
            }
        ],
        "API_BUSINESS_PARTNER.A_AddressPhoneNumber": [
            {
                **line,
                "InternationalPhoneNumber": person.phone,
                "PhoneNumber": "5550123",
                "PhoneNumberType": "1",
            }
        ],
        "API_BUSINESS_PARTNER.A_AddressEmailAddress": [
            {**line, "EmailAddress": "Petra.Vogt@example.com", "SearchEmailAddress": person.email.upper()[:20]}
        ],
    }


def documents(person: Person) -> Tables:
    order = {"TransactionCurrency": "EUR", "SalesOrderDate": "2026-11-20", "SoldToParty": person.id}
    numbers = {**dict.fromkeys(person.orders, "A"), "4714": "C"}
    return {
        "API_SALES_ORDER_SRV.A_SalesOrder": [
            {"SalesOrder": number, "OverallSDProcessStatus": status, "TotalNetAmount": "1249.500", **order}
            for number, status in numbers.items()
        ]
    }


def _running(descriptions: dict[str, Path]) -> Iterator[Cap]:
    cap = Cap(Path(place_of("cap")), {**partner(KNOWN), **documents(KNOWN)}, descriptions=descriptions)
    try:
        cap.start()
        yield cap
    finally:
        cap.remove()


@pytest.fixture(scope="module")
def cap() -> Iterator[Cap]:
    """CAP with the entities that the preset uses."""
    yield from _running({})


@pytest.fixture(scope="module")
def described() -> Iterator[Cap]:
    """CAP with all of API_BUSINESS_PARTNER, imported from SAP's own description."""
    yield from _running({"API_BUSINESS_PARTNER": contract("sap-s4hana/API_BUSINESS_PARTNER.edmx")})


def made(cap: Cap, **changes: Any) -> Connector:
    config = {
        "kind": "odata",
        "preset": "sap_s4hana",
        "url": f"{cap.url}/sap/opu/odata/sap",
        "auth": {"type": "basic", "username": USERNAME, "password": PASSWORD},
        "settings": SETTINGS,
        **changes,
    }
    return build_connector("sap", ODataConnector.model_validate(config), region="DE")


@pytest.fixture
async def connector(cap: Cap) -> AsyncIterator[Connector]:
    connector = made(cap)
    await connector.start()
    yield connector
    await connector.close()


async def assert_found(connector: Connector) -> None:
    for query in (
        CustomerQuery(phone=parse_number(KNOWN.phone, "DE")),
        CustomerQuery(email=KNOWN.email),
        CustomerQuery(ids={"sap": KNOWN.id}),
    ):
        [record] = await connector.lookup(query)
        assert (KNOWN.id, KNOWN.name, "de") == (record.id, record.name.full, record.language)
        assert {KNOWN.phone} == {phone.number for phone in record.phones}
        assert [KNOWN.email] == [email.address for email in record.emails]
        assert ["Königstraße 12"] == [address.street for address in record.addresses]
        assert sorted(KNOWN.orders) == sorted(order.id for order in record.orders)
        assert {Decimal("1249.5")} == {Decimal(order.amount) for order in record.orders}


async def test_found(connector: Connector) -> None:
    """By number, address and id the partner comes with its details, and with orders from two pages."""
    await assert_found(connector)


async def test_found_in_the_service_as_published(described: Cap) -> None:
    """The same, where the business partners' service is made from SAP's own EDMX."""
    connector = made(described)
    await connector.start()
    try:
        published = contract("sap-s4hana/API_BUSINESS_PARTNER.edmx").read_bytes().count(b"<EntitySet ")
        assert f"API_BUSINESS_PARTNER {published} entity sets" in await connector.check()
        await assert_found(connector)
    finally:
        await connector.close()


async def test_check(connector: Connector) -> None:
    """A check reads each service's metadata."""
    assert "OData V2, API_BUSINESS_PARTNER 4 entity sets" in await connector.check()


@pytest.mark.parametrize("value", ["x' or '1' eq '1", "a'b''c", "' or 1 eq 1 or '", "a&b=c#d", "名前%27"])
async def test_a_hostile_value_finds_nobody(connector: Connector, value: str) -> None:
    """SAP's parser reads what is searched for as one text, whatever it holds."""
    for query in (CustomerQuery(email=value), CustomerQuery(ids={"sap": value})):
        assert [] == list(await connector.lookup(query))


@pytest.mark.parametrize("kind", list(WriteKind))
async def test_written_once(connector: Connector, kind: WriteKind) -> None:
    """A document is made with its text in one request; the second time it is found, and stays the only one."""
    wanted = entry(kind, KNOWN, id=f"main-{kind}-1763631000.17")
    first = await connector.write(wanted)
    again = await connector.write(wanted)
    other = await connector.write(entry(kind, KNOWN, id=f"main-{kind}-1763631000.18"))
    assert first.id
    assert (first.id, False, True) == (again.id, first.was_there, again.was_there)
    assert other.id not in {"", first.id}


async def test_a_new_case_is_an_open_case(connector: Connector) -> None:
    """What was written as a case comes back with the customer, with its subject."""
    result = await connector.write(entry(WriteKind.CASE, KNOWN, id="main-1.1", subject="Pump P-7 leaks"))
    [record] = await connector.lookup(CustomerQuery(phone=parse_number(KNOWN.phone, "DE")))
    assert ["Pump P-7 leaks"] == [case.subject for case in record.cases if case.id == result.id]


async def test_a_missing_type_in_saps_words(cap: Cap) -> None:
    """What the service says of a change that it refuses reaches the integrator."""
    connector = made(cap, settings={})
    await connector.start()
    with pytest.raises(ConnectorError, match="Enter a transaction type") as raised:
        await connector.write(entry(WriteKind.CASE, KNOWN, id="main-2.1"))
    assert Problem.FAULT is raised.value.problem
    await connector.close()


def changing(cap: Cap, version: str, if_match: Any) -> Connector:
    """Make a connector that writes a note as the description of the case that it is about."""
    service = {"service": "API_SERVICE_REQUEST_SRV", "entity": "A_ServiceRequest"}
    steps = [
        {"name": "found", **service, "key": {"from": "entry.case"}},
        {
            "name": "changed",
            **service,
            "when": "found",
            "idempotent": True,
            "method": "PATCH",
            "key": {"ServiceRequest": {"from": "found.ServiceRequest"}},
            "if_match": if_match,
            "body": {"ServiceRequestDescription": {"from": "entry.note", "max": 40}},
        },
    ]
    root = "/sap/opu/odata/sap" if version == "v2" else "/v4"
    lookup = {**service, "name": "requests", "key": {"from": "query.id"}}
    return build_connector(
        "sap",
        ODataConnector.model_validate(
            {
                "kind": "odata",
                "version": version,
                "url": f"{cap.url}{root}",
                "mapping": "sap_s4hana/business_partner",
                "auth": {"type": "basic", "username": USERNAME, "password": PASSWORD},
                "operations": {"by_id": {"key": "id", "steps": [lookup]}},
                "writes": {"note": {"id": "changed.ServiceRequest", "steps": steps}},
            }
        ),
        region="DE",
    )


@pytest.mark.parametrize("version", ["v2", "v4"])
async def test_changed_with_its_etag(cap: Cap, connector: Connector, version: str) -> None:
    """An entity is read by its key and changed with the ETag that it came with; a stale one changes nothing."""
    case = await connector.write(entry(WriteKind.CASE, KNOWN, id=f"main-3.{version}"))
    note = entry(WriteKind.NOTE, KNOWN, case=case.id, note=f"Called back, {version}")
    for if_match in ({"from": 'found."@etag"'}, "*"):
        changer = changing(cap, version, if_match)
        await changer.start()
        assert case.id == (await changer.write(note)).id
        await changer.close()
    [record] = await connector.lookup(CustomerQuery(phone=parse_number(KNOWN.phone, "DE")))
    assert [f"Called back, {version}"] == [one.subject for one in record.cases if one.id == case.id]
    stale = changing(cap, version, 'W/"2001-01-01T00:00:00.000Z"')
    await stale.start()
    with pytest.raises(ConnectorError, match="changed by somebody else in the meantime"):
        await stale.write(note)
    await stale.close()


async def test_v4(cap: Cap) -> None:
    """CAP's own V4: conditions, nested options of an expansion, pages by relative links, the service document."""
    operation = {
        "key": "id",
        "records": "partners",
        "attach": {"orders": {"SoldToParty": "Customer"}},
        "steps": [
            {
                "name": "partners",
                "service": "API_BUSINESS_PARTNER",
                "entity": "A_BusinessPartner",
                "where": {"BusinessPartner": {"from": "query.id"}},
                "expand": ["to_BusinessPartnerAddress", "to_BusinessPartnerAddress/to_PhoneNumber"],
                "expand_options": {
                    "to_BusinessPartnerAddress": {"select": ["AddressID", "CityName"], "where": {"Country": "DE"}},
                    "to_BusinessPartnerAddress/to_PhoneNumber": {"order": ["OrdinalNumber desc"], "top": 1},
                },
            },
            {
                "name": "orders",
                "service": "API_SALES_ORDER_SRV",
                "entity": "A_SalesOrder",
                "where": {
                    "SoldToParty": {"from": "partners.Customer"},
                    "SalesOrderDate": {"ge": "2026-01-01", "type": "datetime"},
                    "TotalNetAmount": {"gt": "1249.4", "type": "decimal"},
                },
            },
        ],
    }
    connector = made(
        cap, preset=None, version="v4", url=f"{cap.url}/v4", mapping="sap_s4hana/business_partner",
        settings={}, operations={"by_id": operation},
    )  # fmt: skip
    await connector.start()
    assert "OData V4, API_BUSINESS_PARTNER 4 entity sets, API_SALES_ORDER_SRV 1 entity set" == await connector.check()
    [record] = await connector.lookup(CustomerQuery(ids={"sap": KNOWN.id}))
    assert [("Dresden", "")] == [(address.locality, address.street) for address in record.addresses]
    assert [KNOWN.phone] == [phone.number for phone in record.phones]
    assert sorted((*KNOWN.orders, "4714")) == sorted(order.id for order in record.orders)
    await connector.close()

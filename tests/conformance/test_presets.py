"""The presets against services that answer as SAP and Oracle do: over sockets, with their own errors."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from hub.config.connectors import ODataConnector, SoapConnector
from hub.demo.people import CALLERS, sap_services, service_cloud_tables
from hub.demo.sap.server import SimulatedSap
from hub.demo.service_cloud.server import PATH, SimulatedServiceCloud
from hub.demo.site import Site
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteBack, WriteKind

TODAY = date(2026, 11, 21)
BOTH = next(caller for caller in CALLERS if caller.partner and caller.contact and caller.orders and caller.incidents)


@pytest.fixture
async def sap() -> AsyncIterator[Site]:
    """Run a simulated SAP S/4HANA."""
    site = Site(lambda: SimulatedSap(sap_services(TODAY), username="CTIHUB", password="geheim").app())
    await site.start()
    yield site
    await site.stop()


@pytest.fixture
async def service_cloud() -> AsyncIterator[Site]:
    """Run a simulated Oracle Service Cloud."""
    tables = service_cloud_tables(TODAY)
    site = Site(lambda: SimulatedServiceCloud(tables, username="ctihub", password="geheim").app())
    await site.start()
    yield site
    await site.stop()


def sap_connector(site: Site, **changes: Any) -> Connector:
    config = {
        "kind": "odata",
        "preset": "sap_s4hana",
        "url": f"{site.url}/sap/opu/odata/sap",
        "params": {"sap-client": "100"},
        "auth": {"type": "basic", "username": "CTIHUB", "password": "geheim"},
        **changes,
    }
    return build_connector("sap", ODataConnector.model_validate(config), region="DE")


def service_cloud_connector(site: Site, **changes: Any) -> Connector:
    config = {
        "kind": "soap",
        "preset": "oracle_service_cloud",
        "wsdl": f"{site.url}{PATH}?wsdl",
        "auth": {"type": "wsse", "username": "ctihub", "password": "geheim"},
        **changes,
    }
    return build_connector("service", SoapConnector.model_validate(config), region="DE")


async def test_sap_gives_the_partner_with_open_orders(sap: Site) -> None:
    """The number leads to the partner, its contact data and its open orders, the newest first."""
    connector = sap_connector(sap)
    await connector.start()
    records = await connector.lookup(CustomerQuery(phone=parse_number(BOTH.number, "DE")))
    assert [(BOTH.partner, BOTH.full_name)] == [(record.id, record.name.full) for record in records]
    expected = [order.number for order in BOTH.orders if order.status != "C"]
    assert sorted(expected) == sorted(order.id for order in records[0].orders)
    days = [order.ordered_on or date.min for order in records[0].orders]
    assert sorted(days, reverse=True) == days
    assert all(order.open and order.currency for order in records[0].orders)
    assert ("SAP S/4HANA", {"sap_customer": BOTH.partner}) == (connector.title, records[0].ids)
    await connector.close()


async def test_sap_takes_calls_and_cases(sap: Site) -> None:
    """The demo's SAP takes what is written back, once, and a new case is one of the customer's from then on."""
    connector = sap_connector(sap)
    await connector.start()
    at = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    for kind in WriteKind:
        wanted = WriteBack(id="main-1.1", kind=kind, customer=BOTH.partner, subject="Pump", note="leaks", started_at=at)
        first, again = await connector.write(wanted), await connector.write(wanted)
        assert first.id
        assert (first.id, True) == (again.id, again.was_there)
    [record] = await connector.lookup(CustomerQuery(phone=parse_number(BOTH.number, "DE")))
    assert [("8000000001", "Pump", "medium")] == [(case.id, case.subject, case.priority) for case in record.cases]
    await connector.close()


async def test_sap_by_id_and_for_a_stranger(sap: Site) -> None:
    """A partner is found by its number as well; a stranger costs one request and is no error."""
    connector = sap_connector(sap)
    await connector.start()
    by_id = await connector.lookup(CustomerQuery(ids={"sap": BOTH.partner}))
    assert [BOTH.full_name] == [record.name.full for record in by_id]
    assert () == await connector.lookup(CustomerQuery(phone=parse_number("+4935199999", "DE")))
    await connector.close()


async def test_service_cloud_gives_the_contact_with_open_incidents(service_cloud: Site) -> None:
    """The raw number leads to the contact and its unsolved incidents."""
    connector = service_cloud_connector(service_cloud)
    await connector.start()
    records = await connector.lookup(CustomerQuery(phone=parse_number(BOTH.number, "DE")))
    assert [(BOTH.contact, BOTH.full_name)] == [(record.id, record.name.full) for record in records]
    assert sorted(one.reference for one in BOTH.incidents) == sorted(case.id for case in records[0].cases)
    by_email = await connector.lookup(CustomerQuery(email=BOTH.email))
    assert [BOTH.contact] == [record.id for record in by_email]
    await connector.close()


async def test_check_tells_what_is_there(sap: Site, service_cloud: Site) -> None:
    """A check signs in, and says what it found."""
    facts = []
    for connector in (sap_connector(sap), service_cloud_connector(service_cloud)):
        await connector.start()
        facts.append(await connector.check())
        await connector.close()
    assert [
        "OData V2, API_BUSINESS_PARTNER 4 entity sets, API_SALES_ORDER_SRV 1 entity set, "  # noqa: ISC004 - one line of what check says
        "API_SERVICE_REQUEST_SRV 1 entity set, API_ACTIVITY_PHONECALL_SRV 1 entity set",
        "SOAP 1.1, 2 operations at 127.0.0.1, QueryCSV answered",
    ] == facts


async def test_wrong_passwords(sap: Site, service_cloud: Site) -> None:
    """Each system's own way to refuse is told as that, by check and lookup."""
    wrong_basic = {"type": "basic", "username": "CTIHUB", "password": "falsch"}
    wrong_token = {"type": "wsse", "username": "ctihub", "password": "falsch"}
    for connector in (sap_connector(sap, auth=wrong_basic), service_cloud_connector(service_cloud, auth=wrong_token)):
        await connector.start()
        for ask in (connector.check(), connector.lookup(CustomerQuery(phone=parse_number(BOTH.number, "DE")))):
            with pytest.raises(ConnectorError) as raised:
                await ask
            assert Problem.REFUSED == raised.value.problem
            assert "falsch" not in str(raised.value)
        await connector.close()


async def test_a_service_that_is_not_there(sap: Site) -> None:
    """SAP's own error message reaches the integrator, with its code."""
    step = {"name": "x", "service": "API_NONE", "entity": "A_Thing", "where": {"A": {"from": "query.e164"}}}
    connector = sap_connector(sap, operations={"by_phone": {"key": "phone", "steps": [step]}})
    await connector.start()
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(CustomerQuery(phone=parse_number(BOTH.number, "DE")))
    assert Problem.FAULT == raised.value.problem
    assert "HTTP 404: No service found for this namespace and name (/IWFND/MAED/170)" in raised.value.message
    await connector.close()


async def test_an_entity_set_that_is_misspelt(sap: Site) -> None:
    """A check compares the steps with the service's metadata, and gives the nearest right name."""
    step = {"name": "x", "service": "API_BUSINESS_PARTNER", "entity": "A_BusinesPartner", "where": {"A": "b"}}
    connector = sap_connector(sap, operations={"by_phone": {"key": "phone", "steps": [step]}})
    await connector.start()
    with pytest.raises(ConnectorError, match="no entity set 'A_BusinesPartner'; did you mean 'A_BusinessPartner'"):
        await connector.check()
    await connector.close()

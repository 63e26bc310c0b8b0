"""SAP S/4HANA, as its page documents it."""

from datetime import date

import pytest

from connectors.base import Connector, ConnectorError
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteKind
from tests.conformance.systems.behaviour import SystemBehaviour, entry
from tests.conformance.systems.servers.sap_s4hana import KNOWN, S4Hana
from tests.conformance.systems.system import Weather


class TestSapS4Hana(SystemBehaviour):
    system = "sap_s4hana"
    server_type = S4Hana

    async def test_an_address_in_any_case_and_nobody_else(self, connector: Connector) -> None:
        """SAP searches in 20 capitals: the address is found however it is written, a namesake's is not."""
        for email in (KNOWN.email, KNOWN.email.upper()):
            found = await connector.lookup(CustomerQuery(email=email))
            assert [KNOWN.id] == [record.id for record in found]

    async def test_an_open_case(self, connector: Connector) -> None:
        """A service request comes with its subject, its priority and the day it was opened."""
        [record] = await connector.lookup(CustomerQuery(phone=parse_number(KNOWN.phone, "DE")))
        assert [("Pump P-7 leaks", "high", date(2026, 11, 20))] == [
            (case.subject, case.priority, case.opened_on) for case in record.cases
        ]

    async def test_without_service_management(self, server: S4Hana, connector: Connector) -> None:
        """Where a site has no service requests customers come without cases, and a check says so."""
        server.without_services = frozenset({"API_SERVICE_REQUEST_SRV"})
        assert "API_SERVICE_REQUEST_SRV is not there" in await connector.check()
        [record] = await connector.lookup(CustomerQuery(phone=parse_number(KNOWN.phone, "DE")))
        assert (list(KNOWN.orders), ()) == ([order.id for order in record.orders], record.cases)
        server.without_services |= {"API_SALES_ORDER_SRV"}
        [record] = await connector.lookup(CustomerQuery(phone=parse_number(KNOWN.phone, "DE")))
        assert (KNOWN.name, ()) == (record.name.full, record.orders)
        assert "API_SALES_ORDER_SRV is not there" in await connector.check()

    async def test_one_token_for_many_changes(self, server: S4Hana, connector: Connector) -> None:
        """The token is fetched once for a service, and once more when the session that it belongs to has ended."""
        for number in range(3):
            await connector.write(entry(WriteKind.ACTIVITY, KNOWN, id=f"main-1.{number}"))
        assert 1 == server.tokens_given
        server.weather = Weather.FORGETFUL
        await connector.write(entry(WriteKind.ACTIVITY, KNOWN, id="main-1.9"))
        assert (2, 4) == (server.tokens_given, len(server.written))

    async def test_reading_needs_no_token(self, connector: Connector) -> None:
        """Neither the token nor its cookies travel with a lookup, before a change or after it."""
        await connector.write(entry(WriteKind.ACTIVITY, KNOWN))
        assert await connector.lookup(CustomerQuery(phone=parse_number(KNOWN.phone, "DE")))

    async def test_a_long_id(self, server: S4Hana, connector: Connector) -> None:
        """Two interactions whose long ids differ only at their ends are two, though SAP's fields are short."""
        for kind in WriteKind:
            for end in ("1", "2"):
                wanted = entry(kind, KNOWN, id=f"head-office-of-the-company-1763631000.17.{'0' * 30}{end}")
                first = await connector.write(wanted)
                again = await connector.write(wanted)
                assert (first.id, False, True) == (again.id, first.was_there, again.was_there)
        assert 6 == len(server.written)

    async def test_a_type_that_is_not_configured(self, server: S4Hana) -> None:
        """SAP's own sentence says what is missing, and nothing is written."""
        connector = self.connector_of(server, settings={})
        await connector.start()
        for kind in WriteKind:
            with pytest.raises(ConnectorError, match=r"HTTP 400: Enter a transaction type \(SY/530\)") as raised:
                await connector.write(entry(kind, KNOWN))
            assert Problem.FAULT is raised.value.problem
        assert [] == server.written
        await connector.close()

    async def test_a_site_that_writes_nothing(self, server: S4Hana) -> None:
        """What the preset writes can be taken out, kind by kind."""
        connector = self.connector_of(server, writes={"activity": None, "case": None})
        assert {WriteKind.NOTE} == connector.writes

    async def test_the_details_of_an_error(self, server: S4Hana, connector: Connector) -> None:
        """What SAP adds to its message is told too, once."""
        server.weather = Weather.FAULTY
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(CustomerQuery(phone=parse_number(KNOWN.phone, "DE")))
        assert 1 == raised.value.message.count("SearchEmailAddress")
        assert raised.value.message.endswith("; An exception was raised")

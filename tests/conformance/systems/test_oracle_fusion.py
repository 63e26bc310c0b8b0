"""Oracle Fusion over REST, as its page documents it."""

import pytest

from connectors.base import Connector, ConnectorError
from hub.domain.customer import Address, CustomerQuery, Kind
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteKind
from tests.conformance.systems.behaviour import SystemBehaviour, entry
from tests.conformance.systems.servers.oracle_fusion import COMPANY, KNOWN, STRANGER, OracleFusion
from tests.conformance.systems.servers.oracle_fusion_soap import OracleFusionSoap


class TestOracleFusion(SystemBehaviour):
    system = "oracle_fusion"
    server_type = OracleFusion

    async def test_the_same_number_in_another_area(self, connector: Connector) -> None:
        """Two contacts have the same local number: each is found by the whole one only."""
        for person in (KNOWN, STRANGER):
            found = await connector.lookup(CustomerQuery(phone=parse_number(person.phone, "DE")))
            assert [person.id] == [record.id for record in found]

    async def test_more_than_a_page(self, server: OracleFusion) -> None:
        """Of many open requests all come, a page after the other."""
        server.add_requests(KNOWN, 120)
        async with self.started(self.connector_of(server, max_records=200)) as connector:
            [record] = await connector.lookup(CustomerQuery(ids={"crm": KNOWN.id}))
        assert 120 + len(KNOWN.cases) == len(record.cases)

    async def test_an_account(self, connector: Connector) -> None:
        """A company's number, address and id lead to the account, with its own requests and orders."""
        for query in (
            CustomerQuery(phone=parse_number(COMPANY.phone, "DE")),
            CustomerQuery(email=COMPANY.email),
            CustomerQuery(ids={"crm": COMPANY.id}),
        ):
            [record] = await connector.lookup(query)
            assert (COMPANY.id, COMPANY.name, Kind.ORG) == (record.id, record.name.full, record.kind)
            assert list(COMPANY.cases) == [case.id for case in record.cases]
            assert list(COMPANY.orders) == [order.id for order in record.orders]

    @pytest.mark.parametrize("kind", list(WriteKind))
    async def test_written_for_an_account(self, server: OracleFusion, connector: Connector, kind: WriteKind) -> None:
        """What is said with a company is the account's, once."""
        first = await connector.write(entry(kind, COMPANY))
        again = await connector.write(entry(kind, COMPANY))
        assert (first.id, True) == (again.id, again.was_there)
        assert [(str(kind), COMPANY.id)] == [(written.kind, written.customer) for written in server.written]

    async def test_written_for_nobody(self, server: OracleFusion, connector: Connector) -> None:
        """A customer whom Fusion does not have gets nothing written, and that is told."""
        with pytest.raises(ConnectorError) as raised:
            await connector.write(entry(WriteKind.ACTIVITY, KNOWN, customer="7"))
        assert "nothing was written" in raised.value.message
        assert [] == server.written

    async def test_an_address_in_any_case(self, connector: Connector) -> None:
        """E-mail addresses are found however they are written."""
        found = await connector.lookup(CustomerQuery(email=KNOWN.email.title()))
        assert [KNOWN.id] == [record.id for record in found]


class TestOracleFusionSoap(SystemBehaviour):
    system = "oracle_fusion"
    server_type = OracleFusionSoap
    smallest = "The smallest configuration over SOAP"
    whole = "The whole configuration over SOAP"
    not_this_way = frozenset({"open_orders", "open_cases", "write_activity", "write_note", "write_case"})

    async def test_the_same_number_in_another_area(self, connector: Connector) -> None:
        """Two contacts have the same local number: each is found by the whole one only."""
        for person in (KNOWN, STRANGER):
            found = await connector.lookup(CustomerQuery(phone=parse_number(person.phone, "DE")))
            assert [person.id] == [record.id for record in found]

    async def test_the_address_comes_with_the_contact(self, connector: Connector) -> None:
        """The object below the contact, of a type that the reply alone names, is read as well."""
        [record] = await connector.lookup(CustomerQuery(ids={"crm": KNOWN.id}))
        assert [Address(street="Lindenallee 12", postcode="01067", locality="Dresden", country="DE")] == list(
            record.addresses
        )

"""Oracle Fusion over REST, as its page documents it."""

from connectors.base import Connector
from hub.domain.customer import Address, CustomerQuery
from hub.domain.phone import parse_number
from tests.conformance.systems.behaviour import SystemBehaviour
from tests.conformance.systems.servers.oracle_fusion import KNOWN, STRANGER, OracleFusion
from tests.conformance.systems.servers.oracle_fusion_soap import OracleFusionSoap


class TestOracleFusion(SystemBehaviour):
    system = "oracle_fusion"
    server_type = OracleFusion

    async def test_the_same_number_in_another_area(self, connector: Connector) -> None:
        """Two contacts have the same local number: each is found by the whole one only."""
        for person in (KNOWN, STRANGER):
            found = await connector.lookup(CustomerQuery(phone=parse_number(person.phone, "DE")))
            assert [person.id] == [record.id for record in found]

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

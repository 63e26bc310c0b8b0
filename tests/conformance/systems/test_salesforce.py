"""Salesforce, as its page documents it."""

from datetime import date
from typing import Any

import pytest

from connectors.base import Connector, ConnectorError
from connectors.resilience.connector import ResilientConnector
from hub.domain.customer import CustomerQuery, Kind
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteKind
from tests.conformance.systems.behaviour import SystemBehaviour, entry
from tests.conformance.systems.servers.salesforce import (
    ABROAD,
    COMPANY,
    KNOWN,
    LEAD,
    TOKEN_PATH,
    Salesforce,
)
from tests.conformance.systems.system import System


def by_phone(number: str) -> CustomerQuery:
    return CustomerQuery(phone=parse_number(number, "DE"))


class TestSalesforce(SystemBehaviour):
    system = "salesforce"
    server_type = Salesforce

    def config_of(self, server: System, heading: str) -> dict[str, Any]:
        """Lead the token server to the simulation as well."""
        config = super().config_of(server, heading)
        return {**config, "auth": {**config["auth"], "token_url": server.place["url"] + TOKEN_PATH}}

    async def test_signing_in_with_a_secret(self, server: Salesforce) -> None:
        """A connected app with client credentials needs no certificate."""
        connector = self.connector_of(server, "Signing in with a client's id and secret")
        async with self.started(connector):
            assert await connector.check()
            assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]

    async def test_a_number_of_another_country(self, connector: Connector) -> None:
        """Two numbers that are the same without their country each lead to their own contact."""
        for person in (KNOWN, ABROAD):
            assert [person.id] == [record.id for record in await connector.lookup(by_phone(person.phone))]

    async def test_a_company(self, connector: Connector) -> None:
        """An account is found by its own number and id, with its own cases and orders."""
        for query in (by_phone(COMPANY.phone), CustomerQuery(ids={"crm": COMPANY.id})):
            [record] = await connector.lookup(query)
            assert (COMPANY.id, Kind.ORG, COMPANY.name) == (record.id, record.kind, record.name.full)
            assert (COMPANY.orders, COMPANY.cases) == (
                tuple(order.id for order in record.orders),
                tuple(case.id for case in record.cases),
            )

    async def test_a_lead(self, connector: Connector) -> None:
        """A lead is found by all three keys; one that was converted is a contact by now."""
        for query in (by_phone(LEAD.phone), CustomerQuery(email=LEAD.email), CustomerQuery(ids={"crm": LEAD.id})):
            assert [(LEAD.id, "Neu AG")] == [(one.id, one.organization) for one in await connector.lookup(query)]

    async def test_without_orders(self, server: Salesforce, connector: Connector) -> None:
        """An organisation that has orders turned off is served without them."""
        server.knows_orders = False
        [record] = await connector.lookup(by_phone(KNOWN.phone))
        assert ((), len(KNOWN.cases)) == (record.orders, len(record.cases))

    async def test_what_the_customer_refuses(self, connector: Connector) -> None:
        """Fields that not every site's user may read are there where they may: birth date, department, refusals."""
        for query in (by_phone(KNOWN.phone), CustomerQuery(email=KNOWN.email), CustomerQuery(ids={"crm": KNOWN.id})):
            [record] = await connector.lookup(query)
            assert (date(1979, 5, 12), "Purchasing") == (record.birth_date, record.department)
            assert [("email", False)] == [(one.channel, one.granted) for one in record.consents]
        [lead] = await connector.lookup(by_phone(LEAD.phone))
        assert [("phone", False)] == [(one.channel, one.granted) for one in lead.consents]

    async def test_fields_that_the_user_may_not_read_cost_nothing_else(
        self, server: Salesforce, connector: Connector
    ) -> None:
        """Each is asked for once, and left out from then on, of its own object alone; a check says which."""
        server.hidden = {"Contact": {"Birthdate", "DoNotCall"}, "Lead": {"DoNotCall"}}
        [record] = await connector.lookup(by_phone(KNOWN.phone))
        assert (None, "Purchasing") == (record.birth_date, record.department)
        assert [("email", False)] == [(one.channel, one.granted) for one in record.consents]
        [lead] = await connector.lookup(by_phone(LEAD.phone))
        assert (LEAD.id, ()) == (lead.id, lead.consents)
        asked = len(server.queries)
        await connector.lookup(CustomerQuery(email=KNOWN.email))
        assert [] == [query for query in server.queries[asked:] if "Birthdate" in query or "DoNotCall" in query]
        assert isinstance(connector, ResilientConnector)
        assert {"Contact.Birthdate", "Contact.DoNotCall", "Lead.DoNotCall"} == set(connector.status().left_out)
        assert ", without Contact.Birthdate, Contact.DoNotCall, Lead.DoNotCall (" in await connector.check()

    async def test_a_field_that_is_needed_is_not_left_out(self, server: Salesforce, connector: Connector) -> None:
        """The lookup fails, in Salesforce's words."""
        server.hidden = {"Contact": {"MobilePhone", "Birthdate"}}
        with pytest.raises(ConnectorError, match="No such column 'MobilePhone' on entity 'Contact'"):
            await connector.lookup(by_phone(KNOWN.phone))

    async def test_a_check_tells_what_is_left_out(self, server: Salesforce, connector: Connector) -> None:
        """Before anybody has called."""
        server.hidden = {"Contact": {"Department"}}
        assert ", without Contact.Department (there is no such field, or" in await connector.check()

    @pytest.mark.parametrize("kind", list(WriteKind))
    async def test_written_about_a_company(self, server: Salesforce, connector: Connector, kind: WriteKind) -> None:
        """What is said about an account goes to the account, once."""
        for _ in range(2):
            await connector.write(entry(kind, COMPANY))
        assert [(str(kind), COMPANY.id)] == [(written.kind, written.customer) for written in server.written]

    async def test_a_quote_stays_in_its_literal(self, server: Salesforce, connector: Connector) -> None:
        """A quote and a backslash reach the query as a part of the text that is compared."""
        assert [] == list(await connector.lookup(CustomerQuery(email="x\\' OR Email != 'y")))
        assert any(r"Email = 'x\\\' OR Email != \'y'" in query for query in server.queries)

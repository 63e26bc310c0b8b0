"""SAP's A2X services as documented; customers also by SAP's own WSDL."""

from typing import Any

import pytest

from connectors.base import Connector
from hub.domain.customer import CustomerQuery
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteKind
from tests.conformance.systems.behaviour import SystemBehaviour, entry
from tests.conformance.systems.servers.sap_query_customer import KNOWN, SapQueryCustomer
from tests.conformance.test_contracts import contract

BY_PHONE = CustomerQuery(phone=parse_number(KNOWN.phone, "DE"))


class TestSapQueryCustomer(SystemBehaviour):
    system = "sap_query_customer"
    server_type = SapQueryCustomer

    @pytest.mark.parametrize("port", ["binding", "binding_SOAP12"])
    async def test_customers_alone_by_the_real_contract(self, server: SapQueryCustomer, port: str) -> None:
        """By SAP's own WSDL alone customers are found in either version of SOAP, and nothing can be written."""
        place: dict[str, Any] = {"wsdl": str(contract("sap-query-customer/QueryCustomerIn.wsdl")), "contracts": {}}
        connector = self.connector_of(server, port=port, **place)
        await connector.start()
        try:
            assert f"SOAP {'1.2' if port.endswith('12') else '1.1'}, 3 operations" in await connector.check()
            for query in (BY_PHONE, CustomerQuery(email=KNOWN.email), CustomerQuery(ids={"crm": KNOWN.id})):
                [record] = await connector.lookup(query)
                assert (KNOWN.id, KNOWN.name, ()) == (record.id, record.name.full, record.orders)
                assert [KNOWN.email] == [email.address for email in record.emails]
            assert frozenset() == connector.writes
        finally:
            await connector.close()

    async def test_what_is_written_bears_its_id(self, server: SapQueryCustomer, connector: Connector) -> None:
        """An interaction as call, note and ticket is three messages; each has its own UUID, always the same."""
        ids = [(await connector.write(entry(kind, KNOWN))).id for kind in (*WriteKind, *WriteKind)]
        assert ids[:3] == ids[3:]
        assert 3 == len(set(ids)) == len(server.written)

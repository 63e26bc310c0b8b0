"""NetSuite, as its page documents it."""

import pytest
from aiohttp import web

from connectors.base import Connector, ConnectorError
from hub.domain.customer import CustomerQuery, Kind, Problem
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteKind
from tests.conformance.systems.behaviour import SystemBehaviour, entry
from tests.conformance.systems.servers.netsuite import COMPANY, KNOWN, SHARED, STRANGER, NetSuite
from tests.conformance.systems.system import Weather


def by_phone(number: str) -> CustomerQuery:
    return CustomerQuery(phone=parse_number(number, "DE"))


class TooBusy(NetSuite):
    """Says that it has had too much as some of NetSuite's interfaces do: as a bad request."""

    def throttled(self, _asked: str) -> web.StreamResponse:
        details = [{"detail": "Request limit exceeded", "o:errorCode": "SSS_REQUEST_LIMIT_EXCEEDED"}]
        return web.json_response({"title": "Bad Request", "status": 400, "o:errorDetails": details}, status=400)


class TestNetSuite(SystemBehaviour):
    system = "netsuite"
    server_type = NetSuite

    async def test_a_company(self, connector: Connector) -> None:
        """A customer that is a company is found by each key, with its own orders."""
        queries = (by_phone(COMPANY.phone), CustomerQuery(email=COMPANY.email), CustomerQuery(ids={"crm": COMPANY.id}))
        for query in queries:
            [record] = await connector.lookup(query)
            assert (COMPANY.id, Kind.ORG, COMPANY.name) == (record.id, record.kind, record.name.full)
            assert COMPANY.orders == tuple(order.id for order in record.orders)

    async def test_the_same_number_in_another_area(self, connector: Connector) -> None:
        """Each of two with the same local number is found by the whole one only."""
        for person in (KNOWN, STRANGER):
            assert [person.id] == [record.id for record in await connector.lookup(by_phone(person.phone))]

    async def test_a_request_limit_told_as_a_bad_request(self) -> None:
        """Whichever of its ways NetSuite takes to say that it was asked too often, it is left alone."""
        server = TooBusy()
        await server.start()
        try:
            server.weather = Weather.THROTTLING
            async with self.started(self.connector_of(server)) as connector:
                with pytest.raises(ConnectorError) as raised:
                    await connector.lookup(by_phone(KNOWN.phone))
            assert Problem.THROTTLED is raised.value.problem
        finally:
            await server.stop()

    @pytest.mark.parametrize("kind", list(WriteKind))
    async def test_written_for_a_customer(self, server: NetSuite, connector: Connector, kind: WriteKind) -> None:
        """What is said with a private customer goes to the customer, once."""
        for _ in range(2):
            await connector.write(entry(kind, SHARED[0]))
        assert [(str(kind), SHARED[0].id)] == [(written.kind, written.customer) for written in server.written]

    async def test_a_quote_stays_in_its_literal(self, server: NetSuite, connector: Connector) -> None:
        """A quote reaches the query doubled, as a part of the text that is compared."""
        assert [] == list(await connector.lookup(CustomerQuery(email="x' OR '1' = '1")))
        assert any("LOWER(email) = 'x'' or ''1'' = ''1'" in query for query in server.queries)

"""What every connector does, whatever it speaks to: each kind's tests inherit this, over HTTP by http_behaviour.py."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from connectors.resilience.connector import ResilientConnector
from hub.config.connector_base import ConnectorBase
from hub.config.connector_kinds import ConnectorConfig
from hub.domain.customer import CustomerQuery, Name, Order, Phone, Problem
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteBack, WriteKind
from tests.conformance.servers.backend import KNOWN, SHARED
from tests.conformance.servers.served import Served

BEGAN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
MAPPINGS = Path(__file__).parent / "mappings"
_CONFIG: TypeAdapter[ConnectorBase] = TypeAdapter(ConnectorConfig)

HOSTILE = (
    "x' or '1' eq '1",
    "' or 1=1 --",
    "a'b''c\\'d",
    "x' or name ne '",
    "a&b=c&$top=1",
    "../../admin",
    "%2e%2e%2fadmin",
    "a/b?c#d",
    "<Email>x</Email>",
    "]]><x/>",
    "&xxe;",
    "{query.id}",
    'a"}, {"b": "c',
    "x\r\nX-Injected: 1",
    "名前' or '",
    "x" * 250,
)


def connector_for(backend: Served, **changes: Any) -> ResilientConnector:
    config = _CONFIG.validate_python({**backend.config(), **changes})
    return build_connector("crm", config, region="DE", mapping_folders=[MAPPINGS])


def by_phone(number: str) -> CustomerQuery:
    return CustomerQuery(phone=parse_number(number, "DE"))


class ConnectorBehaviour:
    """Subclasses make the backend, in a fixture of that name."""

    @pytest.fixture
    async def connector(self, backend: Served) -> AsyncIterator[Connector]:
        connector = connector_for(backend)
        await connector.start()
        yield connector
        await connector.close()

    async def test_found_by_phone(self, connector: Connector) -> None:
        """The customer comes mapped, with leading zeros, orders from a further step, and where it came from."""
        records = await connector.lookup(by_phone("0351 5550123"))
        assert [KNOWN.id] == [record.id for record in records]
        record = records[0]
        assert "crm" == record.system
        assert record.mapping.startswith("mappings/")
        assert record.mapping.endswith("customer@1")
        assert Name(full=KNOWN.name) == record.name
        assert (Phone(number=KNOWN.phone),) == record.phones
        assert (Order(id="A0042", ordered_on=date(2026, 11, 20)),) == record.orders
        assert record.fetched_at is not None

    async def test_not_found(self, connector: Connector) -> None:
        """Nobody is no error."""
        assert [] == list(await connector.lookup(by_phone("+4935199999")))

    async def test_several_found(self, connector: Connector) -> None:
        """A number that several customers share gives all of them."""
        records = await connector.lookup(by_phone(SHARED[0].phone))
        assert sorted(one.id for one in SHARED) == sorted(record.id for record in records)

    async def test_found_by_email_and_by_id(self, connector: Connector) -> None:
        """The first key that an operation takes decides; an id is the connector's own."""
        for query in (CustomerQuery(email=KNOWN.email), CustomerQuery(ids={"crm": KNOWN.id})):
            assert connector.answers(query)
            assert [KNOWN.id] == [record.id for record in await connector.lookup(query)]

    async def test_without_a_number_nobody_is_found(self, connector: Connector) -> None:
        """An anonymous or internal caller and another system's id are nobody's, and the backend says so beforehand."""
        queries = [by_phone("anonymous"), by_phone("11"), by_phone("call Bob"), CustomerQuery(ids={"other": KNOWN.id})]
        assert [False] * 4 == [connector.answers(query) for query in queries]
        for query in queries:
            assert [] == list(await connector.lookup(query))

    @pytest.mark.parametrize("value", HOSTILE)
    async def test_a_hostile_value_finds_nobody(self, connector: Connector, value: str) -> None:
        """No search value becomes syntax: nobody is found by it, and what comes after is answered as before."""
        for query in (CustomerQuery(email=value), CustomerQuery(ids={"crm": value})):
            assert [] == list(await connector.lookup(query))
        assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]

    async def test_a_value_too_long_to_be_anybodys(self, connector: Connector) -> None:
        """It is refused before it is sent: cut, it could be somebody else's."""
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(CustomerQuery(ids={"crm": "9" * 501}))
        assert Problem.INTERNAL == raised.value.problem

    async def test_several_at_once(self, connector: Connector) -> None:
        """Lookups side by side each get their own answer."""
        queries = [by_phone(KNOWN.phone), by_phone("+4935199999"), CustomerQuery(email=KNOWN.email)] * 5
        found = await asyncio.gather(*(connector.lookup(query) for query in queries))
        assert [[KNOWN.id], [], [KNOWN.id]] * 5 == [[record.id for record in records] for records in found]

    async def test_not_there_at_start(self, backend: Served) -> None:
        """The hub starts without the backend, says in plain words that it is not there, and finds it later."""
        await backend.stop()
        connector = connector_for(backend)
        await connector.start()
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(by_phone(KNOWN.phone))
        assert Problem.UNREACHABLE == raised.value.problem
        assert backend.gone in raised.value.message
        await backend.start()
        assert [KNOWN.id] == [record.id for record in await connector.lookup(by_phone(KNOWN.phone))]
        await connector.close()

    async def test_what_nothing_is_said_of_is_not_written(self, connector: Connector) -> None:
        """A thing that the configuration does not say how to write is refused, and told."""
        for kind in set(WriteKind) - connector.writes:
            with pytest.raises(ConnectorError) as raised:
                await connector.write(WriteBack(id="1", kind=kind, customer=KNOWN.id, subject="Call", started_at=BEGAN))
            assert Problem.INTERNAL == raised.value.problem
            assert str(kind) in raised.value.message

    async def test_check_and_title(self, backend: Served, connector: Connector) -> None:
        """A check says a short fact; a connector that was not started says so."""
        assert await connector.check()
        idle = connector_for(backend, title="CRM")
        assert ("crm", "CRM") == (idle.name, idle.title)
        with pytest.raises(ConnectorError):
            await idle.lookup(by_phone(KNOWN.phone))

"""E-Business Suite by its tables: the statements of the preset, on tables of the same names."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from hub.config.connector_base import ConnectorBase
from hub.config.connector_kinds import ConnectorConfig
from hub.config.presets import preset_file
from hub.domain.customer import CustomerQuery, Kind, Problem
from hub.domain.phone import parse_number
from tests.conformance.behaviour import HOSTILE
from tests.conformance.systems.documented import documented
from tests.conformance.systems.servers.oracle_ebs_tables import COMPANY, ELSEWHERE, KNOWN, LOCAL, SHARED, made_at

_CONFIG: TypeAdapter[ConnectorBase] = TypeAdapter(ConnectorConfig)


@pytest.fixture
async def connector(tmp_path: Path) -> AsyncIterator[Connector]:
    """Read the tables by the configuration that the page documents, with another database's address."""
    made_at(tmp_path / "ebs.db")
    config = documented("oracle_ebs", "The configuration for the tables", {"EBS_DB_PASSWORD": "secret"})
    del config["auth"]
    config["url"] = f"sqlite:///{tmp_path / 'ebs.db'}"
    connector = build_connector("crm", _CONFIG.validate_python(config), region="DE")
    await connector.start()
    yield connector
    await connector.close()


def by_phone(number: str) -> CustomerQuery:
    return CustomerQuery(phone=parse_number(number, "DE"))


async def test_check(connector: Connector) -> None:
    """The statements are ones that the database understands."""
    assert await connector.check()


async def test_whoever_the_number_may_be(connector: Connector) -> None:
    """Who has that whole number comes, and who has only its last seven digits; another area's goes."""
    for person in (KNOWN, ELSEWHERE):
        found = await connector.lookup(by_phone(person.phone))
        assert {person.id, LOCAL.id} == {record.id for record in found}


async def test_details(connector: Connector) -> None:
    """A person comes once, with company, address, all numbers, addresses, open requests and open orders."""
    for query in (
        CustomerQuery(ids={"crm": KNOWN.id}),
        CustomerQuery(email=KNOWN.email.title()),
        by_phone("+491715550999"),
        CustomerQuery(email="vogt@hansen.example"),
    ):
        [record] = await connector.lookup(query)
        assert (KNOWN.id, KNOWN.name, COMPANY.name) == (record.id, record.name.full, record.organization)
        assert {KNOWN.phone, "+491715550999"} == {phone.number for phone in record.phones}
        assert {KNOWN.email, "vogt@hansen.example"} == {email.address for email in record.emails}
        assert sorted(KNOWN.cases) == sorted(case.id for case in record.cases)
        assert {("Pump leaks", "Open", "High", True)} == {
            (case.subject, case.status, case.priority, case.open) for case in record.cases
        }
        assert sorted(KNOWN.orders) == sorted(order.id for order in record.orders)


async def test_a_company(connector: Connector) -> None:
    """A company's own number leads to the company, not to its contacts."""
    [record] = await connector.lookup(by_phone(COMPANY.phone))
    assert (COMPANY.id, COMPANY.name, Kind.ORG) == (record.id, record.name.full, record.kind)
    assert list(COMPANY.orders) == [order.id for order in record.orders]


async def test_several_and_nobody(connector: Connector) -> None:
    """A number of two gives both, a stranger's none."""
    found = await connector.lookup(by_phone(SHARED[0].phone))
    assert {one.id for one in SHARED} == {record.id for record in found}
    assert [] == list(await connector.lookup(by_phone("+4935199999")))


@pytest.mark.parametrize("value", [*HOSTILE, "4429 OR 1=1", "%", "_"])
async def test_a_hostile_value_finds_nobody(connector: Connector, value: str) -> None:
    """No value becomes a part of a statement."""
    for query in (CustomerQuery(email=value), CustomerQuery(ids={"crm": value})):
        try:
            found = list(await connector.lookup(query))
        except ConnectorError as error:
            found, problem = [], error.problem
        else:
            problem = Problem.INTERNAL
        assert ([], Problem.INTERNAL) == (found, problem)


async def test_nothing_is_written(connector: Connector) -> None:
    """The tables are Oracle's: what is written there past its interfaces is not supported, so nothing is."""
    assert frozenset() == connector.writes


def test_the_page_names_the_tables() -> None:
    """Each table that a statement reads is one that the administrator is asked for."""
    preset = preset_file("oracle_ebs/sql").read_text("utf-8")
    page = preset_file("oracle_ebs").with_name("README.md").read_text("utf-8")
    tables = set(re.findall(r"(?:FROM|JOIN) (\w+)", preset))
    assert 10 == len(tables)
    assert set() == {table for table in tables if table.upper() not in page}

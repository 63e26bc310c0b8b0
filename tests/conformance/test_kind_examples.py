"""The database and the file that the connectors' page shows are looked up as shown."""

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml

import connectors
from connectors.base import Connector
from connectors.registry import build_connector
from hub.config.connector_base import ConnectorBase
from hub.config.csv_file import CsvConnector
from hub.config.sql import SqlConnector
from hub.domain.customer import CustomerQuery
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteBack, WriteKind
from tests.conformance.behaviour import BEGAN

PAGE = Path(connectors.__file__).parent / "README.md"
MAPPING = """
source: the example of the page
version: 1
target: customer
fields:
  id: id
  name.full: name
  phones: {fields: {number: {from: [phone, mobile], phone: true}}}
  emails: {fields: {address: email}}
  orders: {each: orders, fields: {id: id, ordered_on: ordered_on}}
"""
TABLES = """
CREATE TABLE customers (id TEXT, name TEXT, phone TEXT, email TEXT);
CREATE TABLE orders (id TEXT, customer TEXT, ordered_on DATE, open INTEGER);
CREATE TABLE calls (id TEXT PRIMARY KEY, customer TEXT, note TEXT, began TIMESTAMP);
INSERT INTO customers VALUES ('0042', 'Petra Vogt', '03515550123', 'petra@example.com'), ('1', 'Other', '1', '');
INSERT INTO orders VALUES ('A1', '0042', '2026-11-20', 1), ('A2', '0042', '2026-11-21', 0), ('B1', '1', '', 1);
"""
ROWS = "id;name;phone;mobile;email\n0042;Petra Vögt;;+49 351 5550123;PETRA@example.com\n1;Other;;;\n"


def shown(name: str) -> dict[str, Any]:
    """Return the connector of that name on the page."""
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return next(section[name] for block in blocks if name in (section := yaml.safe_load(block)["connectors"]))


@pytest.fixture
def mappings(tmp_path: Path) -> Path:
    folder = tmp_path / "mappings" / "shop"
    folder.mkdir(parents=True)
    (folder / "customer.yaml").write_text(MAPPING)
    return folder.parent


async def started(config: ConnectorBase, mappings: Path) -> Connector:
    connector = build_connector("crm", config, region="DE", mapping_folders=[mappings])
    await connector.start()
    return connector


async def test_a_database(tmp_path: Path, mappings: Path) -> None:
    """The example finds a customer with the open orders, and writes a call once."""
    file = tmp_path / "erp.db"
    with sqlite3.connect(file) as database:
        database.executescript(TABLES)
    connector = await started(SqlConnector.model_validate({**shown("erp"), "url": f"sqlite:///{file}"}), mappings)
    assert "4 statements are right" in await connector.check()
    [record] = await connector.lookup(CustomerQuery(phone=parse_number("+493515550123", "DE")))
    assert ("0042", "Petra Vogt", ["A1"]) == (record.id, record.name.full, [order.id for order in record.orders])
    call = WriteBack(id="main-1", kind=WriteKind.ACTIVITY, customer="0042", note="it's urgent", started_at=BEGAN)
    assert ["main-1", "main-1"] == [(await connector.write(call)).id for _ in range(2)]
    await connector.close()
    calls = database.execute("SELECT id, customer, note, began FROM calls").fetchall()
    database.close()
    assert [("main-1", "0042", "it's urgent", "2026-11-20 09:30:00.000000")] == calls


async def test_a_file(tmp_path: Path, mappings: Path) -> None:
    """The example finds a customer by each of its keys."""
    file = tmp_path / "customers.csv"
    file.write_bytes(ROWS.encode("cp1252"))
    connector = await started(CsvConnector.model_validate({**shown("export"), "file": str(file)}), mappings)
    assert (await connector.check()).startswith("2 rows, columns id, name, phone, mobile, email")
    queries = (
        CustomerQuery(phone=parse_number("+493515550123", "DE")),
        CustomerQuery(email="petra@example.com"),
        CustomerQuery(ids={"crm": "0042"}),
    )
    found = [[record.name.full for record in await connector.lookup(query)] for query in queries]
    await connector.close()
    assert [["Petra Vögt"]] * 3 == found

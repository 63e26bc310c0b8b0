"""What bad input gets: a message that names the connector, the operation and the step or field, and no harm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import TypeAdapter
from structlog.testing import capture_logs

from connectors.base import ConnectorError
from connectors.registry import build_connector
from hub.config.connector_base import ConnectorBase
from hub.config.connector_kinds import ConnectorConfig
from hub.domain.customer import CustomerRecord
from tests.conformance.behaviour import by_phone
from tests.conformance.servers.scripted import Asked, ScriptedServer

_CONFIG: TypeAdapter[ConnectorBase] = TypeAdapter(ConnectorConfig)
MAPPING = """\
source: a backend that says anything
version: 1
target: customer
fields:
  id: id
  name.full: name
  phones: {fields: {number: {from: phone, phone: true}}}
  orders: {each: orders, fields: {id: id, ordered_on: date, amount: {expr: "divide(net, pieces)"}}}
"""
BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a><id>&c;</id></a>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a><id>&b;</id></a>'
ORDER = {"id": "7", "date": "2026-11-21", "net": 10, "pieces": 4}


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    server = ScriptedServer(lambda _asked: web.json_response([]))
    await server.start()
    yield server
    await server.stop()


async def looked_up(server: ScriptedServer, folder: Path, **keys: Any) -> list[CustomerRecord]:
    (folder / "customer.yaml").write_text(MAPPING, "utf-8")
    config = server.config({"name": "customers", "path": "/people", "params": {"q": "x"}}, **keys)
    connector = build_connector("crm", _CONFIG.validate_python(config), region="DE", mapping_folders=[folder])
    await connector.start()
    try:
        return list(await connector.lookup(by_phone("+493515550123")))
    finally:
        await connector.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param({"text": BOMB, "content_type": "application/xml"}, "DTD", id="an XML bomb"),
        pytest.param({"text": OUTSIDE, "content_type": "application/xml"}, "DTD", id="an external entity"),
        pytest.param(
            {"status": 302, "headers": {"Location": "http://10.0.0.1/"}}, "10.0.0.1", id="a redirect elsewhere"
        ),
        pytest.param(
            {"body": b"[" + b"0," * 10_000 + b"0]", "content_type": "application/json"}, "2048", id="too large"
        ),
        pytest.param({"body": b'[{"id": "\xff\xfe"}]', "content_type": "application/json"}, "UTF-8", id="no UTF-8"),
        pytest.param({"text": "[" * 100_000, "content_type": "application/json"}, "", id="nested without an end"),
        pytest.param({"text": '[{"id": ', "content_type": "application/json"}, "JSON", id="cut off"),
    ],
)
async def test_what_is_refused(server: ScriptedServer, tmp_path: Path, answer: dict[str, Any], words: str) -> None:
    """The reply is not taken in; who reads the message knows where it came from."""
    server.answer = lambda _asked: web.Response(**answer)
    with pytest.raises(ConnectorError) as raised:
        await looked_up(server, tmp_path, max_reply_bytes=2048)
    assert raised.value.message.startswith("crm, operation by_phone: step customers: "), raised.value.message
    assert words in raised.value.message
    assert 1 == len(server.asked)


@pytest.mark.parametrize(
    ("order", "field", "reason"),
    [
        ({**ORDER, "pieces": 0}, "orders", "divides by zero"),
        ({**ORDER, "date": "2026-02-31"}, "orders", "date"),
        ({**ORDER, "net": "1,234.50"}, "orders", ""),
    ],
)
async def test_a_field_that_is_left_out(
    server: ScriptedServer, tmp_path: Path, order: dict[str, Any], field: str, reason: str
) -> None:
    """The customer comes all the same; the log names connector, operation and field, and never the value."""
    server.answer = lambda _asked: web.json_response([{"id": "1", "name": "Petra Vogt", "orders": [order]}])
    with capture_logs() as logs:
        [record] = await looked_up(server, tmp_path)
    assert "Petra Vogt" == record.name.full
    [told] = [entry for entry in logs if entry["event"] == "value left out"]
    assert ("crm", "by_phone") == (told["connector"], told["operation"])
    assert told["field"].startswith(field)
    assert reason in told["reason"]
    assert "1,234.50" not in str(told)
    assert "2026-02-31" not in str(told)


async def test_what_means_nothing_is_nothing(server: ScriptedServer, tmp_path: Path) -> None:
    """Dates of year 0000, and null in every place: missing. A number with letters stays readable."""
    nothing = {"id": "2", "name": None, "phone": None, "orders": None}
    order = {"id": "7", "date": "0000-01-01", "net": None, "pieces": None}
    strange = {"id": "1", "name": "Petra Vogt", "phone": "0800-FLOWERS", "orders": [order, None]}

    def answer(_asked: Asked) -> web.Response:
        return web.json_response([strange, nothing])

    server.answer = answer
    first, second = await looked_up(server, tmp_path)
    assert ["0800-FLOWERS"] == [phone.number for phone in first.phones]
    assert [("7", None, "")] == [(order.id, order.ordered_on, order.amount) for order in first.orders]
    assert ("2", "", (), ()) == (second.id, second.name.full, second.phones, second.orders)

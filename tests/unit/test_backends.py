"""Connectors that are loaded again from their files: which are made anew, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import structlog

from connectors.base import ConnectorError
from connectors.resilience.connector import ResilientConnector
from hub.backends import Backends
from hub.cli.config_file import ConfigFile
from hub.context.health import ConnectorHealth
from hub.domain.backend import ReloadNotPossibleError
from hub.domain.customer import Problem
from tests.conformance.servers.soap import WSDL, SoapBackend

CONFIG = """\
hub: {region: DE}
pbx:
  main: {host: 127.0.0.1, username: hub, secret: s3cret-ami}
connectors:
  soap:
    kind: soap
    wsdl: customers.wsdl
    url: http://127.0.0.1:1/soap
    mapping: customer
    operations:
      by_phone:
        key: phone
        steps: [{name: found, operation: Find, arguments: {Phone: {from: query.e164}}, rows: customer}]
  rest:
    kind: rest
    url: http://127.0.0.1:1/api
    mapping: customer
    operations:
      by_phone: {key: phone, steps: [{name: found, path: /customers, params: {phone: {from: query.e164}}}]}
"""
MAPPING = "source: x\nversion: 1\ntarget: customer\nfields: {id: id}\n"


class Place:
    """A site's files, and the connectors that are made of them."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ctihub.yaml"
        self.wsdl = folder / "customers.wsdl"
        self.mapping = folder / "mappings/customer.yaml"
        self.file.write_text(CONFIG)
        self.wsdl.write_text(WSDL.format(soap=SoapBackend.binding))
        self.mapping.parent.mkdir()
        self.mapping.write_text(MAPPING)
        self.swaps = 0
        source = ConfigFile(self.file)
        self.backends = Backends(source.load(), health=ConnectorHealth(lambda _status, _up: None), source=source)
        self.backends.on_swap(self._swapped)

    def _swapped(self) -> None:
        self.swaps += 1


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """Load and start them."""
    place = Place(tmp_path)
    await place.backends.start()
    yield place
    await place.backends.close()


async def test_what_did_not_change_is_the_very_same(place: Place) -> None:
    """Not one like it: the object, with its connections, its breaker and its lookups."""
    before = dict(place.backends.connectors)
    place.file.write_text(CONFIG.replace("1/api", "2/api"))
    result = await place.backends.reload()
    after = place.backends.connectors
    assert (("rest",), ("soap",)) == (result.changed, result.unchanged)
    assert before["soap"] is after["soap"]
    assert before["rest"] is not after["rest"]
    assert 1 == place.swaps


async def test_a_contract_that_changed_makes_its_connector_anew(place: Place) -> None:
    """The WSDL's file, or one that it imports; the other connector, and another contract beside it, are let be."""
    before = place.backends.connectors["soap"]
    place.wsdl.write_text(place.wsdl.read_text().replace("dead.example", "other.example"))
    assert ("soap",) == (await place.backends.reload()).changed
    assert before is not place.backends.connectors["soap"]
    (place.file.parent / "other.wsdl").write_text("<x/>")
    assert () == (await place.backends.reload()).changed
    schema = '<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:more"/>'
    (place.file.parent / "types.xsd").write_text(schema)
    include = '<x:import namespace="urn:more" schemaLocation="types.xsd"/><x:element name="Find">'
    place.wsdl.write_text(place.wsdl.read_text().replace('<x:element name="Find">', include))
    assert ("soap",) == (await place.backends.reload()).changed
    (place.file.parent / "types.xsd").write_text(schema.replace("/>", "></s:schema>"))
    assert ("soap",) == (await place.backends.reload()).changed


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda wsdl: wsdl[:300], "the WSDL can't be read"),
        (lambda wsdl: wsdl.replace("Find", "Search"), "Find"),
    ],
    ids=["half-a-file", "renamed-operation"],
)
async def test_a_contract_that_does_not_fit_is_refused(place: Place, spoil: Callable[[str], str], words: str) -> None:
    """With the place in the configuration that asks for what is not there; the old one stays."""
    before = dict(place.backends.connectors)
    place.wsdl.write_text(spoil(place.wsdl.read_text()))
    result = await place.backends.reload()
    assert any(words in problem.message for problem in result.problems)
    assert all(problem.file.endswith("ctihub.yaml") and problem.line > 4 for problem in result.problems)
    assert before == place.backends.connectors
    assert 0 == place.swaps


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (ConnectorError(Problem.INTERNAL, "rest: the file prices.csv is no table"), "no table"),
        (RuntimeError("geheim"), "RuntimeError at its start: see the log"),
        (TimeoutError(), "not started within 30 s"),
    ],
    ids=["in-words", "by-mistake", "too-slow"],
)
async def test_one_that_can_not_be_started_takes_nobody_s_place(
    place: Place, monkeypatch: pytest.MonkeyPatch, failure: Exception, words: str
) -> None:
    """Told at the connector's place in the file; what else was made for this change is closed again."""
    before = dict(place.backends.connectors)
    closed: list[str] = []

    async def start(connector: ResilientConnector) -> None:
        if connector.name == "rest":
            raise failure

    async def close(connector: ResilientConnector) -> None:
        closed.append(connector.name)

    monkeypatch.setattr(ResilientConnector, "start", start)
    monkeypatch.setattr(ResilientConnector, "close", close)
    place.file.write_text(CONFIG.replace("1/api", "2/api").replace("1/soap", "2/soap"))
    with structlog.testing.capture_logs() as logged:
        result = await place.backends.reload()
    (problem,) = result.problems
    assert ("ctihub.yaml", 14, 3) == (Path(problem.file).name, problem.line, problem.column)
    assert words in problem.message
    assert "geheim" not in problem.message
    assert before == place.backends.connectors
    assert {"soap", "rest"} == set(closed)
    assert "change refused, the connectors stay as they are" in {line["event"] for line in logged}
    monkeypatch.undo()


async def test_another_order_is_a_swap_without_a_new_connector(place: Place) -> None:
    """The first is believed before the second: the context has to know, and no connection is lost."""
    before = dict(place.backends.connectors)
    top, soap, rest = CONFIG.partition("  soap:")[0], *CONFIG.partition("  soap:")[2].split("  rest:")
    place.file.write_text(f"{top}  rest:{rest}  soap:{soap}")
    result = await place.backends.reload()
    assert (("rest", "soap"), ["rest", "soap"]) == (result.unchanged, list(place.backends.connectors))
    assert before == place.backends.connectors
    assert 1 == place.swaps


async def test_without_a_file_there_is_nothing_to_reload(tmp_path: Path) -> None:
    """A hub made from a configuration in memory says so."""
    config = Place(tmp_path).backends._config
    backends = Backends(config, health=ConnectorHealth(lambda _status, _up: None), source=None)
    with pytest.raises(ReloadNotPossibleError):
        await backends.reload()


async def test_reloads_asked_for_at_once_come_one_after_the_other(place: Place) -> None:
    """The API, the watch and an impatient integrator: each connector is made once."""
    place.file.write_text(CONFIG.replace("1/api", "2/api"))
    results = await asyncio.gather(*(place.backends.reload() for _ in range(5)))
    assert [("rest",), (), (), (), ()] == [result.changed for result in results]

"""Connectors that are loaded again from their files: which are made anew, and what is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import structlog

from connectors.base import ConnectorError
from connectors.resilience.connector import ResilientConnector
from hub.bus.feeds import Feeds
from hub.bus.refusal import RefusedError
from hub.cli.config_file import ConfigFile
from hub.config.mapping_files import SHIPPED
from hub.context.health import ConnectorHealth
from hub.domain.backend import ReloadNotPossibleError
from hub.domain.customer import Problem
from hub.domain.event import Event
from hub.domain.inbound import InboundMessage, Transport
from hub.house.backends import Backends
from hub.house.customer_rules import CustomerRules, RulesNow
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
FEEDS = """\
bus: {url: "amqp://127.0.0.1:1/"}
inbound:
  shop: {mapping: order, format: json}
  backup: {mapping: order}
  parcels: {mapping: feeds/order_shipped}
"""
ORDER = """\
source: x
version: 1
target: interaction
fields:
  id: number
  channel: {const: order}
  at: time
  subject: text
  customer.emails: mail
"""


RULE = """\
rule: Who is a VIP
version: 1
target: proposal
kind: attention
when:
  customer.title: VIP
text: {en: Be quick}
reason: {en: A VIP}
"""


class Place:
    """A site's files, and what is made of them: connectors, feeds, rules."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.file = folder / "ctihub.yaml"
        self.wsdl = folder / "customers.wsdl"
        self.mapping = folder / "mappings/customer.yaml"
        self.file.write_text(CONFIG + more)
        self.wsdl.write_text(WSDL.format(soap=SoapBackend.binding))
        self.mapping.parent.mkdir()
        self.mapping.write_text(MAPPING)
        self.order = folder / "mappings/order.yaml"
        self.order.write_text(ORDER)
        self.swaps = 0
        source = ConfigFile(self.file)
        config = source.load()
        self.feeds = Feeds(config)
        self.rules = CustomerRules(config)
        self.new_rules: list[RulesNow] = []
        self.rules.on_change(self.new_rules.append)
        health = ConnectorHealth(lambda _status, _up: None)
        self.backends = Backends(config, health=health, source=source, feeds=self.feeds, rules=self.rules)
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
    assert "change refused, all stays as it was" in {line["event"] for line in logged}
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


@pytest.fixture
async def with_feeds(tmp_path: Path) -> AsyncIterator[Place]:
    """Do the same for a site that has feeds."""
    place = Place(tmp_path, FEEDS)
    await place.backends.start()
    yield place
    await place.backends.close()


def _understood(place: Place, time: str) -> Event | RefusedError:
    """Return what the feed `shop` makes of an order of that time."""
    order = {"number": "4711", "time": time, "text": "Order", "mail": "a@example.com"}
    message = InboundMessage(body=json.dumps(order).encode(), transport=Transport.HTTP)
    (part,) = place.feeds.feed("shop").intake.parts(message)
    return part.outcome


async def test_a_feed_s_mapping_that_changed_counts_for_the_next_message(with_feeds: Place) -> None:
    """Of every feed that it is of; the others and all connectors are let be, and it is told once."""
    place = with_feeds
    connectors, parcels = dict(place.backends.connectors), place.feeds.feed("parcels")
    assert isinstance(_understood(place, "01.03.2026"), RefusedError)
    place.order.write_text(ORDER.replace("at: time", 'at: {from: time, date: {formats: ["%d.%m.%Y"]}}'))
    assert isinstance(_understood(place, "01.03.2026"), RefusedError), "before somebody has it taken in"
    result = await place.backends.reload()
    assert (("shop", "backup"), (), ("soap", "rest")) == (result.feeds, result.changed, result.unchanged)
    assert isinstance(_understood(place, "01.03.2026"), Event)
    assert (connectors, parcels) == (place.backends.connectors, place.feeds.feed("parcels"))
    assert 0 == place.swaps
    assert () == (await place.backends.reload()).feeds


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        (ORDER.replace("at: time", "at: {from: time, dte: {}}"), 7, 20, "dte"),
        (ORDER.replace("interaction", "interacton"), 3, 9, "interaction"),
        (ORDER + "  subject: [\n", 11, 1, ""),
        (None, 22, 19, "order"),
    ],
    ids=["field", "target", "half-a-file", "gone"],
)
async def test_a_feed_s_mapping_that_is_broken_is_refused(
    with_feeds: Place, text: str | None, line: int, column: int, words: str
) -> None:
    """At its line and column; the old one goes on, nothing else of the change counts, and a corrected one does."""
    place = with_feeds
    connectors = dict(place.backends.connectors)
    place.file.write_text((CONFIG + FEEDS).replace("1/api", "2/api"))
    if text is None:
        place.order.unlink()
    else:
        place.order.write_text(text)
    result = await place.backends.reload()
    assert ((), ()) == (result.feeds, result.changed)
    problem = result.problems[0]
    file = "ctihub.yaml" if text is None else "order.yaml"
    assert (file, line, column) == (Path(problem.file).name, problem.line, problem.column), problem
    assert words in problem.message
    assert isinstance(_understood(place, "2026-03-01T10:00:00Z"), Event)
    assert connectors == place.backends.connectors
    place.order.write_text(ORDER.replace("version: 1", "version: 2"))
    result = await place.backends.reload()
    assert (("shop", "backup"), ("rest",)) == (result.feeds, result.changed)
    assert place.feeds.feed("shop").intake.mapping_label.endswith("order@2")


async def test_the_mappings_of_feeds_are_watched(with_feeds: Place) -> None:
    """Those of the site, and those that come with the hub, until the site puts its own in their place."""
    place = with_feeds
    shipped = SHIPPED / "feeds/order_shipped.yaml"
    assert {place.order, shipped} <= set(place.backends.files())
    own = place.order.with_name("feeds") / "order_shipped.yaml"
    own.parent.mkdir()
    own.write_text(shipped.read_text())
    assert own in set(place.backends.files())
    assert ("parcels",) == (await place.backends.reload()).feeds


def _write_rule(place: Place, text: str) -> Path:
    file = place.mapping.parent / "anticipation/vip.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


async def test_a_rule_of_proposals_that_is_new_changed_or_gone_is_taken_in(place: Place) -> None:
    """Each is told once, and the connectors are let be; a file that is written anew as it was is no change."""
    connectors = dict(place.backends.connectors)
    file = _write_rule(place, RULE)
    assert file in set(place.backends.files())
    result = await place.backends.reload()
    assert (("anticipation",), ()) == (result.rules, result.needs_restart)
    assert "Be quick" == place.rules.now.proposals["vip"].text["en"]
    _write_rule(place, RULE)
    assert () == (await place.backends.reload()).rules
    _write_rule(place, RULE.replace("Be quick", "Be polite"))
    assert ("anticipation",) == (await place.backends.reload()).rules
    assert "Be polite" == place.rules.now.proposals["vip"].text["en"]
    file.unlink()
    assert ("anticipation",) == (await place.backends.reload()).rules
    assert "vip" not in place.rules.now.proposals
    assert (3, connectors, 0) == (len(place.new_rules), place.backends.connectors, place.swaps)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        (RULE.replace("customer.title", "customer.titel"), 6, 3, "titel"),
        (RULE.replace("attention", "attentive"), 4, 7, "attention"),
        (RULE + "about: [\n", 10, 1, ""),
    ],
    ids=["fact", "kind", "half-a-file"],
)
async def test_a_rule_that_is_broken_is_refused(place: Place, text: str, line: int, column: int, words: str) -> None:
    """At its line and column; the old one stays, nothing else of the change counts, and a corrected one does."""
    _write_rule(place, RULE)
    await place.backends.reload()
    before = place.rules.now
    _write_rule(place, text)
    place.file.write_text(CONFIG.replace("1/api", "2/api"))
    result = await place.backends.reload()
    problem = result.problems[0]
    assert ("vip.yaml", line, column) == (Path(problem.file).name, problem.line, problem.column), problem
    assert words in problem.message
    assert ((), ()) == (result.rules, result.changed)
    assert before is place.rules.now
    _write_rule(place, RULE.replace("Be quick", "Be polite"))
    result = await place.backends.reload()
    assert (("anticipation",), ("rest",)) == (result.rules, result.changed)


async def test_rules_of_identity_and_merge_are_taken_in(place: Place) -> None:
    """From the configuration; the rest of `context` counts after a restart, and is told as that."""
    place.file.write_text(CONFIG + "context: {identity: {shared_numbers: ['+49351']}, merge: {default: newest}}\n")
    result = await place.backends.reload()
    assert (("identity", "merge"), ()) == (result.rules, result.needs_restart)
    assert (("+49351",), "newest") == (place.rules.now.identity.shared_numbers, place.rules.now.merge.rule_of("tier"))
    place.file.write_text(CONFIG + "context: {budget_s: 2, anticipation: {at_most: 1}}\n")
    result = await place.backends.reload()
    assert (("anticipation", "identity", "merge"), ("context",)) == (result.rules, result.needs_restart)
    place.file.write_text(CONFIG + "context: {anticipation: {rules: [case_odl]}}\n")
    (problem,) = (await place.backends.reload()).problems
    assert ("ctihub.yaml", True) == (Path(problem.file).name, "case_old" in problem.message)

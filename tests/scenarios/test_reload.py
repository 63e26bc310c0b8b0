"""Connectors, mappings and secrets that change while the hub runs and calls go on, with real files."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from hub.demo.pbx.exchange import Channel, Exchange
from hub.demo.pbx.manager import ManagerServer
from hub.domain.backend import BackendStatus, ReloadResult
from hub.domain.customer import BackendAnswer, CustomerContext
from hub.domain.event import EventType
from hub.domain.inbound import Receipt
from tests.conformance.behaviour import MAPPINGS
from tests.conformance.servers.backend import KNOWN, Mood
from tests.conformance.servers.rest import RestBackend
from tests.scenarios.call_site import agents_section, pbx_section
from tests.scenarios.hub_api import HubApi
from tests.scenarios.hub_process import HubProcess
from tests.scenarios.simulated_site import DEVICES, DIALLED, QUEUE
from tests.waiting import eventually, eventually_asked

MAPPING = (MAPPINGS / "customer.yaml").read_text(encoding="utf-8")
ORDERS = """\
source: JSON
version: 1
target: interaction
fields:
  id: number
  channel: {const: order}
  at: time
  subject: text
  customer.emails: mail
"""
READS_OTHER_DATES = ORDERS.replace("at: time", 'at: {from: time, date: {formats: ["%d.%m.%Y"]}}')
RULE = """\
rule: Who is known is greeted
version: 1
target: proposal
kind: attention
when:
  customer.name: {exists: true}
text: {en: "Greet {customer.name}"}
reason: {en: They are known}
"""
TITLED = MAPPING.replace("name.full: name", "name.full: name\n  title: {from: nix, default: VIP}")


class Site:
    """A hub with two backends, `crm` and `shop`, and a feed `orders`; all its files lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.crm, self.shop = RestBackend(), RestBackend()
        self.exchange = Exchange(queue=QUEUE, members={device: agent for agent, device in DEVICES.items()})
        self.file = folder / "ctihub.yaml"
        self.mapping = folder / "mappings/customer.yaml"
        self.orders = folder / "mappings/orders.yaml"
        self.secret = folder / "secrets/shop"
        self._deploy_token = secrets.token_urlsafe(16)

    async def start(self, stack: AsyncExitStack, *options: str) -> None:
        """Lay everything out, and run it while the stack lasts."""
        for backend in (self.crm, self.shop):
            await backend.start()
            stack.push_async_callback(backend.stop)
        password = secrets.token_urlsafe(12)
        manager = ManagerServer(self.exchange, username="hub", secret=password)
        await manager.start()
        stack.push_async_callback(manager.stop)
        for file, text in ((self.mapping, MAPPING), (self.orders, ORDERS), (self.secret, "secret-key\n")):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        shop_key = {"type": "api_key", "header": "X-Key", "key": "${file:secrets/shop}"}
        sections = {
            "agents": agents_section(),
            "pbx": pbx_section(manager.port),
            "connectors": {"crm": self.crm.config(), "shop": {**self.shop.config(), "auth": shop_key}},
            "context": {"cache_s": 60},
            "inbound": {"orders": {"mapping": "orders"}},
            "auth": {
                "tokens": {
                    "tests": "${API_TOKEN}",
                    "deployment": {
                        "token": "${DEPLOY_TOKEN}",
                        "may": ["configure", "publish"],
                        "feeds": ["orders"],
                    },
                }
            },
        }
        environment = {"AMI_SECRET": password, "DEPLOY_TOKEN": self._deploy_token}
        self.hub = HubProcess(self.folder, sections, environment, options)
        self.api = HubApi(self.hub.url, self.hub.token)
        await self.hub.start()
        stack.callback(self.hub.stop)

    def change(self, how: Callable[[dict[str, Any]], object]) -> None:
        """Change the configuration as an editor does: written beside, and moved over it."""
        document = json.loads(self.file.read_text())
        how(document)
        beside = self.file.with_suffix(".new")
        beside.write_text(json.dumps(document, indent=1))
        beside.replace(self.file)

    async def reload(self) -> ReloadResult:
        async with (
            aiohttp.ClientSession(headers=self._deployment) as client,
            client.post(f"{self.hub.url}/api/v1/connectors/reload") as reply,
        ):
            result = msgspec.json.decode(await reply.read(), type=ReloadResult)
            assert reply.status == (422 if result.problems else 200)
            return result

    async def order(self, number: str) -> Receipt:
        """Hand an order to the feed, with the date as the other system has written it for a while."""
        order = {"number": number, "time": "01.03.2026", "text": "Pump", "mail": "a@example.com"}
        async with (
            aiohttp.ClientSession(headers=self._deployment) as client,
            client.post(f"{self.hub.url}/api/v1/inbound/orders", json=order) as reply,
        ):
            receipt = msgspec.json.decode(await reply.read(), type=Receipt)
            assert reply.status == (422 if receipt.refused else 202)
            return receipt

    @property
    def _deployment(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._deploy_token}"}

    async def backends(self) -> dict[str, BackendStatus]:
        status, body = await self.api.get("/api/v1/connectors")
        assert 200 == status
        return {one.name: one for one in msgspec.json.decode(body, type=list[BackendStatus])}

    def rings(self) -> Channel:
        caller = self.exchange.call_arrives(number=KNOWN.phone, name="", dialled=DIALLED)
        self.exchange.join_queue(caller)
        return caller

    async def answers(self, ring: bool = True) -> dict[str, BackendAnswer]:
        """Let the known customer call, and return what each backend says of them."""
        async with self.api.events(after=None) as stream:
            if ring:
                caller = self.rings()
            event = await stream.until_type(EventType.CUSTOMER_CONTEXT_UPDATED)
            if ring:
                self.exchange.gives_up(caller)
            assert isinstance(event.data, CustomerContext)
            return {answer.connector: answer for answer in event.data.answers}

    def log_events(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.hub.log_lines() if line["event"] == event]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """Run a hub that is told when to reload."""
    async with AsyncExitStack() as stack:
        site = Site(tmp_path)
        await site.start(stack)
        yield site
        site.hub.assert_clean_log(KNOWN.phone)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Site]:
    """Run a hub that watches its files."""
    async with AsyncExitStack() as stack:
        site = Site(tmp_path)
        await site.start(stack, "--watch")
        yield site
        site.hub.assert_clean_log(KNOWN.phone)


async def test_a_changed_connector_takes_over_while_a_call_waits_for_the_old_one(site: Site) -> None:
    """The lookup under way ends on the old one with its answer; the next call asks the new one; the other is let be."""
    await site.answers()
    connections = len(site.shop.connections)
    elsewhere = RestBackend()
    await elsewhere.start()
    site.crm.delay_s = 0.3
    site.change(lambda document: document["context"].update(budget_s=5))
    site.change(lambda document: document["connectors"]["crm"].update(title="Old CRM"))
    assert ("crm",) == (await site.reload()).changed

    asked = site.crm.requests
    async with site.api.events(after=None) as stream:
        caller = site.rings()
        await eventually(lambda: site.crm.requests == asked + 1)
        site.change(lambda document: document["connectors"]["crm"].update(title="New CRM", url=f"{elsewhere.url}/api"))
        result = await site.reload()
        assert (("crm",), ("shop",), ("context",)) == (result.changed, result.unchanged, result.needs_restart)
        event = await stream.until_type(EventType.CUSTOMER_CONTEXT_UPDATED)
        assert isinstance(event.data, CustomerContext)
        (crm,) = [answer for answer in event.data.answers if answer.connector == "crm"]
        site.exchange.gives_up(caller)
    assert ("Old CRM", "found", KNOWN.id) == (crm.title, crm.state, crm.records[0].id)
    assert 0 == elsewhere.requests

    answers = await site.answers()
    assert ("New CRM", "found", False) == (answers["crm"].title, answers["crm"].state, answers["crm"].cached)
    assert 0 < elsewhere.requests
    assert (True, connections) == (answers["shop"].cached, len(site.shop.connections))
    await eventually(lambda: site.crm.at_once == 0)
    assert 0 == site.crm.cancelled
    await eventually(lambda: all(connection.is_closing() for connection in site.crm.connections), "the old one closed")
    await elsewhere.stop()


async def test_a_changed_mapping_counts_for_the_next_call(site: Site) -> None:
    """Both connectors that use it are made anew, and what was kept of their answers is forgotten."""
    before = await site.answers()
    assert "" == before["crm"].records[0].title
    site.mapping.write_text(TITLED)
    assert {"crm", "shop"} == set((await site.reload()).changed)
    after = await site.answers()
    assert ("VIP", False) == (after["crm"].records[0].title, after["crm"].cached)


async def test_a_changed_mapping_of_a_feed_counts_for_the_next_message(site: Site) -> None:
    """Taken in by the same request; one that is broken is refused at its place, and the one before goes on."""
    assert 1 == len((await site.order("1")).refused)
    site.orders.write_text(READS_OTHER_DATES)
    result = await site.reload()
    assert (("orders",), (), ("crm", "shop")) == (result.feeds, result.changed, result.unchanged)
    assert 1 == (await site.order("2")).recorded
    site.orders.write_text(READS_OTHER_DATES.replace("from: time", "form: time"))
    result = await site.reload()
    problem = result.problems[0]
    assert ((), "orders.yaml", 7, 3) == (result.feeds, Path(problem.file).name, problem.line, problem.column)
    (refused,) = site.log_events("change refused, all stays as it was")
    assert f"orders.yaml:7:3: {problem.message}" in refused["problems"][0]
    assert 1 == (await site.order("3")).recorded


async def test_a_changed_secret_is_signed_in_with(site: Site) -> None:
    """A renewed key in its file, without a word in the configuration."""
    site.secret.write_text("wrong-key-that-is-long\n")
    assert ("shop",) == (await site.reload()).changed
    assert "failed" == (await site.answers())["shop"].state
    assert "check `auth`" in (await site.backends())["shop"].last_error
    site.secret.write_text("secret-key\n")
    assert ("shop",) == (await site.reload()).changed
    assert "found" == (await site.answers())["shop"].state
    assert "wrong-key-that-is-long" not in site.hub.log()


async def test_connectors_come_and_go(site: Site) -> None:
    """One that is taken out is asked no more; one that is new is asked at the next call, in its place of the order."""
    site.change(lambda document: document["connectors"].update(extra=document["connectors"].pop("shop")))
    result = await site.reload()
    assert (("extra",), ("shop",), ("crm",)) == (result.added, result.removed, result.unchanged)
    assert ["crm", "extra"] == list(await site.answers())
    assert ["crm", "extra"] == list(await site.backends())


@pytest.mark.parametrize(
    ("break_it", "place", "words"),
    [
        (lambda site: site.file.write_text(site.file.read_text()[:-200]), "ctihub.yaml", ""),
        (lambda site: site.change(lambda d: d["connectors"]["crm"].update(kind="rset")), "ctihub.yaml", "rest"),
        (lambda site: site.change(lambda d: d["connectors"]["crm"].update(mapping="nix")), "ctihub.yaml", "'nix'"),
        (lambda site: site.change(lambda d: d["connectors"]["crm"].update(timeout_s="x")), "ctihub.yaml", "timeout_s"),
        (lambda site: site.change(lambda d: d["agents"].update(x={"nmae": "X"})), "ctihub.yaml", "nmae"),
        (lambda site: site.mapping.write_text("fields: [\n"), "customer.yaml", ""),
        (lambda site: site.mapping.write_text(MAPPING.replace("customer\n", "custmer\n")), "customer.yaml", "customer"),
        (lambda site: site.secret.unlink(), "ctihub.yaml", "can't be read"),
    ],
    ids=["half-a-file", "kind", "no-mapping", "value", "other-section", "half-a-mapping", "mapping", "secret"],
)
async def test_a_broken_change_is_refused_and_all_stays_as_it_was(
    site: Site, break_it: Callable[[Site], object], place: str, words: str
) -> None:
    """File, line and column in the answer and in the log; the connectors go on, and a correction is taken in."""
    original = {file: file.read_text() for file in (site.file, site.mapping, site.secret)}
    await site.answers()
    break_it(site)
    result = await site.reload()
    assert () == result.changed
    assert any(problem.file.endswith(place) and words in problem.message for problem in result.problems)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in result.problems)
    (refused,) = site.log_events("change refused, all stays as it was")
    first = result.problems[0]
    assert f"{first.file}:{first.line}:{first.column}: {first.message}" in refused["problems"]
    assert [True, True] == [answer.cached for answer in (await site.answers()).values()]
    for file, text in original.items():
        file.write_text(text)
    result = await site.reload()
    assert ((), (), ("crm", "shop")) == (result.problems, result.changed, result.unchanged)


async def test_nothing_changed_changes_nothing(site: Site) -> None:
    """The connectors are the same, with their connections and what is kept of their answers."""
    await site.answers()
    connections = len(site.crm.connections)
    site.mapping.touch()
    assert ("crm", "shop") == (await site.reload()).unchanged
    answers = await site.answers()
    assert [True, True] == [answer.cached for answer in answers.values()]
    assert connections == len(site.crm.connections)


async def test_a_backend_that_was_down_is_told_as_up_by_its_successor(site: Site) -> None:
    """cti.connector.down once, cti.connector.up once, although another connector has taken the place."""
    site.change(lambda document: document["connectors"]["crm"].update(retry={"attempts": 1}, breaker={"failures": 2}))
    await site.reload()
    await site.crm.stop()
    async with site.api.events(after=None) as stream:
        for _ in range(3):
            await site.answers()
        down = await stream.until_type(EventType.CONNECTOR_DOWN)
        assert "crm" == down.subject
        assert "down" == (await site.backends())["crm"].state
        await site.crm.start()
        site.change(lambda document: document["connectors"]["crm"].update(title="CRM"))
        await site.reload()
        await site.answers()
        up = await stream.until_type(EventType.CONNECTOR_UP)
        assert "crm" == up.subject
        told = [event.type for event in stream.events if event.type in {down.type, up.type}]
        assert [EventType.CONNECTOR_DOWN, EventType.CONNECTOR_UP] == told


async def test_watched_files_are_taken_in_by_themselves(watched: Site) -> None:
    """The configuration replaced by an editor, a mapping written in two halves, that of a feed: each counts soon."""
    site = watched
    site.change(lambda document: document["connectors"]["crm"].update(title="Renamed"))
    await eventually_asked(lambda: _is_titled(site, "Renamed"), "the new title")

    site.mapping.write_text(TITLED[:40])
    await asyncio.sleep(0.2)
    site.mapping.write_text(TITLED)
    await eventually(lambda: len(site.log_events("connectors reloaded")) == 2)
    assert "VIP" == (await site.answers())["crm"].records[0].title

    site.mapping.write_text("fields: [\n")
    await eventually(lambda: site.log_events("change refused, all stays as it was"))
    assert "VIP" == (await site.answers())["crm"].records[0].title
    site.mapping.write_text(MAPPING)
    await eventually(lambda: len(site.log_events("connectors reloaded")) == 3)

    assert 1 == len((await site.order("1")).refused)
    site.orders.write_text(READS_OTHER_DATES)
    await eventually(lambda: [["orders"]] == [line["feeds"] for line in site.log_events("feeds reloaded")])
    assert 1 == (await site.order("2")).recorded

    rule = site.mapping.parent / "anticipation/known.yaml"
    rule.parent.mkdir()
    rule.write_text(RULE)
    await eventually(lambda: [["anticipation"]] == [line["rules"] for line in site.log_events("rules reloaded")])
    async with site.api.events(after=None) as stream:
        caller = site.rings()
        event = await stream.until_type(EventType.CUSTOMER_CONTEXT_UPDATED)
        site.exchange.gives_up(caller)
    assert isinstance(event.data, CustomerContext)
    assert "known" in {one.rule for who in event.data.customers for one in who.proposals}


async def test_a_file_that_a_broken_change_waits_for(watched: Site) -> None:
    """Refused as long as the certificate is missing, and taken in as soon as it is there, without another word."""
    site = watched
    site.change(lambda document: document["connectors"]["crm"].update(tls={"ca_file": "ca.pem"}, title="With CA"))
    await eventually(lambda: site.log_events("change refused, all stays as it was"))
    (site.folder / "ca.pem").write_text("not looked at before it is needed")
    await eventually_asked(lambda: _is_titled(site, "With CA"), "the new title")


async def test_a_hundred_changes_in_a_row_while_calls_come_in(watched: Site) -> None:
    """Every call is answered by both backends all the while, and the last change is what counts in the end."""
    site = watched
    site.crm.mood = site.shop.mood = Mood.NORMAL
    answered = 0
    for number in range(1, 101):
        site.change(partial(_title, title=f"CRM {number}"))
        if number % 10 == 0:
            answers = await site.answers()
            assert ["found", "found"] == [answer.state for answer in answers.values()]
            answered += 1
            # Time enough for the hub to take this one in, on some rounds.
            await asyncio.sleep(0.3 if number % 20 else 1.2)
    assert 10 == answered
    await eventually_asked(lambda: _is_titled(site, "CRM 100"), "the last title")
    reloads = site.log_events("connectors reloaded")
    assert 2 <= len(reloads) <= 100
    await eventually(
        lambda: sum(not connection.is_closing() for connection in site.crm.connections) <= 1, "old connectors closed"
    )


def _title(document: dict[str, Any], title: str) -> None:
    document["connectors"]["crm"]["title"] = title


async def _is_titled(site: Site, title: str) -> bool:
    return (await site.backends())["crm"].title == title

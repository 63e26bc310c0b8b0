"""What every shipped system does, as its page documents it: each system's tests inherit this."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from connectors.base import Connector, ConnectorError
from connectors.registry import build_connector
from hub.config.connector_base import ConnectorBase
from hub.config.connector_kinds import ConnectorConfig
from hub.domain.customer import CustomerQuery, Problem
from hub.domain.phone import parse_number
from hub.domain.writeback import WriteBack, WriteKind
from tests.conformance.behaviour import HOSTILE
from tests.conformance.systems.documented import SMALLEST, WHOLE, documented, is_done
from tests.conformance.systems.system import Person, System, Weather

_CONFIG: TypeAdapter[ConnectorBase] = TypeAdapter(ConnectorConfig)
_SECRET = re.compile("PASSWORD|SECRET|TOKEN|KEY")
BEGAN = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def entry(kind: WriteKind, person: Person, **changes: Any) -> WriteBack:
    given: dict[str, Any] = {
        "id": "main-1763631000.17",
        "kind": kind,
        "customer": person.id,
        "direction": "inbound",
        "phone": person.phone,
        "subject": "Call about the pump",
        "note": 'Pump "P-7" leaks & it\'s <urgent>\nOelwanne prüfen — 漏油',
        "disposition": "callback",
        "outcome": "answered",
        "started_at": BEGAN,
        "ended_at": BEGAN + timedelta(seconds=125),
        "duration_s": 125,
        "agent": "alice",
        "agent_name": "Alice Weber",
        "queue": "support",
    }
    return WriteBack(**{**given, **changes})


async def ctihub(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own."""
    command = [sys.executable, "-m", "hub", *words]
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    )


class SystemBehaviour:
    """Subclasses name the folder in `connectors/` and the server.

    Where a system is reached in a second way, its subclass names the headings of that way, and what it does not do.
    """

    system: str
    server_type: type[System]
    smallest = SMALLEST
    whole = WHOLE
    not_this_way: frozenset[str] = frozenset()
    """Rules that the folder's quality.yaml calls done, but not in this way."""

    @pytest.fixture
    async def server(self) -> AsyncIterator[System]:
        server = self.server_type()
        await server.start()
        yield server
        await server.stop()

    def connector_of(self, server: System, heading: str = "", **changes: Any) -> Connector:
        """Make the connector that the system's page documents, led to the server."""
        config = {**self.config_of(server, heading or self.whole), **changes}
        return build_connector("crm", _CONFIG.validate_python(config), region="DE")

    def config_of(self, server: System, heading: str) -> dict[str, Any]:
        return {**documented(self.system, heading, server.environment), **server.place}

    @pytest.fixture
    async def connector(self, server: System) -> AsyncIterator[Connector]:
        async with self.started(self.connector_of(server)) as connector:
            yield connector

    @asynccontextmanager
    async def started(self, connector: Connector) -> AsyncIterator[Connector]:
        await connector.start()
        try:
            yield connector
        finally:
            await connector.close()

    def does(self, rule: str) -> bool:
        return rule not in self.not_this_way and is_done(self.system, rule)

    def skip_unless(self, rule: str) -> None:
        if not self.does(rule):
            pytest.skip(f"{self.system}: exempt from {rule}, see its quality.yaml")

    @pytest.mark.parametrize("size", ["smallest", "whole"])
    async def test_as_documented(self, server: System, size: str) -> None:
        """Each configuration on the system's page connects, signs in and finds a customer."""
        async with self.started(self.connector_of(server, getattr(self, size))) as connector:
            assert await connector.check()
            found = await connector.lookup(CustomerQuery(phone=parse_number(server.known.phone, "DE")))
            assert [(server.known.id, server.known.name)] == [(record.id, record.name.full) for record in found]

    @pytest.mark.parametrize("size", ["smallest", "whole"])
    async def test_by_the_commands(self, server: System, tmp_path: Path, size: str) -> None:
        """`check` and `trace` with the page's configuration: it works, it is told, and nothing secret with it."""
        config = self.config_of(server, getattr(self, size))
        pbx = {"main": {"host": "127.0.0.1", "username": "ctihub", "secret": "not-used"}}
        whole = {"hub": {"region": "DE"}, "pbx": pbx, "connectors": {"crm": config}}
        file = tmp_path / "ctihub.yaml"
        await asyncio.to_thread(file.write_text, yaml.safe_dump(whole, allow_unicode=True), "utf-8")
        linted = await ctihub("lint", str(file))
        assert (0, "") == (linted.returncode, linted.stderr), linted.stdout
        checked = await ctihub("check", "-c", str(file), "crm")
        assert (0, "") == (checked.returncode, checked.stderr), checked.stdout
        assert ["ok", "connector", "crm"] == checked.stdout.split()[:3]
        traced = await ctihub("trace", "-c", str(file), "--phone", server.known.phone)
        assert (0, "") == (traced.returncode, traced.stderr), traced.stdout
        seen = traced.stdout.partition("=== the agent sees 1 customer")[2]
        assert f"crm:{server.known.id}" in seen
        assert server.known.name in seen
        hidden = [value for name, value in server.environment.items() if _SECRET.search(name)]
        assert hidden
        assert [] == [value for value in hidden if value in checked.stdout + traced.stdout]

    async def test_found_by_phone_email_and_id(self, server: System, connector: Connector) -> None:
        """Whichever key is known leads to the same customer, with number and address."""
        known = server.known
        queries = {
            "find_by_phone": CustomerQuery(phone=parse_number(known.phone, "DE")),
            "find_by_email": CustomerQuery(email=known.email),
            "find_by_id": CustomerQuery(ids={"crm": known.id}),
        }
        for rule, query in queries.items():
            if not self.does(rule):
                continue
            [record] = await connector.lookup(query)
            assert (known.id, known.name) == (record.id, record.name.full), rule
            assert known.email in [email.address for email in record.emails], rule
            assert known.phone in [phone.number for phone in record.phones], rule

    async def test_open_orders(self, server: System, connector: Connector) -> None:
        """The customer comes with the open orders, and with no other's or closed ones."""
        self.skip_unless("open_orders")
        [record] = await connector.lookup(CustomerQuery(phone=parse_number(server.known.phone, "DE")))
        assert sorted(server.known.orders) == sorted(order.id for order in record.orders if order.open)

    async def test_open_cases(self, server: System, connector: Connector) -> None:
        """The customer comes with the open cases, and with no other's or closed ones."""
        self.skip_unless("open_cases")
        [record] = await connector.lookup(CustomerQuery(phone=parse_number(server.known.phone, "DE")))
        assert sorted(server.known.cases) == sorted(case.id for case in record.cases if case.open)

    async def test_nobody(self, connector: Connector) -> None:
        """A stranger is no error."""
        assert [] == list(await connector.lookup(CustomerQuery(phone=parse_number("+4935199999", "DE"))))

    async def test_several(self, server: System, connector: Connector) -> None:
        """A number that several share gives all of them."""
        found = await connector.lookup(CustomerQuery(phone=parse_number(server.shared[0].phone, "DE")))
        assert sorted(one.id for one in server.shared) == sorted(record.id for record in found)

    @pytest.mark.parametrize("value", HOSTILE)
    async def test_a_hostile_value_finds_nobody(self, connector: Connector, value: str) -> None:
        """No search value becomes syntax: nobody is found by it, or it is refused before it is sent."""
        for query in (CustomerQuery(email=value), CustomerQuery(ids={"crm": value})):
            try:
                found = list(await connector.lookup(query))
            except ConnectorError as error:
                found, problem = [], error.problem
            else:
                problem = Problem.INTERNAL
            assert ([], Problem.INTERNAL) == (found, problem)

    @pytest.mark.parametrize("kind", list(WriteKind))
    async def test_written_once(self, server: System, connector: Connector, kind: WriteKind) -> None:
        """What is written says what the agent said; the second time the system keeps what it has."""
        self.skip_unless(f"write_{kind}")
        case = server.known.cases[0] if server.known.cases else ""
        wanted = entry(kind, server.known, case=case)
        first = await connector.write(wanted)
        again = await connector.write(wanted)
        assert first.id == again.id
        [written] = server.written
        assert (str(kind), wanted.id, server.known.id) == (written.kind, written.interaction, written.customer)
        assert wanted.note.splitlines()[0] in written.text
        assert wanted.note.splitlines()[1] in written.text

    @pytest.mark.parametrize("kind", list(WriteKind))
    async def test_two_interactions_are_two(self, server: System, connector: Connector, kind: WriteKind) -> None:
        """Another interaction is written as another."""
        self.skip_unless(f"write_{kind}")
        case = server.known.cases[0] if server.known.cases else ""
        for identifier in ("main-1.1", "main-1.2"):
            await connector.write(entry(kind, server.known, id=identifier, case=case))
        assert ["main-1.1", "main-1.2"] == sorted(written.interaction for written in server.written)

    @pytest.mark.parametrize("kind", list(WriteKind))
    async def test_an_id_that_another_begins_with(self, server: System, connector: Connector, kind: WriteKind) -> None:
        """What is looked for is the whole id: a call's further note bears that of the call and more."""
        self.skip_unless(f"write_{kind}")
        case = server.known.cases[0] if server.known.cases else ""
        for identifier in ("main-1.10", "xmain-1.1", "main-1.1.note", "main-1.1"):
            await connector.write(entry(kind, server.known, id=identifier, case=case))
        assert ["main-1.1", "main-1.1.note", "main-1.10", "xmain-1.1"] == sorted(
            written.interaction for written in server.written
        )

    async def test_one_id_for_things_of_each_kind(self, server: System, connector: Connector) -> None:
        """A note is not taken for the case, nor the call for its note, that have the same id."""
        case = server.known.cases[0] if server.known.cases else ""
        kinds = [kind for kind in WriteKind if self.does(f"write_{kind}")]
        for kind in kinds:
            await connector.write(entry(kind, server.known, id="main-1.1.a", case=case))
        assert sorted(map(str, kinds)) == sorted(written.kind for written in server.written)

    @pytest.mark.parametrize("kind", list(WriteKind))
    async def test_an_answer_that_is_lost(self, server: System, kind: WriteKind) -> None:
        """The system wrote it and nobody heard: written again it is there once."""
        self.skip_unless(f"write_{kind}")
        case = server.known.cases[0] if server.known.cases else ""
        wanted = entry(kind, server.known, case=case)
        async with self.started(self.connector_of(server, retry={"attempts": 1})) as connector:
            server.weather = Weather.SILENT_WRITER
            with pytest.raises(ConnectorError):
                await connector.write(wanted)
            server.weather = Weather.FINE
            await connector.write(wanted)
        assert [wanted.id] == [written.interaction for written in server.written]

    async def test_what_is_not_known_is_left_out(self, server: System, connector: Connector) -> None:
        """A call of which only the least is known can be written too."""
        self.skip_unless("write_activity")
        least = WriteBack(
            id="main-1.3", kind=WriteKind.ACTIVITY, customer=server.known.id, subject="Call", started_at=BEGAN
        )
        await connector.write(least)
        assert ["main-1.3"] == [written.interaction for written in server.written]

    @pytest.mark.parametrize(
        ("weather", "problem"),
        [
            (Weather.REFUSING, Problem.REFUSED),
            (Weather.FORBIDDING, Problem.REFUSED),
            (Weather.THROTTLING, Problem.THROTTLED),
            (Weather.FAULTY, Problem.FAULT),
        ],
    )
    async def test_bad_weather(self, server: System, connector: Connector, weather: Weather, problem: Problem) -> None:
        """The system's own ways to say no are told apart, in lookups and writes, without the caller's data."""
        server.weather = weather
        attempts = [connector.lookup(CustomerQuery(phone=parse_number(server.known.phone, "DE")))]
        if self.does("write_activity"):
            attempts.append(connector.write(entry(WriteKind.ACTIVITY, server.known)))  # type: ignore[arg-type]  # either answer will do
        for attempt in attempts:
            with pytest.raises(ConnectorError) as raised:
                await attempt
            assert problem is raised.value.problem, raised.value.message
            assert server.known.email not in raised.value.message
            for secret in server.environment.values():
                assert secret not in raised.value.message
        server.weather = Weather.FINE
        # This one leaves the system alone for as long as it asked for.
        async with self.started(self.connector_of(server)) as other:
            assert await other.lookup(CustomerQuery(phone=parse_number(server.known.phone, "DE")))

    async def test_signing_in_is_renewed(self, server: System, connector: Connector) -> None:
        """One sign-in serves many lookups; when the system forgets it, a new one is made and nobody notices."""
        self.skip_unless("auth_renewal")
        query = CustomerQuery(phone=parse_number(server.known.phone, "DE"))
        await asyncio.gather(*(connector.lookup(query) for _ in range(3)))
        assert 1 == server.signed_in
        server.weather = Weather.FORGETFUL
        assert [server.known.id] == [record.id for record in await connector.lookup(query)]
        assert 2 == server.signed_in

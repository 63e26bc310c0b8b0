"""The `sql` kind keeps the contract of all connectors, on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors.base import Connector, ConnectorError
from hub.domain.customer import CustomerQuery, Problem
from tests.conformance.behaviour import by_phone, connector_for
from tests.conformance.servers.backend import KNOWN
from tests.conformance.servers.databases import PostgresDatabase
from tests.conformance.sql_behaviour import SqlBehaviour, by_id, written
from tests.servers.certificates import Authority
from tests.servers.postgresql import PostgreSQL
from tests.waiting import eventually, eventually_asked


class TestPostgresql(SqlBehaviour):
    @pytest.fixture
    async def backend(self, postgresql: PostgreSQL) -> AsyncIterator[PostgresDatabase]:
        database = PostgresDatabase(postgresql)
        await database.make()
        yield database
        await database.stop()

    async def test_wrong_password(self, backend: PostgresDatabase) -> None:
        """It is told as refused, without the password."""
        for user, password in (("reader", "wr0ng-secret"), ("nobody", "wr0ng-secret")):
            auth = {"type": "basic", "username": user, "password": password}
            url = backend.url.replace(backend.url.split("//")[1].split("@")[0] + "@", "")
            error = await self.problem(backend, "SELECT 1 AS id", url=url, auth=auth)
            assert Problem.REFUSED == error.problem
            assert "check user and password" in error.message
            assert "wr0ng" not in error.message

    async def test_password_beside_the_url(self, backend: PostgresDatabase) -> None:
        """In `auth` a password is written as it is, whatever signs it has."""
        auth = {"type": "basic", "username": backend.user, "password": backend.secret}
        url = backend.url.replace(backend.url.split("//")[1].split("@")[0] + "@", "")
        assert ["5"] == [one.id for one in await self.found(backend, "SELECT 5 AS id", url=url, auth=auth)]

    async def test_forbidden(self, backend: PostgresDatabase) -> None:
        """A table that the user may not read is told as refused, with its name."""
        await backend.run("REVOKE SELECT ON customers FROM reader")
        error = await self.problem(backend, "SELECT id FROM customers")
        assert Problem.REFUSED == error.problem
        assert "customers: ask for the permission" in error.message

    async def test_no_such_database(self, backend: PostgresDatabase) -> None:
        """A wrong name in the url is told."""
        error = await self.problem(backend, "SELECT 1 AS id", url=backend.url.replace(backend.name, "elsewhere"))
        assert Problem.FAULT == error.problem
        assert "correct the url" in error.message

    async def test_a_text_is_compared_with_a_number(self, backend: PostgresDatabase) -> None:
        """The message says how to send a number."""
        operations = by_id("SELECT 1 AS id FROM customers WHERE 5 = :id", id={"from": "query.id"})
        error = await self.problem(backend, "", operations=operations)
        assert Problem.FAULT == error.problem
        assert "type: number" in error.message

    async def test_the_database_ends_what_takes_too_long(self, backend: PostgresDatabase) -> None:
        """Even if nobody tells it that the lookup is over: the session's own limit is timeout_s."""
        found = await self.found(backend, "SELECT current_setting('statement_timeout') AS id", timeout_s=2.5)
        assert ["2500ms"] == [one.id for one in found]

    async def test_a_cancelled_statement_ends_in_the_database(self, backend: PostgresDatabase) -> None:
        """It is taken back, and does not go on at the cost of others."""
        connector = connector_for(backend, operations=by_id("SELECT pg_sleep(30), 1 AS id"), writes={}, timeout_s=30)
        await connector.start()
        running = (
            "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(30)%' "
            f"AND datname = '{backend.name}' AND application_name = 'ctihub'"
        )
        lookup = asyncio.create_task(connector.lookup(CustomerQuery(ids={"crm": "7"})))

        async def runs() -> bool:
            return bool(await backend.rows(running))

        async def ended() -> bool:
            return not await runs()

        await eventually_asked(runs, "the statement running")
        lookup.cancel()
        await asyncio.gather(lookup, return_exceptions=True)
        await eventually_asked(ended, "the statement ended")
        await connector.close()

    async def test_cut_connections(self, backend: PostgresDatabase, connector: Connector) -> None:
        """A pooled connection that the server or a firewall cut is replaced without anybody noticing, in writes too."""
        await connector.lookup(by_phone(KNOWN.phone))
        backend.relay.cut()
        assert [KNOWN.id] == [one.id for one in await connector.lookup(by_phone(KNOWN.phone))]
        backend.relay.cut()
        assert "main-1.1" == (await connector.write(written())).id

    async def test_down_and_back(self, fresh_postgresql: PostgreSQL) -> None:
        """A server that is killed is unreachable in plain words; when it is back, so are the answers."""
        database = PostgresDatabase(fresh_postgresql)
        await database.make()
        connector = connector_for(database)
        await connector.start()
        assert [KNOWN.id] == [one.id for one in await connector.lookup(by_phone(KNOWN.phone))]
        await asyncio.to_thread(fresh_postgresql.kill)
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(by_phone(KNOWN.phone))
        assert Problem.UNREACHABLE == raised.value.problem
        await asyncio.to_thread(fresh_postgresql.start)
        assert [KNOWN.id] == [one.id for one in await connector.lookup(by_phone(KNOWN.phone))]
        await connector.close()
        await database.stop()

    async def test_no_answer(self, backend: PostgresDatabase) -> None:
        """A server that goes silent in the middle is given up after timeout_s."""
        patient = connector_for(backend, timeout_s=0.5)
        await patient.start()
        await patient.lookup(by_phone(KNOWN.phone))
        backend.relay.hold_back()
        lookup = asyncio.create_task(patient.lookup(by_phone(KNOWN.phone)))
        await eventually(lambda: backend.relay.held_bytes > 0)
        with pytest.raises(ConnectorError) as raised:
            await lookup
        assert Problem.TIMEOUT == raised.value.problem
        backend.relay.let_through()
        assert [KNOWN.id] == [one.id for one in await patient.lookup(by_phone(KNOWN.phone))]
        await patient.close()

    async def test_limit_of_connections(self, backend: PostgresDatabase) -> None:
        """The database never sees more connections than max_concurrent."""
        connector = connector_for(backend, max_concurrent=2)
        await connector.start()
        await asyncio.gather(*(connector.lookup(by_phone(KNOWN.phone)) for _ in range(10)))
        assert backend.relay.connections <= 2
        await connector.close()

    async def test_too_many_connections(self, backend: PostgresDatabase) -> None:
        """A server that takes no more connections is told as throttled, with what to do."""
        other = connector_for(backend)
        await other.start()
        await other.lookup(by_phone(KNOWN.phone))
        await backend.run("ALTER ROLE reader CONNECTION LIMIT 1")
        try:
            error = await self.problem(backend, "SELECT 1 AS id", retry={"attempts": 1})
        finally:
            await backend.run("ALTER ROLE reader CONNECTION LIMIT -1")
            await other.close()
        assert Problem.THROTTLED == error.problem
        assert "lower max_concurrent" in error.message

    async def test_no_encryption(self, backend: PostgresDatabase) -> None:
        """With `tls` nothing is sent to a server that does not encrypt, the password least of all."""
        error = await self.problem(backend, "SELECT 1 AS id", tls={})
        assert Problem.UNREACHABLE == error.problem
        assert "SSL" in error.message

    async def test_encryption(self, fresh_postgresql: PostgreSQL, tmp_path: Path) -> None:
        """With `tls` the server's certificate is checked: by `ca_file` it is trusted, by the system's it is not."""
        authority = Authority(tmp_path)
        await asyncio.to_thread(fresh_postgresql.encrypt, authority.pair("server"))
        database = PostgresDatabase(fresh_postgresql)
        await database.make()
        statement = "SELECT version AS id FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        assert ["TLSv1.3"] == [
            one.id for one in await self.found(database, statement, tls={"ca_file": str(authority.file)})
        ]
        error = await self.problem(database, statement, tls={})
        assert Problem.UNREACHABLE == error.problem
        assert "its certificate is not accepted" in error.message
        assert "tls.ca_file" in error.message
        await database.stop()

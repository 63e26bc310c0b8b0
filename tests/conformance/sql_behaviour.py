"""What the `sql` kind does with every database, beside what all connectors do."""

import asyncio
import time
from typing import Any

import pytest
from sqlalchemy import text

from connectors.base import Connector, ConnectorError
from connectors.sql.connector import database_of
from connectors.tracing import Exchange, recorded
from hub.config.sql import SqlConnector as SqlConfig
from hub.domain.customer import CustomerQuery, Name, Problem
from hub.domain.writeback import WriteBack, WriteKind
from tests.conformance.behaviour import BEGAN, HOSTILE, ConnectorBehaviour, by_phone, connector_for
from tests.conformance.servers.backend import KNOWN
from tests.conformance.servers.databases import PostgresDatabase, SqliteDatabase

Database = SqliteDatabase | PostgresDatabase

SQL_HOSTILE = (
    *HOSTILE,
    "'",
    "''",
    '"',
    "\\",
    "\\'",
    "x'; DROP TABLE customers; --",
    "x' UNION SELECT id, name, phone, email FROM customers --",
    "%",
    "_%",
    "petra%",
    "petra@example.co_",
    ":id",
    "$1",
    "?",
    "%s",
    "%(id)s",
    "{}",
    "/* x */",
    "$$x$$",
    "x" * 500,
)


def written(identifier: str = "main-1.1", **changes: Any) -> WriteBack:
    given: dict[str, Any] = {
        "id": identifier,
        "kind": WriteKind.ACTIVITY,
        "customer": KNOWN.id,
        "subject": "Call",
        "note": "it's \"urgent\"; DROP TABLE activities; -- :x\nÖlwanne 漏油 \\' $1",
        "started_at": BEGAN,
        "duration_s": 125,
    }
    return WriteBack(**{**given, **changes})


def by_id(statement: str, **values: Any) -> dict[str, Any]:
    """Return operations of which the only one runs this statement."""
    step = {"name": "customers", "statement": statement, "values": values}
    return {"by_id": {"key": "id", "steps": [step]}}


class SqlBehaviour(ConnectorBehaviour):
    """Subclasses make the database."""

    async def found(self, backend: Database, statement: str, identifier: str = "7", **changes: Any) -> list[Any]:
        """Return what a statement's rows are mapped to."""
        connector = connector_for(backend, **{"operations": by_id(statement), "writes": {}, **changes})
        await connector.start()
        try:
            return list(await connector.lookup(CustomerQuery(ids={"crm": identifier})))
        finally:
            await connector.close()

    async def problem(self, backend: Database, statement: str, **changes: Any) -> ConnectorError:
        with pytest.raises(ConnectorError) as raised:
            await self.found(backend, statement, **changes)
        assert raised.value.message.startswith("crm, operation by_id: step customers: ")
        return raised.value

    @pytest.mark.parametrize("value", SQL_HOSTILE)
    async def test_a_hostile_value_is_that_value(self, backend: Database, connector: Connector, value: str) -> None:
        """Nobody is found by it, and who has just that value as id is found by nothing else."""
        query = CustomerQuery(ids={"crm": value})
        assert [] == list(await connector.lookup(query))
        clean = value.replace("\r\n", "").strip()
        quoted = clean.replace("'", "''")
        await backend.run(f"INSERT INTO customers (id) VALUES ('{quoted}')")
        assert [clean] == [record.id for record in await connector.lookup(query)]
        assert [] == list(await connector.lookup(CustomerQuery(email=value[:250])))
        assert 6 - 1 == len(await backend.rows("SELECT id FROM customers"))

    async def test_nul_is_no_part_of_a_value(self, connector: Connector) -> None:
        """A NUL, which PostgreSQL can't store, is left out before it is sent."""
        assert [KNOWN.id] == [one.id for one in await connector.lookup(CustomerQuery(ids={"crm": "00\x0042"}))]

    async def test_null_is_nothing(self, connector: Connector) -> None:
        """A row of which only the id is filled in is a customer of whom little is known."""
        records = await connector.lookup(CustomerQuery(email="empty@example.com"))
        assert [("1", Name(), ())] == [(record.id, record.name, record.phones) for record in records]

    async def test_slow(self, backend: Database) -> None:
        """A statement that does not end is given up after timeout_s."""
        began = time.monotonic()
        error = await self.problem(backend, backend.endless, timeout_s=0.3)
        assert Problem.TIMEOUT == error.problem
        assert "0.3 s" in error.message
        assert time.monotonic() - began < 3.0

    async def test_cancelled(self, backend: Database) -> None:
        """A cancelled lookup ends at once, whatever the database is at, and the connector stays usable."""
        operations = {**backend.config()["operations"], **by_id(backend.endless)}
        connector = connector_for(backend, operations=operations, timeout_s=30, max_concurrent=1)
        await connector.start()
        lookup = asyncio.create_task(connector.lookup(CustomerQuery(ids={"crm": "7"})))
        await asyncio.wait({lookup}, timeout=0.3)
        began = time.monotonic()
        lookup.cancel()
        with pytest.raises(asyncio.CancelledError):
            await lookup
        assert time.monotonic() - began < 2.0
        assert [KNOWN.id] == [one.id for one in await connector.lookup(by_phone(KNOWN.phone))]
        await connector.close()

    async def test_values_keep_their_types(self, backend: Database) -> None:
        """Numbers, dates and texts come as they are: no leading zero is lost, no digit of an amount."""
        await backend.run(
            "CREATE TABLE typed (id VARCHAR(9), whole INTEGER, amount NUMERIC(20, 2), made DATE, raw "
            + ("BYTEA" if isinstance(backend, PostgresDatabase) else "BLOB")
            + ")",
            "INSERT INTO typed VALUES ('0042', 7, 12.10, '2026-11-20', "
            + ("'\\xdeadbeef'" if isinstance(backend, PostgresDatabase) else "X'DEADBEEF'")
            + ")",
            *(["GRANT SELECT ON typed TO reader"] if isinstance(backend, PostgresDatabase) else []),
        )
        with recorded() as trace:
            await self.found(backend, "SELECT * FROM typed")
        [row] = [row for row, _ in trace.mapped]
        assert ("0042", 7, "12.1", "2026-11-20", "deadbeef") == (
            row["id"],
            row["whole"],
            str(row["amount"]).rstrip("0"),
            str(row["made"]),
            row["raw"],
        )

    @pytest.mark.parametrize(("kind", "identifier"), [("text", "0042"), ("number", "42")])
    async def test_texts_are_texts_and_numbers_numbers(self, backend: Database, kind: str, identifier: str) -> None:
        """`type: number` compares numbers; without it a text column keeps its zeros."""
        await backend.run(
            "CREATE TABLE keyed (number INTEGER, code VARCHAR(9))",
            "INSERT INTO keyed VALUES (42, '0042')",
            *(["GRANT SELECT ON keyed TO reader"] if isinstance(backend, PostgresDatabase) else []),
        )
        column = "code" if kind == "text" else "number"
        operations = by_id(f"SELECT code AS id FROM keyed WHERE {column} = :id", id={"from": "query.id", "type": kind})
        assert ["0042"] == [one.id for one in await self.found(backend, "", identifier, operations=operations)]

    async def test_a_lookup_can_not_write(self, backend: Database) -> None:
        """What the words of a statement don't show, the database refuses: it is told, and nothing is changed."""
        database = database_of(SqlConfig.model_validate(backend.config()))
        await database.open()
        for change in (
            "INSERT INTO customers (id) VALUES ('9')",
            "UPDATE customers SET name = 'x'",
            "DROP TABLE orders",
        ):
            async with database.reading.connect() as connection:
                await database.begin(connection, reading=True)
                with pytest.raises(database.errors) as raised:
                    await connection.execute(text(change))
            with pytest.raises(ConnectorError) as told:
                database.explain(raised.value)
            assert Problem.REFUSED is told.value.problem
        await database.close()
        assert [{"n": 0}] == await backend.rows("SELECT count(*) AS n FROM customers WHERE id = '9' OR name = 'x'")

    async def test_too_many_rows(self, backend: Database) -> None:
        """Of a million rows no more are read than are used."""
        million = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
        records = await self.found(backend, million + "SELECT i AS id FROM n", max_records=60)
        assert 60 == len(records)

    async def test_too_many_bytes(self, backend: Database) -> None:
        """Rows that hold more than max_reply_bytes are refused, and told."""
        wide = "1234567890" * 50
        many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
        error = await self.problem(backend, f"{many}SELECT i AS id, '{wide}' AS name FROM n", max_reply_bytes=20_000)
        assert Problem.TOO_LARGE == error.problem
        assert "max_reply_bytes" in error.message

    @pytest.mark.parametrize(
        ("statement", "words"),
        [
            ("SELECT * FROM custmers", "custmers"),
            ("SELECT nmae FROM customers", "nmae"),
            ("SELECT id FROM customers WHERE", "syntax|incomplete|end of input"),
            ("SELECT id, name AS id FROM customers", "two columns are named 'id'"),
        ],
    )
    async def test_a_statement_that_is_wrong(self, backend: Database, statement: str, words: str) -> None:
        """It is told with the database's words, at the operation and step; `check` tells it before anybody calls."""
        error = await self.problem(backend, statement)
        assert any(word in error.message for word in words.split("|")), error.message
        if "two columns" in words:
            return
        assert Problem.FAULT == error.problem
        connector = connector_for(backend, operations=by_id(statement))
        await connector.start()
        with pytest.raises(ConnectorError) as raised:
            await connector.check()
        await connector.close()
        assert raised.value.message.startswith("crm, check: operation by_id, step customers: ")
        assert any(word in raised.value.message for word in words.split("|"))

    async def test_check(self, backend: Database, connector: Connector) -> None:
        """A check names the server's version, and has looked at every statement, those that write included."""
        fact = await connector.check()
        assert fact.startswith(backend.version)
        assert "6 statements" in fact
        await backend.run("DROP TABLE activities")
        with pytest.raises(ConnectorError) as raised:
            await connector.check()
        assert "write activity, step there" in raised.value.message
        assert "activities" in raised.value.message

    async def test_connections_are_used_again(self, backend: Database, connector: Connector) -> None:
        """Lookups one after another are answered by one connection, which sees what was written meanwhile."""
        for number in range(5):
            await backend.run(f"UPDATE customers SET name = 'N{number}' WHERE id = '{KNOWN.id}'")
            [record] = await connector.lookup(CustomerQuery(ids={"crm": KNOWN.id}))
            assert f"N{number}" == record.name.full
        if isinstance(backend, PostgresDatabase):
            assert 1 == backend.relay.connections

    async def test_written_once(self, backend: Database, connector: Connector) -> None:
        """What is written is there as it was said, and once, however often it is handed over."""
        first = await connector.write(written())
        again = await connector.write(written())
        other = await connector.write(written("main-1.2", note="", duration_s=None))
        assert ("main-1.1", "main-1.1", "main-1.2") == (first.id, again.id, other.id)
        assert (False, True) == (first.was_there, again.was_there)
        rows = await backend.rows("SELECT * FROM activities ORDER BY interaction")
        assert ["main-1.1", "main-1.2"] == [row["interaction"] for row in rows]
        assert (written().note, "it's :said; --", 125) == (rows[0]["note"], rows[0]["said"], rows[0]["seconds"])
        assert str(rows[0]["began"]).startswith("2026-11-20 09:30:00")
        assert (None, None) == (rows[1]["note"], rows[1]["seconds"])

    async def test_a_write_is_whole_or_not_at_all(self, backend: Database) -> None:
        """When a later step fails, what the earlier ones wrote is taken back."""
        writes = backend.config()["writes"]
        steps = writes["activity"]["steps"]
        broken = {
            "name": "broken",
            "idempotent": True,
            "statement": "UPDATE customers SET name = :name WHERE id = :id AND 1 / (1 - 1) = 0 AND nothing = 1",
            "values": {"id": {"from": "entry.customer"}, "name": {"from": "entry.subject"}},
        }
        connector = connector_for(backend, writes={"activity": {"id": "new.interaction", "steps": [*steps, broken]}})
        await connector.start()
        with pytest.raises(ConnectorError) as raised:
            await connector.write(written())
        await connector.close()
        assert raised.value.message.startswith("crm, write activity: step broken: ")
        assert [] == await backend.rows("SELECT * FROM activities")

    async def test_changed_or_not(self, backend: Database) -> None:
        """An UPDATE that found its row spares the INSERT behind it."""
        values = {"id": {"from": "entry.id"}, "note": {"from": "entry.note"}}
        steps = [
            {
                "name": "changed",
                "idempotent": True,
                "statement": "UPDATE activities SET note = :note WHERE interaction = :id",
                "values": values,
            },
            {
                "name": "new",
                "unless": "changed",
                "statement": "INSERT INTO activities (interaction, note) VALUES (:id, :note)",
                "values": values,
            },
        ]
        connector = connector_for(backend, writes={"activity": {"steps": steps}})
        await connector.start()
        await connector.write(written(note="one"))
        await connector.write(written(note="two"))
        await connector.close()
        assert [{"note": "two"}] == await backend.rows("SELECT note FROM activities")

    async def test_a_step_for_each_row(self, backend: Database) -> None:
        """Rows written side by side take turns on the transaction's one connection; a value may be NULL."""
        steps = [
            {"name": "sharing", "statement": "SELECT id FROM customers WHERE id <> '1'"},
            {
                "name": "new",
                "each": "sharing.id",
                "idempotent": True,
                "statement": "INSERT INTO activities (interaction, note) VALUES (:id, :note) ON CONFLICT DO NOTHING",
                "values": {"id": {"from": "item"}, "note": {"from": "entry.note", "optional": True}},
            },
        ]
        connector = connector_for(backend, writes={"activity": {"steps": steps}})
        await connector.start()
        for _ in range(2):
            await connector.write(written(note=""))
        await connector.close()
        rows = await backend.rows("SELECT interaction, note FROM activities ORDER BY interaction")
        assert [("0042", None), ("7", None), ("8", None)] == [(row["interaction"], row["note"]) for row in rows]

    async def test_no_data_in_any_error(self, backend: Database) -> None:
        """Password and what was searched for stay out of what is said."""
        connector = connector_for(backend)
        await connector.start()
        await backend.run("ALTER TABLE customers RENAME COLUMN email TO mail")
        with pytest.raises(ConnectorError) as raised:
            await connector.lookup(CustomerQuery(email=KNOWN.email))
        assert KNOWN.email not in raised.value.message
        assert backend.secret not in repr(connector) + raised.value.message
        await connector.close()

    async def test_traced(self, backend: Database, connector: Connector) -> None:
        """Who traces sees each statement with its values and rows, and no password."""
        with recorded() as trace:
            await connector.lookup(by_phone(KNOWN.phone))
        exchanges = [event for event in trace.happened if isinstance(event, Exchange)]
        assert ["customers", "orders"] == [exchange.step for exchange in exchanges]
        assert "phone IN (:numbers)" in exchanges[0].method
        assert b"+493515550123" in exchanges[0].request_body
        assert b"Petra Vogt" in exchanges[0].reply_body
        assert backend.secret not in str(exchanges)

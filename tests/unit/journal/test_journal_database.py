"""The journal's place in a PostgreSQL database: made, migrated, left to others, and refused in plain words."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from hub.desk.user_store import UserStore
from hub.domain.ports import StoreError
from hub.domain.store_place import ServerPlace
from hub.journal import server_schema
from hub.journal.dead_letters_beside import DeadLettersBeside
from hub.journal.errors import JournalError
from hub.journal.journal import Journal
from hub.store.connection import StoreFailedError
from hub.store.postgresql import ServerConnection
from hub.store.server_schema import check_server
from tests.servers.certificates import Authority
from tests.servers.ports import free_tcp_port
from tests.servers.postgresql import PostgreSQL
from tests.unit.journal import samples
from tests.waiting import eventually


@pytest.fixture
async def database(postgresql: PostgreSQL) -> ServerPlace:
    """Give an empty database."""
    return postgresql.place(await postgresql.make_database())


async def test_everything_is_in_a_schema_of_its_own(postgresql: PostgreSQL, database: ServerPlace) -> None:
    """Tables of the same names that belong to others are neither read nor touched, whichever part comes first."""
    await postgresql.run(database.database, "CREATE TABLE public.events (theirs TEXT)", "CREATE TABLE users (t TEXT)")
    with UserStore(database) as users:
        users.save("alice", "hash")
    journal = await Journal.open(database)
    await journal.append(samples.step(samples.call(1)))
    await journal.close()
    places = await postgresql.rows(
        database.database, "SELECT schemaname FROM pg_tables WHERE tablename IN ('events', 'users', 'calls') ORDER BY 1"
    )
    assert ["ctihub", "ctihub", "ctihub", "public", "public"] == [row["schemaname"] for row in places]
    assert [] == await postgresql.rows(database.database, "SELECT * FROM public.events")


async def test_another_programs_schema_is_refused(postgresql: PostgreSQL, database: ServerPlace) -> None:
    """A schema ctihub that the hub has not made is left as it is."""
    await postgresql.run(database.database, "CREATE SCHEMA ctihub", "CREATE TABLE ctihub.theirs (a TEXT)")
    for refused in (Journal.open(database), asyncio.to_thread(UserStore, database)):
        with pytest.raises(StoreError, match="holds another program's tables"):
            await refused
    tables = await postgresql.rows(database.database, "SELECT tablename FROM pg_tables WHERE schemaname = 'ctihub'")
    assert ["theirs"] == [row["tablename"] for row in tables]


async def test_a_newer_schema_is_refused(postgresql: PostgreSQL, database: ServerPlace) -> None:
    """An older hub must not write where a newer one has been, nor may its dlq."""
    await (await Journal.open(database)).close()
    await postgresql.run(database.database, "UPDATE ctihub.store_versions SET version = version + 1")
    with pytest.raises(JournalError, match="written by a newer ctihub"):
        await Journal.open(database)
    with pytest.raises(StoreError, match="written by a newer ctihub"):
        DeadLettersBeside(database)


async def test_migrations_run_in_order_and_only_once(
    postgresql: PostgreSQL, database: ServerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database of the schema before gets just the missing steps, whole or not at all, and keeps its events."""
    journal = await Journal.open(database)
    await journal.append(samples.step(samples.call(1)))
    await journal.close()
    first = server_schema.MIGRATIONS
    monkeypatch.setattr(server_schema, "MIGRATIONS", (*first, ("CREATE TABLE half (a TEXT)", "CREATE TABLE half ()")))
    with pytest.raises(JournalError, match='relation "half" already exists'):
        await Journal.open(database)
    later = (*first, ("CREATE TABLE added (a TEXT)",), ("ALTER TABLE added ADD COLUMN b TEXT",))
    monkeypatch.setattr(server_schema, "MIGRATIONS", later)
    for _ in range(2):
        journal = await Journal.open(database)
        assert 1 == await journal.last_position()
        await journal.close()
    columns = await postgresql.rows(
        database.database,
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_name IN ('added', 'half') ORDER BY ordinal_position",
    )
    assert [("added", "a"), ("added", "b")] == [tuple(row.values()) for row in columns]


async def test_before_the_hub_was_there_nothing_is_made_beside_it(database: ServerPlace) -> None:
    """`ctihub dlq` in an empty database says so, and does not leave tables there."""
    with pytest.raises(StoreError, match="start the hub of this version once"):
        DeadLettersBeside(database)
    assert "will get the hub's tables at the first start" == await asyncio.to_thread(check_server, database)


async def test_check_says_what_a_hub_would_find(postgresql: PostgreSQL, database: ServerPlace) -> None:
    """The size of what is there, and a missing right before the hub is started."""
    await (await Journal.open(database)).close()
    assert (await asyncio.to_thread(check_server, database)).startswith("can be written, ")
    name = f"clerk_{database.database}"
    await postgresql.run(database.database, f"CREATE ROLE {name} LOGIN PASSWORD 'clerks-own'")
    clerk = msgspec.structs.replace(database, user=name, password="clerks-own")
    with pytest.raises(StoreError, match="the user may not make the schema ctihub"):
        await asyncio.to_thread(check_server, clerk)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"password": "not-the-password"}, "user or password is wrong"),
        ({"database": "nowhere"}, "there is no such database"),
        ({"port": 0}, r"it can't be reached \(Connect call failed|it can't be reached \(Connection refused"),
        ({"host": "db.invalid"}, "the host's name is not known"),
        ({"verified": True}, "it does not encrypt"),
    ],
)
async def test_a_server_that_can_not_be_used_is_told(
    database: ServerPlace, wrong: dict[str, str | int | bool], words: str
) -> None:
    """What is wrong and where, never with the password."""
    if wrong.get("port") == 0:
        wrong = {"port": free_tcp_port()}
    place = msgspec.structs.replace(database, **wrong)
    with pytest.raises(JournalError, match=words) as refusal:
        await Journal.open(place)
    assert str(refusal.value).startswith(f"store {place}: ")
    assert place.password not in str(refusal.value)


async def test_a_certificate_is_checked(fresh_postgresql: PostgreSQL, tmp_path: Path) -> None:
    """With the authority that signed it the connection is encrypted; with another one, or none, it is refused."""
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    await asyncio.to_thread(fresh_postgresql.encrypt, authority.pair("server"))
    place = fresh_postgresql.place(await fresh_postgresql.make_database())
    journal = await Journal.open(msgspec.structs.replace(place, verified=True, ca_file=str(authority.file)))
    encrypted = await fresh_postgresql.rows(
        "postgres",
        "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = $1",
        place.database,
    )
    assert [{"ssl": True}] == encrypted
    await journal.close()
    for ca_file in (str(other.file), None):
        with pytest.raises(JournalError, match=r"certificate is not trusted .*: name who signed it in store\.ca_file"):
            await Journal.open(msgspec.structs.replace(place, verified=True, ca_file=ca_file))


async def test_the_server_ends_what_nobody_waits_for_any_more(database: ServerPlace) -> None:
    """A statement that took too long does not go on there, while the hub asks on another connection again."""
    connection = ServerConnection(database, answer_s=0.2)
    with pytest.raises(StoreFailedError, match="in time"):
        connection.rows("SELECT pg_sleep(600)")
    connection.close()
    looking = ServerConnection(database)
    going_on = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(600)'"
    await eventually(lambda: not looking.rows(going_on), "the end of the statement on the server")
    looking.close()

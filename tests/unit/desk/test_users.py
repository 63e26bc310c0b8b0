"""The user store and its passwords."""

import asyncio
import stat
from pathlib import Path

import pytest

from hub.desk.passwords import hash_password, needs_rehash, verify_password
from hub.desk.user_store import Session, UserStore, UserStoreError
from hub.domain.store_place import StorePlace
from tests.servers.postgresql import PostgreSQL


def _session(name: str, agent: str = "alice", expires_at: float = 100.0) -> Session:
    return Session(id=name, agent=agent, expires_at=expires_at)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ctihub.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, path: Path) -> StorePlace:
    """Where there are no users yet."""
    if request.param == "sqlite":
        return path
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.place(asyncio.run(server.make_database()))


def test_a_password_fits_its_own_hash_and_no_other() -> None:
    """Hashes are salted argon2id; a damaged one fits nothing."""
    hashed = hash_password("correct horse")

    assert hashed.startswith("$argon2id$")
    assert hashed != hash_password("correct horse")
    assert verify_password(hashed, "correct horse")
    assert not verify_password(hashed, "wrong horse")
    assert not verify_password("damaged", "correct horse")
    assert not needs_rehash(hashed)


@pytest.mark.parametrize(("password", "words"), [("short", "too short"), ("x" * 300, "too long")])
def test_a_poor_password_is_refused_in_words(password: str, words: str) -> None:
    """The person who chose it reads what to do."""
    with pytest.raises(ValueError, match=words):
        hash_password(password)


def test_users_are_added_listed_and_removed(place: StorePlace) -> None:
    """Another process that opens the file sees the same."""
    with UserStore(place) as store, UserStore(place) as other:
        store.save("bob", "hash-b")
        store.save("alice", "hash-a")

        assert ["alice", "bob"] == [user.agent for user in other.users()]
        assert "hash-a" == other.password_hash("alice")
        assert other.remove("alice")
        assert not other.remove("alice")
        assert store.password_hash("alice") is None


def test_a_session_lasts_until_it_expires(place: StorePlace) -> None:
    """A session is found while it lasts, and swept away later."""
    with UserStore(place) as store:
        store.save("alice", "hash")
        assert store.open_session(_session("one"), now=0, verified_hash="hash")

        assert _session("one") == store.session("one", now=99)
        assert store.session("one", now=100) is None
        assert frozenset({"one"}) == store.over({"one"}, now=100)
        assert frozenset({"other"}) == store.over({"one", "other"}, now=99)


def test_a_new_password_and_removal_end_the_sessions(place: StorePlace) -> None:
    """Whoever is locked out is out everywhere."""
    with UserStore(place) as store:
        for agent in ("alice", "bob"):
            store.save(agent, "hash")
            store.open_session(_session(agent, agent), now=0, verified_hash="hash")

        store.save("alice", "new")
        store.remove("bob")

        assert frozenset({"alice", "bob"}) == store.over({"alice", "bob"}, now=1)


def test_a_password_changed_during_the_check_opens_no_session(place: StorePlace) -> None:
    """The password that was checked must still be the agent's when the session is stored."""
    with UserStore(place) as store:
        store.save("alice", "new")

        assert not store.open_session(_session("one"), now=0, verified_hash="old")
        assert not store.open_session(_session("two", "nobody"), now=0, verified_hash="old")


def test_a_rehash_does_not_bring_back_an_old_password(place: StorePlace) -> None:
    """A hash that was replaced meanwhile stays as it is."""
    with UserStore(place) as store:
        store.save("alice", "new")
        store.replace_hash("alice", "old", "old in today's strength")

        assert "new" == store.password_hash("alice")


def test_the_file_is_private(path: Path) -> None:
    """Other users of the machine can't read the hashes."""
    with UserStore(path):
        assert 0o600 == stat.S_IMODE(path.stat().st_mode)


def test_a_file_that_can_not_be_used_is_named(tmp_path: Path) -> None:
    """The error says which file, in words."""
    with pytest.raises(UserStoreError, match="nowhere"):
        UserStore(tmp_path / "nowhere" / "ctihub.db")
    (tmp_path / "text.db").write_text("this is no database, but a text of some length" * 100)
    with pytest.raises(UserStoreError, match=r"text\.db: the file is not an SQLite database"):
        UserStore(tmp_path / "text.db")


def test_a_connection_that_was_cut_is_made_again(postgresql: PostgreSQL) -> None:
    """Nobody who is signed in notices that the server ended the hub's session."""
    database = asyncio.run(postgresql.make_database())
    with UserStore(postgresql.place(database)) as store:
        store.save("alice", "hash")
        for _ in range(2):
            asyncio.run(postgresql.end_sessions(database))
            assert store.open_session(_session("one"), now=0, verified_hash="hash")
            asyncio.run(postgresql.end_sessions(database))
            store.save("alice", "hash")
        asyncio.run(postgresql.end_sessions(database))
        assert ["alice"] == [user.agent for user in store.users()]


def test_a_server_that_can_not_be_used_is_named(postgresql: PostgreSQL) -> None:
    """The error says where, in words, and shows no password."""
    with pytest.raises(UserStoreError, match="/nowhere: there is no such database") as refusal:
        UserStore(postgresql.place("nowhere"))
    assert postgresql.password not in str(refusal.value)

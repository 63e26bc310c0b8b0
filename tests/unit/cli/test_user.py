from __future__ import annotations

import getpass
import sys
from pathlib import Path

import pytest

from hub.cli.main import main
from hub.desk.passwords import verify_password
from hub.desk.user_store import UserStore
from tests.unit.cli.conftest import Ctihub

PASSWORD = "correct horse"


def stored_hash(folder: Path, agent: str = "alice") -> str | None:
    with UserStore(folder / "ctihub.db") as store:
        return store.password_hash(agent)


def test_add_list_remove(ctihub: Ctihub, config_file: Path) -> None:
    """A user's whole life; the store lies beside the configuration."""
    added = ctihub("user", "add", "alice", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert (0, "alice may sign in\n") == (added.returncode, added.stdout)
    password_hash = stored_hash(config_file.parent)
    assert password_hash is not None
    assert verify_password(password_hash, PASSWORD)
    listed = ctihub("user", "list")
    assert listed.stdout.startswith("alice ")
    assert listed.stdout.endswith("Alice\n")
    assert 0 == ctihub("user", "remove", "alice").returncode
    assert stored_hash(config_file.parent) is None
    assert (0, "") == ((listed := ctihub("user", "list")).returncode, listed.stdout)


def test_an_agent_must_be_in_the_configuration(ctihub: Ctihub, config_file: Path) -> None:
    """A typo would make a user that no call ever reaches."""
    done = ctihub("user", "add", "alcie", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert 1 == done.returncode
    assert "there is no agent 'alcie' under `agents:`; did you mean 'alice'?" in done.stderr
    assert stored_hash(config_file.parent, "alcie") is None


@pytest.mark.parametrize("password", ["", "shorty", "x" * 300])
def test_a_password_has_a_length(ctihub: Ctihub, config_file: Path, password: str) -> None:
    """Too short or too long is told, and never shown."""
    done = ctihub("user", "add", "alice", "--password-stdin", stdin=f"{password}\n")
    assert 1 == done.returncode
    assert "password is too" in done.stderr
    assert not password or password not in done.stderr
    assert stored_hash(config_file.parent) is None


def test_removing_nobody_is_told(ctihub: Ctihub, config_file: Path) -> None:
    """Whoever takes rights away wants to know when there were none."""
    assert config_file.exists()
    done = ctihub("user", "remove", "alice")
    assert 1 == done.returncode
    assert "has no password" in done.stderr


def test_without_a_terminal_the_option_is_named(ctihub: Ctihub, config_file: Path) -> None:
    """A script is not left waiting for a prompt."""
    assert config_file.exists()
    done = ctihub("user", "add", "alice")
    assert 2 == done.returncode
    assert "--password-stdin" in done.stderr


def test_a_store_that_can_not_be_written_is_told(ctihub: Ctihub, config_file: Path) -> None:
    """No traceback when the folder is not there."""
    config_file.write_text(config_file.read_text() + "store: {url: 'sqlite:///nix/ctihub.db'}\n")
    done = ctihub("user", "list")
    assert 2 == done.returncode
    assert "nix/ctihub.db: can't be made: No such file or directory" in done.stderr


@pytest.mark.parametrize(("second", "status"), [(PASSWORD, 0), ("a typo in it", 2)])
def test_a_password_is_typed_twice(
    config_file: Path, monkeypatch: pytest.MonkeyPatch, second: str, status: int
) -> None:
    """On a terminal it is asked for without showing it; when the two differ nothing is changed."""
    answers = iter([PASSWORD, second])
    monkeypatch.setenv("AMI_SECRET", "x")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(answers))
    assert status == main(["user", "add", "alice", "--config", str(config_file)])
    assert (status == 0) == (stored_hash(config_file.parent) is not None)

"""docker/asterisk/render.sh writes a configuration that is whole, or none and says why."""

from pathlib import Path

import pytest

from tests.servers.asterisk_configuration import FOLDER, PHONES, render

SECRETS = {"AMI_SECRET": "one", **{f"PHONE_{number}_SECRET": f"phone{number}" for number in PHONES}}


def test_every_file_is_written_without_placeholders(tmp_path: Path) -> None:
    """With just the secrets given, all files are there, with the defaults of site.env."""
    answer = render(tmp_path, SECRETS)
    assert (0, "") == (answer.returncode, answer.stderr)
    sources = {file.name for file in (FOLDER / "etc").glob("*.conf")}
    assert sources == {file.name for file in tmp_path.iterdir()}
    manager = (tmp_path / "manager.conf").read_text()
    assert "secret = one\n" in manager
    assert "port = 5038\n" in manager


@pytest.mark.parametrize("name", SECRETS)
def test_missing_secret_is_named(tmp_path: Path, name: str) -> None:
    """There is no default secret: without one nothing is written."""
    answer = render(tmp_path / "etc", {key: value for key, value in SECRETS.items() if key != name})
    assert 1 == answer.returncode
    assert f"{name} has no value" in answer.stderr
    assert not (tmp_path / "etc").exists()


def test_value_is_taken_literally(tmp_path: Path) -> None:
    """What sed or the shell would read as something special stands in the file as it is."""
    awkward = r"a&b|c\d/$HOME`id`'\"\1"
    assert 0 == render(tmp_path, SECRETS | {"AMI_SECRET": awkward}).returncode
    assert f"secret = {awkward}\n" in (tmp_path / "manager.conf").read_text()


@pytest.mark.parametrize("value", ["a;b", "a\nwrite = all"])
def test_value_that_would_change_the_file_is_refused(tmp_path: Path, value: str) -> None:
    """A secret can't begin a comment or a second setting."""
    answer = render(tmp_path / "etc", SECRETS | {"AMI_SECRET": value})
    assert 1 == answer.returncode
    assert "AMI_SECRET contains a semicolon or a line break" in answer.stderr


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    """The files hold secrets: nobody else may read them."""
    assert 0 == render(tmp_path, SECRETS).returncode
    assert {0o600} == {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}

"""A test without its server is skipped and says what to do; in CI it fails. Builds are whole or absent."""

from pathlib import Path

import pytest

from tests.servers import cache, requirements
from tests.servers.debian import CannotInstallError
from tests.servers.requirements import Requirement, require


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let nothing here touch the real cache."""
    monkeypatch.setenv("CTIHUB_TEST_CACHE", str(tmp_path))
    return tmp_path


@pytest.fixture
def pbx_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Require a server that is not here and can't be installed."""

    def refuse() -> None:
        raise CannotInstallError("only root may install it")

    monkeypatch.setitem(requirements.REQUIREMENTS, "pbx", Requirement("pbx", lambda: None, refuse))
    requirements.ensure.cache_clear()


@pytest.mark.usefixtures("pbx_missing")
def test_missing_server_skips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside CI the test is skipped, naming what is missing, why, and the command to install it."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception) as skipped:
        require("pbx")
    assert "pbx is missing: only root may install it" in str(skipped.value)
    assert "python -m tests.servers install" in str(skipped.value)


@pytest.mark.usefixtures("pbx_missing")
def test_missing_server_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under CI=true nothing is skipped unseen."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="pbx is missing: only root may install it"):
        require("pbx")


def test_server_is_installed_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is missing and can be installed is installed, once, and the test goes on."""
    installed: list[str] = []
    requirement = Requirement("pbx", lambda: installed[0] if installed else None, lambda: installed.append("/pbx"))
    monkeypatch.setitem(requirements.REQUIREMENTS, "pbx", requirement)
    requirements.ensure.cache_clear()
    require("pbx")
    require("pbx")
    assert ["/pbx"] == installed
    assert requirements.ensure("pbx").installed_now


def test_build_happens_once(own_cache: Path) -> None:
    """A second call finds what the first has built."""
    builds: list[Path] = []

    def build(folder: Path) -> None:
        builds.append(folder)
        (folder / "done").touch()

    assert own_cache / "thing" == cache.build_once("thing", build)
    assert own_cache / "thing" == cache.build_once("thing", build)
    assert 1 == len(builds)
    assert (own_cache / "thing" / "done").exists()


def test_broken_build_leaves_nothing(own_cache: Path) -> None:
    """A build that breaks off is never taken for built, nor are its remains left."""

    def break_off(folder: Path) -> None:
        (folder / "half").touch()
        raise CannotInstallError("the mirror is away")

    with pytest.raises(CannotInstallError, match="the mirror is away"):
        cache.build_once("thing", break_off)
    assert ["thing.lock"] == [entry.name for entry in own_cache.iterdir()]


def test_cache_is_found_without_a_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the user's own cache can't be made, it is in the virtual environment."""
    nowhere = tmp_path / "file"
    nowhere.touch()
    monkeypatch.delenv("CTIHUB_TEST_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(nowhere))
    monkeypatch.setattr("sys.prefix", str(tmp_path / "venv"))
    assert tmp_path / "venv/ctihub-test" == cache.cache_folder()

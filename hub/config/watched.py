"""Which files a configuration is made of beside itself, and what tells that one of them has changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path

from pydantic import BaseModel

from hub.config.connector_base import ConnectorBase
from hub.config.document import MAX_BYTES, read_document
from hub.config.mapping_files import find_mapping
from hub.config.problem import ConfigError

MAX_FILES = 2_000
"""Of a folder with mappings or contracts."""
_WHOLE_BYTES = 8 * 1024 * 1024
_SECRET_FILE = re.compile(r"(?<!\$)\$\{file:([^}\n]*)\}")
_LIKE_A_FILE = re.compile(r"[^\s{}]{0,250}\.[A-Za-z0-9]{1,8}")
_CONTRACTS = frozenset({".wsdl", ".xsd"})
_IMPORT = re.compile(r"""\b(?:schemaLocation|location)\s*=\s*["']([^"'\s]{1,500})["']""")

Stamp = tuple[str, int, int, int]
"""Path, time of the last change in ns, size, inode; a file that isn't there has zeros."""


def stamps(paths: Iterable[Path]) -> frozenset[Stamp]:
    """Return what tells a change of any of these files, without reading them."""
    return frozenset(_stamp(path) for path in paths)


def digest(paths: Iterable[Path]) -> str:
    """Return what tells a change of what stands in these files; of very large ones, of when they were written."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(f"\0{path}\0".encode())
        stamp = _stamp(path)
        try:
            total.update(path.read_bytes() if stamp[2] <= _WHOLE_BYTES else repr(stamp).encode())
        except OSError as error:
            total.update(type(error).__name__.encode())
    return total.hexdigest()


def files_beside(file: Path) -> frozenset[Path]:
    """Return what a configuration names as files, also one that can't be loaded, and those that aren't there yet.

    That is what stands in ${file:PATH}, and what its connectors may mean as files.
    """
    return _beside(file, _stamp(file))


@lru_cache(maxsize=4)
def _beside(file: Path, _state: Stamp) -> frozenset[Path]:
    """Read it once for each state of the file: it is looked at twice a second."""
    return frozenset((*_secret_files(file), *_named_files(file)))


def _secret_files(file: Path) -> Iterator[Path]:
    try:
        with file.open("rb") as opened:
            text = opened.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return
    for match in _SECRET_FILE.finditer(text):
        yield file.absolute().parent / match[1]


def _named_files(file: Path) -> Iterator[Path]:
    try:
        data = read_document(file).data
    except ConfigError:
        return
    connectors = data.get("connectors") if isinstance(data, dict) else None
    for text in islice(_texts(connectors), MAX_FILES):
        if _LIKE_A_FILE.fullmatch(text) and "://" not in text:
            yield file.absolute().parent / text


def mapping_folder_files(folders: Iterable[str | Path]) -> Iterator[Path]:
    """Yield the site's own mapping files, used or not, without their tests."""
    for folder in map(Path, folders):
        if folder.is_dir():
            files = islice(folder.rglob("*.yaml"), MAX_FILES)
            yield from (path for path in files if not path.name.endswith(".test.yaml"))


class ConnectorFiles:
    """The files that a connector is made from: its mappings, and every file that its section names."""

    def __init__(self, section: ConnectorBase) -> None:
        operations = section.lookups.values()
        written = (rule.mapping for rule in section.outbound.rules)
        self._mappings = frozenset(
            (*(operation.mapping or section.mapping or "" for operation in operations), *written)
        )
        # Paths of a loaded configuration are absolute.
        self._named = frozenset(path for text in _texts(section) if (path := Path(text)).is_absolute())

    def now(self, mapping_folders: Iterable[str | Path]) -> set[Path]:
        """Return those that there are now."""
        folders = list(mapping_folders)
        files = {found for name in self._mappings if (found := find_mapping(name, folders))}
        for path in self._named:
            if _is_file(path):
                files |= _with_imports(path)
        return files


def _with_imports(path: Path) -> set[Path]:
    """Return the file, and what it imports from beside it, and what that does: a WSDL's schemas and further WSDLs."""
    found: set[Path] = set()
    waiting = [path]
    while waiting and len(found) < MAX_FILES:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _imports(file, _stamp(file)) if file.suffix.lower() in _CONTRACTS else ()
    return found


@lru_cache(maxsize=MAX_FILES)
def _imports(file: Path, _state: Stamp) -> tuple[Path, ...]:
    """Read them once for each state of the file."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_WHOLE_BYTES).decode("utf-8", "replace")
    except OSError:
        return ()
    places = (match[1] for match in _IMPORT.finditer(text))
    return tuple({file.parent / place for place in places if "://" not in place and not place.startswith("/")})


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Path):
        yield str(value)
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, tuple | list | set | frozenset):
        for item in value:
            yield from _texts(item)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return str(path), 0, 0, 0
    return str(path), found.st_mtime_ns, found.st_size, found.st_ino

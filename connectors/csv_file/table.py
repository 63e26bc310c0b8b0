"""A file's rows with an index for each operation: made as a whole by a thread, never changed afterwards."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from connectors.base import ConnectorError
from connectors.csv_file.text import Broken, Records, read_records
from hub.config.csv_file import CsvConnector as CsvConfig
from hub.config.csv_file import CsvStep
from hub.config.wording import nearest
from hub.domain.customer import Problem
from hub.domain.phone import parse_number

_PAUSE_EVERY = 200
_PAUSE_S = 0.0005


class Version(NamedTuple):
    """What tells one content of a file from the next without reading it."""

    modified_ns: int
    size: int
    inode: int


class Table:
    """Rows by key. `version` is that of the file that was read, `numbers` what its phone cells mean in E.164."""

    def __init__(
        self,
        version: Version,
        records: Records,
        indexes: Mapping[tuple[str, ...], Mapping[str, list[int]]],
        numbers: Mapping[str, str],
    ) -> None:
        self.numbers = numbers
        self.version = version
        self.header = records.header
        self.broken: list[Broken] = records.broken
        self.ends_open = records.ends_open
        self._rows = records.rows
        self._indexes = indexes

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def modified_at(self) -> datetime:
        return datetime.fromtimestamp(self.version.modified_ns / 1e9, UTC)

    def found(self, step: CsvStep, key: str) -> list[dict[str, str]]:
        """Return the rows in which one of the step's columns holds the key."""
        numbers = self._indexes[step.key, *step.columns].get(key, ())
        return [dict(zip(self.header, self._rows[number], strict=True)) for number in numbers]


def version_of(file: str) -> Version:
    """Look at the file's time and size. Raises ConnectorError."""
    try:
        state = os.stat(file)  # noqa: PTH116 - its fields, not a path
    except OSError as error:
        raise _unreadable(error) from None
    return Version(state.st_mtime_ns, state.st_size, state.st_ino)


def read_table(config: CsvConfig, region: str, before: Table | None = None) -> Table:
    """Read the file and make its indexes. Raises ConnectorError.

    A second is enough for some 10,000 numbers, and for ten times as many that stood in the table `before`.
    """
    version = version_of(config.file)
    limit = config.limits.file_bytes
    try:
        with Path(config.file).open("rb") as opened:
            content = opened.read(limit + 1)
    except OSError as error:
        raise _unreadable(error) from None
    if len(content) > limit:
        raise ConnectorError(Problem.TOO_LARGE, f"has more than {limit} bytes: raise `limits: {{file_bytes: ..}}`")
    records = read_records(content, config)
    steps = [step for operation in config.operations.values() for step in operation.steps]
    numbers = _Numbers(region, before.numbers if before is not None else {})
    indexes = {(step.key, *step.columns): _index(step, records, numbers) for step in steps}
    return Table(version, records, indexes, numbers.read)


class _Numbers:
    """Reads phone cells, those that are known already for nothing."""

    def __init__(self, region: str, known: Mapping[str, str]) -> None:
        self._key_of = keys_of("phone", region)
        self._known = known
        self.read: dict[str, str] = {}

    def __call__(self, cell: str) -> str:
        number = self.read.get(cell)
        if number is None:
            number = self._known.get(cell)
            self.read[cell] = number = self._key_of(cell) if number is None else number
        return number


def _unreadable(error: OSError) -> ConnectorError:
    reason = (error.strerror or type(error).__name__).lower()
    return ConnectorError(Problem.UNREACHABLE, f"can't be read: {reason}")


def _index(step: CsvStep, records: Records, numbers: _Numbers) -> Mapping[str, list[int]]:
    places: list[int] = []
    for column in step.columns:
        if column not in records.header:
            near = nearest(column, records.header)
            raise ConnectorError(Problem.MALFORMED, f"has no column {column!r}{near}; see `delimiter` and `columns`")
        places.append(records.header.index(column))
    key_of = numbers if step.key == "phone" else keys_of(step.key, "")
    index: dict[str, list[int]] = {}
    for number, row in enumerate(records.rows):
        if number % _PAUSE_EVERY == 0:
            # Lookups that are answered meanwhile need the interpreter too.
            time.sleep(_PAUSE_S)
        for key in {key_of(row[place]) for place in places} - {""}:
            index.setdefault(key, []).append(number)
    return index


def keys_of(kind: str, region: str) -> Callable[[str], str]:
    """Return what makes of a cell, or of what is asked for, the key under which it is found; "" for none."""
    match kind:
        case "phone":
            return lambda cell: parse_number(cell, region).e164 or "" if cell else ""
        case "email":
            return lambda cell: cell.strip().casefold()
        case _:
            return str.strip

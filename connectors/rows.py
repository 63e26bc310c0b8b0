"""Rows of replies: found by a path, split from delimited text, grouped, and put together."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from connectors.base import ConnectorError
from connectors.tracing import note
from hub.config.request import DelimitedRows
from hub.domain.customer import Problem
from hub.domain.path import Path, compiled

log = structlog.get_logger(__name__)

MAX_ROWS = 5_000
MAX_NAMES = 20
MAX_NAME = 50

Row = dict[str, Any]


class Kept(Row):
    """A row that a change found there already, and left as it was."""


def rows_at(document: Any, path: str | None) -> list[Row]:
    """Return the objects at a path of a reply (the reply itself, where there is none)."""
    found = compiled(path or "@").read_all(document)
    for row in found:
        if not isinstance(row, dict):
            where = f"at {path!r}" if path else "in the reply"
            raise ConnectorError(Problem.MALFORMED, f"what stands {where} is no record with fields: correct `rows`")
    if path and not found:
        note(f"nothing stands at {path!r} (`rows`), in the reply there is {_outline(document)}")
        log.debug("nothing at rows", rows=path, reply=_outline(document))
    return found[:MAX_ROWS]


def _outline(document: Any) -> str:
    """Name what stands at the top of a reply, for who looks for the right path."""
    match document:
        case dict():
            return ", ".join(str(key)[:MAX_NAME] for key in list(document)[:MAX_NAMES]) or "an empty object"
        case list():
            return f"a list of {len(document)}"
        case _:
            return "no object"


def delimited_rows(document: Any, settings: DelimitedRows) -> list[Row]:
    """Read rows given as delimited text (quoted as in RFC 4180), each under the columns' names."""
    names = Path(settings.columns).read_all(document)
    if not names:
        return []
    columns = _cells(names[:1], settings.delimiter)[0]
    rows: list[Row] = []
    for cells in _cells(Path(settings.rows).read_all(document)[:MAX_ROWS], settings.delimiter):
        if len(cells) != len(columns):
            message = (
                f"a row has {len(cells)} values for {len(columns)} columns: the delimiter is not the one asked for"
            )
            raise ConnectorError(Problem.MALFORMED, message)
        rows.append(dict(zip(columns, cells, strict=True)))
    return rows


def _cells(lines: list[Any], delimiter: str) -> list[list[str]]:
    if not all(isinstance(line, str) for line in lines):
        raise ConnectorError(Problem.MALFORMED, "delimited rows have to be text: correct `delimited`")
    try:
        # One reader for each line: a quote that is not closed can't swallow the next customer.
        return [next(csv.reader([line], delimiter=delimiter, strict=True), []) for line in lines]
    except csv.Error:
        raise ConnectorError(Problem.MALFORMED, "a delimited row can't be read: its quotes are not closed") from None


def unique_rows(rows: list[Row], field: str) -> list[Row]:
    """Make one record of all rows with the same field: the first row, with all of them under `rows`."""
    path = Path(field)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(path.read(row)), []).append(row)
    return [{**group[0], "rows": group} for group in groups.values()]


class Attaching:
    """Puts rows of other steps into records: those whose fields equal the record's."""

    def __init__(self, attach: Mapping[str, Mapping[str, str]], results: Mapping[str, list[Row]]) -> None:
        # Looked up by their fields: thousands of orders for hundreds of customers are millions of pairs.
        self._by_step = {step: _by_fields(results[step], tuple(keys)) for step, keys in attach.items()}
        self._wanted = {step: [Path(ours) for ours in keys.values()] for step, keys in attach.items()}

    def to(self, row: Row) -> Row:
        """Return the record with what belongs to it, under the steps' names."""
        together = dict(row)
        for step, wanted in self._wanted.items():
            key = tuple(_text(path.read(row)) for path in wanted)
            together[step] = list(self._by_step[step].get(key, ())) if all(key) else []
        return together


def _by_fields(rows: list[Row], fields: Sequence[str]) -> dict[tuple[str, ...], list[Row]]:
    paths = [Path(field) for field in fields]
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(_text(path.read(row)) for path in paths), []).append(row)
    return found


def _text(value: Any) -> str:
    # An element of XML that has attributes as well counts as its text.
    if isinstance(value, dict):
        value = value.get("#text")
    return "" if value is None else str(value)

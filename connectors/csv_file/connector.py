"""Customers in a file: looked up in memory, reread by a thread when the file changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping as Section
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from connectors.base import ConnectorError
from connectors.csv_file.table import Table, Version, keys_of, read_table, version_of
from connectors.quoting import plain
from connectors.resolve import Scope
from connectors.rows import MAX_ROWS, Row
from connectors.stepped import SteppedConnector
from connectors.tracing import asked
from hub.config.csv_file import CsvConnector as CsvConfig
from hub.config.csv_file import CsvOperation, CsvStep
from hub.config.operations import OperationBase
from hub.config.wording import counted
from hub.config.writes import WriteOperationBase
from hub.domain.customer import Problem
from hub.mapping.mapping import Mapping

log = structlog.get_logger(__name__)

HALF_WRITTEN_S = 10.0
"""For so long a file whose last row is not whole counts as one that is being written."""

MAX_TOLD = 5
_ASKED = {"phone": "e164", "email": "email", "id": "id"}


class CsvConnector(SteppedConnector[CsvStep]):
    """What has been read stays as long as what the file now holds can't be used. Nothing is ever written."""

    def __init__(self, name: str, config: CsvConfig, mappings: Section[str, Mapping], *, region: str) -> None:
        super().__init__(name, config, mappings, region=region)
        self._csv = config
        self._table: Table | None = None
        self._refused: tuple[Version, ConnectorError] | None = None
        self._open_since: tuple[Version, float] | None = None
        self._told = ""
        self._job: asyncio.Task[Table] | None = None
        self._watch: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._watch = asyncio.create_task(self._watched(), name=f"{self._name}: {self._csv.file}")

    async def close(self) -> None:
        ended = [task for task in (self._watch, self._job) if task is not None]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
        self._watch = self._job = None

    def _steps(self, operation: OperationBase | WriteOperationBase) -> Sequence[CsvStep]:
        return operation.steps if isinstance(operation, CsvOperation) else ()

    async def _ask(self, step: CsvStep, scope: Scope) -> list[Row]:
        key = keys_of(step.key, self._region)(plain(scope["query"][_ASKED[step.key]]))
        with asked(f"{' or '.join(step.columns)} = {key}", self._csv.file) as exchange:
            # Only before anything has been read does a lookup wait for the file.
            table = self._table or await self._newest()
            rows: list[Row] = list(table.found(step, key)[:MAX_ROWS])
            if exchange is not None:
                exchange.status, exchange.reply_body = 0, msgspec.json.encode(rows)
        return rows

    async def _probe(self) -> str:
        """Look at the file anew; say what it holds, how old it is and what was left out."""
        try:
            table = await self._newest()
        except ConnectorError as error:
            if self._table is None:
                raise
            kept = f"; what was read before is kept ({counted(len(self._table), 'row')})"
            raise ConnectorError(error.problem, error.message + kept) from error
        age = timedelta(seconds=round((datetime.now(UTC) - table.modified_at).total_seconds()))
        fact = f"{counted(len(table), 'row')}, columns {', '.join(table.header)}, written {age} ago"
        if table.broken:
            first = table.broken[0]
            left_out = f"{counted(len(table.broken), 'row')} left out"
            return f"{fact}; {left_out}, the first at {self._csv.file}:{first.line}: {first.reason}"
        return fact

    async def _watched(self) -> None:
        """Reread the file whenever it changes; say once what is wrong with it."""
        while True:
            try:
                await self._newest()
                self._told = ""
            except ConnectorError as error:
                if error.message != self._told:
                    kept = None if self._table is None else len(self._table)
                    log.warning("file not taken", connector=self._name, reason=error.message, rows_kept=kept)
                self._told = error.message
            await asyncio.sleep(self._csv.reread_s)

    async def _newest(self) -> Table:
        """Return what the file holds now, reading it where it has changed. Raises ConnectorError.

        Whoever asks meanwhile waits for the same reading, which goes on when one of them gives up.
        """
        if self._watch is None:
            raise ConnectorError(Problem.INTERNAL, "the connector is not started")
        if self._job is None or self._job.done():
            self._job = asyncio.create_task(self._reread())
        return await asyncio.shield(self._job)

    async def _reread(self) -> Table:
        try:
            version = await asyncio.to_thread(version_of, self._csv.file)
            if self._table is not None and self._table.version == version:
                return self._table
            if self._refused is not None and self._refused[0] == version:
                raise self._refused[1]
            table = await asyncio.to_thread(read_table, self._csv, self._region, self._table)
            self._check_whole(table, await asyncio.to_thread(version_of, self._csv.file))
        except ConnectorError as error:
            if error.message.startswith(self._csv.file):
                raise
            placed = ConnectorError(error.problem, f"{self._csv.file} {error.message}")
            if error.problem in {Problem.MALFORMED, Problem.TOO_LARGE}:
                # It is not read again before it changes.
                self._refused = version, placed
            raise placed from None
        self._table = table
        log.info("file read", connector=self._name, file=self._csv.file, rows=len(table), left_out=len(table.broken))
        for broken in table.broken[:MAX_TOLD]:
            place = f"{self._csv.file}:{broken.line}"
            log.warning("row left out", connector=self._name, place=place, reason=broken.reason)
        return table

    def _check_whole(self, table: Table, now: Version) -> None:
        """Raise ConnectorError for a file that is being written."""
        if table.version != now:
            raise ConnectorError(Problem.UNREACHABLE, "has changed while it was read: it is being written")
        if not table.ends_open:
            return
        if self._open_since is None or self._open_since[0] != now:
            self._open_since = now, time.monotonic()
        if time.monotonic() - self._open_since[1] < HALF_WRITTEN_S:
            raise ConnectorError(Problem.UNREACHABLE, "ends in the middle of a row: it is still being written")

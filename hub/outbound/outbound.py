"""All backends' readers: started, replaced when the connectors are, and what they have done."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import structlog

from hub.config.mapping_files import find_mapping
from hub.config.outbound import OutboundSection
from hub.config.problem import Problem
from hub.domain.backend import BackendStatus
from hub.domain.call import Call
from hub.domain.event import decode_event
from hub.domain.inbound import DeadLetter
from hub.domain.ports import CustomerRecords, StoreError
from hub.mapping.errors import MappingError
from hub.mapping.mapping import Mapping as EventMapping
from hub.mapping.mapping import load_mapping
from hub.outbound.consents import Consents, CustomersOf
from hub.outbound.customer import Customers
from hub.outbound.dead import ORIGIN
from hub.outbound.delivery import Deliverer, Writable
from hub.outbound.reader import OnDead, OutboundJournal, Reader, Setup
from hub.outbound.rules import Rules

log = structlog.get_logger(__name__)

STORE_TRIED_AGAIN_S: Final = 1.0


class Backend(NamedTuple):
    """A connector that runs, and what its configuration says under `outbound`."""

    connector: Writable
    section: OutboundSection


class Figures(NamedTuple):
    """How one backend's reader stands: events not dealt with, and what it has done since it was made."""

    connector: str
    behind: int
    written: int
    skipped: int
    dead: int


NewReader = Callable[[str, Setup, OutboundJournal, OnDead], Reader]


class Outbound:
    """One reader for each backend that can be written to. `backends` says which there are at the moment."""

    def __init__(
        self,
        *,
        backends: Callable[[], Mapping[str, Backend]],
        journal: OutboundJournal,
        mapping_folders: Sequence[str | Path],
        agent_names: Mapping[str, str],
        region: str,
        records: CustomerRecords | None = None,
        customers_of: CustomersOf | None = None,
        on_dead: OnDead = lambda _letters: None,
        reader: NewReader = Reader,
    ) -> None:
        self._records = records
        self._customers_of = customers_of
        self._backends = backends
        self._journal = journal
        self._mapping_folders = mapping_folders
        self._agent_names = agent_names
        self._region = region
        self._on_dead = on_dead
        self._reader = reader
        self._setups: dict[str, Setup] = {}
        self._readers: dict[str, Reader] = {}
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin to read for each backend. Raises MappingError, StoreError."""
        self._setups = {name: self._setup(name, backend) for name, backend in self._writable().items()}
        for name in self._setups:
            await self._begin(name)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(reader.stop() for reader in self._readers.values()))

    def swapped(self) -> None:
        """Take in that the connectors are others: readers go on with the new ones, begin, or end."""
        before, self._setups = self._setups, {}
        for name, backend in self._writable().items():
            try:
                self._setups[name] = self._setup(name, backend)
            except MappingError as error:
                problems = [str(problem) for problem in error.problems]
                log.warning("outbound rules not taken in", connector=name, problems=problems)
                if name in before:
                    self._setups[name] = dataclasses.replace(before[name], connector=backend.connector)
        for name, reader in self._readers.items():
            if name in self._setups:
                reader.use(self._setups[name])
        self._spawn()

    def is_up(self, connector: str) -> None:
        """Take in that a backend answers again: what waits for it is written now."""
        if (reader := self._readers.get(connector)) is not None:
            reader.nudge()

    def look_again(self) -> None:
        """Take in that events were emptied in the store: what waits in memory is read anew before it is written."""
        for reader in self._readers.values():
            reader.look_again()

    def completed(self, status: BackendStatus) -> BackendStatus:
        """Return a backend's status with how far its reader is."""
        reader = self._readers.get(status.name)
        if reader is None:
            return status
        return msgspec.structs.replace(status, behind=reader.behind, waiting_since=reader.waiting_since)

    def figures(self) -> Sequence[Figures]:
        return [
            Figures(name, reader.behind, *(reader.counts[what] for what in ("written", "skipped", "dead")))
            for name, reader in self._readers.items()
        ]

    def writes_activity_of(self, call: Call, *, is_over: bool) -> Collection[str]:
        """Return the backends to which a rule writes this call's activity by itself once it is over."""
        return {name for name, setup in self._setups.items() if setup.rules.writes_activity_of(call, is_over=is_over)}

    async def replay(self, letter: DeadLetter) -> str:
        """Write what a backend did not take; return why it still does not, "" once it has it. Raises StoreError."""
        name = letter.origin.removeprefix(ORIGIN)
        reader = self._readers.get(name)
        if reader is None:
            return f"there is no backend {name!r} any more that could be written to"
        try:
            event = decode_event(letter.body)
        except msgspec.MsgspecError as error:
            return f"the event can't be read: {error}"
        return await reader.try_once(event, letter.part)

    def _writable(self) -> Mapping[str, Backend]:
        return {name: one for name, one in self._backends().items() if one.connector.writes or one.section.rules}

    def _setup(self, name: str, backend: Backend) -> Setup:
        customers = Customers(name, archive=self._journal, region=self._region)
        return Setup(
            connector=backend.connector,
            section=backend.section,
            rules=Rules.compiled(name, backend.section.rules, self._mapping),
            deliverer=Deliverer(
                customers,
                consents=Consents(archive=self._journal, records=self._records, customers_of=self._customers_of),
                agent_names=self._agent_names,
                region=self._region,
                purpose=backend.section.purpose,
            ),
        )

    def _mapping(self, name: str) -> EventMapping:
        """Load a rule's mapping. Raises MappingError."""
        file = find_mapping(name, self._mapping_folders)
        if file is None:
            raise MappingError([Problem(f"{name}.yaml", 1, 1, f"outbound: there is no mapping {name!r}")])
        mapping = load_mapping(file)
        if mapping.target != "write_back":
            message = f"outbound needs a mapping with target: write_back, and {name!r} makes {mapping.target}s"
            raise MappingError([Problem(str(file), 1, 1, message)])
        return mapping

    async def _begin(self, name: str) -> None:
        reader = self._reader(name, self._setups[name], self._journal, self._on_dead)
        await reader.start()
        self._readers[name] = reader

    def _spawn(self) -> None:
        task = asyncio.create_task(self._follow(), name="outbound readers")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow(self) -> None:
        """End the readers of backends that are gone, and begin those of new ones."""
        async with self._changing:
            for name in [name for name in self._readers if name not in self._setups]:
                await self._readers.pop(name).stop()
            for name in [name for name in self._setups if name not in self._readers]:
                await self._begun(name)

    async def _begun(self, name: str) -> None:
        while name in self._setups:
            try:
                await self._begin(name)
            except StoreError as error:
                log.warning("outbound reader not begun", connector=name, reason=str(error))
                await asyncio.sleep(STORE_TRIED_AGAIN_S)
            else:
                return

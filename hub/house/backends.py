"""The connectors of the configuration: started, replaced while the hub runs, and closed when nobody uses them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import structlog

from connectors.base import ConnectorError
from connectors.registry import build_connector
from connectors.resilience.connector import ResilientConnector
from hub.bus.feeds import Feed, Feeds
from hub.config.connector_base import ConnectorBase
from hub.config.model import Config
from hub.config.problem import ConfigError, Problem
from hub.config.resilience import AnswerCacheSection
from hub.config.watched import ConnectorFiles, digest, files_beside, mapping_folder_files
from hub.context.health import ConnectorHealth
from hub.domain.backend import BackendStatus, ReloadNotPossibleError, ReloadProblem, ReloadResult
from hub.house import customer_rules
from hub.house.customer_rules import CustomerRules, RulesNow

log = structlog.get_logger(__name__)

START_S = 30.0
UNUSED_S = 1.0
"""A connector that was replaced is closed once nobody has used it for that long."""


class ConfigSource(Protocol):
    """The file that the hub was started from."""

    @property
    def path(self) -> Path: ...

    def load(self) -> Config:
        """Load it anew. Raises ConfigError with all that is wrong with it and the mappings that it names."""

    def problems(self, config: Config, connectors: Collection[str]) -> Sequence[Problem]:
        """Return where these connectors ask for what their contracts don't have; contracts on the net aren't read."""

    def problem(self, connector: str, message: str) -> Problem:
        """Return a problem of a connector as one at its place in the file."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Loaded:
    """A connector as it runs: `section` and what stood in its `files` (`digest`) are all that it was made from."""

    section: ConnectorBase
    files: ConnectorFiles
    digest: str
    connector: ResilientConnector


class _Wanted(NamedTuple):
    """What a configuration and its files have now, ready to be taken in; `feeds` are those that have changed."""

    connectors: dict[str, _Loaded]
    feeds: Mapping[str, Feed]
    rules: RulesNow | None
    needs_restart: tuple[str, ...]


class Backends:
    """`connectors` are those in use now, in the order of the configuration; `on_swap` is told when they change."""

    def __init__(
        self,
        config: Config,
        *,
        health: ConnectorHealth,
        source: ConfigSource | None,
        feeds: Feeds | None = None,
        rules: CustomerRules | None = None,
    ) -> None:
        self._config = config
        self._health = health
        self._source = source
        self._loaded: dict[str, _Loaded] = {}
        self._feeds = feeds
        self._rules = rules
        self._reloading = asyncio.Lock()
        self._replaced: dict[ResilientConnector, asyncio.Task[None]] = {}
        self._on_swap: Callable[[], None] = lambda: None
        self._completed: Callable[[BackendStatus], BackendStatus] = lambda status: status

    @property
    def connectors(self) -> Mapping[str, ResilientConnector]:
        return {name: loaded.connector for name, loaded in self._loaded.items()}

    @property
    def kept(self) -> Mapping[str, AnswerCacheSection]:
        """How long each connector's answers are kept."""
        return {name: loaded.section.cache for name, loaded in self._loaded.items()}

    @property
    def sections(self) -> Mapping[str, ConnectorBase]:
        """What each was made from."""
        return {name: loaded.section for name, loaded in self._loaded.items()}

    def complete_status(self, completed: Callable[[BackendStatus], BackendStatus]) -> None:
        """Have `completed` add to each status what a connector can't know of itself."""
        self._completed = completed

    def on_swap(self, listener: Callable[[], None]) -> None:
        self._on_swap = listener

    async def start(self) -> None:
        """Make and start all. Raises MappingError or ConnectorError."""
        for name, section in self._config.connectors.items():
            self._loaded[name] = self._made(name, section)
        await asyncio.gather(*(connector.start() for connector in self.connectors.values()))

    async def close(self) -> None:
        """Close all, those that were replaced and are still used too."""
        for task in self._replaced.values():
            task.cancel()
        every = [*self.connectors.values(), *self._replaced]
        await asyncio.gather(*(connector.close() for connector in every))

    def backends(self) -> Sequence[BackendStatus]:
        """Return how each is."""
        return [self._completed(connector.status()) for connector in self.connectors.values()]

    def files(self) -> Iterable[Path]:
        """Return the files that a change of matters for."""
        folders = self._config.hub.mappings
        files = set(mapping_folder_files(folders))
        if self._source is not None:
            files |= {self._source.path, *files_beside(self._source.path)}
        if self._feeds is not None:
            files |= self._feeds.files()
        for loaded in list(self._loaded.values()):
            files |= loaded.files.now(folders)
        return files

    async def reload(self) -> ReloadResult:
        """Take in what has changed in the files: all of it, or, if anything is wrong with it, nothing.

        What has not changed stays the very same connector. Raises ReloadNotPossibleError.
        """
        if self._source is None:
            raise ReloadNotPossibleError("This hub was not started from a configuration file.")
        async with self._reloading:
            try:
                wanted = await asyncio.to_thread(self._read, self._source)
                await self._start_new(wanted.connectors, self._source)
            except ConfigError as error:
                return _refused(error)
            return self._swap(wanted)

    def _read(self, source: ConfigSource) -> _Wanted:
        """Load the configuration; make the connectors and feeds that have changed. In a thread: it takes a while."""
        config = source.load()
        same = {name for name, section in config.connectors.items() if self._is_loaded(name, section)}
        new = [name for name in config.connectors if name not in same]
        if problems := source.problems(config, new):
            raise ConfigError(problems)
        wanted = {
            name: self._loaded[name] if name in same else self._made(name, section)
            for name, section in config.connectors.items()
        }
        return _Wanted(
            wanted,
            self._feeds.changed() if self._feeds is not None else {},
            customer_rules.read(config) if self._rules is not None else None,
            self._needs_restart(config),
        )

    def _needs_restart(self, config: Config) -> tuple[str, ...]:
        """Return the sections that are not as they were and count from the next start on."""
        running = self._config
        if self._rules is not None:
            taken_in = {name: getattr(config.context, name) for name in customer_rules.SECTIONS}
            running = running.model_copy(update={"context": running.context.model_copy(update=taken_in)})
        sections = sorted(Config.model_fields.keys() - {"connectors"})
        return tuple(name for name in sections if getattr(config, name) != getattr(running, name))

    def _is_loaded(self, name: str, section: ConnectorBase) -> bool:
        now = self._loaded.get(name)
        return now is not None and now.section == section and now.digest == self._digest(now.files)

    async def _start_new(self, wanted: Mapping[str, _Loaded], source: ConfigSource) -> None:
        """Start what is new; if one can't be started, none is left open. Raises ConfigError."""
        new = {name: loaded.connector for name, loaded in wanted.items() if loaded is not self._loaded.get(name)}
        outcomes = await asyncio.gather(*(_started(connector) for connector in new.values()), return_exceptions=True)
        problems = []
        for name, outcome in zip(new, outcomes, strict=True):
            if isinstance(outcome, ConnectorError | TimeoutError):
                problems.append(source.problem(name, str(outcome) or f"not started within {START_S:g} s"))
            elif isinstance(outcome, BaseException):
                log.error("connector not started", connector=name, exc_info=outcome)
                problems.append(source.problem(name, f"{type(outcome).__name__} at its start: see the log"))
        if problems:
            await asyncio.gather(*(connector.close() for connector in new.values()))
            raise ConfigError(problems)

    def _swap(self, taken_in: _Wanted) -> ReloadResult:
        if self._feeds is not None:
            self._feeds.use(taken_in.feeds)
        wanted = taken_in.connectors
        before, self._loaded = self._loaded, wanted
        gone = [loaded.connector for name, loaded in before.items() if wanted.get(name) is not loaded]
        for name in before.keys() - wanted.keys():
            self._health.forget(name)
        if gone or list(before) != list(wanted) or before.keys() != wanted.keys():
            self._on_swap()
        for connector in gone:
            connector.listen(None)
            self._replaced[connector] = asyncio.create_task(self._close_unused(connector))
        rules = self._rules.use(taken_in.rules) if self._rules is not None and taken_in.rules is not None else ()
        result = ReloadResult(
            added=tuple(name for name in wanted if name not in before),
            changed=tuple(name for name in wanted if name in before and before[name] is not wanted[name]),
            removed=tuple(name for name in before if name not in wanted),
            unchanged=tuple(name for name in wanted if before.get(name) is wanted[name]),
            feeds=tuple(taken_in.feeds),
            rules=rules,
            needs_restart=taken_in.needs_restart,
        )
        _tell(result)
        return result

    async def _close_unused(self, connector: ResilientConnector) -> None:
        await connector.idle(UNUSED_S)
        try:
            await connector.close()
        finally:
            del self._replaced[connector]

    def _made(self, name: str, section: ConnectorBase) -> _Loaded:
        files = ConnectorFiles(section)
        stood_there = self._digest(files)
        hub = self._config.hub
        connector = build_connector(name, section, region=hub.region, mapping_folders=hub.mappings)
        connector.listen(partial(self._health.changed, name))
        return _Loaded(section, files, stood_there, connector)

    def _digest(self, files: ConnectorFiles) -> str:
        return digest(files.now(self._config.hub.mappings))


async def _started(connector: ResilientConnector) -> None:
    async with asyncio.timeout(START_S):
        await connector.start()


def _tell(result: ReloadResult) -> None:
    if result.added or result.changed or result.removed:
        log.info("connectors reloaded", added=result.added, changed=result.changed, removed=result.removed)
    if result.feeds:
        log.info("feeds reloaded", feeds=result.feeds)
    if result.rules:
        log.info("rules reloaded", rules=result.rules)
    if result.needs_restart:
        log.warning("changes that count after a restart only", sections=result.needs_restart)


def _refused(error: ConfigError) -> ReloadResult:
    log.error("change refused, all stays as it was", problems=[str(problem) for problem in error.problems])
    problems = (
        ReloadProblem(file=problem.file, line=problem.line, column=problem.column, message=problem.message)
        for problem in error.problems
    )
    return ReloadResult(problems=tuple(problems))

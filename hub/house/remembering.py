"""What the hub knows without asking anybody: who is remembered, and who answers for whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from connectors.base import Connector
from hub.bus.feeds import Feed, Feeds
from hub.config.model import Config
from hub.config.resilience import AnswerCacheSection
from hub.context.remembered import RememberedSystem
from hub.domain.customer import CustomerQuery, CustomerRecord
from hub.house.backends import Backends
from hub.journal.journal import Journal

_OF_CUSTOMERS: Final = frozenset({"customer", "order", "case"})
_ALWAYS_ASKED: Final = AnswerCacheSection(fresh_s=0, stale_s=0, negative_s=0)
"""What is in the store is as good as what is kept in memory, and never older."""


class Remembering:
    """Systems of feeds that are no connector's answer lookups from the store, after the connectors."""

    def __init__(self, config: Config, feeds: Feeds, backends: Backends, journal: Journal) -> None:
        self._feeds = feeds
        self._backends = backends
        self._records = journal.customers
        self._told: dict[str, RememberedSystem] = {}
        self._connectors: Collection[str] = ()
        remember = config.context.remember
        # What a system told by its feeds is kept as that, and not once more as an answer.
        journal.remember_answers_of(lambda system: system in self._connectors and remember.remembers(system))

    def connectors(self) -> list[Connector]:
        """Return who answers lookups now: the backends of the configuration, then those that only tell."""
        backends = self._backends.connectors
        self._connectors = frozenset(backends)
        told: dict[str, RememberedSystem] = {}
        for feed in map(self._feeds.feed, self._feeds.names):
            system = feed.system
            if system not in backends and system not in told and _tells_of_customers(feed):
                told[system] = self._told.get(system) or RememberedSystem(system, self._title(system), self._records)
        self._told = told
        return [*backends.values(), *told.values()]

    def kept(self) -> Mapping[str, AnswerCacheSection]:
        """Return how long each one's answers are kept."""
        return {**dict.fromkeys(self._told, _ALWAYS_ASKED), **self._backends.kept}

    def systems(self) -> Collection[str]:
        """Return the names of all who answer lookups."""
        return (*self._connectors, *self._told)

    def only_told(self) -> Collection[str]:
        """Return the names of those that only tell."""
        return self._told.keys()

    async def stand_in(self, system: str, query: CustomerQuery) -> Sequence[CustomerRecord]:
        """Return what a backend that is down said before, or what its feeds told. Raises ConnectorError."""
        return await RememberedSystem(system, "", self._records).lookup(query)

    def _title(self, system: str) -> str:
        feeds = (self._feeds.feed(name) for name in self._feeds.names)
        return next((feed.section.title for feed in feeds if feed.system == system and feed.section.title), "")


def _tells_of_customers(feed: Feed) -> bool:
    has_own_messages = not feed.section.mapping and feed.section.soap is None
    return not has_own_messages and not feed.targets.isdisjoint(_OF_CUSTOMERS)

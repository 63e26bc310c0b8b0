"""The feeds of the configuration, each with the intake that understands its messages at this moment."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from pathlib import Path

from hub.bus.intake import Intake, Understanding
from hub.bus.soap.own_messages import OwnMessages
from hub.config.inbound import InboundFeed
from hub.config.mapping_files import find_mapping
from hub.config.model import Config
from hub.config.problem import Problem
from hub.config.watched import digest
from hub.config.wording import nearest
from hub.domain.inbound import UnknownFeedError
from hub.mapping.errors import MappingError
from hub.mapping.mapping import load_mapping


@dataclasses.dataclass(frozen=True, slots=True)
class Feed:
    """A feed as it is now. `digest` tells what stood in the files that its intake was made from.

    `targets` are what its messages can become, as mappings call it.
    """

    name: str
    section: InboundFeed
    intake: Intake
    digest: str
    targets: frozenset[str]

    @property
    def system(self) -> str:
        """Whose customers, orders and cases it brings."""
        return self.section.system_of(self.name)


class Feeds:
    """By name. A feed whose mapping has changed in its file is replaced while the hub runs.

    What a web site's visitors send is no message that has to be understood: those feeds are not among them.
    """

    def __init__(self, config: Config) -> None:
        """Load all mappings. Raises MappingError for a feed without a usable one."""
        self._config = config
        self._feeds = {
            name: self._loaded(name, section) for name, section in config.inbound.items() if section.web is None
        }

    @property
    def names(self) -> Collection[str]:
        return self._feeds.keys()

    def feed(self, name: str) -> Feed:
        """Return the feed as it is now. Raises UnknownFeedError."""
        feed = self._feeds.get(name)
        if feed is None:
            message = f"there is no feed {name[:100]!r} under `inbound:`{nearest(name[:100], list(self._feeds))}"
            raise UnknownFeedError(message)
        return feed

    def files(self) -> set[Path]:
        """Return the files that the feeds are made from."""
        return {file for feed in self._feeds.values() for file in self._files(feed.section)}

    def changed(self) -> Mapping[str, Feed]:
        """Return anew, by name, the feeds whose files have changed. Raises MappingError. Blocks: for a thread."""
        return {
            name: self._loaded(name, feed.section)
            for name, feed in self._feeds.items()
            if feed.digest != self._digest(feed.section)
        }

    def use(self, changed: Mapping[str, Feed]) -> None:
        """Understand with these from now on."""
        self._feeds |= changed

    def refresh(self, name: str) -> Feed:
        """Return the feed with its files as they are now. Raises UnknownFeedError, MappingError. For a thread."""
        feed = self.feed(name)
        if feed.digest != self._digest(feed.section):
            feed = self._loaded(name, feed.section)
            self._feeds[name] = feed
        return feed

    def _loaded(self, name: str, section: InboundFeed) -> Feed:
        stood_there = self._digest(section)
        understanding = self._understanding(name, section)
        intake = Intake(name, section, understanding, region=self._config.hub.region)
        return Feed(name, section, intake, stood_there, understanding.targets)

    def _understanding(self, name: str, section: InboundFeed) -> Understanding:
        if not section.mapping:
            return OwnMessages()
        file = find_mapping(section.mapping, self._config.hub.mappings)
        if file is None:
            message = f"inbound {name}: there is no mapping {section.mapping!r}"
            raise MappingError([Problem(f"{section.mapping}.yaml", 1, 1, message)])
        return load_mapping(file)

    def _files(self, section: InboundFeed) -> set[Path]:
        file = find_mapping(section.mapping, self._config.hub.mappings) if section.mapping else None
        return {file} if file else set()

    def _digest(self, section: InboundFeed) -> str:
        return digest(self._files(section))

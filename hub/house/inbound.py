"""What legacy systems hand in, put together: the feeds, their reception, the queues, dead letters and their replay.

It works without a broker, too: then there are no queues, and no copies of dead letters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Protocol

from hub.bus.dead_letter_copies import DeadLetterCopies
from hub.bus.dead_letters import CONNECTOR_ORIGIN, FEED_ORIGIN
from hub.bus.feed import QueueFeed
from hub.bus.feed_replay import FeedReplay
from hub.bus.feeds import Feeds
from hub.bus.folder import FolderFeed
from hub.bus.reception import Reception
from hub.bus.replay import Replayer
from hub.bus.soap.service import soap_services
from hub.bus.waiting import WaitingLetters
from hub.config.model import Config
from hub.domain.event import Event
from hub.domain.inbound import DeadLetter
from hub.journal.journal import Journal
from hub.metrics import Metrics

if TYPE_CHECKING:
    from hub.bus.imap import ImapFeed

_OUTCOMES = ("recorded", "duplicates", "dead")


class _Way(Protocol):
    """A way by which messages of a feed come in."""

    @property
    def name(self) -> str: ...

    @property
    def connected(self) -> bool: ...

    def start(self) -> None: ...

    async def stop(self) -> None: ...


class Inbound:
    """`feeds`, `reception` and `soap` are there at once; `start` begins to take messages in, and `stack` ends it."""

    def __init__(
        self, config: Config, feeds: Feeds, *, journal: Journal, metrics: Metrics, on_event: Callable[[Event], None]
    ) -> None:
        """Put it together. Raises ConfigError for a feed whose SOAP schema can't be used."""
        self.feeds = feeds
        self.replayer = Replayer(journal, attempts=self._attempts, on_dead=self.are_dead)
        self.reception = Reception(
            feeds, journal, on_event=on_event, on_dead=self.are_dead, on_failed=self.replayer.later
        )
        self.replayer.on_replay(FEED_ORIGIN, FeedReplay(feeds, self.reception).replay)
        self.soap = soap_services(config.inbound, self.reception)
        self._config = config
        self._journal = journal
        self._copies: DeadLetterCopies | None = None
        origins = [f"{FEED_ORIGIN}{name}" for name in feeds.names]
        origins += [f"{CONNECTOR_ORIGIN}{name}" for name, section in config.connectors.items() if section.outbound]
        self._waiting = WaitingLetters(journal, origins)
        metrics.show_dead_letters(self._waiting.counts)
        for outcome in _OUTCOMES:
            metrics.read_counter(
                f"ctihub_feed_{outcome}",
                f"Messages of inbound feeds: {outcome}.",
                {name: partial(self._count, name, outcome) for name in feeds.names},
                label="feed",
            )
        self._metrics = metrics

    async def start(self, stack: AsyncExitStack) -> None:
        """Begin to take messages in. Raises StoreError."""
        if self._config.bus is not None:
            self._copies = DeadLetterCopies(self._config.bus, self._journal)
            await self._copies.start()
            stack.push_async_callback(self._copies.stop)
        self.replayer.start()
        stack.push_async_callback(self.replayer.stop)
        self._waiting.start()
        stack.push_async_callback(self._waiting.stop)
        ways: dict[str, list[_Way]] = {}
        every: list[_Way] = [*self._queues(), *self._folders(), *self._mailboxes(stack)]
        for way in every:
            way.start()
            stack.push_async_callback(way.stop)
            ways.setdefault(way.name, []).append(way)
        for name, of_feed in ways.items():
            self._metrics.feed_connected.labels(name).set_function(partial(_takes_messages, of_feed))

    def _queues(self) -> list[QueueFeed]:
        bus = self._config.bus
        return [
            QueueFeed(name, section, bus, reception=self.reception, store_problem=self._journal.problem)
            for name, section in self._config.inbound.items()
            if bus is not None and section.queue_of(name)
        ]

    def _folders(self) -> list[FolderFeed]:
        return [
            FolderFeed(name, section, section.folder, self.reception)
            for name, section in self._config.inbound.items()
            if section.folder is not None
        ]

    def _mailboxes(self, stack: AsyncExitStack) -> list[ImapFeed]:
        wanted = [(name, section, imap) for name, section in self._config.inbound.items() if (imap := section.imap)]
        if not wanted:
            return []
        # Here, because only some configurations have one.
        from hub.bus.imap import ImapFeed
        from hub.mail_token import FetchedToken

        made = []
        for name, section, imap in wanted:
            token = FetchedToken(imap.auth, imap.timeout_s) if imap.auth is not None else None
            if token is not None:
                stack.push_async_callback(token.close)
            made += [
                ImapFeed(name, section, imap, folder, reception=self.reception, cursors=self._journal, token=token)
                for folder in (*imap.folders, *imap.sent_folders)
            ]
        return made

    def _attempts(self, origin: str) -> int:
        """Return how often a letter is tried that the hub itself fails on."""
        kind, name = origin[: origin.rfind("/") + 1], origin.rpartition("/")[2]
        if kind == FEED_ORIGIN and name in self._config.inbound:
            return self._config.inbound[name].attempts
        return 1

    def _count(self, feed: str, outcome: str) -> int:
        count: int = getattr(self.reception.count(feed), outcome)
        return count

    def are_dead(self, letters: Sequence[DeadLetter]) -> None:
        """Hear of letters that are kept by now: where there is a broker their copies go there."""
        if self._copies is not None:
            self._copies.arrived(letters)


def _takes_messages(ways: Sequence[_Way]) -> bool:
    return all(way.connected for way in ways)

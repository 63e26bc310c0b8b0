"""Where every message of a legacy system comes in: journaled once, or kept as a dead letter, before its sender is told.

A message may come any number of times. Its events have ids made from it, by which the journal knows them again; so
what comes again changes nothing, and whoever hands something in may do so until there is a receipt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec
import structlog

from hub.bus.dead_letters import dead_letter, tell_of
from hub.bus.feeds import Feed, Feeds
from hub.bus.intake import Part
from hub.bus.refusal import FailedError, RefusedError
from hub.bus.same_event import says_the_same
from hub.bus.tally import FeedCount, Tally
from hub.domain.event import Event
from hub.domain.inbound import DeadLetter, DeadLetterState, InboundMessage, Receipt
from hub.domain.ports import Appended, DeadLetters, EventJournal, EventRefusedError

log = structlog.get_logger(__name__)

SMALL_BYTES: Final = 16 * 1024
"""A message up to this size is understood on the event loop, a larger one in a thread."""
SLICE_BYTES: Final = 64 * 1024
SLICE_MESSAGES: Final = 32
"""What is understood in one go before others on the event loop get their turn."""
CHUNK_PARTS: Final = 500
"""Records of a large message that are stored together."""

_ID_OF_ANOTHER: Final = (
    "an earlier message of this feed had the same message id and said something else: "
    "give each message an id of its own, or none"
)

EventListener = Callable[[Event], None]
"""Called, from the event loop, for each event that is new and durable."""

LetterListener = Callable[[Sequence[DeadLetter]], None]
"""Called, from the event loop, with dead letters that are waiting, once they are durable."""


class Store(EventJournal, DeadLetters, Protocol):
    """Where events and dead letters are kept."""


class _Placed(NamedTuple):
    """A part, and the place of its message in the batch."""

    message: int
    part: Part


class Understood(NamedTuple):
    """A batch that is understood and not stored yet."""

    feed: Feed
    messages: Sequence[InboundMessage]
    parts: Sequence[_Placed]


class Reception:
    """`hub.domain.ports.Reception`, and what feeds need beside it."""

    def __init__(
        self,
        feeds: Feeds,
        store: Store,
        *,
        on_event: EventListener,
        on_dead: LetterListener = lambda _: None,
    ) -> None:
        self._feeds = feeds
        self._store = store
        self._on_event = on_event
        self._on_dead = on_dead
        self._counts = {name: FeedCount() for name in feeds.names}

    def count(self, feed: str) -> FeedCount:
        """Return what became of the feed's records since the hub started."""
        return self._counts[feed]

    async def take(self, feed: str, message: InboundMessage) -> Receipt:
        """Return once everything in it is durable somewhere. Raises UnknownFeedError, or StoreError: send it again."""
        return (await self.take_all(feed, (message,)))[0]

    async def take_all(self, feed: str, messages: Sequence[InboundMessage]) -> list[Receipt]:
        """Take several in their order, the small ones of them together; else as `take`."""
        current = self._feeds.feed(feed)
        receipts: list[Receipt] = []
        for group in _grouped(messages):
            if len(group[0].body) > SMALL_BYTES:
                receipts.append(await self._take_streaming(current, group[0], current.intake.parts(group[0]), ""))
            else:
                receipts += await self.keep(await self.understand(feed, group))
        return receipts

    async def take_file(self, feed: str, path: Path, message: InboundMessage, *, kept_at: str = "") -> Receipt:
        """Take a file record by record, however large it is; `message` is what is known of it, without a body.

        `kept_at` is where the file will lie for whoever looks at its dead letters. Else as `take`; raises OSError
        where the file can't be read.
        """
        current = self._feeds.feed(feed)
        file = await asyncio.to_thread(path.open, "rb")
        try:
            parts = current.intake.parts_of_file(file, message)
            return await self._take_streaming(current, message, parts, kept_at or str(path))
        finally:
            await asyncio.to_thread(file.close)

    async def refuse(self, feed: str, message: InboundMessage, reason: str, *, kept_at: str = "") -> Receipt:
        """Keep a message, or the file at `kept_at`, as a dead letter without looking at it. Else as `take`."""
        part = Part("", message.body, RefusedError(reason))
        understood = Understood(self._feeds.feed(feed), (message,), [_Placed(0, part)])
        return (await self.keep(understood, file=kept_at))[0]

    async def understand(self, feed: str, messages: Sequence[InboundMessage]) -> Understood:
        """Understand small messages; `keep` stores what they say. Raises UnknownFeedError."""
        current = self._feeds.feed(feed)
        parts: list[_Placed] = []
        in_one_go = size = 0
        for index, message in enumerate(messages):
            if in_one_go >= SLICE_MESSAGES or size >= SLICE_BYTES:
                await asyncio.sleep(0)
                in_one_go = size = 0
            in_one_go += 1
            size += len(message.body)
            parts += [_Placed(index, part) for part in _guarded(current, message, current.intake.parts(message))]
        return Understood(current, messages, parts)

    async def keep(self, understood: Understood, *, file: str = "") -> list[Receipt]:
        """Return a receipt for each message once all that was understood of them is durable. Raises StoreError."""
        feed, messages, parts = understood
        tallies = [Tally() for _ in messages]
        refused = [(index, part, part.outcome) for index, part in parts if isinstance(part.outcome, RefusedError)]
        events = [(index, part, part.outcome) for index, part in parts if not isinstance(part.outcome, RefusedError)]
        outcomes = await self._store.append_all([event for _, _, event in events]) if events else ()
        for (index, part, event), outcome in zip(events, outcomes, strict=True):
            if isinstance(outcome, EventRefusedError):
                refused.append((index, part, RefusedError(str(outcome))))
            elif outcome.is_new:
                tallies[index].recorded(event.id)
                self._tell(event)
            elif await self._is_recorded(event, outcome):
                tallies[index].duplicate(event.id)
            else:
                refused.append((index, part, RefusedError(_ID_OF_ANOTHER)))
        if refused:
            await self._keep_dead(feed, messages, tallies, refused, file)
        receipts = [tally.receipt() for tally in tallies]
        for receipt in receipts:
            self._counts[feed.name].add(receipt)
        return receipts

    async def _take_streaming(self, feed: Feed, message: InboundMessage, parts: Iterator[Part], file: str) -> Receipt:
        """Take a large message or file: understood in a thread and stored, some hundred records at a time."""
        guarded = _guarded(feed, message, parts)
        tally = Tally()
        while chunk := await asyncio.to_thread(lambda: list(islice(guarded, CHUNK_PARTS))):
            understood = Understood(feed, (message,), [_Placed(0, part) for part in chunk])
            tally.join(*(await self.keep(understood, file=file)))
        return tally.receipt()

    async def _keep_dead(
        self,
        feed: Feed,
        messages: Sequence[InboundMessage],
        tallies: Sequence[Tally],
        refused: Sequence[tuple[int, Part, RefusedError]],
        file: str,
    ) -> None:
        waiting: list[DeadLetter] = []
        tried_again: list[DeadLetter] = []
        for index, part, refusal in refused:
            message = messages[index]
            letter = dead_letter(feed.name, message, part, refusal, mapping=feed.intake.mapping_label, file=file)
            is_worth_another = isinstance(refusal, FailedError) and feed.section.attempts > 1
            (tried_again if is_worth_another else waiting).append(letter)
            tallies[index].dead(letter)
        await self._store.keep_dead([*waiting, *tried_again])
        if tried_again:
            await self._store.settle_dead([letter.id for letter in tried_again], DeadLetterState.REPLAYING)
        for letter in waiting:
            tell_of(letter)
        if waiting:
            self._on_dead(waiting)

    async def _is_recorded(self, event: Event, outcome: Appended) -> bool:
        """Whether what is stored under the event's id tells the same."""
        (known,) = await self._store.read(outcome.position - 1, 1)
        try:
            return says_the_same(known.body, event)
        except msgspec.ValidationError as error:
            log.warning("feed_duplicate_unreadable", event_id=event.id, reason=str(error))
            return True

    def _tell(self, event: Event) -> None:
        try:
            self._on_event(event)
        except Exception:
            # The event is recorded; a listener's defect must not have the message handed in again.
            log.exception("event_listener_failed", event_id=event.id, source=event.source)


def _grouped(messages: Sequence[InboundMessage]) -> Iterator[list[InboundMessage]]:
    """Yield neighbours that are small together, each that is large alone."""
    group: list[InboundMessage] = []
    for message in messages:
        is_large = len(message.body) > SMALL_BYTES
        if group and is_large:
            yield group
            group = []
        if is_large:
            yield [message]
        else:
            group.append(message)
    if group:
        yield group


def _guarded(feed: Feed, message: InboundMessage, parts: Iterator[Part]) -> Iterator[Part]:
    """Yield the parts; a message that the hub fails on, or has ended over, is one part that is refused."""
    if message.refused:
        yield Part("", message.body, RefusedError(message.refused))
        return
    if message.attempts >= feed.section.attempts:
        reason = f"the hub began it {message.attempts} times and did not come to an end: it may be what ended the hub"
        yield Part("", message.body, RefusedError(reason))
        return
    try:
        yield from parts
    except Exception as error:
        log.exception("feed_message_failed", feed=feed.name, mapping=feed.intake.mapping_label)
        reason = f"the hub failed on it ({type(error).__name__}): see the hub's log"
        yield Part("", message.body, FailedError(reason))

"""Where every message of a legacy system comes in: journaled once, or kept as a dead letter, before its sender is told.

A message may come any number of times. Its events have ids made from it, by which the journal knows them again; so
what comes again changes nothing, and whoever hands something in may do so until there is a receipt.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple, Protocol, TypeVar

import msgspec
import structlog

from hub.bus.dead_letters import dead_letter, tell_of_all
from hub.bus.feeds import Feed, Feeds
from hub.bus.intake import Part
from hub.bus.own_threads import OwnThread
from hub.bus.refusal import FailedError, RefusedError
from hub.bus.same_event import says_the_same
from hub.bus.tally import FeedCount, Tally
from hub.domain.event import Event
from hub.domain.inbound import DeadLetter, DeadLetterState, InboundMessage, Receipt
from hub.domain.ports import Appended, DeadLetters, EventJournal, EventRefusedError, StoreError

log = structlog.get_logger(__name__)

T = TypeVar("T")

SMALL_BYTES: Final = 16 * 1024
"""A message up to this size is understood on the event loop, a larger one in a thread."""
SLICE_BYTES: Final = 64 * 1024
SLICE_MESSAGES: Final = 32
SLICE_PARTS: Final = 100
"""What is understood in one go before others on the event loop get their turn."""
CHUNK_PARTS: Final = 500
CHUNK_BYTES: Final = 2 * 1024 * 1024
"""Records of a large message that are stored together."""
STORED_TOGETHER: Final = 2_000
"""Events of small messages that the store takes as a whole, or not at all."""
FILE_LETTERS: Final = 10_000
FILE_LETTERS_BYTES: Final = 64 * 1024 * 1024
"""Records of one file that are dead letters each. Of what is beyond that the file itself is the one dead letter."""

SURELY_BEGUN: Final = 2
"""Deliveries of which the last was begun: at the first, with many others, the connection may have been lost before."""

ID_OF_ANOTHER: Final = (
    "an earlier message of this feed had the same message id and said something else: give each message an id of its "
    "own, or none; a record that is known by its own (the feed's `id`, an IDoc's number) needs a new one, too"
)

EventListener = Callable[[Event], None]
"""Called, from the event loop, for each event that is new and durable."""

LetterListener = Callable[[Sequence[DeadLetter]], None]
"""Called, from the event loop, with dead letters that are durable."""


class Store(EventJournal, DeadLetters, Protocol):
    """Where events and dead letters are kept."""

    def problem(self) -> str | None:
        """Return in words why nothing can be stored at the moment; None when all is well."""


class Placed(NamedTuple):
    """A part, and the place of its message in the batch."""

    message: int
    part: Part


Refusal = tuple[Placed, RefusedError]


class IdOfAnotherError(RefusedError):
    """The message's id was used before for something else."""


class Understood(NamedTuple):
    """A batch that is understood and not stored yet."""

    feed: Feed
    messages: Sequence[InboundMessage]
    parts: Sequence[Placed]
    identity: str = ""
    """By what its one message is known, where that has been found out already."""


class Reception:
    """`hub.domain.ports.Reception`, and what feeds need beside it.

    `on_dead` hears of dead letters that wait for a person, `on_failed` of those that the hub is to try once more.
    """

    def __init__(
        self,
        feeds: Feeds,
        store: Store,
        *,
        on_event: EventListener,
        on_dead: LetterListener = lambda _: None,
        on_failed: LetterListener = lambda _: None,
    ) -> None:
        self._feeds = feeds
        self._store = store
        self._on_event = on_event
        self._on_dead = on_dead
        self._on_failed = on_failed
        self._counts = {name: FeedCount() for name in feeds.names}
        self._threads = {name: OwnThread(f"feed-{name}") for name in feeds.names}
        self._being_stored: set[asyncio.Task[Sequence[Appended | EventRefusedError]]] = set()

    def count(self, feed: str) -> FeedCount:
        """Return what became of the feed's records since the hub started."""
        return self._counts[feed]

    async def in_thread(self, feed: str, work: Callable[[], T]) -> T:
        """Return what `work` returns, carried out in the feed's own thread."""
        return await self._threads[feed].run(work)

    async def take(self, feed: str, message: InboundMessage) -> Receipt:
        """Return once everything in it is durable somewhere. Raises UnknownFeedError, or StoreError: send it again.

        While nothing can be stored that is told at once: a sender that waits here would hold its message in memory.
        """
        if (problem := self._store.problem()) is not None:
            raise StoreError(problem)
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
        file = await self._threads[feed].run(path.open, "rb")
        try:
            parts = current.intake.parts_of_file(file, message)
            return await self._take_streaming(current, message, parts, kept_at or str(path))
        finally:
            await self._threads[feed].run(file.close)

    async def refuse(self, feed: str, message: InboundMessage, reason: str, *, kept_at: str = "") -> Receipt:
        """Keep a message, or the file at `kept_at`, as a dead letter without looking at it. Else as `take`."""
        part = Part("", message.body, RefusedError(reason))
        understood = Understood(self._feeds.feed(feed), (message,), [Placed(0, part)])
        return (await self.keep(understood, file=kept_at))[0]

    async def understand(self, feed: str, messages: Sequence[InboundMessage]) -> Understood:
        """Understand small messages; `keep` stores what they say. Raises UnknownFeedError."""
        current = self._feeds.feed(feed)
        parts: list[Placed] = []
        in_one_go = size = 0
        for index, message in enumerate(messages):
            if in_one_go >= SLICE_MESSAGES or size >= SLICE_BYTES:
                await asyncio.sleep(0)
                in_one_go = size = 0
            in_one_go += 1
            size += len(message.body)
            for number, part in enumerate(guarded(current, message, current.intake.parts(message)), 1):
                parts.append(Placed(index, part))
                if number % SLICE_PARTS == 0:
                    await asyncio.sleep(0)
        return Understood(current, messages, parts)

    async def keep(self, understood: Understood, *, file: str = "") -> list[Receipt]:
        """Return a receipt for each message once all that was understood of them is durable. Raises StoreError."""
        tallies, refused = await self.record(understood)
        if refused:
            await self._keep_dead(understood, tallies, refused, file)
        return [tally.receipt() for tally in tallies]

    async def record(self, understood: Understood) -> tuple[list[Tally], list[Refusal]]:
        """Store the events alone; return what is left over, of which nothing is durable. Raises StoreError.

        Listeners hear of each event that becomes durable, even if this is cancelled or fails meanwhile: what comes
        again is known by then, and would be told to nobody.
        """
        tallies = [Tally() for _ in understood.messages]
        count = self._counts[understood.feed.name]
        refused: list[Refusal] = []
        events: list[tuple[Placed, Event]] = []
        for placed in understood.parts:
            outcome = placed.part.outcome
            if isinstance(outcome, RefusedError):
                refused.append((placed, outcome))
            else:
                events.append((placed, outcome))
        outcomes: list[Appended | EventRefusedError] = []
        for first in range(0, len(events), STORED_TOGETHER):
            together = [event for _, event in events[first : first + STORED_TOGETHER]]
            outcomes += await self._stored_and_told(count, together)
        for number, ((placed, event), stored) in enumerate(zip(events, outcomes, strict=True), 1):
            if number % SLICE_PARTS == 0:
                await asyncio.sleep(0)
            if isinstance(stored, EventRefusedError):
                refused.append((placed, RefusedError(str(stored))))
            elif stored.is_new:
                tallies[placed.message].recorded(event.id)
            elif await self._is_recorded(event, stored):
                tallies[placed.message].duplicate(event.id)
                count.duplicates += 1
            else:
                refused.append((placed, IdOfAnotherError(ID_OF_ANOTHER)))
        return tallies, refused

    def _stored_and_told(
        self, count: FeedCount, events: Sequence[Event]
    ) -> asyncio.Future[Sequence[Appended | EventRefusedError]]:
        """Hand events to the store when called; what awaits the outcome may be cancelled, what tells of it is not."""
        task = asyncio.create_task(self._tell_of(count, events, self._store.append_all(events)))
        self._being_stored.add(task)
        task.add_done_callback(self._being_stored.discard)
        return asyncio.shield(task)

    async def _tell_of(
        self,
        count: FeedCount,
        events: Sequence[Event],
        stored: Awaitable[Sequence[Appended | EventRefusedError]],
    ) -> Sequence[Appended | EventRefusedError]:
        outcomes = await stored
        for number, (event, outcome) in enumerate(zip(events, outcomes, strict=True), 1):
            if number % SLICE_PARTS == 0:
                await asyncio.sleep(0)
            if isinstance(outcome, Appended) and outcome.is_new:
                count.recorded += 1
                self._tell(event)
        return outcomes

    async def _take_streaming(self, feed: Feed, message: InboundMessage, parts: Iterator[Part], file: str) -> Receipt:
        """Take a large message or file: understood in a thread and stored, some hundred records at a time."""
        remaining = guarded(feed, message, parts)
        thread = self._threads[feed.name]
        identity = await thread.run(feed.intake.identity, message)
        tally = Tally()
        room = _Room() if file else None
        while chunk := await thread.run(_chunk, remaining):
            understood = Understood(feed, (message,), [Placed(0, part) for part in chunk], identity)
            tallies, refused = await self.record(understood)
            if room is not None:
                refused = room.kept(refused)
            if refused:
                await self._keep_dead(understood, tallies, refused, file)
            tally.join(tallies[0].receipt())
        if room is not None and room.left_out:
            rest = [Placed(0, Part("", b"", RefusedError(room.reason)))]
            tally.join(*(await self.keep(Understood(feed, (message,), rest, identity), file=file)))
        return tally.receipt()

    async def _keep_dead(
        self, understood: Understood, tallies: Sequence[Tally], refused: Sequence[Refusal], file: str
    ) -> None:
        feed = understood.feed
        waiting: list[DeadLetter] = []
        tried_again: list[DeadLetter] = []
        is_quick = len(refused) <= SLICE_PARTS and sum(len(one.part.original) for one, _ in refused) <= SLICE_BYTES
        make = partial(_letters, understood, refused, file)
        letters = make() if is_quick else await self.in_thread(feed.name, make)
        for ((index, _), refusal), letter in zip(refused, letters, strict=True):
            is_worth_another = isinstance(refusal, FailedError) and feed.section.attempts > 1
            (tried_again if is_worth_another else waiting).append(letter)
            tallies[index].dead(letter)
        await self._store.keep_dead([*waiting, *tried_again])
        self._counts[feed.name].dead += len(refused)
        if tried_again:
            self._on_failed(tried_again)
            await self._store.settle_dead([letter.id for letter in tried_again], DeadLetterState.REPLAYING)
        tell_of_all(waiting)
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


class _Room:
    """For dead letters of one file: as many as there is room for, of the rest how many and from where on."""

    def __init__(self) -> None:
        self._letters = FILE_LETTERS
        self._bytes = FILE_LETTERS_BYTES
        self._first = ""
        self.left_out = 0

    @property
    def reason(self) -> str:
        return (
            f"{self.left_out} more of its records, from {self._first} on, could not be understood, too many to be kept "
            "each by itself: the file has them, and a replay takes it in as a whole"
        )

    def kept(self, refused: Sequence[Refusal]) -> list[Refusal]:
        """Return those that are kept each by itself; what is said of the file as a whole always is."""
        kept: list[Refusal] = []
        for refusal in refused:
            part = refusal[0].part
            if not part.part or (self._letters > 0 and self._bytes >= len(part.original)):
                kept.append(refusal)
                self._letters -= 1
                self._bytes -= len(part.original)
            else:
                self._first = self._first or part.part
                self.left_out += 1
        return kept


def _chunk(parts: Iterator[Part]) -> list[Part]:
    """Return the next records, as many as may be held at once."""
    chunk: list[Part] = []
    size = 0
    for part in parts:
        chunk.append(part)
        size += len(part.original)
        if len(chunk) >= CHUNK_PARTS or size >= CHUNK_BYTES:
            break
    return chunk


def _letters(understood: Understood, refused: Sequence[Refusal], file: str) -> list[DeadLetter]:
    """Make the letters, hashing each message once; may take long: for a thread."""
    identities: dict[int, str] = {}
    letters = []
    for (index, part), refusal in refused:
        message = understood.messages[index]
        if index not in identities:
            identities[index] = understood.identity or understood.feed.intake.identity(message)
        letters.append(dead_letter(understood.feed, message, part, refusal, identity=identities[index], file=file))
    return letters


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


def guarded(feed: Feed, message: InboundMessage, parts: Iterator[Part]) -> Iterator[Part]:
    """Yield the parts; a message that the hub fails on, or has ended over, is one part that is refused."""
    if message.refused:
        yield Part("", message.body, RefusedError(message.refused))
        return
    if message.attempts >= max(feed.section.attempts, SURELY_BEGUN):
        reason = f"the hub began it {message.attempts} times and did not come to an end: it may be what ended the hub"
        yield Part("", message.body, RefusedError(reason))
        return
    try:
        yield from parts
    except Exception as error:
        log.exception("feed_message_failed", feed=feed.name, mapping=feed.intake.mapping_label)
        reason = f"the hub failed on it ({type(error).__name__}): see the hub's log"
        yield Part("", message.body, FailedError(reason))

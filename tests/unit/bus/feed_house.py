"""A feed with its mapping in a file, a real journal, and what takes its messages in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from pydantic import SecretStr

from hub.bus.dead_letters import FEED_ORIGIN
from hub.bus.feed_replay import FeedReplay
from hub.bus.feeds import Feeds
from hub.bus.reception import Reception
from hub.bus.replay import Replayer
from hub.config.inbound import InboundFeed
from hub.config.model import Config, HubSection
from hub.config.pbx import PbxSection
from hub.domain.event import Event
from hub.domain.inbound import DeadLetter, DeadLetterState, InboundMessage, Transport
from hub.journal.journal import Journal

NAME = "shop"
MAPPING = """\
source: JSON
version: 1
target: interaction
fields:
  id: number
  channel: {const: order}
  at: time
  subject: text
  customer.emails: mail
"""
READS_OTHER_DATES = MAPPING.replace("at: time", 'at: {from: time, date: {formats: [iso, "%d.%m.%Y"]}}')


def record(number: int, **changes: object) -> dict[str, object]:
    usual = {"number": str(number), "time": "2026-03-01T10:00:00Z", "text": f"Order {number}", "mail": "a@example.com"}
    return {**usual, **changes}


def message(*records: object, message_id: str = "", **changes: object) -> InboundMessage:
    """Make a message of these records, one a line."""
    body = b"\n".join(msgspec.json.encode(one) for one in records)
    made = InboundMessage(body=body, transport=Transport.HTTP, id=message_id)
    return msgspec.structs.replace(made, **changes)


class FeedHouse:
    """What takes in messages of the feed `shop`; `told` are the events that listeners heard of, `dead` the letters."""

    def __init__(self, folder: Path, journal: Journal, section: InboundFeed) -> None:
        self.mapping = folder / "feeds" / "order.yaml"
        self.mapping.parent.mkdir(exist_ok=True)
        self.mapping.write_text(MAPPING)
        self.journal = journal
        self.told: list[Event] = []
        self.dead: list[DeadLetter] = []
        config = Config(
            hub=HubSection(region="DE", mappings=(str(folder),)),
            pbx={"main": PbxSection(host="127.0.0.1", username="hub", secret=SecretStr("none"))},
            inbound={NAME: section},
        )
        self.feeds = Feeds(config)
        self.replayer = Replayer(
            journal,
            attempts=lambda _: section.attempts,
            on_dead=self.dead.extend,
            look_every_s=0.02,
            retry_min_s=0.01,
        )
        self.reception = Reception(
            self.feeds,
            journal,
            on_event=self.told.append,
            on_dead=self.dead.extend,
            on_failed=self.replayer.later,
        )
        self.replayer.on_replay(FEED_ORIGIN, FeedReplay(self.feeds, self.reception).replay)

    async def replay(self, *ids: str) -> None:
        """Ask for a replay and have the hub look once."""
        await self.journal.settle_dead(ids, DeadLetterState.REPLAYING)
        await self.replayer.look()

    async def letter(self, letter_id: str) -> DeadLetter:
        letter = await self.journal.dead_letter(letter_id)
        assert letter is not None
        return letter

    async def letters(self, *states: DeadLetterState) -> Sequence[DeadLetter]:
        return await self.journal.dead_letters(states=states)


@asynccontextmanager
async def feed_house(folder: Path, **section: object) -> AsyncIterator[FeedHouse]:
    """Give one whose feed has these settings."""
    journal = await Journal.open(folder / "journal.db")
    try:
        yield FeedHouse(folder, journal, InboundFeed.model_validate({"mapping": "feeds/order", **section}))
    finally:
        await journal.close()

"""Who was in touch most often: by number, within a time, on any channel; that an order moves is no contact."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from hub.domain.event import feed_event, new_id
from hub.domain.interaction import Channel, CustomerRef, Interaction
from hub.domain.phone import PhoneNumber
from hub.journal.journal import Journal
from tests.unit.journal import samples

ANNA, BERT, CARL, DORA = (f"+49301234{number}" for number in range(4))
NOW = datetime.now(UTC)


async def in_touch(
    journal: Journal, number: str, count: int, *, channel: Channel = Channel.CHAT, days: int = 1
) -> None:
    for index in range(count):
        said = Interaction(
            id=f"{number}-{channel}-{days}-{index}",
            source="site",
            channel=channel,
            at=NOW - timedelta(days=days, minutes=index),
            subject="?",
            customer=CustomerRef(phones=(number,), emails=("a@b.example",), ids={"site": number}),
        )
        await journal.append(feed_event(said, feed="site", event_id=new_id(), at=NOW))


async def test_those_with_the_most_contacts_come_first(journal: Journal) -> None:
    """Calls and chats count alike; what is older, or fewer than wanted, does not."""
    await in_touch(journal, ANNA, 2)
    await in_touch(journal, BERT, 3)
    await in_touch(journal, BERT, 1, channel=Channel.EMAIL)
    await in_touch(journal, CARL, 1)
    await in_touch(journal, CARL, 9, days=40)
    await in_touch(journal, DORA, 9, channel=Channel.ORDER)
    caller = PhoneNumber(raw=ANNA, e164=ANNA)
    for number in range(3):
        await journal.append(samples.cleared(msgspec.structs.replace(samples.call(number), caller=caller)))
    since = NOW - timedelta(days=30)
    assert [BERT, ANNA] == list(await journal.often_in_touch(since, contacts=2, limit=10))
    assert [BERT] == list(await journal.often_in_touch(since, contacts=2, limit=1))
    assert [] == list(await journal.often_in_touch(since, contacts=5, limit=10))
    assert [CARL, ANNA] == list(await journal.often_in_touch(samples.NOON, contacts=5, limit=10))

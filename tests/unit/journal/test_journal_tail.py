"""Following the journal: from any position, through the present, many at once."""

import asyncio

from hub.domain.ports import StoredEvent
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from hub.journal.recent import RecentEvents
from tests.unit.journal import samples
from tests.waiting import eventually


async def _follow(journal: Journal, after: int, last: int, seen: list[int] | None = None) -> list[int]:
    seen = [] if seen is None else seen
    async for stored in journal.tail(after):
        seen.append(stored.position)
        if stored.position == last:
            break
    return seen


async def test_a_tail_goes_from_the_stored_to_the_new_without_a_gap(journal: Journal) -> None:
    """Events stored before and after the tail began all come, once, in order."""
    for number in range(600):
        journal.publish(samples.step(samples.call(number)))
    await journal.append(samples.step(samples.call(600)))
    following = asyncio.ensure_future(_follow(journal, 10, last=700))
    await asyncio.sleep(0)
    for number in range(601, 700):
        journal.publish(samples.step(samples.call(number)))
        await asyncio.sleep(0)
    assert list(range(11, 701)) == await asyncio.wait_for(following, 10)


async def test_a_tail_reads_the_disk_for_what_left_the_memory(place: StorePlace) -> None:
    """A journal opened again has nothing in memory; the tail begins on the disk and goes on live."""
    before = await Journal.open(place)
    for number in range(50):
        before.publish(samples.step(samples.call(number)))
    await before.close()
    journal = await Journal.open(place)
    following = asyncio.ensure_future(_follow(journal, 0, last=51))
    await journal.append(samples.step(samples.call(51)))
    assert list(range(1, 52)) == await asyncio.wait_for(following, 10)
    await journal.close()


async def test_many_tails_each_see_everything(journal: Journal) -> None:
    """A hundred followers at different places each get every event from theirs on."""
    following = [asyncio.ensure_future(_follow(journal, after % 10, last=200)) for after in range(100)]
    for number in range(200):
        journal.publish(samples.step(samples.call(number)))
    for after, seen in enumerate(await asyncio.wait_for(asyncio.gather(*following), 20)):
        assert list(range(after % 10 + 1, 201)) == seen


async def test_closing_ends_the_tails(journal: Journal) -> None:
    """Who follows a journal that closes comes to an end, not to a hang."""
    seen: list[int] = []
    following = asyncio.ensure_future(_follow(journal, 0, 10, seen))
    await journal.append(samples.step(samples.call(1)))
    await eventually(lambda: seen == [1])
    await journal.close()
    assert [1] == await asyncio.wait_for(following, 10)


def _stored(position: int, size: int = 1) -> StoredEvent:
    return StoredEvent(position, "t", "s", "k", str(position), "now", "/x", b"x" * size)


def test_what_is_kept_in_memory_is_bounded_in_number_and_bytes() -> None:
    """The oldest leave first, and who asks for what has left is told to look on the disk."""
    recent = RecentEvents(max_events=10, max_bytes=100)
    recent.extend([_stored(position) for position in range(1, 21)])
    assert recent.after(9, 5) is None
    assert [11, 12, 13] == [event.position for event in recent.after(10, 3) or ()]
    recent.extend([_stored(21, size=95)])
    assert recent.after(10, 3) is None
    assert [16, 17] == [event.position for event in recent.after(15, 2) or ()]
    assert [] == list(recent.after(21, 5) or ())

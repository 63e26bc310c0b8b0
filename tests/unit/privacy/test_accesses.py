"""The log of accesses: written in groups, waiting for nobody, and what is lost is counted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import timedelta

from hub.domain.ports import Access, AccessAction, StoreError
from hub.domain.store_place import StorePlace
from hub.journal.journal import Journal
from hub.privacy.accesses import AccessBook
from tests.unit.journal.samples import NOON
from tests.waiting import eventually


def access(number: int, *keys: str, second: int | None = None) -> Access:
    at = NOON + timedelta(seconds=number if second is None else second)
    return Access(at=at, viewer=f"agent:{number}", action=AccessAction.POP, keys=keys, call_id="main-1")


class Store:
    """Takes groups, unless it `fails`."""

    def __init__(self) -> None:
        self.groups: list[list[Access]] = []
        self.fails = False

    async def keep(self, group: Sequence[Access]) -> None:
        if self.fails:
            raise StoreError("away")
        self.groups.append(list(group))


async def test_accesses_are_written_together() -> None:
    """What comes in a moment is one write; what waits at the end is written then."""
    store = Store()
    async with AsyncExitStack() as stack:
        book = AccessBook(store.keep, group_s=0.01)
        book.start(stack)
        for number in range(5):
            book.seen(access(number, "id:crm:1"))
        assert [] == store.groups
        await eventually(lambda: store.groups == [[access(number, "id:crm:1") for number in range(5)]])
        book.seen(access(9, "id:crm:1"))
    assert [access(9, "id:crm:1")] == store.groups[-1]
    assert (6, 0, 0) == (book.kept_total, book.lost_total, book.waiting)


async def test_a_store_that_is_away_loses_nothing_until_the_memory_is_full() -> None:
    """Then what is lost is counted; the rest is written when the store is back."""
    store = Store()
    store.fails = True
    book = AccessBook(store.keep, max_waiting=3)
    for number in range(5):
        book.seen(access(number, "id:crm:1"))
    await book.stop()
    assert 5 == book.lost_total
    store.fails = False
    await book.stop()
    assert [[access(number, "id:crm:1") for number in range(3)]] == store.groups


async def test_the_same_look_counts_once_in_a_while() -> None:
    """By the same viewer at the same customers in the same call; another viewer's is another."""
    store = Store()
    book = AccessBook(store.keep)
    looks = [access(1, "id:crm:1", second=second) for second in (0, 1, 59, 61, 62)]
    for look in (*looks, access(2, "id:crm:1"), access(1, "id:crm:2", second=63)):
        book.seen(look)
    await book.stop()
    assert [[looks[0], looks[3], access(2, "id:crm:1"), access(1, "id:crm:2", second=63)]] == store.groups


async def test_who_saw_whom_is_found_by_every_key(place: StorePlace) -> None:
    """The newest first, what was seen together as one, paged by time; a search that found nobody has no key."""
    journal = await Journal.open(place)
    both = access(1, "id:crm:1", "tel:+4935155501234")
    other = access(2, "id:crm:2")
    nobody = Access(at=NOON, viewer="agent:1", action=AccessAction.SEARCH, keys=())
    again = access(3, "id:crm:1")
    await journal.keep_accesses([both, other, nobody, again])
    await journal.keep_accesses([both])
    assert [again, both] == list(await journal.accesses(["id:crm:1", "tel:+4935155501234"]))
    assert [again] == list(await journal.accesses(["id:crm:1"], limit=1))
    assert ["id:crm:1"] == [key for one in await journal.accesses(["id:crm:1"], before=again.at) for key in one.keys]
    assert [other] == list(await journal.accesses(["id:crm:2"]))
    assert [""] == [key for one in await journal.accesses([""]) for key in one.keys]
    await journal.close()

"""What becomes durable is told once, whatever becomes meanwhile of who handed it in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from hub.bus import feed as feed_module
from hub.bus import reception as reception_module
from hub.bus.amqp import AmqpChannel
from hub.bus.feed import _UnderWay
from hub.domain.event import Event
from hub.domain.inbound import Receipt
from hub.domain.ports import Appended, EventRefusedError, StoreError
from hub.journal import writer
from hub.store.connection import StoreFailedError
from tests.unit.bus.feed_house import NAME, FeedHouse, feed_house, message, record
from tests.waiting import eventually


@contextmanager
def _full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def fail(*_: object, **__: object) -> None:
        raise StoreFailedError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(writer, "write_batch", fail)
        yield


def _told(house: FeedHouse) -> list[str]:
    return [getattr(event.data, "subject", "") for event in house.told]


async def test_what_is_durable_later_is_told_though_its_sender_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection ended while the disk was full; sent again, before or after, it is known, and told once in all."""
    messages = [message(record(number), message_id=f"m{number}") for number in range(3)]
    async with feed_house(tmp_path) as house:
        with _full_disk(monkeypatch):
            gone = asyncio.create_task(house.reception.take_all(NAME, messages[:2]))
            await eventually(lambda: house.journal.problem() is not None)
            gone.cancel()
            await asyncio.wait({gone})
            assert gone.cancelled()
            again = asyncio.create_task(house.reception.take_all(NAME, messages))
            await eventually(lambda: house.journal.pending == 5)
            assert [] == house.told
        receipts = await again
        assert [(0, 1), (0, 1), (1, 0)] == [(receipt.recorded, receipt.duplicates) for receipt in receipts]
        await house.reception.take_all(NAME, messages)
        count = house.reception.count(NAME)
        assert (3, 5, 3) == (count.recorded, count.duplicates, house.journal.position)
        assert ["Order 0", "Order 1", "Order 2"] == _told(house)


async def test_what_was_stored_before_the_store_had_no_more_room_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of many records the first are durable, then the store takes none: all are told once, those when they are."""
    monkeypatch.setattr(reception_module, "STORED_TOGETHER", 10)
    many = message(*(record(number) for number in range(25)), message_id="many")
    async with feed_house(tmp_path, format="json_lines") as house:
        append_all = house.journal.append_all
        room = [True, True, False]

        def with_room(events: Sequence[Event]) -> asyncio.Future[Sequence[Appended | EventRefusedError]]:
            if not room.pop(0):
                raise StoreError("the backlog in memory is full")
            return append_all(events)

        with monkeypatch.context() as patched:
            patched.setattr(house.journal, "append_all", with_room)
            with pytest.raises(StoreError, match="full"):
                await house.reception.take(NAME, many)
        assert [f"Order {number}" for number in range(20)] == _told(house)
        receipt = await house.reception.take(NAME, many)
        assert (5, 20) == (receipt.recorded, receipt.duplicates)
        assert [f"Order {number}" for number in range(25)] == _told(house)
        assert 25 == house.reception.count(NAME).recorded


async def test_what_is_new_is_told_though_what_is_beside_it_can_not_be_looked_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store can't say what is there under a duplicate's id: no receipt, but the events behind it are told."""
    messages = [message(record(number), message_id=f"m{number}") for number in range(3)]
    async with feed_house(tmp_path) as house:
        await house.reception.take(NAME, messages[0])

        async def fails(*_: object) -> None:
            raise StoreError("the disk fails")

        with monkeypatch.context() as patched:
            patched.setattr(house.journal, "read", fails)
            with pytest.raises(StoreError):
                await house.reception.take_all(NAME, messages)
        assert ["Order 0", "Order 1", "Order 2"] == _told(house)
        assert 3 == house.reception.count(NAME).recorded


class _Acknowledged:
    """Keeps the channel's part of which tags were acknowledged."""

    def __init__(self) -> None:
        self.tags: list[int] = []

    def ack_up_to(self, tag: int) -> None:
        self.tags.append(tag)


async def test_none_is_begun_behind_one_that_the_store_did_not_take() -> None:
    """It would overtake that one, which comes again; neither it nor what is handed over later is acknowledged."""
    begun: list[int] = []
    given_up: list[BaseException] = []

    async def keep(tag: int, *, fails: bool = False) -> list[Receipt]:
        begun.append(tag)
        if fails:
            raise StoreError("the backlog in memory is full")
        return []

    channel = _Acknowledged()
    under_way = _UnderWay(cast("AmqpChannel", channel), given_up.append)
    under_way.add(1, partial(keep, 1))
    under_way.add(2, partial(keep, 2, fails=True))
    under_way.add(3, partial(keep, 3))
    await under_way.end()
    under_way.add(4, partial(keep, 4))
    await under_way.end()
    assert ([1, 2], [1]) == (begun, channel.tags)
    assert "the backlog in memory is full" == str(given_up[0])


async def test_what_is_through_behind_one_that_is_not_is_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a session ends: to acknowledge the one behind would acknowledge the one that is not stored, too."""
    monkeypatch.setattr(feed_module, "CANCELLED_WAIT_S", 0.01)

    async def keep(*, stored: bool) -> list[Receipt]:
        if not stored:
            await asyncio.Event().wait()
        return []

    channel = _Acknowledged()
    under_way = _UnderWay(cast("AmqpChannel", channel), lambda _: None)
    for tag, stored in enumerate((True, False, True, False), 1):
        under_way.add(tag, partial(keep, stored=stored))
    tasks = {task for _, task in under_way._batches}
    await under_way.end()
    await asyncio.wait(tasks)
    await asyncio.sleep(0)
    assert [1] == channel.tags

"""Dead letters of a feed tried again: with the mapping as it is by then, as if they had been understood at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import pytest

from hub.domain.inbound import REPLAY_BEGUN, DeadLetter, DeadLetterState, Transport
from hub.domain.ports import StoreError
from tests.unit.bus.feed_house import MAPPING, NAME, READS_OTHER_DATES, FeedHouse, feed_house, message, record
from tests.waiting import eventually_asked

WAITING, REPLAYING, REPLAYED = DeadLetterState.WAITING, DeadLetterState.REPLAYING, DeadLetterState.REPLAYED


async def _refused(house: FeedHouse, *records: object, message_id: str = "m1") -> list[str]:
    receipt = await house.reception.take(NAME, message(*records, message_id=message_id))
    return [refused.dead_letter for refused in receipt.refused]


async def test_a_repaired_mapping_counts_at_once(tmp_path: Path) -> None:
    """Without a restart or a reload; the message that comes once more after that is known."""
    async with feed_house(tmp_path) as house:
        (letter_id,) = await _refused(house, record(1, time="01.03.2026"))
        house.mapping.write_text(READS_OTHER_DATES)
        await house.replay(letter_id)
        letter = await house.letter(letter_id)
        assert (REPLAYED, 1) == (letter.state, house.journal.position)
        assert "date" in letter.reason, "why it was here is still told"
        assert not letter.reason.startswith(REPLAY_BEGUN)
        receipt = await house.reception.take(NAME, message(record(1, time="01.03.2026"), message_id="m1"))
        assert (0, 1) == (receipt.recorded, receipt.duplicates)
        assert 1 == len(house.told)


async def test_what_fails_again_waits_for_the_new_reason(tmp_path: Path) -> None:
    """The date is read by now, but nobody is named: it waits, and no second letter is made of it."""
    async with feed_house(tmp_path) as house:
        (letter_id,) = await _refused(house, record(1, time="01.03.2026", mail=""))
        house.mapping.write_text(READS_OTHER_DATES)
        await house.replay(letter_id)
        letter = await house.letter(letter_id)
        assert WAITING is letter.state
        assert "names no customer" in letter.reason
        assert 1 == len(await house.letters())


async def test_parts_of_a_message_are_replayed_each_for_itself(tmp_path: Path) -> None:
    """Under the ids that they would have had: the whole message, handed in again, brings nothing new."""
    records = [record(1), record(2, time="02.03.2026"), record(3, time="03.03.2026")]
    async with feed_house(tmp_path, format="json_lines") as house:
        letter_ids = await _refused(house, *records)
        assert 2 == len(letter_ids)
        house.mapping.write_text(READS_OTHER_DATES)
        await house.replay(*letter_ids)
        assert [REPLAYED, REPLAYED] == [(await house.letter(one)).state for one in letter_ids]
        assert 3 == house.journal.position
        receipt = await house.reception.take(NAME, message(*records, message_id="m1"))
        assert (0, 3, 0) == (receipt.recorded, receipt.duplicates, receipt.dead)


async def test_the_parts_of_a_message_without_an_id_are_known_by_it_all_the_same(tmp_path: Path) -> None:
    """The message's hash stands for its id, though each letter holds a part of it alone."""
    records = [record(1, time="01.03.2026"), record(2)]
    async with feed_house(tmp_path, format="json_lines") as house:
        letter_ids = await _refused(house, *records, message_id="")
        house.mapping.write_text(READS_OTHER_DATES)
        await house.replay(*letter_ids)
        receipt = await house.reception.take(NAME, message(*records))
        assert (2, 0, 2, 0) == (house.journal.position, receipt.recorded, receipt.duplicates, receipt.dead)


async def test_an_id_used_again_is_a_message_of_its_own_once_somebody_says_so(tmp_path: Path) -> None:
    """By having it replayed: it is recorded beside the other, once however often that is asked for."""
    async with feed_house(tmp_path) as house:
        await house.reception.take(NAME, message(record(1), message_id="m1"))
        (letter_id,) = await _refused(house, record(2))
        await house.replay(letter_id)
        assert (REPLAYED, 2) == ((await house.letter(letter_id)).state, house.journal.position)
        (again,) = await _refused(house, record(2))
        assert letter_id == again
        await house.replay(again)
        assert (REPLAYED, 2) == ((await house.letter(again)).state, house.journal.position)


async def test_a_file_is_read_again_where_it_lies(tmp_path: Path) -> None:
    """And one that is gone is told as gone."""
    file = tmp_path / "orders.json"
    async with feed_house(tmp_path, format="json_lines") as house:
        handed_in = message(message_id="orders", transport=Transport.FOLDER)
        file.write_bytes(message(record(1)).body)
        receipt = await house.reception.refuse(NAME, handed_in, "too large", kept_at=str(file))
        (letter_id,) = [refused.dead_letter for refused in receipt.refused]
        await house.replay(letter_id)
        assert (REPLAYED, 1) == ((await house.letter(letter_id)).state, house.journal.position)
        receipt = await house.reception.refuse(NAME, handed_in, "too large", kept_at=str(tmp_path / "gone"))
        await house.replay(receipt.refused[0].dead_letter)
        letter = await house.letter(receipt.refused[0].dead_letter)
        assert WAITING is letter.state
        assert "can't be read: No such file" in letter.reason


@pytest.mark.parametrize(
    ("broken", "reason"), [("fields: [", "order.yaml"), (MAPPING.replace("interaction", "nix"), "must be one of")]
)
async def test_a_mapping_that_was_broken_meanwhile_is_told(tmp_path: Path, broken: str, reason: str) -> None:
    """With its place; messages that come in are still understood with the one before."""
    async with feed_house(tmp_path) as house:
        (letter_id,) = await _refused(house, record(1, time="soon"))
        house.mapping.write_text(broken)
        await house.replay(letter_id)
        letter = await house.letter(letter_id)
        assert WAITING is letter.state
        assert reason in letter.reason
        assert 1 == (await house.reception.take(NAME, message(record(2)))).recorded


async def test_a_letter_that_ended_the_hub_is_not_begun_again_by_itself(tmp_path: Path) -> None:
    """That it was begun is in the store before it is: the next hub leaves it to a person."""
    seen: list[DeadLetter] = []
    async with feed_house(tmp_path) as house:
        (letter_id,) = await _refused(house, record(1, time="soon"))

        async def ends_the_hub(_letter: DeadLetter) -> str:
            seen.append(await house.letter(letter_id))
            return "still"

        house.replayer.on_replay("/feed/", ends_the_hub)
        await house.replay(letter_id)
        (begun,) = seen
        assert WAITING is begun.state
        assert begun.reason.startswith(REPLAY_BEGUN)


async def test_letters_of_other_origins_go_their_own_ways(tmp_path: Path) -> None:
    """Of backends, as they were registered; where nothing is registered it is told, and the letter waits."""
    async with feed_house(tmp_path) as house:
        told: list[str] = []

        async def backend(letter: DeadLetter) -> str:
            told.append(letter.origin)
            return ""

        house.replayer.on_replay("/connector/", backend)
        (letter_id,) = await _refused(house, record(1, time="soon"))
        one = msgspec.structs.replace(await house.letter(letter_id), id="c1", origin="/connector/crm")
        await house.journal.keep_dead([one, msgspec.structs.replace(one, id="x1", origin="/elsewhere/x")])
        await house.replay("c1", "x1")
        assert (["/connector/crm"], REPLAYED) == (told, (await house.letter("c1")).state)
        assert "nothing here can replay" in (await house.letter("x1")).reason


async def test_a_store_that_fails_meanwhile_leaves_the_wish(tmp_path: Path) -> None:
    """The replay is not over, and is tried again later."""
    async with feed_house(tmp_path) as house:
        (letter_id,) = await _refused(house, record(1, time="soon"))

        async def full(_letter: DeadLetter) -> str:
            raise StoreError("the disk is full")

        house.replayer.on_replay("/feed/", full)
        await house.replay(letter_id)
        letter = await house.letter(letter_id)
        assert (REPLAYING, False) == (letter.state, letter.reason.startswith(REPLAY_BEGUN))


async def test_a_part_that_was_corrected_meanwhile_does_not_come_back(tmp_path: Path) -> None:
    """The batch came again, corrected; replaying all that waits must not put the old line over the new one.

    It says so, and whoever replays it once more means it.
    """
    async with feed_house(tmp_path, format="json_lines") as house:
        (letter_id,) = await _refused(house, record(1), record(2, time="01.03.2026"))
        corrected = message(record(1), record(2, time="2026-03-02T10:00:00Z"), message_id="m1")
        assert 1 == (await house.reception.take(NAME, corrected)).recorded
        house.mapping.write_text(READS_OTHER_DATES)
        await house.replay(letter_id)
        letter = await house.letter(letter_id)
        assert (WAITING, 2) == (letter.state, house.journal.position)
        assert "a corrected one may have come meanwhile" in letter.reason
        await house.replay(letter_id)
        assert (REPLAYED, 3) == ((await house.letter(letter_id)).state, house.journal.position)


async def test_a_backend_that_does_not_answer_holds_up_no_other_letters(tmp_path: Path) -> None:
    """Those of each origin are tried one after the other, beside those of the others."""
    async with feed_house(tmp_path) as house:
        answers, tried = asyncio.Event(), asyncio.Event()

        async def backend(_letter: DeadLetter) -> str:
            tried.set()
            await answers.wait()
            return ""

        house.replayer.on_replay("/connector/", backend)
        (letter_id,) = await _refused(house, record(1, time="01.03.2026"))
        old = msgspec.structs.replace(await house.letter(letter_id), id="c1", origin="/connector/crm")
        await house.journal.keep_dead([msgspec.structs.replace(old, at=old.at - timedelta(days=1))])
        house.mapping.write_text(READS_OTHER_DATES)
        await house.journal.settle_dead(["c1", letter_id], REPLAYING)
        looking = asyncio.create_task(house.replayer.look())
        await tried.wait()
        await eventually_asked(partial(_is_replayed, house, letter_id), "the letter of the feed is replayed")
        answers.set()
        await looking
        assert REPLAYED is (await house.letter("c1")).state


async def _is_replayed(house: FeedHouse, letter_id: str) -> bool:
    return (await house.letter(letter_id)).state is REPLAYED

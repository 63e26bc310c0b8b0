"""Whatever is handed in becomes durable once: events in the journal, what can't be understood as dead letters."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from hub.bus import reception as reception_module
from hub.bus.intake import Intake, Part
from hub.bus.refusal import RefusedError
from hub.domain.event import decode_event
from hub.domain.inbound import REPLAY_BEGUN, DeadLetterState, InboundMessage, Receipt, Transport, UnknownFeedError
from hub.domain.ports import StoreError
from hub.mapping.mapping import Mapping
from tests.unit.bus.feed_house import NAME, READS_OTHER_DATES, FeedHouse, feed_house, message, record
from tests.waiting import eventually, eventually_asked

WAITING, REPLAYING, REPLAYED = DeadLetterState.WAITING, DeadLetterState.REPLAYING, DeadLetterState.REPLAYED


async def test_a_message_is_one_event_however_often_it_comes(tmp_path: Path) -> None:
    """At once, later, with its id or without: the same event, told to listeners once; the receipt says which."""
    async with feed_house(tmp_path) as house:
        named, nameless = message(record(1), message_id="m1"), message(record(2))
        first, again, other, twice = await house.reception.take_all(NAME, [named, named, nameless, nameless])
        assert (1, 0, 0, 1) == (first.recorded, again.recorded, first.duplicates, again.duplicates)
        assert (first.events, other.events) == (again.events, twice.events)
        later = await house.reception.take(NAME, named)
        assert Receipt(duplicates=1, events=first.events) == later
        assert [first.events[0], other.events[0]] == [event.id for event in house.told]
        count = house.reception.count(NAME)
        assert (2, 3, 0, 2) == (count.recorded, count.duplicates, count.dead, house.journal.position)


async def test_an_id_used_again_for_something_else_is_a_dead_letter_each(tmp_path: Path) -> None:
    """Nothing is lost: neither the first other message nor the second, and the same other one again is one letter."""
    async with feed_house(tmp_path) as house:
        said = [message(record(number), message_id="m1") for number in (1, 2, 3, 3)]
        receipts = await house.reception.take_all(NAME, said)
        assert [1, 0, 0, 0] == [receipt.recorded for receipt in receipts]
        assert "said something else" in receipts[1].refused[0].reason
        letters = await house.letters(WAITING)
        assert {said[1].body, said[2].body} == {(await house.letter(letter.id)).body for letter in letters}


async def test_a_part_that_makes_no_sense_costs_the_others_nothing(tmp_path: Path) -> None:
    """The good ones are events; the bad one is kept with its place, reason, field, mapping and untouched original."""
    async with feed_house(tmp_path, format="json_lines") as house:
        handed_in = message(record(1), record(2, time="soon"), record(3), message_id="m1", headers={"shop": "north"})
        receipt = await house.reception.take(NAME, handed_in)
        assert (2, 1) == (receipt.recorded, receipt.dead)
        (refused,) = receipt.refused
        letter = await house.letter(refused.dead_letter)
        assert (f"/feed/{NAME}", "at", "feeds/order@1", Transport.HTTP, {"shop": "north"}, WAITING) == (
            letter.origin,
            letter.field,
            letter.mapping,
            letter.transport,
            letter.headers,
            letter.state,
        )
        assert (refused.reason, refused.part) == (letter.reason, letter.part)
        assert "2" in letter.part
        assert msgspec.json.encode(record(2, time="soon")) == letter.body.strip()
        assert [letter.id] == [one.id for one in house.dead]


async def test_a_large_message_is_taken_in_pieces_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between small ones, in a thread, some records at a time: all are there, in the order in which they came."""
    monkeypatch.setattr(reception_module, "CHUNK_PARTS", 7)
    large = message(*(record(number) for number in range(1, 301)), message_id="large")
    assert len(large.body) > reception_module.SMALL_BYTES
    async with feed_house(tmp_path, format="json_lines") as house:
        receipts = await house.reception.take_all(
            NAME, [message(record(0), message_id="a"), large, message(record(301), message_id="b")]
        )
        assert [1, 300, 1] == [receipt.recorded for receipt in receipts]
        assert 100 == len(receipts[1].events)
        stored = await house.journal.read(0, 400)
        subjects = [getattr(decode_event(one.body).data, "subject", "") for one in stored]
        assert [f"Order {number}" for number in range(302)] == subjects


async def test_a_file_is_taken_record_by_record(tmp_path: Path) -> None:
    """As one message; a record that is kept itself does not say where the file lies: it may be `done` or `failed`."""
    file = tmp_path / "orders.jsonl"
    file.write_bytes(message(record(1), record(2), {"number": "3"}).body)
    async with feed_house(tmp_path, format="json_lines") as house:
        handed_in = message(message_id="orders.jsonl", transport=Transport.FOLDER)
        for recorded, duplicates in ((2, 0), (0, 2)):
            receipt = await house.reception.take_file(NAME, file, handed_in, kept_at="/failed/orders.jsonl")
            assert (recorded, duplicates, 1) == (receipt.recorded, receipt.duplicates, receipt.dead)
        (letter,) = await house.letters()
        assert ("", Transport.FOLDER, 2) == (letter.file, letter.transport, letter.attempts)


async def test_a_feed_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the name that may have been meant; nothing is stored."""
    async with feed_house(tmp_path) as house:
        with pytest.raises(UnknownFeedError, match=r"shopp.*did you mean 'shop'"):
            await house.reception.take("shopp", message(record(1)))
        assert 0 == house.journal.position


async def test_what_its_transport_refuses_is_kept_unread(tmp_path: Path) -> None:
    """However well it could be understood."""
    async with feed_house(tmp_path) as house:
        receipt = await house.reception.take(NAME, message(record(1), refused="not the feed's user"))
        assert (0, 1, "not the feed's user") == (receipt.recorded, receipt.dead, receipt.refused[0].reason)


async def test_what_ended_the_hub_is_not_begun_again_and_again(tmp_path: Path) -> None:
    """As often as `attempts` says, and then it is a dead letter that says so."""
    async with feed_house(tmp_path, attempts=3) as house:
        receipt = await house.reception.take(NAME, message(record(1), attempts=3))
        assert (0, 1) == (receipt.recorded, receipt.dead)
        assert "began it 3 times" in receipt.refused[0].reason
        assert 1 == (await house.reception.take(NAME, message(record(1), attempts=2))).recorded


async def test_what_was_delivered_once_before_may_never_have_been_begun(tmp_path: Path) -> None:
    """With `attempts: 1` a broker that is restarted does not make dead letters of all that was on its way."""
    async with feed_house(tmp_path, attempts=1) as house:
        assert 1 == (await house.reception.take(NAME, message(record(1), attempts=1))).recorded
        assert 1 == (await house.reception.take(NAME, message(record(2), attempts=2))).dead


async def test_a_listener_that_fails_costs_nothing(tmp_path: Path) -> None:
    """The event is recorded, and the next one, whatever a listener does."""

    def fail(_event: object) -> None:
        raise RuntimeError("listener")

    async with feed_house(tmp_path) as house:
        house.reception._on_event = fail
        receipts = await house.reception.take_all(NAME, [message(record(1)), message(record(2))])
        assert [1, 1] == [receipt.recorded for receipt in receipts]


async def test_a_store_that_fails_is_the_senders_to_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No receipt: the sender hands it in again, and then it is there once."""
    async with feed_house(tmp_path) as house:

        async def full(_letters: object) -> None:
            raise StoreError("the disk is full")

        with monkeypatch.context() as patched:
            patched.setattr(house.journal, "keep_dead", full)
            both = [message(record(1), message_id="m1"), message({"number": "2"}, message_id="m2")]
            with pytest.raises(StoreError):
                await house.reception.take_all(NAME, both)
        receipts = await house.reception.take_all(NAME, both)
        assert [(0, 1, 0), (0, 0, 1)] == [(one.recorded, one.duplicates, one.dead) for one in receipts]


async def test_while_the_store_is_away_a_sender_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It need not wait until the store is back, and its message takes no memory meanwhile; then it is there once."""
    async with feed_house(tmp_path) as house:
        one = message(record(1), message_id="m1")
        with monkeypatch.context() as patched:
            patched.setattr(house.journal, "problem", lambda: "the server can't be reached")
            with pytest.raises(StoreError, match="can't be reached"):
                await house.reception.take(NAME, one)
            assert (0, []) == (house.journal.pending, house.told)
        assert (1, 0) == ((receipt := await house.reception.take(NAME, one)).recorded, receipt.duplicates)


class Defect:
    """A mapping that fails on some records for a while."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failures: int) -> None:
        self.left = failures
        self.tried = 0
        self._run = Mapping.run_feed
        monkeypatch.setattr(Mapping, "run_feed", lambda *args, **named: self._fail(*args, **named))  # noqa: PLW0108 - becomes a method

    def _fail(self, mapping: Mapping, source: dict[str, object], **named: str) -> object:
        if source["text"] == "poison":
            self.tried += 1
            if self.left:
                self.left -= 1
                raise ZeroDivisionError
        return self._run(mapping, source, **named)


async def _over(house: FeedHouse) -> None:
    async def nothing_is_under_way() -> bool:
        return not any(one.state is REPLAYING or one.reason.startswith(REPLAY_BEGUN) for one in await house.letters())

    house.replayer.start()
    await eventually_asked(nothing_is_under_way, "no replay under way")
    await house.replayer.stop()


async def test_what_the_hub_fails_on_is_tried_again_while_others_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its defect is over at the third try: the message is an event then, and nobody was troubled with it."""
    async with feed_house(tmp_path, attempts=5) as house:
        defect = Defect(monkeypatch, failures=2)
        receipts = await house.reception.take_all(NAME, [message(record(1, text="poison")), message(record(2))])
        assert [0, 1] == [receipt.recorded for receipt in receipts]
        await _over(house)
        assert (3, 2, []) == (defect.tried, house.journal.position, house.dead)
        assert REPLAYED is (await house.letter(receipts[0].refused[0].dead_letter)).state


async def test_poison_is_tried_as_often_as_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And then waits for somebody with the reason, told once."""
    async with feed_house(tmp_path, attempts=3) as house:
        defect = Defect(monkeypatch, failures=100)
        receipt = await house.reception.take(NAME, message(record(1, text="poison")))
        house.replayer.start()
        await eventually(lambda: house.dead, "the letter told of")
        await house.replayer.stop()
        letter = await house.letter(receipt.refused[0].dead_letter)
        assert (3, WAITING, 3) == (defect.tried, letter.state, letter.attempts)
        assert "the hub failed on it (ZeroDivisionError)" in letter.reason
        assert [letter.id] == [one.id for one in house.dead]


async def test_others_get_their_turn_while_many_are_understood(tmp_path: Path) -> None:
    """A thousand messages are understood in slices, between which the event loop serves calls."""
    async with feed_house(tmp_path) as house:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        serving = asyncio.create_task(others())
        await house.reception.understand(NAME, [message(record(number)) for number in range(1_000)])
        serving.cancel()
        assert turns >= 1_000 // reception_module.SLICE_MESSAGES


async def test_others_get_their_turn_while_the_records_of_one_message_are_understood(tmp_path: Path) -> None:
    """A small message may hold thousands of records: they are slices, too, and so are the events made of them."""
    many = message(*(record(number, text="", mail="a@b") for number in range(140)), message_id="m1")
    async with feed_house(tmp_path, format="json_lines") as house:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        assert len(many.body) < reception_module.SMALL_BYTES
        serving = asyncio.create_task(others())
        await house.reception.understand(NAME, [many])
        serving.cancel()
        assert turns >= 1


async def test_a_message_without_an_id_is_hashed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of its records make no sense: each of their letters names the message by the hash of all of it."""
    hashed = 0
    identity = Intake.identity

    def counted(self: Intake, handed_in: InboundMessage) -> str:
        nonlocal hashed
        hashed += 1
        return identity(self, handed_in)

    monkeypatch.setattr(Intake, "identity", counted)
    bad = [record(number, time="soon") for number in range(700)]
    async with feed_house(tmp_path, format="json_lines") as house:
        for handed_in in (message(*bad), message(*bad[:90])):
            hashed = 0
            receipt = await house.reception.take(NAME, handed_in)
            assert handed_in.body.count(b"soon") == receipt.dead
            letter = await house.letter(receipt.refused[0].dead_letter)
            assert f"sha256:{sha256(handed_in.body).hexdigest()}" == letter.message_id
            assert hashed <= 2


async def test_a_file_full_of_bad_records_does_not_fill_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond a bound the file stands for them: one letter with their number; what is good counts to the last line.

    With the mapping repaired a replay of that letter takes them all in, each once.
    """
    monkeypatch.setattr(reception_module, "FILE_LETTERS", 3)
    monkeypatch.setattr(reception_module, "CHUNK_PARTS", 4)
    file = tmp_path / "orders.jsonl"
    bad = [record(number, time="02.03.2026") for number in range(2, 12)]
    file.write_bytes(message(record(1), *bad, record(12)).body)
    async with feed_house(tmp_path, format="json_lines") as house:
        handed_in = message(message_id="orders.jsonl", transport=Transport.FOLDER)
        receipt = await house.reception.take_file(NAME, file, handed_in, kept_at=str(file))
        assert (2, 4) == (receipt.recorded, receipt.dead)
        whole = receipt.refused[0]
        assert ("", "7 more of its records, from line 5 on") == (whole.part, whole.reason[:37])
        assert [b"", "orders.jsonl", str(file)] == [
            (letter := await house.letter(whole.dead_letter)).body,
            letter.message_id,
            letter.file,
        ]
        house.mapping.write_text(READS_OTHER_DATES)
        await house.replay(whole.dead_letter)
        assert (REPLAYED, 12) == ((await house.letter(whole.dead_letter)).state, house.journal.position)


async def test_bad_records_of_a_file_are_bounded_by_their_bytes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long header goes along with each."""
    monkeypatch.setattr(reception_module, "FILE_LETTERS_BYTES", 25_000)
    file = tmp_path / "orders.csv"
    file.write_text("x" * 10_000 + ",time\n" + "1,soon\n" * 50)
    async with feed_house(tmp_path, format="csv") as house:
        handed_in = message(message_id="orders.csv", transport=Transport.FOLDER)
        receipt = await house.reception.take_file(NAME, file, handed_in, kept_at=str(file))
        assert 2 + 1 == receipt.dead


def test_records_are_held_by_their_bytes() -> None:
    """Five hundred at once, but fewer that are large: each may have as many bytes as a message."""
    large = b"x" * (reception_module.CHUNK_BYTES // 4)
    parts = iter([Part(f"line {number}", large, RefusedError("no")) for number in range(10)])
    assert [4, 4, 2, 0] == [len(reception_module._chunk(parts)) for _ in range(4)]

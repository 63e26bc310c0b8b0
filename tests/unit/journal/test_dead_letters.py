"""Dead letters in the store: kept, listed, settled, by the hub and by `ctihub dlq` beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from hub.domain.inbound import DeadLetter, DeadLetterState, Transport
from hub.domain.ports import StoreError
from hub.domain.store_place import StorePlace
from hub.journal import dead_letters
from hub.journal.dead_letters_beside import DeadLettersBeside
from hub.journal.journal import Journal
from tests.unit.journal import samples

WAITING, REPLAYING, REPLAYED, DROPPED = DeadLetterState


def letter(number: int, origin: str = "/feed/shop", reason: str = "no id") -> DeadLetter:
    """Make the dead letter of that many minutes after noon."""
    return DeadLetter(
        id=f"d-{number}",
        origin=origin,
        at=samples.NOON + timedelta(minutes=number),
        reason=reason,
        transport=Transport.HTTP,
        field="order.id",
        mapping="shop/order v1",
        message_id=f"m-{number}",
        part="record 3",
        content_type="application/json",
        headers={"x": "y"},
        body=b"\x00\xff{",
    )


def ids(letters: Sequence[DeadLetter]) -> list[str]:
    return [one.id for one in letters]


async def test_a_letter_is_kept_as_it_was(journal: Journal) -> None:
    """With every field, and the body's very bytes; a list leaves the bodies out."""
    kept = letter(1)
    await journal.keep_dead([kept])
    assert kept == await journal.dead_letter("d-1")
    assert [msgspec.structs.replace(kept, body=b"")] == list(await journal.dead_letters())
    assert None is await journal.dead_letter("d-2")


async def test_letters_are_listed_by_origin_and_state_the_newest_first(journal: Journal) -> None:
    """Pages follow each other by the last id of the one before."""
    await journal.keep_dead(
        [letter(number, "/feed/shop" if number % 2 else "/connector/crm") for number in range(1, 8)]
    )
    assert 2 == await journal.settle_dead(["d-1", "d-2", "d-99"], DROPPED)
    assert ["d-7", "d-5", "d-3", "d-1"] == ids(await journal.dead_letters(origin="/feed/shop"))
    assert ["d-7", "d-6"] == ids(await journal.dead_letters(states=[WAITING], limit=2))
    assert ["d-5", "d-4", "d-3"] == ids(await journal.dead_letters(states=[WAITING], before="d-6"))
    assert ["d-3"] == ids(await journal.dead_letters(states=[WAITING], origin="/feed/shop", before="d-5", limit=5))
    assert [] == ids(await journal.dead_letters(before="unheard-of"))
    counted = [
        await journal.count_dead(origin=origin, states=states)
        for origin, states in (
            (None, ()),
            ("/feed/shop", ()),
            (None, [DROPPED]),
            ("/connector/crm", [DROPPED, WAITING]),
            ("/x", ()),
        )
    ]
    assert [7, 4, 2, 3, 0] == counted


async def test_a_letter_that_comes_again_takes_its_place(journal: Journal) -> None:
    """With the newest reason and body, its attempts added up; it waits again whatever had become of it."""
    for state in (REPLAYING, REPLAYED, DROPPED):
        await journal.keep_dead([letter(1), letter(2)])
        await journal.settle_dead(["d-1"], state)
    again = msgspec.structs.replace(letter(5, reason="no customer"), id="d-1", body=b"new", attempts=2)
    await journal.keep_dead([again])
    assert msgspec.structs.replace(again, attempts=5) == await journal.dead_letter("d-1")
    assert ["d-1", "d-2"] == ids(await journal.dead_letters(states=[WAITING]))


async def test_what_is_over_is_not_settled_again(journal: Journal) -> None:
    """A letter that was dropped can't be replayed by one who had not seen it; a reason given stands for the old one."""
    await journal.keep_dead([letter(1), letter(2)])
    assert 1 == await journal.settle_dead(["d-1"], DROPPED, reason="nobody needs it")
    assert 1 == await journal.settle_dead(["d-1", "d-2"], REPLAYING)
    told = [(one.state, one.reason) for one in await journal.dead_letters()]
    assert [(REPLAYING, "no id"), (DROPPED, "nobody needs it")] == told
    assert 0 == await journal.settle_dead(["d-1"], REPLAYED)


async def test_texts_that_no_store_can_hold_are_kept_readable(journal: Journal) -> None:
    """Half a surrogate pair in a reason or header costs that character, not the letter, and holds up no other."""
    broken = msgspec.structs.replace(letter(1), reason="bad \ud800", headers={"a": "\udfff"}, part="nul \x00")
    await journal.keep_dead([broken])
    await journal.keep_dead([letter(2)])
    assert 1 == await journal.settle_dead(["d-2", "\ud800"], DROPPED, reason="\ud800")
    kept = await journal.dead_letter("d-1")
    assert kept is not None
    assert ("bad ?", {"a": "?"}, "nul \x00", b"\x00\xff{") == (kept.reason, kept.headers, kept.part, kept.body)


async def test_beside_a_running_hub_letters_are_seen_and_settled(journal: Journal, place: StorePlace) -> None:
    """Another process works on the same file without its claim; each sees at once what the other did."""
    await journal.keep_dead([letter(number) for number in (1, 2, 3)])
    with DeadLettersBeside(place) as beside:
        assert ["d-3", "d-2", "d-1"] == ids(beside.dead_letters())
        assert letter(2) == beside.dead_letter("d-2")
        assert (1, 2) == (beside.drop(["d-1", "d-9"]), beside.replay(["d-1", "d-2", "d-3"]))
        assert ["d-3", "d-2"] == ids(await journal.dead_letters(states=[REPLAYING]))
        await journal.settle_dead(["d-2"], REPLAYED)
        assert (1, 1, 1) == tuple(beside.count_dead(states=[state]) for state in (DROPPED, REPLAYING, REPLAYED))


async def test_without_a_hub_letters_are_there_too(place: StorePlace) -> None:
    """The hub that starts next finds what was asked for."""
    journal = await Journal.open(place)
    await journal.keep_dead([letter(1)])
    await journal.close()
    with DeadLettersBeside(place) as beside:
        assert 1 == beside.replay(["d-1"])
    journal = await Journal.open(place)
    assert ["d-1"] == ids(await journal.dead_letters(states=[REPLAYING]))
    await journal.close()


def test_what_is_written_at_once_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """In number and in bytes; a letter that is larger than the bound goes alone, and none is left out."""
    monkeypatch.setattr(dead_letters, "GROUP_BYTES", 10)
    letters = [msgspec.structs.replace(letter(size), body=b"x" * size) for size in (4, 6, 1, 99, 0, 0, 0, 0)]
    grouped = [[len(one.body) for one in group] for group in dead_letters.groups(letters, 3)]
    assert [[4, 6], [1], [99], [0, 0, 0], [0]] == grouped
    assert [] == list(dead_letters.groups([], 3))


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A misspelt path is told, not answered with an empty list."""
    with pytest.raises(StoreError, match="no such file"):
        DeadLettersBeside(tmp_path / "journal.db")
    assert [] == list(tmp_path.iterdir())

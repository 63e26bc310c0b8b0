"""Each command once, and each in the journal."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from hub.domain.control import Actor, CommandRecord, CommandResult, HangUp, Refusal, SendDigits
from hub.domain.event import Event, decode_event
from hub.domain.ports import StoreError
from hub.telephony.control.ledger import Ledger
from tests.unit.desk.ports import MemoryJournal

ALICE = Actor(agent="alice")
HANG_UP = HangUp(id="one", agent="alice", call_id="main-1")


class Hand:
    """Carries commands out, and counts how often."""

    def __init__(self, command: HangUp | SendDigits, actor: Actor = ALICE) -> None:
        self.times = 0
        self.go_on = asyncio.Event()
        self.go_on.set()
        self._command = command
        self._actor = actor

    async def __call__(self) -> CommandRecord:
        self.times += 1
        await self.go_on.wait()
        result = CommandResult(id=self._command.id, done=True, value=f"time {self.times}")
        return CommandRecord(
            command=self._command, actor=self._actor, asked_at=datetime.now(UTC), result=result, pbx="main"
        )


def records(journal: MemoryJournal) -> list[CommandRecord]:
    data = [decode_event(stored.body).data for stored in journal.stored]
    return [one for one in data if isinstance(one, CommandRecord)]


async def test_a_second_one_gets_the_first_ones_result() -> None:
    """Also while the first is under way, and where whoever asked first has gone away."""
    journal, hand = MemoryJournal(), Hand(HANG_UP)
    ledger = Ledger(journal)
    hand.go_on.clear()
    first = asyncio.create_task(ledger.once(HANG_UP, ALICE, hand))
    second = asyncio.create_task(ledger.once(HANG_UP, ALICE, hand))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    hand.go_on.set()
    assert "time 1" == (await second).value
    assert "time 1" == (await ledger.once(HANG_UP, ALICE, hand)).value
    assert (1, 1) == (hand.times, len(journal.stored))
    assert ("cti.command.carried_out", "/pbx/main", "main-1") == (
        journal.stored[0].type,
        journal.stored[0].source,
        journal.stored[0].subject,
    )


async def test_the_journal_remembers_beyond_a_restart() -> None:
    """A ledger that never saw the command finds its result; an id means nothing to another actor."""
    journal, hand = MemoryJournal(), Hand(HANG_UP)
    await Ledger(journal).once(HANG_UP, ALICE, hand)
    assert "time 1" == (await Ledger(journal).once(HANG_UP, ALICE, hand)).value
    bobs = HangUp(id="one", agent="bob", call_id="main-1")
    other = Hand(bobs, Actor(agent="bob"))
    assert "time 1" == (await Ledger(journal).once(bobs, Actor(agent="bob"), other)).value
    assert (1, 1, 2) == (hand.times, other.times, len(journal.stored))


async def test_an_id_that_was_used_for_another_command_is_refused() -> None:
    """In memory and by the journal; the attempt is written down under an id of its own."""
    journal, hand = MemoryJournal(), Hand(HANG_UP)
    ledger = Ledger(journal)
    await ledger.once(HANG_UP, ALICE, hand)
    other = HangUp(id="one", agent="alice", call_id="main-2")
    for one in (ledger, Ledger(journal)):
        result = await one.once(other, ALICE, hand)
        assert (False, Refusal.ID_REUSED) == (result.done, result.refusal)
    assert 1 == hand.times
    assert [True, False, False] == [record.result.done for record in records(journal)]
    assert "time 1" == (await ledger.once(HANG_UP, ALICE, hand)).value


async def test_what_was_not_allowed_has_not_used_its_id() -> None:
    """Once the rights are put right the same command is carried out; what was refused stays written down."""
    journal, hand = MemoryJournal(), Hand(HANG_UP)
    denied = CommandResult(id=HANG_UP.id, done=False, refusal=Refusal.NOT_ALLOWED)
    refused = CommandRecord(command=HANG_UP, actor=ALICE, asked_at=datetime.now(UTC), result=denied)
    await Ledger(journal).write(refused)
    await Ledger(journal).write(refused)
    assert (await Ledger(journal).once(HANG_UP, ALICE, hand)).done
    assert [False, False, True] == [record.result.done for record in records(journal)]
    assert 3 == len({stored.id for stored in journal.stored})


async def test_digits_are_not_written_down() -> None:
    """Neither what was sent nor how many; a restarted hub still knows the command."""
    journal = MemoryJournal()
    command = SendDigits(id="pin", agent="alice", call_id="main-1", digits="4711")
    hand = Hand(command)
    await Ledger(journal).once(command, ALICE, hand)
    assert b"4711" not in journal.stored[0].body
    assert "time 1" == (await Ledger(journal).once(command, ALICE, hand)).value
    assert 1 == hand.times


async def test_what_is_remembered_is_bounded() -> None:
    """Older ones are found in the journal."""
    journal = MemoryJournal()
    ledger = Ledger(journal, remembered=3)
    hands = {}
    for number in range(10):
        command = HangUp(id=f"n{number}", agent="alice", call_id="main-1")
        hands[number] = Hand(command)
        await ledger.once(command, ALICE, hands[number])
    await ledger.once(HangUp(id="n0", agent="alice", call_id="main-1"), ALICE, hands[0])
    assert [1] * 10 == [hand.times for hand in hands.values()]
    assert 3 >= len(ledger._seen)


class BrokenJournal(MemoryJournal):
    async def append(self, event: Event) -> int:  # noqa: ARG002 - the port's shape
        raise StoreError("the disk is full")

    async def position_of(self, event_id: str) -> int | None:  # noqa: ARG002 - the port's shape
        raise StoreError("the disk is gone")


async def test_a_journal_that_fails_keeps_nobody_from_hanging_up() -> None:
    """The command is carried out once; that it was not journaled is in the log."""
    hand = Hand(HANG_UP)
    ledger = Ledger(BrokenJournal())
    assert (await ledger.once(HANG_UP, ALICE, hand)).done
    assert (await ledger.once(HANG_UP, ALICE, hand)).done
    assert 1 == hand.times


async def test_what_was_seen_is_known_beyond_a_restart() -> None:
    """From the moment it begins, and afterwards by the journal; another's command of the same id is another one."""
    journal, hand = MemoryJournal(), Hand(HANG_UP)
    ledger = Ledger(journal)
    hand.go_on.clear()
    assert not await ledger.has_seen(HANG_UP, ALICE)
    running = asyncio.create_task(ledger.once(HANG_UP, ALICE, hand))
    await asyncio.sleep(0)
    assert await ledger.has_seen(HANG_UP, ALICE)
    assert not await Ledger(journal).has_seen(HANG_UP, ALICE)
    hand.go_on.set()
    await running
    assert await Ledger(journal).has_seen(HANG_UP, ALICE)
    assert not await Ledger(journal).has_seen(HANG_UP, Actor(agent="bob"))
